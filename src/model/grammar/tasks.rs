//! The tasks of the catalogue that a sentence names: by their own words, by a few of other languages, or by a slip.

use super::{
    cues::Mark,
    tokens::{Kind, Token},
};
use crate::domain::task::TaskType;

/// Words that the catalogue's own entries leave out. The weak ones (`true`) count only where nothing else names a task, the first
/// of them before the others.
const MORE: &[(&str, bool, &str)] = &[
    (
        "sequence_stats",
        false,
        "statistik|statistiken|statistiques|estadísticas|summary statistics|summary stats|wie viele sequenzen|gc gehalt",
    ),
    (
        "sequence_stats",
        false,
        "wie viele reads|gc-gehalt|combien de séquences|taux de gc|cuántas secuencias|contenido gc",
    ),
    (
        "text_summary",
        false,
        "zusammenfassung|zusammenfassen|fasse|résume|résumer|résumé|resumen|resumir|main sentences",
    ),
    ("protein_folding", false, "faltung|plie|plier|replie|replier|repliement|pliega|plegar|plegamiento"),
    ("multiple_alignment", false, "ausrichten|alinea|alinear|alignement|alineamiento"),
    ("blast_search", true, "against|gegen|contre|contra|similar to"),
    (
        "sequence_stats",
        true,
        "how many|how long are|how long is|average|longest|shortest|longer than|shorter than|count|number of|gc",
    ),
    ("sequence_stats", true, "wie viele|wie lang|combien|longueur|cuántos|cuántas|longitud"),
    ("hmm_search", true, "find|search|search for|finde|suche|cherche|busca"),
];
/// A slip is looked for in so many words, from the first on: a wish is short.
const SLIPS: usize = 64;

/// A task, and the pieces of the sentence that name it.
#[derive(Debug, Clone)]
pub(super) struct Mention<'a> {
    pub task: &'a TaskType,
    pub at: usize,
    pub end: usize,
    pub weak: bool,
    /// What was taken for what, where the word was not written to the letter.
    pub guess: Option<String>,
}

struct Phrase<'a> {
    words: Vec<String>,
    task: &'a TaskType,
    /// 0 for the catalogue's own; its place in the table for a weak one.
    rank: usize,
}

/// The tasks that are named, in order.
pub(super) fn mentions<'a>(tokens: &[Token], marks: &[Mark], tasks: &'a [TaskType]) -> Vec<Mention<'a>> {
    let phrases: Vec<Phrase> = tasks.iter().flat_map(phrases).collect();
    let mut found: Vec<(usize, &Phrase)> = Vec::new();
    for at in 0..tokens.len() {
        let inside = found.last().is_some_and(|(start, last)| last.rank == 0 && at < start + last.words.len());
        let fitting = phrases.iter().filter(|phrase| !inside && stands_at(tokens, at, &phrase.words));
        found.extend(fitting.max_by_key(|phrase| (phrase.rank == 0, phrase.words.len())).map(|best| (at, best)));
    }
    let rank = found.iter().map(|(_, phrase)| phrase.rank).min();
    if rank != Some(0)
        && let Some(slip) = slip(tokens, marks, &phrases)
    {
        return vec![slip];
    }
    found.retain(|(_, phrase)| Some(phrase.rank) == rank);
    let mention = |(at, phrase): (usize, &Phrase<'a>)| Mention {
        task: phrase.task,
        at,
        end: at + phrase.words.len(),
        weak: phrase.rank > 0,
        guess: None,
    };
    found.into_iter().map(mention).collect()
}

fn phrases(task: &TaskType) -> impl Iterator<Item = Phrase<'_>> {
    let title = task.title.split('(').next().unwrap_or_default().to_owned();
    let own = task.asked_as.iter().cloned().chain([task.name.replace('_', " "), task.name.clone(), title]);
    let more = MORE.iter().enumerate().filter(|(_, (name, ..))| *name == task.name);
    let more =
        more.flat_map(|(i, (_, weak, all))| all.split('|').map(move |one| (one.to_owned(), usize::from(*weak) * i)));
    own.map(|phrase| (phrase, 0)).chain(more).map(|(phrase, rank)| {
        let words = phrase.to_lowercase().split_whitespace().map(str::to_owned).collect();
        Phrase { words, task, rank }
    })
}

fn stands_at(tokens: &[Token], at: usize, words: &[String]) -> bool {
    !words.is_empty()
        && words.iter().enumerate().all(|(i, word)| {
            let token = tokens.get(at + i).filter(|token| token.kind == Kind::Word);
            token.is_some_and(|token| token.text == *word || (i + 1 == words.len() && inflected(&token.text, word)))
        })
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
    alone.then(|| Mention { task: best.task, at, end: at + 1, weak: false, guess })
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
