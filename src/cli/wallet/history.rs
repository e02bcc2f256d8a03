//! `agent wallet history`: what this wallet has paid, from the ledger.

use std::process::ExitCode;

use super::{
    super::{CommandError, Context, wiring::network_of},
    account,
};
use crate::face;

/// Prints the payments of the configured wallet on the configured network, oldest first.
///
/// # Errors
/// Settings without a usable key; a ledger that cannot be read.
pub fn run(context: &Context) -> Result<ExitCode, CommandError> {
    let profile = context.settings()?.profile()?;
    let account = account(context, &profile)?;
    let attempts = match context.ledger_if_any()? {
        Some(ledger) => ledger.payments_of(&account, network_of(&profile))?,
        None => Vec::new(),
    };
    if context.json() {
        attempts.iter().for_each(|attempt| context.output.json(&face::payments::Shown::of(attempt)));
    } else {
        context.output.lines(face::payments::list(&attempts, &context.look));
    }
    Ok(ExitCode::SUCCESS)
}
