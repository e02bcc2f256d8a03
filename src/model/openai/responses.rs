//! The Responses API: the request as the library types it, and its events as the pieces of Chat Completions, so that one
//! assembly makes the turn of both. Nothing is kept at the server: the whole conversation goes with each request.

use async_openai::types::responses::{
    CreateResponse, EasyInputContent, EasyInputMessage, FunctionCallOutput, FunctionCallOutputItemParam, FunctionTool,
    FunctionToolCall, IncludeEnum, InputItem, Item, Role, Tool, ToolChoiceOptions, ToolChoiceParam,
};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    chunk::{self, CallPiece, Chunk, FunctionPiece, Piece},
    ids::Ids,
    lenient::{self, or_default, place, spoken},
    parts::{Choice, Parts},
    reasoning,
};
use crate::model::{ChatRequest, Message};

/// The request for `model`, of the parts that the server is known to take. `from`: who the server is.
pub(super) fn request(request: &ChatRequest, model: &str, parts: &Parts, from: &str) -> Value {
    let offered = parts.offered(request);
    let tools = offered.tools.into_iter().map(|tool| {
        Tool::Function(FunctionTool {
            parameters: Some(parts.schema(&tool.schema)),
            name: tool.name,
            description: Some(tool.description),
            // The API's own default, which wants every argument to be required.
            strict: Some(false),
            ..FunctionTool::default()
        })
    });
    let tools: Vec<Tool> = tools.collect();
    let choice = match offered.choice {
        Choice::Required => ToolChoiceOptions::Required,
        Choice::Auto => ToolChoiceOptions::Auto,
        Choice::None => ToolChoiceOptions::None,
    };
    let offers = !tools.is_empty();
    let mut body = json!(CreateResponse {
        model: Some(model.to_owned()),
        instructions: Some(request.system.clone()),
        stream: Some(true),
        store: Some(false),
        // As nothing is kept at the server, an item of reasoning goes back whole, and is asked for so.
        include: parts.include().then(|| vec![IncludeEnum::ReasoningEncryptedContent]),
        temperature: parts.temperature().then_some(0.0),
        tools: offers.then_some(tools),
        tool_choice: (offers && parts.tool_choice()).then_some(ToolChoiceParam::Option(choice)),
        ..CreateResponse::default()
    });
    let ids = Ids::of(request, parts);
    let own = if parts.reasoning() { from } else { "" };
    let input = request.messages.iter().flat_map(|message| items(message, &ids, own)).collect();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("input".to_owned(), Value::Array(input));
    }
    body
}

/// A message as items: what was reasoned, what was said, then each call. Calls are told apart by `call_id` alone.
fn items(message: &Message, ids: &Ids, own: &str) -> Vec<Value> {
    let said = |role: Role, text: &str| {
        json!(InputItem::EasyMessage(EasyInputMessage {
            role,
            content: EasyInputContent::Text(text.to_owned()),
            ..EasyInputMessage::default()
        }))
    };
    match message {
        Message::User { text } => vec![said(Role::User, text)],
        Message::Assistant { text, calls, reasoning } => {
            let made = calls.iter().map(|call| {
                json!(InputItem::Item(Item::FunctionCall(FunctionToolCall {
                    call_id: ids.sent(&call.id),
                    name: call.name.clone(),
                    arguments: call.arguments.clone(),
                    ..FunctionToolCall::default()
                })))
            });
            let reasoned = if calls.is_empty() { Vec::new() } else { reasoning::items(reasoning.as_ref(), own) };
            let text = (!text.is_empty()).then(|| said(Role::Assistant, text));
            reasoned.into_iter().chain(text).chain(made).collect()
        }
        Message::ToolResult { call_id, content, .. } => {
            vec![json!(InputItem::Item(Item::FunctionCallOutput(FunctionCallOutputItemParam {
                call_id: Some(ids.sent(call_id)),
                output: FunctionCallOutput::Text(content.clone()),
                id: None,
                status: None,
                name: None,
                namespace: None,
                caller: None,
            })))]
        }
    }
}

/// One event, or a whole answer from a server that does not stream. Everything is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event {
    #[serde(rename = "type")]
    kind: Option<String>,
    delta: Option<Value>,
    #[serde(deserialize_with = "place")]
    output_index: Option<u32>,
    #[serde(deserialize_with = "lenient::id")]
    item_id: Option<String>,
    item: Option<Value>,
    /// Of `response.function_call_arguments.done`.
    arguments: Option<Value>,
    /// Of the events that begin and end an answer.
    response: Option<Answer>,
    /// Of a whole answer.
    object: Option<String>,
    status: Option<String>,
    output: Option<Vec<Value>>,
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
    output: Vec<Value>,
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

/// An item of an answer: a message, a call, or something that is not read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Output {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(deserialize_with = "lenient::id")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient::id")]
    call_id: Option<String>,
    name: Option<String>,
    arguments: Option<Value>,
    content: Option<Value>,
}

/// Turns events into pieces. What comes whole at the end is taken only where it did not come in pieces before.
#[derive(Default)]
pub(super) struct Translator {
    calls: Vec<Known>,
    text: bool,
}

/// A call of which something came.
struct Known {
    /// By the ids of its item and of itself.
    ids: Vec<String>,
    place: u32,
    /// Whether its arguments came, or begin to.
    argued: bool,
}

impl Translator {
    /// The piece that an event is; an empty one for what is not read.
    ///
    /// # Errors
    /// What is no event.
    pub(super) fn read(&mut self, raw: &RawValue) -> serde_json::Result<Chunk> {
        let event: Event = lenient::value(raw)?;
        match &event {
            // An error in the place of an answer has the same forms as with Chat Completions.
            Event { kind: None, object, output: None, .. } if object.as_deref() != Some("response") => {
                lenient::value(raw)
            }
            _ => Ok(self.piece(event)),
        }
    }

    fn piece(&mut self, event: Event) -> Chunk {
        match event.kind.as_deref() {
            Some("response.output_text.delta") => {
                self.text = true;
                said(Piece { content: event.delta, ..Piece::default() })
            }
            Some("response.refusal.delta") => {
                self.text = true;
                let refusal = spoken(event.delta.as_ref()).text;
                said(Piece { refusal, ..Piece::default() })
            }
            Some("response.output_item.added") => self.item(event.item, event.output_index, false),
            Some("response.output_item.done") => self.item(event.item, event.output_index, true),
            Some("response.function_call_arguments.delta") => {
                let known = self.known(event.output_index, [event.item_id, None]);
                known.argued = true;
                call(known.place, None, None, event.delta)
            }
            Some("response.function_call_arguments.done") => {
                let known = self.known(event.output_index, [event.item_id, None]);
                match std::mem::replace(&mut known.argued, true) {
                    true => Chunk::default(),
                    false => call(known.place, None, None, event.arguments),
                }
            }
            Some("response.completed" | "response.incomplete" | "response.failed" | "response.done") => {
                self.end(event.response.unwrap_or_default())
            }
            Some("error") => {
                let told = json!({"code": event.code, "message": event.message});
                Chunk { error: Some(event.error.unwrap_or(told)), ..Chunk::default() }
            }
            Some(kind) if kind.starts_with("response.reasoning") => {
                // To be shown; what goes back is the item.
                said(Piece { content: Some(json!([{"thinking": event.delta}])), ..Piece::default() })
            }
            // A whole answer.
            None => self.end(Answer {
                status: event.status,
                output: event.output.unwrap_or_default(),
                incomplete_details: event.incomplete_details,
                usage: event.usage,
                error: event.error,
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
        for (at, output) in answer.output.into_iter().enumerate() {
            let Chunk { choices, reasoned, .. } = self.item(Some(output), u32::try_from(at).ok(), true);
            chunk.choices.extend(choices);
            chunk.reasoned.extend(reasoned);
        }
        chunk.choices.push(chunk::Choice { finish_reason: Some(reason), ..chunk::Choice::default() });
        chunk
    }

    fn item(&mut self, item: Option<Value>, index: Option<u32>, done: bool) -> Chunk {
        let Some(given) = item else { return Chunk::default() };
        let item: Output = serde_json::from_value(given.clone()).unwrap_or_default();
        match item.kind.as_deref() {
            Some("function_call") => {
                let known = self.known(index, [item.id.clone(), item.call_id.clone()]);
                let arguments = if done && !known.argued { item.arguments } else { None };
                known.argued |= arguments.is_some();
                call(known.place, item.call_id.or(item.id), item.name, arguments)
            }
            Some("message") if done && !self.text => {
                let said_whole = spoken(item.content.as_ref());
                self.text = said_whole.text.is_some() || said_whole.refusal.is_some();
                let content = said_whole.text.map(Value::String);
                said(Piece { content, refusal: said_whole.refusal, ..Piece::default() })
            }
            Some("reasoning") if done => Chunk { reasoned: vec![given], ..Chunk::default() },
            _ => Chunk::default(),
        }
    }

    /// The call that a piece belongs to: by its ids, or where it has none by its place.
    fn known(&mut self, index: Option<u32>, ids: [Option<String>; 2]) -> &mut Known {
        let ids: Vec<String> = ids.into_iter().flatten().filter(|id| !id.is_empty()).collect();
        let by_id = self.calls.iter().position(|known| known.ids.iter().any(|id| ids.contains(id)));
        let by_place = || {
            let mut calls = self.calls.iter();
            calls.position(|known| Some(known.place) == index && (ids.is_empty() || known.ids.is_empty()))
        };
        let only = || (ids.is_empty() && index.is_none()).then(|| self.calls.len().checked_sub(1)).flatten();
        let at = by_id.or_else(by_place).or_else(only).unwrap_or_else(|| {
            let next = self.calls.iter().map(|known| known.place.saturating_add(1)).max().unwrap_or(0);
            let place = index.filter(|index| self.calls.iter().all(|known| known.place != *index)).unwrap_or(next);
            self.calls.push(Known { ids: Vec::new(), place, argued: false });
            self.calls.len() - 1
        });
        // It was found there, or put there right now.
        let known = &mut self.calls[at];
        let new: Vec<String> = ids.into_iter().filter(|id| !known.ids.contains(id)).collect();
        known.ids.extend(new);
        known
    }
}

fn said(piece: Piece) -> Chunk {
    let choice = chunk::Choice { delta: Some(piece), ..chunk::Choice::default() };
    Chunk { choices: vec![choice], ..Chunk::default() }
}

fn call(place: u32, id: Option<String>, name: Option<String>, arguments: Option<Value>) -> Chunk {
    let function = Some(FunctionPiece { name, arguments });
    let piece = CallPiece { index: Some(place), id, function, extra_content: None };
    said(Piece { tool_calls: Some(vec![piece]), ..Piece::default() })
}
