//! The hidden command that the program starts itself with to run a task.

use std::process::ExitCode;

use super::CommandError;
use compute::worker::worker_main;

/// Run one task in this process, as the local runner and the node do.
///
/// # Errors
/// None: what goes wrong is said on standard output, to the parent.
pub fn worker() -> Result<ExitCode, CommandError> {
    Ok(worker_main())
}
