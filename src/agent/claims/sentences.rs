//! The sentences of a text and their parts, and which of them state something that is so now.

use super::words::{ABROAD, CONDITIONS, HARMLESS, HAVE, HEDGES, IS, NEGATIONS, REPORTS, WAS};
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
/// states nothing, and neither does "it is done, once you approve". "No worries, it is done" states that it is.
pub fn clauses(sentence: &str) -> Vec<Clause<'_>> {
    let texts = parts(sentence);
    let plains: Vec<String> = texts.iter().map(|text| words::plain(&text.replace('ʼ', "'"))).collect();
    let begins = |plain: &String| CONDITIONS.iter().any(|word| plain.starts_with(&words::plain(word)));
    let from_behind: Vec<bool> = (0..plains.len()).map(|i| plains.iter().skip(i + 1).any(begins)).collect();
    let (mut hedged, mut denied, mut conditional) = (is_question(sentence), false, false);
    let mut out = Vec::with_capacity(texts.len());
    for ((text, plain), from_behind) in texts.into_iter().zip(plains).zip(from_behind) {
        let meant = HARMLESS.iter().fold(plain.clone(), |plain, said| plain.replace(&words::plain(said), " "));
        let reported = words::says_any(&meant, &REPORTS);
        hedged |= words::says_any(&meant, &HEDGES) || reported;
        denied = words::says_any(&meant, &NEGATIONS)
            || ABROAD.iter().any(|word| meant.contains(word))
            || (denied && !stands_for_itself(&meant));
        conditional |= words::says_any(&meant, &CONDITIONS) || reported;
        let conditional = conditional || from_behind;
        out.push(Clause { text, states: !hedged && !denied && !conditional, conditional, plain });
    }
    out
}

/// Whether a part of a sentence has a verb of its own, and does not go on with what another began.
fn stands_for_itself(plain: &str) -> bool {
    let goes_on = [" that ", " or ", " nor "].iter().any(|word| plain.starts_with(word));
    !goes_on && has_verb(plain)
}

fn has_verb(plain: &str) -> bool {
    plain.split_whitespace().any(|word| IS.contains(&word) || WAS.contains(&word) || HAVE.contains(&word))
}

/// Split at commas and dashes that stand before a space: a decimal comma divides nothing. A colon divides what has a
/// verb of its own: "Paid: no" is one part.
fn parts(sentence: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    for (at, c) in sentence.char_indices() {
        let end = at + c.len_utf8();
        let spaced = || sentence.get(end..).is_some_and(|rest| rest.starts_with(char::is_whitespace));
        let colon = || c == ':' && sentence.get(end..).is_some_and(|rest| has_verb(&words::plain(rest)));
        if c == '，' || (spaced() && (matches!(c, ',' | '—' | '–') || colon())) {
            out.extend(sentence.get(from..at));
            from = end;
        }
    }
    out.extend(sentence.get(from..));
    out
}
