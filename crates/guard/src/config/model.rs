//! Which model answers.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{
    Settings,
    error::ConfigError,
    key::Key,
    layer::Value,
    parse,
    provider::{Api, Provider},
    source::Source,
};
use domain::cost::NanoDollars;

/// The model of OpenAI's that is proposed to who has its key and names none.
const OPENAI_MODEL: &str = "gpt-4.1-mini";

/// Which model answers.
#[derive(Debug, Clone)]
pub enum ModelSettings {
    /// The offline planner: no key, no network.
    Planner,
    /// A transcript that is played.
    Scripted(PathBuf),
    /// An OpenAI-compatible endpoint.
    OpenAi(Endpoint),
}

/// An OpenAI-compatible endpoint, and the model that is asked for there.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Where, ending in `/v1` or the like.
    pub base_url: Url,
    /// The model's name there.
    pub model: String,
    /// The key; servers of one's own often need none.
    pub api_key: Option<SecretString>,
    /// The setting that holds the key, or would.
    pub key: Key,
    /// Whose endpoint it is, where a preset was chosen.
    pub provider: Option<Provider>,
    /// Which API is spoken.
    pub api: Api,
}

/// The window of a model at somebody else's endpoint, tokens. Every hosted chat model of today takes 128,000 and more; half
/// of that holds any conversation here, and each step pays for all of it again.
const HOSTED_WINDOW: u64 = 64_000;
/// The window of a model on a server of one's own, tokens: what such servers are commonly started with (`-c 8192`).
const OWN_WINDOW: u64 = 8_192;
/// The least that a conversation fits in: the prompt and the tools take most of it, tokens.
const LEAST_WINDOW: u64 = 4_096;

/// What a session's model calls may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
            ModelSettings::OpenAi(at) => Some(if is_own(&at.base_url) { OWN_WINDOW } else { HOSTED_WINDOW }),
        }
    }

    /// Whether its calls take tokens at all.
    pub fn is_metered(&self) -> bool {
        !matches!(self, ModelSettings::Planner)
    }

    /// The model's name as people see it.
    pub fn name(&self) -> &str {
        match self {
            ModelSettings::Planner => "planner",
            ModelSettings::Scripted(_) => "scripted",
            ModelSettings::OpenAi(endpoint) => &endpoint.model,
        }
    }
}

/// Whether an endpoint is on this machine or in a private network.
pub(super) fn is_own(url: &Url) -> bool {
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
            // The planner takes nothing, and meets no ceiling.
            tokens: number(Key::AgentMaxTokens, 1)?.filter(|_| model.is_metered()),
            cost: cost.filter(|_| model.is_metered()),
        })
    }

    /// How to use OpenAI's key, where it is set and no model is named. Many machines have it for other programs: alone it
    /// sends nothing anywhere.
    pub fn unused_key(&self) -> Option<String> {
        let named = [Key::AgentModel, Key::OpenaiBaseUrl].iter().any(|key| self.value(*key).is_some());
        (!named && self.value(Key::OpenaiApiKey).is_some()).then(|| {
            format!("OPENAI_API_KEY is set and not used; to talk to a model with it: AGENT_MODEL=openai:{OPENAI_MODEL}")
        })
    }

    /// The model that these settings name; the planner when they name none, also where there is a key.
    ///
    /// # Errors
    /// A name without an endpoint, an endpoint without a name, a provider without its key or a model, an endpoint that is
    /// no address, an API that there is not, or a model that the working folder chose for a wallet from elsewhere.
    pub fn model(&self) -> Result<ModelSettings, ConfigError> {
        let model = self.named_model()?;
        if model.is_metered() {
            self.may_drive()?;
        }
        Ok(model)
    }

    fn named_model(&self) -> Result<ModelSettings, ConfigError> {
        let name = self.value(Key::AgentModel);
        let base = self.value(Key::OpenaiBaseUrl);
        let key = self.value(Key::OpenaiApiKey);
        let model = match name.map(Value::text) {
            Some("planner") => return Ok(ModelSettings::Planner),
            Some(text) if text.starts_with("scripted:") => {
                let path = text.trim_start_matches("scripted:");
                return Ok(ModelSettings::Scripted(self.resolve(path)));
            }
            Some(_) if self.preset()?.is_some() => return self.of_preset().map(ModelSettings::OpenAi),
            Some(text) if base.is_none() && key.is_none() => {
                return Err(ConfigError::NoModelKey { model: text.chars().take(60).collect() });
            }
            Some(text) => text.to_owned(),
            None if base.is_some() => return Err(ConfigError::NoModelName),
            None => return Ok(ModelSettings::Planner),
        };
        let provider = base.is_none().then_some(Provider::OpenAi);
        let base_url = match base {
            Some(value) => self.model_address(value, Key::OpenaiApiKey)?,
            None => built_in(Provider::OpenAi)?,
        };
        let api_key = key.map(Value::secret);
        let api = self.api(provider)?;
        Ok(ModelSettings::OpenAi(Endpoint { base_url, model, api_key, key: Key::OpenaiApiKey, provider, api }))
    }

    /// The provider and the model that `AGENT_MODEL` names by a prefix.
    ///
    /// # Errors
    /// A provider without a model.
    fn preset(&self) -> Result<Option<(Provider, &str)>, ConfigError> {
        let Some(value) = self.value(Key::AgentModel) else { return Ok(None) };
        let only_named = Provider::from_name(value.text()).map(|provider| (provider, ""));
        match Provider::of_model(value.text()).or(only_named) {
            Some((provider, "")) => Err(ConfigError::Value {
                key: Key::AgentModel,
                problem: format!("names the provider {} and no model", provider.preset().name),
                hint: format!("write {}:MODEL, with a model that it lists", provider.preset().name),
                origin: value.source.clone(),
            }),
            // Where no endpoint is named, OpenAI would be asked for a model of that name.
            None if self.value(Key::OpenaiBaseUrl).is_none() => match Provider::nearly(value.text()) {
                Some((provider, model)) => Err(ConfigError::Value {
                    key: Key::AgentModel,
                    problem: "names no provider that is known".to_owned(),
                    hint: format!("did you mean {}:{model}?", provider.preset().name),
                    origin: value.source.clone(),
                }),
                None => Ok(None),
            },
            named => Ok(named),
        }
    }

    /// The endpoint of the preset that `AGENT_MODEL` names.
    fn of_preset(&self) -> Result<Endpoint, ConfigError> {
        let Some((provider, model)) = self.preset()? else { return Err(ConfigError::NoModelName) };
        let preset = provider.preset();
        let base_url = match self.value(Key::OpenaiBaseUrl) {
            // A key of one provider never goes to the address of another.
            Some(value) if preset.own => self.model_address(value, preset.key)?,
            _ => built_in(provider)?,
        };
        let api_key = self.value(preset.key).map(Value::secret);
        if api_key.is_none() && !preset.own {
            return Err(ConfigError::NoProviderKey { provider: preset.name, key: preset.key });
        }
        let (model, key, api) = (model.to_owned(), preset.key, self.api(Some(provider))?);
        Ok(Endpoint { base_url, model, api_key, key, provider: Some(provider), api })
    }

    /// Where the model of a preset is asked for, and that the preset says so: for the display of the settings.
    pub(super) fn preset_address(&self) -> Option<(&'static str, Source)> {
        let preset = Provider::of_model(self.value(Key::AgentModel)?.text())?.0.preset();
        let replaced = preset.own && self.value(Key::OpenaiBaseUrl).is_some();
        (!replaced).then_some((preset.base_url, Source::Preset(preset.name)))
    }

    fn api(&self, provider: Option<Provider>) -> Result<Api, ConfigError> {
        let Some(value) = self.value(Key::OpenaiApi) else { return Ok(Api::Chat) };
        let wrong = |problem: String, hint: &str| ConfigError::Value {
            key: Key::OpenaiApi,
            problem,
            hint: hint.to_owned(),
            origin: value.source.clone(),
        };
        let api = match value.text() {
            "chat" => Api::Chat,
            "responses" => Api::Responses,
            _ => return Err(wrong("names no API".to_owned(), "write chat, or responses")),
        };
        match provider.map(Provider::preset) {
            Some(preset) if api == Api::Responses && !preset.responses => {
                let problem = format!("is responses, and {} offers Chat Completions only", preset.name);
                Err(wrong(problem, "unset it, or write chat"))
            }
            _ => Ok(api),
        }
    }
}

/// The address of a provider.
fn built_in(provider: Provider) -> Result<Url, ConfigError> {
    let preset = provider.preset();
    parse::url(Key::OpenaiBaseUrl, &Value::new(preset.base_url, Source::Preset(preset.name)))
}
