//! The bearer token of HTTP clients: made once, kept in a file that only its owner can read.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use domain::ids;
use neo::keyfile::{self, KeyFileError};

/// The file's name in the home folder. Files of this ending are never read as datasets.
pub const FILE: &str = "mcp.key";
/// Characters of a token, five random bits each.
const LENGTH: usize = 52;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read or made, or others can read it too.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// What it holds could be guessed.
    #[error("{0} holds no token: one has {LENGTH} characters or more")]
    Short(std::path::PathBuf),
}

/// The token in `home`; a new one, where there is none.
///
/// # Errors
/// A file that is open to others, no regular file, or too short.
pub fn in_home(home: &Path) -> Result<SecretString, TokenError> {
    let path = home.join(FILE);
    match keyfile::write_new(&path, &[ids::opaque(LENGTH).as_bytes(), b"\n"]) {
        Ok(()) | Err(KeyFileError::Exists(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let text = keyfile::read_text(&path)?;
    let token = text.expose_secret().trim();
    if token.len() < LENGTH {
        return Err(TokenError::Short(path));
    }
    Ok(SecretString::from(token))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn it_is_made_once_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let token = in_home(home.path()).unwrap();
        assert_eq!(token.expose_secret().len(), LENGTH);
        assert_eq!(in_home(home.path()).unwrap().expose_secret(), token.expose_secret());
        let path = home.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(in_home(home.path()), Err(TokenError::File(KeyFileError::Mode { .. }))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "guess\n").unwrap();
        assert!(matches!(in_home(home.path()), Err(TokenError::Short(_))));
    }
}
