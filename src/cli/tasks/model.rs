//! A task file drawn up from what a provider says of a model.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use toml_edit::{Array, DocumentMut, Item, Table, value};

use crate::cli::{CommandError, Kind};
use compute::aioz::{Cost, Model, Serving};
use domain::{task::template::is_name, units::clean};

/// What a provider says of one model.
#[derive(Debug)]
pub struct Said {
    /// `USERNAME/NAME`, as it was asked for.
    pub asked: String,
    /// What it is.
    pub model: Model,
    /// What it takes, by its own keys.
    pub input_format: Value,
    /// What it gives, by its own keys.
    pub output_format: Value,
    /// What one task of it costs, where it says.
    pub cost: Option<Cost>,
    /// Whether anybody serves it, where it says.
    pub serving: Option<Serving>,
}

/// A task file, and what is to be told beside it.
#[derive(Debug)]
pub struct Drawn {
    /// Its text.
    pub text: String,
    /// What it takes and gives, a line each.
    pub takes: Vec<String>,
    /// See `takes`.
    pub gives: Vec<String>,
    /// What the provider says that no task file can: left out.
    pub left_out: Vec<String>,
}

/// Keys of one model.
const MOST: usize = 100;
/// The longest key, description and default, characters.
const KEY: usize = 200;
const ABOUT: usize = 300;
/// Whole numbers that every reader of JSON has exactly.
const EXACT: i64 = 9_007_199_254_740_991;
/// What a number may be of which the model says nothing.
const FAR: f64 = 1e15;
/// Any text that is not empty.
const ANY_TEXT: &str = "(?s).+";
/// What names mean already in a task file.
const RESERVED: [&str; 6] = ["bytes", "records", "residues", "longest", "constant", "min"];
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
struct Slot<'a> {
    key: &'a str,
    name: String,
    about: String,
    needed: bool,
    kind: SlotKind,
}

enum SlotKind {
    File { mime: Vec<String> },
    Text { default: Option<String> },
    Integer { min: i64, max: i64, default: Option<i64> },
    Number { min: f64, max: f64, default: Option<f64> },
    Choice { words: Vec<String>, json: bool, default: Option<String> },
    Flag,
}

fn unusable(why: String) -> CommandError {
    CommandError::new(Kind::Usage, "model", why)
        .hint("a task file can be written by hand: docs/aioz.md says how a model's keys are named in it")
}

/// The name that a task of a model has when nobody says another.
pub fn own_name(model: &str) -> String {
    name_of(model.rsplit('/').next().unwrap_or(model), "model")
}

/// The text of a task file of this name for this model.
///
/// # Errors
/// A model without a schema, or with a key that no task can have.
pub fn file(name: &str, said: &Said) -> Result<Drawn, CommandError> {
    let model = clean(&said.asked, 80);
    let Some(format) = said.input_format.as_object().filter(|format| !format.is_empty()) else {
        return Err(unusable(format!("{model} says nothing of what it takes: it has no input_format")));
    };
    if format.len() > MOST {
        return Err(unusable(format!("{model} takes {} things, more than {MOST}", format.len())));
    }
    let (mut slots, mut left_out, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (key, about) in format {
        slots.push(slot(&model, key, about, &mut names, &mut left_out)?);
    }
    let is_file = |slot: &Slot| matches!(slot.kind, SlotKind::File { .. });
    let is_text = |slot: &Slot| matches!(slot.kind, SlotKind::Text { .. });
    let first = slots.iter().position(is_file).or_else(|| slots.iter().position(is_text));
    let Some(first) = first else {
        return Err(unusable(format!("{model} takes neither a file nor text, and a task works on a file")));
    };
    let first = slots.remove(first);
    let mut document = DocumentMut::new();
    document["name"] = value(name);
    document["title"] = value(clean(&format!("{model} at AIOZ"), 99));
    let about = said.model.description.as_deref().map(|text| clean(text, 1_000)).filter(|text| !text.is_empty());
    document["description"] = value(about.unwrap_or_else(|| format!("The model {model} at AIOZ.")));
    document["caveat"] =
        value("A stranger's model: what it gives is not verifiable, and nobody here knows how it works.");
    let mut tables = Tables::default();
    tables.input(&first, true);
    for slot in &slots {
        match slot.kind {
            SlotKind::File { .. } => tables.input(slot, false),
            _ => tables.parameter(slot),
        }
    }
    let gives = outputs(&said.output_format, &mut tables.outputs, &mut left_out);
    let takes = std::iter::once(&first).chain(&slots).map(told).collect();
    let Tables { inputs, parameters, keys, sent, outputs } = tables;
    document["inputs"] = Item::Table(inputs);
    if !parameters.is_empty() {
        document["parameters"] = Item::Table(parameters);
    }
    let mut program = Table::new();
    program["kind"] = value("aioz");
    program["model"] = value(&said.asked);
    document["program"] = Item::Table(program);
    let mut remote = Table::new();
    remote.set_implicit(true);
    for (part, table) in [("keys", keys), ("sent", sent), ("outputs", outputs)] {
        if !table.is_empty() {
            remote[part] = Item::Table(table);
        }
    }
    if !remote.is_empty() {
        document["remote"] = Item::Table(remote);
    }
    Ok(Drawn { text: document.to_string(), takes, gives, left_out })
}

/// The tables of a task file as they fill up.
#[derive(Default)]
struct Tables {
    inputs: Table,
    parameters: Table,
    keys: Table,
    sent: Table,
    outputs: Table,
}

impl Tables {
    fn key(&mut self, slot: &Slot) {
        if slot.name != slot.key {
            self.keys[&slot.name] = value(slot.key);
        }
    }

    fn input(&mut self, slot: &Slot, is_first: bool) {
        self.inputs.set_implicit(true);
        self.key(slot);
        let mut table = Table::new();
        table["description"] = value(&slot.about);
        let formats: &[&str] = match &slot.kind {
            SlotKind::File { mime } => {
                if !mime.is_empty() {
                    table["mime"] = value(mime.iter().map(String::as_str).collect::<Array>());
                }
                let media = |text: &String| ["image/", "audio/", "video/"].iter().any(|kind| text.starts_with(kind));
                if mime.is_empty() || !mime.iter().all(media) {
                    &["fasta", "fastq", "hmm", "text", "binary"]
                } else {
                    &["binary"]
                }
            }
            _ => {
                self.sent[&slot.name] = value("text");
                &["text", "fasta", "fastq", "hmm"]
            }
        };
        table["formats"] = value(formats.iter().copied().collect::<Array>());
        if !is_first && !slot.needed {
            table["optional"] = value(true);
        }
        self.inputs[&slot.name] = Item::Table(table);
    }

    fn parameter(&mut self, slot: &Slot) {
        self.parameters.set_implicit(true);
        self.key(slot);
        let mut table = Table::new();
        table["description"] = value(&slot.about);
        let mut has_default = false;
        let mut default = |table: &mut Table, of: Option<toml_edit::Value>| {
            if let Some(of) = of {
                table["default"] = value(of);
                has_default = true;
            }
        };
        match &slot.kind {
            SlotKind::File { .. } => {}
            SlotKind::Flag => table["type"] = value("flag"),
            SlotKind::Text { default: text } => {
                table["type"] = value("text");
                table["pattern"] = value(ANY_TEXT);
                default(&mut table, text.as_deref().map(Into::into));
            }
            SlotKind::Integer { min, max, default: number } => {
                table["type"] = value("integer");
                table["min"] = value(*min);
                table["max"] = value(*max);
                default(&mut table, number.map(Into::into));
            }
            SlotKind::Number { min, max, default: number } => {
                table["type"] = value("number");
                table["min"] = value(*min);
                table["max"] = value(*max);
                default(&mut table, number.map(Into::into));
            }
            SlotKind::Choice { words, json, default: word } => {
                table["type"] = value("choice");
                table["values"] = value(words.iter().map(String::as_str).collect::<Array>());
                default(&mut table, word.as_deref().map(Into::into));
                if *json {
                    self.sent[&slot.name] = value("json");
                }
            }
        }
        if slot.needed && !has_default && !matches!(slot.kind, SlotKind::Flag) {
            table["needed"] = value(true);
        }
        self.parameters[&slot.name] = Item::Table(table);
    }
}

/// Reads one key of a model.
fn slot<'a>(
    model: &str,
    key: &'a str,
    about: &Value,
    names: &mut BTreeSet<String>,
    left_out: &mut Vec<String>,
) -> Result<Slot<'a>, CommandError> {
    let shown = clean(key, 60);
    if key.is_empty() || clean(key, KEY) != key {
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
    if words.iter().any(|word| word.is_empty() || word.starts_with('-') || clean(word, KEY) != *word) {
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
    let plain = |text: &&str| {
        let part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_' | b'*'))
        };
        text.len() <= 100 && text.split_once('/').is_some_and(|(one, two)| part(one) && part(two))
    };
    texts.into_iter().filter(plain).map(str::to_owned).collect()
}

/// What the model gives, a line each; and the outputs of a kind that is known.
fn outputs(format: &Value, table: &mut Table, left_out: &mut Vec<String>) -> Vec<String> {
    let mut gives = Vec::new();
    for (key, about) in format.as_object().into_iter().flatten().take(MOST) {
        let type_name = about.as_str().or_else(|| about.get("type")?.as_str()).unwrap_or_default().to_ascii_lowercase();
        let shown = clean(key, 60);
        let kind = match type_name.as_str() {
            "file" => Some("file"),
            "text" | "string" | "str" | "int" | "integer" | "float" | "number" | "double" | "bool" | "boolean" => {
                Some("value")
            }
            _ => None,
        };
        match kind.filter(|_| !key.is_empty() && clean(key, KEY) == *key) {
            Some(kind) => {
                table[key] = value(kind);
                gives.push(format!("{shown} ({})", clean(&type_name, 40)));
            }
            None => {
                left_out.push(format!("what the output `{shown}` is, is not understood: an address in it is fetched"))
            }
        }
    }
    gives
}

/// A line for people.
fn told(slot: &Slot) -> String {
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
fn name_of(key: &str, otherwise: &str) -> String {
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

#[cfg(test)]
mod tests;
