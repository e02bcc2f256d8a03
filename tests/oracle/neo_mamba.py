"""Judges signed transactions with neo-mamba, an implementation of Neo that shares nothing with ours.

Reads one JSON object a line: raw (hex), magic, from, to (script hashes as Neo shows them), amount, reference, conflicts
(transaction ids). Prints the transaction's id for each, or fails with what is wrong.
"""

import hashlib
import json
import sys
from types import SimpleNamespace

from neo3.contracts.contract import CONTRACT_HASHES
from neo3.core import cryptography, serialization, types
from neo3.network.payloads import transaction as payload
from neo3.network.payloads.verification import WitnessScope
from neo3.vm import OpCode, ScriptBuilder


class Conflicts(payload.TransactionAttribute):
    """neo-mamba 2.7 does not know this attribute: its type byte, then 32 bytes."""

    def __init__(self):
        super().__init__()
        self.type_ = SimpleNamespace(value=0x21)
        self.allow_multiple = True
        self.hash = None

    def __len__(self):
        return 1 + 32

    def _serialize_without_type(self, writer):
        writer.write_bytes(self.hash.to_array())

    def _deserialize_without_type(self, reader):
        self.hash = types.UInt256(reader.read_bytes(32))

    @classmethod
    def _serializable_init(cls):
        return cls()


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise SystemExit(f"neo-mamba: {what}")


def judge(case: dict) -> str:
    raw = bytes.fromhex(case["raw"])
    tx = payload.Transaction.deserialize_from_bytes(raw)
    expect(len(tx) == len(raw), "bytes follow the end")
    expect(tx.to_array() == raw, "serialised again it differs")

    with serialization.BinaryWriter() as writer:
        tx.serialize_unsigned(writer)
        digest = hashlib.sha256(writer.to_array()).digest()
    expect(types.UInt256(digest) == tx.hash(), "another hash")

    [signer], [witness] = tx.signers, tx.witnesses
    sender = types.UInt160.from_string(case["from"])
    expect(signer.account == sender == tx.sender, "another sender")
    expect(signer.scope == WitnessScope.CALLED_BY_ENTRY, "another scope")

    verification, invocation = witness.verification_script, witness.invocation_script
    expect(len(verification) == 40 and verification[:2] == b"\x0c\x21", "no key is pushed")
    expect(verification[35:] == b"\x41\x56\xe7\xb3\x27", "no signature is checked")
    account = hashlib.new("ripemd160", hashlib.sha256(verification).digest()).digest()
    expect(types.UInt160(account) == sender, "a witness of another account")
    expect(len(invocation) == 66 and invocation[:2] == b"\x0c\x40", "no signature is pushed")
    key, signature = verification[2:35], invocation[2:]
    message = case["magic"].to_bytes(4, "little") + digest
    expect(cryptography.verify_signature(message, signature, key), "a wrong signature")
    elsewhere = (case["magic"] ^ 1).to_bytes(4, "little") + digest
    expect(not cryptography.verify_signature(elsewhere, signature, key), "a signature for any network")

    builder = ScriptBuilder()
    arguments = [sender, types.UInt160.from_string(case["to"]), case["amount"], case["reference"].encode()]
    builder.emit_contract_call_with_args(CONTRACT_HASHES.GAS_TOKEN, "transfer", arguments)
    builder.emit(OpCode.ASSERT)
    expect(builder.to_array() == tx.script, f"another script: {builder.to_array().hex()} and {tx.script.hex()}")

    named = [f"0x{attribute.hash}" for attribute in tx.attributes]
    expect(named == case["conflicts"], f"other conflicts: {named}")
    return f"0x{tx.hash()}"


for line in sys.stdin:
    print(judge(json.loads(line)), flush=True)
