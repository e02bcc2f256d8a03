//! The offline grammar: a person's sentence becomes a proposal, an answer or a question. It needs no language model.
//!
//! It recalls rather than sieves: it looks for a task, files, choices and limits in any order, and words that are left over do not
//! keep it from a plan. What it proposes is held to its bounds by the guard, and meets a person's consent like every other request. It
//! never guesses with money: a negation, a condition, a question, a slip or a word that it does not know in an order that may cost
//! makes a plan and no more.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`tokens`], [`cues`], [`sentence`] | the pieces of a sentence, the lexicon, both together |
//! | [`tasks`], [`files`], [`choices`], [`bounds`] | what is named: tasks, files, parameters, money and place |
//! | [`work`], [`amend`] | the proposal, fresh or standing on the last request |
//! | [`core`] | whether all words of an order were understood |
//! | [`paste`] | sequences that stand in the words |
//! | [`facts`], [`answer`] | questions about state, and what is said to them |
//! | [`elsewhere`] | well-known tools that are not in the catalogue |
//!
//! Words are data: `cues.txt`, `tasks.txt`, `facts.toml` and `elsewhere.toml` beside the code. `docs/grammar.md` says what is read.

mod amend;
mod answer;
mod bounds;
mod choices;
mod core;
mod cues;
mod elsewhere;
mod facts;
mod files;
mod paste;
mod sentence;
mod tasks;
mod tokens;
mod work;

use std::path::PathBuf;

pub use self::{
    answer::{CONNECT, JobSeen, State, answer, figures, short_figures, unknown},
    elsewhere::Wish,
    facts::Fact,
    files::kind,
};
use self::{
    cues::Cue::*,
    sentence::{MOST_PIECES, Sentence},
    tokens::Kind,
};
use super::context::FileSeen;
use domain::{
    ids::JobId,
    job::Job,
    request::{Bounds, Request, Work},
    task::TaskType,
};

/// The longest words that are read, bytes: pasted sequences are told from them before.
const LONGEST: usize = 64 << 10;
const TOO_LONG: &str =
    "That is too long for me. What is to be done, in a few sentences? A pattern names many files: samples/*.fastq.";

/// What a sentence is read against.
#[derive(Debug, Clone, Default)]
pub struct Scene<'a> {
    /// The catalogue.
    pub tasks: &'a [TaskType],
    /// Every data file in the working folder and one folder below, by its path from there, in natural order.
    pub files: &'a [FileSeen],
    /// Folders in the working folder.
    pub folders: &'a [String],
    /// Jobs of this conversation, oldest first.
    pub jobs: &'a [Job],
    /// The last request of this conversation, whatever came of it; after a yes, with the bounds that it went on with.
    pub last: Option<&'a Request>,
    /// [`Ask::remember`], where the answer right before was a question.
    pub asked: Option<&'a str>,
    /// Whether a plan waits for a yes.
    pub offered: bool,
}

/// Work that is proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The work; files as they were named, patterns unexpanded.
    pub work: Vec<Work>,
    /// Where, for how much, how far.
    pub bounds: Bounds,
    /// What this sentence says of that, without what holds from the work before.
    pub said: Bounds,
    /// What was taken for what, in short notes.
    pub understood: Vec<String>,
    /// Whether something holds back work that may cost.
    pub doubt: bool,
    /// The words of the order that were not understood.
    pub unread: Vec<String>,
    /// The figures that a question asks for, by their names in a result's summary; none where it is not about single ones.
    pub figures: Vec<&'static str>,
}

/// A short question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What is asked.
    pub question: String,
    /// What was said so far: give it back as [`Scene::asked`] with the answer.
    pub remember: String,
}

/// What a sentence comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Work.
    Work(Proposal),
    /// The plan that waits is agreed to.
    Yes,
    /// It is not.
    No,
    /// These jobs are to be given up.
    Cancel(Vec<JobId>),
    /// These jobs are to go on.
    Resume(Vec<JobId>),
    /// A question that state answers: see [`answer`].
    Fact(Fact),
    /// Something that the catalogue does not have.
    NotInCatalogue(&'static Wish),
    /// Sequences that stand in the words: they are offered to be saved, and then worked on.
    Save {
        /// A name that no file has yet.
        name: PathBuf,
        /// The file's content.
        text: String,
        /// The work.
        then: Box<Proposal>,
    },
    /// A question that has to be answered first.
    Ask(Ask),
    /// Good-bye.
    Leave,
    /// Nothing was found: see [`unknown`].
    Unknown,
}

/// Reads what a person says.
pub fn read(said: &str, scene: &Scene) -> Reading {
    match paste::find(said, scene) {
        Some(pasted) => save(said, pasted, scene),
        None => of_words(said, scene),
    }
}

fn of_words(said: &str, scene: &Scene) -> Reading {
    let ask = |question: String| Reading::Ask(Ask { question, remember: said.to_owned() });
    if said.len() > LONGEST {
        return Reading::Ask(Ask { question: TOO_LONG.to_owned(), remember: String::new() });
    }
    let mut s = Sentence::of(said, scene);
    if s.tokens.len() == MOST_PIECES {
        return ask(TOO_LONG.to_owned());
    }
    let object = !s.files.is_empty() || s.has_any(&[All, Both, Rest, It, Nth]);
    let works = !s.mentions.is_empty() && object;
    let early = reply(&s, scene)
        .or_else(|| elsewhere::read(&s, scene, works).map(Reading::NotInCatalogue))
        .or_else(|| facts::read(&s, scene, works).map(Reading::Fact))
        .or_else(|| give_up(&s, scene, works))
        .or_else(|| is_refusal(&s).then_some(Reading::No));
    if let Some(early) = early {
        return early;
    }
    let both = answered(said, &s, scene);
    if let Some(Reading::Work(_) | Reading::Save { .. }) = both {
        return both.unwrap_or(Reading::Unknown);
    }
    let names_work = !s.mentions.is_empty() || scene.last.is_some();
    let found = s.settle().map_or_else(|question| names_work.then_some(Err(question)), |()| work::read(&s, scene));
    match found {
        Some(Ok(proposal)) => Reading::Work(proposal),
        Some(Err(question)) => both.unwrap_or_else(|| ask(question)),
        None => both.unwrap_or(Reading::Unknown),
    }
}

/// What was asked about before, with its answer: both sentences are one. One of them names the task.
fn answered(said: &str, s: &Sentence, scene: &Scene) -> Option<Reading> {
    let asked = scene.asked.filter(|asked| !asked.is_empty() && asked.len() < MOST_PIECES)?;
    let names_task = |s: &Sentence| s.mentions.iter().any(|mention| !mention.weak);
    let before = Sentence::of(asked, scene);
    if let (Some((one, other)), [meant]) = (before.rivals(), s.mentions.as_slice()) {
        // What was not meant is not named.
        let not = [one, other].into_iter().find(|task| task.name != meant.task.name)?;
        let tasks: Vec<TaskType> = scene.tasks.iter().filter(|task| task.name != not.name).cloned().collect();
        return Some(read(asked, &Scene { tasks: &tasks, asked: None, ..scene.clone() }));
    }
    let says = names_task(s) || !s.files.is_empty() || (0..s.tokens.len()).any(|at| s.number(at).is_some());
    let chooses = s.has_any(&[All, Both, Rest, Nth, Ordinal, Free, Here, Means, Value]) || s.length() <= 2;
    if !(says || chooses) || names_task(s) && (!s.files.is_empty() || names_task(&before)) {
        return None;
    }
    let both = read(&format!("{asked}\n{said}"), &Scene { asked: None, ..scene.clone() });
    Some(both).filter(|both| *both != Reading::Unknown)
}

/// Sequences that were pasted, with what is to be done with them.
fn save(said: &str, pasted: paste::Pasted, scene: &Scene) -> Reading {
    let file = FileSeen { path: pasted.name.clone(), bytes: pasted.text.len() as u64 };
    let files: Vec<FileSeen> = scene.files.iter().cloned().chain([file]).collect();
    match of_words(&pasted.said, &Scene { files: &files, ..scene.clone() }) {
        Reading::Work(then) => Reading::Save { name: pasted.name.into(), text: pasted.text, then: Box::new(then) },
        Reading::Ask(ask) => Reading::Ask(Ask { remember: said.to_owned(), ..ask }),
        _ => Reading::Unknown,
    }
}

/// Good-bye, a job that is to go on, and a plain yes. A yes agrees to pay, so that every word of it has to be one of agreement.
fn reply(s: &Sentence, scene: &Scene) -> Option<Reading> {
    let job = s.tokens.iter().any(|token| token.kind == Kind::Job);
    if s.has(Leave) && s.length() <= 4 && s.begins(&[Leave, Filler, Thanks, Yes, Polite]).is_none() {
        return Some(Reading::Leave);
    }
    if s.has(Resume) && s.mentions.is_empty() && s.files.is_empty() && (job || !scene.offered) && s.length() <= 6 {
        let open = scene.jobs.iter().filter(|job| !job.state.is_end()).map(|job| job.id.clone());
        return Some(Reading::Resume(if job { facts::chosen(s, scene) } else { open.collect() }));
    }
    // "OK, thanks" agrees to nothing; "great, go ahead" does.
    let orders = s.all(Yes).any(|yes| yes.end > yes.at + 1);
    let thanks = if orders { Thanks } else { Yes };
    let plain = [Yes, Filler, Polite, It, And, Pay, thanks];
    let agreed = s.has(Yes) && !s.has_sign() && s.begins(&plain).is_none() && s.mentions.is_empty();
    agreed.then_some(Reading::Yes)
}

/// Jobs that are to be given up; and an address, as whoever asks, only the owner's recipients are paid.
fn give_up(s: &Sentence, scene: &Scene, works: bool) -> Option<Reading> {
    if s.mentions.is_empty() && s.tokens.iter().any(|token| token.text.len() == 34 && token.text.starts_with('n')) {
        return facts::named("recipients").map(Reading::Fact);
    }
    if !s.has(Cancel) || (works && s.has(If)) {
        return None;
    }
    let named = s.tokens.iter().any(|token| token.kind == Kind::Job);
    if scene.offered && !named {
        return Some(Reading::No);
    }
    let open = |id: &JobId| named || scene.jobs.iter().any(|job| job.id == *id && !job.state.is_end());
    Some(Reading::Cancel(facts::chosen(s, scene).into_iter().filter(open).collect()))
}

/// A plain no, or "wait": nothing is named, and it begins with a refusal.
fn is_refusal(s: &Sentence) -> bool {
    let more = [Here, Free, AtMost, Below, Again, Same, Rest, Both, Nth];
    let number = s.tokens.iter().any(|token| matches!(token.kind, Kind::Number(_) | Kind::Setting(_)));
    let begins = s.begins(&[Filler, Polite, Thanks, Hello]);
    let refuses = begins.is_some_and(|at| s.is_any(at, &[No, Not]));
    refuses && !number && !s.has_any(&more) && s.mentions.is_empty() && s.files.is_empty() && s.length() <= 8
}

#[cfg(test)]
mod tests;
