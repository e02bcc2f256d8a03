//! Why no payment was made.

use std::path::PathBuf;

use jiff::Timestamp;

use domain::{hash::TxHash, money::Datoshi, network::Network};
use guard::ledger::{IntendError, LedgerError};
use neo::{rpc::ChainError, script::ReferenceError, wallet::KeyError};

/// Why no payment was made. Each of these means: nothing was signed, nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum PayError {
    /// The chain could not be read, or is another network's.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The permit is for another network than this payer's.
    #[error("the payment is for network {asked}, and this wallet pays on {pinned}")]
    Network {
        /// The permit's.
        asked: Network,
        /// The payer's.
        pinned: Network,
    },
    /// The quote ends too soon for a payment to land.
    #[error("the quote ends at {0}, too soon for a payment to land")]
    QuoteExpired(Timestamp),
    /// An earlier attempt may still land.
    #[error("payment attempt {number} of this job may still land: {tx_hash}")]
    Live {
        /// Which attempt.
        number: u32,
        /// Its transaction.
        tx_hash: TxHash,
    },
    /// The job is paid.
    #[error("the job is paid already: {0}")]
    AlreadyPaid(TxHash),
    /// More attempts than a transaction can name.
    #[error("after {0} attempts that did not land, no further one is made")]
    TooManyAttempts(usize),
    /// A fee above what was approved.
    #[error("the {what} fee is now {asked}, and {approved} was approved")]
    Fee {
        /// System or network.
        what: &'static str,
        /// What the chain asks.
        asked: Datoshi,
        /// What the permit allows.
        approved: Datoshi,
    },
    /// Not enough coins, other payments under way counted.
    #[error("{needed} are needed with fees, and {account} has {available} to spend")]
    Balance {
        /// Whose.
        account: String,
        /// Amount and fees.
        needed: Datoshi,
        /// The balance without what is promised to other payments.
        available: Datoshi,
    },
    /// A reference that a payment cannot carry.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The reservation was refused.
    #[error(transparent)]
    Intend(#[from] IntendError),
    /// The ledger could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The wallet's lock could not be taken.
    #[error("cannot lock the wallet with {path}: {why}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The key cannot sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}
