//! A task file drawn up from what a provider says of a model.

mod slot;
mod tables;

use std::collections::BTreeSet;

use serde_json::Value;
use toml_edit::{DocumentMut, Item, Table, value};

use self::{
    slot::{SlotKind, name_of, slot, told},
    tables::Tables,
};
use crate::cli::{CommandError, Kind};
use compute::aioz::{Cost, Model, Serving};
use domain::{
    task::remote::{MOST, is_key},
    units::clean,
};

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
    let is_file = |slot: &slot::Slot| matches!(slot.kind, SlotKind::File { .. });
    let is_text = |slot: &slot::Slot| matches!(slot.kind, SlotKind::Text { .. });
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
        match kind.filter(|_| is_key(key)) {
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

#[cfg(test)]
mod tests;
