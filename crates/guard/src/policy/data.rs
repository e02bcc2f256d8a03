//! Opening datasets: regular files beneath the allowed roots, and no secrets. A person names files wherever they lie.

mod folder;

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
    links,
    refusal::{Refusal, Rule},
};
use cassette::scrub::known;
use domain::{dataset::DatasetSource, path_text, task::Parameters, units::clean};
use secrets::Name;

pub use folder::{FolderError, list_folder};

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

/// A file that is about to be worked on or sent, and was looked at by its beginning alone.
#[derive(Debug)]
pub struct WholeSearch {
    path: PathBuf,
    file: File,
}

impl WholeSearch {
    /// Reads all of it, in bounded memory. `progress` is told bytes of the file.
    ///
    /// # Errors
    /// D-SECRET for a file that holds one anywhere; R-PROBE when it cannot be read.
    pub fn run(self, progress: &dyn Fn(u64)) -> Result<(), Refusal> {
        let WholeSearch { path, file } = self;
        let found = secrets::through(file, &known::sought(), progress).map_err(|e| cannot_read(&path, &e))?;
        found.map_or(Ok(()), |what| Err(secret(&path, &what)))
    }
}

/// Refuses parameters that hold a secret: they are about to leave this machine.
///
/// # Errors
/// D-SECRET.
pub fn check_parameters(parameters: &Parameters) -> Result<(), Refusal> {
    parameters.iter().try_for_each(|(name, value)| {
        // As a program would read it, and as it is sent.
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let Some(what) = secrets::content(text.as_bytes()) else { return Ok(()) };
        let why = format!("the parameter `{}` is not sent to a provider: {what}", clean(name, 40));
        Err(Refusal::new(Rule::DataSecret, why).hint("no task needs a key among its parameters"))
    })
}

/// A further file of a job that is open, by the parameter that names it.
#[derive(Debug)]
pub struct OpenFurther {
    /// The parameter.
    pub name: String,
    /// The file.
    pub file: OpenDataset,
}

impl OpenDataset {
    /// A second handle to the same open file, with a position of its own.
    ///
    /// # Errors
    /// When the system's file table is full.
    pub fn reopen(&self) -> io::Result<File> {
        File::open(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }

    /// A search of all of it for secrets, through a handle of its own.
    ///
    /// # Errors
    /// R-PROBE when the system's file table is full.
    pub fn search(&self) -> Result<WholeSearch, Refusal> {
        let file = self.reopen().map_err(|e| cannot_read(&self.path, &e))?;
        Ok(WholeSearch { path: self.path.clone(), file })
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
    let (typed, shown) = (path_text::for_shell(path), path.display());
    let rule = Rule::ProbeFailed;
    match error.kind() {
        io::ErrorKind::NotFound if path_text::was_no_text(path) => no_text(path),
        io::ErrorKind::NotFound => Refusal::new(rule, format!("there is no file {shown}"))
            .hint("check the name; paths are taken from the working directory"),
        io::ErrorKind::PermissionDenied => Refusal::new(rule, format!("{shown} may not be read by this user"))
            .hint(format!("give yourself read permission: chmod u+r {typed}")),
        _ => Refusal::new(rule, format!("{shown} could not be opened: {error}")),
    }
}

/// A name that is no text can be written into no plan, job or receipt.
fn no_text(path: &Path) -> Refusal {
    let why = format!(
        "the path {} is no valid UTF-8, so no job can be written down for it",
        clean(&path.to_string_lossy(), 200)
    );
    Refusal::new(Rule::ProbeFailed, why).hint("rename it: letters, digits, `.`, `-` and `_` are always read")
}

const SECRET_HINT: &str = "files with keys, passwords or settings are never read or sent; if this is data after all, copy \
     the data alone to a file of its own, such as data.fasta";

fn secret(path: &Path, why: &str) -> Refusal {
    let why = format!("{} looks like a secret and is never read as a dataset: {why}", path.display());
    Refusal::new(Rule::DataSecret, why).hint(SECRET_HINT)
}

/// Who named a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// A person, in a flag, a plan file or on a terminal: it is theirs to name, wherever it lies.
    Person,
    /// Anybody else, such as a model: only what lies beneath the allowed roots.
    Other,
}

/// Opens `path`, named by nobody in particular: [`open_dataset_named`] by [`NamedBy::Other`].
///
/// # Errors
/// As there.
pub fn open_dataset(path: &Path, roots: &[PathBuf], private: &[PathBuf]) -> Result<OpenDataset, Refusal> {
    open_dataset_named(path, roots, private, NamedBy::Other)
}

/// Opens `path` for reading beneath one of `roots`; relative paths are taken from the first root. Nothing of `private`,
/// files and folders, is ever opened.
///
/// For a person the file's own folder is a root too, where it lies beneath none of `roots`: links may not lead out of it,
/// and the whole path is looked at for what holds secrets or belongs to the system.
///
/// # Errors
/// D-PATH outside the roots, through a link that leads out, a hard link of a file outside, or not a regular file; D-SECRET for what looks like one, by
/// the name that was typed, by the name of what was opened, or by how its content begins; R-PROBE when it cannot
/// be read, or its path is no text.
pub fn open_dataset_named(
    path: &Path,
    roots: &[PathBuf],
    private: &[PathBuf],
    named_by: NamedBy,
) -> Result<OpenDataset, Refusal> {
    let typed = secrets::name(path);
    if typed == Name::Secret {
        return Err(secret(path, "by its name"));
    }
    let first = roots.first().ok_or_else(|| Refusal::new(Rule::DataPath, "no folder is allowed for datasets"))?;
    let whole = resolved(path, first)?;
    // What a plan, a job and a result would be written with.
    if known::sought().found_in(whole.as_os_str().as_encoded_bytes()).is_some() {
        return Err(secret(path, "its path holds a secret of this program's own"));
    }
    if !path_text::is_text(&whole) {
        return Err(no_text(&whole));
    }
    let beneath = roots.iter().find_map(|r| whole.strip_prefix(plain(r)).ok().map(|rest| (r, rest)));
    let opened = beneath.map(|(root, rest)| {
        let source = DatasetSource::file(whole.clone(), root.clone());
        open_beneath(path, source, rest, Asked { typed, root: Some(root), private })
    });
    match (opened, named_by) {
        // What only leads out of the roots may still be in a folder that the person named.
        (Some(Err(refusal)), NamedBy::Person) if refusal.rule == Rule::DataPath => {
            own_folder(path, &whole, typed, private)
        }
        (Some(opened), NamedBy::Person) => opened,
        (Some(opened), NamedBy::Other) => opened.and_then(|open| not_linked_out(open, roots, private)),
        (None, NamedBy::Person) => own_folder(path, &whole, typed, private),
        (None, NamedBy::Other) => {
            let why = format!("{} is outside the folders allowed for datasets", path.display());
            Err(Refusal::new(Rule::DataPath, why).hint(
                "copy or move it beneath the working directory, or add its folder to `roots` in policy.toml in AGENT_HOME",
            ))
        }
    }
}

/// Refuses what has another name outside of the roots, or one that is never data, where nobody who may name files there named it.
fn not_linked_out(open: OpenDataset, roots: &[PathBuf], private: &[PathBuf]) -> Result<OpenDataset, Refusal> {
    let meta = open.file.metadata().map_err(|e| cannot_read(&open.path, &e))?;
    let is_closed = |root: &Path, name: &Path| {
        secrets::name(name.strip_prefix(root).unwrap_or(name)) == Name::Secret
            || private.iter().any(|own| own.canonicalize().is_ok_and(|own| name.starts_with(own)))
    };
    if !links::lead_out(&meta, roots, &is_closed) {
        return Ok(open);
    }
    let (shown, typed) = (open.path.display(), path_text::for_shell(&open.path));
    let why = format!(
        "{shown} is a hard link: the same file has a name outside the folders allowed for datasets, or one that is never data"
    );
    Err(Refusal::new(Rule::DataPath, why).hint(format!(
        "if it is data, name it yourself with a flag, or make it a file of its own: cp {typed} copy-of-it"
    )))
}

/// Opens `whole` with its own folder as the root. The folder is kept by its real path, so that a link in it that is
/// changed later leads nowhere else.
fn own_folder(path: &Path, whole: &Path, typed: Name, private: &[PathBuf]) -> Result<OpenDataset, Refusal> {
    let (Some(folder), Some(name)) = (whole.parent(), whole.file_name()) else {
        return Err(no_file(path, "a directory"));
    };
    let root = folder.canonicalize().map_err(|e| cannot_read(path, &e))?;
    let source = DatasetSource::file(root.join(name), root);
    // By its real path the folder may be called otherwise than it was named.
    if !path_text::is_text(&source.path) {
        return Err(no_text(&source.path));
    }
    open_beneath(path, source, Path::new(name), Asked { typed, root: None, private })
}

/// Opens `rest` beneath the source's root.
fn open_beneath(path: &Path, source: DatasetSource, rest: &Path, asked: Asked<'_>) -> Result<OpenDataset, Refusal> {
    let root = &source.root;
    let dir = Dir::open_ambient_dir(root, ambient_authority()).map_err(|e| cannot_read(root, &e))?;
    let rest = if rest.as_os_str().is_empty() { Path::new(".") } else { rest };
    let kind = dir.metadata(rest).map_err(|e| open_error(path, &e))?;
    if !kind.is_file() {
        return Err(no_file(path, if kind.is_dir() { "a directory" } else { "not a regular file" }));
    }
    // What is a pipe by now is not waited for.
    let mut reading = OpenOptions::new();
    reading.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let file = dir.open_with(rest, &reading).map_err(|e| open_error(path, &e))?.into_std();
    let meta = file.metadata().map_err(|e| cannot_read(path, &e))?;
    if !meta.is_file() {
        return Err(no_file(path, "not a regular file"));
    }
    not_secret(path, &file, &meta, asked)?;
    let (bytes, modified_ns) = (meta.len(), modified_nanoseconds(&meta));
    Ok(OpenDataset { path: path.to_owned(), source, bytes, modified_ns, file })
}

fn no_file(path: &Path, what: &str) -> Refusal {
    Refusal::new(Rule::DataPath, format!("{} is {what}", path.display())).hint("name one file of data")
}

/// How a file was asked for, and what may not be it.
struct Asked<'a> {
    typed: Name,
    /// The allowed root; none where a person named the file wherever it lies.
    root: Option<&'a Path>,
    private: &'a [PathBuf],
}

/// Judges what was really opened: its own name, whether it is the owner's own, and how it begins.
fn not_secret(path: &Path, file: &File, meta: &Metadata, asked: Asked<'_>) -> Result<(), Refusal> {
    let real = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).map_err(|e| cannot_read(path, &e))?;
    let root = asked.root.map(|root| root.canonicalize().map_err(|e| cannot_read(root, &e))).transpose()?;
    // An owner may allow a folder of the system; a folder above it, such as `/`, allows none.
    if is_of_the_system(&real) && !root.as_deref().is_some_and(is_of_the_system) {
        return Err(secret(path, "it belongs to the system, not to anybody's data"));
    }
    // Folders above an allowed root are not what anybody asked for.
    let named = secrets::name(root.and_then(|root| real.strip_prefix(root).ok()).unwrap_or(&real));
    if named == Name::Secret {
        return Err(secret(path, "by the name of the file that it leads to"));
    }
    if asked.private.iter().any(|own| is_of(own, &real, meta)) {
        return Err(secret(path, "it is a file of this program's own, in AGENT_HOME or named by its settings"));
    }
    let head = secrets::head(FromStart { file, at: 0 }).map_err(|e| cannot_read(path, &e))?;
    if let Some(what) = secrets::content(&head) {
        return Err(secret(path, &what));
    }
    if (asked.typed == Name::Doubtful || named == Name::Doubtful) && !secrets::holds_sequences(&head) {
        return Err(secret(path, "by its name, and its content is no FASTA or FASTQ"));
    }
    Ok(())
}

/// Reads a file from its start, wherever its own position is.
struct FromStart<'f> {
    file: &'f File,
    at: u64,
}

impl io::Read for FromStart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at = self.at.saturating_add(read as u64);
        Ok(read)
    }
}

/// Where the system keeps accounts, keys and the state of processes.
fn is_of_the_system(real: &Path) -> bool {
    let beneath = |folders: &[&str]| folders.iter().any(|folder| real.starts_with(folder));
    // Memory that data may lie in, and disks that people plug in.
    let data = ["/dev/shm", "/run/media"];
    beneath(&["/boot", "/dev", "/etc", "/proc", "/run", "/sys"]) && !beneath(&data)
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
        .hint("name the file that the link leads to, by its own path");
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
mod tests;
