//! `run_remote_compute`: stage the data, submit the job, take the quote.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{More, written};
use domain::ids::JobId;

/// What it does, for the model.
pub const DESCRIPTION: &str = "Upload the datasets of planned jobs to storage, submit the jobs to the provider, and return \
their quotes (amount and recipient). Only for jobs whose verdict is offload. Nothing is paid and nothing runs yet. Before it, \
the person is shown the plan of everything that was checked, and agrees to it or not.";

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
