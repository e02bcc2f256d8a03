//! Questions that the program's own state answers (`facts.toml`), and which of them a sentence asks.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Scene, cues::Cue, sentence::Sentence, tokens::Kind};
use crate::domain::{ids::JobId, job::Job};

/// A question about state is no longer than this, words.
const LONGEST: usize = 25;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub(super) kind: &'static Kinds,
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

/// A kind of fact, as `facts.toml` has it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Kinds {
    name: String,
    /// The patterns that ask for it.
    asked: Option<String>,
    /// The words whose meaning it is.
    means: Option<String>,
    #[serde(default)]
    past: bool,
    pub answer: String,
    pub sandbox: Option<String>,
}

#[derive(Deserialize, Default)]
pub(super) struct Table {
    pub fact: Vec<Kinds>,
}

pub(super) static FACTS: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("facts.toml")).unwrap_or_default());

/// The fact of this name.
pub(super) fn named(name: &str) -> Option<Fact> {
    let kind = FACTS.fact.iter().find(|fact| fact.name == name)?;
    Some(Fact { kind, jobs: Vec::new(), task: None })
}

/// Whether the words of a pattern stand in a sentence, in its order.
pub(super) fn says(s: &Sentence, pattern: &str) -> bool {
    let mut from = 0;
    pattern.split(' ').all(|any_of| {
        let said = |at: &usize| any_of.split('/').any(|word| s.tokens.get(*at).is_some_and(|t| t.is(word)));
        let found = (from..s.tokens.len()).find(said);
        from = found.map_or(from, |at| at + 1);
        found.is_some()
    })
}

/// The fact that a sentence asks for. `works` is whether it names a task and what to do it on.
pub(super) fn read(s: &Sentence, scene: &Scene, works: bool) -> Option<Fact> {
    if s.length() > LONGEST || s.length() == 0 {
        return None;
    }
    let small = s.length() <= 6 && s.files.is_empty() && s.mentions.is_empty();
    if small && s.has(Cue::Thanks) && !s.has_any(&[Cue::Yes, Cue::Again, Cue::Look]) {
        return named("thanks");
    }
    if let Some(fact) = meaning(s).filter(|_| s.files.is_empty()) {
        return Some(fact);
    }
    let asked = FACTS.fact.iter().find(|fact| {
        let fits = fact.asked.iter().flat_map(|all| all.split('|')).any(|pattern| says(s, pattern));
        fits && (!works || (fact.past && !orders(s)))
    });
    let Some(kind) = asked else { return named("hello").filter(|_| small && s.has(Cue::Hello)) };
    let jobs = chosen(s, scene);
    let names_task = !s.mentions.is_empty();
    let work_is_meant = match kind.name.as_str() {
        // "The statistics of x, and show me the result": there is none yet.
        "outcome" | "status" => works && jobs.is_empty(),
        // "What would it cost?" plans the last work again; "how much ..." is asked of many things.
        "price" => {
            let again = s.has(Cue::Would) && scene.last.is_some();
            (names_task && !s.files.is_empty()) || again || !(names_task || s.has(Cue::Look))
        }
        "files" => names_task,
        _ => false,
    };
    (!work_is_meant).then_some(Fact { kind, jobs, task: None })
}

/// The word or the task whose meaning is asked for. "The", "my" and "its" ask for a value, and not for a meaning.
fn meaning(s: &Sentence) -> Option<Fact> {
    let value = says(s, "the/my/our/its/their/these/this") || s.has(Cue::Polite) || s.length() > 8;
    let asks = [
        "what is/are *",
        "whats *",
        "what/whats * mean/means/stand",
        "meaning of *",
        "explain/define *",
        "was ist/bedeutet/heißt *",
        "qué es/significa *",
    ];
    let word = |fact: &&Kinds| {
        let words = fact.means.as_deref().unwrap_or("\n");
        !value && asks.iter().any(|pattern| says(s, &pattern.replace('*', words)))
    };
    if let Some(kind) = FACTS.fact.iter().find(word) {
        return Some(Fact { kind, jobs: Vec::new(), task: None });
    }
    let of_task =
        ["what/whats is/are", "how do/does/can/would", "explain", "can/do you"].iter().any(|pattern| says(s, pattern));
    let value = says(s, "the/my/our/its/their/these/this/it/cost/costs/take/many/much/long");
    match s.mentions.as_slice() {
        [one] if of_task && s.asks() && !value && !one.weak && s.length() <= 8 => {
            Some(Fact { task: Some(one.task.name.clone()), ..named("task")? })
        }
        _ => None,
    }
}

/// Whether a sentence begins with its task, as orders do: "Fold a.fasta and tell me what it cost".
fn orders(s: &Sentence) -> bool {
    let first = s.begins(&[Cue::Filler, Cue::Polite, Cue::And, Cue::Yes, Cue::Hello]);
    s.mentions.first().is_some_and(|mention| first == Some(mention.at))
}

/// The jobs that a sentence means: by id, by file, by task, by place; else those of the last request; else all.
pub(super) fn chosen(s: &Sentence, scene: &Scene) -> Vec<JobId> {
    let named = s.tokens.iter().filter(|token| token.kind == Kind::Job).filter_map(|token| token.text.parse().ok());
    let named: Vec<JobId> = named.collect();
    if !named.is_empty() {
        return named;
    }
    let on = |job: &Job, path: &str| job.verdict.dataset.path.ends_with(path);
    let mut found: Vec<&Job> = scene.jobs.iter().collect();
    found.retain(|job| s.mentions.is_empty() || s.mentions.iter().any(|mention| mention.task.name == job.task_type));
    found.retain(|job| s.files.is_empty() || s.files.iter().any(|file| on(job, &file.path)));
    let place = s.marks.iter().find(|mark| matches!(mark.cue, Cue::Ordinal | Cue::Nth));
    let of_last = |job: &&Job| {
        let works = scene.last.into_iter().flat_map(|last| &last.work);
        works.into_iter().any(|work| work.task == job.task_type && job.verdict.dataset.path.ends_with(work.dataset()))
    };
    let several = s.has_any(&[Cue::All, Cue::Both]) || !s.files.is_empty() || says(s, "total/far/altogether/jobs");
    match place.and_then(|mark| mark.value.parse::<usize>().ok()) {
        Some(0) => found = found.into_iter().rev().take(1).collect(),
        Some(place) => found = found.into_iter().skip(place - 1).take(1).collect(),
        None if !several && found.iter().any(of_last) => found.retain(of_last),
        None => {}
    }
    found.iter().map(|job| job.id.clone()).collect()
}
