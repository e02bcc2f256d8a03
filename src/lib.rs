//! The Scientific Orchestrator, as a library: what is made of the crates beside it.
//!
//! Imports point up this list only: a module knows those above it, never those below.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`payment`] | the payer: the only folder that has a payment signed |
//! | [`job`] | the state machine and the workflow that advances it |
//! | [`tools`] | one file a tool that a model may call |
//! | [`model`] | one file a chat model; the offline grammar; the request form |
//! | [`agent`] | a turn; status from the ledger; sessions; what fits a window; ceilings |
//! | [`face`] | what people, programs and other agents see: terminal, JSON Lines, MCP |
//! | [`sandbox`] | the outside parts of a remote job, in the sandbox |
//! | `trial` | the bench that plays cases against a model and says what came of them |
//! | [`cli`] | one file a command |

pub mod payment;

pub mod job;
pub mod tools;

pub mod model;

pub mod agent;
pub mod face;

pub mod sandbox;

#[cfg(feature = "trial")]
pub mod trial;

pub mod cli;

#[cfg(test)]
mod worst;
