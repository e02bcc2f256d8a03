//! Who says whether a payment counts.

use async_trait::async_trait;

use crate::domain::{
    hash::{Hash160, TxHash},
    money::Datoshi,
    network::Network,
};

/// What a payment must be to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// To this account.
    pub recipient: Hash160,
    /// Exactly this much.
    pub amount: Datoshi,
    /// Carrying this reference.
    pub reference: String,
    /// On this network.
    pub network: Network,
}

/// What a look at the chain showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It counts, and is in this block.
    Paid {
        /// The block's number.
        block: u32,
    },
    /// It is not on the chain, or not yet.
    NotYet,
    /// It is on the chain and does not count; why, in a few words.
    Refused(String),
    /// The chain could not be asked; why, in a few words.
    Unreachable(String),
}

/// Who says whether a payment counts. HALT alone does not: see `facts/neo.md`, "What counts as paid".
#[async_trait]
pub trait PaymentVerifier: Send + Sync {
    /// Looks once whether `tx` pays what is due.
    async fn look(&self, tx: &TxHash, due: &Due) -> Look;
}
