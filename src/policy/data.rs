//! Opening datasets: regular files beneath the allowed roots, and no secrets.

use std::{
    fs::{self, File, Metadata},
    io,
    os::{
        fd::AsRawFd as _,
        unix::fs::{FileExt as _, MetadataExt as _},
    },
    path::{Component, Path, PathBuf},
};

use cap_std::{
    ambient_authority,
    fs::{Dir, OpenOptions, OpenOptionsExt as _},
};
use rustix::fs::OFlags;

use super::{
    refusal::{Refusal, Rule},
    secret::{self, Name},
};
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

fn modified_nanoseconds(meta: &Metadata) -> i64 {
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

const SECRET_HINT: &str = "files with keys, passwords or settings are never read or sent; if this is data after all, copy \
     the data alone to a file of its own, such as data.fasta";

fn secret(path: &Path, why: &str) -> Refusal {
    let why = format!("{} looks like a secret and is never read as a dataset: {why}", path.display());
    Refusal::new(Rule::DataSecret, why).hint(SECRET_HINT)
}

/// Opens `path` for reading beneath one of `roots`; relative paths are taken from the first root. Nothing of `private`,
/// files and folders, is ever opened.
///
/// # Errors
/// D-PATH outside the roots, through a link that leads out, or not a regular file; D-SECRET for what looks like one, by
/// the name that was typed, by the name of what was opened, or by how its content begins; R-PROBE when it cannot be read.
pub fn open_dataset(path: &Path, roots: &[PathBuf], private: &[PathBuf]) -> Result<OpenDataset, Refusal> {
    let typed = secret::name(path);
    if typed == Name::Secret {
        return Err(secret(path, "by its name"));
    }
    let first = roots.first().ok_or_else(|| Refusal::new(Rule::DataPath, "no folder is allowed for datasets"))?;
    let whole = resolved(path, first)?;
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
    // What is a pipe by now is not waited for.
    let mut reading = OpenOptions::new();
    reading.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let file = dir.open_with(rest, &reading).map_err(|e| open_error(path, &e))?.into_std();
    let meta = file.metadata().map_err(|e| cannot_read(path, &e))?;
    if !meta.is_file() {
        return Err(Refusal::new(Rule::DataPath, format!("{} is not a regular file", path.display())));
    }
    not_secret(path, &file, &meta, Asked { typed, root, private })?;
    let source = DatasetSource { path: whole.clone(), root: root.clone() };
    Ok(OpenDataset { path: path.to_owned(), source, bytes: meta.len(), modified_ns: modified_nanoseconds(&meta), file })
}

/// How a file was asked for, and what may not be it.
struct Asked<'a> {
    typed: Name,
    root: &'a Path,
    private: &'a [PathBuf],
}

/// Judges what was really opened: its own name, whether it is the owner's own, and how it begins.
fn not_secret(path: &Path, file: &File, meta: &Metadata, asked: Asked<'_>) -> Result<(), Refusal> {
    let real = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).map_err(|e| cannot_read(path, &e))?;
    // Folders above the root are not what anybody asked for.
    let root = asked.root.canonicalize().map_err(|e| cannot_read(asked.root, &e))?;
    let named = secret::name(real.strip_prefix(root).unwrap_or(&real));
    if named == Name::Secret {
        return Err(secret(path, "by the name of the file that it leads to"));
    }
    if asked.private.iter().any(|own| is_of(own, &real, meta)) {
        return Err(secret(path, "it is a file of this program's own, in AGENT_HOME or named by its settings"));
    }
    let mut head = vec![0; secret::HEAD];
    let mut filled = 0;
    while let Some(room) = head.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read_at(room, filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(cannot_read(path, &e)),
        }
    }
    head.truncate(filled);
    if let Some(what) = secret::content(&head) {
        return Err(secret(path, what));
    }
    if (asked.typed == Name::Doubtful || named == Name::Doubtful) && !secret::holds_sequences(&head) {
        return Err(secret(path, "by its name, and its content is no FASTA or FASTQ"));
    }
    Ok(())
}

/// Whether an open file is `own`, under whatever name, or lies beneath it.
fn is_of(own: &Path, real: &Path, meta: &Metadata) -> bool {
    match fs::metadata(own) {
        Ok(there) if there.is_dir() => own.canonicalize().is_ok_and(|folder| real.starts_with(folder)),
        Ok(there) => (there.dev(), there.ino()) == (meta.dev(), meta.ino()),
        Err(_) => false,
    }
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

/// The whole path without `.` and `..`, from `folder` on.
///
/// By name alone, `link/..` is the folder that holds the link; the system means the folder above the one that the link
/// leads to. What has two meanings is refused, and what is no folder has nothing above it.
fn resolved(path: &Path, folder: &Path) -> Result<PathBuf, Refusal> {
    let mut out = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                let meta = fs::symlink_metadata(&out).map_err(|e| cannot_read(path, &e))?;
                if !meta.is_dir() {
                    let what = if meta.is_symlink() { "a link" } else { "no folder" };
                    let why = format!("{} goes up from {}, which is {what}", path.display(), out.display());
                    return Err(Refusal::new(Rule::DataPath, why).hint("name the file without `..`"));
                }
                out.pop();
            }
            other => out.push(other),
        }
    }
    Ok(out)
}

/// A root without `.` and `..`.
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
        open_dataset(Path::new(path), &[root.to_owned()], &[]).expect_err(path).rule
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
        let open = open_dataset(Path::new("sub/a.fasta"), std::slice::from_ref(&root), &[]).unwrap();
        assert_eq!(open.bytes, 8);
        assert!(open_dataset(&root.join("sub/../sub/a.fasta"), std::slice::from_ref(&root), &[]).is_ok());
        assert!(open_dataset(Path::new("stays"), std::slice::from_ref(&root), &[]).is_ok());
        assert_eq!(rule("../out.fasta", &root), Rule::DataPath);
        assert_eq!(rule("leads-out", &root), Rule::DataPath);
        assert_eq!(rule("/etc/hostname", &root), Rule::DataPath);
        assert_eq!(rule("sub", &root), Rule::DataPath);
        assert_eq!(rule(".env", &root), Rule::DataSecret);
        assert_eq!(rule("missing", &root), Rule::ProbeFailed);
    }

    #[test]
    fn a_secret_is_one_under_every_name() {
        let dir = tempfile::tempdir().unwrap();
        let (root, home) = (dir.path().join("root"), dir.path().join("root/home"));
        std::fs::create_dir_all(&home).unwrap();
        let file = |name: &str, text: &str| std::fs::write(root.join(name), text).unwrap();
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, root.join(name)).unwrap();
        file(".env", "NOTE=1\n");
        file("notes.txt", "AIOZ_SECRET_KEY=abc\n");
        file("keystore.fasta", ">a\nACDE\n");
        file("keystore.txt", "words\n");
        file("purse", "{}");
        file("home/data.fasta", ">a\nACDE\n");
        file("far.txt", &format!("{}\nA_SECRET=abc\n", "x".repeat(secret::HEAD)));
        link(".env", "linked.txt");
        link("keystore.txt", "list.txt");
        std::fs::hard_link(root.join("purse"), root.join("same.txt")).unwrap();
        let private = [home, root.join("purse"), root.join("none")];
        let open = |name: &str| open_dataset(Path::new(name), std::slice::from_ref(&root), &private);
        for name in ["linked.txt", "notes.txt", "keystore.txt", "list.txt", "purse", "same.txt", "home/data.fasta"] {
            let refusal = open(name).expect_err(name);
            assert_eq!(refusal.rule, Rule::DataSecret, "{name}");
            assert!(refusal.hint.is_some() && !refusal.why.contains("abc"), "{refusal}");
        }
        for name in ["keystore.fasta", "far.txt"] {
            open(name).unwrap();
        }
    }

    #[test]
    fn up_from_a_link_has_two_meanings_and_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_owned();
        std::fs::create_dir_all(root.join("other/deep")).unwrap();
        for name in ["x.fasta", "other/x.fasta"] {
            std::fs::write(root.join(name), ">a\nAC\n").unwrap();
        }
        std::os::unix::fs::symlink("other/deep", root.join("l")).unwrap();
        assert_eq!(rule("l/../x.fasta", &root), Rule::DataPath);
        assert_eq!(rule("x.fasta/../x.fasta", &root), Rule::DataPath);
        assert_eq!(rule("none/../x.fasta", &root), Rule::ProbeFailed);
        let open = open_dataset(Path::new("other/deep/../x.fasta"), std::slice::from_ref(&root), &[]).unwrap();
        assert_eq!(open.source.path, root.join("other/x.fasta"));
    }

    #[test]
    fn a_file_that_changed_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.fasta");
        std::fs::write(&path, ">a\nAC\n").unwrap();
        let open = open_dataset(&path, &[dir.path().to_owned()], &[]).unwrap();
        open.unchanged_since(open.bytes, open.modified_ns).unwrap();
        std::fs::write(&path, ">a\nACDE\n").unwrap();
        assert_eq!(open.unchanged_since(open.bytes, open.modified_ns).unwrap_err().rule, Rule::DataChanged);
    }
}
