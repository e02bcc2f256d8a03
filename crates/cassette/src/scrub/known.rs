//! The secrets of this process's settings, kept out of all that it says: to a terminal, to a program, into a log.
//!
//! Servers quote what they were sent, the key of the request among it. Such words are cleaned where they come in, by
//! [`said`], and whatever is written goes through [`without_known`] once more.

use std::{borrow::Cow, io, sync::OnceLock};

use super::Scrubber;
use domain::units::clean;

/// A secret shorter than this is let through: it is most often the word that stands for a key where a server of one's own
/// asks for none (`ollama`, `lm-studio`), and such words are said for other reasons too. Bytes.
const SHORTEST_SAID: usize = 12;

static KNOWN: OnceLock<Scrubber> = OnceLock::new();

/// Keeps these secrets, by their settings' names, out of what this process says. The first call counts.
pub fn keep_out<'s>(secrets: impl IntoIterator<Item = (&'static str, &'s str)>) {
    // Settings are loaded once; whoever loads others beside them (a run that is played) talks to nobody.
    let _ = KNOWN.set(of(secrets));
}

fn of<'s>(secrets: impl IntoIterator<Item = (&'static str, &'s str)>) -> Scrubber {
    let mut known = Scrubber::default();
    for (name, secret) in secrets {
        // Digits alone may be any number; that of a line of JSON would be no number afterwards.
        if secret.len() >= SHORTEST_SAID && !secret.bytes().all(|b| b.is_ascii_digit()) {
            known.learn(name, secret.as_bytes());
        }
    }
    known
}

/// A text without the secrets that this process knows.
pub fn without_known(text: &str) -> Cow<'_, str> {
    KNOWN.get().map_or(Cow::Borrowed(text), |known| without(known, text))
}

fn without<'t>(known: &Scrubber, text: &'t str) -> Cow<'t, str> {
    let clean = known.bytes(text.as_bytes());
    if clean == text.as_bytes() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(String::from_utf8_lossy(&clean).into_owned())
    }
}

/// What somebody else's program said, fit to be shown: without known secrets and control characters, of at most `most`
/// characters.
pub fn said(text: &str, most: usize) -> String {
    clean(&without_known(text), most)
}

/// Standard error for logs, a line at a time, without known secrets.
#[derive(Debug, Default)]
pub struct Logged;

impl io::Write for Logged {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().write_all(without_known(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_out_and_words_are_not() {
        let known =
            of([("OPENAI_API_KEY", "sk-open000000"), ("OLLAMA_API_KEY", "ollama"), ("VLLM_API_KEY", "123456789012")]);
        assert_eq!(without(&known, "bad key Bearer sk-open000000"), "bad key Bearer scrubbed-OPENAI_API_KEY");
        assert_eq!(without(&known, "{\"echo\": \"sk-open000000\"}"), "{\"echo\": \"scrubbed-OPENAI_API_KEY\"}");
        let plain = "ollama:qwen3 of 123456789012 bytes";
        assert!(matches!(without(&known, plain), Cow::Borrowed(text) if text == plain));
    }
}
