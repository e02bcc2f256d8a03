//! Settings: flags > environment > `.env` > `config.toml` > defaults; secrets; the home folder.
//!
//! Loading is pure over the maps it is given, but for the two files it reads: `.env` in the working directory and
//! `config.toml` in the home folder. Nothing here changes the process's environment or makes a folder.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`key`] | the names |
//! | [`layer`] | the layers and where a value came from |
//! | [`dotenv`] | `.env` |
//! | [`home`] | the home folder and the paths in it |
//! | [`plain_file`] | opening files that are read whole |
//! | [`profile`] | sandbox or live |
//! | [`model`] | which model answers |
//! | [`provider`] | providers of models by preset |
//! | [`style`] | how a model is driven |
//! | [`policy_file`] | the owner's rules |
//! | [`secrets`] | the secrets among them |
//! | [`shown`] | settings fit to be printed |
//! | [`webhook`] | where a provider's webhooks come to |
//! | [`trust`] | which folder's word counts for what |

pub mod dotenv;
pub mod error;
pub mod home;
pub mod key;
pub mod layer;
pub mod model;
pub mod parse;
pub mod plain_file;
pub mod policy_file;
pub mod profile;
pub mod provider;
pub mod secrets;
pub mod shown;
pub mod source;
pub mod style;
pub mod trust;
pub mod webhook;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use error::ConfigError;
pub use home::Home;
pub use key::Key;
pub use layer::{Environment, Overrides, Value};
pub use model::{Endpoint, ModelBounds, ModelSettings};
pub use policy_file::PolicyFile;
pub use profile::{ChainSettings, ComputeSettings, LiveSettings, PayerKey, Profile, StorageSettings};
pub use provider::{Api, Provider};
pub use source::Source;
pub use style::{Driving, Style};
pub use trust::{FolderFile, FolderWord};
pub use webhook::Callback;

use layer::Layer;

/// More than any file of settings, bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The settings of one run, each with where it came from.
#[derive(Debug, Clone)]
pub struct Settings {
    values: Layer,
    home: Home,
    cwd: PathBuf,
    user_home: Option<PathBuf>,
    folder: Option<FolderFile>,
    /// What a person should know about their settings, in sentences.
    pub warnings: Vec<String>,
}

impl Settings {
    /// Loads the layers.
    ///
    /// # Errors
    /// When a file of settings cannot be read or parsed. Values are parsed when they are used.
    pub fn load(overrides: &Overrides, env: &Environment, cwd: &Path) -> Result<Settings, ConfigError> {
        let dotenv = dotenv::read(cwd)?;
        let mut upper = dotenv.layer;
        upper.extend(env.layer());
        upper.extend(overrides.layer());
        let user_home = env.get("HOME").map(PathBuf::from);
        // Never of `.env`, which refuses to name it.
        let home = match upper.get(&Key::AgentHome) {
            Some(value) => Home::at(resolve(cwd, user_home.as_deref(), value.text())),
            None => Home::by_default(env)?,
        };
        let mut warnings = dotenv.warnings;
        let mut values = layer::defaults();
        values.extend(read_config(&home.config(), &mut warnings)?);
        values.extend(upper);
        values.entry(Key::AgentHome).or_insert_with(|| Value::new(home.path().to_string_lossy(), Source::Default));
        let folder = dotenv.file.map(|(path, content)| FolderFile::of(&home, path, content.as_bytes())).transpose()?;
        Ok(Settings { values, home, cwd: cwd.to_owned(), user_home, folder, warnings })
    }

    /// Settings of flags and defaults alone: neither the environment nor a file counts.
    pub fn of_flags(overrides: &Overrides, home: &Path, cwd: &Path) -> Settings {
        let mut values = layer::defaults();
        values.extend(overrides.layer());
        Settings {
            values,
            home: Home::at(home),
            cwd: cwd.to_owned(),
            user_home: None,
            folder: None,
            warnings: Vec::new(),
        }
    }

    /// A setting's value.
    pub fn value(&self, key: Key) -> Option<&Value> {
        self.values.get(&key)
    }

    /// A setting that names a path: relative to the working directory, `~/` to the user's home.
    pub fn path(&self, key: Key) -> Option<PathBuf> {
        self.value(key).map(|v| self.resolve(v.text()))
    }

    /// The home folder.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The working directory.
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// The owner's rules; the defaults when there is no policy file.
    ///
    /// # Errors
    /// When the file cannot be read, or a rule in it makes no sense.
    pub fn policy(&self) -> Result<PolicyFile, ConfigError> {
        self.home.is_kept()?;
        PolicyFile::read(&self.home.policy())
    }

    fn resolve(&self, text: &str) -> PathBuf {
        resolve(&self.cwd, self.user_home.as_deref(), text)
    }
}

/// A path of a setting. No shell sees `.env` or `config.toml`, so `~/` is understood here.
fn resolve(cwd: &Path, user_home: Option<&Path>, text: &str) -> PathBuf {
    cwd.join(at_home(Path::new(text), user_home))
}

/// A path that begins with `~/`, in the user's home folder; every other path as it is, also where no home is known.
pub fn at_home(path: &Path, user_home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), user_home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

fn read_config(path: &Path, warnings: &mut Vec<String>) -> Result<Layer, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    let text = match plain_file::own_text(path, MAX_BYTES) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(Layer::new()),
        // What stands in the way is the home itself.
        Err(ConfigError::Read { source, .. }) if source.kind() == io::ErrorKind::NotADirectory => {
            let path = path.parent().unwrap_or(path).to_owned();
            return Err(ConfigError::Home { path, source });
        }
        Err(error) => return Err(error),
    };
    let layer = layer::config_toml(path, &text)?;
    warnings.extend(dotenv::exposed(path, &fs::metadata(path).map_err(failed)?, &layer));
    Ok(layer)
}

#[cfg(test)]
mod tests;
