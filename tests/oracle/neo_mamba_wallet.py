"""Writes and opens NEP-6 wallets with neo-mamba, whose scrypt, AES and key handling share nothing with ours.

Reads one JSON object a line. {"make": PATH, "wif", "passphrase"} writes a wallet at Neo's standard parameters and prints its
address; {"open": PATH, "passphrase", "whole"} prints the key in hexadecimal of the first account; where "whole" is true, the
file must have the form that neo-mamba's schema asks for.
"""

import json
import sys

from neo3.wallet import account, scrypt_parameters, wallet


def make(case: dict) -> str:
    made = wallet.DiskWallet.default(case["make"], "made elsewhere")
    owner = account.Account.from_wif(case["wif"], case["passphrase"])
    made.account_add(owner, is_default=True)
    made.save()
    return owner.address


def unlock(case: dict) -> str:
    with open(case["open"], encoding="utf-8") as file:
        content = json.load(file)
    if case["whole"]:
        wallet.DiskWallet.from_json(content)
    parameters = scrypt_parameters.ScryptParameters.from_json(content["scrypt"])
    key = content["accounts"][0]["key"]
    return account.Account.private_key_from_nep2(key, case["passphrase"], parameters).hex()


for line in sys.stdin:
    case = json.loads(line)
    print(make(case) if "make" in case else unlock(case), flush=True)
