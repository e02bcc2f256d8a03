//! What amends the last request: again, the same for another file, another value, a lower limit.

use super::{
    Scene,
    choices::choices,
    cues::Cue,
    files::{fits, group},
    work::{Found, Wanted, finish, on},
};
use crate::domain::{
    request::Work,
    task::{Parameters, TaskType},
};

/// What may stand beside "again" or "the same" where nothing else is asked for.
const BESIDE: &[Cue] = &[
    Cue::Again,
    Cue::Same,
    Cue::It,
    Cue::And,
    Cue::Yes,
    Cue::No,
    Cue::Filler,
    Cue::Polite,
    Cue::Files,
    Cue::Here,
    Cue::Free,
];
/// A limit alone amends in a sentence of at most so many words.
const SHORT: usize = 12;

/// The datasets of the last request.
pub(super) fn last_datasets(scene: &Scene) -> impl Iterator<Item = String> {
    scene.last.into_iter().flat_map(|last| &last.work).map(|work| work.dataset().display().to_string())
}

/// The datasets that were worked on in this conversation, each once.
pub(super) fn datasets(scene: &Scene) -> Vec<String> {
    let jobs = scene.jobs.iter().map(|job| job.verdict.dataset.path.display().to_string());
    let mut out: Vec<String> = Vec::new();
    last_datasets(scene).chain(jobs).for_each(|path| {
        if !out.contains(&path) {
            out.push(path)
        }
    });
    out
}

fn task_of<'a>(scene: &Scene<'a>, work: &Work) -> Option<&'a TaskType> {
    scene.tasks.iter().find(|task| task.name == work.task)
}

/// A sentence that names no task.
pub(super) fn read(wanted: &mut Wanted, scene: &Scene) -> Found {
    let last = scene.last?;
    let s = wanted.s;
    let named = !wanted.files.is_empty();
    let fit = |path: &str| {
        let suits = last.work.iter().filter_map(|work| task_of(scene, work)).any(|task| fits(task, path));
        suits && !wanted.excluded.iter().any(|left_out| left_out == path)
    };
    let grouped = if named { None } else { group(s, scene, &fit, &datasets(scene)) };
    // "Is b.fasta large?" is about a file, and no wish for more of the same.
    let goes_on = s.has_any(&[Cue::And, Cue::Same, Cue::Again]) || s.length() <= 3;
    let files: Vec<String> = match &grouped {
        Some(found) if found.is_empty() => {
            return Some(Err("Which files? I see none here that are meant by that.".to_owned()));
        }
        Some(found) => found.clone(),
        None if named && !goes_on => return None,
        None => wanted.files.iter().map(|file| file.path.clone()).collect(),
    };
    let chosen = |work: &Work| task_of(scene, work).map_or(Ok(Parameters::new()), |task| choices(s, task, scene));
    let chosen: Vec<Parameters> = match last.work.iter().map(chosen).collect() {
        Ok(chosen) => chosen,
        Err(question) => return Some(Err(question)),
    };
    let repeats = s.has_any(&[Cue::Again, Cue::Same]) && s.begins(BESIDE).is_none();
    let limits = wanted.said.limits && s.length() <= SHORT;
    if files.is_empty() && chosen.iter().all(Parameters::is_empty) && !repeats && !limits {
        return None;
    }
    let mut work: Vec<Work> = Vec::new();
    for (before, chosen) in last.work.iter().zip(chosen) {
        let mut after = before.clone();
        after.parameters.extend(chosen);
        after.inputs.iter_mut().for_each(|input| input.path = None);
        after.anew = s.has(Cue::Again) && files.is_empty() && after.parameters == before.parameters;
        let pieces = if files.is_empty() { vec![after] } else { files.iter().map(|path| on(&after, path)).collect() };
        // Several files of one task become one piece for each new file.
        pieces.into_iter().for_each(|piece| {
            if !work.contains(&piece) {
                work.push(piece)
            }
        });
    }
    let whole = std::mem::take(&mut wanted.notes);
    let wanted = Wanted {
        mentions: Vec::new(),
        files: wanted.files.clone(),
        excluded: Vec::new(),
        notes: whole,
        of_last: true,
        ..*wanted
    };
    Some(finish(wanted, scene, work, s.has(Cue::Yes)))
}

/// "Fold it again", "fold b.fasta too": the task of the last request is named, and its choices are meant.
pub(super) fn same_task(wanted: &mut Wanted, scene: &Scene) -> Found {
    let same = |work: &Work| wanted.mentions.iter().all(|mention| mention.task.name == work.task);
    let s = wanted.s;
    let again = (s.has(Cue::Again) && wanted.files.is_empty()) || s.has(Cue::Same);
    if !again || !scene.last?.work.iter().all(same) {
        return None;
    }
    read(wanted, scene)
}
