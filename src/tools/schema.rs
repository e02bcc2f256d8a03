//! The JSON Schemas of the tools, derived from their argument types, and the files in `tool_schemas/`.

use std::{io, path::Path};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{Tool, check_local_capability, list_jobs, pay_gas_fee, run_local_task, run_remote_compute, wait_for_job};

/// What a tool does, for the model.
pub fn description(tool: Tool) -> &'static str {
    match tool {
        Tool::CheckLocalCapability => check_local_capability::DESCRIPTION,
        Tool::RunLocalTask => run_local_task::DESCRIPTION,
        Tool::RunRemoteCompute => run_remote_compute::DESCRIPTION,
        Tool::PayGasFee => pay_gas_fee::DESCRIPTION,
        Tool::WaitForJob => wait_for_job::DESCRIPTION,
        Tool::ListJobs => list_jobs::DESCRIPTION,
    }
}

/// The schema of a tool's arguments, in a form that small servers understand too: no references, no `null` types.
pub fn of(tool: Tool) -> Value {
    match tool {
        Tool::CheckLocalCapability => derive::<check_local_capability::Args>(),
        Tool::RunLocalTask => derive::<run_local_task::Args>(),
        Tool::RunRemoteCompute => derive::<run_remote_compute::Args>(),
        Tool::PayGasFee => derive::<pay_gas_fee::Args>(),
        Tool::WaitForJob => derive::<wait_for_job::Args>(),
        Tool::ListJobs => derive::<list_jobs::Args>(),
    }
}

fn derive<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft07();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("title");
        // The type's own doc comment; the tool has a description already.
        fields.remove("description");
    }
    plain(&mut schema);
    schema
}

/// Number formats mean nothing to models.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.remove("format");
            words(fields);
            fields.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

/// One of several words as a plain enumeration with its type: constants without a type beside them are refused by Kimi, and
/// `oneOf` by Gemini. What each word means is said where the argument is described.
fn words(fields: &mut Map<String, Value>) {
    let Some(Value::Array(kinds)) = fields.get("oneOf") else { return };
    let words: Vec<Value> =
        kinds.iter().filter_map(|kind| kind.get("const").filter(|word| word.is_string()).cloned()).collect();
    if words.len() == kinds.len() {
        fields.remove("oneOf");
        fields.insert("type".to_owned(), json!("string"));
        fields.insert("enum".to_owned(), Value::Array(words));
    }
}

/// Every tool as its file in `tool_schemas/` holds it: name, description, and the schema of its arguments.
pub fn schemas() -> Vec<(&'static str, Value)> {
    Tool::ALL
        .into_iter()
        .map(|tool| {
            let whole = json!({"name": tool.name(), "description": description(tool), "parameters": of(tool)});
            (tool.name(), whole)
        })
        .collect()
}

/// The text of one file.
pub fn file_text(schema: &Value) -> String {
    // Printing a value that serde_json built cannot fail.
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Writes `NAME.json` for every tool into `folder`.
///
/// # Errors
/// When the folder or a file cannot be written.
pub fn write_schemas(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, schema) in schemas() {
        std::fs::write(folder.join(format!("{name}.json")), file_text(&schema))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_as_generated() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tool_schemas");
        let mut expected: Vec<String> = Vec::new();
        for (name, schema) in schemas() {
            let file = folder.join(format!("{name}.json"));
            let there = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(there, file_text(&schema), "{name}.json drifted: run `agent tools --write`");
            expected.push(format!("{name}.json"));
        }
        for entry in std::fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(expected.contains(&name), "{name} belongs to no tool");
        }
    }

    /// What Kimi, Gemini and servers with grammars of their own take: see `docs/endpoints.md`.
    #[test]
    fn every_argument_has_a_type_and_no_choice_of_schemas() {
        fn typed(schema: &Value, at: &str) {
            let fields = schema.as_object().unwrap_or_else(|| panic!("{at} is no object"));
            assert!(fields.get("type").is_some_and(Value::is_string), "{at}: {schema}");
            for word in ["oneOf", "anyOf", "allOf", "not", "const", "$ref", "format", "$schema", "default"] {
                assert!(!fields.contains_key(word), "{at} has {word}: {schema}");
            }
            for (name, property) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
                typed(property, &format!("{at}.{name}"));
            }
            if let Some(items) = fields.get("items") {
                typed(items, &format!("{at}[]"));
            }
        }
        for (name, whole) in schemas() {
            typed(&whole["parameters"], name);
            assert!(
                jsonschema::draft202012::meta::is_valid(&whole["parameters"]),
                "{name}: Anthropic takes this draft"
            );
        }
        let state = &of(Tool::ListJobs)["properties"]["state"];
        assert_eq!((&state["type"], &state["enum"]), (&json!("string"), &json!(["open", "done", "all"])));
    }

    #[test]
    fn every_argument_is_explained_and_nothing_else_is_allowed() {
        for (name, whole) in schemas() {
            let schema = &whole["parameters"];
            assert_eq!(schema["additionalProperties"], json!(false), "{name}");
            assert!(!schema.to_string().contains("$ref") && !schema.to_string().contains("null"), "{name}: {schema}");
            for (argument, property) in schema["properties"].as_object().unwrap() {
                assert!(property["description"].as_str().is_some_and(|d| d.len() > 10), "{name}.{argument}");
            }
        }
    }
}
