//! What a person's words name: files, jobs, numbers.

mod doubt;
mod files;
mod tokens;
mod verbs;
mod wants;

pub use doubt::{Doubt, doubt};
pub use files::{files, has_data_ending, is_target, path_like};
pub use tokens::{Kind, Token, places, tokens, without_files};
pub use verbs::{looks, orders, wants_shown};
pub use wants::{forbids_payment, goes_on, lists, only_asks, wants_cancel, wants_several};

use crate::domain::ids::JobId;

/// One word of a text, or a whole quoted part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Without quotes, without the punctuation around it.
    pub text: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// The words of a text. Quoted parts stay whole; `\ ` is a space within a word, as in a shell.
pub fn words(text: &str) -> Vec<Word> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(close) = closing(first)
            && let Some(inside) = rest.get(first.len_utf8()..)
            && let Some(end) = inside.find(close)
            && ends_well(inside.get(end + close.len_utf8()..))
        {
            out.push(Word { text: inside.get(..end).unwrap_or_default().trim().to_owned(), quoted: true });
            rest = inside.get(end + close.len_utf8()..).unwrap_or_default();
        } else {
            let (word, tail) = shell_word(rest);
            let word = bare(&word);
            if !word.is_empty() {
                out.push(Word { text: word.to_owned(), quoted: false });
            }
            rest = tail;
        }
        rest = rest.trim_start();
    }
    out
}

fn closing(open: char) -> Option<char> {
    match open {
        '"' => Some('"'),
        '\'' => Some('\''),
        '`' => Some('`'),
        '“' => Some('”'),
        '‘' => Some('’'),
        '«' => Some('»'),
        _ => None,
    }
}

/// A quote closes before a space, punctuation or the end; an apostrophe within a word does not.
fn ends_well(after: Option<&str>) -> bool {
    after.and_then(|a| a.chars().next()).is_none_or(|c| !c.is_alphanumeric())
}

fn shell_word(text: &str) -> (String, &str) {
    let mut word = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && text.get(at + 1..).is_some_and(|t| t.starts_with(' ')) {
            word.push(' ');
            chars.next();
        } else if c.is_whitespace() {
            return (word, text.get(at..).unwrap_or_default());
        } else {
            word.push(c);
        }
    }
    (word, "")
}

/// The word without the punctuation around it.
fn bare(word: &str) -> &str {
    let open: &[char] = &['(', '[', '{', '<', '"', '\'', '`', '“', '‘', '«', ',', ';', ':', '!', '?'];
    let close: &[char] = &[')', ']', '}', '>', '"', '\'', '`', '”', '’', '»', ',', ';', ':', '!', '?', '.', '…'];
    let inner = word.trim_start_matches(open).trim_end_matches(close);
    // `data.fasta's` names data.fasta.
    inner.strip_suffix("'s").or_else(|| inner.strip_suffix("’s")).unwrap_or(inner)
}

/// The jobs that a text names, in order, each once.
pub fn jobs(text: &str) -> Vec<JobId> {
    let mut out: Vec<JobId> = Vec::new();
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    for piece in text.split(|c: char| !part(c)) {
        if let Ok(id) = piece.to_ascii_lowercase().parse::<JobId>()
            && !out.contains(&id)
        {
            out.push(id);
        }
    }
    out
}

/// Hashes that a text names: 64 hexadecimal digits; with `0x` before them they are a Neo transaction's.
pub fn hashes(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| {
            let digits = word.strip_prefix("0x").unwrap_or(word);
            digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit())
        })
        .map(str::to_ascii_lowercase)
        .collect()
}

/// Lower case, with every run of what is no letter or digit as one space: for looking up phrases.
pub fn plain(text: &str) -> String {
    let mut out = String::from(" ");
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

/// Whether `plain` text holds the phrase as whole words.
pub fn says(plain: &str, phrase: &str) -> bool {
    plain.contains(&self::plain(phrase))
}

/// Whether it holds one of them.
pub fn says_any(plain: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|p| says(plain, p))
}

/// A size that a person claims: `5 GB`, `150MB`, `2.5 gigabytes`. Bytes, in decimal units.
pub fn claimed_bytes(text: &str) -> Option<u64> {
    let spaced: String = text.chars().map(|c| if c.is_alphanumeric() || c == '.' { c } else { ' ' }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.iter().enumerate().find_map(|(i, word)| {
        let digits = word.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(word.len());
        let (number, unit) = word.split_at_checked(digits)?;
        let unit = if unit.is_empty() { words.get(i + 1).copied().unwrap_or_default() } else { unit };
        let number: f64 = number.parse().ok()?;
        let factor = match unit.to_ascii_lowercase().trim_end_matches('.') {
            "kb" | "kib" | "kilobyte" | "kilobytes" => 1e3,
            "mb" | "mib" | "megabyte" | "megabytes" => 1e6,
            "gb" | "gib" | "gigabyte" | "gigabytes" | "gig" | "gigs" => 1e9,
            "tb" | "tib" | "terabyte" | "terabytes" => 1e12,
            _ => return None,
        };
        let bytes = number * factor;
        (bytes.is_finite() && (0.0..1e18).contains(&bytes)).then_some(bytes as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_about_a_task_are_told_from_the_task() {
        for text in
            ["Would folding data.fasta fit here?", "fold data.fasta, dry run", "Just check data.fasta, don't run it"]
        {
            assert!(only_asks(text), "{text}");
        }
        for text in ["How many sequences are in data.fasta?", "fold data.fasta", "How long are the reads in x.fastq?"] {
            assert!(!only_asks(text), "{text}");
        }
    }

    #[test]
    fn a_limit_is_no_ban() {
        for text in ["Do not pay anything.", "fold a.fa without paying", "fold a.fa, dry run", "don't spend GAS on it"]
        {
            assert!(forbids_payment(text), "{text}");
        }
        for text in [
            "fold a.fa",
            "do not pay more than 2 GAS",
            "pay for it",
            "no payment has been made yet: fold it and pay",
            "there is no payment limit",
            "do not spend time on explanations",
        ] {
            assert!(!forbids_payment(text), "{text}");
        }
    }

    #[test]
    fn finds_jobs_hashes_numbers_and_sizes() {
        assert_eq!(jobs("resume job-7k3q9dm2, (JOB-7k3q9dm2) not job-1"), ["job-7k3q9dm2".parse().unwrap()]);
        let hash = format!("0x{}", "a1".repeat(32));
        assert_eq!(hashes(&format!("paid in {hash}, 0x12")), std::slice::from_ref(&hash));
        assert_eq!(hashes(&format!("sha256 {}", &hash[2..])), [hash[2..].to_owned()]);
        let text = plain("Fold with seed=7 and the top five sentences; 3 sequences");
        assert!(says(&text, "top five") && !says(&text, "top fiv"));
        for (text, bytes) in [
            ("this 5 GB FASTA", Some(5_000_000_000)),
            ("a 150MB file", Some(150_000_000)),
            ("2.5 gigabytes.", Some(2_500_000_000)),
            ("fold 5 proteins", None),
            ("inf GB", None),
        ] {
            assert_eq!(claimed_bytes(text), bytes, "{text}");
        }
    }
}
