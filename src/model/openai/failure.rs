//! What a server's refusals and a system's errors mean.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use super::{reason, waits, wordings};
use crate::model::ModelError;
use domain::units::clean;
use guard::config::Endpoint;

/// Why nobody could be asked.
pub(super) fn unreachable(url: &str, error: &reqwest::Error) -> ModelError {
    ModelError::Unreachable { url: url.to_owned(), why: deepest(error) }
}

pub(super) fn cut(error: &reqwest::Error) -> ModelError {
    ModelError::Cut { why: deepest(error) }
}

/// The innermost cause: "connection refused" rather than "error sending request".
fn deepest(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    clean(&cause.to_string(), 200)
}

/// What a refusal is, by its status, its machine-readable words and, where servers have none in common, its own words.
pub(super) fn error_of(
    status: StatusCode,
    body: &[u8],
    retry_after: Option<Duration>,
    endpoint: &Endpoint,
) -> ModelError {
    let message = reason::of(body);
    let whole = String::from_utf8_lossy(body).to_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| whole.contains(word));
    let status = status.as_u16();
    let model = || endpoint.model.clone();
    let key = |message| ModelError::Key { status, message, setting: endpoint.key.name().to_owned() };
    match status {
        401 => key(message),
        // The same status is for regions, for rights and for moderation.
        403 if holds(&KEY) => key(message),
        402 => ModelError::NoCredit { message },
        _ if holds(&NO_CREDIT) => ModelError::NoCredit { message },
        400 | 413 | 422 | 429 | 500.. if wordings::is_too_long(&whole) => ModelError::TooLong { message },
        413 => ModelError::TooLong { message },
        429 => ModelError::RateLimited { message, retry_after },
        // OpenRouter knows the model, and nobody who serves it takes a part of the request.
        404 if holds(&["no endpoints found that support"]) => ModelError::Refused { status, message },
        // Responses do not keep what they are sent back.
        404 if holds(&["item with id"]) => ModelError::Refused { status, message },
        404 => ModelError::NoModel { model: model(), message },
        400 if holds(&["model_not_found"]) => ModelError::NoModel { model: model(), message },
        // Gemini's answer to a wrong key.
        400 if holds(&["api_key_invalid"]) => key(message),
        408 | 500.. => ModelError::Server { status, message, retry_after },
        _ => ModelError::Refused { status, message },
    }
}

/// What is said of a key that is wrong, or that may nothing here.
const KEY: [&str; 7] =
    ["api key", "api_key", "api-key", "apikey", "invalid token", "authentication", "unauthenticated"];
/// Codes for an account that has nothing left: OpenAI's, Kimi's, MiniMax's (also with 500) and DeepSeek's.
const NO_CREDIT: [&str; 4] =
    ["insufficient_quota", "exceeded_current_quota", "insufficient_balance", "insufficient balance"];

/// An error that came in the place of an answer, or in a stream that had begun well. Its code is a status, or a word.
pub(super) fn error_in_stream(error: &Value, endpoint: &Endpoint) -> ModelError {
    let number = |code: &Value| match code {
        Value::String(text) => text.parse().ok().or_else(|| status_of(text)),
        other => other.as_u64().and_then(|code| u16::try_from(code).ok()),
    };
    let of = |name: &str| error.get(name).and_then(number);
    let minimax = || status_of_minimax(error.pointer("/base_resp/status_code")?.as_u64()?);
    let code = ["code", "status", "http_code", "type"].into_iter().find_map(of).or_else(minimax);
    let status = code.filter(|code| *code >= 400).and_then(|code| StatusCode::from_u16(code).ok());
    let body = serde_json::json!({"error": error}).to_string();
    let wait = waits::in_body(body.as_bytes());
    error_of(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body.as_bytes(), wait, endpoint)
}

/// Whether the server is only not ready yet.
pub(super) fn is_loading(error: &ModelError) -> bool {
    matches!(error, ModelError::Server { message, .. } if wordings::is_loading(message))
}

/// The status that goes with a word: of OpenAI, of Anthropic, of Google.
fn status_of(word: &str) -> Option<u16> {
    Some(match word {
        "invalid_prompt"
        | "context_length_exceeded"
        | "invalid_request_error"
        | "BadRequestError"
        | "INVALID_ARGUMENT" => 400,
        "authentication_error" | "UNAUTHENTICATED" => 401,
        "permission_error" | "PERMISSION_DENIED" => 403,
        "not_found_error" | "NOT_FOUND" => 404,
        "rate_limit_exceeded" | "rate_limit_error" | "insufficient_quota" | "RESOURCE_EXHAUSTED" => 429,
        "overloaded_error" => 529,
        "unavailable_error" | "UNAVAILABLE" => 503,
        _ => return None,
    })
}

/// MiniMax's own codes, as its documentation lists them.
fn status_of_minimax(code: u64) -> Option<u16> {
    Some(match code {
        1002 | 1041 => 429,
        1004 | 2049 => 401,
        1008 => 402,
        1039 | 2013 => 400,
        _ => return None,
    })
}

/// What a model wrote where its server could not read a call in it (Groq's `tool_use_failed`): it may be read here.
pub(super) fn unread_call(error: &Value) -> Option<String> {
    let error = error.get("error").unwrap_or(error);
    if error.get("code")?.as_str()? != "tool_use_failed" {
        return None;
    }
    let text = error.get("failed_generation")?.as_str()?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}
