//! The secrets of this process's settings, kept out of all that it says: to a terminal, to a program, into a log, to a
//! model, to storage and provider.
//!
//! Servers quote what they were sent, the key of the request among it. Such words are cleaned where they come in, by
//! [`said`] and [`heard`], and whatever is written goes through [`without_known`] once more. What is to leave as it is, a
//! dataset or a request to a model, is searched by [`sought`] and stays where it holds one.

use std::{
    borrow::Cow,
    io,
    sync::{Arc, PoisonError, RwLock},
};

use serde_json::Value;

use super::{Held, Scrubber, Sought};
use domain::{text::for_terminal, units::clean};

/// A secret shorter than this is let through: it is most often the word that stands for a key where a server of one's own
/// asks for none (`ollama`, `lm-studio`), and such words are said for other reasons too. Bytes.
const SHORTEST_SAID: usize = 12;
/// One of letters and digits is no such word, and is kept out from this length on. Bytes.
const SHORTEST_MIXED: usize = 8;

static KNOWN: RwLock<Option<Arc<Scrubber>>> = RwLock::new(None);

/// Keeps these secrets, by their settings' names, out of what this process says from now on.
pub fn keep_out<'s>(secrets: impl IntoIterator<Item = (&'static str, &'s str)>) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    let mut scrubber = known.as_deref().cloned().unwrap_or_default();
    learn(&mut scrubber, secrets);
    *known = Some(Arc::new(scrubber));
}

fn learn<'s>(known: &mut Scrubber, secrets: impl IntoIterator<Item = (&'static str, &'s str)>) {
    let kept = |(name, secret): (&'static str, &'s str)| {
        let mixed = secret.bytes().any(|b| b.is_ascii_digit()) && secret.bytes().any(|b| b.is_ascii_alphabetic());
        let shortest = if mixed { SHORTEST_MIXED } else { SHORTEST_SAID };
        // Digits alone may be any number; that of a line of JSON would be no number afterwards.
        let told = secret.len() >= shortest && !secret.bytes().all(|b| b.is_ascii_digit());
        told.then_some((name, secret.as_bytes()))
    };
    known.learn_all(secrets.into_iter().filter_map(kept));
}

fn known() -> Option<Arc<Scrubber>> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The secrets that this process knows, to be looked for in what is to leave.
pub fn sought() -> Sought {
    known().map_or_else(Sought::default, |known| known.sought())
}

/// A text without the secrets that this process knows.
pub fn without_known(text: &str) -> Cow<'_, str> {
    known().map_or(Cow::Borrowed(text), |known| without(&known, text))
}

fn without<'t>(known: &Scrubber, text: &'t str) -> Cow<'t, str> {
    let clean = known.bytes(text.as_bytes());
    if clean == text.as_bytes() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(String::from_utf8_lossy(&clean).into_owned())
    }
}

/// What somebody else's program said, fit to be shown: without known secrets and hidden characters, of at most `most`
/// characters.
pub fn said(text: &str, most: usize) -> String {
    clean(&without_known(text), most)
}

/// A text of somebody else's that is kept as it came, but for the secrets that this process knows.
pub fn heard(text: String) -> String {
    match without_known(&text) {
        Cow::Owned(clean) => clean,
        Cow::Borrowed(_) => text,
    }
}

/// A document of somebody else's without the secrets that this process knows: not in its texts and names, and not spread over
/// several of its values, as a list of bytes is.
pub fn heard_value(value: Value) -> Value {
    match known() {
        Some(known) => value_without(&known, value),
        None => value,
    }
}

fn value_without(known: &Scrubber, value: Value) -> Value {
    whole_without(&known.sought(), texts_without(known, value))
}

/// Its texts and names, each by itself.
fn texts_without(known: &Scrubber, value: Value) -> Value {
    let text = |text: String| without(known, &text).into_owned();
    match value {
        Value::String(said) => Value::String(text(said)),
        Value::Array(items) => items.into_iter().map(|item| texts_without(known, item)).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (text(name), texts_without(known, value))).collect()
        }
        other => other,
    }
}

/// Of what holds one all the same, the smallest value that does is taken out as a whole.
fn whole_without(sought: &Sought, value: Value) -> Value {
    let held = |value: &Value| sought.found_in(&serde_json::to_vec(value).unwrap_or_default());
    if held(&value).is_none() {
        return value;
    }
    let inner = match value {
        Value::Array(items) => items.into_iter().map(|item| whole_without(sought, item)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, whole_without(sought, value))).collect(),
        other => other,
    };
    match held(&inner) {
        Some(name) => Value::String(name),
        None => inner,
    }
}

/// A text of somebody else's that comes in pieces, without the secrets that this process knows.
#[derive(Debug, Default)]
pub struct HeardInPieces(Held);

impl HeardInPieces {
    /// What can be given on now; empty where a secret may just have begun.
    pub fn push(&mut self, piece: &str) -> String {
        match known() {
            Some(known) => self.0.push(&known, piece),
            None => piece.to_owned(),
        }
    }

    /// What is left where nothing more comes.
    pub fn finish(&mut self) -> String {
        known().map_or_else(String::new, |known| self.0.finish(&known))
    }
}

/// Standard error for logs, a line at a time, without known secrets and hidden characters.
#[derive(Debug, Default)]
pub struct Logged;

impl io::Write for Logged {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().write_all(for_terminal(&without_known(&text)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of<'s>(secrets: impl IntoIterator<Item = (&'static str, &'s str)>) -> Scrubber {
        let mut known = Scrubber::default();
        learn(&mut known, secrets);
        known
    }

    #[test]
    fn keys_are_kept_out_and_words_are_not() {
        let known = of([
            ("OPENAI_API_KEY", "sk-open000000"),
            ("OLLAMA_API_KEY", "ollama"),
            ("LLAMA_API_KEY", "lm-studio"),
            ("VLLM_API_KEY", "123456789012"),
            ("AIOZ_API_KEY", "k3y-s3cr"),
        ]);
        assert_eq!(without(&known, "bad key Bearer sk-open000000"), "bad key Bearer scrubbed-OPENAI_API_KEY");
        assert_eq!(without(&known, "{\"echo\": \"sk-open000000\"}"), "{\"echo\": \"scrubbed-OPENAI_API_KEY\"}");
        assert_eq!(without(&known, "no k3y-s3cr"), "no scrubbed-AIOZ_API_KEY");
        let plain = "ollama:qwen3 at lm-studio of 123456789012 bytes";
        assert!(matches!(without(&known, plain), Cow::Borrowed(text) if text == plain));
    }

    #[test]
    fn a_secret_that_is_spread_over_values_is_taken_out_and_its_neighbours_stay() {
        let key = "sk-0pen-Sesame-42-aBcDeF";
        let known = of([("AIOZ_API_KEY", key)]);
        let letters: Vec<String> = key.chars().map(String::from).collect();
        let document = json!({
            "figures": [1, 2, 3], "note": "plain", "deep": {"bytes": key.as_bytes(), "near": [key.len()]},
            "letters": letters, "text": format!("it is {key}."), "other": {"bytes": vec![1_u8; 24]},
        });
        let clean = value_without(&known, document.clone());
        assert!(known.sought().found_in(clean.to_string().as_bytes()).is_none(), "{clean}");
        for kept in ["figures", "note", "other"] {
            assert_eq!(clean[kept], document[kept], "{clean}");
        }
        assert_eq!((&clean["deep"]["near"], clean["deep"]["bytes"].is_string()), (&document["deep"]["near"], true));
    }

    /// A model that says the key of its own server a letter at a time.
    #[test]
    fn a_secret_that_comes_in_pieces_is_taken_out() {
        let known = of([("OPENAI_API_KEY", "sk-open000000")]);
        let text = "the key is sk-open000000, or sk-open at least. ésk-o";
        for size in [1, 2, 5, 100] {
            let (mut held, mut out) = (Held::default(), String::new());
            let letters: Vec<char> = text.chars().collect();
            for piece in letters.chunks(size) {
                out.push_str(&held.push(&known, &piece.iter().collect::<String>()));
                assert!(!out.contains("sk-open0"), "{out}");
            }
            out.push_str(&held.finish(&known));
            assert_eq!(out, "the key is scrubbed-OPENAI_API_KEY, or sk-open at least. ésk-o", "{size}");
        }
        // Nothing of a long one is given on before all of it is there.
        let long = "L1MJs5pcXtCQ7b1EaYFZqwRggG3cz9iJpTwVGqyQw9kHoQyQVveV";
        let known = of([("NEO_PRIVATE_KEY", long)]);
        let hex = "7b421c853d6526d362422a0cdc77868c63edea03a21d5fe7b3082373b6085d74";
        for (secret, size) in [(long, 3), (hex, 3), (hex, 1), (long, 20)] {
            let mut held = Held::default();
            let letters: Vec<char> = format!("a {secret} b").chars().collect();
            let given: String =
                letters.chunks(size).map(|piece| held.push(&known, &piece.iter().collect::<String>())).collect();
            assert_eq!(given + &held.finish(&known), "a scrubbed-NEO_PRIVATE_KEY b", "{size}");
        }
        // What begins no secret waits for nothing.
        assert_eq!(Held::default().push(&known, "protein "), "protein ");
    }
}
