//! Where a setting comes from.

use std::{fmt, path::PathBuf};

use serde::{Serialize, Serializer};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag of this run.
    Flag(&'static str),
    /// The process's environment.
    Environment,
    /// `.env` in the working directory.
    DotEnv(PathBuf),
    /// `config.toml` in the home folder.
    File(PathBuf),
    /// The preset of a provider, named in `AGENT_MODEL`.
    Preset(&'static str),
    /// Built in.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(flag) => f.write_str(flag),
            Source::Environment => f.write_str("environment"),
            Source::DotEnv(path) | Source::File(path) => write!(f, "{}", path.display()),
            Source::Preset(name) => write!(f, "preset {name}"),
            Source::Default => f.write_str("default"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Source::Flag(_) => "flag",
            Source::Environment => "environment",
            Source::DotEnv(_) => ".env",
            Source::File(_) => "config.toml",
            Source::Preset(_) => "preset",
            Source::Default => "default",
        })
    }
}
