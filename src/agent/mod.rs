//! The turn loop: a person's prompt in, model turns and tool calls until there is an answer, events out.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`conversation`] | the loop and the history |
//! | [`turn`] | what is known within one turn: jobs, failures, repetition, what is offered next |
//! | [`calls`] | from a model's calls to their results |
//! | [`helps`] | what a model is helped with, and can be denied to measure its worth |
//! | [`gate`] | streamed text, holding back what may be a call |
//! | [`prompt`] | the system prompt |
//! | `close` | after the loop: what the program says, and the exit code |
//! | [`ending`] | receipts, claims nobody can verify, jobs left open |
//! | [`outcome`] | what a turn came to |

pub mod calls;
mod close;
pub mod conversation;
pub mod ending;
pub mod gate;
pub mod helps;
pub mod outcome;
pub mod prompt;
pub mod turn;

pub use conversation::{AgentError, Conversation, Limits, Parts};
pub use helps::Helps;
pub use outcome::TurnOutcome;

#[cfg(test)]
mod tests;
