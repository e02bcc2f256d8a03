//! How plainly a request is said. Work is begun, and money spent, only on a wish in which every word is understood; what is
//! left over is a question back.
//!
//! The words that may stand in a request are few and closed: articles, prepositions, politeness, the task's own phrases,
//! files, and choices with their values. Whoever negates, conditions or doubts uses another word, in whatever language.

mod lists;

use self::lists::{
    ASKING, CLAIMS, FOLLOWS, HERE, OF_FILES, POLITE, QUOTE_FIRST, SECOND_FILES, SMALL, THERE, TOGETHER, VERBS,
};
use super::limit;
use crate::{
    domain::{money::Datoshi, task::TaskType},
    model::{
        phrases,
        words::{self, Doubt, Kind, Token, places},
    },
};

/// How far words carry. The order is from the most to the least.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Level {
    /// A plain wish: it is done, and paid for where it must be.
    #[default]
    Plain,
    /// A question for what a task finds, or a task in passing: it is done where it costs nothing.
    Free,
    /// It is only looked at, for what these words say.
    Look(Option<(Doubt, &'static str)>),
    /// These words are not understood: it is asked back.
    Unclear(Vec<String>),
    /// It is not to be done, as this word says.
    Not(&'static str),
}

impl Level {
    fn rank(&self) -> usize {
        match self {
            Level::Plain => 0,
            Level::Free => 1,
            Level::Look(_) => 2,
            Level::Unclear(_) => 3,
            Level::Not(_) => 4,
        }
    }

    /// The one of two that carries less.
    pub(super) fn least(self, other: Level) -> Level {
        if other.rank() > self.rank() { other } else { self }
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reading {
    /// How far it carries.
    pub(super) level: Level,
    /// The most that may be paid, where a limit was set.
    pub(super) limit: Option<Datoshi>,
    /// Whether it is to run on this machine, where a place was said.
    pub(super) here: Option<bool>,
    /// Whether the price is to be shown before it is paid.
    pub(super) quote_first: bool,
}

/// The pieces of a text and which of them are understood.
struct Sieve {
    tokens: Vec<Token>,
    known: Vec<bool>,
}

impl Sieve {
    fn take(&mut self, at: std::ops::Range<usize>) {
        self.known.iter_mut().take(at.end).skip(at.start).for_each(|known| *known = true);
    }

    /// Takes every place of these words; gives whether there is one.
    fn take_words(&mut self, words: &[&str]) -> bool {
        let found = places(&self.tokens, words);
        for at in &found {
            self.take(*at..at + words.len());
        }
        !found.is_empty()
    }

    fn open(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter().zip(&self.known).filter(|(_, known)| !**known).map(|(token, _)| token)
    }
}

/// Reads a request for these tasks. `follows` says that it stands on an earlier one; `more` are words that the place adds.
pub(super) fn read(text: &str, files: &[String], tasks: &[&TaskType], follows: bool, more: &[String]) -> Reading {
    let tokens = words::tokens(text, files);
    let said = words::without_files(text, files);
    let known = vec![false; tokens.len()];
    let mut sieve = Sieve { tokens, known };
    for task in tasks {
        take_task(&mut sieve, task);
    }
    // "Stats of x.fasta": who begins with the task wants it.
    let begins = sieve.known.first() == Some(&true);
    let titled = sieve.tokens.get(1).is_some_and(|t| t.text == ":") && sieve.known.get(2) == Some(&true);
    let limits = limit::limits(&sieve.tokens);
    for limit in &limits {
        sieve.take(limit.at.clone());
    }
    take_claims(&mut sieve);
    for phrase in more {
        let words: Vec<&str> = phrase.split(' ').collect();
        sieve.take_words(&words);
    }
    let here = HERE.iter().filter(|words| sieve.take_words(words)).count() > 0;
    let there = THERE.iter().filter(|words| sieve.take_words(words)).count() > 0;
    let quote_first = QUOTE_FIRST.iter().filter(|words| sieve.take_words(words)).count() > 0;
    take_asides(&mut sieve, tasks);
    let unfit = fetches(&sieve, &said).or_else(|| joins(&sieve, tasks));
    let mut polite = false;
    for words in POLITE {
        polite |= sieve.take_words(words);
    }
    for words in TOGETHER {
        sieve.take_words(words);
    }
    let limit = limits.iter().map(|l| l.most).min();
    // Both places are none.
    let place = if here == there { None } else { Some(here) };
    let begins = begins || titled;
    let level = level(&said, &sieve, polite || begins, polite, follows);
    let level = unfit.map_or(level.clone(), |word| level.least(Level::Unclear(vec![word])));
    Reading {
        level: if here && there { level.least(Level::Look(None)) } else { level },
        limit,
        here: place,
        quote_first,
    }
}

/// Words that change nothing only where they stand: "first" before a verb, "to" before one, "a genome" beside its file,
/// "folded" after "get" or "I'd like".
fn take_asides(sieve: &mut Sieve, tasks: &[&TaskType]) {
    let named = sieve.tokens.iter().filter(|t| t.kind == Kind::File).count();
    let applies = sieve.tokens.iter().any(|t| t.is("apply"));
    let second = tasks.iter().any(|task| !phrases::file_parameters(task).is_empty());
    let gets = sieve.tokens.iter().any(|t| listed("get like want need needs have", &t.text));
    for at in 0..sieve.tokens.len() {
        let Some(token) = sieve.tokens.get(at) else { continue };
        let next = sieve.tokens.get(at + 1);
        let word = token.text.as_str();
        let before = |by: usize| at.checked_sub(by).and_then(|at| sieve.tokens.get(at)).map_or("", |t| t.text.as_str());
        // "The 2 files a.fasta and b.fasta".
        let counts = token.kind == Kind::Number
            && next.is_some_and(|t| listed("files fasta fastq", &t.text))
            && (token.text == named.to_string());
        let aside = match word {
            "first" => next.is_some_and(|t| listed(VERBS, &t.text)),
            "to" => next.is_some_and(|t| t.kind == Kind::Word || (t.kind == Kind::File && applies)),
            "effort" => next.is_some_and(|t| t.text == ":"),
            "quick" => tasks.iter().all(|task| !task.parameters.contains_key("effort")),
            _ if at > 2 && listed("a an", before(1)) && before(2) == "m" && before(3) == "i" => true,
            "folded" | "aligned" | "summarised" | "summarized" | "blasted" => gets,
            "random" => next.is_some_and(|t| t.is("seed")),
            "only" | "just" => next.is_some_and(|t| t.is("the") || t.kind == Kind::Number || listed(VERBS, &t.text)),
            _ => (named > 0 && listed(OF_FILES, word)) || (second && listed(SECOND_FILES, word)),
        };
        if counts || (aside && token.kind == Kind::Word) {
            sieve.take(at..at + 1);
        }
    }
}

/// The verb of a text that wants data for a task, and not the task: "get a.fasta for protein folding", "I need protein folding
/// data".
fn fetches(sieve: &Sieve, said: &str) -> Option<String> {
    let verb = sieve.tokens.iter().find(|t| t.kind == Kind::Word && listed("get make give need want", &t.text))?;
    let named =
        sieve.tokens.windows(2).any(|pair| matches!(pair, [file, word] if file.kind == Kind::File && word.is("for")));
    let last = sieve.tokens.iter().rposition(|t| t.kind != Kind::Sign)?;
    let data = sieve.tokens.get(last).is_some_and(|t| listed("data dataset datasets", &t.text));
    let of_task = data && last > 0 && sieve.known.get(last - 1) == Some(&true);
    ((named || of_task) && !words::orders(said)).then(|| verb.text.clone())
}

/// The word that joins two files for a task that takes one: "fold a.fasta against b.fasta".
fn joins(sieve: &Sieve, tasks: &[&TaskType]) -> Option<String> {
    let one = tasks.iter().all(|task| phrases::file_parameters(task).is_empty());
    let first = sieve.tokens.iter().position(|t| t.kind == Kind::File)?;
    let rest = sieve.tokens.get(first..)?.windows(2);
    let mut found = rest.filter(|pair| {
        matches!(pair, [word, file] if file.kind == Kind::File && word.kind == Kind::Word
        && listed("from using against", &word.text))
    });
    found.next().filter(|_| one).and_then(|pair| pair.first()).map(|word| word.text.clone())
}

/// Whether a word is a common one with a letter wrong, missing, too many, or two in the wrong order.
fn is_slip(word: &str) -> bool {
    const COMMON: [&str; 12] = [
        "please",
        "protein",
        "proteins",
        "sequence",
        "sequences",
        "folding",
        "statistics",
        "analysis",
        "dataset",
        "summary",
        "compute",
        "calculate",
    ];
    word.chars().count() > 4 && COMMON.iter().any(|common| is_one_off(word, common))
}

/// Whether a word is another with one letter wrong, missing or too many, or two in the wrong order.
pub(super) fn is_one_off(said: &str, meant: &str) -> bool {
    strsim::damerau_levenshtein(said, meant) == 1
}

fn level(text: &str, sieve: &Sieve, ordered: bool, polite: bool, follows: bool) -> Level {
    let first = sieve.tokens.first();
    let goes_on = follows && first.is_some_and(|t| FOLLOWS.iter().chain(&["what", "how"]).any(|word| t.is(word)));
    // Who looks for something wants no work for it that costs anything, unless a verb orders it too.
    let looks = sieve.open().any(|t| words::looks(&t.text)) && !words::orders(text);
    let (mut asks, mut strange) = (looks, Vec::new());
    for token in sieve.open() {
        let word = token.text.as_str();
        match token.kind {
            Kind::File | Kind::Job => {}
            Kind::Sign if word == ":" => {}
            Kind::Sign if word == "?" => asks |= !polite && !goes_on,
            Kind::Word if listed(SMALL, word) || is_slip(word) => {}
            Kind::Word if listed(ASKING, word) => asks = true,
            Kind::Word | Kind::Sign | Kind::Number => strange.push(token.text.clone()),
        }
    }
    // "Don't run it again."
    if words::says(&words::plain(text), "again")
        && let Some((Doubt::Negated, word)) = words::doubt(text)
    {
        return Level::Not(word);
    }
    if words::only_asks(text) && (strange.is_empty() || words::doubt(text).is_none_or(|(d, _)| d != Doubt::Conditional))
    {
        return Level::Look(None);
    }
    let verb = ordered || sieve.tokens.iter().any(|t| t.kind == Kind::Word && listed(VERBS, &t.text));
    match (strange.is_empty(), words::doubt(text)) {
        (true, _) if asks || !(verb || follows) => Level::Free,
        (true, _) => Level::Plain,
        (false, Some((Doubt::Negated, word))) => Level::Not(word),
        (false, Some(doubt)) => Level::Look(Some(doubt)),
        (false, None) => Level::Unclear(strange),
    }
}

fn listed(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// A task's phrases, also inflected, and the choices for it. "Folded" tells of what was, and is none of them.
fn take_task(sieve: &mut Sieve, task: &TaskType) {
    const TAILS: [&str; 4] = ["", "s", "ing", "ings"];
    let name = task.name.replace('_', " ");
    for phrase in task.asked_as.iter().chain(std::iter::once(&name)) {
        let parts = words::tokens(phrase, &[]);
        let words: Vec<&str> = parts.iter().map(|t| t.text.as_str()).collect();
        let Some((last, before)) = words.split_last() else { continue };
        for tail in TAILS {
            let last = format!("{last}{tail}");
            let inflected: Vec<&str> = before.iter().copied().chain(std::iter::once(last.as_str())).collect();
            sieve.take_words(&inflected);
        }
    }
    for choice in phrases::choices(&sieve.tokens, task) {
        sieve.take(choice.at);
    }
}

/// Sizes that are claimed: they raise an estimate and change nothing else.
fn take_claims(sieve: &mut Sieve) {
    const UNITS: [&str; 21] = [
        "b",
        "bytes",
        "kb",
        "kib",
        "kilobyte",
        "kilobytes",
        "mb",
        "mib",
        "megabyte",
        "megabytes",
        "gb",
        "gib",
        "gigabyte",
        "gigabytes",
        "gig",
        "gigs",
        "tb",
        "tib",
        "terabyte",
        "terabytes",
        "byte",
    ];
    let sizes = sieve.tokens.windows(2).enumerate().filter_map(|(at, pair)| match pair {
        [number, unit] if number.kind == Kind::Number => UNITS.iter().any(|word| unit.is(word)).then_some(at),
        _ => None,
    });
    let ranges: Vec<_> = sizes
        .map(|at| {
            let before = sieve.tokens.get(..at).unwrap_or_default();
            let lead = before.iter().rev().take_while(|t| CLAIMS.iter().any(|word| t.is(word))).count();
            at - lead..at + 2
        })
        .collect();
    for range in ranges {
        sieve.take(range);
    }
}
