//! `agent man`.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _};

use super::{Cli, CommandError, Context};

/// Print the man page: `agent man | man -l -`.
#[derive(Debug, Args)]
pub struct Man {
    /// Write a page a command into this folder instead: agent.1, agent-ask.1, ...
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    /// Prints the page, or writes all of them.
    ///
    /// # Errors
    /// When a page cannot be made, or not be written.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        if let Some(dir) = &self.dir {
            std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(Cli::command(), dir)).map_err(|e| {
                CommandError::failed("man", e).hint(format!("check that {} is a folder of yours", dir.display()))
            })?;
            let said = format!("The pages are in {0}: man -l {0}/agent.1", dir.display());
            match context.json() {
                true => context.output.json(&serde_json::json!({"pages": dir.to_string_lossy()})),
                false => context.output.lines([said]),
            }
            return Ok(ExitCode::SUCCESS);
        }
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
}
