//! The owner's limits on spending.

use serde::{Deserialize, Serialize};

use super::money::Datoshi;

/// Caps on what one wallet may spend on one network. Fees count for the day and the lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// One payment, fees left out.
    pub per_payment: Datoshi,
    /// Any 24 hours.
    pub per_day: Datoshi,
    /// For as long as the ledger remembers.
    pub lifetime: Datoshi,
}
