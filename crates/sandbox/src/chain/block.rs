//! Blocks: made by the clock, filled from the pool.
//!
//! A block is due every block time, and an empty one needs no record: the height follows from the clock. A transaction
//! taken at height h lands in block h + 1, when somebody next looks. So the chain needs no thread of its own, and
//! several processes can share it.

use std::cell::RefCell;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    admit::{fees_of, rehearse},
    native::Notification,
    store::{Book, Landed, Meta, Pooled},
    vm::Ending,
};
use domain::{hash::TxHash, network::Network};

type Result<T> = std::result::Result<T, rusqlite::Error>;

/// The height at `now` (milliseconds since 1970): the index of the newest block.
pub fn height(book: &Book<'_>, now: i64) -> Result<u32> {
    let value = |meta, default| book.meta(meta).map(|found| found.unwrap_or(default));
    let since_genesis = now.saturating_sub(value(Meta::Genesis, now)?).max(0);
    let ticked = since_genesis.checked_div(value(Meta::BlockTime, 0)?).unwrap_or(0);
    let height = ticked.saturating_add(value(Meta::Skipped, 0)?).max(value(Meta::Floor, 0)?);
    Ok(u32::try_from(height).unwrap_or(u32::MAX - 1))
}

/// Lands what is due at `now`, and gives the height.
pub fn advance(book: &Book<'_>, now: i64) -> Result<u32> {
    let height = height(book, now)?;
    let mut due: Vec<Pooled> = book.pool()?.into_iter().filter(|pooled| pooled.height < height).collect();
    while let Some(first) = due.iter().map(|pooled| pooled.height).min() {
        let (mut now_due, later): (Vec<_>, Vec<_>) = due.into_iter().partition(|pooled| pooled.height == first);
        // Neo's order: by fee a byte, then by fee, then by arrival.
        let fee = |pooled: &Pooled| pooled.signed.transaction.network_fee.datoshi();
        now_due.sort_by_key(|pooled| std::cmp::Reverse((fee(pooled) / pooled.size.max(1) as u64, fee(pooled))));
        produce(book, first + 1, &now_due, now)?;
        due = later;
    }
    if book.meta(Meta::Floor)? != Some(i64::from(height)) {
        book.set_meta(Meta::Floor, i64::from(height))?;
    }
    Ok(height)
}

fn produce(book: &Book<'_>, block: u32, transactions: &[Pooled], now: i64) -> Result<()> {
    // Fees of the whole block are burnt before anything is executed, as Neo does.
    for pooled in transactions {
        if let Some(sender) = pooled.signed.transaction.sender() {
            let (balance, _) = book.account(sender)?;
            let fees = i64::try_from(fees_of(&pooled.signed.transaction)).unwrap_or(i64::MAX);
            book.set_balance(sender, balance.saturating_sub(fees), block)?;
        }
    }
    for pooled in transactions {
        let transaction = &pooled.signed.transaction;
        let failed = RefCell::new(None);
        let balance_of = |account| match book.account(account) {
            Ok((balance, _)) => balance,
            Err(error) => {
                failed.replace(Some(error));
                0
            }
        };
        let limit = transaction.system_fee.datoshi();
        let (ending, notifications, changed) = rehearse(&transaction.script, &transaction.signers, &balance_of, limit);
        if let Some(error) = failed.into_inner() {
            return Err(error);
        }
        for (account, balance) in changed {
            book.set_balance(account, balance, block)?;
        }
        for named in transaction.conflicts() {
            for signer in &transaction.signers {
                book.add_conflict(&named, signer.account, block)?;
            }
        }
        let landed = Landed {
            bytes: pooled.signed.bytes(),
            block,
            time: now,
            state: state_of(&ending).to_owned(),
            log: execution(&ending, &notifications).to_string(),
        };
        book.add_landed(&pooled.hash, &landed)?;
        book.remove_from_pool(&pooled.hash)?;
    }
    Ok(())
}

/// HALT or FAULT.
pub fn state_of(ending: &Ending) -> &'static str {
    if ending.exception.is_some() { "FAULT" } else { "HALT" }
}

/// An execution as application logs print it.
fn execution(ending: &Ending, notifications: &[Notification]) -> Value {
    json!({
        "trigger": "Application",
        "vmstate": state_of(ending),
        "gasconsumed": ending.gas_consumed.to_string(),
        "stack": ending.stack.iter().map(super::item::Item::json).collect::<Vec<_>>(),
        "notifications": notifications.iter().map(Notification::json).collect::<Vec<_>>(),
        "exception": ending.exception,
        "invocations": null,
    })
}

/// The hash that stands for a block: blocks have no content of their own here.
pub fn block_hash(network: Network, block: u32) -> TxHash {
    let mut hasher = Sha256::new();
    hasher.update(b"sandbox block");
    hasher.update(network.0.to_le_bytes());
    hasher.update(block.to_le_bytes());
    TxHash(hasher.finalize().into())
}

/// [`advance`], for callers that refuse.
pub fn advance_or_refuse(book: &Book<'_>, now: i64) -> std::result::Result<u32, super::refusal::Refusal> {
    Ok(advance(book, now)?)
}
