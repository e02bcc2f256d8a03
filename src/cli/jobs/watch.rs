//! `agent jobs watch`: follows a job, and takes it on where nobody works on it.

use std::{process::ExitCode, time::Duration};

use super::{
    super::{
        CommandError, Context,
        interrupt::{cancel_of, stoppable},
        runtime::block_on,
        wiring::{Options, Wired},
    },
    Which,
};
use crate::{
    agent::outcome::of_job,
    face::look::Tone,
    job::{Cancel, JobError, Workflow, lease},
};
use domain::{
    event::Event,
    job::Job,
    request::{Bounds, Until},
};
use guard::ledger::{JobLine, Ledger};

/// Between two looks at the ledger.
const PAUSE: Duration = Duration::from_millis(500);

/// Prints each state as it comes, until the job ends or nobody reads on. A job that no process works on is taken on here, if
/// nobody has to be asked for that. Ctrl-C leaves; the job does not mind.
///
/// # Errors
/// When there is no such job; whatever its next step says where it is taken on here.
pub fn run(context: &Context, which: &Which) -> Result<ExitCode, CommandError> {
    let (ledger, job) = which.find(context)?;
    if !context.json() {
        context.output.lines([format!("{}: {}", job.id, job.task_type)]);
    }
    let cancel = cancel_of(context);
    block_on(async {
        let watching = watch(context, &ledger, job, &cancel);
        stoppable(context.tape(), &cancel, watching).await.unwrap_or_else(|| Err(CommandError::interrupted()))
    })
}

async fn watch(context: &Context, ledger: &Ledger, mut job: Job, cancel: &Cancel) -> Result<ExitCode, CommandError> {
    let mut seen = 0;
    loop {
        let history = ledger.history(&job.id)?;
        history.iter().skip(seen).for_each(|line| print(context, line));
        seen = history.len();
        job = ledger.job(&job.id)?;
        if job.state.is_end() || context.output.is_closed() || cancel.is_cancelled() {
            return Ok(ExitCode::from(of_job(&job, Until::Done)));
        }
        if is_free(ledger, &job)? {
            let wired = Wired::new(context, Options::default())?;
            if job.profile != wired.profile || !wired.workflow.goes_on_by_itself(&job)? {
                let hint = format!("`agent jobs resume {}` shows what it comes to and asks", job.id);
                let error = CommandError::new(super::super::Kind::ApprovalNeeded, "nobody_works", stands(&job));
                return Err(error.hint(hint));
            }
            return take_on(context, &wired.workflow, &job, cancel).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether no process works on the job.
fn is_free(ledger: &Ledger, job: &Job) -> Result<bool, CommandError> {
    match lease::take(ledger.home(), &job.id) {
        Ok(_) => Ok(true),
        Err(lease::LeaseError::Taken(_)) => Ok(false),
        Err(error) => Err(JobError::from(error).into()),
    }
}

fn stands(job: &Job) -> String {
    format!("no process works on {}: it is {} and waits for a person", job.id, job.state)
}

async fn take_on(context: &Context, workflow: &Workflow, job: &Job, cancel: &Cancel) -> Result<ExitCode, CommandError> {
    if !context.json() {
        let text = "no process worked on this job, so it is taken on here";
        context.output.lines(context.look.field("Watch", Tone::Dim, text));
    }
    let job = workflow.resume(&workflow.resuming(Bounds::default()), &job.id, cancel).await?;
    Ok(ExitCode::from(of_job(&job, Until::Done)))
}

fn print(context: &Context, line: &JobLine) {
    if context.json() {
        let status = line.state.as_str().to_owned();
        context.sink().emit(Event::JobStatus { job: line.job.clone(), status, progress: None });
    } else {
        let text = format!("{}  {}", line.ts.strftime("%H:%M:%S UTC"), line.state);
        context.output.lines([context.look.line(Tone::Plain, &text)]);
    }
}
