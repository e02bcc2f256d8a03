//! What a person plainly asked for and does not have at the end of a turn: told by the state of the jobs, and not by
//! the words of an answer, whatever its language.

use super::{claims, turn::Turn};
use crate::domain::job::{Job, JobState};

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmet {
    /// No task was begun at all.
    Unbegun,
    /// Some of several tasks were never begun.
    Part {
        /// Tasks that were begun.
        begun: usize,
        /// Tasks that were asked for.
        asked: usize,
    },
    /// Every task was begun, and one was only planned.
    Planned,
}

/// What is missing of the work that was asked for, where nothing stood in its way: no refusal, no failure, no
/// question back, and no plain word that it cannot be begun. `jobs` are those of the conversation.
pub fn unmet(turn: &Turn, jobs: &[Job], answer: &str) -> Option<Unmet> {
    let asked = turn.asked();
    if !asked.work || !turn.only_form_failed() || claims::asks(answer) {
        return None;
    }
    let mine = || jobs.iter().filter(|job| turn.jobs.contains(&job.id));
    // What was done before this turn need not be done again.
    let before = || jobs.iter().filter(|job| !turn.jobs.contains(&job.id) && is_done(job) && turn.wishes(job));
    let begun = different(mine().chain(before()));
    // "There is no such file" is an answer.
    if asked.named && begun < asked.tasks && claims::refuses(answer) {
        return None;
    }
    if asked.named && mine().next().is_none() && begun < asked.tasks {
        return Some(Unmet::Unbegun);
    }
    if asked.named && begun < asked.tasks {
        return Some(Unmet::Part { begun, asked: asked.tasks });
    }
    let settled = different(mine().filter(|job| job.state != JobState::Planned).chain(before()));
    (settled < asked.tasks.min(begun)).then_some(Unmet::Planned)
}

fn is_done(job: &&Job) -> bool {
    job.state == JobState::Done
}

/// How many different tasks these are: the same one twice, with other choices, is one.
fn different<'j>(jobs: impl Iterator<Item = &'j Job>) -> usize {
    let mut seen: Vec<(&str, &std::path::Path)> = Vec::new();
    for job in jobs {
        let one = (job.task_type.as_str(), job.source.path.as_path());
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen.len()
}
