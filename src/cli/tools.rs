//! `agent tools`: what a model may call.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::{CommandError, Context};
use crate::tools::{schema::file_text, schemas, write_schemas};

/// Print the JSON Schemas of the tools that a model may call.
#[derive(Debug, Default, Args)]
pub struct Tools {
    /// Write them into a folder instead, one file a tool
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "tool_schemas")]
    write: Option<PathBuf>,
}

impl Tools {
    /// Prints or writes them.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        if let Some(folder) = &self.write {
            write_schemas(folder).map_err(|e| {
                CommandError::failed("write", e).hint(format!("check that you may write to {}", folder.display()))
            })?;
        }
        for (name, schema) in schemas() {
            match &self.write {
                Some(folder) if !context.json() => {
                    context.output.lines([folder.join(format!("{name}.json")).display().to_string()]);
                }
                Some(_) => {}
                None if context.json() => context.output.json(&schema),
                None => context.output.write(&file_text(&schema)),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
