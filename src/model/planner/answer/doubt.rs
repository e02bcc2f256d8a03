//! What is said instead of work that was not plainly asked for: what was understood, what holds it back, and how to say it plainly.

use serde_json::Value;

use super::{text, title};
use crate::{
    domain::{ids::JobId, money::Datoshi, task::TaskType, units},
    model::{
        planner::{
            plain::{Level, Reading},
            wish::Wanted,
        },
        words::Doubt,
    },
};

/// `Protein folding of a.fasta with seed 7`.
fn one(tasks: &[TaskType], wanted: &Wanted) -> String {
    let mut out = format!("{} of {}", title(tasks, &wanted.task), wanted.dataset);
    for (at, (name, value)) in wanted.parameters.iter().enumerate() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let word = if at == 0 { "with" } else { "and" };
        out.push_str(&format!(" {word} {} {value}", name.replace('_', " ")));
    }
    out
}

fn all(tasks: &[TaskType], wanted: &[Wanted]) -> String {
    wanted.iter().map(|w| one(tasks, w)).collect::<Vec<_>>().join("; ")
}

/// A request that would be done.
fn plainly(tasks: &[TaskType], wanted: &[Wanted]) -> String {
    let first = wanted.first();
    let name = first
        .and_then(|w| tasks.iter().find(|t| t.name == w.task))
        .map_or("protein folding", |task| task.asked_as.first().map_or(task.name.as_str(), String::as_str));
    let file = first.map_or("data.fasta", |w| w.dataset.as_str());
    let second = first.and_then(|w| {
        let of = |name: &str| w.parameters.get(name).and_then(Value::as_str);
        of("database").map(|file| format!(" against {file}")).or_else(|| of("profile").map(|f| format!(" with {f}")))
    });
    format!("\"Run {name} on {file}{}\"", second.unwrap_or_default())
}

/// Words are left that nobody understood; `offers` to take a yes.
pub(in crate::model::planner) fn unclear(
    tasks: &[TaskType],
    wanted: &[Wanted],
    strange: &[String],
    offers: bool,
) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in strange.iter().take(6).map(|word| format!("\"{word}\"")) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let how = match offers {
        true => "Is it to be done as I understand it? Then say \"yes\", or say it plainly, such as",
        false => "If it is to be done, say it plainly, such as",
    };
    format!(
        "I understand: {}. I do not understand {} in it, so nothing was run or paid. {how}: {}.",
        all(tasks, wanted),
        words.join(", "),
        plainly(tasks, wanted),
    )
}

/// A request that says no.
pub(in crate::model::planner) fn not(tasks: &[TaskType], wanted: &[Wanted], word: &str) -> String {
    let word = if word == "don t" { "don't".to_owned() } else { word.replace(" t", "'t") };
    format!(
        "I read \"{word}\" in it, so nothing was run, uploaded or paid. What I would have done: {}. If that is wanted, say it plainly, \
         such as: {}.",
        all(tasks, wanted),
        plainly(tasks, wanted),
    )
}

/// Something about going on with a job, in words that may say the opposite.
pub(in crate::model::planner) fn not_plain(job: Option<&JobId>) -> String {
    let which = job.map_or_else(|| "the job".to_owned(), ToString::to_string);
    let how = job.map_or_else(|| "resume it".to_owned(), |job| format!("resume {job}"));
    format!(
        "That is no plain word to go on with {which}, so nothing was run or paid. To go on: \"{how}\", or \"{how} for at most 2 \
         GAS\". \"List my jobs\" shows how they stand."
    )
}

/// The only file that can be meant is far smaller than what was said of it.
pub(in crate::model::planner) fn too_small(tasks: &[TaskType], wanted: &[Wanted], bytes: u64, claimed: u64) -> String {
    let file = wanted.first().map_or("", |w| w.dataset.as_str());
    format!(
        "You speak of a file of {}, and the only one here that it could be is {file}, which has {}. Which file is meant? Name \
         it by its path, or say \"yes\" for this one: {}. Nothing was run or paid.",
        units::bytes(claimed),
        units::bytes(bytes),
        all(tasks, wanted),
    )
}

/// A job that may cost nothing, and whose provider wants to be paid.
pub(in crate::model::planner) fn free_only(job: &str) -> String {
    format!(
        "It may cost nothing, as you said before, and the provider wants to be paid: nothing was uploaded or paid. {}",
        all_the_same(job)
    )
}

/// How a job is done against a limit that was set.
fn all_the_same(job: &str) -> String {
    format!(
        "To have it done all the same, say what it may cost, such as: \"go ahead for at most 2 GAS\", or type `agent jobs \
         resume {job}`."
    )
}

/// One parameter was given two values.
pub(in crate::model::planner) fn two_values(parameter: &str, values: &[Value]) -> String {
    let values: Vec<String> = values.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
    format!(
        "You name two values for {}: {}. Which one is it? Ask for one at a time: each is a job of its own. Nothing was run or paid.",
        parameter.replace('_', " "),
        values.join(" and "),
    )
}

/// Why a job that was looked at goes no further, and how it does; `None` for one that may.
pub(super) fn held_back(reading: &Reading, check: &Value) -> Option<String> {
    let job = text(check, "/job").unwrap_or_default();
    let why = match (&reading.level, reading.limit) {
        (Level::Look(Some((Doubt::Conditional, word))), _) => {
            format!("You make a condition (\"{word}\"), and I cannot tell whether it holds.")
        }
        (Level::Look(Some((Doubt::Limited, word))), _) => format!(
            "You set a limit (\"{word}\") that I cannot hold a price against; \"for at most 2 GAS\" and \"for free\" I can."
        ),
        (Level::Look(_), _) => String::new(),
        (_, Some(Datoshi::ZERO)) => {
            let how = all_the_same(job);
            return Some(format!("It may cost nothing, as you said, and the provider wants to be paid. {how}"));
        }
        _ if reading.here == Some(true) => {
            "You said that it is to run here, and by this rule it does not. Shall it run at the provider instead?"
                .to_owned()
        }
        (Level::Free, _) => "The provider wants to be paid for it. Shall it run there?".to_owned(),
        _ => return None,
    };
    let how = format!("To have it done: \"go ahead\", or `agent jobs resume {job}`.");
    Some(if why.is_empty() { how } else { format!("{why} {how}") })
}

/// A quote above the limit that was set; `None` for one within it.
pub(in crate::model::planner) fn above(limit: Option<Datoshi>, content: &Value) -> Option<String> {
    let most = limit?;
    if text(content, "/next_tool") != Some(crate::tools::Tool::PayGasFee.name()) {
        return None;
    }
    let asked: Datoshi = text(content, "/quote/amount")?.parse().ok()?;
    let job = text(content, "/job").unwrap_or_default();
    (asked > most).then(|| {
        format!(
            "The provider asks {asked} for {job}, and you allow {most} at most: nothing was paid. To pay it all the same: \"go \
             ahead for at most {asked}\", or `agent jobs resume {job} --yes`. To give it up: `agent jobs cancel {job}`."
        )
    })
}
