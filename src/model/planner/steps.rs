//! The next step, from the wish and from what came of the steps so far.

use serde_json::{Value, json};

use super::{
    Seen, Step,
    answer::{self, about, doubt},
    curious,
    plain::{Level, Reading},
    reply,
    wish::{self, Wanted, Wish},
};
use crate::{
    domain::{ids::JobId, money::Datoshi, task::TaskType},
    tools::Tool,
};

/// What to do next.
pub(super) fn next(seen: &Seen, tasks: &[TaskType]) -> Step {
    match wish::read(&seen.prompt, &seen.thread, &seen.context, tasks) {
        Wish::Work(wanted, reading) => match &reading.level {
            Level::Unclear(strange) => Step::Say(doubt::unclear(tasks, &wanted, strange, !curious::tells(strange))),
            Level::Not(word) => Step::Say(doubt::not(tasks, &wanted, word)),
            Level::Plain | Level::Free | Level::Look(_) => work(seen, tasks, &wanted, &reading),
        },
        Wish::TwoValues { parameter, values, .. } => Step::Say(doubt::two_values(&parameter, &values)),
        Wish::GoOn { job, limit, waits } => go_on(seen, tasks, job.as_ref(), limit, waits),
        Wish::NotPlain(job) => Step::Say(doubt::not_plain(job.as_ref())),
        Wish::About(question, which) => listed(seen, |jobs| reply::reply(seen, tasks, question, &which, jobs)),
        Wish::WhichFile { chosen, candidates, .. } => {
            let task = chosen.first().map(|(task, _)| task.as_str()).unwrap_or_default();
            Step::Say(answer::which_file(tasks, task, &candidates))
        }
        Wish::TooSmall { wanted, bytes, claimed, .. } => Step::Say(doubt::too_small(tasks, &wanted, bytes, claimed)),
        Wish::WhichTask { dataset } => Step::Say(answer::which_task(tasks, &dataset)),
        Wish::SecondFile { task, parameter } => Step::Say(answer::second_file(tasks, &task, &parameter)),
        Wish::Files => Step::Say(answer::files(&seen.context)),
        Wish::Help => Step::Say(answer::help(tasks)),
        Wish::Greeting => Step::Say(answer::greeting(tasks)),
        Wish::Thanks => Step::Say("You are welcome.".to_owned()),
        Wish::Unknown => Step::Say(answer::unknown(tasks)),
    }
}

/// One job after the other, each as far as the words carry.
fn work(seen: &Seen, tasks: &[TaskType], wanted: &[Wanted], reading: &Reading) -> Step {
    let close = || Step::Say(answer::work(seen, tasks, reading));
    if !seen.may_call || seen.results.last().is_some_and(|r| !r.is_ok()) {
        return close();
    }
    for wish in wanted {
        let checked = seen.results.iter().find(|r| {
            r.name == Tool::CheckLocalCapability.name()
                && r.arguments.get("task_type") == Some(&Value::from(wish.task.as_str()))
                && r.arguments.get("dataset") == Some(&Value::from(wish.dataset.as_str()))
        });
        let Some(checked) = checked else {
            let mut arguments = json!({"task_type": wish.task, "dataset": wish.dataset});
            if !wish.parameters.is_empty() {
                arguments["parameters"] = Value::Object(wish.parameters.clone());
            }
            if let Some(bytes) = wish.claimed_bytes {
                arguments["claimed_bytes"] = bytes.into();
            }
            return Step::Call(Tool::CheckLocalCapability.name(), arguments);
        };
        // A dry run of the program's own stops by itself, at the first effect.
        let free = reading.level == Level::Free || reading.limit == Some(Datoshi::ZERO);
        let there = checked.text("where") != Some("local") && !seen.context.dry_run;
        if matches!(reading.level, Level::Look(_)) || ((free || reading.here == Some(true)) && there) {
            continue;
        }
        if let Some(step) = checked.text("job").and_then(|job| follow(seen, job, &checked.content, reading.limit)) {
            if reading.quote_first && matches!(&step, Step::Call(tool, _) if *tool == Tool::PayGasFee.name()) {
                continue;
            }
            return step;
        }
    }
    close()
}

/// The step that a job waits for, as its newest result says; `None` at its end, when the step was taken already, and when it
/// would pay more than the limit.
fn follow(seen: &Seen, job: &str, begin: &Value, limit: Option<Datoshi>) -> Option<Step> {
    let of_job = |r: &&super::Outcome| r.content.get("job").and_then(Value::as_str) == Some(job);
    let latest = seen.results.iter().rev().find(of_job).map_or(begin, |r| &r.content);
    let tool = Tool::from_name(latest.get("next_tool")?.as_str()?)?;
    let taken = seen.results.iter().filter(of_job).any(|r| r.name == tool.name());
    if taken {
        return None;
    }
    let mut arguments = json!({"job": job});
    if tool == Tool::PayGasFee {
        let quotes = seen.results.iter().rev().filter(of_job).map(|r| &r.content).chain(std::iter::once(begin));
        let quote = quotes.filter_map(|c| c.get("quote")).find(|q| q.is_object())?;
        let amount = quote.get("amount")?;
        let datoshi: Datoshi = amount.as_str()?.parse().ok()?;
        if limit.is_some_and(|most| datoshi > most) {
            return None;
        }
        arguments["amount"] = amount.clone();
        arguments["recipient"] = quote.get("recipient")?.clone();
    }
    Some(Step::Call(tool.name(), arguments))
}

/// Goes on with a job that was named, or with the only open one; `waits` begins nothing and pays nothing.
fn go_on(seen: &Seen, tasks: &[TaskType], job: Option<&JobId>, limit: Option<Datoshi>, waits: bool) -> Step {
    let listed = seen.results.iter().find(|r| r.name == Tool::ListJobs.name());
    let Some(listed) = listed else {
        return match seen.may_call {
            true => Step::Call(Tool::ListJobs.name(), json!({"state": "all"})),
            false => Step::Say(answer::nothing_to_do()),
        };
    };
    let none = Vec::new();
    let jobs = listed.content.get("jobs").and_then(Value::as_array).unwrap_or(&none);
    let id_of = |line: &Value| line.get("job").and_then(Value::as_str).map(str::to_owned);
    let open: Vec<&Value> = jobs.iter().filter(|j| j.get("next_tool").is_some_and(Value::is_string)).collect();
    let talked: Vec<&Value> =
        open.iter().copied().filter(|j| id_of(j).is_some_and(|id| seen.thread.talked.contains(&id))).collect();
    let line = match (job, talked.as_slice(), open.as_slice()) {
        (Some(job), ..) => jobs.iter().find(|j| id_of(j).as_deref() == Some(job.as_str())),
        (None, [only], _) => Some(*only),
        // A job of another conversation is not what this one is about.
        (None, _, [only]) if seen.thread.jobs.is_empty() => Some(*only),
        _ => None,
    };
    let Some(line) = line else {
        return Step::Say(match job {
            Some(job) => about::no_such_job(job),
            None => about::which_job(&open),
        });
    };
    let fine = seen.results.last().is_none_or(super::Outcome::is_ok);
    let id = id_of(line).unwrap_or_default();
    let at = |field: &str| line.get(field).and_then(Value::as_str);
    let held = waits && at("next_tool") != Some(Tool::WaitForJob.name());
    // A job that may cost nothing is not even uploaded.
    let dear = limit == Some(Datoshi::ZERO) && at("where") != Some("local") && at("tx_hash").is_none();
    let step = if seen.may_call && fine && !held && !dear { follow(seen, &id, line, limit) } else { None };
    let above = doubt::above(limit, line);
    match step {
        None if dear && seen.results.len() == 1 => Step::Say(doubt::free_only(&id)),
        Some(step) => step,
        None if seen.results.len() == 1 && above.is_some() => Step::Say(above.unwrap_or_default()),
        None if seen.results.len() == 1 => Step::Say(about::status(&[line])),
        None => Step::Say(answer::work(seen, tasks, &Reading { limit, ..Reading::default() })),
    }
}

/// An answer out of the list of jobs.
fn listed(seen: &Seen, say: impl Fn(&[Value]) -> String) -> Step {
    match seen.results.iter().rev().find(|r| r.name == Tool::ListJobs.name()) {
        None if seen.may_call => Step::Call(Tool::ListJobs.name(), json!({"state": "all"})),
        None => Step::Say(answer::nothing_to_do()),
        Some(list) if !list.is_ok() => Step::Say(answer::failure(&list.content)),
        Some(list) => {
            let none = Vec::new();
            Step::Say(say(list.content.get("jobs").and_then(Value::as_array).unwrap_or(&none)))
        }
    }
}
