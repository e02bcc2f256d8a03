//! What a run has written: how much it is, and what of it is no part of its result.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// More files than these are too many, whatever is in them.
const MOST_FILES: usize = 20_000;
/// Bytes of a block, as the system counts them.
const BLOCK: u64 = 512;

/// What may lie beneath a folder.
#[derive(Debug, Clone)]
pub(super) struct Room {
    folder: PathBuf,
    bytes: u64,
    files: usize,
}

impl Room {
    /// Room for so many bytes more than there are now.
    pub fn of(folder: &Path, more: u64) -> Room {
        let (bytes, files) = taken(folder, u64::MAX, usize::MAX);
        Room { folder: folder.to_owned(), bytes: bytes.saturating_add(more), files: files.saturating_add(MOST_FILES) }
    }

    /// Whether there is more by now.
    pub fn is_full(&self) -> bool {
        let (bytes, files) = taken(&self.folder, self.bytes, self.files);
        bytes > self.bytes || files > self.files
    }
}

/// What all files beneath a folder take of the disk, bytes, and how many they are; counted until either is above its most.
fn taken(folder: &Path, most_bytes: u64, most_files: usize) -> (u64, usize) {
    let (mut bytes, mut files, mut folders) = (0_u64, 0_usize, vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            // Of the entry itself: no link is followed.
            let Ok(meta) = entry.metadata() else { continue };
            files += 1;
            bytes = bytes.saturating_add(meta.blocks().saturating_mul(BLOCK));
            if bytes > most_bytes || files > most_files {
                return (bytes, files);
            }
            if meta.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    (bytes, files)
}

/// What was in a folder before a run.
pub(super) struct Before {
    folder: PathBuf,
    names: HashSet<OsString>,
}

impl Before {
    /// As it is now.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn of(folder: &Path) -> io::Result<Before> {
        let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
        Ok(Before { folder: folder.to_owned(), names })
    }

    /// The names of what is there now and was not before, in order; those that are no text are left out.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn fresh(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            names.extend(name.to_str().filter(|_| !self.names.contains(&name)).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Removes what the run left there that is none of `kept`: what it calls its files is for nobody to stumble over.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn clear_strays(&self, kept: &[&str]) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if self.names.contains(&name) || kept.iter().any(|kept| name == *kept) {
                continue;
            }
            match entry.file_type()?.is_dir() {
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_counted_as_the_disk_does() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("sub/a"), vec![1; 100_000]).unwrap();
        let sparse = fs::File::create(folder.path().join("sparse")).unwrap();
        sparse.set_len(1 << 40).unwrap();
        let (ample, tight) = (Room::of(folder.path(), 1 << 20), Room::of(folder.path(), 90_000));
        fs::write(folder.path().join("sub/b"), vec![1; 100_000]).unwrap();
        assert!(!ample.is_full() && tight.is_full());
    }

    #[test]
    fn strays_go_and_what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("mine.txt"), "x").unwrap();
        let before = Before::of(folder.path()).unwrap();
        for stray in ["-rf", "RESULT.JSON", "out.txt", ".hidden"] {
            fs::write(at(stray), "x").unwrap();
        }
        fs::create_dir(at("deep")).unwrap();
        std::os::unix::fs::symlink("/", at("root")).unwrap();
        before.clear_strays(&["out.txt"]).unwrap();
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["mine.txt", "out.txt"]);
        assert!(Path::new("/").exists());
    }
}
