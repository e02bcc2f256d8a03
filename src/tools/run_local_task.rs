//! `run_local_task`: run a planned job on this machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cancel, ToolResult, Toolbox, facts};
use crate::domain::ids::JobId;

/// What it does, for the model.
pub const DESCRIPTION: &str = "Run a planned job on this machine and return its result. Only for jobs whose verdict is \
local; the guard refuses others.";

/// Its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The job id that check_local_capability returned, such as job-7k3q9dm2.
    #[schemars(with = "String")]
    pub job: JobId,
}

pub(super) async fn run(toolbox: &Toolbox, args: &Args, cancel: &Cancel) -> ToolResult {
    match toolbox.work.run_local(&toolbox.session, &args.job, cancel).await {
        Ok(job) => toolbox.outcome(facts::finished(&job, None), job),
        Err(error) => toolbox.failed(&error, &args.job),
    }
}
