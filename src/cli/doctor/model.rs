//! Whether the model answers.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use super::{check::Check, here::wrong};
use crate::config::{ModelSettings, Settings};

/// The doctor waits this long for a model's server.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the model that the settings name is there.
pub async fn model(settings: &Settings) -> Check {
    match settings.model() {
        Err(error) => wrong("model", &error),
        Ok(ModelSettings::Planner) => {
            Check::ok("model", "offline planner: set AGENT_MODEL and OPENAI_BASE_URL or OPENAI_API_KEY for a model")
        }
        Ok(ModelSettings::Scripted(path)) if path.is_file() => {
            Check::ok("model", format!("the transcript {}", path.display()))
        }
        Ok(ModelSettings::Scripted(path)) => {
            let mend = "name a transcript that is there: AGENT_MODEL=scripted:PATH".to_owned();
            Check::fail("model", format!("there is no transcript {}", path.display()), Some(mend))
        }
        Ok(ModelSettings::OpenAi { base_url, model, api_key }) => endpoint(&base_url, &model, api_key.as_ref()).await,
    }
}

/// Asks for the list of models: it costs nothing, and shows whether the address and the key are right.
async fn endpoint(base: &Url, model: &str, key: Option<&SecretString>) -> Check {
    let host = base.host_str().unwrap_or_default().to_owned();
    let address = format!("{}/models", base.as_str().trim_end_matches('/'));
    let mend = |text: &str| Some(text.to_owned());
    let client = match reqwest::Client::builder().timeout(PATIENCE).build() {
        Ok(client) => client,
        Err(error) => return Check::fail("model", format!("no HTTP client can be made: {error}"), None),
    };
    let mut request = client.get(address);
    if let Some(key) = key {
        request = request.bearer_auth(key.expose_secret());
    }
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let why = error.without_url();
            return Check::fail("model", format!("{host} did not answer: {why}"), mend("check OPENAI_BASE_URL"));
        }
    };
    match answer.status().as_u16() {
        401 | 403 => Check::fail("model", format!("{host} does not take the key"), mend("check OPENAI_API_KEY")),
        200..=299 => {
            let known = answer.json::<Value>().await.ok().and_then(|list| names(&list));
            match known {
                Some(names) if !names.iter().any(|name| name == model) => Check::warn(
                    "model",
                    format!("{host} answers but does not list {model}"),
                    format!("set AGENT_MODEL to one it lists, such as {}", names.first().map_or("-", String::as_str)),
                ),
                _ => Check::ok("model", format!("{model} at {host}")),
            }
        }
        status => Check::warn(
            "model",
            format!("{host} answers, but not with a list of models (HTTP {status})"),
            "should questions fail, check that OPENAI_BASE_URL ends as its server says, often in /v1",
        ),
    }
}

fn names(list: &Value) -> Option<Vec<String>> {
    let names = list.get("data")?.as_array()?.iter().filter_map(|m| m.get("id")?.as_str().map(str::to_owned));
    Some(names.collect())
}
