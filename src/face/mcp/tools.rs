//! The tools as the protocol lists them: names, descriptions and schemas of `tool_schemas/`, with hints for clients.

use std::sync::{Arc, LazyLock};

use rmcp::model::{Tool as Listed, ToolAnnotations};
use serde_json::Value;

use crate::tools::{Tool, schema};

/// All tools, in the order of a job's life.
static ALL: LazyLock<Vec<Listed>> = LazyLock::new(|| Tool::ALL.into_iter().map(listed).collect());

/// All tools, in the order of a job's life.
pub fn all() -> Vec<Listed> {
    ALL.clone()
}

/// The tool of exactly that name.
pub fn named(name: &str) -> Option<Listed> {
    ALL.iter().find(|tool| tool.name == name).cloned()
}

fn listed(tool: Tool) -> Listed {
    let schema = match schema::of(tool) {
        Value::Object(fields) => fields,
        // The schema of a struct is an object.
        _ => serde_json::Map::new(),
    };
    Listed::new(tool.name(), schema::description(tool), Arc::new(schema)).with_title(title(tool)).annotate(hints(tool))
}

/// What people read in a client's list.
fn title(tool: Tool) -> &'static str {
    match tool {
        Tool::CheckLocalCapability => "Plan a task: measure dataset and machine",
        Tool::RunLocalTask => "Run a planned job on this machine",
        Tool::RunRemoteCompute => "Upload and submit a planned job",
        Tool::PayGasFee => "Pay a job's quote in GAS",
        Tool::WaitForJob => "Wait for a job and fetch its result",
        Tool::ListJobs => "List jobs",
    }
}

/// Hints by which clients decide whether to ask their user. They are hints: what may happen is the guard's affair.
fn hints(tool: Tool) -> ToolAnnotations {
    let hints = ToolAnnotations::new().read_only(tool.is_read());
    match tool {
        Tool::CheckLocalCapability | Tool::ListJobs => hints.open_world(false),
        Tool::RunLocalTask => hints.destructive(false).idempotent(false).open_world(false),
        Tool::RunRemoteCompute => hints.destructive(false).idempotent(false).open_world(true),
        // Money that is spent does not come back; a second call for the same job pays nothing.
        Tool::PayGasFee => hints.destructive(true).idempotent(true).open_world(true),
        Tool::WaitForJob => hints.destructive(false).idempotent(true).open_world(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_marked_as_such_and_paying_as_what_cannot_be_undone() {
        let hint =
            |name: &str, field: &str| serde_json::to_value(named(name).unwrap()).unwrap()["annotations"][field].clone();
        for tool in Tool::ALL {
            assert_eq!(hint(tool.name(), "readOnlyHint"), tool.is_read(), "{tool}");
        }
        assert_eq!(hint("pay_gas_fee", "destructiveHint"), true);
        assert_eq!(hint("run_remote_compute", "openWorldHint"), true);
        assert!(named("launch_rocket").is_none());
    }
}
