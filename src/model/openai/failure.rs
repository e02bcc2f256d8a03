//! What a server's refusals and a system's errors mean.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::model::ModelError;
use cassette::scrub::known::said;
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

/// The server's own words, out of whatever it sent.
fn message_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let value: Option<Value> = serde_json::from_str(&text).ok();
    let words = value.as_ref().and_then(|v| {
        ["/error/message", "/error", "/message", "/detail", "/0/error/message"]
            .iter()
            .find_map(|at| v.pointer(at).and_then(Value::as_str))
    });
    match words {
        Some(words) => said(words, 300),
        None if text.trim_start().starts_with('<') => "a web page".to_owned(),
        None => said(&text, 300),
    }
}

pub(super) fn error_of(
    status: StatusCode,
    body: &[u8],
    retry_after: Option<Duration>,
    endpoint: &Endpoint,
) -> ModelError {
    let message = message_of(body);
    let whole = String::from_utf8_lossy(body).to_ascii_lowercase();
    let status = status.as_u16();
    let model = || endpoint.model.clone();
    // OpenAI's words and those of most servers; Gemini's; Anthropic's.
    let too_long = [
        "context_length",
        "context length",
        "context size",
        "context window",
        "maximum context",
        "exceeds the maximum number of tokens",
        "prompt is too long",
    ];
    match status {
        401 | 403 => ModelError::Key { status, message, setting: endpoint.key.name().to_owned() },
        402 => ModelError::NoCredit { message },
        429 if whole.contains("insufficient_quota") => ModelError::NoCredit { message },
        429 => ModelError::RateLimited { message, retry_after },
        413 => ModelError::TooLong { message },
        400 | 422 | 500 if too_long.iter().any(|words| whole.contains(words)) => ModelError::TooLong { message },
        // OpenRouter knows the model, and nobody who serves it takes a part of the request.
        404 if whole.contains("no endpoints found that support") => ModelError::Refused { status, message },
        404 => ModelError::NoModel { model: model(), message },
        400 if whole.contains("model_not_found") => ModelError::NoModel { model: model(), message },
        // Gemini's answer to a wrong key.
        400 if whole.contains("api_key_invalid") => {
            ModelError::Key { status, message, setting: endpoint.key.name().to_owned() }
        }
        500.. => ModelError::Server { status, message, retry_after },
        _ => ModelError::Refused { status, message },
    }
}

/// An error that came as an event of a stream that had begun well. Its code is a status, or one of the words of Responses.
pub(super) fn error_in_stream(error: &Value, endpoint: &Endpoint) -> ModelError {
    let code = match error.get("code") {
        Some(Value::String(word)) => match word.as_str() {
            "rate_limit_exceeded" | "insufficient_quota" => Some(429),
            "invalid_prompt" | "context_length_exceeded" => Some(400),
            number => number.parse().ok(),
        },
        other => other.and_then(Value::as_u64),
    };
    let status = code.and_then(|c| u16::try_from(c).ok()).and_then(|c| StatusCode::from_u16(c).ok());
    let body = serde_json::json!({"error": error}).to_string();
    error_of(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body.as_bytes(), None, endpoint)
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
