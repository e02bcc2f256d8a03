//! The files of a run as its worker has them: open descriptors that were inherited, the dataset's first.
//!
//! What the parent opened and measured is what is hashed and worked on, whatever the files' names have come to mean since.

use std::{
    fs::File,
    io,
    os::fd::RawFd,
    path::{Path, PathBuf},
};

/// The descriptor of the dataset; those of further files follow.
pub(crate) const FIRST: RawFd = 3;
/// The longest name that a program reads an input by.
const LONGEST: usize = 80;

/// The input of that place, 0 for the dataset, with a position of its own.
pub(super) fn path(place: usize) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", FIRST.saturating_add(i32::try_from(place).unwrap_or(RawFd::MAX))))
}

/// Opens the input of that place, 0 for the dataset.
///
/// # Errors
/// When it was not handed over, or is no regular file.
pub(super) fn open(place: usize) -> io::Result<File> {
    let file = File::open(path(place))?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok(file)
}

/// The last part of a path in letters that every program takes for a name.
pub(super) fn plain(shown: &str) -> String {
    let last =
        Path::new(shown).file_name().map_or_else(|| "dataset".to_owned(), |last| last.to_string_lossy().into_owned());
    let kept = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    last.chars().take(LONGEST).map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_named_as_people_know_them() {
        let names = ["data/a b.fasta", "-rf; x", "..", "ä.fa"].map(plain);
        assert_eq!(names, ["a_b.fasta", "-rf__x", "dataset", "_.fa"]);
        assert_eq!(path(1), Path::new("/proc/self/fd/4"));
    }
}
