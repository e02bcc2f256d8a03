//! One key of a model: what a provider says of it, read as what a task can have.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::unusable;
use crate::cli::CommandError;
use domain::{
    task::{
        remote::{LONGEST_KEY, MOST, is_key, is_mime},
        template::{RESERVED, is_name},
    },
    units::clean,
};

/// The longest description, characters.
const ABOUT: usize = 300;
/// Whole numbers that every reader of JSON has exactly.
const EXACT: i64 = 9_007_199_254_740_991;
/// What a number may be of which the model says nothing.
const FAR: f64 = 1e15;
/// What is known of a key, in the words of the documents and of those that JSON Schema has for the same.
const ATTRIBUTES: [&str; 15] = [
    "type",
    "mime_type",
    "description",
    "default",
    "required",
    "optional",
    "min",
    "minimum",
    "max",
    "maximum",
    "enum",
    "values",
    "options",
    "choices",
    "title",
];

/// One key of a model.
pub(super) struct Slot<'a> {
    pub key: &'a str,
    pub name: String,
    pub about: String,
    pub needed: bool,
    pub kind: SlotKind,
}

/// What a key takes.
pub(super) enum SlotKind {
    File { mime: Vec<String> },
    Text { default: Option<String> },
    Integer { min: i64, max: i64, default: Option<i64> },
    Number { min: f64, max: f64, default: Option<f64> },
    Choice { words: Vec<String>, json: bool, default: Option<String> },
    Flag,
}

/// Reads one key of a model.
pub(super) fn slot<'a>(
    model: &str,
    key: &'a str,
    about: &Value,
    names: &mut BTreeSet<String>,
    left_out: &mut Vec<String>,
) -> Result<Slot<'a>, CommandError> {
    let shown = clean(key, 60);
    if !is_key(key) {
        return Err(unusable(format!("{model} has a key that cannot be written: `{shown}`")));
    }
    let none = Map::new();
    let said = about.as_object().unwrap_or(&none);
    let one_of = |keys: &[&str]| keys.iter().find_map(|key| said.get(*key)).filter(|value| !value.is_null());
    let type_name = about.as_str().or_else(|| said.get("type")?.as_str()).unwrap_or_default().to_ascii_lowercase();
    let wrong = |what: &str| unusable(format!("`{shown}` of {model} {what}"));
    let choices = one_of(&["enum", "values", "options", "choices"]);
    let default = one_of(&["default"]);
    let kind = match (type_name.as_str(), choices) {
        ("file", _) => SlotKind::File { mime: mime(said.get("mime_type")) },
        (_, Some(choices)) => choice(choices, default).ok_or_else(|| wrong("has choices that cannot be written"))?,
        ("text" | "string" | "str", None) => SlotKind::Text { default: text_default(default, &shown, left_out) },
        ("int" | "integer", None) => SlotKind::Integer {
            min: one_of(&["min", "minimum"]).and_then(whole).unwrap_or(-EXACT),
            max: one_of(&["max", "maximum"]).and_then(whole).unwrap_or(EXACT),
            default: default.and_then(whole),
        },
        ("float" | "number" | "double", None) => SlotKind::Number {
            min: one_of(&["min", "minimum"]).and_then(Value::as_f64).unwrap_or(-FAR),
            max: one_of(&["max", "maximum"]).and_then(Value::as_f64).unwrap_or(FAR),
            default: default.and_then(Value::as_f64),
        },
        ("bool" | "boolean", None) => match default.and_then(Value::as_bool) {
            // A flag is not set when nothing is said.
            Some(true) => SlotKind::Choice {
                words: vec!["true".to_owned(), "false".to_owned()],
                json: true,
                default: Some("true".to_owned()),
            },
            _ => SlotKind::Flag,
        },
        ("", None) => return Err(wrong("has no type")),
        (other, None) => {
            return Err(wrong(&format!("is of the type `{}`, which no task can give it", clean(other, 40))));
        }
    };
    for name in said.keys().filter(|name| !ATTRIBUTES.contains(&name.as_str())) {
        left_out.push(format!("`{}` of `{shown}` is not understood", clean(name, 40)));
    }
    let described = said.get("description").and_then(Value::as_str).map(|text| clean(text, ABOUT));
    let name = free(name_of(key, "input"), names);
    let optional = said.get("required").and_then(Value::as_bool) == Some(false)
        || said.get("optional").and_then(Value::as_bool) == Some(true);
    let about = described.filter(|text| !text.is_empty()).unwrap_or_else(|| format!("the model's {shown}"));
    Ok(Slot { key, name, about, needed: !optional, kind })
}

/// A default that a text can have: one that could be read as an option, or is long, is left to the model.
fn text_default(default: Option<&Value>, shown: &str, left_out: &mut Vec<String>) -> Option<String> {
    let text = default?.as_str().unwrap_or_default();
    let fits = !text.is_empty() && !text.starts_with('-') && text.len() <= 1_000;
    if !fits {
        left_out.push(format!("the default of `{shown}` cannot be written"));
    }
    fits.then(|| text.to_owned())
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= EXACT as f64).map(|n| n as i64))
}

fn choice(choices: &Value, default: Option<&Value>) -> Option<SlotKind> {
    let choices = choices.as_array().filter(|choices| (1..=500).contains(&choices.len()))?;
    let json = choices.iter().any(|one| !one.is_string());
    let word = |one: &Value| match one {
        Value::String(text) if !json => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(one.to_string()),
        _ => None,
    };
    let words = choices.iter().map(word).collect::<Option<Vec<_>>>()?;
    if words.iter().any(|word| word.is_empty() || word.starts_with('-') || clean(word, LONGEST_KEY) != *word) {
        return None;
    }
    let default = default.and_then(word).filter(|default| words.contains(default));
    Some(SlotKind::Choice { words, json, default })
}

/// MIME types, those that are none left out.
fn mime(types: Option<&Value>) -> Vec<String> {
    let texts = match types {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).take(MOST).collect(),
        _ => Vec::new(),
    };
    texts.into_iter().filter(|text| is_mime(text)).map(str::to_owned).collect()
}

/// A line for people.
pub(super) fn told(slot: &Slot) -> String {
    let kind = match &slot.kind {
        SlotKind::File { mime } if mime.is_empty() => "a file".to_owned(),
        SlotKind::File { mime } => format!("a file, {}", mime.join(" or ")),
        SlotKind::Text { .. } => "text".to_owned(),
        SlotKind::Integer { .. } => "a whole number".to_owned(),
        SlotKind::Number { .. } => "a number".to_owned(),
        SlotKind::Choice { words, .. } => words.join(" or "),
        SlotKind::Flag => "yes or no".to_owned(),
    };
    let key = if slot.name == slot.key { String::new() } else { format!(", `{}` there", clean(slot.key, 60)) };
    format!("{} ({}{key})", slot.name, clean(&kind, 200))
}

/// A name out of a key: lower-case letters, digits and `_`.
pub(super) fn name_of(key: &str, otherwise: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = key.chars().map(letter).collect();
    let name = name.trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_end_matches('_');
    let name = name.get(..name.len().min(36)).unwrap_or_default().to_owned();
    match name {
        name if !is_name(&name) => otherwise.to_owned(),
        name if RESERVED.contains(&name.as_str()) => format!("{name}_"),
        name => name,
    }
}

/// The name, or with a number where it is taken.
fn free(name: String, names: &mut BTreeSet<String>) -> String {
    let free = (1..=MOST + 1).map(|n| if n == 1 { name.clone() } else { format!("{name}_{n}") });
    let free = free.into_iter().find(|name| !names.contains(name)).unwrap_or(name.clone());
    names.insert(free.clone());
    free
}
