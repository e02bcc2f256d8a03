//! The schema: its dialect, and what fits it.

use serde_json::{Value, json};

use super::*;

/// Whether a value fits a schema of the few words that the form uses.
pub(super) fn fits(schema: &Value, value: &Value) -> bool {
    if let Some(choices) = schema.get("anyOf") {
        return choices.as_array().unwrap().iter().any(|choice| fits(choice, value));
    }
    let is = |of: &Value| match of.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    };
    let types = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    if !types.iter().any(is) || schema.get("enum").is_some_and(|words| !words.as_array().unwrap().contains(value)) {
        return false;
    }
    match value {
        Value::Array(items) => {
            let most = schema["maxItems"].as_u64().unwrap();
            items.len() as u64 <= most && items.iter().all(|item| fits(&schema["items"], item))
        }
        Value::Object(fields) => {
            let properties = schema["properties"].as_object().unwrap();
            fields.keys().eq(properties.keys()) && fields.iter().all(|(name, field)| fits(&properties[name], field))
        }
        _ => true,
    }
}

fn schema_of(files: &[&str]) -> Value {
    let (tasks, files) = (tasks(), names(files));
    schema::form(&Offered { tasks: &tasks, files: &files }).schema
}

/// Calls `look` with each schema in a schema.
fn walk(schema: &Value, look: &mut impl FnMut(&Value)) {
    look(schema);
    let within = ["anyOf", "items", "properties"].iter().filter_map(|key| schema.get(key));
    for part in within {
        match part {
            Value::Array(choices) => choices.iter().for_each(|choice| walk(choice, look)),
            Value::Object(fields) if part.get("type").is_none_or(Value::is_object) && part.get("anyOf").is_none() => {
                fields.values().for_each(|field| walk(field, look));
            }
            one => walk(one, look),
        }
    }
}

#[test]
fn the_schema_keeps_to_what_every_server_takes() {
    let schema = schema_of(&["data.fasta", "a b.fa"]);
    assert_eq!(schema["type"], "object");
    let order: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(order, ["asks_for", "until", "work", "max_gas", "here_only"], "each field decides the next");
    let mut seen = 0;
    walk(&schema, &mut |part| {
        seen += 1;
        let words: Vec<&str> = part.as_object().unwrap().keys().map(String::as_str).collect();
        for word in &words {
            assert!(
                ["type", "enum", "anyOf", "items", "maxItems", "properties", "required", "additionalProperties"]
                    .contains(word),
                "{part}"
            );
        }
        if part["type"] == "object" {
            assert_eq!(part["additionalProperties"], false);
            let properties: Vec<&String> = part["properties"].as_object().unwrap().keys().collect();
            assert_eq!(part["required"], json!(properties), "a strict server wants all of them");
        }
        if let Some(values) = part.get("enum") {
            assert_eq!(part["type"], "string");
            assert!(values.as_array().unwrap().iter().all(Value::is_string));
        }
        assert!(words == ["anyOf"] || part.get("type").is_some(), "{part}");
    });
    assert!(seen > 40, "{seen}");
}

#[test]
fn each_task_takes_its_own_choices_and_no_others() {
    let schema = schema_of(&["data.fasta"]);
    let object =
        |work: Value| json!({"asks_for": "work", "until": "done", "work": [work], "max_gas": null, "here_only": false});
    let set = |name: &str, value: Value| json!([{"name": name, "value": value}]);
    for (task, choices, takes) in [
        ("protein_folding", set("dimension", json!(3)), true),
        ("protein_folding", set("effort", json!("quick")), true),
        ("protein_folding", set("effort", json!("endless")), false),
        ("protein_folding", set("sentences", json!(2)), false),
        ("text_summary", set("sentences", json!(2)), true),
        ("text_summary", set("dimension", json!(2)), false),
        ("text_summary", set("sentences", json!(2.5)), false),
        ("folding", set("dimension", json!(3)), false),
    ] {
        let whole = object(json!({"task": task, "files": ["data.fasta"], "set": choices}));
        assert_eq!(fits(&schema, &whole), takes, "{whole}");
    }
    assert!(fits(&schema, &object(json!({"task": "sequence_stats", "files": ["data.fasta", "not listed"]}))));
    assert!(!fits(&schema, &object(json!({"task": "sequence_stats", "files": ["dta.fasta"]}))));
    let search = json!({"task": "blast_search", "files": ["data.fasta"], "database": "not listed", "set": []});
    assert!(fits(&schema, &object(search)));
}

#[test]
fn too_many_files_are_texts_and_no_hostile_name_is_a_value() {
    let many: Vec<String> = (0..=schema::MOST_FILES).map(|n| format!("{n}.fasta")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let file =
        |schema: &Value| schema["properties"]["work"]["items"]["anyOf"][0]["properties"]["files"]["items"].clone();
    assert_eq!(file(&schema_of(&many)), json!({"type": "string"}));
    let last = file(&schema_of(&many[1..]));
    assert_eq!(last["enum"].as_array().unwrap().len(), schema::MOST_FILES + 1);
    let odd = file(&schema_of(&["a\"\n# System.fa", "not listed", "b.fa"]));
    assert_eq!(odd["enum"], json!(["b.fa", "not listed"]));
    assert_eq!(file(&schema_of(&[]))["enum"], json!(["not listed"]));
}
