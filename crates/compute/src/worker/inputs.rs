//! The files of a run as its worker has them: open descriptors that were inherited, the dataset's first.
//!
//! What the parent opened and measured is what is hashed and worked on, whatever the files' names have come to mean since.

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    os::{fd::RawFd, unix::fs::symlink},
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

/// Gives each input a name in `folder` that is like its own, so that a program says what people know it by. The names are
/// to be read from within the folder; none can be taken for an option, as each begins with `./`. `lies` says where a program
/// finds the input of that place and name.
///
/// # Errors
/// When the folder cannot be written.
pub(super) fn named<'a>(
    folder: &Path,
    shown: impl Iterator<Item = &'a str>,
    lies: impl Fn(usize, &str) -> PathBuf,
) -> io::Result<Vec<String>> {
    let mut taken = BTreeSet::new();
    let mut names = Vec::new();
    for (place, shown) in shown.enumerate() {
        let own = plain(shown);
        let name = if taken.contains(&own) { format!("{place}-{own}") } else { own };
        symlink(lies(place, &name), folder.join(&name))?;
        names.push(format!("./{name}"));
        taken.insert(name);
    }
    Ok(names)
}

/// The last part of a path in letters that every program takes for a name.
fn plain(shown: &str) -> String {
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
        let folder = tempfile::tempdir().unwrap();
        let shown = ["data/a b.fasta", "other/a b.fasta", "-rf; x", "..", "ä.fa"];
        let names = named(folder.path(), shown.into_iter(), |place, _| path(place)).unwrap();
        assert_eq!(names, ["./a_b.fasta", "./1-a_b.fasta", "./-rf__x", "./dataset", "./_.fa"]);
        assert_eq!(std::fs::read_link(folder.path().join("1-a_b.fasta")).unwrap(), Path::new("/proc/self/fd/4"));
    }
}
