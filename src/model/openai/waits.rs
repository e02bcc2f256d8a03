//! When to ask again, as a server says: in a header, in the body, or in its words.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

/// How a wait is named in a body: Gemini's `retryDelay`, OpenRouter's and others' `retry_after`, Hugging Face's `estimated_time`.
const SECONDS: [&str; 6] =
    ["retryDelay", "retry_after", "retryAfter", "retry_after_seconds", "retry_after_s", "estimated_time"];
const MILLISECONDS: [&str; 2] = ["retry_after_ms", "retryAfterMs"];
/// What stands before it in words: OpenAI, Groq ("Please try again in 1.5s"), Gemini ("Please retry in 34.07s"), Azure
/// ("Please retry after 7 seconds").
const BEFORE: [&str; 3] = ["try again in ", "retry in ", "retry after "];
/// Bodies are not searched deeper.
const DEEPEST: usize = 8;

/// When to ask again: `retry-after-ms`, `Retry-After` as seconds or as a date (RFC 9110, 10.2.3), or what the body says.
pub(super) fn retry_after(headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let ms = || seconds(text("retry-after-ms")?.parse::<f64>().ok()? / 1000.0);
    let said = || {
        let said = text(RETRY_AFTER.as_str())?;
        let date = || {
            let date = rfc2822::DateTimeParser::new().parse_timestamp(said).ok()?;
            // A date that has passed: at once.
            Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
        };
        length(said).or_else(date)
    };
    ms().or_else(said).or_else(|| in_body(body))
}

/// When to ask again, as a body says.
pub(super) fn in_body(body: &[u8]) -> Option<Duration> {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    value.and_then(|value| named(&value, DEEPEST)).or_else(|| in_words(&String::from_utf8_lossy(body)))
}

fn named(value: &Value, deep: usize) -> Option<Duration> {
    let deep = deep.checked_sub(1)?;
    match value {
        Value::Object(fields) => {
            let of = |name: &str, unit: f64| match fields.get(name)? {
                Value::Number(number) => seconds(number.as_f64()? * unit),
                Value::String(text) => length(text),
                _ => None,
            };
            let here = SECONDS.iter().find_map(|name| of(name, 1.0));
            let here = here.or_else(|| MILLISECONDS.iter().find_map(|name| of(name, 0.001)));
            here.or_else(|| fields.values().find_map(|value| named(value, deep)))
        }
        Value::Array(all) => all.iter().find_map(|value| named(value, deep)),
        // A body within a body.
        Value::String(text) if text.starts_with(['{', '[']) => named(&serde_json::from_str(text).ok()?, deep),
        _ => None,
    }
}

fn in_words(text: &str) -> Option<Duration> {
    let text = text.to_ascii_lowercase();
    let at = BEFORE.iter().find_map(|before| Some(text.find(before)? + before.len()))?;
    let rest = text.get(at..)?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == ' ';
    let phrase = rest.get(..rest.find(|c| !is_part(c)).unwrap_or(rest.len()))?.trim_end_matches(['.', ' ']);
    // The longest beginning of it that is a length of time.
    let ends = phrase.match_indices(' ').map(|(at, _)| at).chain([phrase.len()]);
    ends.rev().find_map(|end| length(phrase.get(..end)?.trim_end_matches('.')))
}

/// A length of time: seconds, also with a fraction, or with units as in `1m30.5s`, `250ms`, `7 seconds`.
fn length(text: &str) -> Option<Duration> {
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(number) => seconds(number),
        Err(_) => Duration::try_from(text.parse::<SignedDuration>().ok()?).ok(),
    }
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_ask_again_is_seconds_or_a_date() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let wait = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            retry_after(&headers, b"", now)
        };
        assert_eq!(wait("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("retry-after", "1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(wait("retry-after", "2s"), Some(Duration::from_secs(2)));
        assert_eq!(wait("retry-after", "Sun, 01 Mar 2026 12:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("retry-after", "Sun, 01 Mar 2026 11:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        assert_eq!(wait("retry-after-ms", "250.5"), Some(Duration::from_micros(250_500)));
        for nothing in ["soon", "-3", "", "NaN", "inf", "Sun, 99 Mar 2026 12:00:30 GMT"] {
            assert_eq!(wait("retry-after", nothing), None, "{nothing}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), b"", now), None);
    }

    #[test]
    fn bodies_say_it_in_fields_and_in_words() {
        let gemini = r#"[{"error":{"code":429,"message":"Please retry in 34.074824224s.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}]"#;
        for (body, ms) in [
            (gemini, Some(34_000)),
            (r#"{"error":{"message":"slow","retry_after":1.5}}"#, Some(1_500)),
            (r#"{"error":{"metadata":{"raw":"{\"retry_after_ms\":250}"}}}"#, Some(250)),
            (r#"{"error":"Model x is currently loading","estimated_time":20.0}"#, Some(20_000)),
            (r#"{"error":{"message":"Rate limit reached. Please try again in 7m12.5s. Need more?"}}"#, Some(432_500)),
            (r#"{"error":{"message":"Rate limit reached ... Please try again in 820ms. Visit"}}"#, Some(820)),
            ("Requests have exceeded the call rate limit. Please retry after 7 seconds.", Some(7_000)),
            ("Please try again in 1.2 seconds, or later", Some(1_200)),
            ("Please try again in a while", None),
            (r#"{"error":{"retry_after":null}}"#, None),
            (r#"{"error":{"retry_after":-4}}"#, None),
            ("", None),
        ] {
            assert_eq!(in_body(body.as_bytes()), ms.map(Duration::from_millis), "{body}");
        }
    }
}
