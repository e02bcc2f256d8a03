//! The sandbox.

pub mod chain;
pub mod s3;
