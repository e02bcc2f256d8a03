//! Chat models: one trait, one file an implementation.
//!
//! A model takes a [`ChatRequest`] and gives a [`ChatTurn`]: text, calls, or both. It proposes; what happens is up to
//! the guard. Every model, also the offline [`planner`], sees the request and nothing else.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`chat`] | requests, turns, and the rules every request keeps |
//! | [`context`] | what the runtime knows and puts at the end of the system prompt |
//! | [`error`] | why a model gave no turn |
//! | [`grammar`] | what an offline reader makes of a sentence: a proposal, a fact, a question |
//! | [`openai`] | any OpenAI-compatible endpoint |
//! | [`scripted`] | a transcript file |
//! | [`taped`] | a model that is recorded, and one that answers from a record |
//! | [`words`], [`phrases`] | what a person's words name: files, jobs, tasks, choices |
//! | [`about`] | what they say that asks for no computing |
//! | [`planner`] | the offline planner |
//! | [`repair`] | calls written as text; names that are nearly right |

pub mod about;
pub mod chat;
pub mod context;
pub mod error;
pub mod grammar;
pub mod openai;
pub mod phrases;
pub mod planner;
pub mod repair;
pub mod scripted;
pub mod taped;
pub mod words;

use async_trait::async_trait;
pub use chat::{ChatRequest, ChatTurn, Delta, Finish, Message, ToolCall, ToolChoice, Usage};
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
