//! Hard links: a file in an allowed folder may be a private one under a second name. Where its other names are is not written in
//! it, so that they are looked for.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// No more names are looked at; what has still others then counts as linked elsewhere.
const MOST: usize = 200_000;

/// Whether a file of `meta` has a name that does not lie beneath `roots`, or that `is_closed`, as far as [`MOST`] names show.
pub(super) fn lead_out(meta: &Metadata, roots: &[PathBuf], is_closed: &dyn Fn(&Path, &Path) -> bool) -> bool {
    if meta.nlink() <= 1 {
        return false;
    }
    let roots: Vec<PathBuf> = roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
    // One that lies beneath another is gone through with it.
    let outermost = roots.iter().enumerate().filter(|(at, root)| {
        !roots
            .iter()
            .enumerate()
            .any(|(other, above)| root.starts_with(above) && (root.as_path() != above.as_path() || other < *at))
    });
    let mut search = Search { of: (meta.dev(), meta.ino()), wanted: meta.nlink(), left: MOST, is_closed };
    !outermost.map(|(_, root)| root).any(|root| search.has_all(root))
}

struct Search<'s> {
    of: (u64, u64),
    /// Of a root and a path beneath it.
    is_closed: &'s dyn Fn(&Path, &Path) -> bool,
    /// How many names are still to be found.
    wanted: u64,
    left: usize,
}

impl Search<'_> {
    /// Whether all names are found, once this folder was gone through.
    fn has_all(&mut self, root: &Path) -> bool {
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                let Some(left) = self.left.checked_sub(1) else { return false };
                self.left = left;
                // Of the entry itself: no link is followed. A hard link never leads to another file system.
                let Ok(meta) = entry.metadata() else { continue };
                if meta.dev() != self.of.0 {
                    continue;
                }
                if meta.is_dir() {
                    folders.push(entry.path());
                } else if meta.ino() == self.of.1 {
                    if (self.is_closed)(root, &entry.path()) {
                        return false;
                    }
                    self.wanted = self.wanted.saturating_sub(1);
                    if self.wanted == 0 {
                        return true;
                    }
                }
            }
        }
        false
    }
}
