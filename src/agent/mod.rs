//! The turn loop: a person's prompt in, model turns and tool calls until there is an answer, events out.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`conversation`] | what a conversation is made of, and a turn from the prompt to its outcome |
//! | `steps` | a model driven by tools: ask it, carry its calls out |
//! | [`by_request`] | a turn as one request that a front proposes and the program carries through |
//! | [`propose`], [`front`] | what a front hears and proposes, and which one reads a person's words |
//! | [`by_grammar`], [`state`] | the offline grammar as a front, and what it knows of the program's state |
//! | [`by_form`] | a model as a front: it fills in a form |
//! | `asking` | the request, made to fit, and the reply with the calls in it |
//! | [`turn`] | what is known within one turn: jobs, failures, repetition, what is offered next |
//! | [`task_call`] | a task's name called as if it were a tool |
//! | [`calls`] | a model's calls made ready |
//! | [`runner`] | from calls to their results |
//! | [`helps`] | what a model is helped with, and can be denied to measure its worth |
//! | [`gate`] | streamed text, holding back what may be a call |
//! | [`prompt`] | the system prompt, and what a model is told on the way |
//! | `told` | what came of a request, for a model that is asked for words |
//! | `close` | after the loop: what the program says, and the exit code |
//! | [`ending`] | receipts, how the jobs stand, names nobody knows, closing words |
//! | [`named`] | jobs, hashes, addresses and paths that stand in a text |
//! | [`outcome`], [`error`] | what a turn came to, or why it could not be kept |
//! | [`history`] | what was said, in an order that servers take |
//! | [`window`], [`compact`], [`earlier`], [`shorten`] | how large a request is, and how it is made to fit |
//! | [`spending`] | tokens and money, and their ceilings |
//! | [`session_file`] | where a session is kept |

mod asking;
pub mod by_form;
pub mod by_grammar;
pub mod by_request;
pub mod calls;
mod close;
pub mod compact;
pub mod conversation;
pub mod earlier;
pub mod ending;
pub mod error;
pub mod front;
pub mod gate;
pub mod helps;
pub mod history;
pub mod named;
pub mod outcome;
pub mod prompt;
pub mod propose;
pub mod runner;
pub mod session_file;
pub mod shorten;
pub mod spending;
pub mod state;
mod steps;
pub mod task_call;
mod told;
mod turn;
pub mod window;

pub use conversation::{Conversation, Limits, Parts};
pub use error::AgentError;
pub use helps::Helps;
pub use outcome::TurnOutcome;
pub use propose::Front;

#[cfg(test)]
mod tests;
