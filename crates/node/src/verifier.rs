//! Who says whether a payment counts.

use async_trait::async_trait;

use domain::hash::TxHash;
use neo::{Chain, Expected, VerifyError, verify_payment};

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

/// Who says whether a payment counts.
#[async_trait]
pub trait PaymentVerifier: Send + Sync {
    /// Looks once whether `tx` is the expected payment.
    async fn look(&self, tx: &TxHash, expected: &Expected) -> Look;
}

/// The chain itself, by the rule that the payer keeps too: [`verify_payment`].
#[async_trait]
impl PaymentVerifier for Chain {
    async fn look(&self, tx: &TxHash, expected: &Expected) -> Look {
        match verify_payment(self, tx, expected).await {
            Ok(paid) => Look::Paid { block: paid.block },
            Err(VerifyError::NotLanded) => Look::NotYet,
            Err(error) if error.may_change() => Look::Unreachable(error.to_string()),
            Err(error) => Look::Refused(error.to_string()),
        }
    }
}
