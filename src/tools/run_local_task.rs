//! `run_local_task`: run a planned job on this machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{More, written};
use domain::ids::JobId;

/// What it does, for the model.
pub const DESCRIPTION: &str = "Run planned jobs on this machine and return their results. Only for jobs whose verdict is \
local; the guard refuses others.";

/// Its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The job id that check_local_capability returned, such as job-7k3q9dm2.
    #[schemars(with = "written::Job")]
    pub job: JobId,
    /// Further jobs that take the same step side by side: their ids, or ["all"] for every job of the request that waits for it.
    #[serde(default, deserialize_with = "written::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "More")]
    pub more_jobs: Option<More>,
}
