//! The data files of a folder, told by their content.

use std::{ffi::OsString, fs, path::Path};

use super::{ExpandError, MOST_COUNTED, natural};
use crate::machine::sniff;
use domain::{dataset::Format, task::TaskType};
use secrets::Name;

/// What a folder holds.
pub(super) struct Found {
    /// The names of its data files, in natural order.
    pub(super) files: Vec<OsString>,
    /// Other files.
    pub(super) others: usize,
}

/// The files of a folder that `task` takes; without a task, all that is text or sequences. Hidden files and sub-folders
/// are passed over.
///
/// A file is told by its first bytes, as the probe tells it, and never by its ending. What cannot be looked at counts as
/// data, so that a plan can say why it cannot be read; what only secrets are called like does not.
pub(super) fn data_files(folder: &Path, task: Option<&TaskType>) -> Result<Found, ExpandError> {
    let failed = |source| ExpandError::Folder { folder: folder.to_owned(), source };
    let takes = |format: Format| match task {
        Some(task) => task.formats.contains(&format),
        None => format != Format::Binary,
    };
    let mut found = Found { files: Vec::new(), others: 0 };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let path = folder.join(&name);
        if name.to_string_lossy().starts_with('.') || path.is_dir() || found.files.len() >= MOST_COUNTED {
            continue;
        }
        let plain = secrets::name(Path::new(&name)) != Name::Secret && path.is_file();
        if plain && sniff::file(&path).map_or(true, takes) {
            found.files.push(name);
        } else {
            found.others += 1;
        }
    }
    found.files.sort_by(|a, b| natural(Path::new(a), Path::new(b)));
    Ok(found)
}
