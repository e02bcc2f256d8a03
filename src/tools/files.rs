//! The files that a name stands for.

use std::path::{Path, PathBuf};

use super::WorkError;
use crate::domain::task::TaskType;

/// The files that `names` stand for, taken from `folder`, in the order in which they are named: a path is itself. `task` is
/// the one that they are for, where it is known.
///
/// # Errors
/// A name that stands for nothing.
pub fn expand(names: &[PathBuf], _folder: &Path, _task: Option<&TaskType>) -> Result<Vec<PathBuf>, WorkError> {
    let mut files: Vec<PathBuf> = Vec::with_capacity(names.len());
    for name in names {
        if !files.contains(name) {
            files.push(name.clone());
        }
    }
    Ok(files)
}
