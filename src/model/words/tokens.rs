//! A text in pieces, none of them lost: words, numbers with their signs, files, jobs, and the signs that carry meaning.

use std::collections::VecDeque;

use crate::domain::ids::JobId;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Letters, or letters and digits that begin with a letter.
    Word,
    /// A number as it was said: `7`, `-1`, `1e-5`, `1,000`.
    Number,
    /// One of the files that were given.
    File,
    /// A job's id.
    Job,
    /// A sign: `?`, `=`, `:`, or one that nobody expects in a request.
    Sign,
}

/// One piece, in lower case; a file with the name it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// What was said.
    pub text: String,
}

impl Token {
    /// Whether it is this word.
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }
}

/// A file stands in the text as this character, which nobody types.
const FILE: char = '\u{1}';
/// Punctuation and quotes, which carry no meaning of their own here.
const SILENT: &str = ",;.!()[]{}\"'`“”‘’«»„*_-–—…";

/// The pieces of `text`, in which these `files` are named.
pub fn tokens(text: &str, files: &[String]) -> Vec<Token> {
    let masked: String = text.chars().filter(|c| *c != FILE).collect();
    let (masked, mut named) = mask(masked, files);
    let mut out: Vec<Token> = Vec::new();
    let mut rest = masked.as_str();
    let mut before: Option<char> = None;
    while let Some(first) = rest.chars().next() {
        let (length, mut token) = piece(rest, first, before);
        if let Some(file) = token.as_mut().filter(|t| t.kind == Kind::File) {
            file.text = named.pop_front().unwrap_or_default();
        }
        out.extend(token);
        let (taken, left) = rest.split_at(length);
        before = taken.chars().next_back();
        rest = left;
    }
    out
}

/// The text without the names of these `files`: what they are called asks for nothing, "fold.fasta" for no folding.
pub fn without_files(text: &str, files: &[String]) -> String {
    let text: String = text.chars().filter(|c| *c != FILE).collect();
    mask(text, files).0.replace(FILE, " ")
}

/// The text with a sign for each file, and the files in the order they stand in it.
fn mask(mut text: String, files: &[String]) -> (String, VecDeque<String>) {
    let mut names: Vec<&String> = files.iter().filter(|f| !f.is_empty()).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let sign = format!(" {FILE} ");
    let mut found: Vec<String> = Vec::new();
    for name in names {
        for written in [name.clone(), name.replace(' ', "\\ ")] {
            while let Some(at) = super::files::whole_word(&text, &written) {
                let earlier = text.get(..at).unwrap_or_default().matches(FILE).count();
                found.insert(earlier.min(found.len()), name.clone());
                text.replace_range(at..at + written.len(), &sign);
            }
        }
    }
    (text, found.into())
}

/// The piece at the beginning of `rest`, and its length in bytes.
fn piece(rest: &str, first: char, before: Option<char>) -> (usize, Option<Token>) {
    let of = |kind, text: &str| Some(Token { kind, text: text.to_lowercase() });
    let within = before.is_some_and(char::is_alphanumeric);
    if first == FILE {
        return (first.len_utf8(), of(Kind::File, ""));
    }
    if let Some(length) = job(rest).filter(|_| !within) {
        return (length, of(Kind::Job, rest.get(..length).unwrap_or_default()));
    }
    let sign = if matches!(first, '-' | '+' | '−') { first.len_utf8() } else { 0 };
    if rest.get(sign..).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit())) {
        if sign > 0 && before.is_some_and(char::is_alphabetic) {
            // `seed-7`: whether it is a sign or a hyphen, nobody can tell.
            return (sign, of(Kind::Sign, "-"));
        }
        // `2-3`: the second number has no sign.
        let skip = if within { sign } else { 0 };
        let length = sign + number(rest.get(sign..).unwrap_or_default());
        let said = rest.get(skip..length).unwrap_or_default().replace('−', "-");
        return (length, of(Kind::Number, &said));
    }
    if first.is_alphanumeric() {
        let length = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        return (length, of(Kind::Word, rest.get(..length).unwrap_or_default()));
    }
    let silent = first.is_whitespace() || SILENT.contains(first);
    let token = match first {
        _ if silent => None,
        '&' => of(Kind::Word, "and"),
        other => of(Kind::Sign, other.encode_utf8(&mut [0; 4])),
    };
    (first.len_utf8(), token)
}

fn job(rest: &str) -> Option<usize> {
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
    let word = rest.get(..end)?;
    (word.contains('-') && word.to_ascii_lowercase().parse::<JobId>().is_ok()).then_some(end)
}

/// How far a number goes: `1,000`, `2.5`, `1e-5`; a comma or a point at its end is not its own.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    while digit(at) || (matches!(bytes.get(at), Some(b'.' | b',' | b'_')) && digit(at + 1)) {
        at += 1;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        if digit(at + 1 + sign) {
            at += 1 + sign;
            while digit(at) {
                at += 1;
            }
        }
    }
    at
}

/// Where these words stand one after the other: every place's first piece.
pub fn places(tokens: &[Token], words: &[&str]) -> Vec<usize> {
    if words.is_empty() {
        return Vec::new();
    }
    let fits = |window: &[Token]| window.iter().zip(words).all(|(token, word)| token.is(word));
    tokens.windows(words.len()).enumerate().filter(|(_, w)| fits(w)).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        let files = ["my data.fasta".to_owned(), "a.fa".to_owned()];
        tokens(text, &files).iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn nothing_that_matters_is_lost() {
        for (text, expected) in [
            ("Fold a.fa, with seed -1!", "fold|a.fa|with|seed|-1"),
            ("seed=−1, e-value 1e-5", "seed|=|-1|e|value|1e-5"),
            ("in 2D and 3-d", "in|2|d|and|3|d"),
            ("seed-7 2-3 +4", "seed|-|7|2|3|+4"),
            ("1,000 then 5, 2.5.", "1,000|then|5|2.5"),
            ("fold my data.fasta & my\\ data.fasta?", "fold|my data.fasta|and|my data.fasta|?"),
            ("don't; a.fa's n50 > 3%", "don|t|a.fa|s|n50|>|3|%"),
            ("(job-7k3q9dm2)", "job-7k3q9dm2"),
            ("99999999999999999999", "99999999999999999999"),
            ("ba.fa", "ba|fa"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>()) {
            tokens(&text, &["a.fa".to_owned()]);
        }
    }
}
