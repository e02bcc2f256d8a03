//! The lexicon of the grammar (`cues.txt`): the words that say how work is wanted.
//!
//! A cue is found as whole words, the longest first. What is no cue, no task and no file is left over, and stops nothing.

use std::{collections::HashMap, sync::LazyLock};

use super::tokens::{Kind, Token};

pub(super) const LEXICON: &str = include_str!("cues.txt");

macro_rules! cues {
    ($($name:ident)*) => {
        /// What a word or a phrase says; `cues.txt` says which.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub(super) enum Cue { $($name),* }

        impl Cue {
            pub(super) fn named(name: &str) -> Option<Cue> {
                match name { $(stringify!($name) => Some(Cue::$name),)* _ => None }
            }
        }
    };
}

cues! {
    Not If Would Polite Asks Look Check ToQuote Free Pay Anything Twice AtMost Below For Fine Vague Gas OtherMoney Half Here Send Fit
    All Both Rest Except But Nth Ordinal Again Same It And Yes No Cancel Resume Save About Against With Only Other
    Means Figure Value Number Of Files Hello Thanks Leave Noise Unsure Away Order Filler
}

/// A cue that was found, the pieces that say it, and its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mark {
    pub cue: Cue,
    pub value: &'static str,
    pub at: usize,
    pub end: usize,
}

/// A phrase with its cue and the cue's value.
type Phrase = (Vec<&'static str>, Cue, &'static str);

static BY_FIRST_WORD: LazyLock<HashMap<&'static str, Vec<Phrase>>> = LazyLock::new(|| {
    let mut all: HashMap<&str, Vec<Phrase>> = HashMap::new();
    for (name, phrases) in LEXICON.lines().filter_map(|line| line.split_once(" = ")) {
        let (name, value) = name.split_once(' ').unwrap_or((name, ""));
        for words in phrases.split('|').map(|phrase| phrase.split(' ').collect::<Vec<_>>()) {
            if let (Some(cue), Some(first)) = (Cue::named(name), words.first().copied()) {
                all.entry(first).or_default().push((words, cue, value));
            }
        }
    }
    all
});

/// Whether a word by itself is such a cue, as the unit that is written onto a number: `5eur`.
pub(super) fn is(word: &str, cue: Cue) -> bool {
    BY_FIRST_WORD.get(word).is_some_and(|all| all.iter().any(|(words, of, _)| words.len() == 1 && *of == cue))
}

/// Every cue of a sentence, in order. Of phrases that begin at one word the longest counts; it may stand for several cues.
pub(super) fn marks(tokens: &[Token]) -> Vec<Mark> {
    let mut out: Vec<Mark> = Vec::new();
    let mut taken = 0;
    for (at, token) in tokens.iter().enumerate() {
        let known = BY_FIRST_WORD.get(token.text.as_str()).filter(|_| matches!(token.kind, Kind::Word | Kind::Sign));
        let stands =
            |words: &[&str]| (at + 1..).zip(words.iter().skip(1)).all(|(i, w)| tokens.get(i).is_some_and(|t| t.is(w)));
        let fitting = || known.into_iter().flatten().filter(|(words, ..)| stands(words));
        let longest = fitting().map(|(words, ..)| words.len()).max().unwrap_or(0);
        // A word within a longer phrase says nothing of its own: "for free", "feel free".
        if at >= taken || longest > 1 {
            let best = fitting().filter(|(words, ..)| words.len() == longest);
            out.extend(best.map(|&(_, cue, value)| Mark { cue, value, at, end: at + longest }));
            taken = taken.max(if longest > 1 { at + longest } else { 0 });
        }
    }
    out
}
