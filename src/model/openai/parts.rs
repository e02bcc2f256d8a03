//! The optional parts of a request: which of them a server takes. What a preset knows is known from the start; the rest is
//! learnt from refusals, once.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Map, Value, json};

use crate::model::ChatTurn;
use guard::config::Provider;

/// Parts of a request that some servers do not take.
#[derive(Default)]
pub(super) struct Parts {
    no_stream_options: AtomicBool,
    no_tool_choice: AtomicBool,
    no_temperature: AtomicBool,
    no_response_format: AtomicBool,
    /// The form of an answer is asked for in words, as the server does not hold to one.
    form_in_words: AtomicBool,
    /// Lists in a form have no longest length.
    no_max_items: AtomicBool,
    /// Schemas of types, properties, enumerations and what must be there, and nothing else.
    plain_schemas: AtomicBool,
    /// No call goes back with what its provider wanted back with it.
    no_echo: AtomicBool,
    /// What it wanted back goes back whoever said it: otherwise only what this server said since the program began. The
    /// history may be another's, and who does not know the field refuses it.
    every_echo: AtomicBool,
    /// What this server wants back, as JSON.
    own_echoes: Mutex<HashSet<String>>,
}

impl Parts {
    /// What is known of a provider's endpoint. Gemini's names `additionalProperties` and `const` as fields it cannot find,
    /// and it and the gateway to it alone want something back with calls.
    pub(super) fn known(provider: Option<Provider>) -> Parts {
        let parts = Parts::default();
        let echoes = matches!(provider, Some(Provider::Gemini | Provider::OpenRouter));
        parts.plain_schemas.store(provider == Some(Provider::Gemini), Ordering::Relaxed);
        parts.every_echo.store(echoes, Ordering::Relaxed);
        parts.no_echo.store(!echoes && provider.is_some(), Ordering::Relaxed);
        parts
    }

    /// Remembers what the server wants back with its calls.
    pub(super) fn heard(&self, turn: &ChatTurn) {
        self.own_echoes().extend(turn.calls.iter().filter_map(|call| call.echo.as_ref()).map(Value::to_string));
    }

    /// Whether this goes back with its call.
    pub(super) fn echoes(&self, echo: &Value) -> bool {
        let wanted = || self.every_echo.load(Ordering::Relaxed) || self.own_echoes().contains(&echo.to_string());
        !self.no_echo.load(Ordering::Relaxed) && wanted()
    }

    fn own_echoes(&self) -> MutexGuard<'_, HashSet<String>> {
        self.own_echoes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Gives up the part that a refusal names; `false` when it names none that was sent.
    pub(super) fn give_up(&self, message: &str) -> bool {
        let parts = [
            ("stream_options", &self.no_stream_options),
            ("tool_choice", &self.no_tool_choice),
            ("maxItems", &self.no_max_items),
            ("temperature", &self.no_temperature),
            ("response_format", &self.no_response_format),
            ("json_schema", &self.no_response_format),
            ("text.format", &self.no_response_format),
            ("grammar", &self.no_response_format),
            ("additionalProperties", &self.plain_schemas),
            ("\"const\"", &self.plain_schemas),
            ("oneOf", &self.plain_schemas),
            ("extra_content", &self.no_echo),
        ];
        let named = parts.iter().find(|(name, given_up)| message.contains(name) && !given_up.load(Ordering::Relaxed));
        if let Some((_, given_up)) = named {
            given_up.store(true, Ordering::Relaxed);
        }
        named.is_some()
    }

    pub(super) fn stream_options(&self) -> bool {
        !self.no_stream_options.load(Ordering::Relaxed)
    }

    pub(super) fn tool_choice(&self) -> bool {
        !self.no_tool_choice.load(Ordering::Relaxed)
    }

    pub(super) fn temperature(&self) -> bool {
        !self.no_temperature.load(Ordering::Relaxed)
    }

    /// Whether the server may hold an answer to a form.
    pub(super) fn response_format(&self) -> bool {
        !self.no_response_format.load(Ordering::Relaxed)
    }

    /// Whether the form is asked for in words: the server takes none, or took one and did not hold to it.
    pub(super) fn form_in_words(&self) -> bool {
        !self.response_format() || self.form_in_words.load(Ordering::Relaxed)
    }

    /// From now on forms are asked for in words too; `false` when they are already.
    pub(super) fn ask_in_words(&self) -> bool {
        !self.form_in_words() && !self.form_in_words.swap(true, Ordering::Relaxed)
    }

    /// From now on forms are asked for in words alone; `false` when they are already.
    pub(super) fn give_up_form(&self) -> bool {
        !self.no_response_format.swap(true, Ordering::Relaxed)
    }

    /// The schema of a tool's arguments, as the server takes it.
    pub(super) fn schema(&self, schema: &Value) -> Value {
        if self.plain_schemas.load(Ordering::Relaxed) { plain(schema) } else { schema.clone() }
    }

    /// The schema of an answer, as the server takes it.
    pub(super) fn form(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        if self.no_max_items.load(Ordering::Relaxed) {
            without(&mut schema, "maxItems");
        }
        if self.plain_schemas.load(Ordering::Relaxed) {
            without(&mut schema, "additionalProperties");
            nullable(&mut schema);
        }
        schema
    }
}

/// Takes a word out of a form's schema, wherever it stands.
fn without(schema: &mut Value, word: &str) {
    if let Some(fields) = schema.as_object_mut() {
        fields.remove(word);
    }
    parts_of(schema).into_iter().for_each(|part| without(part, word));
}

/// `null` as a mark beside the type, as Gemini's endpoint has it.
fn nullable(schema: &mut Value) {
    if let Some(Value::Array(types)) = schema.get("type") {
        let known = types.iter().find(|of| *of != "null").cloned();
        if let Some(fields) = schema.as_object_mut() {
            fields.insert("type".to_owned(), json!(known));
            fields.insert("nullable".to_owned(), json!(true));
        }
    }
    parts_of(schema).into_iter().for_each(nullable);
}

/// The schemas in a schema.
fn parts_of(schema: &mut Value) -> Vec<&mut Value> {
    let Some(fields) = schema.as_object_mut() else { return Vec::new() };
    let mut parts = Vec::new();
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => parts.extend(properties.values_mut()),
            ("anyOf", Value::Array(choices)) => parts.extend(choices),
            ("items", item) => parts.push(item),
            _ => {}
        }
    }
    parts
}

/// A schema without what the least of servers do not know. An object without properties of its own says nothing of what is
/// in it; unknown arguments are refused here anyway.
fn plain(schema: &Value) -> Value {
    const KEPT: [&str; 6] = ["type", "description", "enum", "required", "properties", "items"];
    let Some(fields) = schema.as_object() else { return schema.clone() };
    let mut out = Map::new();
    for (key, value) in fields.iter().filter(|(key, _)| KEPT.contains(&key.as_str())) {
        let value = match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                Value::Object(properties.iter().map(|(name, property)| (name.clone(), plain(property))).collect())
            }
            ("items", items) => plain(items),
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    // One of several words.
    let choices = ["oneOf", "anyOf"].iter().find_map(|key| fields.get(*key)?.as_array());
    if let Some(choices) = choices.filter(|_| !out.contains_key("enum")) {
        let words: Vec<&Value> = choices.iter().filter_map(|choice| choice.get("const")).collect();
        if words.len() == choices.len() {
            out.insert("type".to_owned(), json!("string"));
            out.insert("enum".to_owned(), json!(words));
        }
    }
    if let Some(word) = fields.get("const") {
        out.insert("enum".to_owned(), json!([word]));
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::{Tool, schema};

    #[test]
    fn plain_schemas_say_the_same_with_fewer_words() {
        let parts = Parts::known(Some(Provider::Gemini));
        for tool in Tool::ALL {
            let (whole, plain) = (schema::of(tool), parts.schema(&schema::of(tool)));
            for word in ["additionalProperties", "oneOf", "anyOf", "const", "minimum", "$schema"] {
                assert!(!plain.to_string().contains(&format!("\"{word}\":")), "{tool}: {plain}");
            }
            let names =
                |schema: &Value| -> Vec<String> { schema["properties"].as_object().unwrap().keys().cloned().collect() };
            assert_eq!((names(&whole), &whole["required"]), (names(&plain), &plain["required"]), "{tool}");
        }
        let state = &parts.schema(&schema::of(Tool::ListJobs))["properties"]["state"];
        assert_eq!((&state["type"], &state["enum"]), (&json!("string"), &json!(["open", "done", "all"])));
        assert_eq!(Parts::default().schema(&schema::of(Tool::ListJobs)), schema::of(Tool::ListJobs));
    }

    #[test]
    fn each_part_is_given_up_once() {
        let parts = Parts::default();
        assert!(parts.temperature() && parts.give_up("Unsupported value: 'temperature' does not support 0"));
        assert!(!parts.temperature() && !parts.give_up("temperature"));
        assert!(!parts.give_up("the model is busy"));
        assert!(parts.give_up("Unknown name \"additionalProperties\" at 'tools[0]': Cannot find field."));
        assert!(!parts.give_up("Unknown name \"const\" at 'tools[0]'"), "that was left out with it");
    }
}
