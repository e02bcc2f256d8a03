//! `agent jobs`: one file a subcommand.

mod cancel;
pub mod list;
mod log;
pub mod receipt;
mod resume;
pub mod show;
mod watch;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{CommandError, Context, completions};
use domain::{ids::JobId, job::Job};
use guard::ledger::Ledger;

/// Look at jobs, take them up again, or give them up.
#[derive(Debug, Args)]
pub struct Jobs {
    #[command(subcommand)]
    command: Option<JobsCommand>,
}

/// What to do with jobs.
#[derive(Debug, Subcommand)]
enum JobsCommand {
    /// List all jobs, oldest first
    List,
    /// Show one job: verdict, timeline, payments, result
    Show(Which),
    /// Follow a job until it ends, and take it on where no process works on it
    Watch(Which),
    /// Take jobs from wherever they stand to their end; nothing is paid twice
    Resume(resume::Resume),
    /// Give a job up, before any money is under way
    Cancel(cancel::CancelJob),
    /// Print a finished job's receipt
    Receipt(receipt::ReceiptOf),
    /// Print the log of state changes
    Log(log::Log),
}

/// Which job.
#[derive(Debug, Args)]
pub struct Which {
    /// The job, such as job-7k3q9dm2 [default: the newest]
    #[arg(add = completions::jobs())]
    pub job: Option<JobId>,
}

impl Jobs {
    /// Runs the subcommand; `list` when none is given.
    ///
    /// # Errors
    /// When the ledger cannot be opened, or there is no such job.
    pub fn run(self, context: &Context) -> Result<ExitCode, CommandError> {
        match self.command.unwrap_or(JobsCommand::List) {
            JobsCommand::List => list::run(context),
            JobsCommand::Show(which) => show::run(context, &which),
            JobsCommand::Watch(which) => watch::run(context, &which),
            JobsCommand::Resume(resume) => resume.run(context),
            JobsCommand::Cancel(cancel) => cancel.run(context),
            JobsCommand::Receipt(receipt) => receipt.run(context),
            JobsCommand::Log(log) => log.run(context),
        }
    }
}

impl Which {
    /// The ledger and the job that is meant.
    ///
    /// # Errors
    /// When there is no such job, or none at all.
    pub(super) fn find(&self, context: &Context) -> Result<(Ledger, Job), CommandError> {
        let Some(ledger) = context.ledger_if_any()? else { return Err(no_jobs()) };
        let job = match &self.job {
            Some(id) => ledger.job(id)?,
            None => ledger.jobs()?.pop().ok_or_else(no_jobs)?,
        };
        Ok((ledger, job))
    }
}

fn no_jobs() -> CommandError {
    CommandError::new(super::Kind::Failed, "no_such_job", "there are no jobs yet")
        .hint("try: agent ask \"Run protein folding on examples/data.fasta\"")
}
