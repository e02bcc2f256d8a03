//! The hidden command that the program starts itself with to serve the sandbox.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::{CommandError, Context, logging, runtime::block_on};
use guard::machine::catalogue::Catalogue;
use sandbox::host;

/// Serve the sandbox until its last client has left.
#[derive(Debug, Args)]
pub struct SandboxHost {
    /// The sandbox's folder
    folder: PathBuf,
}

impl SandboxHost {
    /// Serves.
    ///
    /// # Errors
    /// A folder or port that cannot be used.
    pub fn run(&self, _: &Context) -> Result<ExitCode, CommandError> {
        // Standard error is the log file that a person is pointed to when the sandbox does not come up.
        logging::start("warn")?;
        let catalogue = Catalogue::builtin().map_err(super::tasks::wrong_file)?;
        block_on(async {
            host::host(&self.folder, catalogue.iter().cloned().collect(), std::future::pending())
                .await
                .map_err(|e| CommandError::failed("sandbox", e))?;
            Ok(ExitCode::SUCCESS)
        })
    }
}
