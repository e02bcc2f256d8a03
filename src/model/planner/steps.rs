//! The next step, from the wish and from what came of the steps so far.

use serde_json::{Value, json};

use super::{
    Seen, Step,
    answer::{self, about, doubt},
    plain::{Level, Reading},
    refer::Place,
    wish::{self, Wanted, Which, Wish},
};
use crate::{
    domain::{ids::JobId, money::Datoshi, task::TaskType},
    model::about::Question,
    tools::Tool,
};

/// What to do next.
pub(super) fn next(seen: &Seen, tasks: &[TaskType]) -> Step {
    match wish::read(&seen.prompt, &seen.thread, &seen.context, tasks) {
        Wish::Work(wanted, reading) => match &reading.level {
            Level::Unclear(strange) => Step::Say(doubt::unclear(tasks, &wanted, strange)),
            Level::Not(word) => Step::Say(doubt::not(tasks, &wanted, word)),
            Level::Plain | Level::Free | Level::Look(_) => work(seen, tasks, &wanted, &reading),
        },
        Wish::TwoValues { parameter, values, .. } => Step::Say(doubt::two_values(&parameter, &values)),
        Wish::GoOn { job, limit, waits } => go_on(seen, tasks, job.as_ref(), limit, waits),
        Wish::NotPlain(job) => Step::Say(doubt::not_plain(job.as_ref())),
        Wish::About(question, which) => listed(seen, |jobs| reply(seen, tasks, question, &which, jobs)),
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
        (None, [only], _) | (None, _, [only]) => Some(*only),
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

/// The answer to a question about jobs.
fn reply(seen: &Seen, tasks: &[TaskType], question: Question, which: &Which, jobs: &[Value]) -> String {
    let of = |job: &Value, at: &str, wanted: &str| job.get(at).and_then(Value::as_str) == Some(wanted);
    let all = || jobs.iter().collect::<Vec<_>>();
    let meant: Vec<&Value> = match which {
        Which::Named(id) => jobs.iter().filter(|j| of(j, "job", id.as_str())).collect(),
        Which::On(files) => jobs.iter().filter(|j| files.iter().any(|f| of(j, "dataset", f))).collect(),
        Which::All => all(),
        Which::At(place, task, files) => at_place(seen, jobs, *place, task.as_deref(), files),
        Which::Conversation => {
            let own: Vec<&Value> =
                jobs.iter().filter(|j| seen.thread.jobs.iter().any(|(id, _)| of(j, "job", id))).collect();
            if own.is_empty() { all() } else { own }
        }
        Which::Last => {
            let talked: Vec<&Value> =
                jobs.iter().filter(|j| seen.thread.talked.iter().any(|id| of(j, "job", id))).collect();
            match (talked.is_empty(), question) {
                (false, _) => talked,
                // What came out is asked of the newest that came out.
                (true, Question::Outcome | Question::Folders) => {
                    jobs.iter().find(|j| of(j, "state", "done")).into_iter().collect()
                }
                (true, _) => all(),
            }
        }
    };
    match (which, meant.as_slice()) {
        (Which::Named(id), []) => return about::no_such_job(id),
        (Which::At(..), []) => return about::no_such_place(jobs),
        (Which::On(files), []) => return about::none_on(files),
        _ => {}
    }
    match question {
        Question::Status => about::status(&meant),
        Question::Cost => about::cost(&meant),
        Question::Outcome => about::outcome(tasks, &meant),
        Question::Folders => about::folders(&meant),
        Question::Place => about::place(&meant),
        Question::Payment => about::payment(&meant),
        Question::Cancel => about::cancel(&meant, matches!(which, Which::All | Which::At(..))),
    }
}

/// The jobs at a place in the conversation, or among all jobs where the conversation had none; newest first, as they are listed.
fn at_place<'j>(seen: &Seen, jobs: &'j [Value], place: Place, task: Option<&str>, files: &[String]) -> Vec<&'j Value> {
    let text = |job: &Value, at: &str| job.get(at).and_then(Value::as_str).map(str::to_owned);
    let own = |job: &&Value| seen.thread.jobs.iter().any(|(id, _)| text(job, "job").as_ref() == Some(id));
    let of = |job: &&Value| {
        task.is_none_or(|task| text(job, "task_type").as_deref() == Some(task))
            && (files.is_empty() || text(job, "dataset").is_some_and(|dataset| files.contains(&dataset)))
    };
    // The list has the newest first; places count from the oldest.
    let mut line: Vec<&Value> = jobs.iter().rev().filter(|job| seen.thread.jobs.is_empty() || own(job)).collect();
    line.retain(of);
    let places = match place {
        Place::At(at) => at..at + 1,
        Place::Last => line.len().saturating_sub(1)..line.len(),
        Place::Both => line.len().saturating_sub(2)..line.len(),
    };
    let mut out: Vec<&Value> = line.get(places).unwrap_or_default().to_vec();
    out.reverse();
    out
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
