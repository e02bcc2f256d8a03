//! Chat models: one trait, one file an implementation.
//!
//! A model takes a [`ChatRequest`] and gives a [`ChatTurn`]: text, calls, or both. It proposes; what happens is up to
//! the guard. Every model sees the request and nothing else.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`chat`] | requests, turns, and the rules every request keeps |
//! | [`context`] | what the runtime knows and puts at the end of the system prompt |
//! | [`discreet`] | a model that is told no secret and tells none |
//! | [`error`] | why a model gave no turn |
//! | [`form`] | one request object a turn, in the place of calls |
//! | [`openai`] | any OpenAI-compatible endpoint |
//! | [`scripted`] | a transcript file |
//! | [`taped`] | a model that is recorded, and one that answers from a record |
//! | [`grammar`] | the offline grammar: a sentence to a request, without a model |
//! | [`offline`] | the name of no model |
//! | [`style`] | when calls give way to the form |
//! | [`repair`] | calls written as text; names that are nearly right |

pub mod chat;
pub mod context;
pub mod discreet;
pub mod error;
pub mod form;
pub mod grammar;
pub mod offline;
pub mod openai;
pub mod repair;
pub mod scripted;
pub mod style;
pub mod taped;

use async_trait::async_trait;
pub use chat::{ChatRequest, ChatTurn, Delta, Finish, Form, Message, Reasoning, ToolCall, ToolChoice, Usage};
pub use error::ModelError;

/// A chat model.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// Its name, for people: `planner`, `scripted:pay.yaml`, `gpt-4.1-mini`.
    fn name(&self) -> String;

    /// One turn: pieces of text go to `sink` as they come, the whole is returned.
    ///
    /// # Errors
    /// When there is no usable turn; what was streamed so far is void.
    async fn turn(&self, request: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError>;

    /// Called once when the last conversation is over.
    ///
    /// # Errors
    /// A scripted model whose script was not played to its end.
    fn finish(&self) -> Result<(), ModelError> {
        Ok(())
    }
}
