//! The sentences of a text and their parts, and which of them state something that is so now.

use super::words::{CONDITIONS, HEDGES};
use crate::model::words;

/// The sentences of a text, with the mark that ends each. A point within a number or a file's name ends none.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        let ends = |(at, c): (usize, char)| {
            let next = rest.get(at + c.len_utf8()..).and_then(|r| r.chars().next());
            let closed = next.is_none_or(|n| n.is_whitespace() || matches!(n, '*' | '"' | ')' | '”' | '»'));
            let end =
                matches!(c, '\n' | '。' | '！' | '？' | '；' | '؟') || (matches!(c, '.' | '!' | '?' | ';') && closed);
            end.then_some(at + c.len_utf8())
        };
        let end = rest.char_indices().find_map(ends).unwrap_or(rest.len());
        let (sentence, tail) = rest.split_at_checked(end)?;
        rest = tail;
        Some(sentence.trim())
    })
}

/// Whether a sentence ends as a question.
pub fn is_question(sentence: &str) -> bool {
    sentence.ends_with(['?', '？', '؟'])
}

/// A part of a sentence, between commas.
pub struct Clause<'s> {
    /// As written.
    pub text: &'s str,
    /// For looking up phrases.
    pub plain: String,
    /// Whether it states something: it is no question, and no doubt or condition stands in it or before it.
    pub states: bool,
    /// Whether a condition stands in it or before it, or begins a part after it.
    pub conditional: bool,
}

/// The parts of a sentence. "It is done, no errors" states that it is done; "it is not submitted, paid or done"
/// states nothing, and neither does "it is done, once you approve".
pub fn clauses(sentence: &str) -> Vec<Clause<'_>> {
    let texts = parts(sentence);
    let plains: Vec<String> = texts.iter().map(|text| words::plain(text)).collect();
    let begins = |plain: &String| CONDITIONS.iter().any(|word| plain.starts_with(&words::plain(word)));
    let from_behind: Vec<bool> = (0..plains.len()).map(|i| plains.iter().skip(i + 1).any(begins)).collect();
    let (mut hedged, mut conditional) = (is_question(sentence), false);
    let mut out = Vec::with_capacity(texts.len());
    for ((text, plain), from_behind) in texts.into_iter().zip(plains).zip(from_behind) {
        hedged |= words::says_any(&plain, &HEDGES);
        conditional |= words::says_any(&plain, &CONDITIONS);
        let conditional = conditional || from_behind;
        out.push(Clause { text, states: !hedged && !conditional, conditional, plain });
    }
    out
}

/// Split at commas and dashes that stand before a space: a decimal comma divides nothing.
fn parts(sentence: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    for (at, c) in sentence.char_indices() {
        let end = at + c.len_utf8();
        let spaced = || sentence.get(end..).is_some_and(|rest| rest.starts_with(char::is_whitespace));
        if c == '，' || (matches!(c, ',' | '—' | '–') && spaced()) {
            out.extend(sentence.get(from..at));
            from = end;
        }
    }
    out.extend(sentence.get(from..));
    out
}
