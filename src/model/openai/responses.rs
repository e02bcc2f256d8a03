//! The Responses API: the request as the library types it, and its events as the pieces of Chat Completions, so that one
//! assembly makes the turn of both. Nothing is kept at the server: the whole conversation goes with each request.

use async_openai::types::responses::{
    CreateResponse, EasyInputContent, EasyInputMessage, FunctionCallOutput, FunctionCallOutputItemParam, FunctionTool,
    FunctionToolCall, InputItem, InputParam, Item, Role, Tool, ToolChoiceOptions, ToolChoiceParam,
};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    chat::{CallPiece, Choice, Chunk, FunctionPiece, Piece},
    ids::Ids,
    lenient::{or_default, place, spoken},
    parts::Parts,
};
use crate::model::{ChatRequest, Message, ToolChoice};

/// The request for `model`, of the parts that the server is known to take.
pub(super) fn request(request: &ChatRequest, model: &str, parts: &Parts) -> Value {
    let tools: Vec<Tool> = request
        .tools
        .iter()
        .map(|tool| {
            Tool::Function(FunctionTool {
                name: tool.name.clone(),
                description: Some(tool.description.clone()),
                parameters: Some(parts.schema(&tool.schema)),
                // The API's own default, which wants every argument to be required.
                strict: Some(false),
                ..FunctionTool::default()
            })
        })
        .collect();
    let offers = !tools.is_empty() && request.choice != ToolChoice::None;
    let choice = match request.choice {
        ToolChoice::Required => ToolChoiceOptions::Required,
        ToolChoice::Auto | ToolChoice::None => ToolChoiceOptions::Auto,
    };
    let ids = Ids::of(request);
    json!(CreateResponse {
        model: Some(model.to_owned()),
        instructions: Some(request.system.clone()),
        input: InputParam::Items(request.messages.iter().flat_map(|message| items(message, &ids)).collect()),
        stream: Some(true),
        store: Some(false),
        temperature: parts.temperature().then_some(0.0),
        tools: offers.then_some(tools),
        tool_choice: (offers && parts.tool_choice()).then_some(ToolChoiceParam::Option(choice)),
        ..CreateResponse::default()
    })
}

/// A message as items: what was said, then each call. Calls are told apart by `call_id` alone.
fn items(message: &Message, ids: &Ids) -> Vec<InputItem> {
    let said = |role: Role, text: &str| {
        InputItem::EasyMessage(EasyInputMessage {
            role,
            content: EasyInputContent::Text(text.to_owned()),
            ..EasyInputMessage::default()
        })
    };
    match message {
        Message::User { text } => vec![said(Role::User, text)],
        Message::Assistant { text, calls } => {
            let calls = calls.iter().map(|call| {
                InputItem::Item(Item::FunctionCall(FunctionToolCall {
                    call_id: ids.sent(&call.id),
                    name: call.name.clone(),
                    arguments: call.arguments.clone(),
                    ..FunctionToolCall::default()
                }))
            });
            let text = (!text.is_empty()).then(|| said(Role::Assistant, text));
            text.into_iter().chain(calls).collect()
        }
        Message::ToolResult { call_id, content, .. } => {
            vec![InputItem::Item(Item::FunctionCallOutput(FunctionCallOutputItemParam {
                call_id: Some(ids.sent(call_id)),
                output: FunctionCallOutput::Text(content.clone()),
                id: None,
                status: None,
                name: None,
                namespace: None,
                caller: None,
            }))]
        }
    }
}

/// One event, or a whole answer from a server that does not stream. Everything is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(rename = "type")]
    kind: Option<String>,
    delta: Option<Value>,
    #[serde(deserialize_with = "place")]
    output_index: Option<u32>,
    item_id: Option<String>,
    item: Option<Output>,
    /// Of `response.function_call_arguments.done`.
    arguments: Option<Value>,
    /// Of the events that begin and end an answer.
    response: Option<Answer>,
    /// Of a whole answer.
    object: Option<String>,
    status: Option<String>,
    output: Option<Vec<Output>>,
    incomplete_details: Option<Incomplete>,
    usage: Option<Box<RawValue>>,
    /// Of `error`, which some servers nest and some do not.
    error: Option<Value>,
    code: Option<Value>,
    message: Option<String>,
}

/// An answer as it stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    status: Option<String>,
    #[serde(deserialize_with = "or_default")]
    output: Vec<Output>,
    incomplete_details: Option<Incomplete>,
    usage: Option<Box<RawValue>>,
    error: Option<Value>,
}

/// Why an answer is not whole.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Incomplete {
    reason: Option<String>,
}

/// An item of an answer: a message, a call, or something that is not read, such as a thought.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Output {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<String>,
    call_id: Option<String>,
    name: Option<String>,
    arguments: Option<Value>,
    content: Option<Value>,
}

/// Turns events into pieces. What comes whole at the end is taken only where it did not come in pieces before.
#[derive(Default)]
pub(super) struct Translator {
    /// The items that calls came for, by their ids, in the order of their first piece.
    items: Vec<String>,
    /// The places of which something came in pieces.
    begun: Vec<u32>,
    text: bool,
}

impl Translator {
    /// The piece that an event is; an empty one for what is not read.
    pub(super) fn piece(&mut self, event: Event) -> Chunk {
        match event.kind.as_deref() {
            Some("response.output_text.delta") => {
                self.text = true;
                said(Piece { content: event.delta, ..Piece::default() })
            }
            Some("response.refusal.delta") => {
                self.text = true;
                let (refusal, _) = spoken(event.delta.as_ref());
                said(Piece { refusal, ..Piece::default() })
            }
            Some("response.output_item.added") => self.item(event.item, event.output_index, false),
            Some("response.output_item.done") => self.item(event.item, event.output_index, true),
            Some("response.function_call_arguments.delta") => {
                let place = self.place(event.output_index, event.item_id.as_deref());
                self.begun.push(place);
                call(place, None, None, event.delta)
            }
            Some("response.function_call_arguments.done") => {
                let place = self.place(event.output_index, event.item_id.as_deref());
                if self.begun.contains(&place) {
                    return Chunk::default();
                }
                self.begun.push(place);
                call(place, None, None, event.arguments)
            }
            Some("response.completed" | "response.incomplete" | "response.failed" | "response.done") => {
                self.end(event.response.unwrap_or_default())
            }
            Some("error") => {
                let told = json!({"code": event.code, "message": event.message});
                Chunk { error: Some(event.error.unwrap_or(told)), ..Chunk::default() }
            }
            // A thought: not read, and a sign of life.
            Some(kind) if kind.starts_with("response.reasoning") => {
                said(Piece { reasoning: event.delta, ..Piece::default() })
            }
            None if event.error.is_some() => Chunk { error: event.error, ..Chunk::default() },
            // A whole answer.
            None if event.object.as_deref() == Some("response") || event.output.is_some() => self.end(Answer {
                status: event.status,
                output: event.output.unwrap_or_default(),
                incomplete_details: event.incomplete_details,
                usage: event.usage,
                error: None,
            }),
            _ => Chunk::default(),
        }
    }

    /// The end of an answer, with what only came whole.
    fn end(&mut self, answer: Answer) -> Chunk {
        let reason = match (answer.status.as_deref(), answer.incomplete_details.and_then(|d| d.reason)) {
            (Some("failed" | "cancelled"), _) => {
                let unsaid = json!({"message": "the answer failed"});
                return Chunk {
                    error: Some(answer.error.filter(|e| !e.is_null()).unwrap_or(unsaid)),
                    usage: answer.usage,
                    ..Chunk::default()
                };
            }
            (_, Some(reason)) => reason,
            (Some("incomplete"), None) => "incomplete".to_owned(),
            _ => "stop".to_owned(),
        };
        let mut chunk = Chunk { usage: answer.usage, ..Chunk::default() };
        let nothing = !self.text && self.begun.is_empty() && self.items.is_empty();
        if nothing {
            for (at, output) in answer.output.into_iter().enumerate() {
                let at = u32::try_from(at).unwrap_or(u32::MAX);
                chunk.choices.extend(self.item(Some(output), Some(at), true).choices);
            }
        }
        chunk.choices.push(Choice { finish_reason: Some(reason), ..Choice::default() });
        chunk
    }

    fn item(&mut self, item: Option<Output>, index: Option<u32>, done: bool) -> Chunk {
        let Some(item) = item else { return Chunk::default() };
        match item.kind.as_deref() {
            Some("function_call") => {
                let place = self.place(index, item.id.as_deref());
                let arguments = if done && !self.begun.contains(&place) { item.arguments } else { None };
                if arguments.is_some() {
                    self.begun.push(place);
                }
                call(place, item.call_id.or(item.id), item.name, arguments)
            }
            Some("message") if done && !self.text => {
                let (content, refusal) = spoken(item.content.as_ref());
                self.text = content.is_some() || refusal.is_some();
                said(Piece { content: content.map(Value::String), refusal, ..Piece::default() })
            }
            _ => Chunk::default(),
        }
    }

    /// Which call a piece belongs to: by its place, or where a server gives none by its item.
    fn place(&mut self, index: Option<u32>, item: Option<&str>) -> u32 {
        let id = item.unwrap_or_default();
        let known = self.items.iter().position(|known| known == id);
        if known.is_none() {
            self.items.push(id.to_owned());
        }
        let by_item = u32::try_from(known.unwrap_or(self.items.len() - 1)).unwrap_or(u32::MAX);
        index.unwrap_or(by_item)
    }
}

fn said(piece: Piece) -> Chunk {
    Chunk { choices: vec![Choice { delta: Some(piece), ..Choice::default() }], ..Chunk::default() }
}

fn call(place: u32, id: Option<String>, name: Option<String>, arguments: Option<Value>) -> Chunk {
    let function = Some(FunctionPiece { name, arguments });
    let piece = CallPiece { index: Some(place), id, function, extra_content: None };
    said(Piece { tool_calls: Some(vec![piece]), ..Piece::default() })
}
