//! From a sentence that names work to a proposal.

use super::{
    Proposal, Scene, amend,
    bounds::Said,
    choices::{choices, file_parameters, setting},
    cues::Cue,
    files::{self, File, candidates, fits, group},
    sentence::Sentence,
    tasks::Mention,
    tokens::Kind,
};
use crate::domain::{
    request::{Bounds, DATASET, Input, MOST_WORK, Until, Work},
    task::{Parameters, TaskType},
    units,
};

/// A file above this is offloaded unless the owner says otherwise, bytes.
const LARGE: u64 = 100_000_000;

/// A proposal, or the question that has to be answered first. Nothing where a sentence names no work.
pub(super) type Found = Option<Result<Proposal, String>>;

/// What a sentence wants, once what is negated or left out is gone.
pub(super) struct Wanted<'a, 's> {
    pub s: &'s Sentence<'a>,
    pub mentions: Vec<&'s Mention<'a>>,
    pub files: Vec<&'s File>,
    pub excluded: Vec<String>,
    pub said: Said,
    /// Whether all that is named is negated.
    pub banned: bool,
    /// What was taken for what, and what was left out.
    pub notes: Vec<String>,
    /// Whether something stands on the last request, whose limits stay in force then.
    pub of_last: bool,
}

/// Reads a sentence whose bounds are read.
pub(super) fn read(s: &Sentence, said: Said, scene: &Scene) -> Found {
    let mut wanted = wanted(s, said);
    if wanted.mentions.is_empty() {
        return about(&wanted, scene)
            .or_else(|| amend::read(&mut wanted, scene))
            .or_else(|| what_to_do(&wanted, scene));
    }
    if let Some(again) = amend::same_task(&mut wanted, scene) {
        return Some(again);
    }
    let mut work = Vec::new();
    for (task, paths) in match targets(&mut wanted, scene) {
        Ok(targets) => targets,
        Err(question) => return Some(Err(question)),
    } {
        match pieces(&wanted, scene, task, paths) {
            Ok(pieces) => work.extend(pieces),
            Err(question) => return Some(Err(question)),
        }
    }
    Some(finish(wanted, scene, work, true))
}

/// Leaves out what is negated, where something is not.
fn wanted<'a, 's>(s: &'s Sentence<'a>, said: Said) -> Wanted<'a, 's> {
    let excluded = files::excluded(s);
    let named: Vec<&File> = s.files.iter().filter(|file| !excluded.contains(&file.path)).collect();
    let alive: Vec<&File> = named.iter().copied().filter(|file| !s.negated(file.at)).collect();
    let files = if alive.is_empty() { named } else { alive };
    let (alive, dead): (Vec<&Mention>, Vec<&Mention>) = s.mentions.iter().partition(|mention| !s.negated(mention.at));
    let banned = alive.is_empty() && !dead.is_empty();
    let mut mentions = if banned { dead } else { alive };
    // A weak word that no file suits names nothing.
    mentions.retain(|one| !one.weak || files.is_empty() || files.iter().any(|file| fits(one.task, &file.path)));
    let guesses =
        mentions.iter().filter_map(|one| one.guess.clone()).chain(files.iter().filter_map(|file| file.guess.clone()));
    let notes = guesses.chain(excluded.iter().map(|path| format!("without {path}"))).collect();
    Wanted { s, mentions, files, excluded, said, banned, notes, of_last: false }
}

/// Which task is done on which files.
fn targets<'a>(wanted: &mut Wanted<'a, '_>, scene: &Scene) -> Result<Vec<(&'a TaskType, Vec<String>)>, String> {
    let mut tasks: Vec<&Mention> = Vec::new();
    for mention in &wanted.mentions {
        if !tasks.iter().any(|one| one.task.name == mention.task.name) {
            tasks.push(mention);
        }
    }
    let mut out = Vec::new();
    for (i, one) in tasks.iter().enumerate() {
        // A task takes the files that stand behind it, the first one also those before it; else all that suit it.
        let (from, to) = (if i == 0 { 0 } else { one.at }, tasks.get(i + 1).map_or(usize::MAX, |next| next.at));
        let suits = |file: &&&File| tasks.len() == 1 || fits(one.task, &file.path);
        let all: Vec<&File> = wanted.files.iter().filter(suits).copied().collect();
        let own = all.iter().filter(|file| from <= file.at && file.at < to);
        let own: Vec<String> = own.map(|file| file.path.clone()).collect();
        let all: Vec<String> = all.iter().map(|file| file.path.clone()).collect();
        let paths = match wanted.files.is_empty() {
            true => unnamed(wanted, scene, one.task)?,
            false if own.is_empty() => all,
            false => own,
        };
        match paths.is_empty() {
            true => wanted.notes.push(format!("no file that suits {}", one.task.title)),
            false => out.push((one.task, paths)),
        }
    }
    let named = || wanted.files.iter().map(|file| file.path.clone()).collect();
    Ok(if out.is_empty() { tasks.first().map(|one| (one.task, named())).into_iter().collect() } else { out })
}

/// The files of a task where the sentence names none.
fn unnamed(wanted: &mut Wanted, scene: &Scene, task: &TaskType) -> Result<Vec<String>, String> {
    let s = wanted.s;
    let fit = |path: &str| fits(task, path) && !wanted.excluded.iter().any(|left_out| left_out == path);
    let fitting = candidates(scene, &fit);
    let which = || {
        let some = fitting.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
        let none = "none here suits it; name one, such as: data.fasta".to_owned();
        Err(format!("{}: on which file? There is {}.", task.title, if some.is_empty() { none } else { some }))
    };
    if let Some(found) = group(s, scene, &fit, &amend::datasets(scene)) {
        return if found.is_empty() { which() } else { Ok(found) };
    }
    let mut last: Vec<String> = amend::last_datasets(scene).filter(|path| fit(path)).collect();
    last.dedup();
    let goes_on = s.has_any(&[Cue::It, Cue::And]) || s.asks() || (!task.model_heavy && fitting.len() != 1);
    match fitting.as_slice() {
        _ if goes_on && !last.is_empty() => {
            wanted.of_last = true;
            Ok(last)
        }
        [only] if !is_far_smaller(s, scene, only) => {
            wanted.notes.push(format!("took {only}, the only file here that suits"));
            Ok(vec![only.clone()])
        }
        _ => which(),
    }
}

/// Whether a size is spoken of that is far above this file's: "this 5 GB FASTA" is another one.
fn is_far_smaller(s: &Sentence, scene: &Scene, path: &str) -> bool {
    let bytes = scene.files.iter().find(|file| file.path == path).map_or(0, |file| file.bytes);
    let size = |at: usize| match s.tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Number(unit)) if unit.is_empty() => units::bytes_of(&format!("{} {}", s.word(at), s.word(at + 1))),
        Some(Kind::Number(unit)) => units::bytes_of(&format!("{} {unit}", s.word(at))),
        _ => None,
    };
    (0..s.tokens.len()).filter_map(size).max().is_some_and(|said| said > 1_000 && bytes < said / 2)
}

/// The work of a task on each of its files, with what was chosen.
fn pieces(wanted: &Wanted, scene: &Scene, task: &TaskType, mut paths: Vec<String>) -> Result<Vec<Work>, String> {
    let chosen = choices(wanted.s, task, scene)?;
    let mut second = Vec::new();
    for (name, spec, required) in file_parameters(task) {
        let given = setting(wanted.s, name).map(|(path, _)| path.to_owned());
        match given.or_else(|| second_file(wanted, task, &paths)) {
            Some(path) => {
                paths.retain(|other| *other != path);
                second.push(Input { name: name.clone(), named: path.into(), path: None });
            }
            None if required => {
                return Err(format!("{} needs `{name}`: {}. Which file?", task.title, spec.description));
            }
            None => {}
        }
    }
    let piece = |path: String| {
        let mut work = Work::new(&task.name, path, chosen.clone());
        work.inputs.extend(second.iter().cloned());
        Work { anew: wanted.s.has(Cue::Again), ..work }
    };
    Ok(paths.into_iter().map(piece).collect())
}

/// Which of several files is the one beside the dataset: what no dataset of the task is, what is searched in, or the last.
fn second_file(wanted: &Wanted, task: &TaskType, paths: &[String]) -> Option<String> {
    let behind = |path: &str, cue: Cue| {
        let at = wanted.files.iter().find(|file| file.path == path).map_or(0, |file| file.at);
        (at.saturating_sub(2)..at).any(|before| wanted.s.is(before, cue))
    };
    let odd = || paths.iter().find(|path| files::kind(path).is_none() || !fits(task, path));
    let searched = || paths.iter().rev().find(|path| behind(path, Cue::Against));
    let means =
        || paths.iter().find(|path| behind(path, Cue::With)).and_then(|query| paths.iter().find(|path| *path != query));
    (paths.len() > 1).then(|| odd().or_else(searched).or_else(means).or(paths.last()).cloned())?
}

/// "Tell me about x": the first task that is light, needs nothing more, and takes such a file.
fn about(wanted: &Wanted, scene: &Scene) -> Found {
    let suits = |task: &&TaskType, path: &str| {
        let takes = files::kind(path).is_some_and(|kind| task.formats.contains(&kind));
        takes && !task.model_heavy && file_parameters(task).next().is_none()
    };
    let light = |path: &str| {
        scene.tasks.iter().find(|task| suits(task, path)).map(|task| Work::new(&task.name, path, Parameters::new()))
    };
    let work: Vec<Work> = wanted.files.iter().filter_map(|file| light(&file.path)).collect();
    let wanted = Wanted {
        mentions: Vec::new(),
        files: wanted.files.clone(),
        excluded: Vec::new(),
        notes: wanted.notes.clone(),
        ..*wanted
    };
    (wanted.s.has(Cue::About) && !work.is_empty()).then(|| finish(wanted, scene, work, true))
}

/// A file and no wish.
fn what_to_do(wanted: &Wanted, scene: &Scene) -> Found {
    let path = &wanted.files.first()?.path;
    let titles: Vec<&str> =
        scene.tasks.iter().filter(|task| fits(task, path)).map(|task| task.title.as_str()).collect();
    Some(Err(format!("What is to be done with {path}? There is {}.", titles.join(", "))))
}

/// Bounds and notes of work. An `order` goes as far as it says itself; what only amends goes no further than the last request.
pub(super) fn finish(wanted: Wanted, scene: &Scene, work: Vec<Work>, order: bool) -> Result<Proposal, String> {
    if work.len() > MOST_WORK {
        return Err(format!(
            "That is {} pieces of work, and a request holds {MOST_WORK} at most. Which of them?",
            work.len()
        ));
    }
    let Wanted { said, banned, notes: mut understood, of_last, .. } = wanted;
    let heavy = |work: &Work| scene.tasks.iter().any(|task| task.name == work.task && task.model_heavy);
    let large = |work: &Work| scene.files.iter().any(|file| file.bytes > LARGE && work.dataset() == file.path.as_str());
    let costly = work.iter().any(|work| heavy(work) || large(work));
    let guessed =
        wanted.files.iter().any(|file| file.guess.is_some()) || wanted.mentions.iter().any(|one| one.guess.is_some());
    let until = match () {
        () if said.look || banned || (costly && (said.doubt || guessed)) => Until::Plan,
        () if said.quote => Until::Quote,
        () => Until::Done,
    };
    let mut bounds = Bounds { place: said.place, spend: said.spend, until };
    if let Some(last) = scene.last.filter(|_| of_last) {
        let until = if order { Until::Done } else { last.bounds.until };
        let both = bounds.narrowed(Bounds { until, ..last.bounds });
        let limit = both.spend.limit().filter(|_| both.spend != bounds.spend);
        understood.extend(limit.map(|limit| format!("at most {limit}, as before")));
        understood.extend((both.place != bounds.place).then(|| "on this machine only, as before".to_owned()));
        bounds = both;
    }
    Ok(Proposal { work, bounds, understood })
}

/// The same work on another dataset.
pub(super) fn on(work: &Work, path: &str) -> Work {
    let mut fresh = Work::new(&work.task, path, work.parameters.clone());
    fresh.inputs.extend(work.inputs.iter().filter(|input| input.name != DATASET).cloned());
    fresh
}
