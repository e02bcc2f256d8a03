//! The guard: what may happen. The model proposes; this folder disposes.
//!
//! Every side effect consumes a [`permit::Permit`], which is granted under a [`mandate::Mandate`]; only
//! [`guard::Guard`] makes either. An error in here is a refusal.

pub mod approval;
pub mod consent;
pub mod data;
pub mod guard;
mod inputs;
pub mod limits;
mod links;
pub mod mandate;
pub mod offload;
pub mod payment;
pub mod permit;
pub mod refusal;
pub mod tripwire;

#[cfg(test)]
mod tests;

pub use guard::Guard;
pub use limits::Policy;
pub use refusal::{Refusal, Rule};
