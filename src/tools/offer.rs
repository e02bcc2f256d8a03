//! Which tools a model is offered: what the state of its jobs allows, with the real values as enumerations.
//!
//! Narrowing is kindness, not safety: a call to a tool that is not offered meets the guard like any other.

use serde_json::{Value, json};

use super::{Tool, ToolSpec, next, schema};
use domain::{job::Job, request::Until, task::TaskType};

/// Everything that makes sense now: the two reads, and the steps that these jobs wait for, as far as their request goes.
pub fn offered(jobs: &[Job], until: Until, tasks: &[TaskType]) -> Vec<ToolSpec> {
    let mut out = vec![check(tasks)];
    out.extend(offered_next(jobs, until));
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

/// Only the steps that these jobs wait for, as far as their request goes.
pub fn offered_next(jobs: &[Job], until: Until) -> Vec<ToolSpec> {
    [Tool::RunLocalTask, Tool::RunRemoteCompute, Tool::PayGasFee, Tool::WaitForJob]
        .into_iter()
        .filter_map(|tool| step(tool, jobs, until))
        .collect()
}

fn step(tool: Tool, jobs: &[Job], until: Until) -> Option<ToolSpec> {
    let ready: Vec<&Job> = jobs.iter().filter(|j| next::tool_within(j, until) == Some(tool)).collect();
    if ready.is_empty() {
        return None;
    }
    let mut schema = schema::of(tool);
    // Of more jobs none is written out: the list would fill a small window.
    if ready.len() <= next::MOST_JOBS {
        let ids = || ready.iter().map(|j| j.id.to_string());
        one_of(&mut schema, "/properties/job", ids());
        one_of(&mut schema, "/properties/more_jobs/items", ids().chain([next::ALL.to_owned()]));
    }
    if let ([_], Some(fields)) = (ready.as_slice(), schema.get_mut("properties").and_then(Value::as_object_mut)) {
        fields.remove("more_jobs");
    }
    if tool == Tool::PayGasFee {
        one_of(
            &mut schema,
            "/properties/amount",
            ready.iter().filter_map(|j| j.quote.as_ref().map(|q| q.amount.gas_string())),
        );
        one_of(
            &mut schema,
            "/properties/recipient",
            ready.iter().filter_map(|j| j.quote.as_ref().map(|q| q.recipient.address())),
        );
    }
    Some(ToolSpec { name: tool.name().to_owned(), description: schema::description(tool).to_owned(), schema })
}

/// So many tasks are offered with their titles; of more, only what can be chosen is told.
const FEW: usize = 8;

/// The first step of any task: their names as the only values.
fn check(tasks: &[TaskType]) -> ToolSpec {
    let mut schema = schema::of(Tool::CheckLocalCapability);
    one_of(&mut schema, "/properties/task_type", tasks.iter().map(|t| t.name.clone()));
    let mut description = schema::description(Tool::CheckLocalCapability).to_owned();
    let what = if tasks.len() <= FEW { "Task types:" } else { "Task types with their parameters:" };
    description.push_str(&format!(" {what}"));
    for task in tasks {
        let names: Vec<&str> = task.parameters.keys().map(String::as_str).collect();
        let names = names.join(", ");
        let told = match (tasks.len() <= FEW, names.is_empty()) {
            (true, true) => format!(" {} ({});", task.name, task.title),
            (true, false) => format!(" {} ({}; parameters: {names});", task.name, task.title),
            // Each stands among the values too.
            (false, true) => continue,
            (false, false) => format!(" {}: {names};", task.name),
        };
        description.push_str(&told);
    }
    ToolSpec { name: Tool::CheckLocalCapability.name().to_owned(), description, schema }
}

/// Writes the only values that are real into a part of a schema.
fn one_of(schema: &mut Value, part: &str, values: impl Iterator<Item = String>) {
    let mut real: Vec<String> = Vec::new();
    for value in values {
        if !real.contains(&value) {
            real.push(value);
        }
    }
    if let Some(property) = schema.pointer_mut(part).and_then(Value::as_object_mut) {
        property.remove("pattern");
        property.insert("enum".to_owned(), json!(real));
    }
}
