//! Which task is asked for on which file.

use serde_json::Value;

use super::wish::{Wanted, Wish};
use crate::{
    domain::task::{Parameters, TaskType},
    model::{
        phrases,
        words::{self, Kind, Token},
    },
};

/// Each task on its files; a wish that asks for what is missing where a task needs a second one.
pub(super) fn pairs(text: &str, chosen: &[(&TaskType, Parameters)], files: Vec<String>) -> Result<Vec<Wanted>, Wish> {
    let claimed_bytes = words::claimed_bytes(text);
    let shares = shares(text, chosen, &files);
    let mut out = Vec::new();
    for (at, (task, parameters)) in chosen.iter().enumerate() {
        let mut parameters = parameters.clone();
        let mut datasets = shares.as_ref().and_then(|shares| shares.get(at)).unwrap_or(&files).clone();
        if let Some(parameter) = phrases::file_parameters(task).first()
            && (datasets.len() > 1 || !parameters.contains_key(*parameter))
        {
            let Some(second) = take_second(text, task, &mut datasets) else {
                return Err(Wish::SecondFile { task: task.name.clone(), parameter: (*parameter).to_owned() });
            };
            parameters.insert((*parameter).to_owned(), Value::from(second));
        }
        for dataset in datasets {
            out.push(Wanted { task: task.name.clone(), dataset, parameters: parameters.clone(), claimed_bytes });
        }
    }
    Ok(out)
}

/// The files of each task, where every task is said with files of its own: "stats of a.fa and fold b.fa". `None` where they
/// share them: "stats of a.fa, and then fold it".
fn shares(text: &str, chosen: &[(&TaskType, Parameters)], files: &[String]) -> Option<Vec<Vec<String>>> {
    if chosen.len() < 2 || files.len() < 2 || chosen.iter().any(|(task, _)| !phrases::file_parameters(task).is_empty())
    {
        return None;
    }
    let tokens = words::tokens(text, files);
    let mut out = vec![Vec::new(); chosen.len()];
    let mut current = None;
    for (at, token) in tokens.iter().enumerate() {
        let rest = tokens.get(at..).unwrap_or_default();
        if let Some(task) = chosen.iter().position(|(task, _)| begins(task, rest)) {
            current = Some(task);
        }
        if token.kind == Kind::File {
            let share: &mut Vec<String> = out.get_mut(current?)?;
            if !share.contains(&token.text) {
                share.push(token.text.clone());
            }
        }
    }
    out.iter().all(|share| !share.is_empty()).then_some(out)
}

/// Whether a phrase for the task begins here.
fn begins(task: &TaskType, tokens: &[Token]) -> bool {
    let name = task.name.replace('_', " ");
    task.asked_as.iter().chain(std::iter::once(&name)).any(|phrase| {
        let words = words::tokens(phrase, &[]);
        words.len() <= tokens.len()
            && words.iter().zip(tokens).enumerate().all(|(at, (word, said))| {
                let tail = said.text.strip_prefix(&word.text).filter(|_| said.kind == Kind::Word);
                tail.is_some_and(|t| t.is_empty() || (at + 1 == words.len() && matches!(t, "s" | "ing" | "ings")))
            })
    })
}

/// The file that is searched in or with, taken out of the datasets: the profile, or what follows "against".
fn take_second(text: &str, task: &TaskType, datasets: &mut Vec<String>) -> Option<String> {
    if datasets.len() < 2 {
        return None;
    }
    let profile = datasets.iter().position(|f| f.to_ascii_lowercase().ends_with(".hmm"));
    let after = |word: &str| {
        let (_, tail) = text.split_once(word)?;
        datasets.iter().position(|f| tail.contains(f.as_str()))
    };
    let at = match phrases::file_parameters(task).first() {
        Some(&"profile") => profile.or_else(|| after(" with ")),
        _ => after(" against ").or_else(|| after(" in ")),
    };
    Some(datasets.remove(at.unwrap_or(datasets.len() - 1)))
}
