//! The tasks of the catalogue that a sentence names: by their own words, by a few of other languages, or by a slip.

use super::{
    cues::{Cue, Mark},
    tokens::{Kind, Token},
};
use domain::task::TaskType;

/// A line for each task: `sequence_stats = statistik|statistiques`.
pub(super) const MORE: &str = include_str!("tasks.txt");
/// So many pieces, such as the name of a file, may stand behind the first word of a phrase of three words and more: "fold x.fasta
/// with openmm".
const BETWEEN: usize = 4;
/// A slip is looked for in so many words, from the first on: a wish is short.
const SLIPS: usize = 64;

/// A task, and the pieces of the sentence that name it.
#[derive(Debug, Clone)]
pub(super) struct Mention<'a> {
    pub task: &'a TaskType,
    /// The first piece of it.
    pub at: usize,
    /// All of them.
    pub words: Vec<usize>,
    pub weak: bool,
    /// What was taken for what, where the word was not written to the letter.
    pub guess: Option<String>,
}

struct Phrase<'a> {
    words: Vec<String>,
    task: &'a TaskType,
    /// 0 for the catalogue's own; its line in the table for a weak one.
    rank: usize,
}

/// The tasks that are named, in order.
pub(super) fn mentions<'a>(tokens: &[Token], marks: &[Mark], tasks: &'a [TaskType]) -> Vec<Mention<'a>> {
    let phrases: Vec<Phrase> = tasks.iter().flat_map(phrases).collect();
    let mut found: Vec<(Vec<usize>, &Phrase)> = Vec::new();
    for at in 0..tokens.len() {
        // None reaches further than so many phrases back.
        if found.iter().rev().take(2 * BETWEEN).any(|(words, phrase)| phrase.rank == 0 && words.contains(&at)) {
            continue;
        }
        let fitting = phrases.iter().filter_map(|phrase| {
            let apart = || apart(tokens, marks, at, &phrase.words);
            Some((stands_at(tokens, at, &phrase.words).or_else(apart)?, phrase))
        });
        let Some(best) = fitting.max_by_key(|(_, phrase)| (phrase.rank == 0, phrase.words.len())) else { continue };
        // Words that ask for either of two tasks name both.
        let either = phrases.iter().filter(|other| other.words == best.1.words && other.task.name != best.1.task.name);
        let either: Vec<_> = either.map(|other| (best.0.clone(), other)).take(1).collect();
        found.push(best);
        found.extend(either);
    }
    let rank = found.iter().map(|(_, phrase)| phrase.rank).min();
    if let Some(slip) = (rank != Some(0)).then(|| slip(tokens, marks, &phrases)).flatten() {
        return vec![slip];
    }
    found.retain(|(_, phrase)| Some(phrase.rank) == rank);
    let weak = rank != Some(0);
    let mention = |(words, phrase): (Vec<usize>, &Phrase<'a>)| {
        Some(Mention { task: phrase.task, at: *words.first()?, words, weak, guess: None })
    };
    found.into_iter().filter_map(mention).collect()
}

fn phrases(task: &TaskType) -> impl Iterator<Item = Phrase<'_>> {
    let title = task.title.split('(').next().unwrap_or_default().to_owned();
    let own = task.asked_as.iter().cloned().chain([task.name.replace('_', " "), task.name.clone(), title]);
    let lines = MORE.lines().enumerate().filter_map(|(rank, line)| Some((rank, line.strip_prefix(&task.name)?)));
    let more = |(rank, line): (usize, &'static str)| match line.strip_prefix("? = ") {
        Some(weak) => Some((rank, weak)),
        None => Some((0, line.strip_prefix(" = ")?)),
    };
    let own_lines = lines.filter_map(more);
    let more = own_lines.flat_map(|(rank, all)| all.split('|').map(move |phrase| (phrase.to_owned(), rank)));
    own.map(|phrase| (phrase, 0)).chain(more).map(|(phrase, rank)| {
        let words = phrase.to_lowercase().split_whitespace().map(str::to_owned).collect();
        Phrase { words, task, rank }
    })
}

/// The pieces that are these words, the first of them at `at`.
fn stands_at(tokens: &[Token], at: usize, words: &[String]) -> Option<Vec<usize>> {
    let stands = words.iter().enumerate().all(|(i, word)| {
        let token = tokens.get(at + i).filter(|token| token.kind == Kind::Word);
        token.is_some_and(|token| token.text == *word || (i + 1 == words.len() && inflected(&token.text, word)))
    });
    (stands && !words.is_empty()).then(|| (at..at + words.len()).collect())
}

/// The same where a few pieces of the same clause, which join no further wish, stand behind the first word.
fn apart(tokens: &[Token], marks: &[Mark], at: usize, words: &[String]) -> Option<Vec<usize>> {
    let (first, rest) = words.split_first().filter(|(_, rest)| rest.len() >= 2)?;
    let begins = tokens.get(at).filter(|token| token.is(first))?;
    let joins = |at: usize| {
        let cues = marks.iter().filter(|mark| mark.at <= at && at < mark.end).map(|mark| mark.cue);
        cues.into_iter().any(|cue| matches!(cue, Cue::And | Cue::But | Cue::Not))
    };
    let within = |at: &usize| tokens.get(*at).is_some_and(|token| token.clause == begins.clause) && !joins(*at);
    let from = (at + 1..=at + 1 + BETWEEN).take_while(within).find_map(|from| stands_at(tokens, from, rest))?;
    Some(std::iter::once(at).chain(from).collect())
}

/// `folds`, `folded`, `folding`, `summarising`.
fn inflected(word: &str, base: &str) -> bool {
    let stem = base.strip_suffix('e').unwrap_or(base);
    let tail = word.strip_prefix(stem).filter(|_| stem.len() >= 4);
    tail.is_some_and(|tail| matches!(tail, "e" | "s" | "es" | "ed" | "d" | "ing" | "ings" | "en" | "et"))
}

/// The one task whose word is nearest to a word that means nothing else.
fn slip<'a>(tokens: &[Token], marks: &[Mark], phrases: &[Phrase<'a>]) -> Option<Mention<'a>> {
    let strange = |at: &usize| !marks.iter().any(|mark| mark.at <= *at && *at < mark.end);
    let words = tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Word).map(|(at, _)| at).take(SLIPS);
    let single = || phrases.iter().filter(|phrase| phrase.rank == 0 && phrase.words.len() == 1);
    let mut found: Vec<(usize, usize, &Phrase)> = Vec::new();
    for at in words.filter(strange) {
        let said = tokens.get(at).map_or("", |token| token.text.as_str());
        found.extend(single().filter_map(|phrase| Some((near(said, phrase.words.first()?)?, at, phrase))));
    }
    let &(least, at, best) = found.iter().min_by_key(|(distance, ..)| *distance)?;
    let alone = found.iter().all(|(distance, _, phrase)| *distance > least || phrase.task.name == best.task.name);
    let guess = Some(format!("took {} for {}", tokens.get(at)?.text, best.words.first()?));
    alone.then(|| Mention { task: best.task, at, words: vec![at], weak: false, guess })
}

/// How many slips are between two words that begin alike, where those are few: in short words, letters that are swapped.
fn near(said: &str, word: &str) -> Option<usize> {
    let short = said.chars().count().min(word.chars().count());
    if short < 4 || said.len().max(word.len()) > 30 || said.chars().next() != word.chars().next() {
        return None;
    }
    let distance = strsim::osa_distance(said, word);
    let most = if short >= 7 { 2 } else { 1 };
    // Letters that are swapped count once for the one measure, and twice for the other.
    let swapped = distance == 1 && strsim::levenshtein(said, word) == 2;
    (distance <= most && (short > 4 || swapped)).then_some(distance)
}
