//! The object as text: found in a model's answer, and written from a request.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::{AsksFor, FormError, schema::NOT_LISTED};
use domain::{
    request::{Bounds, DATASET, Locality, Spend, Until, Work},
    task::{ParameterKind, TaskType},
    units::clean,
};

/// The longest answer in which an object is looked for, bytes.
const LONGEST: usize = 256 * 1024;

/// What begins as an object and is none is looked at up to here in all, bytes: a text of nothing else would be looked at again
/// from each of its braces.
const LOOKED_AT: usize = 32 * LONGEST;

/// The object's fields. What is missing is the narrowest, or nothing said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Object<'a> {
    #[serde(default)]
    pub(super) asks_for: Option<AsksFor>,
    #[serde(default)]
    pub(super) until: Option<Until>,
    #[serde(default)]
    pub(super) work: Option<Vec<Map<String, Value>>>,
    /// As it was written, so that no digit is lost.
    #[serde(default, borrow)]
    pub(super) max_gas: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) here_only: Option<bool>,
}

/// Whether an answer holds an object of this kind at all.
pub fn is_in(text: &str) -> bool {
    find(text).is_some()
}

/// The object in an answer, whatever stands around it: a fence, words, a thought.
pub(super) fn parse(text: &str) -> Result<Object<'_>, FormError> {
    let raw = find(text).ok_or(FormError::NoObject)?;
    let mut from = serde_json::Deserializer::from_str(raw);
    serde_path_to_error::deserialize(&mut from).map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." { String::new() } else { format!("{}: ", clean(&path, 60)) };
        FormError::Field(format!("{at}{}", clean(&without_place(&error.inner().to_string()), 160)))
    })
}

/// The first whole object of JSON that has one of the fields that none of its own parts has.
fn find(text: &str) -> Option<&str> {
    if text.len() > LONGEST {
        return None;
    }
    let (mut from, mut looked) = (0, 0);
    while looked < LOOKED_AT
        && let Some(start) = text.get(from..)?.find('{').map(|at| from + at)
    {
        let rest = text.get(start..)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        match values.next() {
            Some(Ok(value)) => {
                let fields: Option<Map<String, Value>> = serde_json::from_str(value.get()).ok();
                if fields.is_some_and(|f| f.contains_key("asks_for") || f.contains_key("work")) {
                    return Some(value.get());
                }
                // An object that is none of ours is passed over whole.
                from = start + value.get().len();
            }
            Some(Err(error)) => {
                looked += reached(rest, &error);
                from = start + 1;
            }
            None => from = start + 1,
        }
    }
    None
}

/// How far into a text an error of JSON stands, bytes.
fn reached(text: &str, error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    lines.map(str::len).sum::<usize>() + error.column()
}

/// An error of JSON without its line and column, which mean nothing to who wrote one line.
fn without_place(error: &str) -> String {
    error.split(" at line ").next().unwrap_or(error).to_owned()
}

/// A request as the object that stands for it, for the next turn's "again" and "the same for b.fasta".
pub fn of(asks_for: AsksFor, work: &[Work], bounds: Bounds, tasks: &[TaskType]) -> String {
    let max_gas = match bounds.spend {
        Spend::OwnersCaps => "null".to_owned(),
        Spend::Nothing => "0".to_owned(),
        Spend::AtMost(limit) => limit.gas_string(),
    };
    let pieces: Vec<String> = together(work, tasks).into_iter().map(|(rest, files)| piece_of(rest, files)).collect();
    format!(
        "{{\"asks_for\": {}, \"until\": \"{}\", \"work\": [{}], \"max_gas\": {max_gas}, \"here_only\": {}}}",
        json!(asks_for),
        bounds.until.as_str(),
        pieces.join(", "),
        bounds.place == Locality::Here,
    )
}

/// Pieces of work and their datasets, those together that differ in the dataset alone.
fn together(work: &[Work], tasks: &[TaskType]) -> Vec<(Map<String, Value>, Vec<Value>)> {
    let mut pieces: Vec<(Map<String, Value>, Vec<Value>)> = Vec::new();
    for one in work {
        let (rest, file) = (rest_of(one, tasks), json!(named(one.dataset())));
        match pieces.iter_mut().find(|(known, _)| *known == rest) {
            Some((_, files)) => files.push(file),
            None => pieces.push((rest, vec![file])),
        }
    }
    pieces
}

/// What a piece of work is beside its dataset.
fn rest_of(work: &Work, tasks: &[TaskType]) -> Map<String, Value> {
    let mut rest = Map::new();
    rest.insert("task".to_owned(), json!(work.task));
    for input in work.inputs.iter().filter(|input| input.name != DATASET) {
        rest.insert(input.name.clone(), json!(named(&input.named)));
    }
    // As the schema has it: a task without choices has no place for them.
    let has_choices = |task: &TaskType| task.parameters.values().any(|p| !matches!(p.kind, ParameterKind::File { .. }));
    if tasks.iter().any(|task| task.name == work.task && has_choices(task)) {
        let set = work.parameters.iter().map(|(name, value)| json!({"name": name, "value": value}));
        rest.insert("set".to_owned(), set.collect());
    }
    rest
}

/// The fields in the order of the schema.
fn piece_of(mut rest: Map<String, Value>, files: Vec<Value>) -> String {
    let task = rest.shift_remove("task");
    let mut piece = Map::new();
    piece.insert("task".to_owned(), json!(task));
    piece.insert("files".to_owned(), Value::Array(files));
    piece.extend(rest);
    spaced(&Value::Object(piece))
}

fn named(path: &Path) -> String {
    match path.to_string_lossy() {
        name if name.is_empty() => NOT_LISTED.to_owned(),
        name => name.into_owned(),
    }
}

/// JSON on one line with a space after each colon and comma, as the prompt's examples have it.
fn spaced(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{}: {}", json!(key), spaced(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
