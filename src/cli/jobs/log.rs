//! `agent jobs log`.

use std::process::ExitCode;

use clap::Args;

use super::{
    super::{CommandError, Context, completions},
    no_jobs,
};
use crate::face::look::Tone;
use domain::{ids::JobId, units::clean};
use guard::ledger::JobLine;

/// Print the log of state changes, oldest first.
#[derive(Debug, Args)]
pub struct Log {
    /// Of this job alone
    #[arg(add = completions::jobs())]
    job: Option<JobId>,
}

impl Log {
    /// Prints it; with --json as jobs.jsonl holds it.
    ///
    /// # Errors
    /// When there is no such job.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let mut lines = Vec::new();
        match (context.ledger_if_any()?, &self.job) {
            (Some(ledger), Some(id)) => lines = ledger.history(&ledger.job(id)?.id)?,
            (Some(ledger), None) => {
                for job in ledger.jobs()? {
                    lines.extend(ledger.history(&job.id)?);
                }
                lines.sort_by_key(|line| line.ts);
            }
            (None, Some(_)) => return Err(no_jobs()),
            (None, None) => {}
        }
        if context.json() {
            lines.iter().for_each(|line| context.output.json(line));
        } else {
            context.output.lines(lines.iter().map(|line| context.look.line(Tone::Plain, &text(line))));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn text(line: &JobLine) -> String {
    let time = line.ts.strftime("%Y-%m-%d %H:%M:%S UTC");
    let (task, dataset) = (clean(&line.task_type, 40), clean(&line.dataset, 200));
    format!("{time}  {}  {:<16}  {task} {dataset}", line.job, line.state)
}
