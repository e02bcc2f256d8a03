//! What was said and done so far, as the next words may stand on it: "again", "the same for b.fasta", "yes", "the first
//! one".
//!
//! The conversation is read from its beginning, each turn with what stood before it, so that a follow-up of a follow-up
//! stands on the last work, whatever its words were.

use serde_json::Value;

use super::{
    Outcome, curious,
    plain::{Level, Reading},
    wish::{self, Wanted, Wish},
};
use crate::{
    domain::task::{ParameterKind, Parameters, TaskType},
    model::{about::Question, context::Context},
    tools::Tool,
};

/// A turn that is over.
pub(super) struct Turn {
    /// What the person said.
    pub(super) prompt: String,
    /// What came of the calls, oldest first.
    pub(super) results: Vec<Outcome>,
    /// What was answered.
    pub(super) said: String,
}

/// The last wish for work.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Last {
    /// The tasks and what was chosen for them.
    pub(super) chosen: Vec<(String, Parameters)>,
    /// Task by task and file by file; empty where the file was still to be said.
    pub(super) work: Vec<Wanted>,
    /// The files it was about.
    pub(super) files: Vec<String>,
    /// How plainly it was asked for, and within which limits.
    pub(super) reading: Reading,
    /// Whether a file was not what a task can work on, or not there.
    pub(super) failed: bool,
}

/// What a yes is said to.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Asked {
    /// Nothing was asked.
    #[default]
    Nothing,
    /// Whether a job that was looked at is to go on.
    Jobs,
    /// Whether this is what was meant.
    Meant(Vec<Wanted>, Reading),
}

/// What stands when the person speaks.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Thread {
    /// The last wish for work.
    pub(super) last: Option<Last>,
    /// What was looked at or done, oldest first.
    pub(super) seen: Vec<Wanted>,
    /// What of it was begun.
    pub(super) begun: Vec<Wanted>,
    /// The jobs of the conversation with their tasks and files, oldest first.
    pub(super) jobs: Vec<(String, Wanted)>,
    /// The jobs that the last turn with jobs was about.
    pub(super) talked: Vec<String>,
    /// Files of which the person said that nothing is to be done with them.
    pub(super) barred: Vec<String>,
    /// What a yes is said to.
    pub(super) asked: Asked,
}

impl Thread {
    /// Reads the turns that are over.
    pub(super) fn of(turns: &[Turn], context: &Context, tasks: &[TaskType]) -> Thread {
        let mut thread = Thread::default();
        for turn in turns {
            let wish = wish::read(&turn.prompt, &thread, context, tasks);
            thread.after(turn, wish);
        }
        thread
    }

    fn after(&mut self, turn: &Turn, wish: Wish) {
        let checks: Vec<(&Outcome, Wanted)> = turn.results.iter().filter_map(|r| Some((r, checked(r)?))).collect();
        let of_job = |job: &str| turn.results.iter().filter(|r| r.text("job") == Some(job)).count();
        for (result, wanted) in checks.iter().filter(|(result, _)| result.is_ok()) {
            self.seen.push(wanted.clone());
            if let Some(job) = result.text("job") {
                let failed = turn.results.iter().any(|r| r.text("job") == Some(job) && !r.is_ok());
                if of_job(job) > 1 && !failed {
                    self.begun.push(wanted.clone());
                }
                if !self.jobs.iter().any(|(known, _)| known == job) {
                    self.jobs.push((job.to_owned(), wanted.clone()));
                }
            }
        }
        self.talk(turn);
        let open = !self.talked.is_empty()
            && !self.jobs.iter().any(|(id, w)| self.talked.contains(id) && self.begun.contains(w));
        // What it would cost does not take back the offer.
        let keeps = self.asked == Asked::Jobs && open && matches!(wish, Wish::About(Question::Cost, _));
        self.asked = if keeps { Asked::Jobs } else { Asked::Nothing };
        if !curious::imagines(&turn.prompt)
            && !turn.results.is_empty()
            && (turn.said.contains('?') || turn.said.contains("\"go ahead"))
        {
            self.asked = Asked::Jobs;
        }
        self.follow(wish, &checks, turn.results.len() > 1);
    }

    /// The jobs that the turn was about, and those of them that went on.
    fn talk(&mut self, turn: &Turn) {
        let mut jobs: Vec<String> = Vec::new();
        for result in &turn.results {
            let Some(job) = result.text("job").filter(|job| !jobs.iter().any(|known| known == job)) else { continue };
            jobs.push(job.to_owned());
            let earlier = self.jobs.iter().find(|(known, _)| known == job).map(|(_, wanted)| wanted.clone());
            if let Some(wanted) = earlier.filter(|w| checked(result).is_none() && !self.begun.contains(w)) {
                self.begun.push(wanted);
            }
        }
        if !jobs.is_empty() {
            self.talked = jobs;
        }
    }

    fn follow(&mut self, wish: Wish, checks: &[(&Outcome, Wanted)], went_on: bool) {
        let made: Vec<Wanted> = checks.iter().map(|(_, wanted)| wanted.clone()).collect();
        let failed = checks.iter().any(|(result, _)| !result.is_ok());
        match wish {
            Wish::Work(wanted, reading) => {
                let files = files_of(&wanted);
                match &reading.level {
                    Level::Not(_) => self.barred.extend(files),
                    Level::Unclear(strange) if curious::tells(strange) => {}
                    Level::Unclear(_) => {
                        self.asked = Asked::Meant(wanted.clone(), Reading { level: Level::Plain, ..reading.clone() });
                    }
                    Level::Plain | Level::Free | Level::Look(_) => self.barred.retain(|f| !files.contains(f)),
                }
                // What was called is what was done, whoever read the words.
                let other = made.iter().any(|m| !wanted.iter().any(|w| w.task == m.task && w.dataset == m.dataset));
                self.last = Some(Last::of(if other { made } else { wanted }, reading, failed));
            }
            Wish::TooSmall { wanted, reading, .. } => {
                self.asked = Asked::Meant(wanted.clone(), reading.clone());
                let last = Last::of(wanted, reading, false);
                self.last = Some(Last { work: Vec::new(), files: Vec::new(), ..last });
            }
            Wish::WhichFile { chosen, reading, .. } => {
                self.last = Some(Last { chosen, reading, ..Last::default() });
            }
            Wish::TwoValues { chosen, files, reading, .. } => {
                self.last = Some(Last { chosen, files, reading, ..Last::default() });
            }
            Wish::GoOn { limit, .. } => {
                if let Some(last) = &mut self.last {
                    last.reading.limit = limit.or(last.reading.limit);
                    if went_on {
                        // It went on at a plain word, and so may what follows it.
                        last.reading.level = Level::Plain;
                        last.reading.here = None;
                    }
                }
            }
            _ if !made.is_empty() => self.last = Some(Last::of(made, Reading::default(), failed)),
            _ => {}
        }
    }

    /// The files that a task was called for.
    pub(super) fn used_by(&self, task: &str) -> Vec<String> {
        let of_task = self.seen.iter().filter(|wanted| wanted.task == task);
        of_task.map(|wanted| wanted.dataset.clone()).collect()
    }

    /// Whether all of this was begun already, with the same choices.
    pub(super) fn has_begun(&self, wanted: &[Wanted], tasks: &[TaskType]) -> bool {
        let chosen = |w: &Wanted| match tasks.iter().find(|task| task.name == w.task) {
            Some(task) => full(task, &w.parameters),
            None => w.parameters.clone(),
        };
        let same = |w: &Wanted, b: &Wanted| w.task == b.task && w.dataset == b.dataset && chosen(w) == chosen(b);
        wanted.iter().all(|w| self.begun.iter().any(|b| same(w, b)))
    }

    /// What was chosen when a task was last asked for.
    pub(super) fn chosen(&self, task: &str) -> Parameters {
        let last = self.last.iter().flat_map(|last| &last.chosen);
        let seen = self.seen.iter().rev().map(|wanted| (&wanted.task, &wanted.parameters));
        last.map(|(name, parameters)| (name, parameters))
            .chain(seen)
            .find(|(name, _)| *name == task)
            .map(|(_, parameters)| parameters.clone())
            .unwrap_or_default()
    }
}

impl Last {
    fn of(work: Vec<Wanted>, reading: Reading, failed: bool) -> Last {
        let mut chosen: Vec<(String, Parameters)> = Vec::new();
        for wanted in &work {
            let one = (wanted.task.clone(), wanted.parameters.clone());
            if !chosen.contains(&one) {
                chosen.push(one);
            }
        }
        Last { chosen, files: files_of(&work), work, reading, failed }
    }
}

/// The choices with the defaults of those that were left open.
fn full(task: &TaskType, chosen: &Parameters) -> Parameters {
    let mut out = chosen.clone();
    for (name, spec) in &task.parameters {
        let default = match &spec.kind {
            ParameterKind::Integer { default, .. } => Some(Value::from(*default)),
            ParameterKind::Choice { default, .. } => Some(Value::from(default.as_str())),
            ParameterKind::File { .. } => None,
        };
        if let Some(default) = default.filter(|_| !out.contains_key(name)) {
            out.insert(name.clone(), default);
        }
    }
    out
}

fn files_of(work: &[Wanted]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for wanted in work {
        if !out.contains(&wanted.dataset) {
            out.push(wanted.dataset.clone());
        }
    }
    out
}

/// The work that a check was called for.
fn checked(result: &Outcome) -> Option<Wanted> {
    if result.name != Tool::CheckLocalCapability.name() {
        return None;
    }
    let named = |field: &str| result.arguments.get(field).and_then(Value::as_str).map(str::to_owned);
    let parameters = result.arguments.get("parameters").and_then(Value::as_object).cloned().unwrap_or_default();
    let claimed_bytes = result.arguments.get("claimed_bytes").and_then(Value::as_u64);
    Some(Wanted { task: named("task_type")?, dataset: named("dataset")?, parameters, claimed_bytes })
}
