//! Calls that models write as text, and names and JSON that are nearly right. Form is repaired; values are never invented,
//! changed or left out.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `blocks` | the parts of a text that may hold calls |
//! | `forms` | the calls in one of them: JSON under any of the usual keys, `name{…}`, lists |
//! | `python` | `name(key="value")` |
//! | `xml` | arguments between tags |
//! | `dsml` | the same as DeepSeek writes it |
//! | `loose` | JSON that is nearly JSON |
//! | `marks` | what may begin a call, also for the gate that streamed text passes |
//! | `names` | names that are nearly right |

mod blocks;
mod dsml;
mod forms;
mod loose;
mod marks;
mod names;
mod python;
mod xml;

pub use marks::{begin_of_call, could_begin};
pub use names::close_name;
use serde_json::{Map, Value};

use self::{blocks::Blocks, forms::Kind, loose::Why};
use super::Finish;

/// A text may hold a text that holds JSON, but not without end.
const MOST_QUOTED: usize = 4;
/// The longest text in which calls are looked for, bytes: what a model says is cut there before.
const LONGEST: usize = 256 * 1024;
/// More calls, or arguments of one, than any answer has.
const MOST_CALLS: usize = 64;
/// Tags and fences within each other.
const DEEPEST: usize = 8;

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

/// Reads the calls out of a text. `known` are the names of all tools; `finish` tells whether the text was cut, in which case
/// no closing bracket is added to it.
pub fn read(text: &str, known: &[&str], finish: &Finish) -> Reading {
    let whole = is_whole(finish);
    if text.len() > LONGEST {
        return Reading { text: text.trim().to_owned(), ..Reading::default() };
    }
    let text = &*dsml::plain(text);
    let mut reading = Reading::default();
    let mut shown = 0;
    let mut blocks = Blocks::of(text, known);
    while let Some(block) = blocks.next() {
        let begins_as_call = block.body.trim_start().starts_with(['{', '[', '<']);
        match forms::calls(block.body, block.kind, whole || block.closed, known) {
            Ok((calls, used)) if !calls.is_empty() => {
                reading.text.push_str(text.get(shown..block.start).unwrap_or_default());
                reading.calls.extend(calls);
                // What follows a call that nothing closed is text again.
                shown =
                    if block.closed { block.end } else { block.end - (block.body.len() - used.min(block.body.len())) };
                blocks.seek(shown);
            }
            Err(Why::Form(_)) | Ok(_) if block.kind == Kind::Tagged && !block.closed && !begins_as_call => {
                // A tag that is only spoken of.
                blocks.seek(block.end - block.body.len());
            }
            Ok(_) if block.kind == Kind::Tagged => {
                reading.broken.get_or_insert_with(|| "a call in the text names no tool".to_owned());
            }
            Err(why) if is_told(&why, block.kind, block.body, known) => {
                reading.broken.get_or_insert_with(|| format!("a call in the text cannot be read: {why}"));
            }
            _ => {}
        }
    }
    reading.text.push_str(text.get(shown..).unwrap_or_default());
    if !reading.calls.is_empty() {
        for mark in marks::AROUND {
            reading.text = reading.text.replace(mark, "");
        }
    }
    reading.text = reading.text.trim().to_owned();
    reading
}

/// Reads the raw arguments of a call that came as a call.
///
/// # Errors
/// What is wrong, in a sentence for the model.
pub fn read_arguments(raw: &str, finish: &Finish) -> Result<Value, String> {
    if raw.len() > LONGEST {
        return Err(format!("the arguments are longer than {LONGEST} bytes"));
    }
    let text = raw.trim_start();
    if text.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let fence = text.strip_prefix("```json").or_else(|| text.strip_prefix("```"));
    let text = fence.map_or(text, |inside| inside.trim_end().trim_end_matches("```").trim_start());
    let value = loose::all(text, is_whole(finish)).map_err(|why| format!("the arguments are not valid JSON: {why}"))?;
    object(&value).ok_or_else(|| format!("the arguments must be a JSON object, not {}", kind_of(&value)))
}

/// Whether a model is told of what cannot be read: between tags a call was meant; elsewhere only when it is nearly one.
fn is_told(why: &Why, kind: Kind, body: &str, known: &[&str]) -> bool {
    match kind {
        Kind::Tagged => true,
        Kind::Bare => !matches!(why, Why::Form(_)),
        Kind::Fenced => !matches!(why, Why::Form(_)) && known.iter().any(|name| body.contains(name)),
    }
}

/// Whether a turn came to its own end.
fn is_whole(finish: &Finish) -> bool {
    !matches!(finish, Finish::Length | Finish::ContentFilter)
}

/// Arguments as an object: as they are, none, or JSON within a text, or within a text within a text.
fn object(given: &Value) -> Option<Value> {
    let mut value = given.clone();
    for _ in 0..MOST_QUOTED {
        value = match value {
            Value::Object(_) => return Some(value),
            Value::Null => return Some(Value::Object(Map::new())),
            Value::String(text) if text.trim().is_empty() => return Some(Value::Object(Map::new())),
            Value::String(text) => loose::all(text.trim_start(), true).ok()?,
            _ => return None,
        };
    }
    None
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
mod properties;
#[cfg(test)]
mod tests;
