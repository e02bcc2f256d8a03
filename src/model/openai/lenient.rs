//! What servers write loosely, read where nothing is lost by it.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

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

/// A count: a whole number of at least zero, also where it is written as `5.0`.
pub(super) fn count(value: &Value) -> Option<u64> {
    /// Every whole number up to here is a float too.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = || value.as_f64().filter(|n| n.fract() == 0.0 && (0.0..=EXACT).contains(n));
    value.as_u64().or_else(|| float().map(|n| n as u64))
}

/// The text and the refusal in a message's content: a list of parts, or from some servers a text.
pub(super) fn spoken(content: Option<&Value>) -> (Option<String>, Option<String>) {
    let text_of = |key: &str| {
        let parts = content?.as_array()?;
        let text: String = parts.iter().filter_map(|part| part.get(key)?.as_str()).collect();
        (!text.is_empty()).then_some(text)
    };
    let whole = content.and_then(Value::as_str).map(str::to_owned);
    (whole.or_else(|| text_of("text")), text_of("refusal"))
}
