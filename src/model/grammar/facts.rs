//! Questions that the program's own state answers (`facts.toml`), and which of them a sentence asks.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Scene, cues::Cue::*, sentence::Sentence, tokens::Kind};
use domain::{ids::JobId, job::Job};

/// A question about state is no longer than this, words; one for a meaning no longer than that.
const LONGEST: usize = 25;
const SHORT: usize = 8;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub(super) kind: &'static Known,
    /// The jobs that are meant, of this conversation; where there are none, those of the ledger.
    pub jobs: Vec<JobId>,
    /// The task that is meant, where one is.
    pub task: Option<String>,
}

impl Fact {
    /// Its name in `facts.toml`: `cost`, `balance`, `data`, ...
    pub fn name(&self) -> &'static str {
        &self.kind.name
    }
}

/// A fact as `facts.toml` has it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Known {
    pub name: String,
    #[serde(default)]
    asked: String,
    /// The words whose meaning it is.
    #[serde(default)]
    means: String,
    #[serde(default)]
    past: bool,
    pub answer: String,
    pub sandbox: Option<String>,
}

#[derive(Deserialize, Default)]
pub(super) struct Table {
    /// Patterns: how the meaning of a word is asked for, and of a task; what asks for a value instead, and for work; what means all.
    meaning: String,
    task: String,
    value: String,
    work: String,
    several: String,
    pub fact: Vec<Known>,
}

pub(super) static FACTS: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("facts.toml")).unwrap_or_default());

/// The fact of this name.
pub(super) fn named(name: &str) -> Option<Fact> {
    FACTS.fact.iter().find(|fact| fact.name == name).map(|kind| Fact { kind, jobs: Vec::new(), task: None })
}

/// Whether one of these patterns stands in a sentence: its words in their order, with anything between.
pub(super) fn says(s: &Sentence, patterns: &str) -> bool {
    let stands = |pattern: &str| {
        let mut left = s.tokens.iter().filter(|token| token.kind == Kind::Word);
        pattern.split(' ').all(|any_of| left.any(|token| any_of.split('/').any(|word| token.text == word)))
    };
    !patterns.is_empty() && patterns.split('|').any(stands)
}

/// The fact that a sentence asks for. `works` is whether it names a task and what to do it on.
pub(super) fn read(s: &Sentence, scene: &Scene, works: bool) -> Option<Fact> {
    let small = s.length() <= SHORT && s.files.is_empty() && s.mentions.is_empty();
    if small && s.has(Thanks) && !s.has_any(&[Again, Look]) {
        return named("thanks");
    }
    if let Some(meaning) = meaning(s) {
        return Some(meaning);
    }
    // Whoever begins with the task orders it: "Fold a.fasta and tell me what it cost".
    let first = s.begins(&[Filler, Polite, And, Yes, Hello]);
    let orders = s.mentions.first().is_some_and(|mention| first == Some(mention.at));
    let past = !orders && (s.asks() || s.has(About));
    let asked = |fact: &&Known| (!works || (fact.past && past)) && says(s, &fact.asked);
    let Some(kind) = FACTS.fact.iter().find(asked).filter(|_| s.length() <= LONGEST) else {
        let job = s.tokens.iter().any(|token| token.kind == Kind::Job) && !s.has(Cancel);
        let status = named("status").filter(|_| job).map(|fact| Fact { jobs: chosen(s, scene), ..fact });
        return status.or(named("hello").filter(|_| small && s.has(Hello)));
    };
    // "What was paid?" is about all that was; "what did it cost?" about the last.
    let of_all = matches!(kind.name.as_str(), "cost" | "recipients") && !s.has(It);
    let (jobs, names_task) = (meant(s, scene, of_all), !s.mentions.is_empty());
    let is_work = match kind.name.as_str() {
        // "The statistics of x, and show me the result": there is none yet.
        "outcome" | "status" => works && jobs.is_empty(),
        // "What would it cost?" plans the last work again; "how much ..." is asked of many things.
        "price" if s.has_any(&[Would, It]) && scene.last.is_some() => true,
        "price" => (names_task && !s.files.is_empty()) || !(names_task || s.has(Look)),
        "files" => names_task,
        _ => false,
    };
    (!is_work).then_some(Fact { kind, jobs, task: None })
}

/// The word or the task whose meaning is asked for.
fn meaning(s: &Sentence) -> Option<Fact> {
    if s.length() > SHORT || s.has(Polite) && !s.asks() || says(s, &FACTS.value) || !s.files.is_empty() {
        return None;
    }
    let word = |fact: &&Known| !fact.means.is_empty() && says(s, &FACTS.meaning.replace('*', &fact.means));
    if let Some(known) = FACTS.fact.iter().find(word) {
        return named(&known.name);
    }
    let of_work = s.has_any(&[It, Look]) || says(s, &FACTS.work) || s.mentions.len() > 1;
    let one = s.mentions.first().filter(|one| !one.weak && !of_work && s.asks() && says(s, &FACTS.task))?;
    Some(Fact { task: Some(one.task.name.clone()), ..named("task")? })
}

/// The jobs that a sentence means: by id, by file, by task, by place; else those of the last request; else all.
pub(super) fn chosen(s: &Sentence, scene: &Scene) -> Vec<JobId> {
    meant(s, scene, false)
}

/// The same; where nothing tells which, `of_all` of them.
fn meant(s: &Sentence, scene: &Scene, of_all: bool) -> Vec<JobId> {
    let ids = s.tokens.iter().filter(|token| token.kind == Kind::Job).filter_map(|token| token.text.parse().ok());
    let ids: Vec<JobId> = ids.collect();
    let on = |job: &Job| job.verdict.dataset.path.clone();
    let mut found: Vec<&Job> = scene.jobs.iter().filter(|_| ids.is_empty()).collect();
    found.retain(|job| s.mentions.is_empty() || s.mentions.iter().any(|mention| mention.task.name == job.task_type));
    found.retain(|job| s.files.is_empty() || s.files.iter().any(|file| on(job).ends_with(&file.path)));
    let last: Vec<_> = scene.last.into_iter().flat_map(|last| &last.work).collect();
    let of_last = |job: &&Job| last.iter().any(|work| work.task == job.task_type && on(job).ends_with(work.dataset()));
    let several = of_all || s.has_any(&[All, Both]) || !s.files.is_empty() || says(s, &FACTS.several);
    let place = s.marks.iter().find(|mark| matches!(mark.cue, Ordinal | Nth));
    match place.and_then(|mark| mark.value.parse::<usize>().ok()) {
        Some(0) => found = found.last().copied().into_iter().collect(),
        Some(place) => found = found.get(place - 1).copied().into_iter().collect(),
        None if !several && found.iter().any(of_last) => found.retain(of_last),
        None => {}
    }
    ids.into_iter().chain(found.iter().map(|job| job.id.clone())).collect()
}
