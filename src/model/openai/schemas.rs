//! Schemas in fewer words, for who knows no more.

use serde_json::{Map, Value, json};

/// Takes a word out of a form's schema, wherever it stands.
pub(super) fn without(schema: &mut Value, word: &str) {
    if let Some(fields) = schema.as_object_mut() {
        fields.remove(word);
    }
    parts_of(schema).into_iter().for_each(|part| without(part, word));
}

/// `null` as a mark beside the type, as Gemini's endpoint has it.
pub(super) fn nullable(schema: &mut Value) {
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
pub(super) fn plain(schema: &Value) -> Value {
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
    Value::Object(out)
}
