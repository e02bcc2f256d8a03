//! What servers write loosely, read where nothing is lost by it.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use super::{body::MAX_BODY, surrogates};
use domain::bounded::{self, Bounds};

/// What one body may hold: no event of an answer comes near it.
pub(super) const BOUNDS: Bounds = Bounds { bytes: MAX_BODY as u64, depth: 100, values: 100_000 };

/// A value of an event, also where it holds half a character.
///
/// # Errors
/// What is no such value.
pub(super) fn value<T: DeserializeOwned>(raw: &RawValue) -> serde_json::Result<T> {
    bounded::count(raw.get().as_bytes(), BOUNDS).map_err(serde::de::Error::custom)?;
    serde_json::from_str(raw.get()).or_else(|error| match surrogates::marked(raw.get()) {
        Some(marked) => serde_json::from_str(&marked),
        None => Err(error),
    })
}

/// A field that may be null where it should be left out.
///
/// # Errors
/// A value of another form.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// A place in a list; what is none is left out, as the place is known from ids and order too.
///
/// # Errors
/// Only what is no JSON at all.
pub(super) fn place<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let value = Option::<Value>::deserialize(from)?;
    Ok(value.as_ref().and_then(count).and_then(|place| place.try_into().ok()))
}

/// An id, which some servers write as a number; what is neither is left out.
///
/// # Errors
/// Only what is no JSON at all.
pub(super) fn id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Value>::deserialize(from)? {
        Some(Value::String(id)) => Some(id),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    })
}

/// A count: a whole number of at least zero, also where it is written as `5.0`.
pub(super) fn count(value: &Value) -> Option<u64> {
    /// Every whole number up to here is a float too.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = || value.as_f64().filter(|n| n.fract() == 0.0 && (0.0..=EXACT).contains(n));
    value.as_u64().or_else(|| float().map(|n| n as u64))
}

/// What a message's content holds.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    pub(super) text: Option<String>,
    pub(super) refusal: Option<String>,
    pub(super) thought: Option<String>,
}

/// The parts of a message's content: a list of parts, or from some servers a text. Mistral's thoughts are parts too.
pub(super) fn spoken(content: Option<&Value>) -> Spoken {
    let parts = content.and_then(Value::as_array);
    let texts = |key: &str| {
        let text: String = parts?.iter().filter_map(|part| text_of(part.get(key)?)).collect();
        (!text.is_empty()).then_some(text)
    };
    let whole = content.and_then(Value::as_str).map(str::to_owned);
    Spoken { text: whole.or_else(|| texts("text")), refusal: texts("refusal"), thought: texts("thinking") }
}

/// A text, or the texts of a list of parts.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(parts.iter().filter_map(|part| part.get("text")?.as_str()).collect()),
        Value::Object(part) => part.get("text")?.as_str().map(str::to_owned),
        _ => None,
    }
}
