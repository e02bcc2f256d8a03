//! Chat Completions: the request as the library types it, and what those types have no place for.

use async_openai::types::chat::{
    ChatCompletionMessageToolCall, ChatCompletionMessageToolCalls, ChatCompletionRequestAssistantMessage,
    ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage, ChatCompletionRequestToolMessage,
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, ChatCompletionTool, ChatCompletionToolChoiceOption,
    ChatCompletionTools, CreateChatCompletionRequest, FunctionCall, FunctionObject, ToolChoiceOptions,
};
use serde_json::{Value, json};

use super::{
    ids::Ids,
    parts::{Choice, Parts},
    reasoning,
};
use crate::model::{ChatRequest, Message};

/// The request for `model`, of the parts that the server is known to take. `from`: who the server is.
pub(super) fn request(request: &ChatRequest, model: &str, parts: &Parts, from: &str) -> Value {
    let ids = Ids::of(request, parts);
    let system =
        parts.system_message().then(|| ChatCompletionRequestSystemMessage::from(request.system.as_str()).into());
    let first = usize::from(system.is_some());
    let messages = system.into_iter().chain(request.messages.iter().map(|each| message(each, &ids))).collect();
    let offered = parts.offered(request);
    let tools = offered.tools.into_iter().map(|tool| {
        ChatCompletionTools::Function(ChatCompletionTool {
            function: FunctionObject {
                parameters: Some(parts.schema(&tool.schema)),
                name: tool.name,
                description: Some(tool.description),
                strict: None,
            },
        })
    });
    let tools: Vec<ChatCompletionTools> = tools.collect();
    let choice = match offered.choice {
        Choice::Required => ToolChoiceOptions::Required,
        Choice::Auto => ToolChoiceOptions::Auto,
        Choice::None => ToolChoiceOptions::None,
    };
    let offers = !tools.is_empty();
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
    if first == 0 {
        before_first(&mut body, &request.system);
    }
    beside_calls(&mut body, request, parts, first);
    if parts.reasoning() {
        reasoning::into_messages(&mut body, request, from, parts.stand_in_reasoning(), first);
    }
    body
}

/// Puts the system prompt before the person's first words, for servers whose models know no system role.
fn before_first(body: &mut Value, system: &str) {
    if let Some(Value::String(said)) = body.pointer_mut("/messages/0/content") {
        *said = format!("{system}\n\n{said}");
    }
}

/// Puts beside calls what the library's types have no place for: a content that is there and says nothing, without which
/// servers refuse the message, and what a call's provider wants back with it.
fn beside_calls(body: &mut Value, request: &ChatRequest, parts: &Parts, first: usize) {
    for (at, message) in request.messages.iter().enumerate() {
        let Message::Assistant { calls, .. } = message else { continue };
        let place = body.pointer_mut(&format!("/messages/{}", first + at)).and_then(Value::as_object_mut);
        let Some(place) = place.filter(|_| !calls.is_empty()) else { continue };
        place.entry("content").or_insert_with(|| parts.no_content());
        for (n, call) in calls.iter().enumerate() {
            let place = place.get_mut("tool_calls").and_then(|calls| calls.get_mut(n)?.as_object_mut());
            if let (Some(extra), Some(place)) = (call.echo.as_ref().filter(|echo| parts.echoes(echo)), place) {
                place.insert("extra_content".to_owned(), extra.clone());
            }
        }
    }
}

fn message(message: &Message, ids: &Ids) -> ChatCompletionRequestMessage {
    match message {
        Message::User { text } => ChatCompletionRequestUserMessage::from(text.as_str()).into(),
        Message::Assistant { text, calls, .. } => {
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
