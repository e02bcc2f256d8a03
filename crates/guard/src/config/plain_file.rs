//! Opening a file that is to be read whole: a regular one, and never one that makes the program wait.

use std::{
    fs::{File, Metadata, OpenOptions, Permissions},
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use rustix::fs::OFlags;

use super::error::ConfigError;

/// Opens a regular file for reading. A pipe, a device or a folder of that name is an error at once: opening a pipe in
/// the plain way waits for somebody to write to it, perhaps for ever.
///
/// # Errors
/// The system's; one that says so when it is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    open_with(path, OFlags::NONBLOCK)
}

/// The same of a file itself: a link of that name is an error, wherever it leads.
///
/// # Errors
/// As [`open`].
pub fn open_itself(path: &Path) -> io::Result<File> {
    open_with(path, OFlags::NONBLOCK | OFlags::NOFOLLOW)
}

fn open_with(path: &Path, flags: OFlags) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
}

/// Why a file could not be read or written, in plain words. What stands in an error of a temporary file, its own path, is
/// nothing that a person knows, and is left out.
pub fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AlreadyExists => "it exists already".to_owned(),
        io::ErrorKind::NotFound => "its folder does not exist".to_owned(),
        io::ErrorKind::NotADirectory => "a part of its path is no folder".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not do so".to_owned(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk takes no changes".to_owned(),
        io::ErrorKind::FileTooLarge => "it would be larger than a file may be here".to_owned(),
        // The system's own words; those of a temporary file come with its path.
        kind if kind != io::ErrorKind::Other && error.get_ref().is_some() => kind.to_string(),
        _ => error.to_string(),
    }
}

/// The permissions of a file of a result, whoever writes it: those of any file of the person's, from which their umask takes.
pub fn of_results() -> Permissions {
    Permissions::from_mode(0o666)
}

/// The text of a regular file of at most `most` bytes.
///
/// # Errors
/// As [`open`]; a file that is larger, or no UTF-8.
pub fn text(path: &Path, most: u64) -> io::Result<String> {
    text_of(open(path)?, most)
}

/// The content of a regular file, and no more of it than `most` bytes and one that tells that there is more.
///
/// # Errors
/// As [`open`].
pub fn bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a file by whose word money moves, of at most `most` bytes; `None` where there is none.
///
/// # Errors
/// The system's; a file that another user owns, or every user may write to.
pub fn own_text(path: &Path, most: u64) -> Result<Option<String>, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    is_kept(path, &file.metadata().map_err(failed)?)?;
    text_of(file, most).map(Some).map_err(failed)
}

/// Whether a file or folder has the word of this user, or of the system's owner, alone.
///
/// # Errors
/// It is another user's, or every user may write to it.
pub fn is_kept(path: &Path, meta: &Metadata) -> Result<(), ConfigError> {
    let me = rustix::process::geteuid().as_raw();
    if me != 0 && meta.uid() != me && meta.uid() != 0 {
        return Err(ConfigError::Foreign { path: path.to_owned() });
    }
    if meta.mode() & 0o002 != 0 {
        return Err(ConfigError::Open { path: path.to_owned() });
    }
    Ok(())
}

/// The text of an open file of at most `most` bytes.
///
/// # Errors
/// A file that is larger, or no UTF-8, or cannot be read.
pub fn text_of(file: File, most: u64) -> io::Result<String> {
    let mut text = String::new();
    file.take(most.saturating_add(1)).read_to_string(&mut text)?;
    if text.len() as u64 > most { Err(io::Error::other("it is too large")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_no_file_and_nobody_waits_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        for path in [pipe.as_path(), dir.path(), Path::new("/dev/null")] {
            assert_eq!(open(path).unwrap_err().to_string(), "it is not a regular file", "{}", path.display());
        }
        let file = dir.path().join("file");
        std::fs::write(&file, "four").unwrap();
        assert_eq!(text(&file, 4).unwrap(), "four");
        assert_eq!(text(&file, 3).unwrap_err().to_string(), "it is too large");
        assert_eq!(text(&dir.path().join("none"), 3).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
