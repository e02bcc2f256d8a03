//! A payment's transaction, planned: built and dry-run, not signed.

use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt as _;

use super::PayError;
use crate::payment::Hand;
use cassette::Tape;
use domain::{
    attempt::{Attempt, AttemptState},
    hash::{Hash160, TxHash},
    money::Datoshi,
};
use guard::policy::{payment::FeeQuote, permit::Payment};
use neo::{
    Chain,
    rpc::{ChainError, answers::Protocol},
    script::Transfer,
    transaction::{Attribute, MAX_ATTRIBUTES, Scope, Signed, Signer, Transaction},
    witness::Witness,
};

/// A payment is given at least this many blocks to land in.
const LEAST_BLOCKS: u64 = 2;

/// A transaction that only has to be signed.
pub struct Plan {
    /// It.
    pub transaction: Transaction,
}

impl Plan {
    /// What it burns.
    pub fn fees(&self) -> FeeQuote {
        FeeQuote { system: self.transaction.system_fee, network: self.transaction.network_fee }
    }

    /// The attempt that the ledger keeps of it, made now.
    pub fn attempt(&self, payment: &Payment, number: u32, sender: Hash160, now: Timestamp) -> Attempt {
        Attempt {
            job: payment.job.clone(),
            number,
            tx_hash: self.transaction.hash(),
            unsigned: self.transaction.unsigned_bytes(),
            valid_until_block: self.transaction.valid_until_block,
            sender,
            recipient: payment.recipient,
            amount: payment.amount,
            system_fee: self.transaction.system_fee,
            network_fee: self.transaction.network_fee,
            reference: payment.reference.clone(),
            network: payment.network,
            state: AttemptState::Intended,
            block: None,
            created_at: now,
        }
    }
}

/// Plans a transfer: the network is checked first, then the script is run without effect, then the fees are asked for.
///
/// # Errors
/// The chain's; a quote that ends too soon; more attempts to name than a transaction holds.
pub async fn make(
    tape: &Tape,
    chain: &Chain,
    hand: &Hand,
    transfer: &Transfer,
    replaces: &[TxHash],
    lifetime: Duration,
    ends: Timestamp,
) -> Result<Plan, PayError> {
    // One place of the sixteen is the signer's.
    if replaces.len() >= MAX_ATTRIBUTES {
        return Err(PayError::TooManyAttempts(replaces.len()));
    }
    let protocol = chain.version().await?.protocol;
    let chain = &chain.without_laggards().await;
    // Whether a payment landed is told by application logs alone: where no quorum keeps them, none is made.
    if tape.look("whether application logs are asked for", || tape.player().is_none()) {
        chain.application_log(&TxHash([0; 32])).await?;
    }
    let count = chain.block_count().await?;
    let blocks = blocks_to_live(&protocol, lifetime, ends, tape.now("a payment's life"))?;
    let signer = Signer { account: hand.account(), scope: Scope::CalledByEntry };
    let script = transfer.script()?;
    let system_fee = match chain.invoke_script(&script, &signer).await {
        // The usual reason of a transfer that would fail, in better words than the virtual machine's.
        Err(ChainError::Fault(why)) => {
            let available = chain.balance(hand.account()).await?;
            return Err(match available < transfer.amount {
                true => PayError::Balance { account: hand.account().address(), needed: transfer.amount, available },
                false => ChainError::Fault(why).into(),
            });
        }
        other => other?,
    };
    let mut transaction = Transaction {
        nonce: tape.draw("nonce of a transaction", || rand::rng().random()),
        system_fee,
        network_fee: Datoshi::ZERO,
        // A block count of n means that block n - 1 is the newest.
        valid_until_block: count.saturating_sub(1).saturating_add(blocks),
        signers: vec![signer],
        attributes: replaces.iter().copied().map(Attribute::Conflicts).collect(),
        script,
    };
    let unsigned =
        Signed { transaction: transaction.clone(), witnesses: vec![Witness::empty(hand.verification().to_vec())] };
    transaction.network_fee = chain.network_fee(&unsigned).await?;
    Ok(Plan { transaction })
}

/// How many blocks a payment may wait: the lifetime's, not beyond the quote's end or the chain's own limit.
fn blocks_to_live(protocol: &Protocol, lifetime: Duration, ends: Timestamp, now: Timestamp) -> Result<u32, PayError> {
    let left = ends.as_millisecond().saturating_sub(now.as_millisecond());
    let left = u64::try_from(left).unwrap_or(0);
    let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
    let blocks = left.min(lifetime) / u64::from(protocol.ms_per_block.max(1));
    if left / u64::from(protocol.ms_per_block.max(1)) < LEAST_BLOCKS {
        return Err(PayError::QuoteExpired(ends));
    }
    let blocks = u32::try_from(blocks.max(LEAST_BLOCKS)).unwrap_or(u32::MAX);
    Ok(blocks.min(protocol.max_valid_until_block_increment))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn blocks(ms_per_block: u32, lifetime: u64, left: i64) -> Option<u32> {
        let protocol = Protocol { network: 1, ms_per_block, max_valid_until_block_increment: 5760 };
        let now = Timestamp::now();
        let ends = now + SignedDuration::from_secs(left);
        blocks_to_live(&protocol, Duration::from_secs(lifetime), ends, now).ok()
    }

    #[test]
    fn a_payment_lives_no_longer_than_its_quote_and_the_chain_allow() {
        assert_eq!(blocks(15_000, 600, 3600), Some(40), "ten minutes of blocks");
        assert_eq!(blocks(15_000, 600, 60), Some(4), "the quote ends before");
        assert_eq!(blocks(20, 600, 3600), Some(5760), "the chain's limit");
        assert_eq!(blocks(15_000, 1, 3600), Some(2), "never less than two blocks");
        assert_eq!(blocks(15_000, 600, 29), None, "too late for two blocks");
        assert_eq!(blocks(15_000, 600, -5), None);
    }
}
