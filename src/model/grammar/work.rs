//! From a sentence that names work to a proposal.

use std::collections::HashSet;

use super::{
    Proposal, Scene, amend,
    answer::titles,
    choices::{choices, file_parameters, setting},
    core,
    cues::{Cue, Cue::*},
    files::{self, candidates, fits, group},
    sentence::Sentence,
    tokens::Kind,
};
use domain::{
    request::{Bounds, Input, Locality, MOST_WORK, Spend, Until, Work},
    task::{Parameters, TaskType},
    units,
};

/// A file above this is offloaded unless the owner says otherwise, bytes.
const LARGE: u64 = 100_000_000;

/// A proposal, or the question that has to be answered first. Nothing where a sentence names no work.
pub(super) type Found = Option<Result<Proposal, String>>;

/// Reads a sentence that is settled.
pub(super) fn read(s: &Sentence, scene: &Scene) -> Found {
    if s.mentions.is_empty() {
        return about(s, scene).or_else(|| amend::read(s, scene, false)).or_else(|| what_to_do(s, scene));
    }
    if let Some((one, other)) = s.rivals() {
        return Some(Err(format!("{} or {}: which of them?", one.title, other.title)));
    }
    amend::same_task(s, scene).or_else(|| Some(fresh(s, scene)))
}

/// Each task on its files.
fn fresh(s: &Sentence, scene: &Scene) -> Result<Proposal, String> {
    let (mut work, mut notes, mut of_last) = (Vec::new(), Vec::new(), false);
    for (i, one) in s.mentions.iter().enumerate() {
        let several = s.mentions.len() > 1;
        // A task takes the files that stand behind it, the first one also those before it; else all that suit it.
        let (from, to) = (if i == 0 { 0 } else { one.at }, s.mentions.get(i + 1).map_or(usize::MAX, |next| next.at));
        let suiting = s.files.iter().filter(|file| !several || fits(one.task, &file.path));
        let (own, others): (Vec<_>, Vec<_>) = suiting.partition(|file| from <= file.at && file.at < to);
        let chosen = if own.is_empty() { others } else { own };
        let mut paths: Vec<String> = chosen.iter().map(|file| file.path.clone()).collect();
        if s.files.is_empty() {
            let (found, note, before) = unnamed(s, scene, one.task)?;
            notes.extend(note);
            of_last |= before;
            paths = found;
        } else if paths.is_empty() {
            notes.push(format!("no file that suits {}", one.task.title));
            continue;
        } else if s.has(Rest) {
            let others = candidates(scene, &|path| fits(one.task, path) && !paths.iter().any(|named| named == path));
            paths.extend(others);
        }
        work.extend(pieces(s, scene, one.task, paths)?);
    }
    if let (true, Some(one)) = (work.is_empty(), s.mentions.first()) {
        work = pieces(s, scene, one.task, s.files.iter().map(|file| file.path.clone()).collect())?;
    }
    finish(s, scene, work, notes, of_last.then_some(true))
}

/// The files of a task where the sentence names none, what is to be said of them, and whether they are those of the last request.
fn unnamed(s: &Sentence, scene: &Scene, task: &TaskType) -> Result<(Vec<String>, Option<String>, bool), String> {
    let fit = |path: &str| fits(task, path) && !s.excluded.iter().any(|left_out| left_out == path);
    let fitting = candidates(scene, &fit);
    let which = || {
        let some = fitting.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
        let none = "none here that suits it; name one, such as: data.fasta".to_owned();
        Err(format!("{}: on which file? There is {}.", task.title, if some.is_empty() { none } else { some }))
    };
    if let Some(found) = group(s, scene, &fit, &amend::datasets(scene)) {
        return if found.is_empty() { which() } else { Ok((found, None, false)) };
    }
    let mut last: Vec<String> = amend::last_datasets(scene).filter(|path| fit(path)).collect();
    last.dedup();
    // "How many tokens did we use?" is no question about a file, and "this text: ..." holds its own data.
    let weak = s.mentions.iter().any(|one| one.weak) && !s.has(It) && s.length() > 5;
    let colon = s.tokens.iter().position(|token| token.text == ":").unwrap_or(s.tokens.len());
    let words = (colon..s.tokens.len()).filter(|at| *s.kind(*at) == Kind::Word).count();
    let other_data = weak || words > 2;
    let goes_on = s.has_any(&[It, And]) || s.asks();
    match fitting.as_slice() {
        _ if other_data => which(),
        _ if goes_on && !last.is_empty() => Ok((last, None, true)),
        [only] if !is_far_smaller(s, scene, only) => {
            Ok((vec![only.clone()], Some(format!("took {only}, the only file here that suits")), false))
        }
        _ => which(),
    }
}

/// Whether a size is spoken of that is far above this file's: "this 5 GB FASTA" is another one.
fn is_far_smaller(s: &Sentence, scene: &Scene, path: &str) -> bool {
    let bytes = scene.files.iter().find(|file| file.path == path).map_or(0, |file| file.bytes);
    let size = |at: usize| match s.kind(at) {
        Kind::Number(unit) if unit.is_empty() => units::bytes_of(&format!("{} {}", s.word(at), s.word(at + 1))),
        Kind::Number(unit) => units::bytes_of(&format!("{} {unit}", s.word(at))),
        _ => None,
    };
    (0..s.tokens.len()).filter_map(size).max().is_some_and(|said| said > 1_000 && bytes < said / 2)
}

/// The work of a task on each of its files, with what was chosen.
fn pieces(s: &Sentence, scene: &Scene, task: &TaskType, mut paths: Vec<String>) -> Result<Vec<Work>, String> {
    let chosen = choices(s, task, scene)?;
    let mut second = Vec::new();
    for (name, spec, required) in file_parameters(task) {
        match setting(s, name).map(|(path, _)| path.to_owned()).or_else(|| second_file(s, task, &paths)) {
            Some(path) => {
                if let Some(at) = paths.iter().rposition(|other| *other == path) {
                    paths.remove(at);
                }
                second.push(Input::named(name.clone(), path));
            }
            None if required => {
                return Err(format!("{} needs a second file ({}). Which one?", task.title, spec.description));
            }
            None => {}
        }
    }
    let piece = |path: String| {
        let mut work = Work::new(&task.name, path, chosen.clone());
        work.inputs.extend(second.iter().cloned());
        Work { anew: s.has(Again), ..work }
    };
    Ok(paths.into_iter().map(piece).collect())
}

/// Which of several files is the one beside the dataset: what no dataset of the task is, what is searched in, or the last.
fn second_file(s: &Sentence, task: &TaskType, paths: &[String]) -> Option<String> {
    let behind = |path: &str, cue: Cue| {
        let at = s.files.iter().find(|file| file.path == path).map_or(0, |file| file.at);
        (at.saturating_sub(2)..at).any(|before| s.is(before, cue))
    };
    let odd = || paths.iter().find(|path| files::kind(path).is_none() || !fits(task, path));
    let searched = || paths.iter().rev().find(|path| behind(path, Against));
    // "Search x with y": x is what is searched in.
    let means =
        || paths.iter().find(|path| !behind(path, With)).filter(|_| paths.iter().any(|path| behind(path, With)));
    (paths.len() > 1).then(|| odd().or_else(searched).or_else(means).or(paths.last()).cloned())?
}

/// "Tell me about x": the first task that is light, needs nothing more, and takes such a file.
fn about(s: &Sentence, scene: &Scene) -> Found {
    let light = |path: &str| {
        let kind = files::kind(path)?;
        let mut light = scene.tasks.iter().filter(|task| !task.model_heavy && file_parameters(task).next().is_none());
        Some(Work::new(&light.find(|task| task.formats.contains(&kind))?.name, path, Parameters::new()))
    };
    let work: Vec<Work> = s.files.iter().filter_map(|file| light(&file.path)).collect();
    (s.has(About) && !work.is_empty()).then(|| finish(s, scene, work, Vec::new(), None))
}

/// A file and no wish.
fn what_to_do(s: &Sentence, scene: &Scene) -> Found {
    let path = &s.files.first()?.path;
    let fitting = scene.tasks.iter().filter(|task| fits(task, path));
    Some(Err(format!("What is to be done with {path}? There is {}.", titles(fitting))))
}

/// Bounds and notes of work. Where it stands on the last request, that one's limits stay in force, and it goes no further than that
/// one did unless it is an order of its own (`of_last` is `Some(true)`).
pub(super) fn finish(
    s: &Sentence,
    scene: &Scene,
    mut work: Vec<Work>,
    notes: Vec<String>,
    of_last: Option<bool>,
) -> Result<Proposal, String> {
    let mut seen = HashSet::new();
    work.retain(|work| seen.insert(format!("{work:?}")));
    if work.len() > MOST_WORK {
        return Err(format!("That is {} pieces of work, and a request holds {MOST_WORK}. Which of them?", work.len()));
    }
    let heavy = |work: &Work| scene.tasks.iter().any(|task| task.name == work.task && task.model_heavy);
    let large = |work: &Work| scene.files.iter().any(|file| file.bytes > LARGE && work.dataset() == file.path.as_str());
    let costly = work.iter().any(|work| heavy(work) || large(work));
    let guesses = s.mentions.iter().map(|one| &one.guess).chain(s.files.iter().map(|file| &file.guess)).flatten();
    let mut understood: Vec<String> = guesses.cloned().collect();
    let only_plan = s.said.look || s.banned;
    let held_back = !understood.is_empty() || s.said.doubt;
    // What holds an order back is told by itself; else the words that may.
    let unread = if only_plan || held_back { Vec::new() } else { core::unread(s, scene) };
    let until = |doubt: bool| match doubt && costly {
        _ if only_plan => Until::Plan,
        true => Until::Plan,
        _ if s.said.quote => Until::Quote,
        _ => Until::Done,
    };
    understood.extend(notes.into_iter().chain(s.excluded.iter().map(|path| format!("without {path}"))));
    let said = Bounds { place: s.said.place, spend: s.said.spend, until: until(held_back) };
    // Where nothing can be paid or sent, what is in doubt is free.
    let may_cost = said.place != Locality::Here && said.spend != Spend::Nothing;
    let mut bounds = Bounds { until: until(held_back || (may_cost && !unread.is_empty())), ..said };
    if let (Some(last), Some(order)) = (scene.last, of_last) {
        let until = if order { Until::Done } else { last.bounds.until };
        let both = bounds.narrowed(Bounds { until, ..last.bounds });
        let limit = both.spend.limit().filter(|_| both.spend != bounds.spend);
        understood.extend(limit.map(|limit| format!("at most {limit}, as before")));
        understood.extend((both.place != bounds.place).then(|| "on this machine only, as before".to_owned()));
        bounds = both;
    }
    let figures = s.all(Figure).map(|mark| mark.value).filter(|_| s.asks()).collect();
    let doubt = held_back || !unread.is_empty();
    Ok(Proposal { work, bounds, said, understood, doubt, unread, figures })
}
