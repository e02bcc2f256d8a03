//! Calls that models write as text, and names that are nearly right. Form is repaired; values are never invented.
//!
//! Read are: a fenced block (```` ```json ````), Hermes tags (`<tool_call>…</tool_call>`), and bare JSON objects that begin a
//! line, each with a name (`name`, `tool`, `function`) and arguments (`arguments`, `parameters`, `args`, `input`).

mod names;

pub use names::close_name;
use serde_json::{Map, Value};

use super::strict_json;

/// A call found in text.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// As written, or repaired to a known name.
    pub name: String,
    /// A JSON object.
    pub arguments: Value,
}

/// What a text holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// The text without the calls.
    pub text: String,
    /// The calls, in order.
    pub calls: Vec<Found>,
    /// Why something that looks like a call is none, for the model.
    pub broken: Option<String>,
}

/// Reads the calls out of a text. `known` are the names of all tools.
pub fn read(text: &str, known: &[&str]) -> Reading {
    let mut reading = Reading::default();
    let mut rest = text;
    while let Some(block) = next_block(rest) {
        let before = rest.get(..block.start).unwrap_or_default();
        let after = rest.get(block.end..).unwrap_or_default();
        match calls_in(block.body, block.kind, known) {
            Ok(calls) if !calls.is_empty() => {
                reading.text.push_str(before);
                reading.calls.extend(calls);
            }
            other => {
                if let Err(why) = other {
                    reading.broken.get_or_insert(why);
                }
                reading.text.push_str(rest.get(..block.end).unwrap_or_default());
            }
        }
        rest = after;
    }
    reading.text.push_str(rest);
    reading.text = reading.text.trim().to_owned();
    reading
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Between tags that mean a call and nothing else.
    Tagged,
    /// In a fence, which may hold anything.
    Fenced,
    /// An object that begins a line.
    Bare,
}

struct Block<'a> {
    start: usize,
    end: usize,
    body: &'a str,
    kind: Kind,
}

/// The next part of the text that may hold calls.
fn next_block(text: &str) -> Option<Block<'_>> {
    [tagged(text), fenced(text), bare(text)].into_iter().flatten().min_by_key(|b| b.start)
}

fn tagged(text: &str) -> Option<Block<'_>> {
    const TAGS: [(&str, &str); 2] = [("<tool_call>", "</tool_call>"), ("<function_call>", "</function_call>")];
    TAGS.iter()
        .filter_map(|(open, close)| {
            let start = text.find(open)?;
            let inside = text.get(start + open.len()..)?;
            // A model that stops after the call often leaves the closing tag out.
            let length = inside.find(close);
            let body = inside.get(..length.unwrap_or(inside.len()))?;
            let end = start + open.len() + body.len() + length.map_or(0, |_| close.len());
            Some(Block { start, end, body, kind: Kind::Tagged })
        })
        .min_by_key(|b| b.start)
}

fn fenced(text: &str) -> Option<Block<'_>> {
    let start = text.find("```")?;
    let inside = text.get(start + 3..)?;
    // The word after the fence names a language.
    let skip = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))?;
    let length = inside.find("```");
    let body = inside.get(skip..length.unwrap_or(inside.len()).max(skip))?;
    let end = start + 3 + skip + body.len() + length.map_or(0, |_| 3);
    Some(Block { start, end, body, kind: Kind::Fenced })
}

/// An object at the start of a line that reads as JSON.
fn bare(text: &str) -> Option<Block<'_>> {
    let mut from = 0;
    loop {
        let brace = from + text.get(from..)?.find('{')?;
        let line_start = text.get(..brace)?.rfind('\n').map_or(0, |at| at + 1);
        if text.get(line_start..brace)?.trim().is_empty() {
            let body = text.get(brace..)?;
            // Duplicate keys still make a block, so that they are told and not passed over.
            let length = match strict_json::parse_prefix(body) {
                Ok((_, length)) => Some(length),
                Err(error) if error.is_data() => loose_length(body),
                Err(_) => None,
            };
            if let Some(length) = length {
                return Some(Block { start: brace, end: brace + length, body: body.get(..length)?, kind: Kind::Bare });
            }
        }
        from = brace + 1;
    }
}

fn loose_length(body: &str) -> Option<usize> {
    let mut stream = serde_json::Deserializer::from_str(body).into_iter::<serde::de::IgnoredAny>();
    stream.next()?.ok()?;
    Some(stream.byte_offset())
}

/// The calls of one block: one object, several in a row, or an array.
fn calls_in(body: &str, kind: Kind, known: &[&str]) -> Result<Vec<Found>, String> {
    let mut calls = Vec::new();
    let mut rest = body.trim();
    while !rest.is_empty() {
        let (value, length) = match strict_json::parse_prefix(rest) {
            Ok(read) => read,
            Err(error) if error.is_data() && mentions(rest, known) => {
                return Err(format!("a call in the text: {error}"));
            }
            Err(error) if kind == Kind::Tagged => return Err(format!("the call is not JSON: {error}")),
            Err(_) => return Ok(Vec::new()),
        };
        let items = match value {
            Value::Array(items) => items,
            one => vec![one],
        };
        for item in items {
            match as_call(&item, kind, known) {
                Some(call) => calls.push(call),
                None => return Ok(Vec::new()),
            }
        }
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(calls)
}

fn mentions(text: &str, known: &[&str]) -> bool {
    known.iter().any(|name| text.contains(name))
}

/// One object with a name and arguments. Outside tags a name that is no tool's must come with an object of arguments.
fn as_call(value: &Value, kind: Kind, known: &[&str]) -> Option<Found> {
    let outer = value.as_object()?;
    let fields = match outer.get("function") {
        Some(Value::Object(inner)) => inner,
        _ => outer,
    };
    let name = ["name", "tool", "tool_name", "function"].iter().find_map(|k| fields.get(*k)?.as_str())?;
    let given = ["arguments", "parameters", "args", "input"].iter().find_map(|k| fields.get(*k));
    let repaired = close_name(name, known);
    if repaired.is_none() && (kind == Kind::Bare || !given.is_some_and(Value::is_object)) {
        return None;
    }
    Some(Found { name: repaired.unwrap_or(name).to_owned(), arguments: arguments(given)? })
}

/// Arguments as an object: as they are, none, or JSON within a string.
fn arguments(given: Option<&Value>) -> Option<Value> {
    match given {
        None | Some(Value::Null) => Some(Value::Object(Map::new())),
        Some(Value::Object(fields)) => Some(Value::Object(fields.clone())),
        Some(Value::String(text)) if text.trim().is_empty() => Some(Value::Object(Map::new())),
        Some(Value::String(text)) => strict_json::parse(text).ok().filter(Value::is_object),
        Some(_) => None,
    }
}

/// Reads the raw arguments of a call that came as a call.
///
/// # Errors
/// What is wrong, in a sentence for the model.
pub fn read_arguments(raw: &str) -> Result<Value, String> {
    if raw.trim().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let value = strict_json::parse(raw).map_err(|e| format!("the arguments are not valid JSON: {e}"))?;
    let is = value.clone();
    arguments(Some(&value)).ok_or_else(|| format!("the arguments must be a JSON object, not {}", kind_of(&is)))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
