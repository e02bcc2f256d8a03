//! A model that is told none of the secrets of this program's settings, and whose words hold none.
//!
//! Its server is sent a key with each request, and may say it; files, results and other servers may have held one. What comes
//! in is cleaned where it comes in, so a request that holds a secret all the same is not sent at all.

use std::sync::Arc;

use async_trait::async_trait;

use super::{ChatModel, ChatRequest, ChatTurn, Delta, Message, ModelError, Reasoning, ToolCall};
use cassette::scrub::known::{self, HeardInPieces, heard, heard_value};

/// Another model, spoken to discreetly.
pub struct Discreet {
    inner: Arc<dyn ChatModel>,
}

impl Discreet {
    /// Stands between the program and `inner`.
    pub fn new(inner: Arc<dyn ChatModel>) -> Discreet {
        Discreet { inner }
    }
}

#[async_trait]
impl ChatModel for Discreet {
    fn name(&self) -> String {
        self.inner.name()
    }

    async fn turn(&self, request: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        if let Some(name) = secret_in(request) {
            return Err(ModelError::Secret { name });
        }
        let (mut text, mut thought) = (HeardInPieces::default(), HeardInPieces::default());
        let came = self
            .inner
            .turn(request, &mut |delta| match delta {
                Delta::Text(piece) => given(Delta::Text, text.push(&piece), sink),
                Delta::Thought(piece) => given(Delta::Thought, thought.push(&piece), sink),
                lost @ Delta::Lost(_) => sink(lost),
            })
            .await;
        if came.is_ok() {
            given(Delta::Thought, thought.finish(), sink);
            given(Delta::Text, text.finish(), sink);
        }
        came.map(clean).map_err(clean_error)
    }

    fn finish(&self) -> Result<(), ModelError> {
        self.inner.finish()
    }
}

fn given(of: fn(String) -> Delta, piece: String, sink: &mut (dyn FnMut(Delta) + Send)) {
    if !piece.is_empty() {
        sink(of(piece));
    }
}

fn clean(turn: ChatTurn) -> ChatTurn {
    let call = |call: ToolCall| ToolCall {
        id: heard(call.id),
        name: heard(call.name),
        arguments: heard(call.arguments),
        echo: call.echo.map(heard_value),
    };
    ChatTurn {
        text: heard(turn.text),
        calls: turn.calls.into_iter().map(call).collect(),
        reasoning: turn.reasoning.map(|Reasoning { from, given }| Reasoning { from, given: heard_value(given) }),
        ..turn
    }
}

/// Servers quote what they were sent.
fn clean_error(error: ModelError) -> ModelError {
    let clean = serde_json::to_value(&error).map(heard_value).and_then(serde_json::from_value);
    clean.unwrap_or(error)
}

/// The name of a secret that a request holds, in whatever form.
fn secret_in(request: &ChatRequest) -> Option<String> {
    let sought = known::sought();
    let found = |text: &str| sought.found_in(text.as_bytes());
    let in_message = |message: &Message| match message {
        Message::User { text } => found(text),
        Message::Assistant { text, calls, reasoning } => found(text)
            .or_else(|| calls.iter().find_map(|call| found(&call.arguments).or_else(|| found(&call.name))))
            .or_else(|| reasoning.as_ref().and_then(|reasoning| found(&reasoning.given.to_string()))),
        Message::ToolResult { content, .. } => found(content),
    };
    found(&request.system).or_else(|| request.messages.iter().find_map(in_message))
}
