//! The guard: what may happen. The model proposes; this folder disposes.

pub mod data;
pub mod permit;
pub mod refusal;
