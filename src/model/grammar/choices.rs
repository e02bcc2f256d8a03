//! What a sentence chooses for a task's parameters, as it was said: the guard knows what is allowed, and says so.

use std::ops::Range;

use serde_json::Value;

use super::{Scene, cues::Cue, sentence::Sentence, tokens::Kind};
use domain::task::{ParameterKind, ParameterSpec, Parameters, TaskType};

/// What may stand between a parameter's name and its value.
const BETWEEN: &[&str] = &["of", "is", "to", "value", "number", "=", ":", "be", "at", "cutoff", "threshold", "up"];

/// Values, and the pieces that say them.
type Found = Vec<(Value, Range<usize>)>;

/// The values that were said for a task.
///
/// # Errors
/// A question, where two values were said for one parameter.
pub(super) fn choices(s: &Sentence, task: &TaskType, scene: &Scene) -> Result<Parameters, String> {
    let mut out = Parameters::new();
    for (name, spec) in &task.parameters {
        let mut found = said(s, task, scene, name, spec);
        found.sort_by_key(|(_, at)| at.start);
        // What the last line says answers the question about those before it.
        let answer = found.iter().position(|(_, at)| at.start >= s.last_line()).unwrap_or(0);
        found.drain(..answer);
        found.dedup_by(|one, two| one.0 == two.0);
        match found.as_slice() {
            [] => {}
            [(value, _)] => drop(out.insert(name.clone(), value.clone())),
            [(one, _), (two, _), ..] => return Err(format!("Which {}: {one} or {two}?", name.replace('_', " "))),
        }
    }
    Ok(out)
}

/// What was said for one parameter.
fn said(s: &Sentence, task: &TaskType, scene: &Scene, name: &str, spec: &ParameterSpec) -> Found {
    let other = s.all(Cue::Other).find(|mark| s.word(mark.end) == name);
    match (&spec.kind, other) {
        (ParameterKind::Integer { min, default, .. }, Some(other)) if integer(s, name).is_empty() => {
            vec![(Value::from(unused(scene, task, name, default.unwrap_or(*min))), other.at..other.end + 1)]
        }
        (ParameterKind::Integer { .. }, _) => integer(s, name),
        (ParameterKind::Choice { values, .. }, _) => choice(s, task, name, values),
        (ParameterKind::Number { .. }, _) => numbers(s, name),
        (ParameterKind::Flag, _) => flag(s, name),
        // Any word could be one: it is said by an equals sign.
        (ParameterKind::Text { .. }, _) => {
            setting(s, name).map(|(text, at)| (Value::from(text), at..at + 1)).into_iter().collect()
        }
        (ParameterKind::File { .. }, _) => Found::new(),
    }
}

/// The pieces that say what was chosen for a task.
pub(super) fn spans(s: &Sentence, task: &TaskType, scene: &Scene) -> Vec<Range<usize>> {
    let all = task.parameters.iter().flat_map(|(name, spec)| said(s, task, scene, name, spec));
    let files = file_parameters(task).filter_map(|(name, ..)| setting(s, name)).map(|(_, at)| at..at + 1);
    all.map(|(_, at)| at).chain(files).collect()
}

/// Where the choices of a task are named, whether a value stands there or not. What is no file only.
pub(super) fn names(s: &Sentence, task: &TaskType) -> Vec<Range<usize>> {
    let chosen = task.parameters.iter().filter(|(_, spec)| !matches!(spec.kind, ParameterKind::File { .. }));
    let of = |name: &String| (0..s.tokens.len()).filter_map(|at| named(s, name, at)).collect::<Vec<_>>();
    chosen.flat_map(|(name, _)| of(name)).collect()
}

/// The pieces of a parameter's name, where it stands here.
fn named(s: &Sentence, name: &str, at: usize) -> Option<Range<usize>> {
    let parts = at..at + name.split('_').count();
    let words: String = parts.clone().map(|at| plain(s.word(at))).collect();
    (*s.kind(at) == Kind::Word && words == plain(name)).then_some(parts)
}

/// The file parameters of a task, and whether it needs them.
pub(super) fn file_parameters(task: &TaskType) -> impl Iterator<Item = (&String, &ParameterSpec, bool)> {
    task.parameters.iter().filter_map(|(name, spec)| match spec.kind {
        // Further files of the dataset are named as it is.
        ParameterKind::File { required, rest: false, .. } => Some((name, spec, required)),
        _ => None,
    })
}

/// What stands behind a parameter's name and an equals sign: `database=proteome.fasta`.
pub(super) fn setting<'s>(s: &'s Sentence, name: &str) -> Option<(&'s str, usize)> {
    let is = |kind: &Kind| matches!(kind, Kind::Setting(said) if plain(said) == plain(name));
    s.tokens.iter().enumerate().find(|(_, token)| is(&token.kind)).map(|(at, token)| (token.text.as_str(), at))
}

/// "A different seed": one more than any that this conversation has used.
fn unused(scene: &Scene, task: &TaskType, name: &str, default: i64) -> i64 {
    let jobs = scene.jobs.iter().map(|job| (&job.task_type, &job.parameters));
    let last = scene.last.into_iter().flat_map(|last| &last.work).map(|work| (&work.task, &work.parameters));
    let used = jobs.chain(last).filter(|(of, _)| **of == task.name).filter_map(|(_, all)| all.get(name)?.as_i64());
    used.chain([default]).max().unwrap_or(default).saturating_add(1)
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

/// The values behind a parameter's name: `seed 7`, `seed=7`, `max hits of 5`, `e-value 1e-5`; or a word that stands for one.
fn after_name(s: &Sentence, name: &str, word: impl Fn(usize) -> Option<Value>) -> Found {
    let mut out: Found = setting(s, name).into_iter().map(|(text, at)| (value(text), at..at + 1)).collect();
    for at in (0..s.tokens.len()).filter_map(|at| named(s, name, at)) {
        let behind = (at.end..at.end + 4).find(|at| !BETWEEN.contains(&s.word(*at)));
        let found = behind.and_then(|behind| Some((s.number(behind).map(value).or_else(|| word(behind))?, behind)));
        out.extend(found.map(|(value, behind)| (value, at.start..behind + 1)));
    }
    out
}

/// A decimal number behind the parameter's name.
fn numbers(s: &Sentence, name: &str) -> Found {
    let decimal = |said: Value| match said.as_str().and_then(|text| text.parse::<f64>().ok()) {
        Some(number) => Value::from(number),
        None => said,
    };
    after_name(s, name, |_| None).into_iter().map(|(said, at)| (decimal(said), at)).collect()
}

/// A flag that is named, alone or with `=true` or `=false`.
fn flag(s: &Sentence, name: &str) -> Found {
    if let Some((text, at)) = setting(s, name) {
        return vec![(text.parse::<bool>().map_or_else(|_| Value::from(text), Value::from), at..at + 1)];
    }
    (0..s.tokens.len()).find_map(|at| named(s, name, at)).map(|at| (Value::from(true), at)).into_iter().collect()
}

/// What is too large, or no whole number, stays the text that it is.
fn value(text: &str) -> Value {
    let grouped = text.split(',').skip(1).all(|group| group.len() == 3);
    let digits = if grouped { text.replace(',', "") } else { text.to_owned() };
    digits.trim_start_matches('+').parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}

/// A whole number: by its name, or before what it counts: `3D`, `five sentences`, `the first 5 proteins`.
fn integer(s: &Sentence, name: &str) -> Found {
    let mut out = after_name(s, name, |_| None);
    let words = s.all(Cue::Value).filter_map(|mark| Some((mark.value.split_once(' ')?, mark.at..mark.end)));
    out.extend(words.filter(|((of, _), _)| *of == name).map(|((_, number), at)| (value(number), at)));
    let unit = name.rsplit('_').next().unwrap_or(name);
    let one = unit.strip_suffix('s').unwrap_or(unit);
    let counts = |at: usize| {
        let noun = one != unit && (s.word(at) == unit || s.word(at) == one);
        noun || (one.len() > 5 && s.word(at).starts_with(one)) || s.means(at, one)
    };
    let part = name.starts_with("max_");
    for at in 0..s.tokens.len() {
        let Some(number) = s.number(at).filter(|_| !out.iter().any(|(_, by)| by.contains(&at))) else { continue };
        let own = match s.kind(at) {
            Kind::Number(own) if own == "d" => unit.starts_with("dim"),
            Kind::Number(own) => own.starts_with(unit),
            _ => false,
        };
        // "It has 5 sequences" tells of the file; "the first 5 sequences" chooses.
        let leads = [Cue::AtMost, Cue::Ordinal, Cue::Only, Cue::With];
        let lead = (at.saturating_sub(3)..at).find(|before| s.is_any(*before, &leads)).filter(|_| part);
        let chosen = !part || lead.is_some();
        let behind = (at + 1..at + 4)
            .take_while(|next| *next == at + 1 || s.is(next - 1, Cue::Filler) || s.is(*next, Cue::Filler));
        let counted = behind.into_iter().find(|next| chosen && counts(*next));
        if own || counted.is_some() {
            out.push((value(number), lead.unwrap_or(at)..counted.unwrap_or(at) + 1));
        }
    }
    let first = |mark: &super::cues::Mark| mark.value == "1" && counts(mark.end) && !s.word(mark.end).ends_with('s');
    out.extend(s.all(Cue::Ordinal).find(first).filter(|_| part).map(|mark| (Value::from(1), mark.at..mark.end + 1)));
    out
}

/// One of a few words or numbers: itself, by a common word, or as whatever stands behind the parameter's name. A word that
/// asks for the task ("protein folding") chooses nothing, but behind "as".
fn choice(s: &Sentence, task: &TaskType, name: &str, values: &[String]) -> Found {
    let number = |text: &str| text.parse::<f64>().ok();
    let same = |said: &Value| {
        let text = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
        let equal = |value: &&String| **value == text || number(value).is_some_and(|one| number(&text) == Some(one));
        Value::from(values.iter().find(equal).unwrap_or(&text).as_str())
    };
    let says = |at: usize, value: &str| *s.kind(at) == Kind::Word && (s.word(at) == value || s.means(at, value));
    let word = |at: usize| values.iter().find(|value| says(at, value)).map(|value| Value::from(value.as_str()));
    let found = after_name(s, name, word);
    let mut out: Found = found.into_iter().map(|(said, at)| (same(&said), at)).collect();
    // Numbers mean nothing without the name.
    for value in values.iter().filter(|value| number(value).is_none()) {
        let asks =
            task.asked_as.iter().flat_map(|phrase| phrase.split(' ')).any(|word| word.starts_with(value.as_str()));
        // From where it is said: "as protein", "as a protein".
        let from = |at: usize| (1..=2).filter(|back| at >= *back).map(|back| at - back).find(|at| s.word(*at) == "as");
        let at = (0..s.tokens.len()).find(|at| says(*at, value) && (!asks || from(*at).is_some()));
        out.extend(at.map(|at| (Value::from(value.as_str()), from(at).unwrap_or(at)..at + 1)));
    }
    out
}
