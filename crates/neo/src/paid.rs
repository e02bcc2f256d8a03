//! What counts as paid: one rule, for the payer and for the provider.
//!
//! HALT is not enough. Paid means HALT **and** exactly one Transfer event of the GAS contract with exactly this payer,
//! recipient and amount, in a transaction whose script is our transfer and carries this reference.

use super::{
    GAS_CONTRACT,
    rpc::{
        Chain, ChainError,
        answers::{ApplicationLog, Execution, Item, Notification, VmState},
        node::clean,
    },
    script::Transfer,
    transaction::{DecodeError, Signed, Transaction},
};
use domain::{
    hash::{Hash160, TxHash},
    money::Datoshi,
    network::Network,
};

/// The event of a contract of tokens by which it says that some moved (NEP-17).
pub const TRANSFER: &str = "Transfer";

/// The payment that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Who pays; anyone when `None`.
    pub from: Option<Hash160>,
    /// Who is paid.
    pub to: Hash160,
    /// Exactly how much.
    pub amount: Datoshi,
    /// The reference in the script.
    pub reference: String,
    /// Where.
    pub network: Network,
}

/// A payment that landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    /// Who paid.
    pub from: Hash160,
    /// The block it is in.
    pub block: u32,
}

/// Why a transaction that landed is not the payment.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum NotPaid {
    /// The log is another transaction's.
    #[error("the log is of {0}")]
    AnotherLog(TxHash),
    /// It ended in FAULT: nothing moved but the fees.
    #[error("it failed on chain: {0}")]
    Fault(String),
    /// Not one execution by the transaction itself.
    #[error("its log does not have exactly one execution")]
    Executions,
    /// Its script is not the transfer of our payments.
    #[error("its script is not a plain GAS transfer with a reference")]
    AnotherScript,
    /// It carries another reference, or none.
    #[error("it carries another reference")]
    Reference,
    /// It transfers something else than was asked.
    #[error("it is a transfer of {amount} from {from} to {to}")]
    AnotherTransfer {
        /// From.
        from: Hash160,
        /// To.
        to: Hash160,
        /// How much.
        amount: Datoshi,
    },
    /// The coins are another account's than the one that made the transaction.
    #[error("it moves the coins of {0}, who did not send it")]
    Sender(Hash160),
    /// The events tell another story.
    #[error("its log has {0} events of this transfer instead of one")]
    Events(usize),
    /// It was not signed by its payer for this network.
    #[error("it was not signed by {0} for this network")]
    Signature(Hash160),
}

/// The rule, over the transaction alone: what it would transfer, before asking whether it did.
///
/// # Errors
/// Why it is not the expected payment.
pub fn check_transaction(transaction: &Transaction, expected: &Expected) -> Result<Hash160, NotPaid> {
    let transfer = Transfer::parse(&transaction.script).ok_or(NotPaid::AnotherScript)?;
    if transfer.reference.as_deref() != Some(expected.reference.as_bytes()) {
        return Err(NotPaid::Reference);
    }
    let Transfer { from, to, amount, .. } = transfer;
    if to != expected.to || amount != expected.amount || expected.from.is_some_and(|payer| payer != from) {
        return Err(NotPaid::AnotherTransfer { from, to, amount });
    }
    // Whoever pays sends the transaction: the provider, who knows no payer beforehand, takes no other's coins either.
    if transaction.sender() != Some(from) {
        return Err(NotPaid::Sender(from));
    }
    Ok(from)
}

/// The rule: whether the transaction with this log is the expected payment. Gives the payer.
///
/// # Errors
/// Why it is not.
pub fn check(log: &ApplicationLog, transaction: &Transaction, expected: &Expected) -> Result<Hash160, NotPaid> {
    if log.txid != transaction.hash() {
        return Err(NotPaid::AnotherLog(log.txid));
    }
    let [execution] = log.executions.as_slice() else { return Err(NotPaid::Executions) };
    if execution.trigger != "Application" {
        return Err(NotPaid::Executions);
    }
    if execution.state != VmState::Halt {
        return Err(NotPaid::Fault(clean(execution.exception.as_deref().unwrap_or("no reason given"))));
    }
    let from = check_transaction(transaction, expected)?;
    match count_transfers(execution, from, expected) {
        1 => Ok(from),
        count => Err(NotPaid::Events(count)),
    }
}

fn count_transfers(execution: &Execution, from: Hash160, expected: &Expected) -> usize {
    let amount = expected.amount.datoshi().to_string();
    let is_it = |notification: &&Notification| {
        let Item::Array(values) = &notification.state else { return false };
        let [payer, payee, value] = values.as_slice() else { return false };
        notification.contract == GAS_CONTRACT
            && notification.event == TRANSFER
            && payer.account() == Some(from)
            && payee.account() == Some(expected.to)
            && matches!(value, Item::Integer(text) if *text == amount)
    };
    execution.notifications.iter().filter(is_it).count()
}

/// Why a payment could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The chain could not be read, or its nodes disagree: look again.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// It has not landed: look again.
    #[error("the transaction is not in a block yet")]
    NotLanded,
    /// What a node gave as the transaction is not it.
    #[error("the node gave something else as this transaction")]
    AnotherTransaction,
    /// A transaction of a form that our payments never have.
    #[error("the transaction cannot be read: {0}")]
    Form(#[from] DecodeError),
    /// It landed and is not the payment: final.
    #[error("not the payment: {0}")]
    NotPaid(#[from] NotPaid),
}

impl VerifyError {
    /// Whether looking again can change the answer.
    pub fn may_change(&self) -> bool {
        matches!(self, VerifyError::Chain(_) | VerifyError::NotLanded | VerifyError::AnotherTransaction)
    }
}

/// Looks a payment up for the provider: landed, and exactly what was expected. Whether the same transaction has already
/// settled another job is for the caller to know.
///
/// # Errors
/// Why it is not, or not yet.
pub async fn verify_payment(chain: &Chain, hash: &TxHash, expected: &Expected) -> Result<Paid, VerifyError> {
    let Some(log) = chain.application_log(hash).await?.found else { return Err(VerifyError::NotLanded) };
    let Some(bytes) = chain.raw_transaction(hash).await?.found else { return Err(VerifyError::NotLanded) };
    let signed = Signed::decode(&bytes)?;
    if signed.transaction.hash() != *hash {
        return Err(VerifyError::AnotherTransaction);
    }
    let from = check(&log, &signed.transaction, expected)?;
    check_signature(&signed, from, expected.network)?;
    let block = chain.transaction_height(hash).await?.found.ok_or(VerifyError::NotLanded)?;
    Ok(Paid { from, block })
}

/// A single-key payer's signature must be right for this network, whatever a node says: a node cannot invent a payment.
/// Witnesses of other kinds are left to the chain.
fn check_signature(signed: &Signed, from: Hash160, network: Network) -> Result<(), NotPaid> {
    let hash = signed.transaction.hash();
    let witness =
        signed.transaction.signers.iter().position(|s| s.account == from).and_then(|i| signed.witnesses.get(i));
    match witness.map(|witness| witness.proves(from, network, &hash)) {
        Some(Some(true) | None) => Ok(()),
        Some(Some(false)) | None => Err(NotPaid::Signature(from)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::transaction::{Scope, Signer};

    const FROM: Hash160 = Hash160([1; 20]);
    const TO: Hash160 = Hash160([2; 20]);

    fn transaction(reference: Option<&str>) -> Transaction {
        let reference = reference.map(|text| text.as_bytes().to_vec());
        let transfer = Transfer { from: FROM, to: TO, amount: Datoshi::from_gas(2), reference };
        Transaction {
            nonce: 1,
            system_fee: Datoshi::from_gas(1),
            network_fee: Datoshi::from_gas(1),
            valid_until_block: 9,
            signers: vec![Signer { account: FROM, scope: Scope::CalledByEntry }],
            attributes: vec![],
            script: transfer.script().unwrap(),
        }
    }

    fn event() -> Notification {
        let (from, to) = (Item::Bytes(FROM.0.to_vec()), Item::Bytes(TO.0.to_vec()));
        let state = Item::Array(vec![from, to, Item::Integer("200000000".to_owned())]);
        Notification { contract: GAS_CONTRACT, event: "Transfer".to_owned(), state }
    }

    fn log(transaction: &Transaction, notifications: Vec<Notification>) -> ApplicationLog {
        let execution = Execution {
            trigger: "Application".to_owned(),
            state: VmState::Halt,
            gas_consumed: Datoshi::ZERO,
            exception: None,
            notifications,
        };
        ApplicationLog { txid: transaction.hash(), executions: vec![execution] }
    }

    fn expected() -> Expected {
        let (amount, network) = (Datoshi::from_gas(2), Network(7));
        Expected { from: Some(FROM), to: TO, amount, reference: "ref".to_owned(), network }
    }

    #[test]
    fn paid_is_halt_with_exactly_the_one_event() {
        let paid = transaction(Some("ref"));
        assert_eq!(check(&log(&paid, vec![event()]), &paid, &expected()), Ok(FROM));
        let anyone = Expected { from: None, ..expected() };
        assert_eq!(check(&log(&paid, vec![event()]), &paid, &anyone), Ok(FROM));

        assert_eq!(check(&log(&paid, vec![]), &paid, &expected()), Err(NotPaid::Events(0)));
        assert_eq!(check(&log(&paid, vec![event(), event()]), &paid, &expected()), Err(NotPaid::Events(2)));
        let mut faulted = log(&paid, vec![event()]);
        faulted.executions[0].state = VmState::Fault;
        assert!(matches!(check(&faulted, &paid, &expected()), Err(NotPaid::Fault(_))));
        let mut twice = log(&paid, vec![event()]);
        twice.executions.push(twice.executions[0].clone());
        assert_eq!(check(&twice, &paid, &expected()), Err(NotPaid::Executions));
        let mut persist = log(&paid, vec![event()]);
        persist.executions[0].trigger = "OnPersist".to_owned();
        assert_eq!(check(&persist, &paid, &expected()), Err(NotPaid::Executions));
        let other = transaction(Some("reg"));
        assert_eq!(check(&log(&other, vec![event()]), &paid, &expected()), Err(NotPaid::AnotherLog(other.hash())));
    }

    #[test]
    fn an_event_counts_only_when_all_of_it_is_right() {
        let paid = transaction(Some("ref"));
        let (from, to) = (Item::Bytes(FROM.0.to_vec()), Item::Bytes(TO.0.to_vec()));
        let amount = |text: &str| Item::Integer(text.to_owned());
        let wrong = [
            Notification { contract: TO, ..event() },
            Notification { event: "transfer".to_owned(), ..event() },
            Notification { state: Item::Null, ..event() },
            Notification { state: Item::Array(vec![from.clone(), to.clone()]), ..event() },
            Notification { state: Item::Array(vec![Item::Null, to.clone(), amount("200000000")]), ..event() },
            Notification { state: Item::Array(vec![to.clone(), to.clone(), amount("200000000")]), ..event() },
            Notification { state: Item::Array(vec![from.clone(), from.clone(), amount("200000000")]), ..event() },
            Notification { state: Item::Array(vec![from.clone(), to.clone(), amount("200000001")]), ..event() },
            Notification { state: Item::Array(vec![from.clone(), to.clone(), amount("0200000000")]), ..event() },
            Notification { state: Item::Array(vec![from, to, Item::Bytes(vec![0, 0xc2, 0xeb, 0x0b])]), ..event() },
        ];
        for notification in wrong {
            let said = check(&log(&paid, vec![notification.clone()]), &paid, &expected());
            assert_eq!(said, Err(NotPaid::Events(0)), "{notification:?}");
        }
    }

    #[test]
    fn the_script_says_what_the_payment_is() {
        let said = |transaction: &Transaction, expected: &Expected| {
            check(&log(transaction, vec![event()]), transaction, expected)
        };
        let paid = transaction(Some("ref"));
        assert_eq!(said(&transaction(None), &expected()), Err(NotPaid::Reference));
        assert_eq!(said(&transaction(Some("re")), &expected()), Err(NotPaid::Reference));
        let mut longer = paid.clone();
        longer.script.push(0x40);
        assert_eq!(said(&longer, &expected()), Err(NotPaid::AnotherScript));
        let mut borrowed = paid.clone();
        borrowed.signers.insert(0, Signer { account: TO, scope: Scope::CalledByEntry });
        for payer in [Some(FROM), None] {
            let expected = Expected { from: payer, ..expected() };
            assert_eq!(said(&borrowed, &expected), Err(NotPaid::Sender(FROM)));
        }
        for other in [
            Expected { from: Some(TO), ..expected() },
            Expected { to: FROM, ..expected() },
            Expected { amount: Datoshi::from_gas(3), ..expected() },
        ] {
            let transfer = NotPaid::AnotherTransfer { from: FROM, to: TO, amount: Datoshi::from_gas(2) };
            assert_eq!(said(&paid, &other), Err(transfer));
        }
    }
}
