//! What there is instead of a name that nothing matches.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{ExpandError, natural, shown};

/// Names that are told at most.
const TOLD: usize = 3;

/// Names of a folder that are looked at, at most.
const LOOKED_AT: usize = 10_000;

/// Names at least so much alike are near: 1 is the same, 0 has nothing in common.
const NEAR: f64 = 0.6;

/// The error for a plain path that is not there.
pub(super) fn no_such(named: &Path, path: &Path) -> ExpandError {
    let (_, near) = instead(named, path);
    ExpandError::NoSuch { named: named.to_owned(), near }
}

/// The error for a pattern that no file matches.
pub(super) fn no_match(named: &Path, path: &Path, folders: usize, links: usize) -> ExpandError {
    let is_pattern = |part: &Path| part.to_string_lossy().contains(['*', '?', '[']);
    // The folder before the first name with a pattern in it: what is wrong may stand there.
    let (mut named_part, mut part) = (named, path);
    while let (Some(named_up), Some(up)) = (named_part.parent(), part.parent())
        && is_pattern(named_part)
    {
        (named_part, part) = (named_up, up);
    }
    let (names, near) = if part.is_dir() { (names(part), Vec::new()) } else { instead(named_part, part) };
    let more = names.len().saturating_sub(TOLD);
    let told = names.iter().take(TOLD).map(|name| shown(Path::new(name))).collect();
    ExpandError::NoMatch { named: named.to_owned(), folders, links, near, instead: (told, more) }
}

/// The names in the last folder of `path` that exists, and those of them that are near to the one that does not.
fn instead(named: &Path, path: &Path) -> (Vec<OsString>, Vec<PathBuf>) {
    let (mut named, mut path) = (named, path);
    while let (Some(named_up), Some(up)) = (named.parent(), path.parent()) {
        if up.is_dir() {
            let wanted = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            let names = names(up);
            let alike = |name: &OsString| {
                strsim::normalized_damerau_levenshtein(&name.to_string_lossy().to_lowercase(), &wanted)
            };
            let mut near: Vec<(f64, PathBuf)> = names
                .iter()
                .map(|name| (alike(name), named_up.join(name)))
                .filter(|(alike, _)| *alike >= NEAR)
                .collect();
            near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| natural(&a.1, &b.1)));
            return (names, near.into_iter().take(TOLD).map(|(_, path)| path).collect());
        }
        (named, path) = (named_up, up);
    }
    (Vec::new(), Vec::new())
}

/// The names in a folder, hidden ones left out, in natural order.
fn names(folder: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(LOOKED_AT);
    let mut names: Vec<OsString> =
        entries.map(|entry| entry.file_name()).filter(|name| !name.to_string_lossy().starts_with('.')).collect();
    names.sort_by(|a, b| natural(Path::new(a), Path::new(b)));
    names
}
