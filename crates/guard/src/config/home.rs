//! The home folder: where the ledger, the results and the settings of one user lie.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use super::{
    error::{ConfigError, POLICY},
    layer::Environment,
    plain_file,
};
use domain::ids::JobId;

/// The folder's name under the user's data folder.
const FOLDER: &str = "scientific-orchestrator";

/// The home folder. Nothing is made until [`Home::ensure`] is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    path: PathBuf,
}

impl Home {
    /// The home at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Home {
        Home { path: path.into() }
    }

    /// Where it is when nobody says: `XDG_DATA_HOME`, or `~/.local/share`.
    ///
    /// # Errors
    /// When neither XDG_DATA_HOME nor HOME is set.
    pub fn by_default(env: &Environment) -> Result<Home, ConfigError> {
        // A relative XDG_DATA_HOME is to be ignored, says the XDG base directory specification.
        let data = env.get("XDG_DATA_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
        let local = || env.get("HOME").map(|home| Path::new(home).join(".local/share"));
        data.or_else(local).map(|data| Home::at(data.join(FOLDER))).ok_or(ConfigError::NoHome)
    }

    /// Makes the folder, readable by its owner alone, unless it is there.
    ///
    /// # Errors
    /// When it cannot be made or is no folder, or others may write to it.
    pub fn ensure(&self) -> Result<(), ConfigError> {
        let failed = |source| ConfigError::Home { path: self.path.clone(), source };
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        match fs::DirBuilder::new().mode(0o700).create(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.path.is_dir() => self.is_kept(),
            made => made.map_err(failed),
        }
    }

    /// Whether what lies in the folder, where there is one, has its owner's word alone.
    ///
    /// # Errors
    /// It is another user's, or every user may write to it.
    pub fn is_kept(&self) -> Result<(), ConfigError> {
        match fs::metadata(&self.path) {
            Ok(meta) => plain_file::is_kept(&self.path, &meta),
            // Whoever cannot look at it cannot use it either, and is told so there.
            Err(_) => Ok(()),
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a job's results go when nobody names a folder.
    pub fn results(&self, job: &JobId) -> PathBuf {
        self.path.join("results").join(job.as_str())
    }

    /// The sandbox's storage, chain and node.
    pub fn sandbox(&self) -> PathBuf {
        self.path.join("sandbox")
    }

    /// The owner's rules.
    pub fn policy(&self) -> PathBuf {
        self.path.join(POLICY)
    }

    /// The lowest layer of settings but for the defaults.
    pub fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// Which folders' `.env` a person trusts.
    pub fn trusted(&self) -> PathBuf {
        self.path.join("trusted.json")
    }

    /// The owner's tasks, a file each.
    pub fn tasks(&self) -> PathBuf {
        self.path.join("tasks")
    }

    /// What was said, a file a session.
    pub fn sessions(&self) -> PathBuf {
        self.path.join("sessions")
    }

    /// What was typed at the prompt.
    pub fn history(&self) -> PathBuf {
        self.path.join("history")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        Environment(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn the_data_folder_of_the_user() {
        let of = |pairs: &[(&str, &str)]| Home::by_default(&env(pairs)).map(|h| h.path);
        assert_eq!(of(&[("HOME", "/h")]).unwrap(), Path::new("/h/.local/share/scientific-orchestrator"));
        assert_eq!(of(&[("HOME", "/h"), ("XDG_DATA_HOME", "/d")]).unwrap(), Path::new("/d/scientific-orchestrator"));
        assert_eq!(
            of(&[("HOME", "/h"), ("XDG_DATA_HOME", "rel")]).unwrap(),
            Path::new("/h/.local/share/scientific-orchestrator")
        );
        assert!(matches!(of(&[]), Err(ConfigError::NoHome)));
    }

    #[test]
    fn it_is_made_for_its_owner_alone_and_only_when_asked() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path().join("a/b"));
        assert!(!home.path().exists());
        home.ensure().unwrap();
        home.ensure().unwrap();
        assert_eq!(fs::metadata(home.path()).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(matches!(Home::at(dir.path().join("file")).ensure(), Err(ConfigError::Home { .. })));
    }
}
