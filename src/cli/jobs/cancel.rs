//! `agent jobs cancel`: gives a job up before any money is under way.

use std::process::ExitCode;

use clap::Args;

use super::super::{
    CommandError, Context,
    runtime::block_on,
    wiring::{Options, Wired},
};
use crate::face::look::Tone;
use domain::ids::JobId;

/// Give a job up, before any money is under way.
#[derive(Debug, Args)]
pub struct CancelJob {
    /// The job
    job: JobId,
}

impl CancelJob {
    /// Cancels it here, at the provider and on storage.
    ///
    /// # Errors
    /// P-STATE once a payment is written down, and for a job that ended.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let wired = Wired::new(context, Options::default())?;
        let job = block_on(async { Ok(wired.workflow.cancel(&self.job).await?) })?;
        if !context.json() {
            context.output.lines(context.look.field("Canceled", Tone::Care, &format!("{}: nothing was paid", job.id)));
        }
        Ok(ExitCode::SUCCESS)
    }
}
