//! Whether a file still holds what it held before: the same work is known by its content, not by its name.

use std::{
    cell::OnceCell,
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
};

use crate::policy::data::OpenDataset;
use domain::{hash::Sha256, plan::Content};
use science::InputError;

/// So much of each of two files is compared at once, bytes.
const PIECE: usize = 1 << 16;

/// An open file that is compared with others: it is read at most once.
#[derive(Debug)]
pub struct Compared<'a> {
    open: &'a OpenDataset,
    sha256: OnceCell<Sha256>,
}

impl<'a> Compared<'a> {
    /// This file.
    pub fn new(open: &'a OpenDataset) -> Compared<'a> {
        Compared { open, sha256: OnceCell::new() }
    }

    /// Whether it holds what has this checksum.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has(&self, sha256: Sha256) -> Result<bool, InputError> {
        let known = match self.sha256.get() {
            Some(known) => *known,
            None => {
                let read = sha256_of(self.open)?;
                *self.sha256.get_or_init(|| read)
            }
        };
        Ok(known == sha256)
    }

    /// Whether it holds the content that was measured `before`, maybe under another name.
    ///
    /// The file at the same path with the same size and modification time is taken as the same without reading it. Another
    /// size is other content. Else the content is read and its checksum compared; where none was taken before, nothing can be
    /// shown to be the same, and it counts as other content.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is(&self, before: &Content) -> Result<bool, InputError> {
        let open = self.open;
        if open.bytes != before.bytes {
            return Ok(false);
        }
        if open.source.path == before.path && open.modified_ns == before.modified_ns {
            return Ok(true);
        }
        before.sha256.map_or(Ok(false), |sha256| self.has(sha256))
    }
}

/// The SHA-256 of an open file as it is on disk.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(open: &OpenDataset) -> Result<Sha256, InputError> {
    science::sha256(open.reopen().map_err(InputError::Read)?)
}

/// Whether two open files are one, or hold the same: they are read as far as they are alike.
///
/// # Errors
/// When one cannot be read.
pub fn hold_the_same(one: &OpenDataset, two: &OpenDataset) -> io::Result<bool> {
    let (mut one, mut two) = (one.reopen()?, two.reopen()?);
    let (first, second) = (one.metadata()?, two.metadata()?);
    if (first.dev(), first.ino()) == (second.dev(), second.ino()) {
        return Ok(true);
    }
    if first.len() != second.len() {
        return Ok(false);
    }
    let (mut here, mut there) = (Vec::with_capacity(PIECE), Vec::with_capacity(PIECE));
    loop {
        here.clear();
        there.clear();
        one.by_ref().take(PIECE as u64).read_to_end(&mut here)?;
        two.by_ref().take(PIECE as u64).read_to_end(&mut there)?;
        if here != there {
            return Ok(false);
        }
        if here.is_empty() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::SystemTime};

    use super::*;
    use crate::policy::data::open_dataset;

    #[test]
    fn content_is_known_by_its_bytes_whatever_it_is_called() {
        let dir = tempfile::tempdir().unwrap();
        let open = |name: &str| open_dataset(Path::new(name), &[dir.path().to_owned()], &[]).unwrap();
        let same_content = |open: &OpenDataset, before: &Content| Compared::new(open).is(before);
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("a.fasta", ">a\nMKTAYI\n");
        let first = open("a.fasta");
        let mut before = Content {
            path: first.source.path.clone(),
            bytes: first.bytes,
            modified_ns: first.modified_ns,
            sha256: None,
        };
        assert!(same_content(&first, &before).unwrap(), "untouched, without a checksum");
        write("copy.fasta", ">a\nMKTAYI\n");
        assert!(!same_content(&open("copy.fasta"), &before).unwrap(), "nothing shows it");
        before.sha256 = Some(sha256_of(&first).unwrap());
        assert_eq!(before.sha256, Some(Sha256::of(b">a\nMKTAYI\n")));
        assert!(same_content(&open("copy.fasta"), &before).unwrap(), "a copy by another name");
        // Touched, and then with other content of the same length.
        let touch = || {
            let file = std::fs::File::options().append(true).open(dir.path().join("a.fasta")).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        };
        touch();
        assert!(same_content(&open("a.fasta"), &before).unwrap(), "only its time differs");
        write("a.fasta", ">a\nMKTAYL\n");
        touch();
        assert!(!same_content(&open("a.fasta"), &before).unwrap());
        write("a.fasta", ">a\nMKTAYI\n>b\nM\n");
        assert!(!same_content(&open("a.fasta"), &before).unwrap(), "a sequence more");
    }
}
