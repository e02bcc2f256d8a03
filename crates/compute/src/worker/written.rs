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

/// Whether all files beneath `folder` take more than `most` bytes of the disk, or are too many.
pub(super) fn is_above(folder: &Path, most: u64) -> bool {
    let (mut bytes, mut files, mut folders) = (0_u64, 0, vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            // Of the entry itself: no link is followed.
            let Ok(meta) = entry.metadata() else { continue };
            files += 1;
            bytes = bytes.saturating_add(meta.blocks().saturating_mul(BLOCK));
            if bytes > most || files > MOST_FILES {
                return true;
            }
            if meta.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    false
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
        assert!(!is_above(folder.path(), 1 << 20) && is_above(folder.path(), 90_000));
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
