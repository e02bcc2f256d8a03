//! Which model answers.

use std::path::PathBuf;

use secrecy::SecretString;
use url::{Host, Url};

use super::{Settings, error::ConfigError, key::Key, parse};
use crate::domain::cost::NanoDollars;

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

/// The window of a model at somebody else's endpoint, tokens. Every hosted chat model of today takes 128,000 and more; half
/// of that holds any conversation here, and each step pays for all of it again.
const HOSTED_WINDOW: u64 = 64_000;
/// The window of a model on a server of one's own, tokens: what such servers are commonly started with (`-c 8192`).
const OWN_WINDOW: u64 = 8_192;
/// The least that a conversation fits in: the prompt and the tools take most of it, tokens.
const LEAST_WINDOW: u64 = 4_096;

/// What a session's model calls may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ModelBounds {
    /// The model's window, tokens; `None` for a model without one.
    pub window: Option<u64>,
    /// The most tokens of a session.
    pub tokens: Option<u64>,
    /// The most US dollars of a session.
    pub cost: Option<NanoDollars>,
}

impl ModelSettings {
    /// The window when nobody says.
    fn window(&self) -> Option<u64> {
        match self {
            ModelSettings::Planner | ModelSettings::Scripted(_) => None,
            ModelSettings::OpenAi { base_url, .. } => Some(if is_own(base_url) { OWN_WINDOW } else { HOSTED_WINDOW }),
        }
    }

    /// Whether its provider may take money for it.
    pub fn is_metered(&self) -> bool {
        !matches!(self, ModelSettings::Planner)
    }

    /// The model's name as people see it.
    pub fn name(&self) -> &str {
        match self {
            ModelSettings::Planner => "planner",
            ModelSettings::Scripted(_) => "scripted",
            ModelSettings::OpenAi { model, .. } => model,
        }
    }
}

/// Whether an endpoint is on this machine or in a private network.
fn is_own(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".local") || !name.contains('.'),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        None => false,
    }
}

impl Settings {
    /// What a session's calls of `model` may take.
    ///
    /// # Errors
    /// A number that is none, a window that holds no conversation.
    pub fn model_bounds(&self, model: &ModelSettings) -> Result<ModelBounds, ConfigError> {
        let number = |key, least| self.value(key).map(|value| parse::number(key, value, least)).transpose();
        let cost = self.value(Key::AgentMaxCost).map(|value| parse::dollars(Key::AgentMaxCost, value)).transpose()?;
        Ok(ModelBounds {
            window: number(Key::AgentContext, LEAST_WINDOW)?.or(model.window()),
            tokens: number(Key::AgentMaxTokens, 1)?,
            cost,
        })
    }

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
