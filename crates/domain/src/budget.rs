//! The owner's limits on spending.

use serde::{Deserialize, Serialize};

use super::money::Datoshi;

/// What one payment may burn as system fee where the owner says nothing, 0.5 GAS. By the price list of the public networks
/// (docs/payments.md) a transfer takes 0.0997778, a fifth. What asks for more is a node that is not honest, or a chain with
/// another fee policy, whose owner says so.
pub const USUAL_MOST_SYSTEM_FEE: Datoshi = datoshi(50_000_000);
/// The same as network fee, 0.1 GAS: a transfer takes about an eighth.
pub const USUAL_MOST_NETWORK_FEE: Datoshi = datoshi(10_000_000);

/// An amount that is one.
const fn datoshi(amount: u64) -> Datoshi {
    match Datoshi::new(amount) {
        Some(amount) => amount,
        None => Datoshi::MAX,
    }
}

/// Caps on what one wallet may spend on one network, fees included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// One payment.
    pub per_payment: Datoshi,
    /// Any 24 hours.
    pub per_day: Datoshi,
    /// For as long as the ledger remembers.
    pub lifetime: Datoshi,
}
