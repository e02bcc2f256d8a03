//! `agent completions SHELL`.

use std::process::ExitCode;

use clap::{Args, CommandFactory as _};

use super::{Cli, CommandError, Context};

/// Print a shell's completions.
#[derive(Debug, Args)]
pub struct Completions {
    /// For this shell
    shell: clap_complete::Shell,
}

impl Completions {
    /// Prints them.
    ///
    /// # Errors
    /// None.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "agent", &mut text);
        let text = String::from_utf8_lossy(&text);
        if context.json() {
            context.output.json(&serde_json::json!({"shell": self.shell.to_string(), "completions": text}));
        } else {
            context.output.write(&text);
        }
        Ok(ExitCode::SUCCESS)
    }
}
