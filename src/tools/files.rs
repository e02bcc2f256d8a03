//! The files that a name stands for, where a model or an MCP client names them.

use std::path::{Component, Path, PathBuf};

use super::WorkError;
use crate::job::JobError;
use domain::task::TaskType;
use guard::machine::expand::{Surroundings, expand as expand_names};

/// The files that `names` stand for, taken from `folder`, in the order in which they are named: a path is itself, a pattern or
/// a folder its files in natural order. `task` is the one that they are for, where it is known.
///
/// Only names within `folder` are looked into: whatever else a model names is opened, or refused, by the rules for datasets.
///
/// # Errors
/// A pattern or folder that stands for nothing, or for more files than a request holds.
pub fn expand(names: &[PathBuf], folder: &Path, task: Option<&TaskType>) -> Result<Vec<PathBuf>, WorkError> {
    let mut files: Vec<PathBuf> = Vec::with_capacity(names.len());
    for name in names {
        let outside = name.is_absolute() || name.starts_with("~") || name.components().any(|c| c.as_os_str() == "..");
        let looks_plain = !name.to_string_lossy().contains(['*', '?', '[']) && !folder.join(name).is_dir();
        let found = if outside || looks_plain || leads_out(folder, name) {
            vec![name.clone()]
        } else {
            let at = Surroundings { folder, home: None, task };
            let expanded = expand_names(&[name], at).map_err(JobError::from)?;
            expanded.into_iter().flat_map(|name| name.files).map(|file| file.named).collect()
        };
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// Whether the folder that a name begins with, or is, lies outside of `folder` behind links: not even the names in it are told.
fn leads_out(folder: &Path, name: &Path) -> bool {
    let is_fixed = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let begun: PathBuf = name.components().take_while(is_fixed).collect();
    match (folder.join(begun).canonicalize(), folder.canonicalize()) {
        (Ok(begun), Ok(folder)) => !begun.starts_with(folder),
        // What is not there holds nothing.
        _ => false,
    }
}
