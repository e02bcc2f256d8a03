//! Whether the model answers.

use std::time::Duration;

use reqwest::RequestBuilder;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::{check::Check, here::wrong};
use cassette::line::http_client;
use guard::config::{Api, Driving, Endpoint, ModelSettings, Provider, Settings};

/// The doctor waits this long for a model's server.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the model that the settings name is there.
pub async fn model(settings: &Settings) -> Check {
    let found = settings.model().and_then(|model| settings.driving(&model).map(|driving| (model, driving)));
    let (model, driving) = match found {
        Ok(found) => found,
        Err(error) => return wrong("model", &error),
    };
    match model {
        ModelSettings::Planner => {
            let how = settings
                .unused_key()
                .unwrap_or_else(|| format!("set AGENT_MODEL to PROVIDER:MODEL for a model ({})", Provider::names()));
            Check::ok("model", format!("offline planner: {how}"))
        }
        ModelSettings::Scripted(path) if path.is_file() => {
            Check::ok("model", format!("the transcript {}", path.display()))
        }
        ModelSettings::Scripted(path) => {
            let mend = "name a transcript that is there: AGENT_MODEL=scripted:PATH".to_owned();
            Check::fail("model", format!("there is no transcript {}", path.display()), Some(mend))
        }
        ModelSettings::OpenAi(endpoint) => listed(&endpoint, driving).await,
    }
}

/// Asks for the list of models: it costs nothing, and shows whether the address and the key are right.
async fn listed(endpoint: &Endpoint, driving: Driving) -> Check {
    let Endpoint { base_url, model, key, .. } = endpoint;
    let host = base_url.host_str().unwrap_or_default().to_owned();
    let address = format!("{}/models", base_url.as_str().trim_end_matches('/'));
    let mend = |text: String| Some(text);
    let client = match http_client().timeout(PATIENCE).build() {
        Ok(client) => client,
        Err(error) => return Check::fail("model", format!("no HTTP client can be made: {error}"), None),
    };
    let answer = match with_key(client.get(address), endpoint).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let why = error.without_url();
            return Check::fail("model", format!("{host} did not answer: {why}"), mend(unreachable(endpoint)));
        }
    };
    match answer.status().as_u16() {
        401 | 403 => {
            Check::fail("model", format!("{host} does not take the key"), mend(format!("check {}", key.name())))
        }
        200..=299 => {
            let known = answer.json::<Value>().await.ok().and_then(|list| names(&list));
            match known {
                Some(names) if !names.iter().any(|name| name == model) => Check::warn(
                    "model",
                    format!("{host} answers but does not list {model}"),
                    format!("set AGENT_MODEL to one it lists, such as {}", names.first().map_or("-", String::as_str)),
                ),
                _ => Check::ok("model", reached(endpoint, &host, driving)),
            }
        }
        status => Check::warn(
            "model",
            format!("{host} answers, but not with a list of models (HTTP {status})"),
            "should questions fail, check that OPENAI_BASE_URL ends as its server says, often in /v1",
        ),
    }
}

/// The request with the key, where there is one. Anthropic lists its models under headers of its own.
fn with_key(request: RequestBuilder, endpoint: &Endpoint) -> RequestBuilder {
    match (&endpoint.api_key, endpoint.provider) {
        (Some(key), Some(Provider::Anthropic)) => {
            request.header("x-api-key", key.expose_secret()).header("anthropic-version", "2023-06-01")
        }
        (Some(key), _) => request.bearer_auth(key.expose_secret()),
        (None, _) => request,
    }
}

/// The model, where it is, how it is spoken to, and how it is driven.
fn reached(endpoint: &Endpoint, host: &str, driving: Driving) -> String {
    let provider = endpoint.provider.map(|p| format!(", preset {}", p.preset().name)).unwrap_or_default();
    let api = if endpoint.api == Api::Responses { ", by its Responses API" } else { "" };
    format!("{} at {host}{provider}{api}, style {}", endpoint.model, driving.shown())
}

fn unreachable(endpoint: &Endpoint) -> String {
    match endpoint.provider.map(Provider::preset) {
        Some(preset) if preset.own => {
            format!("start it, or set OPENAI_BASE_URL to where {} listens", preset.name)
        }
        Some(_) => "check the connection to the network".to_owned(),
        None => "check OPENAI_BASE_URL".to_owned(),
    }
}

/// The names of a list of models; Gemini puts `models/` before each.
fn names(list: &Value) -> Option<Vec<String>> {
    let names = list.get("data")?.as_array()?.iter().filter_map(|m| m.get("id")?.as_str());
    Some(names.map(|name| name.strip_prefix("models/").unwrap_or(name).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{Json, Router, http::HeaderMap, routing::get};
    use secrecy::SecretString;
    use serde_json::json;

    use super::*;
    use guard::config::{Key, Style};

    /// A server that lists `data`, and the headers it was asked with.
    async fn served(data: Value) -> (Endpoint, Arc<Mutex<HeaderMap>>) {
        let seen = Arc::new(Mutex::new(HeaderMap::new()));
        let kept = Arc::clone(&seen);
        let list = get(move |headers: HeaderMap| async move {
            *kept.lock().unwrap() = headers;
            Json(json!({ "data": data }))
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/models", list)).await });
        let api_key = Some(SecretString::from("k-1"));
        let (key, provider, api) = (Key::OpenaiApiKey, None, Api::Chat);
        (Endpoint { base_url, model: "m-1".into(), api_key, key, provider, api }, seen)
    }

    #[tokio::test]
    async fn each_provider_lists_its_models_in_its_way() {
        let (endpoint, seen) = served(json!([{"id": "models/m-1"}])).await;
        let gemini = Endpoint { provider: Some(Provider::Gemini), ..endpoint };
        assert_eq!(
            listed(&gemini, Driving::default()).await,
            Check::ok("model", "m-1 at 127.0.0.1, preset gemini, style tools")
        );
        assert_eq!(seen.lock().unwrap()["authorization"], "Bearer k-1");
        let anthropic = Endpoint { provider: Some(Provider::Anthropic), ..gemini };
        listed(&anthropic, Driving::default()).await;
        assert_eq!(seen.lock().unwrap()["x-api-key"], "k-1");
        assert!(!seen.lock().unwrap().contains_key("authorization"));
        let other = Endpoint { model: "m-2".into(), api: Api::Responses, provider: None, ..anthropic };
        assert_eq!(
            listed(&other, Driving::default()).await,
            Check::warn(
                "model",
                "127.0.0.1 answers but does not list m-2",
                "set AGENT_MODEL to one it lists, such as m-1"
            )
        );
        let here = Endpoint { model: "m-1".into(), ..other };
        let auto = Driving { style: Style::Request, chosen_here: true };
        assert_eq!(
            listed(&here, auto).await,
            Check::ok("model", "m-1 at 127.0.0.1, by its Responses API, style request (auto)")
        );
    }
}
