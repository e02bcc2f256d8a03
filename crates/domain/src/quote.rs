//! What the provider asks for one job.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{hash::Hash160, money::Datoshi, network::Network};

/// Who stated the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteSource {
    /// The provider, with the task.
    Provider,
    /// The owner's settings, as the provider states none.
    Owner,
}

/// A quote: amount, recipient, network, reference, expiry. Paying anything else for the job is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What is asked.
    pub amount: Datoshi,
    /// The account that is to be paid.
    pub recipient: Hash160,
    /// The network it is to be paid on.
    pub network: Network,
    /// Opaque text that binds the payment to the job; it travels as the transfer's `data`. At most 64 bytes.
    pub reference: String,
    /// After this it is not to be paid any more.
    pub expires_at: Timestamp,
    /// Who stated it.
    pub source: QuoteSource,
}
