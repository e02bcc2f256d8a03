//! Keys that carry a checksum: of wallets, and the words that wallets are restored from. No data has them by chance.

use std::{collections::HashSet, sync::LazyLock};

use bip39::{Language, Mnemonic};

/// Numbers of words that a wallet may be restored from.
const LENGTHS: [usize; 5] = [24, 21, 18, 15, 12];
/// In a longer run of such words, which may be a list of words, a phrase stands in a line of its own.
const LONGEST_RUN: usize = 48;

/// What key a text holds, in words.
pub fn found_in(text: &[u8]) -> Option<&'static str> {
    let words = &*WORDS;
    let mut run = Run::default();
    // Where the letters and digits begin that the text is in now, and the letters alone.
    let (mut word, mut letters) = (0, 0);
    for at in 0..=text.len() {
        let kind = text.get(at).map_or(Kind::Between, |byte| KINDS[usize::from(*byte)]);
        if kind == Kind::Letter {
            continue;
        }
        let length = at - letters;
        if length > 0 {
            let last = text.get(letters..at).unwrap_or_default();
            if (3..=8).contains(&length) && words.hold(last) {
                run.words.push(last);
            } else if !run.words.is_empty() {
                if run.holds_phrase() {
                    return Some(PHRASE);
                }
                run = Run::default();
            }
        }
        if text.get(at) == Some(&b'\n') && !run.words.is_empty() {
            run.lines.push(run.words.len());
        }
        letters = at + 1;
        if kind == Kind::Between {
            if matches!(at - word, 51 | 52 | 58)
                && let Some(found) = text.get(word..at).and_then(base58)
            {
                return Some(found);
            }
            word = at + 1;
        }
    }
    run.holds_phrase().then_some(PHRASE)
}

const PHRASE: &str = "it holds the words of a wallet";

/// What a byte is to words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    Between,
}

const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Between; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        if byte.is_ascii_alphabetic() {
            kinds[byte as usize] = Kind::Letter;
        } else if byte.is_ascii_digit() {
            kinds[byte as usize] = Kind::Digit;
        }
        byte += 1;
    }
    kinds
};

/// A key in Base58Check: WIF, NEP-2 or BIP-38.
fn base58(word: &[u8]) -> Option<&'static str> {
    match (word.len(), word.first()?) {
        (51 | 52, b'5' | b'K' | b'L' | b'9' | b'c') if is_key(word, &[0x80, 0xef], &[33, 34]) => {
            Some("it holds a private key (WIF)")
        }
        // NEP-2 and BIP-38: the version byte 0x01 is followed by 0x42 or 0x43.
        (58, b'6') if word.starts_with(b"6P") && is_key(word, &[0x01], &[39]) => {
            Some("it holds an encrypted private key (NEP-2)")
        }
        _ => None,
    }
}

/// Whether a word is Base58Check of one of these versions and one of these lengths (version included).
fn is_key(word: &[u8], versions: &[u8], lengths: &[usize]) -> bool {
    let decoded = bs58::decode(word).with_check(None).into_vec();
    decoded.is_ok_and(|bytes| lengths.contains(&bytes.len()) && bytes.first().is_some_and(|v| versions.contains(v)))
}

/// The words of BIP-39 in English, and how they begin.
struct Words {
    all: HashSet<&'static [u8]>,
    /// By the first three letters: most of what is no such word is told by them.
    begins: Vec<bool>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let all: HashSet<&[u8]> = Language::English.word_list().iter().map(|word| word.as_bytes()).collect();
    let mut begins = vec![false; 1 << 15];
    for place in all.iter().filter_map(|word| place(word)) {
        if let Some(begun) = begins.get_mut(place) {
            *begun = true;
        }
    }
    Words { all, begins }
});

/// A number for the first three letters of a word, in either case.
fn place(word: &[u8]) -> Option<usize> {
    let letters = word.first_chunk::<3>()?;
    Some(letters.iter().fold(0, |sum, letter| sum << 5 | usize::from(letter & 0x1f)))
}

impl Words {
    /// Whether this is one of them, in either case.
    fn hold(&self, word: &[u8]) -> bool {
        let begins = place(word).and_then(|at| self.begins.get(at)).is_some_and(|begins| *begins);
        begins && self.all.contains(word.to_ascii_lowercase().as_slice())
    }
}

/// Words that stand one after another with whatever but words between.
#[derive(Default)]
struct Run<'t> {
    words: Vec<&'t [u8]>,
    /// How many words there were at the end of each line.
    lines: Vec<usize>,
}

impl Run<'_> {
    /// Whether a wallet is restored from some of them.
    fn holds_phrase(&self) -> bool {
        if self.words.len() <= LONGEST_RUN {
            return LENGTHS.iter().any(|&length| self.words.windows(length).any(is_phrase));
        }
        let begins = std::iter::once(0).chain(self.lines.iter().copied());
        let ends = self.lines.iter().copied().chain([self.words.len()]);
        let mut lines = begins.zip(ends).filter_map(|(from, to)| self.words.get(from..to));
        lines.any(|line| LENGTHS.contains(&line.len()) && is_phrase(line))
    }
}

/// Whether the checksum of these words is right.
fn is_phrase(words: &[&[u8]]) -> bool {
    let text = String::from_utf8_lossy(&words.join(&b' ')).to_ascii_lowercase();
    Mnemonic::parse_in_normalized(Language::English, &text).is_ok()
}
