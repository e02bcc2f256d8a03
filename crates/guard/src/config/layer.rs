//! Layers of settings, and which one wins.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    error::ConfigError,
    key::{Key, SPECS},
    source::Source,
};

/// A value with where it came from. Every text is held as a secret, so that no `Debug` shows one.
#[derive(Debug, Clone)]
pub struct Value {
    text: SecretString,
    /// Where it came from.
    pub source: Source,
}

impl Value {
    /// A value from `source`.
    pub fn new(text: impl Into<String>, source: Source) -> Value {
        Value { text: SecretString::from(text.into()), source }
    }

    /// The text; never print that of a secret setting.
    pub fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// The text, still wrapped.
    pub fn secret(&self) -> SecretString {
        self.text.clone()
    }
}

/// One layer: values by setting.
pub type Layer = BTreeMap<Key, Value>;

/// Flags that override settings.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--home`.
    pub home: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--model`.
    pub model: Option<String>,
    /// `-v`, `-vv`, ...: a log filter.
    pub log: Option<String>,
}

impl Overrides {
    /// As a layer.
    pub fn layer(&self) -> Layer {
        let home = self.home.as_ref().map(|p| p.to_string_lossy().into_owned());
        [
            (Key::AgentHome, "--home", &home),
            (Key::AgentProfile, "--profile", &self.profile),
            (Key::AgentModel, "--model", &self.model),
            (Key::AgentLog, "--verbose", &self.log),
        ]
        .into_iter()
        .filter_map(|(key, flag, text)| Some((key, Value::new(text.clone()?, Source::Flag(flag)))))
        .collect()
    }
}

/// The process's environment, or a stand-in of tests.
#[derive(Clone, Default)]
pub struct Environment(pub BTreeMap<String, String>);

impl Environment {
    /// This process's; variables that are no UTF-8 are left out.
    pub fn of_process() -> Environment {
        Environment(
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect(),
        )
    }

    /// A variable, where it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|v| v.trim()).filter(|v| !v.is_empty())
    }

    /// As a layer: an empty variable is as good as none.
    pub fn layer(&self) -> Layer {
        SPECS.iter().filter_map(|s| Some((s.key, Value::new(self.get(s.name)?, Source::Environment)))).collect()
    }
}

/// The defaults, as the lowest layer.
pub fn defaults() -> Layer {
    SPECS.iter().filter_map(|s| Some((s.key, Value::new(s.default?, Source::Default)))).collect()
}

/// `config.toml` as a layer. Names are those of the environment, in lower case.
///
/// # Errors
/// Text that is no TOML, a name that is no setting, a value that is neither text, number nor yes/no.
pub fn config_toml(path: &Path, text: &str) -> Result<Layer, ConfigError> {
    let table: toml::Table = text.parse().map_err(|e| toml_error(path, text, &e))?;
    let mut layer = Layer::new();
    for (name, value) in table {
        let unknown = || ConfigError::UnknownKey {
            path: path.to_owned(),
            nearest: Key::nearest(&name).filter(|k| *k != Key::AgentHome),
            name: name.clone(),
        };
        // The home folder is where this file was found, so it cannot be named in it.
        let key = Key::from_name(&name).filter(|k| *k != Key::AgentHome).ok_or_else(unknown)?;
        let source = Source::File(path.to_owned());
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Array(items) if items.iter().all(toml::Value::is_str) => {
                items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(",")
            }
            other => {
                return Err(ConfigError::Value {
                    key,
                    problem: format!("is a {} and must be text", other.type_str()),
                    hint: format!("write {} = \"...\"", key.name().to_lowercase()),
                    origin: source,
                });
            }
        };
        if !text.trim().is_empty() {
            layer.insert(key, Value::new(text.trim(), source));
        }
    }
    Ok(layer)
}

/// A TOML error without the source line, which may hold a secret.
pub(super) fn toml_error(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    ConfigError::Toml { path: path.to_owned(), line, message: error.message().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_toml_names_what_is_wrong() {
        let path = Path::new("config.toml");
        let slip = config_toml(path, "aioz_buket = \"b\"").unwrap_err();
        assert_eq!(slip.to_string(), "config.toml: `aioz_buket` is not a setting");
        assert_eq!(slip.hint().as_deref(), Some("did you mean `aioz_bucket`?"));
        let home = config_toml(path, "agent_home = \"/x\"").unwrap_err();
        assert!(home.to_string().contains("`agent_home` is not a setting"), "{home}");
        let broken = config_toml(path, "\nneo_private_key = KxSecretSecret\n").unwrap_err();
        assert!(broken.to_string().starts_with("config.toml line 2: "), "{broken}");
        assert!(!broken.to_string().contains("KxSecret"), "{broken}");
        let kind = config_toml(path, "aioz_bucket = true").unwrap_err();
        assert!(kind.to_string().contains("must be text"), "{kind}");
    }

    #[test]
    fn config_toml_takes_text_numbers_and_lists() {
        let text = "neo_network = 56753\nneo_rpc_url = [\"http://a\", \"http://b\"]\naioz_bucket = \" \"";
        let layer = config_toml(Path::new("c"), text).unwrap();
        assert_eq!(layer[&Key::NeoNetwork].text(), "56753");
        assert_eq!(layer[&Key::NeoRpcUrl].text(), "http://a,http://b");
        assert!(!layer.contains_key(&Key::Bucket), "blank is as good as none");
    }

    #[test]
    fn no_debug_shows_a_value() {
        let value = Value::new("s3cr3t", Source::Environment);
        assert!(!format!("{value:?}").contains("s3cr3t"));
    }
}
