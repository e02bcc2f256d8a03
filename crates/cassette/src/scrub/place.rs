//! Secrets that nobody told of: what stands where signatures, tokens and passwords stand, and private keys.

use serde_json::Value;

use super::forms::wif;

/// Names of query parameters whose values are secret.
const PARAMETERS: [&str; 16] = [
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "awsaccesskeyid",
    "signature",
    "sig",
    "token",
    "access_token",
    "refresh_token",
    "api_key",
    "apikey",
    "api-key",
    "x-api-key",
    "secret",
    "password",
    "auth",
];
/// Names of JSON fields whose texts are secret.
const FIELDS: [&str; 14] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api_key",
    "apikey",
    "access_token",
    "refresh_token",
    "secret",
    "secret_key",
    "password",
    "passphrase",
    "private_key",
    "wif",
    "cookie",
];

/// A text without what its place gives away as a secret.
pub fn by_place(text: &str) -> String {
    let text = without_values(text, &PARAMETERS, "scrubbed");
    let text = without_bearer(&text);
    without_fields(&without_keys(&text))
}

/// The text with the values of these parameters of queries replaced, also where the query is escaped within another text.
pub fn without_values(text: &str, names: &[&str], shown: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        out.push('=');
        rest = &after[1..];
        let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let name_at = before.char_indices().rfind(|(_, c)| !in_name(*c)).map(|(at, c)| at + c.len_utf8());
        // A name that begins the text follows no separator: it is prose.
        let Some(name_at) = name_at else { continue };
        let (separator, name) = before.split_at(name_at);
        // After `\u0026` the separator is the end of an escape.
        let name = if separator.ends_with('\\') { name.strip_prefix("u0026").unwrap_or(name) } else { name };
        let follows = separator.ends_with(['?', '&', ';', '\\']) || separator.ends_with("&amp;");
        if follows && names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let end = rest.find(|c: char| c.is_whitespace() || "&;\"'\\<>#,)]}".contains(c)).unwrap_or(rest.len());
            if end > 0 {
                out.push_str(shown);
                rest = &rest[end..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn without_bearer(text: &str) -> String {
    const MARK: &str = "Bearer ";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        let (before, after) = rest.split_at(at + MARK.len());
        out.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "\"'\\<>,;".contains(c)).unwrap_or(after.len());
        // Shorter ones are words: "Bearer of news".
        if end >= 12 {
            out.push_str("scrubbed");
            rest = &after[end..];
        } else {
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Private keys that anybody wrote anywhere.
fn without_keys(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let plain = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if wif(plain).is_some() {
            out.push_str("scrubbed-key");
            out.push_str(&word[plain.len()..]);
        } else {
            out.push_str(word);
        }
    }
    out
}

/// JSON within a text: the fields that hold secrets, in it.
fn without_fields(text: &str) -> String {
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['{', '[']) || !FIELDS.iter().any(|name| contains_ignoring_case(text, name)) {
        return text.to_owned();
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            let clean = clean_fields(value.clone());
            // Spacing stays as it is where nothing was found.
            if clean == value { text.to_owned() } else { clean.to_string() }
        }
        Err(_) => text.to_owned(),
    }
}

fn clean_fields(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(clean_fields).collect()),
        Value::Object(fields) => {
            let one = |(name, value): (String, Value)| match value {
                Value::String(text) if !text.is_empty() && is_secret_field(&name) => {
                    (name, Value::String("scrubbed".to_owned()))
                }
                other => (name, clean_fields(other)),
            };
            Value::Object(fields.into_iter().map(one).collect())
        }
        Value::String(text) => Value::String(without_fields(&text)),
        other => other,
    }
}

fn contains_ignoring_case(text: &str, name: &str) -> bool {
    text.as_bytes().windows(name.len()).any(|window| window.eq_ignore_ascii_case(name.as_bytes()))
}

/// Whether the text of a JSON field of this name is a secret.
pub fn is_secret_field(name: &str) -> bool {
    FIELDS.contains(&name.to_ascii_lowercase().as_str())
}
