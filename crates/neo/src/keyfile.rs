//! Key files: a private key's text in a file that only its owner can touch.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroize as _};

use super::wallet::{KeyError, Wallet};

/// A key file is never larger than this, bytes; a wallet of a hundred accounts has about 40,000.
const MAX_BYTES: u64 = 64 * 1024;

/// Why a key file was not used or not made. It never quotes the key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The system refused.
    #[error("cannot open the key file {path}: {source}")]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A link, a folder, a pipe, a device.
    #[error("{0} is not a regular file; a key file is opened without following links")]
    NotAFile(PathBuf),
    /// It belongs to somebody else, who could change it.
    #[error("the key file {0} does not belong to you")]
    Owner(PathBuf),
    /// Others can read or write it.
    #[error("the key file {path} is open to others (mode {mode:03o}): run `chmod 600` on it")]
    Mode {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not the size of a key.
    #[error("{0} is too large for a key file")]
    Size(PathBuf),
    /// It is there already, and keys are never overwritten.
    #[error("{0} exists already, and a key is never overwritten")]
    Exists(PathBuf),
    /// Its content is no key.
    #[error("the key file {path}: {source}")]
    Key {
        /// Which.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
}

/// Reads the wallet of a file with a key's text: a regular file, the user's own, closed to others, no link.
///
/// # Errors
/// Anything else, and a content that is no key.
pub fn open(path: &Path) -> Result<Wallet, KeyFileError> {
    let text = read_text(path)?;
    Wallet::from_key_text(&text).map_err(|source| KeyFileError::Key { path: path.to_owned(), source })
}

/// Writes a wallet's key to a new file that only its owner can read, and makes it durable.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn create(path: &Path, wallet: &Wallet) -> Result<(), KeyFileError> {
    write_new(path, &[wallet.to_wif().expose_secret().as_bytes(), b"\n"])
}

/// Writes a new file that only its owner can read, and makes it durable.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn write_new(path: &Path, content: &[&[u8]]) -> Result<(), KeyFileError> {
    let failed = |source| KeyFileError::Open { path: path.to_owned(), source };
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(no_follow()).open(path);
    let mut file = opened.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
        _ => failed(source),
    })?;
    let written = content.iter().try_for_each(|part| file.write_all(part)).and_then(|()| file.sync_all());
    if let Err(source) = written {
        // Half a key is none, and would stand in the way of the next try.
        let _ = std::fs::remove_file(path);
        return Err(failed(source));
    }
    // The name is durable only when its folder is.
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn no_follow() -> i32 {
    // NONBLOCK keeps a pipe of that name from hanging the program.
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32
}

/// The text of a key file, after every check.
///
/// # Errors
/// A link or no regular file, one of somebody else or open to others, one that is too large or no text.
pub fn read_text(path: &Path) -> Result<SecretString, KeyFileError> {
    let failed = |source| KeyFileError::Open { path: path.to_owned(), source };
    let opened = OpenOptions::new().read(true).custom_flags(no_follow()).open(path);
    let file = opened.map_err(|source| match source.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => KeyFileError::NotAFile(path.to_owned()),
        _ => failed(source),
    })?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(KeyFileError::NotAFile(path.to_owned()));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(KeyFileError::Owner(path.to_owned()));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Mode { path: path.to_owned(), mode });
    }
    if metadata.len() > MAX_BYTES {
        return Err(KeyFileError::Size(path.to_owned()));
    }
    // Room for all of it: a growing String would leave copies of the key behind.
    let mut text = String::with_capacity(MAX_BYTES as usize + 1);
    if let Err(source) = file.take(MAX_BYTES).read_to_string(&mut text) {
        text.zeroize();
        return Err(failed(source));
    }
    Ok(SecretString::from(text))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_key_file_is_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let wallet = Wallet::generate();
        create(&path, &wallet).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(open(&path).unwrap().account(), wallet.account());
        assert!(matches!(create(&path, &Wallet::generate()), Err(KeyFileError::Exists(_))));
        assert_eq!(open(&path).unwrap().account(), wallet.account());
    }

    #[test]
    fn a_file_that_others_can_touch_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, &Wallet::generate()).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o610] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(open(&path), Err(KeyFileError::Mode { mode: m, .. }) if m == mode));
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        open(&path).unwrap();
    }

    #[test]
    fn links_folders_pipes_and_rubbish_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("key"), folder.path().join("link"));
        create(&path, &Wallet::generate()).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(open(&link), Err(KeyFileError::NotAFile(_))));
        assert!(matches!(create(&link, &Wallet::generate()), Err(KeyFileError::Exists(_))));
        assert!(matches!(open(folder.path()), Err(KeyFileError::NotAFile(_))));
        assert!(matches!(open(&folder.path().join("none")), Err(KeyFileError::Open { .. })));
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(open(&path), Err(KeyFileError::Key { .. })));
        fs::write(&path, "x".repeat(70_000)).unwrap();
        assert!(matches!(open(&path), Err(KeyFileError::Size(_))));
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        assert!(matches!(open(&pipe), Err(KeyFileError::NotAFile(_))));
    }
}
