//! The words of the field as types: pure values, no I/O.

pub mod attempt;
pub mod bounded;
pub mod budget;
pub mod consent;
pub mod cost;
pub mod dataset;
pub mod estimate;
pub mod event;
pub mod hash;
pub mod ids;
pub mod job;
pub mod money;
pub mod network;
pub mod path_text;
pub mod plan;
pub mod quote;
pub mod receipt;
pub mod request;
pub mod result;
pub mod shown;
pub mod standing;
#[cfg(any(test, feature = "strategies"))]
pub mod strategies;
pub mod task;
pub mod text;
pub mod units;
pub mod verdict;
#[cfg(any(test, feature = "strategies"))]
pub mod worst;
