//! What a model reasons beside its answer: read for who wants to see it, and kept to be sent back with its calls to who gave it.
//! Kimi and DeepSeek refuse the next request without its `reasoning_content`, Gemini behind OpenRouter without its
//! `reasoning_details`, OpenAI's Responses without the encrypted item of a call.

use serde_json::{Map, Value, json};

use super::{chunk::Piece, lenient::text_of, surrogates::Halves};
use crate::model::{ChatRequest, Message, Reasoning};

/// The most that is kept of it, bytes. What is longer is not sent back.
const MOST: usize = 512 * 1024;

/// The fields of Chat Completions that hold it, by the first that a server uses.
const FIELDS: [&str; 2] = ["reasoning_content", "reasoning"];
const DETAILS: &str = "reasoning_details";
/// What stands for reasoning that its server does not have, as the history is another's.
const STAND_IN: &str = "[not kept]";

/// What was reasoned so far.
#[derive(Default)]
pub(super) struct Reasoned {
    field: Option<&'static str>,
    text: String,
    halves: Halves,
    details: Vec<Value>,
    items: Vec<Value>,
    bytes: usize,
}

impl Reasoned {
    /// Takes what a piece of a message holds; gives the thought that is new in it. `whole`: it holds all that came before, too.
    pub(super) fn take(&mut self, piece: &mut Piece, whole: bool) -> Option<String> {
        let given = [piece.reasoning_content.take(), piece.reasoning.take()];
        let texts = FIELDS.into_iter().zip(given.iter().map(|value| value.as_ref().and_then(text_of)));
        // Some servers say the same in both.
        let (field, text) =
            texts.filter_map(|(field, text)| Some((field, text.filter(|t| !t.is_empty())?))).next().unzip();
        self.field = self.field.or(field);
        for detail in piece.reasoning_details.take().into_iter().flatten() {
            self.detail(detail, whole);
        }
        let text = self.halves.pass(text?);
        let new = if whole { text.strip_prefix(self.text.as_str()).unwrap_or_default() } else { &text };
        self.bytes += new.len();
        if self.bytes <= MOST {
            self.text.push_str(new);
        }
        (!new.is_empty()).then(|| new.to_owned())
    }

    /// Takes an item of Responses.
    pub(super) fn item(&mut self, item: Value) {
        self.bytes += item.to_string().len();
        let id = item.get("id").filter(|id| id.is_string());
        let known = id.is_some_and(|id| self.items.iter().any(|known| known.get("id") == Some(id)));
        if !known && self.bytes <= MOST {
            self.items.push(item);
        }
    }

    /// Takes a part of OpenRouter's details: texts come in pieces, one after the other of one part.
    fn detail(&mut self, detail: Value, whole: bool) {
        self.bytes += detail.to_string().len();
        if self.bytes > MOST || (whole && !self.details.is_empty()) {
            return;
        }
        let place = |detail: &Value| (detail.get("type").cloned(), detail.get("index").cloned());
        let text = ["text", "summary"].into_iter().find(|key| detail.get(*key).is_some_and(Value::is_string));
        let last = self.details.last_mut().filter(|last| text.is_some() && place(last) == place(&detail));
        match (last, text, detail) {
            (Some(Value::Object(last)), Some(key), Value::Object(detail)) => extend(last, detail, key),
            (_, _, detail) => self.details.push(detail),
        }
    }

    /// What is to go back to its server with the calls.
    pub(super) fn given(&mut self, from: &str) -> Option<Reasoning> {
        let Reasoned { field, text, details, items, bytes, .. } = std::mem::take(self);
        let given = match field {
            _ if bytes > MOST => return None,
            _ if !items.is_empty() => Value::Array(items),
            _ if !details.is_empty() => json!({ DETAILS: details }),
            Some(field) if !text.is_empty() => json!({ field: text }),
            _ => return None,
        };
        Some(Reasoning { from: from.to_owned(), given })
    }
}

/// Puts a further piece to a part: its text goes on, and what it says besides holds for all of it.
fn extend(part: &mut Map<String, Value>, piece: Map<String, Value>, key: &str) {
    for (name, value) in piece {
        match (part.get_mut(&name), value) {
            (Some(Value::String(known)), Value::String(more)) if name == key => known.push_str(&more),
            (_, Value::Null) => {}
            (_, value) => {
                part.insert(name, value);
            }
        }
    }
}

/// Puts reasoning back into the messages of a Chat Completions body: with the calls that it led to, and to who gave it alone.
/// `stand_in`: the server wants some with all calls.
pub(super) fn into_messages(body: &mut Value, request: &ChatRequest, from: &str, stand_in: bool, first: usize) {
    for (at, message) in request.messages.iter().enumerate() {
        let Message::Assistant { calls, reasoning, .. } = message else { continue };
        let place = body.pointer_mut(&format!("/messages/{}", first + at)).and_then(Value::as_object_mut);
        let Some(place) = place.filter(|_| !calls.is_empty()) else { continue };
        match own(reasoning.as_ref(), from).and_then(Value::as_object) {
            Some(fields) => place.extend(fields.clone()),
            None if stand_in => {
                place.insert(FIELDS[0].to_owned(), STAND_IN.into());
            }
            None => {}
        }
    }
}

/// The items of Responses that go before the calls that they led to. Nothing is kept at the server, so that an item must hold
/// what it says: encrypted, as OpenAI gives it when it is asked to, or in plain text, as others do.
pub(super) fn items(reasoning: Option<&Reasoning>, from: &str) -> Vec<Value> {
    let says = |item: &Value| {
        let encrypted = item.get("encrypted_content").is_some_and(Value::is_string);
        encrypted || item.get("content").and_then(Value::as_array).is_some_and(|content| !content.is_empty())
    };
    let items = own(reasoning, from).and_then(Value::as_array);
    items.into_iter().flatten().filter(|item| says(item)).cloned().collect()
}

fn own<'r>(reasoning: Option<&'r Reasoning>, from: &str) -> Option<&'r Value> {
    reasoning.filter(|reasoning| reasoning.from == from).map(|reasoning| &reasoning.given)
}
