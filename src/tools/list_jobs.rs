//! `list_jobs`: look at jobs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ToolResult, Toolbox, facts, written};
use domain::job::Job;

/// What it does, for the model.
pub const DESCRIPTION: &str = "List jobs with their states, what they cost, the newest results, and what comes next for each. \
For questions about earlier jobs. Changes nothing.";

/// The most jobs that are listed, newest first.
const MOST: usize = 20;
/// The most results that are shown with them, newest first.
const MOST_RESULTS: usize = 3;

/// Which jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Jobs that are not at their end.
    Open,
    /// Jobs that are at their end.
    Done,
    /// Every job.
    #[default]
    All,
}

/// Its arguments.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// Which jobs: open, done, or all (the default).
    #[serde(default, deserialize_with = "written::word", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Which")]
    pub state: Option<Which>,
}

pub(super) fn run(toolbox: &Toolbox, args: &Args) -> ToolResult {
    match toolbox.work.jobs() {
        Ok(jobs) => ToolResult::done(listed(toolbox, &jobs, args.state.unwrap_or_default()), Vec::new()),
        Err(error) => ToolResult::failed(&error, None),
    }
}

fn listed(toolbox: &Toolbox, jobs: &[Job], which: Which) -> Value {
    let wanted = |job: &&Job| match which {
        Which::Open => !job.state.is_end(),
        Which::Done => job.state.is_end(),
        Which::All => true,
    };
    let all: Vec<&Job> = jobs.iter().rev().filter(wanted).collect();
    let mut results = 0;
    let lines: Vec<Value> = all
        .iter()
        .take(MOST)
        .map(|job| {
            results += usize::from(job.result.is_some());
            let attempts = if job.tx_hash.is_some() { toolbox.work.attempts(&job.id) } else { Ok(Vec::new()) };
            // A ledger that cannot be read any more says so at the next step.
            facts::line(job, &attempts.unwrap_or_default(), results <= MOST_RESULTS)
        })
        .collect();
    let next = match all.iter().filter(|j| !j.state.is_end()).count() {
        0 => "No job is open. Answer the person from this list.".to_owned(),
        n => format!(
            "{n} open. Answer the person from this list. Go on with an open job only if they asked for it: call \
             check_local_capability with its task_type, dataset and parameters, and it is taken up."
        ),
    };
    json!({"ok": true, "count": all.len(), "shown": lines.len(), "jobs": lines, "next_step": next})
}
