//! Patterns over file names, folder by folder.
//!
//! `*`, `?` and `[...]` match within one name, `**` stands for folders at any depth. Folders that are links are gone
//! through only where they are named in full: a pattern lists what lies in the folders that a person sees.

use std::{
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
};

use glob::Pattern;

use super::MOST_COUNTED;

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// A name as it is, or the root, or `..`.
    Name(PathBuf),
    /// Names that match.
    Match(Pattern),
    /// Folders at any depth, none among them.
    Deep,
}

/// What a pattern found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files, as paths in the pattern's own form.
    pub(super) files: Vec<PathBuf>,
    /// Folders that matched, which are no files.
    pub(super) folders: usize,
    /// Links to folders that were not gone through.
    pub(super) links: usize,
}

/// The parts of a pattern; `None` where it is a plain path, or no valid pattern.
pub(super) fn parts(typed: &Path) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for component in typed.components() {
        let part = match component {
            Component::CurDir => continue,
            Component::Normal(name) if name == "**" => Part::Deep,
            Component::Normal(name) if name.to_str().is_some_and(|name| name.contains(['*', '?', '['])) => {
                Part::Match(Pattern::new(name.to_str()?).ok()?)
            }
            other => Part::Name(PathBuf::from(other.as_os_str())),
        };
        // `**/**` is no more than `**`, and would find everything many times.
        if !(part == Part::Deep && parts.last() == Some(&Part::Deep)) {
            parts.push(part);
        }
    }
    // What ends in `**` means the files there.
    if parts.last() == Some(&Part::Deep) {
        parts.push(Part::Match(Pattern::new("*").ok()?));
    }
    parts.iter().any(|part| !matches!(part, Part::Name(_))).then_some(parts)
}

/// The files beneath `base` that match, in no order. Folders that cannot be read hold nothing.
pub(super) fn matches(base: &Path, parts: &[Part]) -> Found {
    let mut walk = Walk { base, found: Found::default() };
    walk.walk(PathBuf::new(), parts);
    walk.found
}

struct Walk<'a> {
    base: &'a Path,
    found: Found,
}

impl Walk<'_> {
    fn walk(&mut self, at: PathBuf, parts: &[Part]) {
        let Some((part, rest)) = parts.split_first() else { return };
        match part {
            Part::Name(name) => {
                let next = at.join(name);
                match rest {
                    [] => self.take(next),
                    _ => self.walk(next, rest),
                }
            }
            Part::Match(pattern) => {
                // What exists by this very name is no pattern.
                let named = at.join(pattern.as_str());
                if fs::symlink_metadata(self.base.join(&named)).is_ok() {
                    return if rest.is_empty() { self.take(named) } else { self.walk(named, rest) };
                }
                let dotted = pattern.as_str().starts_with('.');
                for (name, kind) in self.entries(&at) {
                    let text = name.to_string_lossy();
                    if text.starts_with('.') && !dotted || !pattern.matches(&text) {
                        continue;
                    }
                    match (rest, kind) {
                        ([], _) => self.take(at.join(name)),
                        (_, Kind::Folder) => self.walk(at.join(name), rest),
                        (_, Kind::LinkedFolder) => self.found.links += 1,
                        (_, Kind::File) => {}
                    }
                }
            }
            Part::Deep => {
                self.walk(at.clone(), rest);
                for (name, kind) in self.entries(&at) {
                    match kind {
                        _ if name.to_string_lossy().starts_with('.') => {}
                        Kind::Folder => self.walk(at.join(name), parts),
                        Kind::LinkedFolder => self.found.links += 1,
                        Kind::File => {}
                    }
                }
            }
        }
    }

    /// Takes what the whole pattern matched.
    fn take(&mut self, path: PathBuf) {
        let whole = self.base.join(&path);
        if whole.is_dir() {
            self.found.folders += 1;
        } else if fs::symlink_metadata(&whole).is_ok() {
            self.found.files.push(path);
        }
    }

    /// What lies in a folder; nothing more once enough was found.
    fn entries(&self, at: &Path) -> Vec<(OsString, Kind)> {
        if self.found.files.len() >= MOST_COUNTED {
            return Vec::new();
        }
        let read = fs::read_dir(self.base.join(at)).into_iter().flatten().flatten();
        read.map(|entry| (entry.file_name(), kind(&entry))).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    LinkedFolder,
}

fn kind(entry: &fs::DirEntry) -> Kind {
    match entry.file_type() {
        Ok(kind) if kind.is_dir() => Kind::Folder,
        Ok(kind) if kind.is_symlink() && entry.path().is_dir() => Kind::LinkedFolder,
        _ => Kind::File,
    }
}
