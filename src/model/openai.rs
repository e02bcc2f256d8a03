//! Any OpenAI-compatible endpoint, streamed: by its Chat Completions, or by its Responses where the settings say so.
//!
//! Servers differ, so the request is typed by the client library and the answer is read into tolerant types of ours. A
//! server that does not know an optional part of the request is asked again without it. Nothing is read from the
//! environment here: settings are passed in.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `chat` | requests and pieces of answers of Chat Completions |
//! | `responses` | requests and events of Responses, as the same pieces |
//! | `parts` | the optional parts of a request, and which a server takes |
//! | `ids` | call ids as every server takes them |
//! | `lenient` | what servers write loosely |
//! | `usage` | tokens and cost |
//! | `form` | an answer of a form: held to it by the server, or asked for in words |
//! | `assemble` | from pieces to a turn |
//! | `http` | the transport of both: one try, typed errors |
//! | `body` | a streamed body: idle timeout, bounds, end mark |
//! | `failure` | what refusals mean |

mod assemble;
mod body;
mod chat;
mod failure;
mod form;
mod http;
mod ids;
mod lenient;
mod parts;
mod responses;
mod usage;

use std::time::Duration;

use async_openai::{Client, error::OpenAIError};
use async_trait::async_trait;
use futures::{StreamExt as _, stream::BoxStream};
use tokio::time::Instant;

use self::{
    assemble::Assembly,
    body::Ended,
    chat::Chunk,
    http::Transport,
    parts::Parts,
    responses::{Event, Translator},
};
use super::{ChatModel, ChatRequest, ChatTurn, Delta, ModelError};
use domain::units::clean;
use guard::config::{Api, Endpoint};

/// A stream that keeps itself alive and says nothing is given up after so many idle timeouts.
const SILENT_FOR: u32 = 5;
/// One that says something is given up all the same after so many.
const AT_MOST: u32 = 15;
/// After the end of an answer what it took may still come: it is waited for so long, and the answer is whole without it.
const AFTER_END: Duration = Duration::from_secs(2);

/// Where a model is, and how patient we are.
#[derive(Debug, Clone)]
pub struct OpenAiSettings {
    /// The endpoint and the model there.
    pub endpoint: Endpoint,
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
    pub fn new(endpoint: Endpoint) -> OpenAiSettings {
        OpenAiSettings {
            endpoint,
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
    address: http::Address,
    http: reqwest::Client,
    /// Optional parts of a request, without those that this server was found not to take.
    parts: Parts,
}

impl OpenAi {
    /// A client of that endpoint; nothing is sent yet.
    ///
    /// # Errors
    /// A key that no HTTP header can carry, or a system without TLS.
    pub fn new(settings: OpenAiSettings) -> Result<OpenAi, ModelError> {
        let endpoint = &settings.endpoint;
        let address = http::Address::new(endpoint)?;
        let http = http::client(&endpoint.base_url)?;
        let parts = Parts::known(endpoint.provider);
        Ok(OpenAi { address, http, parts, settings })
    }

    /// Sends the request; gives the pieces of the answer.
    async fn ask(
        &self,
        request: &ChatRequest,
        transport: Transport,
    ) -> Result<BoxStream<'static, Result<Chunk, OpenAIError>>, OpenAIError> {
        let Endpoint { model, api, .. } = &self.settings.endpoint;
        let client = Client::build(self.http.clone(), self.address.clone()).with_http_service(transport.service());
        Ok(match api {
            Api::Chat => {
                let mut body = chat::request(request, model, &self.parts);
                form::ask_for(&mut body, request, *api, &self.parts);
                client.chat().create_stream_byot::<_, Chunk>(body).await?
            }
            Api::Responses => {
                let mut body = responses::request(request, model, &self.parts);
                form::ask_for(&mut body, request, *api, &self.parts);
                let events = client.responses().create_stream_byot::<_, Event>(body).await?;
                let mut translator = Translator::default();
                events.map(move |event| event.map(|event| translator.piece(event))).boxed()
            }
        })
    }

    /// One try: the whole turn, or why not. What came of it is in `assembly` either way.
    async fn attempt(
        &self,
        request: &ChatRequest,
        assembly: &mut Assembly,
        sink: &mut (dyn FnMut(Delta) + Send),
    ) -> Result<ChatTurn, ModelError> {
        let ended = Ended::default();
        let transport = Transport {
            http: self.http.clone(),
            url: self.address.shown(),
            endpoint: self.settings.endpoint.clone(),
            idle: self.settings.idle,
            ended: ended.clone(),
        };
        let mut stream = self.ask(request, transport).await.map_err(|error| self.reason(error, &ended))?;
        let silent = self.settings.idle.saturating_mul(SILENT_FOR);
        let total = Instant::now() + self.settings.idle.saturating_mul(AT_MOST);
        let mut spoke = Instant::now();
        loop {
            let until = if assembly.is_ended() { Instant::now() + AFTER_END } else { total.min(spoke + silent) };
            let chunk = match tokio::time::timeout_at(until, stream.next()).await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(_) if assembly.is_ended() => break,
                Err(_) => return Err(ModelError::Stalled { after: silent }),
            };
            let mut chunk = match chunk {
                // After the end nothing is lost by what cannot be read, or by a line that breaks.
                Err(OpenAIError::JSONDeserialize(..)) if assembly.is_ended() => continue,
                Err(_) if assembly.is_ended() => break,
                chunk => chunk.map_err(|error| self.reason(error, &ended))?,
            };
            if chunk.says_something() {
                spoke = Instant::now();
            }
            if let Some(error) = chunk.error.take() {
                match failure::unread_call(&error).filter(|_| assembly.is_empty()) {
                    Some(text) => chunk = Chunk::whole(text),
                    None => {
                        // It may come with what it took.
                        assembly.take(Chunk { usage: chunk.usage, ..Chunk::default() });
                        return Err(failure::error_in_stream(&error, &self.settings.endpoint));
                    }
                }
            }
            let (text, held) = (assembly.take(chunk), request.form.is_some());
            if let Some(text) = text.filter(|_| !held) {
                sink(Delta::Text(text));
            }
            if assembly.is_too_long() || assembly.wanders(request.choice) || (held && assembly.circles()) {
                break;
            }
        }
        if let Some(error) = ended.reason().filter(|_| !assembly.is_ended()) {
            return Err(error);
        }
        let (turn, rest) = assembly.finish(ended.marked())?;
        if let Some(text) = rest.filter(|_| request.form.is_none()) {
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
            OpenAIError::Reqwest(error) => failure::unreachable(&self.address.shown(), &error),
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
        self.settings.endpoint.model.clone()
    }

    async fn turn(&self, request: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        let mut wait = self.settings.backoff;
        let mut left = self.settings.retries;
        loop {
            let mut assembly = Assembly::default();
            let error = match self.attempt(request, &mut assembly, sink).await {
                // Prose where an object was asked for: the server holds nobody to a form.
                Ok(turn) if form::is_missed(request, &turn) && self.parts.ask_in_words() => {
                    turn.usage.into_iter().for_each(|usage| sink(Delta::Lost(usage)));
                    continue;
                }
                Ok(turn) => {
                    self.parts.heard(&turn);
                    return Ok(turn);
                }
                Err(error) => error,
            };
            if let Some(usage) = assembly.usage() {
                sink(Delta::Lost(usage));
            }
            if assembly.streamed() && request.form.is_none() {
                return Err(error);
            }
            // A server that cannot make a grammar of a form says so as a failure of its own.
            if let ModelError::Refused { message, .. } | ModelError::Server { message, .. } = &error
                && self.parts.give_up(message)
            {
                continue;
            }
            // It may be the form that it does not take, whatever words it has for that.
            if form::is_refused(request, &error) && self.parts.give_up_form() {
                continue;
            }
            let pause = error.retry_after().unwrap_or(wait);
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
