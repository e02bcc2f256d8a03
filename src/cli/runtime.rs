//! The asynchronous runtime, made by the commands that need one.

use std::future::Future;

use super::CommandError;

/// Runs `work` to its end on a fresh runtime.
///
/// # Errors
/// What `work` says; a runtime that the system does not give.
pub fn block_on<T>(work: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| CommandError::failed("runtime", e).hint("the system gives no more threads or files"))?;
    let done = runtime.block_on(work);
    // A thread that still waits for a file or a terminal must not keep the program.
    runtime.shutdown_background();
    done
}
