//! `agent jobs show`.

use std::process::ExitCode;

use super::{
    super::{CommandError, Context},
    Which,
};
use crate::face;

/// Prints one job.
///
/// # Errors
/// When there is no such job.
pub fn run(context: &Context, which: &Which) -> Result<ExitCode, CommandError> {
    let (ledger, job) = which.find(context)?;
    let (history, attempts) = (ledger.history(&job.id)?, ledger.attempts(&job.id)?);
    if context.json() {
        let whole = face::job_json::whole(&job, &history, &attempts);
        context.output.json(&whole.map_err(|e| CommandError::failed("json", e))?);
    } else {
        context.output.lines(face::jobs::show(&job, &history, &attempts, &context.look));
    }
    Ok(ExitCode::SUCCESS)
}
