//! The turn loop: a person's prompt in, model turns and tool calls until there is an answer, events out.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`conversation`] | what a conversation is made of, and a turn from the prompt to its outcome |
//! | `steps` | the loop: ask the model, carry its calls out |
//! | `asking` | the request, made to fit, and the reply with the calls in it |
//! | [`turn`] | what is known within one turn: jobs, failures, repetition, what is offered next |
//! | [`wished`] | the work that a person plainly named, as the call that begins it |
//! | [`task_call`] | a task's name called as if it were a tool |
//! | [`quotation`] | whether a call in a text only quotes somebody's data |
//! | [`datasets`] | which datasets a person can mean |
//! | [`calls`] | a model's calls made ready |
//! | [`runner`], `unasked` | from calls to their results, and those that nobody asked for |
//! | [`helps`] | what a model is helped with, and can be denied to measure its worth |
//! | [`gate`] | streamed text, holding back what may be a call |
//! | [`prompt`] | the system prompt, and what a model is told on the way |
//! | `close` | after the loop: what the program says, and the exit code |
//! | [`claims`] | what an answer says, against the ledger |
//! | [`unmet`] | what was asked for and did not come about |
//! | [`ending`] | receipts, names nobody knows, jobs left open |
//! | [`outcome`] | what a turn came to |
//! | [`history`] | what was said, in an order that servers take |
//! | [`window`], [`compact`], [`earlier`], [`shorten`] | how large a request is, and how it is made to fit |
//! | [`spending`] | tokens and money, and their ceilings |
//! | [`session_file`] | where a session is kept |

mod asking;
pub mod calls;
pub mod claims;
mod close;
pub mod compact;
pub mod conversation;
pub mod datasets;
pub mod earlier;
pub mod ending;
pub mod gate;
pub mod helps;
pub mod history;
pub mod outcome;
pub mod prompt;
pub mod quotation;
pub mod runner;
pub mod session_file;
pub mod shorten;
pub mod spending;
mod steps;
pub mod task_call;
pub mod turn;
mod unasked;
pub mod unmet;
pub mod window;
pub mod wished;

pub use conversation::{AgentError, Conversation, Limits, Parts};
pub use helps::Helps;
pub use outcome::TurnOutcome;

#[cfg(test)]
mod tests;
