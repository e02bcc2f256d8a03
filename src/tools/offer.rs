//! Which tools a model is offered: what the state of its jobs allows, with the real values as enumerations.
//!
//! Narrowing is kindness, not safety: a call to a tool that is not offered meets the guard like any other.

use serde_json::{Value, json};

use super::{Tool, ToolSpec, next, schema};
use crate::domain::{job::Job, task::TaskType};

/// Of more jobs than these that wait for one step, none is written out: the list would fill a small window.
const MOST_JOBS: usize = 16;

/// Everything that makes sense now: the two reads, and the steps that some open job waits for. `datasets` are the only ones
/// that can be meant, where that is certain.
pub fn offered(jobs: &[Job], tasks: &[TaskType], datasets: Option<&[String]>) -> Vec<ToolSpec> {
    let mut out = vec![check(tasks, datasets)];
    out.extend(offered_next(jobs));
    out.push(as_it_is(Tool::ListJobs));
    out
}

/// Every tool as its schema has it, whatever the state of the jobs.
pub fn plain() -> Vec<ToolSpec> {
    Tool::ALL.into_iter().map(as_it_is).collect()
}

fn as_it_is(tool: Tool) -> ToolSpec {
    ToolSpec {
        name: tool.name().to_owned(),
        description: schema::description(tool).to_owned(),
        schema: schema::of(tool),
    }
}

/// Only the steps that open jobs wait for.
pub fn offered_next(jobs: &[Job]) -> Vec<ToolSpec> {
    [Tool::RunLocalTask, Tool::RunRemoteCompute, Tool::PayGasFee, Tool::WaitForJob]
        .into_iter()
        .filter_map(|tool| step(tool, jobs))
        .collect()
}

fn step(tool: Tool, jobs: &[Job]) -> Option<ToolSpec> {
    let ready: Vec<&Job> = jobs.iter().filter(|j| next::tool(j) == Some(tool)).collect();
    if ready.is_empty() {
        return None;
    }
    let mut schema = schema::of(tool);
    if ready.len() <= MOST_JOBS {
        one_of(&mut schema, "job", ready.iter().map(|j| j.id.to_string()));
    }
    if tool == Tool::PayGasFee {
        one_of(&mut schema, "amount", ready.iter().filter_map(|j| j.quote.as_ref().map(|q| q.amount.gas_string())));
        one_of(&mut schema, "recipient", ready.iter().filter_map(|j| j.quote.as_ref().map(|q| q.recipient.address())));
    }
    Some(ToolSpec { name: tool.name().to_owned(), description: schema::description(tool).to_owned(), schema })
}

/// The first step of any task: its names, and `datasets` where they are certain, as the only values.
pub fn check(tasks: &[TaskType], datasets: Option<&[String]>) -> ToolSpec {
    let mut schema = schema::of(Tool::CheckLocalCapability);
    if let Some(datasets) = datasets {
        one_of(&mut schema, "dataset", datasets.iter().cloned());
    }
    one_of(&mut schema, "task_type", tasks.iter().map(|t| t.name.clone()));
    let mut description = schema::description(Tool::CheckLocalCapability).to_owned();
    description.push_str(" Task types:");
    for task in tasks {
        description.push_str(&format!(" {} ({}", task.name, task.title));
        if !task.parameters.is_empty() {
            let names: Vec<&str> = task.parameters.keys().map(String::as_str).collect();
            description.push_str(&format!("; parameters: {}", names.join(", ")));
        }
        description.push_str(");");
    }
    ToolSpec { name: Tool::CheckLocalCapability.name().to_owned(), description, schema }
}

/// Writes the only values that are real into the schema of one argument.
fn one_of(schema: &mut Value, argument: &str, values: impl Iterator<Item = String>) {
    let mut real: Vec<String> = Vec::new();
    for value in values {
        if !real.contains(&value) {
            real.push(value);
        }
    }
    if let Some(property) = schema.pointer_mut(&format!("/properties/{argument}")).and_then(Value::as_object_mut) {
        property.insert("enum".to_owned(), json!(real));
    }
}
