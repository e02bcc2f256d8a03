//! `agent jobs list`.

use std::process::ExitCode;

use jiff::Timestamp;

use super::super::{CommandError, Context};
use crate::face;

/// Prints all jobs, oldest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn run(context: &Context) -> Result<ExitCode, CommandError> {
    let jobs = match context.ledger_if_any()? {
        Some(ledger) => ledger.jobs()?,
        None => Vec::new(),
    };
    if context.json() {
        for job in &jobs {
            context.output.json(&face::job_json::line(job).map_err(|e| CommandError::failed("json", e))?);
        }
    } else {
        context.output.lines(face::jobs::list(&jobs, Timestamp::now(), &context.look));
    }
    Ok(ExitCode::SUCCESS)
}
