//! Any OpenAI-compatible endpoint, streamed: by its Chat Completions, or by its Responses where the settings say so.
//!
//! Servers differ, so the request is typed by the client library and the answer is read into tolerant types of ours. A
//! server that does not know an optional part of the request is asked again without it. Nothing is read from the
//! environment here: settings are passed in.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `chat` | requests of Chat Completions |
//! | `chunk` | pieces of its answers |
//! | `responses` | requests and events of Responses, as the same pieces |
//! | `parts`, `lessons`, `schemas` | what of a request a server takes, what it wants besides, and how that is learnt |
//! | `ids` | call ids as every server takes them |
//! | `reasoning` | what a model reasons, kept and sent back to who gave it |
//! | `lenient`, `surrogates` | what servers write loosely |
//! | `usage` | tokens and cost |
//! | `form` | an answer of a form: held to it by the server, or asked for in words |
//! | `assemble`, `calls`, `thoughts` | from pieces to a turn: its calls, its thoughts, its words |
//! | `http` | the transport of both: one try, typed errors |
//! | `body` | a streamed body: idle timeout, bounds, end mark |
//! | `failure`, `reason`, `wordings`, `waits` | what refusals mean, and when to ask again |

mod assemble;
mod body;
mod calls;
mod chat;
mod chunk;
mod failure;
mod form;
mod http;
mod ids;
mod lenient;
mod lessons;
mod parts;
mod reason;
mod reasoning;
mod responses;
mod schemas;
mod surrogates;
mod thoughts;
mod usage;
mod waits;
mod wordings;

use std::time::Duration;

use async_openai::{Client, error::OpenAIError};
use async_trait::async_trait;
use futures::{StreamExt as _, stream::BoxStream};
use serde_json::value::RawValue;
use tokio::time::Instant;

use self::{
    assemble::Assembly, body::Ended, chunk::Chunk, http::Transport, lessons::Lesson, parts::Parts,
    responses::Translator,
};
use super::{ChatModel, ChatRequest, ChatTurn, Delta, ModelError};
use domain::units::clean;
use guard::config::{Api, Endpoint};

/// A stream that keeps itself alive and says nothing is given up after so many idle timeouts.
const SILENT_FOR: u32 = 5;
/// One that says something is given up all the same after so many.
const AT_MOST: u32 = 15;
/// So often a server is asked again at most that loads its model: the wait between two tries.
const LOADING: Duration = Duration::from_secs(3);
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
            patience: Duration::from_secs(60),
        }
    }
}

/// The events of an answer as they came.
type Events = BoxStream<'static, Result<Box<RawValue>, OpenAIError>>;

/// A model behind an OpenAI-compatible endpoint.
pub struct OpenAi {
    settings: OpenAiSettings,
    address: http::Address,
    http: reqwest::Client,
    /// What this server was found to take and to want.
    parts: Parts,
    /// Who answers: it alone is sent back what it reasoned.
    from: String,
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
        let api = match endpoint.api {
            Api::Chat => "",
            Api::Responses => " by Responses",
        };
        let from = format!("{} at {}{api}", endpoint.model, address.shown());
        Ok(OpenAi { address, http, parts, from, settings })
    }

    /// Sends the request; gives the events of the answer.
    async fn ask(&self, request: &ChatRequest, transport: Transport) -> Result<Events, OpenAIError> {
        let Endpoint { model, api, .. } = &self.settings.endpoint;
        let client = Client::build(self.http.clone(), self.address.clone()).with_http_service(transport.service());
        let mut body = match api {
            Api::Chat => chat::request(request, model, &self.parts, &self.from),
            Api::Responses => responses::request(request, model, &self.parts, &self.from),
        };
        form::ask_for(&mut body, request, *api, &self.parts);
        // Events are read here: servers break JSON's rules in ways that no type can make good.
        let events = match api {
            Api::Chat => client.chat().create_stream_byot::<_, Box<RawValue>>(body).await?,
            Api::Responses => client.responses().create_stream_byot::<_, Box<RawValue>>(body).await?,
        };
        Ok(events.boxed())
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
        let mut translator = Translator::default();
        loop {
            let until = if assembly.is_ended() { Instant::now() + AFTER_END } else { total.min(spoke + silent) };
            let event = match tokio::time::timeout_at(until, stream.next()).await {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(_) if assembly.is_ended() => break,
                Err(_) => return Err(ModelError::Stalled { after: silent }),
            };
            let event = match event {
                Ok(event) => event,
                // An event without data.
                Err(OpenAIError::JSONDeserialize(_, content)) if content.trim().is_empty() => continue,
                // After the end nothing is lost by what cannot be read, or by a line that breaks.
                Err(OpenAIError::JSONDeserialize(..)) if assembly.is_ended() => continue,
                Err(_) if assembly.is_ended() => break,
                Err(error) => return Err(self.reason(error, &ended)),
            };
            let read = match self.settings.endpoint.api {
                Api::Chat => lenient::value::<Chunk>(&event),
                Api::Responses => translator.read(&event),
            };
            let mut chunk = match read {
                Ok(chunk) => chunk,
                Err(_) if assembly.is_ended() => continue,
                Err(error) => return Err(unread(&error.to_string(), event.get())),
            };
            if chunk.says_something() {
                spoke = Instant::now();
            }
            if let Some(error) = chunk.take_error() {
                match failure::unread_call(&error).filter(|_| assembly.is_empty()) {
                    Some(text) => chunk = Chunk::whole(text),
                    None => {
                        // It may come with what it took.
                        assembly.take(Chunk { usage: chunk.usage, ..Chunk::default() });
                        return Err(failure::error_in_stream(&error, &self.settings.endpoint));
                    }
                }
            }
            let held = request.form.is_some();
            assembly.take(chunk).into_iter().filter(|_| !held).for_each(&mut *sink);
            if assembly.is_too_long() || assembly.wanders(request.choice) || (held && assembly.circles()) {
                break;
            }
        }
        if let Some(error) = ended.reason().filter(|_| !assembly.is_ended()) {
            return Err(error);
        }
        let (turn, rest) = assembly.finish(ended.marked(), &self.from)?;
        rest.into_iter().filter(|_| request.form.is_none()).for_each(sink);
        if assembly.thought_unopened() {
            self.parts.learn(Lesson::ThinksFirst);
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
            OpenAIError::JSONDeserialize(error, content) => unread(&error.to_string(), &content),
            // The library's words for bytes that are no UTF-8, and for lines that are no events.
            OpenAIError::StreamError(_) => {
                ModelError::Garbage { what: "a stream of events that cannot be read".to_owned() }
            }
            other => ModelError::Garbage { what: clean(&other.to_string(), 200) },
        }
    }
}

/// An event that is none of this protocol.
fn unread(why: &str, event: &str) -> ModelError {
    ModelError::Garbage { what: clean(&format!("{why}: {event}"), 200) }
}

#[async_trait]
impl ChatModel for OpenAi {
    fn name(&self) -> String {
        self.settings.endpoint.model.clone()
    }

    async fn turn(&self, request: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        let mut wait = self.settings.backoff;
        let mut left = self.settings.retries;
        let begun = Instant::now();
        loop {
            let mut assembly = Assembly::of(request, self.parts.has(Lesson::ThinksFirst));
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
            if self.learns(request, &error) {
                continue;
            }
            let loads = failure::is_loading(&error) && begun.elapsed() < self.settings.idle;
            let pause = error.retry_after().unwrap_or(if loads { wait.min(LOADING) } else { wait });
            if !loads && (left == 0 || !error.may_pass() || pause > self.settings.patience) {
                return Err(error);
            }
            left -= u32::from(!loads);
            tokio::time::sleep(pause.min(self.settings.patience)).await;
            wait = wait.saturating_mul(2);
        }
    }
}

impl OpenAi {
    /// Whether a refusal teaches something about this server, so that it may take the same request in another form.
    fn learns(&self, request: &ChatRequest, error: &ModelError) -> bool {
        let (ModelError::Refused { message, .. } | ModelError::Server { message, .. }) = error else { return false };
        // A server that cannot make a grammar of a form says so as a failure of its own.
        if self.parts.give_up(message) {
            return true;
        }
        // It may be the form that it does not take, whatever words it has for that.
        if form::is_refused(request, error) && self.parts.learn(Lesson::NoResponseFormat) {
            return true;
        }
        // Bedrock and Anthropic behind gateways refuse calls in the history of a request that names no tools, each in words of
        // its own (dify#17545, bedrock-access-gateway#239). Who refuses both has another reason.
        let refused = matches!(error, ModelError::Refused { status: 400 | 422, .. }) || message.contains("tool");
        if !refused || !parts::has_only_calls(request) {
            return false;
        }
        let learnt = self.parts.learn(Lesson::ToolsBesideCalls);
        if !learnt {
            self.parts.unlearn(Lesson::ToolsBesideCalls);
        }
        learnt
    }
}

#[cfg(test)]
mod tests;
