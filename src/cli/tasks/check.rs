//! `agent tasks check`: task files, each read as the catalogue reads it.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::wrong_file;
use crate::{
    cli::{CommandError, Context, Kind},
    face::look::Tone,
};
use domain::task::{TaskOrigin, TaskType};
use guard::{
    config::plain_file,
    machine::catalogue::{MAX_FILE, read_task},
};

/// Checks each file; the exit code is that of a usage error when one is wrong.
pub(super) fn check(context: &Context, files: &[PathBuf]) -> Result<ExitCode, CommandError> {
    let mut wrong = 0;
    for path in files {
        match task_of(path) {
            Ok((task, _)) => {
                let text = format!("{} is a task: {}", path.display(), task.title);
                context.output.lines(vec![context.look.line(Tone::Plain, &text)]);
            }
            Err(error) => {
                wrong += 1;
                context.sink().emit(error.event());
            }
        }
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(Kind::Usage.code()) })
}

/// The task of a file anywhere, with its text.
pub(super) fn task_of(path: &Path) -> Result<(TaskType, String), CommandError> {
    let text = plain_file::text(path, MAX_FILE).map_err(|e| {
        CommandError::usage(format!("{} cannot be read: {e}", path.display()))
            .hint("name a task file, such as trim.toml")
    })?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    read_task(name, &text, TaskOrigin::Owner).map(|task| (task, text)).map_err(wrong_file)
}
