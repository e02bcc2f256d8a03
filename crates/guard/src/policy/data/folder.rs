//! The files of a folder that is an input as a whole: listed under the rules for who named it, and opened one by one under the
//! same rules as any file.

use std::path::{Path, PathBuf};

use cap_std::{ambient_authority, fs::Dir};

use super::{NamedBy, Refusal, cannot_read, open_error, plain, resolved};
use crate::policy::Rule;
use domain::{task::MOST_FILES, units};

/// No more entries are looked at, folders and hidden files among them.
const MOST_ENTRIES: usize = 10_000;
/// Folders within folders are followed so deep.
const DEEPEST: usize = 16;
/// All files of a folder together, bytes.
const MOST_BYTES: u64 = 100_000_000_000;

/// Why a folder is no input.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The rules do not let anybody look into it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It is a file.
    #[error("{} is a file, and a folder is expected", .0.display())]
    NoFolder(PathBuf),
    /// There is no file in it.
    #[error("the folder {} holds no file", .0.display())]
    Empty(PathBuf),
    /// A link in it.
    #[error("{} is a link, and links in a folder are not followed", .0.display())]
    Link(PathBuf),
    /// Something in it that is no file.
    #[error("{} is no regular file", .0.display())]
    Odd(PathBuf),
    /// More files than an input may have.
    #[error("the folder {} holds more than {most} files", folder.display())]
    TooMany {
        /// The folder.
        folder: PathBuf,
        /// As many as there may be.
        most: usize,
    },
    /// Too deep, or too many entries.
    #[error("the folder {} is too large to be an input: {why}", folder.display())]
    TooLarge {
        /// The folder.
        folder: PathBuf,
        /// Of what there is too much.
        why: String,
    },
}

impl FolderError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            FolderError::Refused(refusal) => return refusal.hint.clone(),
            FolderError::NoFolder(_) => "name the folder that the files lie in".to_owned(),
            FolderError::Empty(_) => "check the name; hidden files are passed over".to_owned(),
            FolderError::Link(_) => "put the file itself there, or take the link out of the folder".to_owned(),
            FolderError::Odd(_) => "take it out of the folder".to_owned(),
            FolderError::TooMany { .. } | FolderError::TooLarge { .. } => {
                "make several folders of it, or a folder of what is needed".to_owned()
            }
        })
    }
}

/// The files of a folder and of the folders in it, by their places there, in order. Hidden ones are passed over, and no
/// link is followed.
///
/// # Errors
/// D-PATH and R-PROBE for a folder that may not or cannot be looked into; no file, more than `most`, and what is no file.
pub fn list_folder(
    path: &Path,
    roots: &[PathBuf],
    named_by: NamedBy,
    most: usize,
) -> Result<Vec<PathBuf>, FolderError> {
    let first = roots.first().ok_or_else(|| Refusal::new(Rule::DataPath, "no folder is allowed for datasets"))?;
    let whole = resolved(path, first)?;
    let beneath = roots.iter().find_map(|root| whole.strip_prefix(plain(root)).ok().map(|rest| (root, rest)));
    let ambient = |path: &Path| Dir::open_ambient_dir(path, ambient_authority());
    let opened = match (beneath, named_by) {
        // Whatever it leads to is the person's to name.
        (_, NamedBy::Person) => ambient(&whole),
        (Some((root, rest)), NamedBy::Other) => {
            let root = ambient(root).map_err(|e| cannot_read(root, &e))?;
            if rest.as_os_str().is_empty() { Ok(root) } else { root.open_dir(rest) }
        }
        (None, NamedBy::Other) => {
            let why = format!("{} is outside the folders allowed for datasets", path.display());
            return Err(Refusal::new(Rule::DataPath, why)
                .hint(
                    "copy it beneath the working directory, or add its folder to `roots` in policy.toml in AGENT_HOME",
                )
                .into());
        }
    };
    let folder = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotADirectory => FolderError::NoFolder(path.to_owned()),
        _ => open_error(path, &error).into(),
    })?;
    let mut found = Found { named: path, most: most.min(MOST_FILES), files: Vec::new(), entries: 0, bytes: 0 };
    found.look(&folder, Path::new(""), 0)?;
    if found.files.is_empty() {
        return Err(FolderError::Empty(path.to_owned()));
    }
    let mut files = found.files;
    files.sort();
    Ok(files)
}

/// What was found so far.
struct Found<'a> {
    named: &'a Path,
    most: usize,
    files: Vec<PathBuf>,
    entries: usize,
    bytes: u64,
}

impl Found<'_> {
    fn look(&mut self, folder: &Dir, at: &Path, depth: usize) -> Result<(), FolderError> {
        let too_large = |why: String| FolderError::TooLarge { folder: self.named.to_owned(), why };
        if depth > DEEPEST {
            return Err(too_large(format!("its folders lie more than {DEEPEST} deep")));
        }
        let here = self.named.join(at);
        for entry in folder.entries().map_err(|e| cannot_read(&here, &e))? {
            let entry = entry.map_err(|e| cannot_read(&here, &e))?;
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                let why = format!("there are more than {} entries", units::count(MOST_ENTRIES as u64));
                return Err(FolderError::TooLarge { folder: self.named.to_owned(), why });
            }
            let name = entry.file_name();
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            let place = at.join(&name);
            let shown = self.named.join(&place);
            let kind = entry.file_type().map_err(|e| cannot_read(&shown, &e))?;
            if kind.is_symlink() {
                return Err(FolderError::Link(shown));
            }
            if kind.is_dir() {
                let inner = entry.open_dir().map_err(|e| open_error(&shown, &e))?;
                self.look(&inner, &place, depth + 1)?;
                continue;
            }
            if !kind.is_file() {
                return Err(FolderError::Odd(shown));
            }
            self.bytes = self.bytes.saturating_add(entry.metadata().map_err(|e| cannot_read(&shown, &e))?.len());
            if self.bytes > MOST_BYTES {
                let why = format!("its files have more than {}", units::bytes(MOST_BYTES));
                return Err(FolderError::TooLarge { folder: self.named.to_owned(), why });
            }
            if self.files.len() == self.most {
                return Err(FolderError::TooMany { folder: self.named.to_owned(), most: self.most });
            }
            self.files.push(place);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn listed(path: &Path, root: &Path, named_by: NamedBy, most: usize) -> Result<Vec<String>, String> {
        list_folder(path, &[root.to_owned()], named_by, most)
            .map(|files| files.iter().map(|file| file.display().to_string()).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_folder_is_its_files_and_those_of_its_folders_and_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("run/sub")).unwrap();
        fs::create_dir(dir.path().join("other")).unwrap();
        for name in ["root/run/b.fa", "root/run/sub/a.fa", "root/run/.hidden", "other/secret.fa"] {
            fs::write(dir.path().join(name), ">a\nACGT\n").unwrap();
        }
        let here = |most| listed(Path::new("run"), &root, NamedBy::Other, most);
        assert_eq!(here(200), Ok(vec!["b.fa".to_owned(), "sub/a.fa".to_owned()]));
        assert_eq!(here(1), Err("the folder run holds more than 1 files".to_owned()));
        let elsewhere = |named_by| listed(&dir.path().join("other"), &root, named_by, 200);
        assert!(elsewhere(NamedBy::Other).unwrap_err().contains("outside the folders allowed"));
        assert_eq!(elsewhere(NamedBy::Person), Ok(vec!["secret.fa".to_owned()]));
        // Through a link out of the root nobody else looks, whatever lies there.
        symlink(dir.path().join("other"), root.join("out")).unwrap();
        let through = listed(Path::new("out"), &root, NamedBy::Other, 200);
        assert!(through.clone().unwrap_err().contains("leads outside"), "{through:?}");
        symlink(dir.path().join("other/secret.fa"), root.join("run/sub/link.fa")).unwrap();
        let linked = "run/sub/link.fa is a link, and links in a folder are not followed";
        assert_eq!(here(200), Err(linked.to_owned()));
        assert_eq!(
            listed(Path::new("run/b.fa"), &root, NamedBy::Person, 200),
            Err("run/b.fa is a file, and a folder is expected".to_owned())
        );
        fs::create_dir(root.join("empty")).unwrap();
        assert_eq!(
            listed(Path::new("empty"), &root, NamedBy::Person, 200),
            Err("the folder empty holds no file".to_owned())
        );
    }
}
