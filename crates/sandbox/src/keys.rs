//! The keys of one sandbox: made at random, once, in a file that only the owner can read.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use cassette::Tape;
use domain::ids;
use neo::{Wallet, wallet::KeyError};

const KEYS_FILE: &str = "keys.json";

/// The keys of one sandbox.
pub struct Keys {
    /// The S3 key's public half.
    pub access_key: String,
    /// The S3 key's secret half.
    pub secret_key: SecretString,
    /// The provider's API key.
    pub api_key: SecretString,
    /// Who pays in the sandbox.
    pub payer: Wallet,
    /// Who is paid in the sandbox.
    pub provider: Wallet,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    access_key: String,
    secret_key: String,
    api_key: String,
    payer: String,
    provider: String,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read or made.
    #[error("the sandbox's keys in {path} cannot be used: {source}")]
    File {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its content is not what was written.
    #[error("the sandbox's keys in {path} cannot be read: {why}")]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl KeysError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            KeysError::File { .. } => "set AGENT_HOME to a folder you may write to",
            KeysError::Unreadable { .. } => "remove the folder sandbox in AGENT_HOME: its coins are not money",
        }
    }
}

impl Keys {
    /// The keys in `folder`, made when there are none; two processes that make them at once end with the same.
    ///
    /// # Errors
    /// A folder that cannot be used, or a file that was tampered with.
    pub fn in_folder(folder: &Path) -> Result<Keys, KeysError> {
        Keys::on(&Tape::Off, folder)
    }

    /// The same for a run on this tape, which never holds them.
    ///
    /// # Errors
    /// As [`Keys::in_folder`].
    pub fn on(tape: &Tape, folder: &Path) -> Result<Keys, KeysError> {
        let path = folder.join(KEYS_FILE);
        let file = |source| KeysError::File { path: path.clone(), source };
        fs::create_dir_all(folder).map_err(file)?;
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(folder, &path).map_err(file)?;
                fs::read_to_string(&path).map_err(file)?
            }
            text => text.map_err(file)?,
        };
        let unreadable = |why: String| KeysError::Unreadable { path: path.clone(), why };
        let stored: Stored = serde_json::from_str(&text).map_err(|e| unreadable(format!("line {}", e.line())))?;
        let wallet =
            |text: String| Wallet::from_key_text(&text.into()).map_err(|e: KeyError| unreadable(e.to_string()));
        for (name, secret) in [
            ("sandbox-access-key", &stored.access_key),
            ("sandbox-secret-key", &stored.secret_key),
            ("sandbox-api-key", &stored.api_key),
            ("sandbox-payer", &stored.payer),
            ("sandbox-provider", &stored.provider),
        ] {
            tape.secret(name, secret.as_bytes());
        }
        Ok(Keys {
            access_key: stored.access_key,
            secret_key: stored.secret_key.into(),
            api_key: stored.api_key.into(),
            payer: wallet(stored.payer)?,
            provider: wallet(stored.provider)?,
        })
    }
}

/// Writes fresh keys to a file of their own and links it into place: whoever is first wins, whole.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let key = || Wallet::generate().to_wif().expose_secret().to_owned();
    let stored = Stored {
        access_key: ids::opaque(20).to_uppercase(),
        secret_key: ids::opaque(40),
        api_key: ids::opaque(32),
        payer: key(),
        provider: key(),
    };
    let fresh = folder.join(format!(".keys-{}", ids::opaque(8)));
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&fresh)?;
    file.write_all(&serde_json::to_vec_pretty(&stored)?)?;
    file.sync_all()?;
    let linked = match fs::hard_link(&fresh, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    };
    fs::remove_file(&fresh)?;
    linked
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_are_made_once_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::in_folder(folder.path()).unwrap();
        let again = Keys::in_folder(folder.path()).unwrap();
        assert_eq!(first.payer.account(), again.payer.account());
        assert_eq!(first.access_key, again.access_key);
        assert_ne!(first.payer.account(), first.provider.account());
        let mode = fs::metadata(folder.path().join(KEYS_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
