//! `agent results --copy`: all files of a result, or none of them.

use std::{
    fs,
    io::{self, BufWriter, Write as _},
    path::Path,
    process::ExitCode,
};

use serde_json::json;

use super::{
    super::{CommandError, Context, Kind},
    check::{checked, opened},
};
use domain::{job::JobResult, units};
use guard::config::plain_file;

/// Copies all files into a folder. Each is copied and checked under another name there first; only when all are whole do they get
/// their names, and where one of them cannot, none keeps its own.
///
/// # Errors
/// A file that is gone or was changed, one that is there already, a folder that cannot be written.
pub(super) fn copy(context: &Context, result: &JobResult, to: &Path) -> Result<ExitCode, CommandError> {
    let is_new = to.symlink_metadata().is_err();
    fs::create_dir_all(to).map_err(|error| unwritten(to, &error))?;
    if let Err(error) = copied(result, to) {
        if is_new {
            // Empty again, or no longer only this program's.
            let _ = fs::remove_dir(to);
        }
        return Err(error);
    }
    if context.json() {
        context.output.json(&json!({"copied": result.files.len(), "to": to}));
    } else {
        let files = units::counted(result.files.len() as u64, "file", "files");
        context.output.lines([format!("{files} copied to {}", to.display())]);
    }
    Ok(ExitCode::SUCCESS)
}

fn copied(result: &JobResult, to: &Path) -> Result<(), CommandError> {
    let there = |path: &Path| path.symlink_metadata().is_ok();
    if let Some(path) = result.files.iter().map(|file| to.join(&file.name)).find(|path| there(path)) {
        return Err(unwritten(&path, &io::ErrorKind::AlreadyExists.into()));
    }
    // What is copied and has no name of its own yet is removed when it is dropped.
    let mut copies = Vec::with_capacity(result.files.len());
    for file in &result.files {
        let path = to.join(&file.name);
        let new = tempfile::Builder::new().permissions(plain_file::of_results()).tempfile_in(to);
        let mut new = BufWriter::new(new.map_err(|error| unwritten(&path, &error))?);
        opened(&result.folder, file)
            .and_then(|from| checked(&from, file, &mut new))
            .map_err(|failed| failed.of(&file.name))?;
        new.flush().map_err(|error| unwritten(&path, &error))?;
        let new = new.into_inner().map_err(|error| unwritten(&path, error.error()))?;
        copies.push((new.into_temp_path(), path));
    }
    let mut named: Vec<&Path> = Vec::with_capacity(copies.len());
    let mut failed = None;
    let (temporary, paths): (Vec<_>, Vec<_>) = copies.into_iter().unzip();
    for (new, path) in temporary.into_iter().zip(&paths) {
        if let Err(error) = new.persist_noclobber(path) {
            failed = Some(unwritten(path, &error.error));
            break;
        }
        named.push(path);
    }
    let Some(error) = failed else { return Ok(()) };
    for path in named {
        let _ = fs::remove_file(path);
    }
    Err(error)
}

fn unwritten(what: &Path, error: &io::Error) -> CommandError {
    let (message, hint) = match error.kind() {
        io::ErrorKind::AlreadyExists => (
            format!("{} exists already, and nothing was copied", what.display()),
            "name a folder that has none of these files yet, or move that file away",
        ),
        _ => (
            format!("{} cannot be written: {}; nothing was copied", what.display(), plain_file::why(error)),
            "name a folder that is yours to write, on a disk that has room",
        ),
    };
    CommandError::new(Kind::Failed, "copy", message).hint(hint)
}
