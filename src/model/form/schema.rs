//! The JSON Schema of the object.
//!
//! It keeps to what every server takes that holds answers to a schema: objects whose fields are all required, lists,
//! enumerations of texts, `anyOf` beneath the root, no references. The
//! lists have a longest length, which servers that do not know it are asked without. The fields stand in the order in which they decide each
//! other, and servers write them in that order.

use serde_json::{Map, Value, json};

use super::Offered;
use crate::model::{chat::Form, context::is_plain};
use domain::task::{ParameterKind, TaskType};

/// The form's name, for servers.
pub const NAME: &str = "request";
/// What stands for a file that is not listed, or that nobody named: without it, the nearest listed one would be taken.
pub const NOT_LISTED: &str = "not listed";
/// The most entries of work. Small models repeat an entry without end where nothing ends it.
pub const MOST_ENTRIES: usize = 16;
/// With more files than this no file is an enumeration. Each task repeats them, and servers take some thousand values.
pub const MOST_FILES: usize = 100;

/// The form that a model fills in.
pub fn form(offered: &Offered) -> Form {
    let file = file(offered.files);
    // Each listed file once, and one that is not listed.
    let files = list(file.clone(), offered.files.len() + 1);
    let tasks: Vec<Value> = offered.tasks.iter().map(|task| piece(task, &file, &files)).collect();
    let schema = object([
        ("asks_for", words(&["work", "information", "other"])),
        ("until", words(&["plan", "quote", "done"])),
        ("work", list(one_of(tasks), MOST_ENTRIES)),
        ("max_gas", json!({"type": ["number", "null"]})),
        ("here_only", json!({"type": "boolean"})),
    ]);
    Form { name: NAME.to_owned(), schema }
}

/// A task with its files and with its own choices, so that those of another cannot be filled in.
fn piece(task: &TaskType, file: &Value, files: &Value) -> Value {
    let mut fields = vec![("task", words(&[&task.name])), ("files", files.clone())];
    let mut choices = Vec::new();
    for (name, spec) in &task.parameters {
        let choice = |value| object([("name", words(&[name])), ("value", value)]);
        match &spec.kind {
            // Further files of the dataset stand among the files.
            ParameterKind::File { rest: true, .. } => {}
            ParameterKind::File { .. } => fields.push((name.as_str(), file.clone())),
            ParameterKind::Integer { .. } => choices.push(choice(json!({"type": "integer"}))),
            ParameterKind::Number { .. } => choices.push(choice(json!({"type": "number"}))),
            ParameterKind::Flag => choices.push(choice(json!({"type": "boolean"}))),
            ParameterKind::Text { .. } => choices.push(choice(json!({"type": "string"}))),
            ParameterKind::Choice { values, .. } => choices.push(choice(words(values))),
        }
    }
    if !choices.is_empty() {
        let most = choices.len();
        fields.push(("set", list(one_of(choices), most)));
    }
    object(fields)
}

/// One of the files, or none of them; any text where they are too many.
fn file(files: &[String]) -> Value {
    if files.len() > MOST_FILES {
        return json!({"type": "string"});
    }
    let can_stand = |name: &&str| *name != NOT_LISTED && is_plain(name);
    let mut values: Vec<&str> = files.iter().map(String::as_str).filter(can_stand).collect();
    values.push(NOT_LISTED);
    words(&values)
}

fn words<W: AsRef<str>>(words: &[W]) -> Value {
    json!({"type": "string", "enum": words.iter().map(AsRef::as_ref).collect::<Vec<_>>()})
}

fn list(item: Value, most: usize) -> Value {
    json!({"type": "array", "items": item, "maxItems": most})
}

fn one_of(mut choices: Vec<Value>) -> Value {
    match choices.len() {
        1 => choices.remove(0),
        _ => json!({"anyOf": choices}),
    }
}

fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let properties: Map<String, Value> = fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let required: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}
