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
        context.output.write(&String::from_utf8_lossy(&text));
        Ok(ExitCode::SUCCESS)
    }
}
