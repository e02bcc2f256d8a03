//! Sandbox or live: which world the program acts in.

use std::{fmt, fs, os::unix::fs::MetadataExt as _, path::PathBuf};

use secrecy::SecretString;
use url::Url;

use super::{
    Settings,
    error::{ConfigError, Missing},
    key::{Key, SPECS},
    layer::Value,
    parse,
    source::Source,
};
use domain::{hash::Hash160, network::Network};

/// What storage cannot be used without.
const STORAGE: [Key; 3] = [Key::Bucket, Key::AccessKey, Key::SecretKey];

/// Which world the program acts in.
#[derive(Debug, Clone)]
pub enum Profile {
    /// Nothing is configured: storage, provider and chain are embedded, and no real money exists.
    Sandbox,
    /// Storage, compute and chain are configured.
    Live(Box<LiveSettings>),
}

impl Profile {
    /// `sandbox` or `live`, as jobs and events carry it.
    pub fn name(&self) -> &'static str {
        match self {
            Profile::Sandbox => "sandbox",
            Profile::Live(_) => "live",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Everything that the live profile needs.
#[derive(Debug, Clone)]
pub struct LiveSettings {
    /// Storage; nothing where the owner has none, and small files go to the provider's own.
    pub storage: Option<StorageSettings>,
    /// Compute.
    pub compute: ComputeSettings,
    /// Chain and wallet.
    pub chain: ChainSettings,
}

/// S3-compatible storage.
#[derive(Debug, Clone)]
pub struct StorageSettings {
    /// Where.
    pub endpoint: Url,
    /// Signed into every request.
    pub region: String,
    /// For datasets.
    pub bucket: String,
    /// Whose.
    pub access_key: SecretString,
    /// Signs requests.
    pub secret_key: SecretString,
}

/// The AIOZ AI API.
#[derive(Debug, Clone)]
pub struct ComputeSettings {
    /// The API's base, such as `https://api.aiozai.network/api/v1`.
    pub endpoint: Url,
    /// Sent as `x-api-key`.
    pub api_key: SecretString,
    /// Servers that results may come from, besides those of provider and storage.
    pub result_hosts: Vec<Url>,
}

/// The Neo N3 chain and who pays whom on it.
#[derive(Clone)]
pub struct ChainSettings {
    /// JSON-RPC nodes, at least one.
    pub rpc: Vec<Url>,
    /// The pinned network.
    pub network: Network,
    /// Who pays.
    pub payer: PayerKey,
    /// Who may be paid, besides the policy file's recipients.
    pub recipients: Vec<Hash160>,
}

/// Nodes by their origins only: the path or the query of a rented node's address may be its key.
impl fmt::Debug for ChainSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainSettings")
            .field("rpc", &self.rpc.iter().map(|url| url.origin().ascii_serialization()).collect::<Vec<_>>())
            .field("network", &self.network)
            .field("payer", &self.payer)
            .field("recipients", &self.recipients)
            .finish()
    }
}

/// The file that the paying key is written in, if it is in one, is closed to others: whoever reads it can pay.
fn closed(value: &Value) -> Result<(), ConfigError> {
    let (Source::DotEnv(path) | Source::File(path)) = &value.source else { return Ok(()) };
    let mode = fs::metadata(path).map_err(|source| ConfigError::Read { path: path.clone(), source })?.mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(ConfigError::Value {
        key: Key::NeoPrivateKey,
        problem: "lies in a file that other users may read, so it is not used".to_owned(),
        hint: format!("close it: chmod 600 {}", domain::path_text::for_shell(path)),
        origin: value.source.clone(),
    })
}

/// Where the paying key comes from.
#[derive(Debug, Clone)]
pub enum PayerKey {
    /// `NEO_PRIVATE_KEY`: WIF or 64 hexadecimal digits.
    Text(SecretString),
    /// `NEO_WALLET`: a NEP-6 file.
    Wallet {
        /// The file.
        path: PathBuf,
        /// `NEO_ACCOUNT`: the address or the label of the account that pays; the default one where nothing is said.
        account: Option<String>,
    },
}

impl Settings {
    /// The profile that these settings make.
    ///
    /// # Errors
    /// [`ConfigError::HalfConfigured`] when some live settings are given and others are missing; the error of a
    /// setting that makes no sense.
    pub fn profile(&self) -> Result<Profile, ConfigError> {
        let forced = self.value(Key::AgentProfile);
        match forced.map(|v| v.text()) {
            Some("sandbox") => Ok(Profile::Sandbox),
            Some("live") => self.live(),
            Some(_) => Err(ConfigError::Value {
                key: Key::AgentProfile,
                problem: "is neither `sandbox` nor `live`".to_owned(),
                hint: "write one of the two, or leave it unset to have it found out".to_owned(),
                origin: forced.map_or(Source::Default, |v| v.source.clone()),
            }),
            None if self.given_live().is_empty() => Ok(Profile::Sandbox),
            None => self.live(),
        }
    }

    /// The live settings that a person gave. A default is not given: it says nothing of what a person wants.
    pub fn given_live(&self) -> Vec<Key> {
        SPECS
            .iter()
            .filter(|s| s.group.is_live())
            .filter(|s| self.value(s.key).is_some_and(|v| v.source != Source::Default))
            .map(|s| s.key)
            .collect()
    }

    /// What the live profile lacks.
    pub fn missing_live(&self) -> Vec<Missing> {
        let has = |key| self.value(key).is_some();
        let single = [Key::Bucket, Key::AccessKey, Key::SecretKey, Key::ApiKey, Key::NeoRpcUrl];
        let mut missing: Vec<Missing> = single.into_iter().filter(|k| !has(*k)).map(Missing::One).collect();
        if !has(Key::NeoPrivateKey) && !has(Key::NeoWallet) {
            missing.push(Missing::Either(Key::NeoPrivateKey, Key::NeoWallet));
        }
        if !has(Key::GasRecipient) {
            missing.push(Missing::One(Key::GasRecipient));
        }
        // Storage is for those who want it: where nothing of it is said, its absence alone keeps nobody from anything.
        let of_storage = |missing: &Missing| matches!(missing, Missing::One(key) if STORAGE.contains(key));
        if !self.names_storage() && missing.iter().all(of_storage) { Vec::new() } else { missing }
    }

    /// Whether a person said anything of storage.
    fn names_storage(&self) -> bool {
        self.given_live().iter().any(|key| STORAGE.contains(key) || matches!(key, Key::S3Endpoint | Key::S3Region))
    }

    /// The provider and its key; nothing where there is no key.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub fn compute(&self) -> Result<Option<ComputeSettings>, ConfigError> {
        let (Some(endpoint), Some(key)) = (self.trusted(Key::W3aiEndpoint)?, self.trusted(Key::ApiKey)?) else {
            return Ok(None);
        };
        Ok(Some(ComputeSettings {
            endpoint: parse::url(Key::W3aiEndpoint, endpoint)?,
            api_key: key.secret(),
            result_hosts: match self.trusted(Key::ResultHosts)? {
                Some(value) => parse::urls(Key::ResultHosts, value)?,
                None => Vec::new(),
            },
        }))
    }

    fn live(&self) -> Result<Profile, ConfigError> {
        let missing = self.missing_live();
        // `need` cannot fail after this; it answers with the same error all the same, and never with a guess.
        let half = || ConfigError::HalfConfigured { given: self.given_live(), missing: self.missing_live() };
        if !missing.is_empty() {
            return Err(half());
        }
        let need = |key: Key| self.trusted(key)?.ok_or_else(half);
        let wallet = self.trusted(Key::NeoWallet)?.map(|value| self.resolve(value.text()));
        let payer = match (self.value(Key::NeoPrivateKey), wallet) {
            (Some(value), Some(_)) => {
                return Err(ConfigError::Value {
                    key: Key::NeoPrivateKey,
                    problem: "and NEO_WALLET are both set, and only one key can pay".to_owned(),
                    hint: "unset one of the two".to_owned(),
                    origin: value.source.clone(),
                });
            }
            (Some(value), None) => {
                closed(value)?;
                PayerKey::Text(value.secret())
            }
            (None, Some(path)) => {
                let account = self.trusted(Key::NeoAccount)?.map(|value| value.text().to_owned());
                PayerKey::Wallet { path, account }
            }
            (None, None) => return Err(half()),
        };
        Ok(Profile::Live(Box::new(LiveSettings {
            storage: match self.names_storage() {
                false => None,
                true => Some(StorageSettings {
                    endpoint: parse::url(Key::S3Endpoint, need(Key::S3Endpoint)?)?,
                    region: need(Key::S3Region)?.text().to_owned(),
                    bucket: parse::bucket(Key::Bucket, need(Key::Bucket)?)?,
                    access_key: need(Key::AccessKey)?.secret(),
                    secret_key: need(Key::SecretKey)?.secret(),
                }),
            },
            compute: self.compute()?.ok_or_else(half)?,
            chain: ChainSettings {
                rpc: parse::urls(Key::NeoRpcUrl, need(Key::NeoRpcUrl)?)?,
                network: parse::network(Key::NeoNetwork, need(Key::NeoNetwork)?)?,
                payer,
                recipients: parse::accounts(Key::GasRecipient, need(Key::GasRecipient)?)?,
            },
        })))
    }
}
