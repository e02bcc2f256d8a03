//! `agent man`.

use std::process::ExitCode;

use clap::CommandFactory as _;

use super::{Cli, CommandError, Context};

/// Prints the man page: `agent man | man -l -`.
///
/// # Errors
/// When the page cannot be made.
pub fn run(context: &Context) -> Result<ExitCode, CommandError> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut text).map_err(|e| CommandError::failed("man", e))?;
    let text = String::from_utf8_lossy(&text);
    if context.json() {
        context.output.json(&serde_json::json!({"page": "agent.1", "roff": text}));
    } else {
        context.output.write(&text);
    }
    Ok(ExitCode::SUCCESS)
}
