//! Why a model gave no turn.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use domain::units;

/// Why a model gave no turn. Text from servers is cleaned and short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelError {
    /// Nobody answers there.
    #[error("the model at {url} cannot be reached: {why}")]
    Unreachable {
        /// The endpoint.
        url: String,
        /// The system's words.
        why: String,
    },
    /// The key is missing or wrong.
    #[error("the model's server refused the key (HTTP {status}): {message}")]
    Key {
        /// 400, 401 or 403.
        status: u16,
        /// The server's words.
        message: String,
        /// The setting that holds the key.
        setting: String,
    },
    /// No such model, or no such endpoint.
    #[error("the model's server does not know `{model}`: {message}")]
    NoModel {
        /// What was asked for.
        model: String,
        /// The server's words.
        message: String,
    },
    /// The account behind the key has nothing left to spend.
    #[error("the model's server wants to be paid first: {message}")]
    NoCredit {
        /// The server's words.
        message: String,
    },
    /// Too many requests.
    #[error("the model's server asks to slow down: {message}")]
    RateLimited {
        /// The server's words.
        message: String,
        /// When to try again, where it says.
        retry_after: Option<Duration>,
    },
    /// The server failed.
    #[error("the model's server failed (HTTP {status}): {message}")]
    Server {
        /// 408 or 5xx.
        status: u16,
        /// The server's words.
        message: String,
        /// When to try again, where it says.
        retry_after: Option<Duration>,
    },
    /// The request was not accepted.
    #[error("the model's server did not accept the request (HTTP {status}): {message}")]
    Refused {
        /// 4xx.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// The conversation is longer than the model's window.
    #[error("the conversation is longer than the model can take: {message}")]
    TooLong {
        /// The server's words.
        message: String,
    },
    /// What came back is not the protocol.
    #[error("the model's server answered with something that is no chat completion: {what}")]
    Garbage {
        /// What, in short.
        what: String,
    },
    /// The connection broke or ended before the answer did, or before it began.
    #[error("the model's answer broke off: {why}")]
    Cut {
        /// The system's words.
        why: String,
    },
    /// Nothing came for too long.
    #[error("the model sent nothing for {}", units::seconds(after.as_secs_f64()))]
    Stalled {
        /// How long was waited.
        after: Duration,
    },
    /// A scripted model's script and the conversation differ.
    #[error("the transcript {script} does not match: {why}")]
    Script {
        /// The file.
        script: String,
        /// Where and how.
        why: String,
    },
    /// The request holds a secret of this program's own, and was not sent.
    #[error("what would go to the model holds a secret ({}), so nothing was sent", name.trim_start_matches("scrubbed-"))]
    Secret {
        /// The setting that it is of.
        name: String,
    },
    /// The settings ask for a model that cannot be made.
    #[error("{why}")]
    Settings {
        /// Which setting, and what is wrong.
        why: String,
        /// What to do.
        hint: String,
    },
}

impl ModelError {
    /// A short stable word for events.
    pub fn kind(&self) -> &'static str {
        match self {
            ModelError::Unreachable { .. } => "model_unreachable",
            ModelError::Key { .. } => "model_key",
            ModelError::NoModel { .. } => "model_unknown",
            ModelError::NoCredit { .. } => "model_no_credit",
            ModelError::RateLimited { .. } => "model_rate_limited",
            ModelError::Server { .. } => "model_server",
            ModelError::Refused { .. } => "model_refused",
            ModelError::TooLong { .. } => "model_too_long",
            ModelError::Garbage { .. } => "model_garbage",
            ModelError::Cut { .. } => "model_cut",
            ModelError::Stalled { .. } => "model_stalled",
            ModelError::Script { .. } => "model_script",
            ModelError::Settings { .. } => "model_settings",
            ModelError::Secret { .. } => "model_secret",
        }
    }

    /// Whether a word is one of [`kind`](ModelError::kind): the model's server failed, and not the model.
    pub fn is_kind(word: &str) -> bool {
        word.starts_with("model_") && word != "model_endless"
    }

    /// What a person can do.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            ModelError::Unreachable { .. } => {
                "check that the server runs and AGENT_MODEL or OPENAI_BASE_URL name the right one, or use the offline \
                 planner: agent --model planner"
            }
            ModelError::Key { setting, .. } => return Some(format!("set {setting} to a key of this server")),
            ModelError::NoModel { .. } => {
                "set AGENT_MODEL to a model this server has; OPENAI_BASE_URL usually ends in /v1"
            }
            ModelError::RateLimited { retry_after: Some(wait), .. } => {
                return Some(format!(
                    "try again in {}, or set AGENT_MODEL=planner",
                    units::seconds(wait.as_secs_f64())
                ));
            }
            ModelError::RateLimited { .. } => {
                "wait a little, or set AGENT_MODEL=planner to work without a model server"
            }
            ModelError::NoCredit { .. } => {
                "check the credit of the key, or set AGENT_MODEL=planner to work without a model server"
            }
            ModelError::Server { .. } | ModelError::Cut { .. } | ModelError::Garbage { .. } => {
                "try again; the jobs are safe in the ledger: `agent jobs list`"
            }
            ModelError::Stalled { .. } => {
                "try again, or ask a smaller or nearer model; the jobs are safe in the ledger: `agent jobs list`"
            }
            // vLLM reads calls only where it was told how.
            ModelError::Refused { message, .. } if message.contains("--enable-auto-tool-choice") => {
                "start vllm serve with --enable-auto-tool-choice and the --tool-call-parser of your model"
            }
            ModelError::Refused { status: 403, .. } => {
                "the key is known, and this is refused to it: the reason is the server's own, such as the region, the \
                 rights of the key, or its moderation; use another model or provider, or AGENT_MODEL=planner"
            }
            ModelError::Refused { .. } => "check that AGENT_MODEL names a chat model that can call tools",
            ModelError::TooLong { .. } => {
                "start a new conversation, or set AGENT_MODEL to a model with a larger window"
            }
            ModelError::Secret { .. } => "begin a new conversation; a model needs none of this program's keys",
            ModelError::Script { .. } => return None,
            ModelError::Settings { hint, .. } => return Some(hint.clone()),
        };
        Some(text.to_owned())
    }

    /// When to try again, where the server says.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            ModelError::RateLimited { retry_after, .. } | ModelError::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the same request may be sent again as long as nothing was streamed. A stalled server is not asked anew: it
    /// is most often still at work, and would begin again.
    pub fn may_pass(&self) -> bool {
        match self {
            ModelError::Unreachable { .. } | ModelError::RateLimited { .. } | ModelError::Cut { .. } => true,
            // 408 and those of 5xx that pass; 520 to 524 are Cloudflare's for a server behind it that does not answer.
            ModelError::Server { status, .. } => matches!(status, 408 | 500 | 502..=504 | 520..=524 | 529),
            _ => false,
        }
    }
}
