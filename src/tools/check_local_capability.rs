//! `check_local_capability`: measure, and decide where a task runs.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ToolResult, Toolbox, facts, work::CheckRequest};
use crate::domain::task::Parameters;

/// What it does, for the model.
pub const DESCRIPTION: &str = "Plan a task on a dataset: measures the file and this machine and decides whether the \
task runs here (local) or at the provider (offload). Always the first step of a task. Costs nothing and changes \
nothing. Returns the job id that the other tools need.";

/// Its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The task, by its name in the catalogue.
    pub task_type: String,
    /// The path of the dataset, exactly as the person wrote it.
    pub dataset: String,
    /// What the person asked for beside the defaults, such as {"dimension": 3}. Leave it out when they said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Parameters>,
    /// The size the person claims, in bytes. It can only raise what is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_bytes: Option<u64>,
    /// The run time the person claims, in seconds. It can only raise what is estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub claimed_seconds: Option<f64>,
}

pub(super) async fn run(toolbox: &Toolbox, args: Args) -> ToolResult {
    let request = CheckRequest {
        session: toolbox.session.clone(),
        task_type: args.task_type,
        dataset: PathBuf::from(args.dataset),
        parameters: args.parameters.unwrap_or_default(),
        claimed_bytes: args.claimed_bytes,
        // Not a number, negative or infinite: no claim at all.
        claimed_seconds: args.claimed_seconds.filter(|s| s.is_finite() && *s >= 0.0),
    };
    match toolbox.work.check(request).await {
        Ok(job) => {
            let mut value = facts::verdict(&job);
            facts::add_next(&mut value, &job);
            ToolResult::done(value, Some(job))
        }
        Err(error) => ToolResult::failed(&error, None),
    }
}
