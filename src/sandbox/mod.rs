//! The embedded provider, storage and chain.

pub mod chain;
