//! `run_remote_compute`: stage the data, submit the job, take the quote.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cancel, ToolResult, Toolbox, facts};
use crate::domain::ids::JobId;

/// What it does, for the model.
pub const DESCRIPTION: &str = "Upload the dataset of a planned job to storage, submit the job to the provider, and return \
its quote (amount and recipient). Only for jobs whose verdict is offload. Nothing is paid and nothing runs yet.";

/// Its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The job id that check_local_capability returned, such as job-7k3q9dm2.
    #[schemars(with = "String")]
    pub job: JobId,
}

pub(super) async fn run(toolbox: &Toolbox, args: &Args, cancel: &Cancel) -> ToolResult {
    match toolbox.work.run_remote(&toolbox.session, &args.job, cancel).await {
        Ok(job) => toolbox.outcome(facts::quoted(&job), job),
        Err(error) => toolbox.failed(&error, &args.job),
    }
}
