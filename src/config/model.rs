//! Which model answers.

use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use super::{Settings, error::ConfigError, key::Key, parse};

/// OpenAI's own endpoint, used when a key is set and no endpoint is.
pub const OPENAI_ENDPOINT: &str = "https://api.openai.com/v1";
/// The model asked for at OpenAI's own endpoint when nobody names one.
pub const OPENAI_MODEL: &str = "gpt-4.1-mini";

/// Which model answers.
#[derive(Debug, Clone)]
pub enum ModelSettings {
    /// The offline planner: no key, no network.
    Planner,
    /// A transcript that is played.
    Scripted(PathBuf),
    /// An OpenAI-compatible endpoint.
    OpenAi {
        /// Where, ending in `/v1` or the like.
        base_url: Url,
        /// The model's name there.
        model: String,
        /// The key; servers of one's own often need none.
        api_key: Option<SecretString>,
    },
}

impl ModelSettings {
    /// The model's name as people see it.
    pub fn name(&self) -> &str {
        match self {
            ModelSettings::Planner => "planner",
            ModelSettings::Scripted(_) => "scripted",
            ModelSettings::OpenAi { model, .. } => model,
        }
    }
}

impl Settings {
    /// The model that these settings name; the planner when they name none.
    ///
    /// # Errors
    /// A name without an endpoint, an endpoint without a name, or an endpoint that is no address.
    pub fn model(&self) -> Result<ModelSettings, ConfigError> {
        let name = self.value(Key::AgentModel).map(|v| v.text());
        let base = self.value(Key::OpenaiBaseUrl);
        let key = self.value(Key::OpenaiApiKey);
        let model = match name {
            Some("planner") => return Ok(ModelSettings::Planner),
            Some(name) if name.starts_with("scripted:") => {
                let path = name.trim_start_matches("scripted:");
                return Ok(ModelSettings::Scripted(self.resolve(path)));
            }
            Some(name) if base.is_none() && key.is_none() => {
                return Err(ConfigError::NoModelKey { model: name.chars().take(60).collect() });
            }
            Some(name) => name.to_owned(),
            None if base.is_some() => return Err(ConfigError::NoModelName),
            None if key.is_some() => OPENAI_MODEL.to_owned(),
            None => return Ok(ModelSettings::Planner),
        };
        let base_url = match base {
            Some(value) => parse::url(Key::OpenaiBaseUrl, value)?,
            None => parse::url(
                Key::OpenaiBaseUrl,
                &super::layer::Value::new(OPENAI_ENDPOINT, super::layer::Source::Default),
            )?,
        };
        Ok(ModelSettings::OpenAi { base_url, model, api_key: key.map(|v| v.secret()) })
    }
}
