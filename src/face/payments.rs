//! A wallet's payments as people and programs see them. Pure.

use jiff::Timestamp;
use serde::Serialize;

use super::look::Look;
use domain::{
    attempt::Attempt,
    hash::TxHash,
    ids::JobId,
    money::{Amount, Datoshi, Fees},
    network::Network,
};

/// A payment attempt as programs see it: no bytes, no key.
#[derive(Debug, Serialize)]
pub struct Shown<'a> {
    /// When the intent was written.
    at: Timestamp,
    job: &'a JobId,
    attempt: u32,
    state: &'static str,
    #[serde(flatten)]
    amount: Amount,
    #[serde(flatten)]
    fees: Fees,
    recipient: String,
    network: Network,
    tx_hash: TxHash,
    block: Option<u32>,
}

impl Shown<'_> {
    /// One attempt.
    pub fn of(attempt: &Attempt) -> Shown<'_> {
        Shown {
            at: attempt.created_at,
            job: &attempt.job,
            attempt: attempt.number,
            state: attempt.state.as_str(),
            amount: Amount::from(attempt.amount),
            fees: Fees::from(fees(attempt)),
            recipient: attempt.recipient.address(),
            network: attempt.network,
            tx_hash: attempt.tx_hash,
            block: attempt.block,
        }
    }
}

fn fees(attempt: &Attempt) -> Datoshi {
    attempt.system_fee.checked_add(attempt.network_fee).unwrap_or(Datoshi::MAX)
}

/// A table, oldest first.
pub fn list(attempts: &[Attempt], look: &Look) -> Vec<String> {
    if attempts.is_empty() {
        return vec!["No payments yet.".to_owned()];
    }
    let rows = attempts.iter().map(|attempt| {
        let at = attempt.created_at.strftime("%Y-%m-%d %H:%M").to_string();
        let (amount, fees) = (attempt.amount.gas_string(), fees(attempt).gas_string());
        vec![at, attempt.job.to_string(), attempt.state.as_str().to_owned(), amount, fees, attempt.tx_hash.to_string()]
    });
    look.table(&["when (UTC)", "job", "state", "GAS", "fees", "tx"], rows.collect(), &[3, 4], 5)
}
