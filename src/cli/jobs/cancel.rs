//! `agent jobs cancel`: gives a job up before any money is under way, ends one whose payment's end cannot be learnt, and takes
//! away what ended jobs left.

use std::process::ExitCode;

use clap::Args;

use super::super::{
    CommandError, Context, completions,
    runtime::block_on,
    wiring::{Options, Wired},
};
use crate::face::look::Tone;
use domain::ids::JobId;

/// Give a job up, before any money is under way.
#[derive(Debug, Args)]
pub struct CancelJob {
    /// The job
    #[arg(required_unless_present = "all_leftovers", conflicts_with = "all_leftovers", add = completions::open_jobs())]
    job: Option<JobId>,
    /// End a job of which the chain cannot tell what became of its payment: the money counts as spent
    #[arg(long, conflicts_with = "all_leftovers")]
    count_as_paid: bool,
    /// Remove what jobs that have ended left on storage and at the provider
    #[arg(long)]
    all_leftovers: bool,
}

impl CancelJob {
    /// Cancels it here, at the provider and on storage.
    ///
    /// # Errors
    /// P-STATE once a payment is written down, and for a job that ended; leftovers that cannot be removed.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let wired = Wired::new(context, Options::default())?;
        let Some(job) = &self.job else { return leftovers(context, &wired) };
        let (job, what) = match self.count_as_paid {
            true => (
                block_on(async { Ok(wired.workflow.count_as_paid(job).await?) })?,
                "its payment counts as spent; it may still land, and the same work asked for again is paid anew",
            ),
            false => (block_on(async { Ok(wired.workflow.cancel(job).await?) })?, "nothing was paid"),
        };
        if !context.json() {
            context.output.lines(context.look.field("Canceled", Tone::Care, &format!("{}: {what}", job.id)));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn leftovers(context: &Context, wired: &Wired) -> Result<ExitCode, CommandError> {
    let (gone, kept) = block_on(async { Ok(wired.workflow.clear_all().await?) })?;
    if context.json() {
        let kept: Vec<_> =
            kept.iter().map(|(job, error)| serde_json::json!({"job": job, "why": error.to_string()})).collect();
        context.output.json(&serde_json::json!({"removed": gone, "kept": kept}));
    } else if gone.is_empty() && kept.is_empty() {
        context.output.lines(["No job that has ended left anything outside."]);
    } else {
        let lines = gone.iter().map(|job| format!("{job}: removed from storage"));
        let others = kept.iter().map(|(job, error)| format!("{job}: still there: {error}"));
        context.output.lines(lines.chain(others));
    }
    match kept.into_iter().next() {
        None => Ok(ExitCode::SUCCESS),
        Some((_, error)) => Err(error.into()),
    }
}
