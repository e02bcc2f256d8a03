//! Chat Completions: the request as the library types it, and the pieces of an answer as tolerant types of ours.

use async_openai::types::chat::{
    ChatCompletionMessageToolCall, ChatCompletionMessageToolCalls, ChatCompletionRequestAssistantMessage,
    ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage, ChatCompletionRequestToolMessage,
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, ChatCompletionTool, ChatCompletionToolChoiceOption,
    ChatCompletionTools, CreateChatCompletionRequest, FunctionCall, FunctionObject, ToolChoiceOptions,
};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    ids::Ids,
    lenient::{or_default, place},
    parts::Parts,
};
use crate::model::{ChatRequest, Message, ToolChoice};

/// The request for `model`, of the parts that the server is known to take.
pub(super) fn request(request: &ChatRequest, model: &str, parts: &Parts) -> Value {
    let mut messages: Vec<ChatCompletionRequestMessage> =
        vec![ChatCompletionRequestSystemMessage::from(request.system.as_str()).into()];
    let ids = Ids::of(request);
    messages.extend(request.messages.iter().map(|each| message(each, &ids)));
    let tools: Vec<ChatCompletionTools> = request
        .tools
        .iter()
        .map(|tool| {
            ChatCompletionTools::Function(ChatCompletionTool {
                function: FunctionObject {
                    name: tool.name.clone(),
                    description: Some(tool.description.clone()),
                    parameters: Some(parts.schema(&tool.schema)),
                    strict: None,
                },
            })
        })
        .collect();
    // For a closing answer no tools are sent at all: with `tool_choice: none` small models write calls as text.
    let offers = !tools.is_empty() && request.choice != ToolChoice::None;
    let choice = match request.choice {
        ToolChoice::Required => ToolChoiceOptions::Required,
        ToolChoice::Auto | ToolChoice::None => ToolChoiceOptions::Auto,
    };
    let typed = CreateChatCompletionRequest {
        model: model.to_owned(),
        messages,
        stream: Some(true),
        stream_options: parts
            .stream_options()
            .then_some(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None }),
        temperature: parts.temperature().then_some(0.0),
        tools: offers.then_some(tools),
        tool_choice: (offers && parts.tool_choice()).then_some(ChatCompletionToolChoiceOption::Mode(choice)),
        ..CreateChatCompletionRequest::default()
    };
    let mut body = json!(typed);
    echo(&mut body, request, parts);
    body
}

/// Puts back with each call what its provider wants back; the library's types have no place for it.
fn echo(body: &mut Value, request: &ChatRequest, parts: &Parts) {
    // The system prompt is the first message.
    for (at, message) in request.messages.iter().enumerate() {
        let Message::Assistant { calls, .. } = message else { continue };
        for (n, call) in calls.iter().enumerate() {
            let place =
                body.pointer_mut(&format!("/messages/{}/tool_calls/{n}", at + 1)).and_then(Value::as_object_mut);
            if let (Some(extra), Some(place)) = (call.echo.as_ref().filter(|echo| parts.echoes(echo)), place) {
                place.insert("extra_content".to_owned(), extra.clone());
            }
        }
    }
}

fn message(message: &Message, ids: &Ids) -> ChatCompletionRequestMessage {
    match message {
        Message::User { text } => ChatCompletionRequestUserMessage::from(text.as_str()).into(),
        Message::Assistant { text, calls } => {
            let calls: Vec<_> = calls
                .iter()
                .map(|call| {
                    ChatCompletionMessageToolCalls::Function(ChatCompletionMessageToolCall {
                        id: ids.sent(&call.id),
                        function: FunctionCall { name: call.name.clone(), arguments: call.arguments.clone() },
                    })
                })
                .collect();
            ChatCompletionRequestAssistantMessage {
                content: (!text.is_empty()).then(|| text.as_str().into()),
                tool_calls: (!calls.is_empty()).then_some(calls),
                ..ChatCompletionRequestAssistantMessage::default()
            }
            .into()
        }
        Message::ToolResult { call_id, content, .. } => {
            ChatCompletionRequestToolMessage { content: content.as_str().into(), tool_call_id: ids.sent(call_id) }
                .into()
        }
    }
}

/// One event of an answer. Everything is optional: servers leave out what they like.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    #[serde(deserialize_with = "or_default")]
    pub(super) choices: Vec<Choice>,
    pub(super) usage: Option<Box<RawValue>>,
    pub(super) error: Option<Value>,
}

impl Chunk {
    /// Whether anything of an answer is in it, were it a thought: what only keeps the line open is nothing.
    pub(super) fn says_something(&self) -> bool {
        let speaks = |piece: &Option<Piece>| piece.as_ref().is_some_and(|piece| !piece.is_empty());
        self.error.is_some()
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

/// One choice; only the first is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    #[serde(deserialize_with = "or_default")]
    pub(super) index: u32,
    pub(super) delta: Option<Piece>,
    /// In place of `delta` where a server does not stream.
    pub(super) message: Option<Piece>,
    pub(super) finish_reason: Option<String>,
}

/// A piece of a message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Piece {
    /// A text, or from some servers a list of parts.
    pub(super) content: Option<Value>,
    pub(super) refusal: Option<String>,
    pub(super) tool_calls: Option<Vec<CallPiece>>,
    /// A thought, by either of the names that servers have for it.
    pub(super) reasoning_content: Option<Value>,
    pub(super) reasoning: Option<Value>,
}

impl Piece {
    fn is_empty(&self) -> bool {
        let is_nothing = |value: &Option<Value>| match value {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.is_empty(),
            Some(Value::Array(parts)) => parts.is_empty(),
            Some(_) => false,
        };
        is_nothing(&self.content)
            && is_nothing(&self.reasoning_content)
            && is_nothing(&self.reasoning)
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
