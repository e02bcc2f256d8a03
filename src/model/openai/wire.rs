//! The request as the library types it, and the pieces of an answer as tolerant types of ours.

use std::sync::atomic::Ordering;

use async_openai::types::chat::{
    ChatCompletionMessageToolCall, ChatCompletionMessageToolCalls, ChatCompletionRequestAssistantMessage,
    ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage, ChatCompletionRequestToolMessage,
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, ChatCompletionTool, ChatCompletionToolChoiceOption,
    ChatCompletionTools, CreateChatCompletionRequest, FunctionCall, FunctionObject, ToolChoiceOptions,
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::Optional;
use crate::{
    domain::cost::NanoDollars,
    model::{self, ChatRequest, Message, ToolChoice},
};

/// The request for `model`, without what the server was found not to know.
pub(super) fn request(request: &ChatRequest, model: &str, without: &Optional) -> CreateChatCompletionRequest {
    let mut messages: Vec<ChatCompletionRequestMessage> =
        vec![ChatCompletionRequestSystemMessage::from(request.system.as_str()).into()];
    messages.extend(request.messages.iter().map(message));
    let tools: Vec<ChatCompletionTools> = request
        .tools
        .iter()
        .map(|tool| {
            ChatCompletionTools::Function(ChatCompletionTool {
                function: FunctionObject {
                    name: tool.name.clone(),
                    description: Some(tool.description.clone()),
                    parameters: Some(tool.schema.clone()),
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
    let sends = |given_up: &std::sync::atomic::AtomicBool| !given_up.load(Ordering::Relaxed);
    CreateChatCompletionRequest {
        model: model.to_owned(),
        messages,
        stream: Some(true),
        stream_options: sends(&without.stream_options)
            .then_some(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None }),
        temperature: sends(&without.temperature).then_some(0.0),
        tools: offers.then_some(tools),
        tool_choice: (offers && sends(&without.tool_choice)).then_some(ChatCompletionToolChoiceOption::Mode(choice)),
        ..CreateChatCompletionRequest::default()
    }
}

fn message(message: &Message) -> ChatCompletionRequestMessage {
    match message {
        Message::User { text } => ChatCompletionRequestUserMessage::from(text.as_str()).into(),
        Message::Assistant { text, calls } => {
            let calls: Vec<_> = calls
                .iter()
                .map(|call| {
                    ChatCompletionMessageToolCalls::Function(ChatCompletionMessageToolCall {
                        id: call.id.clone(),
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
            ChatCompletionRequestToolMessage { content: content.as_str().into(), tool_call_id: call_id.clone() }.into()
        }
    }
}

/// One event of an answer. Everything is optional: servers leave out what they like.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    pub(super) choices: Vec<Choice>,
    pub(super) usage: Option<Usage>,
    pub(super) error: Option<Value>,
}

/// One choice; only the first is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
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
    pub(super) content: Option<String>,
    pub(super) refusal: Option<String>,
    pub(super) tool_calls: Option<Vec<CallPiece>>,
}

/// A piece of a call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CallPiece {
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

/// Tokens and cost, by the names of both APIs; some gateways send both at once.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
    completion_tokens_details: Option<Details>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    input_tokens_details: Option<Details>,
    output_tokens_details: Option<Details>,
    /// As it was written: a float would not be what was charged.
    cost: Option<Box<RawValue>>,
}

/// Parts of the tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

impl Usage {
    /// In the words of this program. A cost that is no amount of dollars is left out.
    pub(super) fn read(self) -> model::Usage {
        let cost = self.cost.as_deref().and_then(|raw| raw.get().trim_matches('"').parse::<NanoDollars>().ok());
        model::Usage {
            prompt_tokens: self.prompt_tokens.or(self.input_tokens).unwrap_or_default(),
            completion_tokens: self.completion_tokens.or(self.output_tokens).unwrap_or_default(),
            cached_tokens: self.prompt_tokens_details.or(self.input_tokens_details).and_then(|d| d.cached_tokens),
            reasoning_tokens: self
                .completion_tokens_details
                .or(self.output_tokens_details)
                .and_then(|d| d.reasoning_tokens),
            cost,
        }
    }
}
