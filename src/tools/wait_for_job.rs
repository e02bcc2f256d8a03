//! `wait_for_job`: wait for a paid job, fetch and check its result.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cancel, ToolResult, Toolbox, facts};
use crate::domain::ids::JobId;

/// What it does, for the model.
pub const DESCRIPTION: &str = "Wait until a paid job is finished, fetch its result, check it, and return its summary. One \
call is enough: it waits by itself.";

/// Its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The job id that was paid for, such as job-7k3q9dm2.
    #[schemars(with = "String")]
    pub job: JobId,
}

pub(super) async fn run(toolbox: &Toolbox, args: &Args, cancel: &Cancel) -> ToolResult {
    match toolbox.work.wait(&args.job, cancel).await {
        Ok(job) => {
            let attempts = toolbox.work.attempts(&job.id).unwrap_or_default();
            toolbox.outcome(facts::finished(&job, Some(&attempts)), job)
        }
        Err(error) => toolbox.failed(&error, &args.job),
    }
}
