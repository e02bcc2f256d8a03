//! What can be wrong with settings.

use std::{io, path::PathBuf};

use super::{key::Key, provider::Provider, source::Source};
use domain::path_text::for_shell;

/// The owner's rules, within the home folder. One that cannot be read allows nothing, and the error says so.
pub(super) const POLICY: &str = "policy.toml";

/// Why settings cannot be used. The text never holds a secret's value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file of settings that cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A `.env` that belongs to somebody else.
    #[error("{} belongs to another user, so its settings are not trusted", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A file or folder of settings that anybody may write to.
    #[error("{} can be written to by every user of this machine, so nothing in it is obeyed", path.display())]
    Open {
        /// The file or folder.
        path: PathBuf,
    },
    /// A `.env` that says what no folder may say.
    #[error("{} sets {}, which a working folder has no say in", path.display(), key.name())]
    OfFolder {
        /// The setting.
        key: Key,
        /// The file.
        path: PathBuf,
    },
    /// A model that the working folder chose, beside a wallet or data from outside of it.
    #[error("{} in {} chooses the model, or who hears it, and it would reach {reached}", key.name(), path.display())]
    UntrustedModel {
        /// What the folder says of the model.
        key: Key,
        /// The folder's file.
        path: PathBuf,
        /// What is not the folder's.
        reached: String,
    },
    /// An account of the working folder's, beside a wallet from outside of it.
    #[error("{} in {} is of an account that would see what {} pays for, which comes from {}", key.name(), path.display(), wallet.name(), place(kept))]
    UntrustedAccount {
        /// The setting with the account's key.
        key: Key,
        /// The folder's file.
        path: PathBuf,
        /// The setting with the wallet.
        wallet: Key,
        /// Where that comes from.
        kept: Source,
    },
    /// A `.env` with a line that is no setting. The line itself may hold a secret and is not shown.
    #[error("{} line {line} is not a setting", path.display())]
    DotEnv {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// A TOML file that does not parse.
    #[error("{}{}: {message}", path.display(), line.map(|l| format!(" line {l}")).unwrap_or_default())]
    Toml {
        /// The file.
        path: PathBuf,
        /// From 1, where known.
        line: Option<usize>,
        /// What is wrong, without the text around it.
        message: String,
    },
    /// A name that is no setting.
    #[error("{}: `{name}` is not a setting", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
        /// What may have been meant.
        nearest: Option<Key>,
    },
    /// A setting whose value makes no sense.
    #[error("{} {problem} (from {origin})", key.name())]
    Value {
        /// The setting.
        key: Key,
        /// `is not a URL`, ...
        problem: String,
        /// What to write instead.
        hint: String,
        /// Where it came from.
        origin: Source,
    },
    /// Some live settings are given and others are not.
    #[error("the live profile is half configured: {} missing", list(missing))]
    HalfConfigured {
        /// What is given.
        given: Vec<Key>,
        /// What is missing; a pair means one of the two.
        missing: Vec<Missing>,
    },
    /// A model endpoint without a model's name.
    #[error("OPENAI_BASE_URL is set but AGENT_MODEL is not")]
    NoModelName,
    /// A named model without a way to reach it.
    #[error("AGENT_MODEL names the model {model}, but neither OPENAI_API_KEY nor OPENAI_BASE_URL is set")]
    NoModelKey {
        /// The name.
        model: String,
    },
    /// A provider without its key.
    #[error("AGENT_MODEL names a model of {provider}, but {} is not set", key.name())]
    NoProviderKey {
        /// The provider.
        provider: &'static str,
        /// The setting that would hold its key.
        key: Key,
    },
    /// An address from the working folder, beside a secret from outside of it.
    #[error("{} comes from {origin}, and would be used with {}, which comes from {}", address.name(), secret.name(), place(kept))]
    Untrusted {
        /// The setting with the address.
        address: Key,
        /// Where the address comes from.
        origin: Source,
        /// The setting with the secret, or with the wallet.
        secret: Key,
        /// Where that comes from.
        kept: Source,
    },
    /// A rule of the policy file that makes no sense: everything it would allow is refused.
    #[error("{}: {field} {problem}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Which rule.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No home folder can be found.
    #[error("there is nowhere to keep files: HOME is not set")]
    NoHome,
    /// The home folder is none, or cannot be made.
    #[error("{} cannot be used as the home folder: {source}", path.display())]
    Home {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What a live profile lacks: one setting, or one of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// This one.
    One(Key),
    /// Either.
    Either(Key, Key),
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Missing::One(key) => f.write_str(key.name()),
            Missing::Either(a, b) => write!(f, "{} or {}", a.name(), b.name()),
        }
    }
}

/// `A is`, `A and B are`, `A, B and C are`.
fn list(missing: &[Missing]) -> String {
    let names: Vec<String> = missing.iter().map(Missing::to_string).collect();
    match names.split_last() {
        None => "nothing is".to_owned(),
        Some((last, [])) => format!("{last} is"),
        Some((last, rest)) => format!("{} and {last} are", rest.join(", ")),
    }
}

/// A place, for the middle of a sentence.
fn place(source: &Source) -> String {
    match source {
        Source::Environment => "the environment".to_owned(),
        other => other.to_string(),
    }
}

impl ConfigError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            ConfigError::Read { path, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                format!("make it readable: chmod 600 {}", for_shell(path))
            }
            ConfigError::Read { path, .. } => {
                format!("make {} a plain file of text, or move it away", path.display())
            }
            ConfigError::Foreign { path } => {
                format!("run from a folder of your own, or take it over: sudo chown $USER {}", for_shell(path))
            }
            ConfigError::Open { path } => format!("close it: chmod o-w {}", for_shell(path)),
            ConfigError::OfFolder { key, .. } => format!(
                "remove the line; if it is yours, set {} in the environment{}",
                key.name(),
                match key {
                    Key::AgentHome => ", or give --home",
                    Key::AgentProfile => ", or give --profile",
                    _ => ", or in config.toml in AGENT_HOME",
                }
            ),
            ConfigError::UntrustedAccount { path, .. } => format!(
                "look at {}; if the account is yours, `agent config --trust`, or set its key where the wallet is set",
                path.display()
            ),
            ConfigError::UntrustedModel { path, .. } => format!(
                "look at {}; if you trust what it says, `agent config --trust`; or name the model yourself: agent --model planner",
                path.display()
            ),
            ConfigError::DotEnv { .. } => {
                "write NAME=value, one a line; put single quotes around values with spaces, quotes or $".to_owned()
            }
            ConfigError::Toml { path, .. } if path.file_name().is_some_and(|name| name == POLICY) => format!(
                "nothing is allowed by rules that cannot be read; mend {}: policy.example.toml explains each of them",
                path.display()
            ),
            ConfigError::Toml { .. } => {
                "it is TOML: name = \"value\", one a line; `agent config` lists the names".to_owned()
            }
            ConfigError::UnknownKey { nearest: Some(key), .. } => {
                format!("did you mean `{}`?", key.name().to_lowercase())
            }
            ConfigError::UnknownKey { nearest: None, .. } => "`agent config` lists the names".to_owned(),
            ConfigError::Value { hint, .. } => hint.clone(),
            ConfigError::HalfConfigured { given, .. } if given.is_empty() => {
                "set them (see .env.example), or leave AGENT_PROFILE unset to use the sandbox".to_owned()
            }
            ConfigError::HalfConfigured { given, .. } => format!(
                "set what is missing (see .env.example), or use the sandbox: agent --profile sandbox; given so far: {}",
                given.iter().map(|k| k.name()).collect::<Vec<_>>().join(", ")
            ),
            ConfigError::NoModelName => {
                "set AGENT_MODEL to a model that endpoint serves, or to `planner` to use none".to_owned()
            }
            ConfigError::NoModelKey { .. } => {
                format!(
                    "set one of them, name a provider with it ({}:MODEL), or use the offline planner: agent --model planner",
                    Provider::names().replace(", ", ":MODEL, ")
                )
            }
            ConfigError::NoProviderKey { key, .. } => {
                format!("set {}, or use the offline planner: agent --model planner", key.name())
            }
            ConfigError::Untrusted { address, origin, secret, .. } => format!(
                "a folder's settings may not lead your {} elsewhere; if the address is yours, set {} where {} is set, or \
                 put both into {origin}",
                if address.spec().group == super::key::Group::Chain { "payments" } else { "key" },
                address.name(),
                secret.name(),
            ),
            ConfigError::Policy { path, .. } => {
                format!("nothing is allowed by a rule that cannot be read; mend {}", path.display())
            }
            ConfigError::NoHome => "set AGENT_HOME to a folder of your own".to_owned(),
            ConfigError::Home { .. } => "set AGENT_HOME to a folder you may write to".to_owned(),
        })
    }

    /// A short stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            ConfigError::HalfConfigured { .. } => "half_configured",
            ConfigError::Policy { .. } => "policy_file",
            ConfigError::Home { .. } | ConfigError::NoHome => "home",
            _ => "config",
        }
    }
}
