//! `wait_for_job`: wait for a paid job, fetch and check its result.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{More, written};
use domain::ids::JobId;

/// What it does, for the model.
pub const DESCRIPTION: &str = "Wait until paid jobs are finished, fetch their results, check them, and return their summaries. \
One call is enough: it waits by itself.";

/// Its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The job id that was paid for, such as job-7k3q9dm2.
    #[schemars(with = "written::Job")]
    pub job: JobId,
    /// Further jobs that take the same step side by side: their ids, or ["all"] for every job of the request that waits for it.
    #[serde(default, deserialize_with = "written::given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "More")]
    pub more_jobs: Option<More>,
}
