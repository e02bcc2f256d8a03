//! `agent jobs show`.

use std::process::ExitCode;

use serde::Serialize;

use super::{
    super::{CommandError, Context},
    Which,
};
use crate::{
    domain::{attempt::Attempt, job::Job},
    face,
    ledger::JobLine,
};

/// One job with all that the ledger knows of it.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    job: &'a Job,
    history: &'a [JobLine],
    attempts: &'a [Attempt],
}

/// Prints one job.
///
/// # Errors
/// When there is no such job.
pub fn run(context: &Context, which: &Which) -> Result<ExitCode, CommandError> {
    let (ledger, job) = which.find(context)?;
    let (history, attempts) = (ledger.history(&job.id)?, ledger.attempts(&job.id)?);
    if context.json() {
        context.output.json(&Whole { job: &job, history: &history, attempts: &attempts });
    } else {
        context.output.lines(face::jobs::show(&job, &history, &attempts, &context.look));
    }
    Ok(ExitCode::SUCCESS)
}
