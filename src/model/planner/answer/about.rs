//! Answers to questions about jobs, out of the lines of `list_jobs`.

use serde_json::Value;

use super::{reasons, result, sentence, text, title};
use crate::domain::{ids::JobId, job::JobState, money::Datoshi, task::TaskType};

/// How jobs stand.
pub(in crate::model::planner) fn status(jobs: &[&Value]) -> String {
    match jobs {
        [] => "There are no jobs yet. Ask for one, such as: Run protein folding on examples/data.fasta".to_owned(),
        [only] => sentence(&line(only)),
        many => format!("{} jobs, newest first:\n{}", many.len(), list(many)),
    }
}

fn list(jobs: &[&Value]) -> String {
    jobs.iter().map(|job| format!("- {}\n", line(job))).collect::<String>().trim_end().to_owned()
}

fn id_of(job: &Value) -> &str {
    text(job, "/job").unwrap_or_default()
}

fn state_of(job: &Value) -> String {
    text(job, "/state").unwrap_or("unknown").replace('_', " ")
}

fn is_done(job: &Value) -> bool {
    text(job, "/state") == Some(JobState::Done.as_str())
}

fn line(job: &Value) -> String {
    let id = id_of(job);
    let mut out = format!(
        "{id}: {} of {}, {}",
        text(job, "/task_type").unwrap_or_default(),
        text(job, "/dataset").unwrap_or_default(),
        state_of(job)
    );
    if let Some(amount) = text(job, "/quote/amount") {
        let verb = if text(job, "/tx_hash").is_some() { "paid" } else { "quoted" };
        out.push_str(&format!(", {verb} {amount} GAS"));
    }
    if let Some(why) = text(job, "/untrusted_data/failure") {
        out.push_str(&format!(" ({why})"));
    }
    if text(job, "/next_tool").is_some() {
        out.push_str(&format!("; to go on: `agent jobs resume {id}`"));
    }
    out
}

/// What was paid for these jobs.
pub(in crate::model::planner) fn cost(jobs: &[&Value]) -> String {
    let paid: Vec<&Value> = jobs.iter().copied().filter(|j| text(j, "/tx_hash").is_some()).collect();
    let sum = |at: &str| {
        let amounts = paid.iter().filter_map(|j| text(j, at)?.parse::<Datoshi>().ok());
        amounts.fold(Datoshi::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(Datoshi::MAX))
    };
    let all = sum("/quote/amount");
    let fees = match paid.iter().all(|j| text(j, "/fees").is_some()) {
        true => format!("and {} in fees", sum("/fees")),
        false => "fees left out".to_owned(),
    };
    match (paid.as_slice(), jobs) {
        ([], [only]) if text(only, "/where") == Some("local") => {
            format!("Nothing: {} ran on this machine.", id_of(only))
        }
        ([], [only]) if text(only, "/quote/amount").is_some() => {
            format!("Nothing was paid so far. {}", sentence(&line(only)))
        }
        ([], [] | [_]) => "Nothing was paid so far.".to_owned(),
        ([], many) => format!("Nothing was paid for these {} jobs so far:\n{}", many.len(), list(many)),
        ([one], _) => format!("{all}, {fees}: {}.", line(one)),
        (many, _) => format!("{all} for {} jobs, {fees}:\n{}", many.len(), list(many)),
    }
}

/// What came out of these jobs.
pub(in crate::model::planner) fn outcome(tasks: &[TaskType], jobs: &[&Value]) -> String {
    let one = |job: &&Value| {
        let task = text(job, "/task_type").unwrap_or_default();
        if !is_done(job) {
            return sentence(&line(job));
        }
        let subject = format!("{} of {}", title(tasks, task), text(job, "/dataset").unwrap_or_default());
        match job.get("result") {
            Some(_) => format!("{subject}: {}", result::explain(task, job)),
            None => format!("{subject} is done; `agent jobs show {}` shows its result.", id_of(job)),
        }
    };
    let parts: Vec<String> = jobs.iter().map(one).collect();
    if parts.is_empty() { status(&[]) } else { parts.join("\n\n") }
}

/// Where the files of these jobs are.
pub(in crate::model::planner) fn folders(jobs: &[&Value]) -> String {
    let one = |job: &&Value| {
        let id = id_of(job);
        match text(job, "/result/folder") {
            Some(folder) => {
                let names = job.pointer("/result/files").and_then(Value::as_array);
                let names: Vec<&str> = names.into_iter().flatten().filter_map(Value::as_str).collect();
                format!("The files of {id} are in {folder}: {}.", names.join(", "))
            }
            None if is_done(job) => format!("`agent jobs show {id}` shows where the files of {id} are."),
            None => format!("{id} has no result: it is {}.", state_of(job)),
        }
    };
    let parts: Vec<String> = jobs.iter().map(one).collect();
    if parts.is_empty() { status(&[]) } else { parts.join("\n") }
}

/// Why these jobs run where they run.
pub(in crate::model::planner) fn place(jobs: &[&Value]) -> String {
    let one = |job: &&Value| {
        let why = reasons(job);
        match text(job, "/where") {
            Some("offload") => {
                format!("{} is for the provider, because {}.", id_of(job), why.join("; ").trim_end_matches('.'))
            }
            _ => format!("{} is for this machine: no rule says that it is too large for it.", id_of(job)),
        }
    };
    let parts: Vec<String> = jobs.iter().map(one).collect();
    if parts.is_empty() { status(&[]) } else { parts.join("\n") }
}

/// Giving up is a person's own step: how it is done for each of these jobs.
/// `each` where all of them are meant.
pub(in crate::model::planner) fn cancel(jobs: &[&Value], each: bool) -> String {
    let open: Vec<&Value> = jobs
        .iter()
        .copied()
        .filter(|j| text(j, "/state").and_then(JobState::from_name).is_none_or(|state| !state.is_end()))
        .collect();
    match (open.as_slice(), jobs) {
        ([], [ended]) => format!("There is nothing to give up: {} is {}.", id_of(ended), state_of(ended)),
        ([], _) => "No job is open, so there is nothing to give up.".to_owned(),
        ([one], _) => how_to_cancel(one),
        (many, _) => {
            let lines: String = many.iter().map(|job| format!("- {}\n", how_to_cancel(job))).collect();
            let head = if each { "Each is given up by itself:" } else { "Which one?" };
            format!("{head}\n{}", lines.trim_end())
        }
    }
}

fn how_to_cancel(job: &Value) -> String {
    let (id, state) = (id_of(job), state_of(job));
    match text(job, "/the_person_can_cancel_it_with") {
        Some(command) => format!(
            "{id} is {state}, and nothing is paid for it. I cannot give a job up for you; you can: `{command}`, or in a \
             conversation `/cancel {id}`."
        ),
        None => format!(
            "{id} is {state}: money is under way or spent, so it can no more be given up. `agent jobs resume {id}` takes it to \
             its end."
        ),
    }
}

/// Several jobs could go on, or none.
pub(in crate::model::planner) fn which_job(open: &[&Value]) -> String {
    match open {
        [] => "No job waits for anything.".to_owned(),
        several => format!("Which one? {}", status(several)),
    }
}

/// By which transactions these jobs were paid, and to whom.
pub(in crate::model::planner) fn payment(jobs: &[&Value]) -> String {
    let paid = |job: &&Value| {
        let recipient = text(job, "/quote/recipient").unwrap_or("an address that the quote no longer shows");
        Some(format!(
            "{} of {}: {} GAS were paid to {recipient} by the transaction {}.",
            id_of(job),
            text(job, "/dataset").unwrap_or_default(),
            text(job, "/quote/amount").unwrap_or("the quoted"),
            text(job, "/tx_hash")?
        ))
    };
    let lines: Vec<String> = jobs.iter().filter_map(paid).collect();
    if lines.is_empty() { "Nothing was paid so far.".to_owned() } else { lines.join("\n") }
}

/// All that is known of these jobs: what came out, where it ran and why, what was paid, and where the files are.
pub(in crate::model::planner) fn anything(tasks: &[TaskType], jobs: &[&Value]) -> String {
    let parts = [status(jobs), outcome(tasks, jobs), place(jobs), cost(jobs), payment(jobs), folders(jobs)];
    let mut out: Vec<&str> = Vec::new();
    for part in &parts {
        if !out.contains(&part.as_str()) {
            out.push(part);
        }
    }
    format!("I cannot tell that by itself; what I know of it:\n{}", out.join("\n"))
}

/// No job has the place that was said.
pub(in crate::model::planner) fn no_such_place(jobs: &[Value]) -> String {
    let jobs: Vec<&Value> = jobs.iter().collect();
    format!("There is no such job. {}", status(&jobs))
}

/// No job is on these files.
pub(in crate::model::planner) fn none_on(files: &[String]) -> String {
    format!(
        "There is no job on {} yet. To begin one, say what is to be done, such as: Run protein folding on {}.",
        files.join(", "),
        files.first().map_or("data.fasta", String::as_str)
    )
}

/// A job id that the list does not have.
pub(in crate::model::planner) fn no_such_job(job: &JobId) -> String {
    format!("I see no {job} among the newest jobs. `agent jobs list` shows all.")
}
