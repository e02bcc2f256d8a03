//! The owner's folder of tasks, as commands write to it.

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
};

use crate::cli::CommandError;

/// What a file may be written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// No file: one of that name stays.
    Nothing,
    /// The file of that name.
    Itself,
}

/// Writes a task file, whole or not at all.
///
/// # Errors
/// The system's; a file of that name that is not to be written over.
pub(super) fn write(path: &Path, text: &str, over: Over) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let mut temporary = tempfile::Builder::new().prefix(".task-").tempfile_in(folder)?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    match over {
        Over::Nothing => temporary.persist_noclobber(path),
        Over::Itself => temporary.persist(path),
    }
    .map_err(|e| e.error)?;
    File::open(folder)?.sync_all()
}

/// A folder or file that could not be written.
pub(super) fn unwritten(error: io::Error) -> CommandError {
    CommandError::failed("tasks", error).hint("check that AGENT_HOME is yours and its disk is not full")
}
