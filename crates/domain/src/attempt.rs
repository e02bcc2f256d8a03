//! A payment attempt: one signed transaction for one job.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    hash::{Hash160, TxHash},
    ids::JobId,
    money::Datoshi,
    network::Network,
};

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// Written down, perhaps broadcast, not yet known to be in a pool.
    Intended,
    /// A node took it.
    Sent,
    /// Landed: HALT with exactly the expected transfer.
    Confirmed,
    /// Landed without paying: FAULT or no matching event. Its fees are lost.
    Faulted,
    /// Never landed and never can: the chain is past its last block.
    Expired,
}

impl AttemptState {
    /// Whether the attempt may still land; a job has at most one such attempt.
    pub fn is_live(self) -> bool {
        matches!(self, AttemptState::Intended | AttemptState::Sent)
    }

    /// Whether `next` is news of an attempt that stands so. What landed stays landed. What counts as expired may turn out
    /// to have landed after all, where nodes told less than the truth.
    pub fn may_become(self, next: AttemptState) -> bool {
        use AttemptState::*;
        match self {
            Intended => next != Intended,
            Sent => matches!(next, Confirmed | Faulted | Expired),
            Expired => matches!(next, Confirmed | Faulted),
            Confirmed | Faulted => false,
        }
    }

    /// The name in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            AttemptState::Intended => "intended",
            AttemptState::Sent => "sent",
            AttemptState::Confirmed => "confirmed",
            AttemptState::Faulted => "faulted",
            AttemptState::Expired => "expired",
        }
    }
}

/// One payment attempt as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The job it pays.
    pub job: JobId,
    /// 1 for the first.
    pub number: u32,
    /// The transaction's id, known before broadcast.
    pub tx_hash: TxHash,
    /// The unsigned bytes; signing them is deterministic.
    #[serde(with = "hex::serde")]
    pub unsigned: Vec<u8>,
    /// The last block it may be in.
    pub valid_until_block: u32,
    /// Paid by.
    pub sender: Hash160,
    /// Paid to.
    pub recipient: Hash160,
    /// What is paid.
    pub amount: Datoshi,
    /// Burnt for execution.
    pub system_fee: Datoshi,
    /// Burnt for inclusion.
    pub network_fee: Datoshi,
    /// The quote's reference, in the transfer's `data`.
    pub reference: String,
    /// Where.
    pub network: Network,
    /// How it stands.
    pub state: AttemptState,
    /// The block it landed in.
    pub block: Option<u32>,
    /// When the intent was written.
    pub created_at: Timestamp,
}
