//! The payer: the only folder that has a payment signed.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`hand`] | whose signatures payments carry: a wallet's, or recorded ones |
//! | [`payer`] | at most one payment a job, whatever dies |

pub mod hand;
pub mod payer;

pub use hand::Hand;
pub use payer::Payer;
