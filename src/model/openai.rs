//! Any OpenAI-compatible endpoint, by its chat completions, streamed.
//!
//! Servers differ, so the request is typed by the client library and the answer is read into tolerant types of ours
//! ([`wire`]). A server that does not know an optional part of the request is asked again without it. Nothing is read
//! from the environment here: settings are passed in.

mod assemble;
mod failure;
mod http;
mod wire;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_openai::{Client, error::OpenAIError};
use async_trait::async_trait;
use futures::StreamExt as _;
use secrecy::SecretString;
use url::Url;

use self::{
    assemble::Assembly,
    http::{Ended, Endpoint, Transport},
    wire::Chunk,
};
use super::{ChatModel, ChatRequest, ChatTurn, Delta, ModelError};
use crate::domain::units::clean;

/// Where a model is, and how patient we are.
#[derive(Debug, Clone)]
pub struct OpenAiSettings {
    /// The endpoint, ending in `/v1` or the like.
    pub base_url: Url,
    /// The model's name there.
    pub model: String,
    /// The key; servers of one's own often need none.
    pub api_key: Option<SecretString>,
    /// How long nothing may come, before the first byte and between any two.
    pub idle: Duration,
    /// How often a request is sent again that failed before its first token.
    pub retries: u32,
    /// The wait before the first such try; it doubles.
    pub backoff: Duration,
    /// The longest wait that a server's Retry-After may ask for.
    pub patience: Duration,
}

impl OpenAiSettings {
    /// The usual patience. Slow machines take most of a minute for a long prompt.
    pub fn new(base_url: Url, model: impl Into<String>, api_key: Option<SecretString>) -> OpenAiSettings {
        OpenAiSettings {
            base_url,
            model: model.into(),
            api_key,
            idle: Duration::from_secs(120),
            retries: 2,
            backoff: Duration::from_millis(500),
            patience: Duration::from_secs(20),
        }
    }
}

/// A model behind an OpenAI-compatible endpoint.
pub struct OpenAi {
    settings: OpenAiSettings,
    endpoint: Endpoint,
    http: reqwest::Client,
    /// Optional parts of a request that this server was found not to know.
    without: Optional,
}

/// Optional parts of a request.
#[derive(Default)]
struct Optional {
    stream_options: AtomicBool,
    tool_choice: AtomicBool,
    temperature: AtomicBool,
}

impl Optional {
    /// Gives up the part that a refusal names; `false` when it names none that was sent.
    fn give_up(&self, message: &str) -> bool {
        let parts = [
            ("stream_options", &self.stream_options),
            ("tool_choice", &self.tool_choice),
            ("temperature", &self.temperature),
        ];
        let named = parts.iter().find(|(name, given_up)| message.contains(name) && !given_up.load(Ordering::Relaxed));
        if let Some((_, given_up)) = named {
            given_up.store(true, Ordering::Relaxed);
        }
        named.is_some()
    }
}

impl OpenAi {
    /// A client of that endpoint; nothing is sent yet.
    ///
    /// # Errors
    /// A key that no HTTP header can carry, or a system without TLS.
    pub fn new(settings: OpenAiSettings) -> Result<OpenAi, ModelError> {
        let endpoint = Endpoint::new(&settings.base_url, settings.api_key.as_ref())?;
        let http = http::client(&settings.base_url)?;
        Ok(OpenAi { settings, endpoint, http, without: Optional::default() })
    }

    /// One try: the whole turn, or why not and whether something was streamed already.
    async fn attempt(
        &self,
        request: &ChatRequest,
        sink: &mut (dyn FnMut(Delta) + Send),
    ) -> Result<ChatTurn, (ModelError, bool)> {
        let body = wire::request(request, &self.settings.model, &self.without);
        let ended = Ended::default();
        let transport = Transport {
            http: self.http.clone(),
            url: self.endpoint.shown(),
            model: self.settings.model.clone(),
            idle: self.settings.idle,
            ended: ended.clone(),
        };
        let client = Client::build(self.http.clone(), self.endpoint.clone()).with_http_service(transport.service());
        let mut stream = client
            .chat()
            .create_stream_byot::<_, Chunk>(body)
            .await
            .map_err(|error| (self.reason(error, &ended), false))?;
        let mut assembly = Assembly::default();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| (self.reason(error, &ended), assembly.streamed()))?;
            if let Some(error) = chunk.error {
                return Err((failure::error_in_stream(&error, &self.settings.model), assembly.streamed()));
            }
            if let Some(text) = assembly.take(chunk) {
                sink(Delta::Text(text));
            }
            if assembly.is_too_long() {
                break;
            }
        }
        let streamed = assembly.streamed();
        if let Some(error) = ended.reason() {
            return Err((error, streamed));
        }
        let (turn, rest) = assembly.finish(ended.marked()).map_err(|error| (error, streamed))?;
        if let Some(text) = rest {
            sink(Delta::Text(text));
        }
        Ok(turn)
    }

    /// What an error of the client library means. What ended the body, where known, says it best.
    fn reason(&self, error: OpenAIError, ended: &Ended) -> ModelError {
        if let Some(reason) = ended.reason() {
            return reason;
        }
        match error {
            OpenAIError::Boxed(inner) => match inner.downcast::<ModelError>() {
                Ok(ours) => *ours,
                Err(other) => ModelError::Garbage { what: clean(&other.to_string(), 200) },
            },
            OpenAIError::Reqwest(error) => failure::unreachable(&self.endpoint.shown(), &error),
            OpenAIError::JSONDeserialize(error, content) => {
                ModelError::Garbage { what: clean(&format!("{error}: {content}"), 200) }
            }
            OpenAIError::StreamError(error) => ModelError::Cut { why: clean(&error.to_string(), 200) },
            other => ModelError::Garbage { what: clean(&other.to_string(), 200) },
        }
    }
}

#[async_trait]
impl ChatModel for OpenAi {
    fn name(&self) -> String {
        self.settings.model.clone()
    }

    async fn turn(&self, request: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        let mut wait = self.settings.backoff;
        let mut left = self.settings.retries;
        loop {
            let (error, streamed) = match self.attempt(request, sink).await {
                Ok(turn) => return Ok(turn),
                Err(why) => why,
            };
            if streamed {
                return Err(error);
            }
            if let ModelError::Refused { message, .. } = &error
                && self.without.give_up(message)
            {
                continue;
            }
            let asked = match &error {
                ModelError::RateLimited { retry_after, .. } => *retry_after,
                _ => None,
            };
            let pause = asked.unwrap_or(wait);
            if left == 0 || !error.may_pass() || pause > self.settings.patience {
                return Err(error);
            }
            left -= 1;
            tokio::time::sleep(pause).await;
            wait = wait.saturating_mul(2);
        }
    }
}

#[cfg(test)]
mod tests;
