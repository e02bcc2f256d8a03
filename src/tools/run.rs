//! A call to its one result.

use std::{path::PathBuf, sync::Arc};

use serde_json::{Value, json};

use super::{
    BadCall, Call, Cancel, Steps, WorkError, check_local_capability, effect::Effect, facts, list_jobs, next,
    standing::Standing,
};
use domain::{ids::JobId, job::Job, request::Until, units::clean};
use guard::policy::refusal::Rule;

/// What the tools work with.
pub struct Toolbox {
    /// The job workflow.
    pub work: Arc<dyn Steps>,
    /// The session that new jobs belong to.
    pub session: String,
    /// Names of files are taken from here.
    pub folder: PathBuf,
    /// Jobs at the provider at once.
    pub at_once: usize,
}

/// Why a call did not do what was asked, of one of its jobs or of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The job that it is about; none where there is none yet.
    pub job: Option<JobId>,
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

impl Failure {
    /// That of a step that was not taken.
    pub fn of(error: &WorkError, job: Option<JobId>) -> Failure {
        Failure {
            job,
            kind: error.kind.clone(),
            rule: error.refusal.as_ref().map(|r| r.rule),
            message: clean(&error.message, 600),
            hint: error.hint.as_deref().map(|hint| clean(hint, 400)),
            exit_code: error.exit_code,
        }
    }
}

/// A call's one result.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    /// Whether it did what was asked, for each of its jobs.
    pub ok: bool,
    /// What the model is told: an object with `ok` and `next_step`.
    pub value: Value,
    /// The jobs it was about, as they stand now.
    pub jobs: Vec<Job>,
    /// What failed.
    pub failures: Vec<Failure>,
}

impl ToolResult {
    /// It did what was asked.
    pub fn done(value: Value, jobs: Vec<Job>) -> ToolResult {
        ToolResult { ok: true, value, jobs, failures: Vec::new() }
    }

    /// The workflow said no, or could not.
    pub fn failed(error: &WorkError, job: Option<Job>) -> ToolResult {
        let mut value = facts::refused(error);
        if let Some(job) = &job {
            value["job"] = job.id.as_str().into();
            value["state"] = job.state.as_str().into();
        }
        value["next_step"] = advice(error, job.as_ref()).into();
        let failures = vec![Failure::of(error, job.as_ref().map(|job| job.id.clone()))];
        ToolResult { ok: false, value, jobs: job.into_iter().collect(), failures }
    }

    /// The call had no right form.
    pub fn bad(call: &BadCall) -> ToolResult {
        let failure = Failure {
            job: None,
            kind: call.kind().to_owned(),
            rule: None,
            message: call.to_string(),
            hint: None,
            exit_code: 1,
        };
        ToolResult { ok: false, value: call.to_value(), jobs: Vec::new(), failures: vec![failure] }
    }

    /// The call was not carried out, for a reason of the conversation's own.
    pub fn skipped(kind: &str, why: &str, next_step: &str) -> ToolResult {
        let value = json!({"ok": false, "error": kind, "why": why, "next_step": next_step});
        ToolResult { ok: false, value, jobs: Vec::new(), failures: Vec::new() }
    }
}

/// What may come after a refusal or a failure, in one sentence.
fn advice(error: &WorkError, job: Option<&Job>) -> String {
    let rule = error.refusal.as_ref().map(|r| r.rule);
    match (job, rule) {
        // The wrong tool for the job as it stands: there is a right one.
        (Some(job), Some(Rule::JobState | Rule::Offload(_) | Rule::FitsHere)) => {
            format!("This was not allowed. {}", next::step(job, Until::Done))
        }
        _ if error.rule.is_some() => {
            "Tell the person what was refused, why, and the hint. Do not try a way around it.".to_owned()
        }
        _ if error.kind == "busy" => "Another process works on this job right now, such as `agent jobs resume` of \
             the owner's. Make the same call again in a moment: that is right, and nothing is done or paid twice."
            .to_owned(),
        _ => "Tell the person what failed and the hint. Do not try again by yourself.".to_owned(),
    }
}

impl Toolbox {
    /// Carries one call out.
    pub async fn run(&self, call: &Call, cancel: &Cancel) -> ToolResult {
        match call {
            Call::CheckLocalCapability(args) => check_local_capability::run(self, args).await,
            Call::ListJobs(args) => list_jobs::run(self, args),
            Call::RunLocalTask(args) => self.take(Effect::RunLocal, &args.job, args.more_jobs.as_ref(), cancel).await,
            Call::RunRemoteCompute(args) => {
                self.take(Effect::RunRemote, &args.job, args.more_jobs.as_ref(), cancel).await
            }
            Call::PayGasFee(args) => {
                self.take(Effect::Pay(args.claim()), &args.job, args.more_jobs.as_ref(), cancel).await
            }
            Call::WaitForJob(args) => self.take(Effect::Wait, &args.job, args.more_jobs.as_ref(), cancel).await,
        }
    }

    /// A step that was taken: its facts, and what comes next.
    pub(super) fn outcome(&self, mut value: Value, job: Job) -> ToolResult {
        let until = Standing::of(self).until(&job);
        facts::add_next(&mut value, &job, until);
        ToolResult::done(value, vec![job])
    }

    /// A step that was not taken, with the job as it stands.
    pub(super) fn failed(&self, error: &WorkError, job: &JobId) -> ToolResult {
        ToolResult::failed(error, self.work.job(job).ok().flatten())
    }
}
