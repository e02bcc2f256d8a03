//! Why names do not expand into files, in one sentence each.

use std::path::PathBuf;

use super::{MOST_COUNTED, Others, shown};
use domain::units::count;

/// Why names do not expand into files.
#[derive(Debug, thiserror::Error)]
pub enum ExpandError {
    /// `~` without a home folder.
    #[error("`{}` is beneath the home folder, and there is none", shown(named))]
    NoHome {
        /// As it was typed.
        named: PathBuf,
    },
    /// A path that does not exist.
    #[error("there is no file or folder `{}`", shown(named))]
    NoSuch {
        /// As it was typed.
        named: PathBuf,
        /// Paths that are written much like it, the nearest first.
        near: Vec<PathBuf>,
    },
    /// A pattern that no file matches.
    #[error("{} matches `{}`", if *folders > 0 { "no file, only a folder," } else { "no file" }, shown(named))]
    NoMatch {
        /// As it was typed.
        named: PathBuf,
        /// Folders that match it.
        folders: usize,
        /// Links to folders that it did not go through.
        links: usize,
        /// Paths that are written much like its first part that is not there.
        near: Vec<PathBuf>,
        /// Some files of the folder that it looks in, and how many more there are.
        instead: (Vec<String>, usize),
    },
    /// A folder without data files.
    #[error(
        "the folder `{}` holds no file {}",
        shown(folder),
        takes.as_ref().map_or("of data".to_owned(), |takes| format!("that {takes}"))
    )]
    EmptyFolder {
        /// As it was typed.
        folder: PathBuf,
        /// What the task takes, where one is known: `sequence_stats takes (FASTA or FASTQ)`.
        takes: Option<String>,
        /// Files that are something else.
        others: Others,
    },
    /// More files than a request holds.
    #[error(
        "`{}` brings the files to {}{}, and one request holds at most {}",
        shown(named),
        if *counted_all { "" } else { "more than " },
        count(if *counted_all { *found as u64 } else { MOST_COUNTED as u64 }),
        count(*most as u64)
    )]
    TooMany {
        /// As it was typed.
        named: PathBuf,
        /// Files so far, with those of the names before it.
        found: usize,
        /// Whether that is all.
        counted_all: bool,
        /// As many as one request holds.
        most: usize,
    },
    /// A folder that cannot be read.
    #[error("the folder `{}` cannot be read: {source}", shown(folder))]
    Folder {
        /// Which.
        folder: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

impl ExpandError {
    /// What the person can do about it.
    pub fn hint(&self) -> Option<String> {
        self.hint_from("the working directory")
    }

    /// The same where relative paths are taken from another place, such as `the folder of the sheet`.
    pub fn hint_from(&self, place: &str) -> Option<String> {
        let near = |paths: &[PathBuf]| {
            let names: Vec<String> = paths.iter().map(|path| format!("`{}`", shown(path))).collect();
            format!("there is {}", names.join(", "))
        };
        let hint = match self {
            ExpandError::NoHome { .. } => "set HOME, or name the whole path".to_owned(),
            ExpandError::NoSuch { near: paths, .. } | ExpandError::NoMatch { near: paths, .. } if !paths.is_empty() => {
                near(paths)
            }
            ExpandError::NoSuch { .. } => format!("check the name; paths are taken from {place}"),
            ExpandError::NoMatch { links, .. } if *links > 0 => {
                "patterns do not go through links to folders: name the folder itself".to_owned()
            }
            ExpandError::NoMatch { folders, .. } if *folders > 0 => {
                "name the folder to take its files, or end the pattern in `/*`".to_owned()
            }
            ExpandError::NoMatch { instead: (names, more), .. } if !names.is_empty() => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                let more = if *more > 0 { format!(" and {} more", count(*more as u64)) } else { String::new() };
                format!("the folder holds {}{more}", names.join(", "))
            }
            ExpandError::NoMatch { .. } => format!("check the pattern; paths are taken from {place}"),
            ExpandError::EmptyFolder { others, .. } if others.count > 0 => {
                format!("its files are something else: {}; sub-folders are not looked into", others.said())
            }
            ExpandError::EmptyFolder { .. } => {
                "sub-folders are not looked into: name them, or `FOLDER/**/*`".to_owned()
            }
            ExpandError::TooMany { .. } => "name fewer, and the others in a request of their own".to_owned(),
            ExpandError::Folder { .. } => "check that the folder may be read by this user".to_owned(),
        };
        Some(hint)
    }
}
