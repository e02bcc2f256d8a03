//! The tools a model may call: one file a tool.
//!
//! A tool is a doorway and no more: it parses arguments, asks the [`work`] for one step, and says what came of it in a
//! JSON object. Whether the step may happen is the guard's affair, whatever was [offered](offer).
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`work`] | what the tools ask of the job workflow |
//! | one a tool | its arguments and its step |
//! | [`call`] | from a name and raw arguments to a typed call |
//! | [`written`] | how arguments are written: one form for schema and parser |
//! | [`run`] | a typed call to its one result |
//! | [`effect`] | a step with an effect, on one job or on several side by side |
//! | [`standing`] | the plan that waits for consent, and where the request stops |
//! | [`files`] | the files that a name stands for |
//! | [`facts`] | what a result says of a job |
//! | [`next`] | which step of a job comes next |
//! | [`offer`] | which tools are offered, narrowed to what is real |
//! | [`schema`] | the generated JSON Schemas and `tool_schemas/` |

pub mod call;
pub mod check_local_capability;
pub mod effect;
pub mod facts;
pub mod files;
pub mod list_jobs;
pub mod next;
pub mod offer;
pub mod pay_gas_fee;
pub mod run;
pub mod run_local_task;
pub mod run_remote_compute;
pub mod schema;
pub mod standing;
pub mod wait_for_job;
pub mod work;
pub mod written;

#[cfg(test)]
pub mod fake;
#[cfg(test)]
mod tests;

use std::fmt;

pub use call::{BadCall, Call};
pub use offer::{offered, offered_next, plain};
pub use run::{Failure, ToolResult, Toolbox};
pub use schema::{schemas, write_schemas};
use serde::{Deserialize, Serialize};
pub use work::{Cancel, Claim, Opening, Outcome, Steps, WorkError};
pub use written::More;

/// A tool as a model is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub schema: serde_json::Value,
}

/// The tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tool {
    /// Measure a dataset and this machine, and draw the verdict.
    CheckLocalCapability,
    /// Run a job on this machine.
    RunLocalTask,
    /// Stage a job's data, submit it and get its quote.
    RunRemoteCompute,
    /// Pay a job's quote.
    PayGasFee,
    /// Wait for a paid job and fetch its result.
    WaitForJob,
    /// Look at jobs.
    ListJobs,
}

impl Tool {
    /// All of them, in the order of a job's life.
    pub const ALL: [Tool; 6] = [
        Tool::CheckLocalCapability,
        Tool::RunLocalTask,
        Tool::RunRemoteCompute,
        Tool::PayGasFee,
        Tool::WaitForJob,
        Tool::ListJobs,
    ];

    /// The name that models use.
    pub fn name(self) -> &'static str {
        match self {
            Tool::CheckLocalCapability => "check_local_capability",
            Tool::RunLocalTask => "run_local_task",
            Tool::RunRemoteCompute => "run_remote_compute",
            Tool::PayGasFee => "pay_gas_fee",
            Tool::WaitForJob => "wait_for_job",
            Tool::ListJobs => "list_jobs",
        }
    }

    /// The tool of exactly that name.
    pub fn from_name(name: &str) -> Option<Tool> {
        Tool::ALL.into_iter().find(|t| t.name() == name)
    }

    /// The names of all.
    pub fn names() -> Vec<&'static str> {
        Tool::ALL.iter().map(|t| t.name()).collect()
    }

    /// Whether it changes nothing outside the ledger, so that it may run beside others.
    pub fn is_read(self) -> bool {
        matches!(self, Tool::CheckLocalCapability | Tool::ListJobs)
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
