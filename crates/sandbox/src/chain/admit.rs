//! Whether a transaction is let into the pool: Neo's checks, in the order in which neo-go makes them, so that a
//! transaction with two faults is refused for the same one.

use std::collections::BTreeMap;

use super::{
    native::World,
    opcode::check_script,
    refusal::Refusal,
    store::{Book, Pooled},
    vm::{Host, Machine},
};
use domain::{
    hash::{Hash160, TxHash},
    network::Network,
};
use neo::{
    fees::{CHECK_SIG_UNITS, FEE_PER_BYTE},
    transaction::{Attribute, MAX_SIZE, Signed, Transaction},
    witness::{self, Witness, sign_data},
};

/// A transaction's last block may be at most this many blocks ahead: one day of blocks of 15 s.
pub const MAX_VALID_UNTIL_BLOCK_INCREMENT: u32 = 5760;
/// A transaction may burn at most this much for execution, datoshi.
const MAX_SYSTEM_FEE: u64 = 150_000_000_000;
/// Verifying one witness may charge at most this much, datoshi.
const MAX_VERIFICATION_GAS: u64 = 150_000_000;
/// The pool holds this many.
pub const POOL_SIZE: usize = 1000;
/// System.Crypto.CheckSig.
const CHECK_SIG: [u8; 4] = [0x56, 0xe7, 0xb3, 0x27];

/// The rules that a chain's settings make.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// What signatures cover.
    pub network: Network,
    /// The height of the last block.
    pub height: u32,
    /// How far ahead a last block may be.
    pub max_increment: u32,
}

/// Checks a transaction and puts it into the pool, in place of those it conflicts with.
///
/// # Errors
/// The first rule it breaks.
pub fn admit(book: &Book<'_>, rules: Rules, signed: &Signed, bytes: &[u8]) -> Result<TxHash, Refusal> {
    let transaction = &signed.transaction;
    let hash = transaction.hash();
    check_alone(rules, transaction, bytes.len())?;
    if book.landed(&hash)?.is_some() {
        return Err(Refusal::already_exists("already exists in blockchain"));
    }
    for signer in &transaction.signers {
        if book.is_ruled_out(&hash, signer.account)? {
            return Err(Refusal::verification("blockchain: transaction has conflicts"));
        }
    }
    let left = transaction.network_fee.datoshi() - needed_fee(bytes.len());
    check_witnesses(signed, rules.network, &hash, left)?;
    check_attributes(book, rules, transaction)?;
    let replaced = check_pool(book, transaction, &hash)?;
    for other in replaced {
        book.remove_from_pool(&other)?;
    }
    book.add_to_pool(&hash, bytes, rules.height)?;
    Ok(hash)
}

/// What a transaction must burn for its bytes and attributes; attributes are free on this chain, as on a new network.
fn needed_fee(size: usize) -> u64 {
    size as u64 * FEE_PER_BYTE
}

fn check_alone(rules: Rules, transaction: &Transaction, size: usize) -> Result<(), Refusal> {
    let fee = transaction.system_fee.datoshi();
    if fee > MAX_SYSTEM_FEE {
        return Err(Refusal::policy(format!("too big system fee ({fee} > MaxBlockSystemFee {MAX_SYSTEM_FEE})")));
    }
    check_script(&transaction.script).map_err(|e| Refusal::script(format!("invalid script: {e}")))?;
    let (until, height) = (transaction.valid_until_block, rules.height);
    if until <= height {
        let data = format!("transaction has expired: ValidUntilBlock = {until}, current height = {height}");
        return Err(Refusal::expired(data));
    }
    if until > height.saturating_add(rules.max_increment) {
        let data = format!("transaction is not yet valid: ValidUntilBlock = {until}, current height = {height}");
        return Err(Refusal::expired(data));
    }
    if size > MAX_SIZE {
        return Err(Refusal::size(format!("too big transaction: ({size} > MaxTransactionSize {MAX_SIZE})")));
    }
    let (paid, needed) = (transaction.network_fee.datoshi(), needed_fee(size));
    if paid < needed {
        return Err(Refusal::network_fee(format!("too small network fee: net fee is {paid}, need {needed}")));
    }
    Ok(())
}

struct SignatureHost<'a> {
    message: &'a [u8],
}

impl Host for SignatureHost<'_> {
    fn call(&mut self, id: [u8; 4], machine: &mut Machine) -> Result<(), String> {
        if id != CHECK_SIG {
            return Err(format!("the sandbox does not have the system call {} here", hex::encode(id)));
        }
        machine.charge_units(CHECK_SIG_UNITS)?;
        let key = machine.pop()?.to_bytes()?;
        let signature = machine.pop()?.to_bytes()?;
        let verdict = witness::verify(&key, self.message, &signature).ok_or("invalid public key")?;
        machine.push(super::item::Item::Bool(verdict));
        Ok(())
    }
}

/// What a witness's check found.
pub enum WitnessVerdict {
    /// Right.
    Right,
    /// Well-formed, by another key or of other bytes.
    WrongSignature,
}

/// Runs a witness: its invocation script, then its verification script, on one stack. Gives datoshi charged.
///
/// # Errors
/// Why it cannot be judged.
pub fn run_witness(
    account: Hash160,
    witness: &Witness,
    message: &[u8],
    limit: u64,
) -> Result<(u64, WitnessVerdict), String> {
    if witness.verification.is_empty() {
        return Err("unknown verification contract".to_owned());
    }
    if witness.account() != account {
        let found = witness.account();
        return Err(format!("witness hash mismatch: expected {account}, got {found}"));
    }
    check_script(&witness.verification).map_err(|e| format!("invalid verification script: {e}"))?;
    check_script(&witness.invocation).map_err(|e| format!("invalid invocation script: {e}"))?;
    let mut machine = Machine::new(limit.min(MAX_VERIFICATION_GAS));
    let mut host = SignatureHost { message };
    let result =
        machine.run(&witness.invocation, &mut host).and_then(|()| machine.run(&witness.verification, &mut host));
    let ending = machine.end(result);
    if let Some(exception) = ending.exception {
        return Err(format!("signature check failed: vm execution has failed: {exception}"));
    }
    match ending.stack.as_slice() {
        [verdict] => match verdict.to_bool() {
            Ok(true) => Ok((ending.gas_consumed, WitnessVerdict::Right)),
            Ok(false) => Ok((ending.gas_consumed, WitnessVerdict::WrongSignature)),
            Err(_) => Err("signature check failed: invalid return value".to_owned()),
        },
        [] => Err("signature check failed: no result returned from the script".to_owned()),
        _ => Err("signature check failed: expected exactly one returned value".to_owned()),
    }
}

fn check_witnesses(signed: &Signed, network: Network, hash: &TxHash, mut limit: u64) -> Result<(), Refusal> {
    let message = sign_data(network, hash);
    for (index, (signer, witness)) in signed.transaction.signers.iter().zip(&signed.witnesses).enumerate() {
        match run_witness(signer.account, witness, &message, limit) {
            Ok((charged, WitnessVerdict::Right)) => limit = limit.saturating_sub(charged),
            Ok((_, WitnessVerdict::WrongSignature)) => {
                let data = format!("witness #{index}: signature check failed: invalid signature");
                return Err(Refusal::signature(data));
            }
            Err(why) => return Err(Refusal::verification(format!("witness #{index}: {why}"))),
        }
    }
    Ok(())
}

fn check_attributes(book: &Book<'_>, rules: Rules, transaction: &Transaction) -> Result<(), Refusal> {
    let wrong = |what: String| Refusal::attribute(format!("invalid attribute: {what}"));
    for attribute in &transaction.attributes {
        match attribute {
            Attribute::HighPriority => return Err(wrong("high priority tx is not signed by committee".to_owned())),
            Attribute::NotValidBefore(from) if rules.height < *from => {
                let height = rules.height;
                return Err(wrong(format!("not yet valid: NotValidBefore = {from}, current height = {height}")));
            }
            Attribute::NotValidBefore(_) => {}
            Attribute::Conflicts(other) => {
                if transaction.conflicts().filter(|named| named == other).count() > 1 {
                    return Err(wrong(format!("duplicate Conflicts attribute {other}")));
                }
                if book.landed(other)?.is_some() {
                    return Err(wrong(format!("conflicting transaction {other} is already on chain")));
                }
            }
        }
    }
    Ok(())
}

/// The pool's own rules: no twin, conflicts win by a higher network fee only, and the sender can pay all its fees.
/// Gives those that have to leave.
fn check_pool(book: &Book<'_>, transaction: &Transaction, hash: &TxHash) -> Result<Vec<TxHash>, Refusal> {
    let pool = book.pool()?;
    if pool.iter().any(|other| other.hash == *hash) {
        return Err(Refusal::already_in_pool("already exists in mempool"));
    }
    let conflict = |why: &str| {
        let what = "mempool: transaction has conflicts: conflicts with memory pool due to Conflicts attribute";
        Refusal::verification(format!("{what}: {why}"))
    };
    let payer = transaction.sender().unwrap_or(Hash160([0; 20]));
    let mut leaving: BTreeMap<TxHash, &Pooled> = BTreeMap::new();
    let mut outbid = 0;
    for other in &pool {
        if other.signed.transaction.conflicts().any(|named| named == *hash) {
            if other.signed.transaction.signers.iter().any(|signer| signer.account == payer) {
                outbid += other.signed.transaction.network_fee.datoshi();
            }
            leaving.insert(other.hash, other);
        }
    }
    for named in transaction.conflicts() {
        let Some(other) = pool.iter().find(|other| other.hash == named) else { continue };
        let ours = |signer: Hash160| transaction.signers.iter().any(|own| own.account == signer);
        if !other.signed.transaction.signers.iter().any(|signer| ours(signer.account)) {
            return Err(conflict("not signed by a signer of conflicting transaction"));
        }
        outbid += other.signed.transaction.network_fee.datoshi();
        leaving.insert(other.hash, other);
    }
    if outbid != 0 && transaction.network_fee.datoshi() <= outbid {
        return Err(conflict("conflicting transactions have bigger or equal network fee"));
    }
    let staying =
        |other: &&Pooled| !leaving.contains_key(&other.hash) && other.signed.transaction.sender() == Some(payer);
    let promised: u64 = pool.iter().filter(staying).map(|other| fees_of(&other.signed.transaction)).sum();
    let (balance, _) = book.account(payer)?;
    if u64::try_from(balance).unwrap_or(0) < fees_of(transaction).saturating_add(promised) {
        return Err(Refusal::funds("insufficient funds"));
    }
    if pool.len() - leaving.len() >= POOL_SIZE {
        return Err(Refusal {
            code: -502,
            message: "The memory pool is full and no more transactions can be sent",
            data: None,
        });
    }
    Ok(leaving.into_keys().collect())
}

/// What a transaction burns in any case, datoshi.
pub fn fees_of(transaction: &Transaction) -> u64 {
    transaction.system_fee.datoshi().saturating_add(transaction.network_fee.datoshi())
}

/// Runs a script for its sake or for a question's: what it would do and cost, without doing it.
pub fn rehearse(
    script: &[u8],
    signers: &[neo::transaction::Signer],
    balance_of: &dyn Fn(Hash160) -> i64,
    limit: u64,
) -> (super::vm::Ending, Vec<super::native::Notification>, BTreeMap<Hash160, i64>) {
    let mut world = World::new(signers, balance_of);
    let mut machine = Machine::new(limit);
    let result = machine.run(script, &mut world);
    let ending = machine.end(result);
    if ending.exception.is_some() {
        return (ending, world.notifications, BTreeMap::new());
    }
    (ending, world.notifications, world.changed)
}
