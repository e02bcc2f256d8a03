//! What amends the last request: again, the same for another file, another value, a lower limit.

use super::{
    Scene,
    choices::choices,
    cues::{Cue, Cue::*},
    files::{fits, group},
    sentence::Sentence,
    work::{Found, finish},
};
use domain::{
    request::{DATASET, Work},
    task::{Parameters, TaskType},
};

/// What may stand beside "again" or "the same" where nothing else is asked for.
const BESIDE: &[Cue] = &[Again, Same, It, And, Yes, No, Filler, Polite, Files, Here, Free];
/// A limit alone, or "what would it cost?", amends in a sentence of at most so many words.
const SHORT: usize = 12;

/// The datasets of the last request.
pub(super) fn last_datasets(scene: &Scene) -> impl Iterator<Item = String> {
    scene.last.into_iter().flat_map(|last| &last.work).map(|work| work.dataset().display().to_string())
}

/// The datasets that were worked on in this conversation, each once.
pub(super) fn datasets(scene: &Scene) -> Vec<String> {
    let jobs = scene.jobs.iter().map(|job| job.verdict.dataset.path.display().to_string());
    let mut seen = std::collections::HashSet::new();
    last_datasets(scene).chain(jobs).filter(|path| seen.insert(path.clone())).collect()
}

/// A sentence that names no task, or that of the last request as an `order`.
pub(super) fn read(s: &Sentence, scene: &Scene, order: bool) -> Found {
    let last = scene.last?;
    let task_of = |work: &Work| -> Option<&TaskType> { scene.tasks.iter().find(|task| task.name == work.task) };
    let suits = |path: &str| last.work.iter().filter_map(task_of).any(|task| fits(task, path));
    let fit = |path: &str| suits(path) && !s.excluded.iter().any(|left_out| left_out == path);
    let named: Vec<String> = s.files.iter().map(|file| file.path.clone()).collect();
    // "Is b.fasta large?" is about a file, and no wish for more of the same.
    let goes_on = s.has_any(&[And, Same, Again, Fit]) || s.length() <= 3;
    let grouped = if named.is_empty() { group(s, scene, &fit, &datasets(scene)) } else { None };
    let files = match grouped {
        Some(found) if found.is_empty() => {
            return Some(Err("Which files? I see none here that are meant by that.".to_owned()));
        }
        Some(found) => found,
        None if !(named.is_empty() || goes_on && named.iter().any(|path| fit(path))) => return None,
        None => named,
    };
    let chosen =
        last.work.iter().map(|work| task_of(work).map_or(Ok(Parameters::new()), |task| choices(s, task, scene)));
    let chosen: Vec<Parameters> = match chosen.collect() {
        Ok(chosen) => chosen,
        Err(question) => return Some(Err(question)),
    };
    let repeats = s.has_any(&[Again, Same]) && (order || s.begins(BESIDE).is_none());
    let narrows = s.length() <= SHORT && (s.said.limits || (s.said.look && s.has(It)));
    if files.is_empty() && chosen.iter().all(Parameters::is_empty) && !repeats && !narrows {
        return None;
    }
    let mut work: Vec<Work> = Vec::new();
    for (before, chosen) in last.work.iter().zip(chosen) {
        let mut after = before.clone();
        after.parameters.extend(chosen);
        after.inputs.iter_mut().for_each(|input| input.path = None);
        after.anew = s.has(Again) && files.is_empty() && after.parameters == before.parameters;
        match files.is_empty() {
            true => work.push(after),
            false => work.extend(files.iter().map(|path| on(&after, path))),
        }
    }
    Some(finish(s, scene, work, Vec::new(), Some(order || s.has(Yes))))
}

/// "Fold it again", "fold b.fasta too": the task of the last request is named, and its choices are meant.
pub(super) fn same_task(s: &Sentence, scene: &Scene) -> Found {
    let same = |work: &Work| s.mentions.iter().all(|mention| mention.task.name == work.task);
    let again = (s.has(Again) && s.files.is_empty()) || s.has(Same);
    if again && scene.last?.work.iter().all(same) { read(s, scene, true) } else { None }
}

/// The same work on another dataset.
fn on(work: &Work, path: &str) -> Work {
    let mut fresh = Work::new(&work.task, path, work.parameters.clone());
    fresh.inputs.extend(work.inputs.iter().filter(|input| input.name != DATASET).cloned());
    fresh
}
