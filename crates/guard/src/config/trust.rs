//! Which folder's word counts for what.
//!
//! `.env` lies in the folder of the datasets, and a folder may be somebody else's work. It never says whose rules hold. An
//! address in it would have the owner's key, data or payments sent wherever its writer likes, so it serves only with keys that
//! are in it too. A model that it chooses sees the conversation and asks for work, so it drives no wallet from elsewhere until a
//! person has looked at that very file and trusts it.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use url::Url;

use super::{Home, MAX_BYTES, Settings, error::ConfigError, key::Key, layer::Value, parse, plain_file, source::Source};
use domain::hash::Sha256;

/// What `.env` of a working folder may say of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderWord {
    /// Nothing: it is the person's.
    Never,
    /// Anything, with these in it too, where they are set at all.
    Beside(&'static [Key]),
    /// Anything, with its own key in it too, which depends on the endpoint.
    BesideItsKey,
    /// Anything, where nothing of the person's could be reached by it, or once they trust the file.
    Model,
    /// An account to work and store in, where no wallet from elsewhere pays for it, or once a person trusts the file: its owner
    /// sees the data and the results.
    Account,
    /// A file beneath the folder.
    Beneath,
    /// Anything.
    Free,
}

/// What the provider gets to see, or decides of: its quotes are what is paid.
const OF_COMPUTE: &[Key] = &[Key::ApiKey, Key::NeoPrivateKey, Key::NeoWallet];
/// What storage gets to see. The secret key itself is not sent, but signs all that is.
const OF_STORAGE: &[Key] = &[Key::AccessKey, Key::SecretKey];
/// What goes through `NEO_RPC_URL` and to `GAS_RECIPIENT`: payments.
const OF_PAYMENTS: &[Key] = &[Key::NeoPrivateKey, Key::NeoWallet];

impl Key {
    /// What `.env` of a working folder may say of it.
    pub fn folder_word(self) -> FolderWord {
        use Key::*;
        match self {
            AgentHome | AgentProfile | WebhookAddr | WebhookUrl => FolderWord::Never,
            S3Endpoint | S3Region | Bucket => FolderWord::Beside(OF_STORAGE),
            W3aiEndpoint | ResultHosts => FolderWord::Beside(OF_COMPUTE),
            NeoRpcUrl | NeoNetwork | NeoAccount | GasRecipient => FolderWord::Beside(OF_PAYMENTS),
            OpenaiBaseUrl => FolderWord::BesideItsKey,
            AgentModel | AgentStyle | OpenaiApi | AgentContext | AgentMaxTokens | AgentMaxCost | OpenaiApiKey
            | OpenrouterApiKey | GroqApiKey | GeminiApiKey | AnthropicApiKey | OllamaApiKey | LlamaApiKey
            | VllmApiKey => FolderWord::Model,
            ApiKey | AccessKey | SecretKey => FolderWord::Account,
            NeoWallet => FolderWord::Beneath,
            AgentLog | NeoPrivateKey => FolderWord::Free,
        }
    }
}

/// The `.env` of the working folder, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderFile {
    /// The file.
    pub path: PathBuf,
    /// Of its content.
    pub sha256: Sha256,
    /// Whether a person trusts that content.
    pub trusted: bool,
}

/// Which files are trusted, by path; the hash of what a person looked at.
type Trusted = BTreeMap<PathBuf, Sha256>;

fn trusted_files(home: &Home) -> Result<Trusted, ConfigError> {
    let path = home.trusted();
    let failed = |source| ConfigError::Read { path: path.clone(), source };
    match plain_file::own_text(&path, MAX_BYTES)? {
        Some(text) => serde_json::from_str(&text).map_err(|e| failed(io::Error::other(e))),
        None => Ok(Trusted::new()),
    }
}

impl FolderFile {
    /// The file at `path` with this content.
    ///
    /// # Errors
    /// The list of trusted files cannot be read.
    pub(super) fn of(home: &Home, path: PathBuf, content: &[u8]) -> Result<FolderFile, ConfigError> {
        let sha256 = Sha256::of(content);
        let trusted = trusted_files(home)?.get(&path) == Some(&sha256);
        Ok(FolderFile { path, sha256, trusted })
    }
}

impl Settings {
    /// Trusts the `.env` of the working folder as it is now; gives its path, `None` where there is none.
    ///
    /// # Errors
    /// The home folder cannot be written to.
    pub fn trust_folder(&self) -> Result<Option<&Path>, ConfigError> {
        let Some(file) = &self.folder else { return Ok(None) };
        self.home.ensure()?;
        let mut all = trusted_files(&self.home)?;
        all.insert(file.path.clone(), file.sha256);
        let path = self.home.trusted();
        let failed = |source| ConfigError::Home { path: self.home.path().to_owned(), source };
        let text = serde_json::to_string_pretty(&all).map_err(|e| failed(e.into()))?;
        let written = tempfile::NamedTempFile::new_in(self.home.path()).map_err(failed)?;
        fs::write(written.path(), text).map_err(failed)?;
        written.persist(&path).map_err(|e| failed(e.error))?;
        Ok(Some(&file.path))
    }

    /// The `.env` of the working folder, where there is one.
    pub fn folder_file(&self) -> Option<&FolderFile> {
        self.folder.as_ref()
    }

    /// A setting's value, where the folder's word counts for it.
    ///
    /// # Errors
    /// It is of the working folder, beside a secret from outside of it.
    pub(super) fn trusted(&self, key: Key) -> Result<Option<&Value>, ConfigError> {
        let Some(value) = self.value(key) else { return Ok(None) };
        match key.folder_word() {
            FolderWord::Beside(secrets) => self.beside(key, value, secrets).map(Some),
            FolderWord::Beneath => self.beneath(key, value).map(Some),
            FolderWord::Account => self.account(key, value).map(Some),
            FolderWord::Never | FolderWord::BesideItsKey | FolderWord::Model | FolderWord::Free => Ok(Some(value)),
        }
    }

    /// `value` is used together with these secrets, where they are set.
    fn beside<'v>(&self, key: Key, value: &'v Value, secrets: &[Key]) -> Result<&'v Value, ConfigError> {
        if !is_of_folder(&value.source) {
            return Ok(value);
        }
        match secrets.iter().find_map(|secret| self.kept_elsewhere(*secret)) {
            Some((secret, kept)) => {
                Err(ConfigError::Untrusted { address: key, origin: value.source.clone(), secret, kept })
            }
            None => Ok(value),
        }
    }

    /// A file that the folder names lies in it: it has no word in what lies elsewhere.
    fn beneath<'v>(&self, key: Key, value: &'v Value) -> Result<&'v Value, ConfigError> {
        if !is_of_folder(&value.source) {
            return Ok(value);
        }
        // What is not there lies nowhere.
        if let (Ok(file), Ok(folder)) = (fs::canonicalize(self.resolve(value.text())), fs::canonicalize(&self.cwd))
            && file.starts_with(folder)
        {
            return Ok(value);
        }
        Err(ConfigError::Value {
            key,
            problem: "names a file that is not there, or is outside of the folder that the setting stands in"
                .to_owned(),
            hint: format!(
                "if that file is yours, set {} in the environment, or in config.toml in AGENT_HOME",
                key.name()
            ),
            origin: value.source.clone(),
        })
    }

    /// What is done in the folder's account is not paid by a wallet from elsewhere, unless a person trusts the file.
    fn account<'v>(&self, key: Key, value: &'v Value) -> Result<&'v Value, ConfigError> {
        let Some(file) = self.folder.as_ref().filter(|file| is_of_folder(&value.source) && !file.trusted) else {
            return Ok(value);
        };
        match OF_PAYMENTS.iter().find_map(|secret| self.kept_elsewhere(*secret)) {
            Some((wallet, kept)) => Err(ConfigError::UntrustedAccount { key, path: file.path.clone(), wallet, kept }),
            None => Ok(value),
        }
    }

    /// Whether storage and provider are a person's choice: not those of a folder that nobody trusts.
    pub fn knows_where_data_goes(&self) -> bool {
        let places = [Key::S3Endpoint, Key::Bucket, Key::AccessKey, Key::SecretKey, Key::W3aiEndpoint, Key::ApiKey];
        let of_folder = |key: &Key| self.value(*key).is_some_and(|value| is_of_folder(&value.source));
        self.folder.as_ref().is_none_or(|file| file.trusted) || !places.iter().any(of_folder)
    }

    /// Where a secret is set, when that is outside of the working folder.
    fn kept_elsewhere(&self, secret: Key) -> Option<(Key, Source)> {
        let value = self.value(secret).filter(|value| !is_of_folder(&value.source))?;
        Some((secret, value.source.clone()))
    }

    /// The address of a model's endpoint, beside its key.
    ///
    /// # Errors
    /// No address; one that is more than the base of an API; one that the key is not to be sent to.
    pub(super) fn model_address(&self, value: &Value, key: Key) -> Result<Url, ConfigError> {
        parse::base(Key::OpenaiBaseUrl, self.beside(Key::OpenaiBaseUrl, value, &[key])?)
    }

    /// Whoever chose the model may have it see and drive what it could reach: the wallet, and data outside of the folder.
    ///
    /// # Errors
    /// The folder chose it, wallet or data are from elsewhere, and no person has trusted the folder's file as it is.
    pub(super) fn may_drive(&self) -> Result<(), ConfigError> {
        if self.folder.as_ref().is_none_or(|file| file.trusted) {
            return Ok(());
        }
        let chosen = |key: &Key| matches!(key.folder_word(), FolderWord::Model | FolderWord::BesideItsKey);
        let of_folder = |key: &Key| self.value(*key).is_some_and(|value| is_of_folder(&value.source));
        let key = super::key::SPECS.iter().map(|spec| spec.key).find(|key| chosen(key) && of_folder(key));
        let (Some(key), Some(file)) = (key, &self.folder) else { return Ok(()) };
        let sandbox = self.value(Key::AgentProfile).is_some_and(|value| value.text() == "sandbox");
        let wallet = OF_PAYMENTS.iter().find_map(|secret| self.kept_elsewhere(*secret)).filter(|_| !sandbox);
        let reached = match wallet {
            Some((wallet, _)) => format!("the wallet of {}", wallet.name()),
            // Rules that cannot be read allow nothing, and are told of by themselves.
            None if self.policy().is_ok_and(|policy| policy.roots.is_empty()) => return Ok(()),
            None => "the folders of `roots` in policy.toml".to_owned(),
        };
        Err(ConfigError::UntrustedModel { key, path: file.path.clone(), reached })
    }
}

/// Whether the working folder says so.
fn is_of_folder(source: &Source) -> bool {
    matches!(source, Source::DotEnv(_))
}
