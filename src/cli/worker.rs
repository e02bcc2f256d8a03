//! The hidden commands that the program starts itself with.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::{CommandError, logging, runtime::block_on};
use compute::worker::worker_main;
use guard::machine::catalogue::Catalogue;
use sandbox::host;

/// Run one task in this process, as the local runner and the node do.
///
/// # Errors
/// None: what goes wrong is said on standard output, to the parent.
pub fn worker() -> Result<ExitCode, CommandError> {
    Ok(worker_main())
}

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
    pub fn run(&self) -> Result<ExitCode, CommandError> {
        // Standard error is the log file that a person is pointed to when the sandbox does not come up.
        logging::start("warn")?;
        let catalogue = Catalogue::builtin().map_err(|e| CommandError::failed("catalogue", e))?;
        block_on(async {
            host::host(&self.folder, catalogue.iter().cloned().collect(), std::future::pending())
                .await
                .map_err(|e| CommandError::failed("sandbox", e))?;
            Ok(ExitCode::SUCCESS)
        })
    }
}
