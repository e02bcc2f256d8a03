//! Opening datasets: regular files beneath the allowed roots, and no secrets.

use std::{
    fs::File,
    io,
    os::unix::fs::MetadataExt as _,
    path::{Component, Path, PathBuf},
};

use cap_std::{ambient_authority, fs::Dir};

use super::refusal::{Refusal, Rule};
use crate::domain::job::DatasetSource;

/// A dataset that is open: what is measured, hashed, run on and uploaded is this file, whatever its name comes to mean.
#[derive(Debug)]
pub struct OpenDataset {
    /// The path as the person named it.
    pub path: PathBuf,
    /// The whole path, and the root it lies beneath.
    pub source: DatasetSource,
    /// The file, open for reading.
    pub file: File,
    /// Bytes.
    pub bytes: u64,
    /// Modification time in nanoseconds since 1970.
    pub modified_ns: i64,
}

impl OpenDataset {
    /// A second handle to the same open file, with a position of its own.
    ///
    /// # Errors
    /// When the system's file table is full.
    pub fn reopen(&self) -> io::Result<File> {
        use std::os::fd::AsRawFd as _;
        File::open(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }

    /// Refuses when the file is not as it was when it was opened or measured.
    ///
    /// # Errors
    /// D-CHANGED when size or modification time differ from `bytes` and `modified_ns`.
    pub fn unchanged_since(&self, bytes: u64, modified_ns: i64) -> Result<(), Refusal> {
        let now = self.file.metadata().map_err(|e| cannot_read(&self.path, &e))?;
        if now.len() == bytes && modified_nanoseconds(&now) == modified_ns {
            return Ok(());
        }
        Err(Refusal::new(Rule::DataChanged, format!("{} changed after it was measured", self.path.display()))
            .hint("ask again, so that the job is planned on the file as it is now"))
    }
}

fn modified_nanoseconds(meta: &std::fs::Metadata) -> i64 {
    meta.mtime().saturating_mul(1_000_000_000).saturating_add(meta.mtime_nsec())
}

fn cannot_read(path: &Path, error: &io::Error) -> Refusal {
    let path = path.display();
    let rule = Rule::ProbeFailed;
    match error.kind() {
        io::ErrorKind::NotFound => Refusal::new(rule, format!("there is no file {path}"))
            .hint("check the name; paths are taken from the working directory"),
        io::ErrorKind::PermissionDenied => Refusal::new(rule, format!("{path} may not be read by this user"))
            .hint(format!("give yourself read permission: chmod u+r {path}")),
        _ => Refusal::new(rule, format!("{path} could not be opened: {error}")),
    }
}

/// Names of files that are never uploaded, whatever is asked.
fn looks_like_a_secret(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|n| n.to_string_lossy().to_ascii_lowercase()) else { return false };
    let hidden_folder = path
        .components()
        .any(|c| matches!(c.as_os_str().to_str(), Some(".ssh" | ".aws" | ".gnupg" | ".kube" | ".docker" | ".config")));
    hidden_folder
        || name == ".env"
        || name.starts_with(".env.")
        || name.starts_with("id_rsa")
        || name.starts_with("id_ed25519")
        || name.starts_with("id_ecdsa")
        || [".netrc", ".pgpass", ".npmrc", "credentials", "wallet.json", "config.toml", "policy.toml"].contains(&&*name)
        || [".pem", ".key", ".p12", ".pfx", ".kdbx", ".wif", ".nep6", ".keystore", ".db3", ".env", ".wallet.json"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// Opens `path` for reading beneath one of `roots`; relative paths are taken from the first root.
///
/// # Errors
/// D-PATH outside the roots, through a link that leads out, or not a regular file; D-SECRET for what looks like one;
/// R-PROBE when it cannot be read.
pub fn open_dataset(path: &Path, roots: &[PathBuf]) -> Result<OpenDataset, Refusal> {
    if looks_like_a_secret(path) {
        return Err(Refusal::new(
            Rule::DataSecret,
            format!("{} looks like a secret and is never read as a dataset", path.display()),
        ));
    }
    let first = roots.first().ok_or_else(|| Refusal::new(Rule::DataPath, "no folder is allowed for datasets"))?;
    let whole = plain(&if path.is_absolute() { path.to_owned() } else { first.join(path) });
    let outside = || {
        Refusal::new(Rule::DataPath, format!("{} is outside the folders allowed for datasets", path.display())).hint(
            "copy or move it beneath the working directory, or add its folder to `roots` in policy.toml in AGENT_HOME",
        )
    };
    let (root, rest) =
        roots.iter().find_map(|r| whole.strip_prefix(plain(r)).ok().map(|rest| (r, rest))).ok_or_else(outside)?;
    let dir = Dir::open_ambient_dir(root, ambient_authority()).map_err(|e| cannot_read(root, &e))?;
    let rest = if rest.as_os_str().is_empty() { Path::new(".") } else { rest };
    let kind = dir.metadata(rest).map_err(|e| open_error(path, &e))?;
    if !kind.is_file() {
        let what = if kind.is_dir() { "a directory" } else { "not a regular file" };
        return Err(Refusal::new(Rule::DataPath, format!("{} is {what}", path.display())).hint("name one file of data"));
    }
    let file = dir.open(rest).map_err(|e| open_error(path, &e))?.into_std();
    let meta = file.metadata().map_err(|e| cannot_read(path, &e))?;
    if !meta.is_file() {
        return Err(Refusal::new(Rule::DataPath, format!("{} is not a regular file", path.display())));
    }
    let source = DatasetSource { path: whole.clone(), root: root.clone() };
    Ok(OpenDataset { path: path.to_owned(), source, bytes: meta.len(), modified_ns: modified_nanoseconds(&meta), file })
}

/// cap-std reports a path that escapes as a permission error without an operating system's number.
fn open_error(path: &Path, error: &io::Error) -> Refusal {
    if error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none() {
        return Refusal::new(
            Rule::DataPath,
            format!("{} leads outside the folders allowed for datasets", path.display()),
        )
        .hint("name the file itself, beneath the working directory, and no link that leads out");
    }
    cannot_read(path, error)
}

/// The path without `.` and with `..` resolved by name; links are checked when it is opened.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(path: &str, root: &Path) -> Rule {
        open_dataset(Path::new(path), &[root.to_owned()]).expect_err(path).rule
    }

    #[test]
    fn only_regular_files_beneath_the_roots() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::write(root.join("sub/a.fasta"), ">a\nACDE\n").unwrap();
        std::fs::write(dir.path().join("out.fasta"), ">a\nACDE\n").unwrap();
        std::fs::write(root.join(".env"), "KEY=1").unwrap();
        std::os::unix::fs::symlink("../out.fasta", root.join("leads-out")).unwrap();
        std::os::unix::fs::symlink("sub/a.fasta", root.join("stays")).unwrap();
        let open = open_dataset(Path::new("sub/a.fasta"), std::slice::from_ref(&root)).unwrap();
        assert_eq!(open.bytes, 8);
        assert!(open_dataset(&root.join("sub/../sub/a.fasta"), std::slice::from_ref(&root)).is_ok());
        assert!(open_dataset(Path::new("stays"), std::slice::from_ref(&root)).is_ok());
        assert_eq!(rule("../out.fasta", &root), Rule::DataPath);
        assert_eq!(rule("leads-out", &root), Rule::DataPath);
        assert_eq!(rule("/etc/hostname", &root), Rule::DataPath);
        assert_eq!(rule("sub", &root), Rule::DataPath);
        assert_eq!(rule(".env", &root), Rule::DataSecret);
        assert_eq!(rule("missing", &root), Rule::ProbeFailed);
    }

    #[test]
    fn a_file_that_changed_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.fasta");
        std::fs::write(&path, ">a\nAC\n").unwrap();
        let open = open_dataset(&path, &[dir.path().to_owned()]).unwrap();
        open.unchanged_since(open.bytes, open.modified_ns).unwrap();
        std::fs::write(&path, ">a\nACDE\n").unwrap();
        assert_eq!(open.unchanged_since(open.bytes, open.modified_ns).unwrap_err().rule, Rule::DataChanged);
    }
}
