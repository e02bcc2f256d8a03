//! `agent jobs resume`: takes jobs from wherever they stand to their end.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::super::{
    CommandError, Context, Kind,
    bounds::{BoundsArgs, ConsentArgs},
    completions,
    interrupt::{cancel_of, stoppable},
    runtime::block_on,
    wiring::{Options, Wired},
};
use crate::job::{Cancel, JobError, Workflow, receipt};
use domain::{event::Event, ids::JobId, job::Job, request::Bounds};

/// Take jobs from wherever they stand to their end; nothing is paid twice.
#[derive(Debug, Args)]
pub struct Resume {
    /// This job alone [default: every job that has not ended]
    #[arg(add = completions::open_jobs())]
    job: Option<JobId>,
    #[command(flatten)]
    consent: ConsentArgs,
    /// Take results that nobody can verify, as a model of the provider's names no checksum
    #[arg(long)]
    accept_unverified: bool,
    #[command(flatten)]
    bounds: BoundsArgs,
    /// Put results into this folder from now on [default: where they were to go]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Resume {
    /// Resumes one job, or one after the other.
    ///
    /// # Errors
    /// What the last job that did not come to its end says; the others were tried all the same.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let bounds = self.bounds.bounds();
        let cwd = context.settings()?.cwd();
        let out_dir = self.out.as_ref().map(|out| cwd.join(out));
        let options = Options {
            yes: self.consent.yes,
            allow_mainnet: self.consent.allow_mainnet,
            bounds,
            takes_unverified: self.accept_unverified,
            out_dir,
        };
        let wired = Wired::new(context, options)?;
        let (open, others) = self.open(context, &wired)?;
        if open.is_empty() && !context.json() {
            let of = if others == 0 { String::new() } else { format!(" of the {} profile", wired.profile) };
            context.output.lines([format!("Every job{of} has come to its end.")]);
        }
        let cancel = cancel_of(context);
        block_on(async {
            let all = resume_all(context, &wired.workflow, &open, bounds, &cancel);
            stoppable(context.tape(), &cancel, all).await.unwrap_or_else(|| Err(CommandError::interrupted()))
        })
    }

    /// The jobs that are meant, and how many open ones of another profile are not.
    fn open(&self, context: &Context, wired: &Wired) -> Result<(Vec<JobId>, usize), CommandError> {
        if let Some(id) = &self.job {
            return Ok((vec![wired.workflow.job(id)?.id], 0));
        }
        let mine = |job: &Job| !job.state.is_end() && job.profile == wired.profile;
        let jobs = wired.workflow.jobs()?;
        let others = jobs.iter().filter(|job| !job.state.is_end() && !mine(job)).count();
        if others > 0 {
            let jobs = if others == 1 { "1 open job belongs".to_owned() } else { format!("{others} open jobs belong") };
            let message = format!("{jobs} to another profile and stay as they are: resume with --profile NAME");
            context.sink().emit(Event::Warning { message });
        }
        Ok((jobs.into_iter().filter(mine).map(|job| job.id).collect(), others))
    }
}

async fn resume_all(
    context: &Context,
    workflow: &Workflow,
    open: &[JobId],
    bounds: Bounds,
    cancel: &Cancel,
) -> Result<ExitCode, CommandError> {
    let mut last: Option<CommandError> = None;
    // One for all, so that a limit holds over everything that is paid here.
    let command = workflow.resuming(bounds);
    for id in open {
        let done = workflow.resume(&command, id, cancel).await;
        let ended = workflow.job(id)?.state.is_end();
        if ended {
            context.sink().emit(Event::Receipt(Box::new(receipt::receipt(workflow.ledger(), id)?)));
        }
        let Err(error) = done else { continue };
        // Ctrl-C at a question is a no to it and a wish to stop, which whoever hears the signal notes at the next turn.
        tokio::task::yield_now().await;
        let error = if cancel.is_cancelled() { JobError::Interrupted(id.clone()) } else { error };
        let stop = matches!(error, JobError::Interrupted(_));
        // The one that is returned is said by the caller.
        if let Some(earlier) = last.replace(CommandError::from(error)) {
            context.sink().emit(earlier.event());
        }
        if stop {
            break;
        }
    }
    match last {
        Some(error) if error.kind == Kind::Interrupted && context.output.is_closed() => Ok(ExitCode::SUCCESS),
        Some(error) => Err(error),
        None => Ok(ExitCode::SUCCESS),
    }
}
