//! `agent jobs receipt`: what the ledger knows of a finished job.

use std::process::ExitCode;

use super::{
    super::{CommandError, Context, Kind},
    Which,
};
use crate::{domain::event::Event, face::render, job::receipt};

/// Prints the receipt.
///
/// # Errors
/// When there is no such job, or it has not ended.
pub fn run(context: &Context, which: &Which) -> Result<ExitCode, CommandError> {
    let (ledger, job) = which.find(context)?;
    if !job.state.is_end() {
        return Err(CommandError::new(
            Kind::Failed,
            "not_ended",
            format!("{} has not ended: it is {}", job.id, job.state),
        )
        .hint(format!("agent jobs resume {} takes it to its end", job.id)));
    }
    let receipt = receipt::of(&job, &ledger.attempts(&job.id)?);
    if context.json() {
        context.output.json(&receipt);
    } else {
        let lines = render::lines(&Event::Receipt(Box::new(receipt)), &context.look);
        context.output.lines(lines.iter().skip_while(|line| line.is_empty()));
    }
    Ok(ExitCode::SUCCESS)
}
