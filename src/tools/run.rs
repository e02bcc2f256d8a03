//! A call to its one result.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    BadCall, Call, Cancel, Steps, WorkError, check_local_capability, facts, list_jobs, next, pay_gas_fee,
    run_local_task, run_remote_compute, wait_for_job,
};
use crate::{
    domain::{ids::JobId, job::Job, units::clean},
    policy::refusal::Rule,
};

/// What the tools work with.
pub struct Toolbox {
    /// The job workflow.
    pub work: Arc<dyn Steps>,
    /// The session that new jobs belong to.
    pub session: String,
}

/// Why a call did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A short stable word.
    pub kind: String,
    /// The guard's rule, where it refused.
    pub rule: Option<Rule>,
    /// One sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// What the process exits with.
    pub exit_code: u8,
}

/// A call's one result.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    /// Whether it did what was asked.
    pub ok: bool,
    /// What the model is told: an object with `ok` and `next_step`.
    pub value: Value,
    /// The job it was about, as it stands now.
    pub job: Option<Job>,
    /// Why not, when it did not.
    pub failure: Option<Failure>,
}

impl ToolResult {
    /// It did what was asked.
    pub fn done(value: Value, job: Option<Job>) -> ToolResult {
        ToolResult { ok: true, value, job, failure: None }
    }

    /// The workflow said no, or could not, or stopped where a dry run stops.
    pub fn failed(error: &WorkError, job: Option<Job>) -> ToolResult {
        if error.kind == "dry_run" {
            return ToolResult::dry(error, job);
        }
        let why = clean(&error.message, 600);
        let hint = error.hint.as_deref().map(|h| clean(h, 400));
        let mut value = json!({"ok": false});
        match &error.refusal {
            Some(refusal) => {
                value["refused_by"] = refusal.rule.id().into();
                value["why"] = clean(&refusal.why, 600).into();
            }
            None => {
                value["error"] = error.kind.clone().into();
                value["why"] = why.clone().into();
            }
        }
        if let Some(hint) = &hint {
            value["hint"] = hint.clone().into();
        }
        if let Some(job) = &job {
            value["job"] = job.id.as_str().into();
            value["state"] = job.state.as_str().into();
        }
        value["next_step"] = advice(error, job.as_ref()).into();
        ToolResult {
            ok: false,
            value,
            job,
            failure: Some(Failure {
                kind: error.kind.clone(),
                rule: error.refusal.as_ref().map(|r| r.rule),
                message: why,
                hint,
                exit_code: error.exit_code,
            }),
        }
    }

    fn dry(error: &WorkError, job: Option<Job>) -> ToolResult {
        let next = "This is a dry run: nothing was run, uploaded or paid. Tell the person what would have happened.";
        let mut value = json!({"ok": true, "dry_run": true, "why": clean(&error.message, 300)});
        if let Some(job) = &job {
            value["job"] = job.id.as_str().into();
            value["state"] = job.state.as_str().into();
        }
        value["next_step"] = next.into();
        ToolResult::done(value, job)
    }

    /// The call had no right form.
    pub fn bad(call: &BadCall) -> ToolResult {
        let failure =
            Failure { kind: call.kind().to_owned(), rule: None, message: call.to_string(), hint: None, exit_code: 1 };
        ToolResult { ok: false, value: call.to_value(), job: None, failure: Some(failure) }
    }

    /// The call was not carried out, for a reason of the conversation's own.
    pub fn skipped(kind: &str, why: &str, next_step: &str) -> ToolResult {
        ToolResult {
            ok: false,
            value: json!({"ok": false, "error": kind, "why": why, "next_step": next_step}),
            job: None,
            failure: None,
        }
    }
}

/// What may come after a refusal or a failure, in one sentence.
fn advice(error: &WorkError, job: Option<&Job>) -> String {
    let rule = error.refusal.as_ref().map(|r| r.rule);
    match (job, rule) {
        // The wrong tool for the job as it stands: there is a right one.
        (Some(job), Some(Rule::JobState | Rule::Offload(_) | Rule::FitsHere)) => {
            format!("This was not allowed. {}", next::step(job))
        }
        (_, Some(_)) => "Tell the person what was refused, why, and the hint. Do not try a way around it.".to_owned(),
        (_, None) if error.kind == "busy" => {
            "Another process works on this job right now, such as `agent jobs resume` of \
             the owner's. Make the same call again in a moment: that is right, and nothing is done or paid twice."
                .to_owned()
        }
        (_, None) => "Tell the person what failed and the hint. Do not try again by yourself.".to_owned(),
    }
}

impl Toolbox {
    /// Carries one call out.
    pub async fn run(&self, call: &Call, cancel: &Cancel) -> ToolResult {
        match call {
            Call::CheckLocalCapability(args) => check_local_capability::run(self, args.clone()).await,
            Call::RunLocalTask(args) => run_local_task::run(self, args, cancel).await,
            Call::RunRemoteCompute(args) => run_remote_compute::run(self, args, cancel).await,
            Call::PayGasFee(args) => pay_gas_fee::run(self, args, cancel).await,
            Call::WaitForJob(args) => wait_for_job::run(self, args, cancel).await,
            Call::ListJobs(args) => list_jobs::run(self, args),
        }
    }

    /// A step that was taken: its facts, and what comes next.
    pub(super) fn outcome(&self, mut value: Value, job: Job) -> ToolResult {
        facts::add_next(&mut value, &job);
        ToolResult::done(value, Some(job))
    }

    /// A step that was not taken, with the job as it stands.
    pub(super) fn failed(&self, error: &WorkError, job: &JobId) -> ToolResult {
        ToolResult::failed(error, self.work.job(job).ok().flatten())
    }
}
