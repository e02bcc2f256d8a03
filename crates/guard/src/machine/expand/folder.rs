//! The data files of a folder, told by their content.

use std::{ffi::OsString, fs, path::Path};

use super::{ExpandError, MOST_COUNTED, Others, natural, shown};
use crate::machine::{catalogue::endings, sniff};
use domain::{dataset::Format, task::TaskType};
use secrets::Name;

/// So many files that are something else are named.
const OTHERS: usize = 3;

/// What a folder holds.
pub(super) struct Found {
    /// The names of its data files, in natural order.
    pub(super) files: Vec<OsString>,
    /// Other files.
    pub(super) others: Others,
}

/// The files of a folder that `task` takes; without a task, all that is text or sequences. Hidden files and sub-folders
/// are passed over.
///
/// A file is told by its first bytes, as the probe tells it, and not by its ending; one that is empty has nothing else, and is
/// taken where it is called like what the task takes, so that a plan can say that it is empty. What cannot be looked at counts as
/// data, so that a plan can say why it cannot be read; what only secrets are called like does not.
pub(super) fn data_files(folder: &Path, task: Option<&TaskType>) -> Result<Found, ExpandError> {
    let failed = |source| ExpandError::Folder { folder: folder.to_owned(), source };
    let takes = |format: Format| match task {
        Some(task) => task.formats.contains(&format),
        None => format != Format::Binary,
    };
    let called_so = |name: &Path| task.is_some_and(|task| task.formats.iter().any(|&format| is_called(name, format)));
    let mut found = Found { files: Vec::new(), others: Others::default() };
    let mut others = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let path = folder.join(&name);
        if name.to_string_lossy().starts_with('.') || path.is_dir() || found.files.len() >= MOST_COUNTED {
            continue;
        }
        let plain = secrets::name(Path::new(&name)) != Name::Secret && path.is_file();
        let is_empty = || fs::metadata(&path).is_ok_and(|meta| meta.len() == 0);
        if plain && (sniff::file(&path).map_or(true, takes) || is_empty() && called_so(Path::new(&name))) {
            found.files.push(name);
            continue;
        }
        found.others.count += 1;
        // What secrets are called is told to nobody.
        if plain && others.len() < MOST_COUNTED {
            others.push(name);
        }
    }
    others.sort_by(|a, b| natural(Path::new(a), Path::new(b)));
    found.others.names = others.iter().take(OTHERS).map(|name| shown(Path::new(name))).collect();
    found.files.sort_by(|a, b| natural(Path::new(a), Path::new(b)));
    Ok(found)
}

/// Whether a file is called like one of that format, packed or not.
fn is_called(name: &Path, format: Format) -> bool {
    let lower = name.to_string_lossy().to_lowercase();
    let plain = lower.strip_suffix(".gz").unwrap_or(&lower);
    plain.rsplit_once('.').is_some_and(|(_, ending)| endings(format).contains(&ending))
}
