//! A piece of an answer, in tolerant types of ours: everything is optional, as servers leave out what they like.

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::lenient::{self, or_default, place};

/// One event of an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    #[serde(deserialize_with = "or_default")]
    pub(super) choices: Vec<Choice>,
    pub(super) usage: Option<Box<RawValue>>,
    pub(super) error: Option<Value>,
    /// Of errors that stand in the place of an answer: vLLM's `{"object": "error", "message": …}`, FastAPI's `detail`,
    /// MiniMax's `base_resp`.
    pub(super) object: Option<Value>,
    pub(super) message: Option<Value>,
    pub(super) code: Option<Value>,
    pub(super) detail: Option<Value>,
    pub(super) base_resp: Option<Value>,
    /// The items that were reasoned, of Responses.
    #[serde(skip)]
    pub(super) reasoned: Vec<Value>,
}

impl Chunk {
    /// The error that it is, if it is one.
    pub(super) fn take_error(&mut self) -> Option<Value> {
        if let Some(error) = self.error.take().filter(|error| !error.is_null()) {
            return Some(error);
        }
        if let Some(error) = self.choices.iter_mut().find_map(|choice| choice.error.take().filter(|e| !e.is_null())) {
            return Some(error);
        }
        let resp = self.base_resp.take();
        if resp.as_ref().and_then(|resp| resp.get("status_code")?.as_i64()).is_some_and(|code| code != 0) {
            return Some(json!({ "base_resp": resp }));
        }
        if !self.choices.is_empty() {
            return None;
        }
        let is_error = self.object.as_ref().is_some_and(|object| object == "error");
        let told = self.detail.take().or_else(|| self.message.take().filter(|_| is_error || self.code.is_some()));
        told.map(|told| json!({"message": told, "code": self.code.take()}))
    }

    /// Whether anything of an answer is in it, were it a thought: what only keeps the line open is nothing.
    pub(super) fn says_something(&self) -> bool {
        let speaks = |piece: &Option<Piece>| piece.as_ref().is_some_and(|piece| !piece.is_empty());
        self.error.is_some()
            || !self.reasoned.is_empty()
            || self
                .choices
                .iter()
                .any(|choice| speaks(&choice.delta) || speaks(&choice.message) || choice.finish_reason.is_some())
    }

    /// An answer that is this text and no more.
    pub(super) fn whole(text: String) -> Chunk {
        let delta = Some(Piece { content: Some(Value::String(text)), ..Piece::default() });
        let choice = Choice { delta, finish_reason: Some("stop".to_owned()), ..Choice::default() };
        Chunk { choices: vec![choice], ..Chunk::default() }
    }
}

/// One choice. One is asked for: where there are more, a gateway has split the one answer over them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    #[serde(deserialize_with = "or_default")]
    pub(super) index: u32,
    pub(super) delta: Option<Piece>,
    /// All that was said so far: in place of `delta` where a server does not stream, and beside it from some that do.
    pub(super) message: Option<Piece>,
    pub(super) finish_reason: Option<String>,
    /// OpenRouter's, of the provider behind it.
    pub(super) error: Option<Value>,
}

/// A piece of a message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Piece {
    /// A text, or from some servers a list of parts.
    pub(super) content: Option<Value>,
    pub(super) refusal: Option<String>,
    pub(super) tool_calls: Option<Vec<CallPiece>>,
    /// A thought, by each of the names that servers have for it.
    pub(super) reasoning_content: Option<Value>,
    pub(super) reasoning: Option<Value>,
    pub(super) reasoning_details: Option<Vec<Value>>,
}

impl Piece {
    pub(super) fn is_empty(&self) -> bool {
        let is_nothing = |value: &Option<Value>| match value {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.is_empty(),
            Some(Value::Array(parts)) => parts.is_empty(),
            Some(_) => false,
        };
        is_nothing(&self.content)
            && is_nothing(&self.reasoning_content)
            && is_nothing(&self.reasoning)
            && self.reasoning_details.as_ref().is_none_or(Vec::is_empty)
            && self.refusal.as_ref().is_none_or(String::is_empty)
            && self.tool_calls.as_ref().is_none_or(Vec::is_empty)
    }
}

/// A piece of a call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CallPiece {
    #[serde(deserialize_with = "place")]
    pub(super) index: Option<u32>,
    #[serde(deserialize_with = "lenient::id")]
    pub(super) id: Option<String>,
    pub(super) function: Option<FunctionPiece>,
    /// Gemini's own, to be sent back with the call.
    pub(super) extra_content: Option<Value>,
}

/// A piece of a call's name and arguments.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionPiece {
    pub(super) name: Option<String>,
    /// A text, or the object itself from servers that parse it.
    pub(super) arguments: Option<Value>,
}

impl CallPiece {
    pub(super) fn name(&self) -> &str {
        self.function.as_ref().and_then(|function| function.name.as_deref()).unwrap_or_default()
    }

    pub(super) fn has_arguments(&self) -> bool {
        let arguments = self.function.as_ref().and_then(|function| function.arguments.as_ref());
        arguments.is_some_and(|arguments| !arguments.is_null() && arguments.as_str() != Some(""))
    }

    /// The arguments as text.
    pub(super) fn arguments(&mut self) -> String {
        match self.function.as_mut().and_then(|function| function.arguments.take()) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        }
    }
}
