//! What is answered to a fact: the sentence of `facts.toml`, filled in from the program's state and nothing else.

use std::path::PathBuf;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::facts::Fact;
use crate::domain::{
    attempt::{Attempt, AttemptState},
    budget::Caps,
    ids::JobId,
    job::Job,
    money::Datoshi,
    network::Network,
    task::TaskType,
    units::clean,
};

/// How a model is connected.
pub const CONNECT: &str = "To connect a language model, set AGENT_MODEL to PROVIDER:MODEL (ollama:qwen2.5, or groq:llama-3.3-70b-versatile \
                           with its key in GROQ_API_KEY), or OPENAI_BASE_URL and AGENT_MODEL for any OpenAI-compatible server, with \
                           its key in OPENAI_API_KEY.";

/// A job with what was paid for it.
#[derive(Debug, Clone)]
pub struct JobSeen {
    /// The job.
    pub job: Job,
    /// Its payments, in order.
    pub attempts: Vec<Attempt>,
}

/// What the program knows of itself and its jobs.
#[derive(Debug, Clone)]
pub struct State {
    /// Every job of the ledger, oldest first.
    pub jobs: Vec<JobSeen>,
    /// Data files in the working folder.
    pub files: Vec<String>,
    /// The catalogue.
    pub tasks: Vec<TaskType>,
    /// Now.
    pub now: Timestamp,
    /// Where midnight is.
    pub zone: TimeZone,
    /// What the wallet holds, where that is known.
    pub balance: Option<Datoshi>,
    /// The owner's caps.
    pub caps: Caps,
    /// Spent in the last 24 hours, with fees.
    pub spent_today: Datoshi,
    /// Spent for as long as the ledger remembers, with fees.
    pub spent: Datoshi,
    /// What a job costs at the provider, where that is known.
    pub price: Option<Datoshi>,
    /// Who may be paid: addresses.
    pub recipients: Vec<String>,
    /// `sandbox` or `live`.
    pub profile: String,
    /// The network that is paid on.
    pub network: Network,
    /// The host of the storage, the bucket, and the host of the provider.
    pub storage: String,
    /// The bucket.
    pub bucket: String,
    /// The host of the provider.
    pub provider: String,
    /// The model that answers; nothing where none is configured.
    pub model: Option<String>,
    /// The program's folder.
    pub home: PathBuf,
}

/// What is said where nothing was understood.
pub fn unknown(tasks: &[TaskType]) -> String {
    format!("I read plain requests offline, and found none: name a task ({}) and a file. {CONNECT}", titles(tasks))
}

/// The answer to a fact.
pub fn answer(fact: &Fact, state: &State) -> String {
    let sandbox = fact.kind.sandbox.as_ref().filter(|_| state.profile == "sandbox");
    let mut pieces = sandbox.unwrap_or(&fact.kind.answer).split('{');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
        out.push_str(&value(name, fact, state));
        out.push_str(rest);
    }
    out.trim_end().to_owned()
}

/// What stands in place of a name in braces.
fn value(name: &str, fact: &Fact, state: &State) -> String {
    let seen: Vec<&JobSeen> =
        state.jobs.iter().filter(|seen| fact.jobs.is_empty() || fact.jobs.contains(&seen.job.id)).collect();
    let gas = |amount: Option<Datoshi>, or: &str| amount.map_or_else(|| or.to_owned(), |amount| amount.to_string());
    let left = |cap: Datoshi, spent: Datoshi| cap.saturating_sub(spent).to_string();
    let day = |time: Timestamp| time.to_zoned(state.zone.clone()).date();
    let on = |date: Option<Date>, when: &str| {
        let jobs: Vec<&JobSeen> = state.jobs.iter().filter(|seen| Some(day(seen.job.created_at)) == date).collect();
        listed(&jobs, &format!("Nothing {when}: there are no jobs of that day."))
    };
    match name {
        "connect" => CONNECT.to_owned(),
        "per_payment" => state.caps.per_payment.to_string(),
        "per_day" => state.caps.per_day.to_string(),
        "lifetime" => state.caps.lifetime.to_string(),
        "spent" => state.spent.to_string(),
        "day_left" => left(state.caps.per_day, state.spent_today),
        "ever_left" => left(state.caps.lifetime, state.spent),
        "balance" => gas(state.balance, "an amount that was not asked for (`agent wallet balance`)"),
        "price" => gas(state.price, "what the provider asks for it"),
        "recipients" if state.recipients.is_empty() => "nobody, as no recipient is set (GAS_RECIPIENT)".to_owned(),
        "recipients" => state.recipients.join(", "),
        "paid" => paid(&seen),
        "profile" => state.profile.clone(),
        "network" => state.network.to_string(),
        "storage" => state.storage.clone(),
        "bucket" => state.bucket.clone(),
        "provider" => state.provider.clone(),
        "today" => on(Some(day(state.now)), "today"),
        "yesterday" => on(day(state.now).yesterday().ok(), "yesterday"),
        "jobs" | "status" => listed(&seen, "Nothing yet: there are no jobs."),
        "why" => lines(&seen, why, "Nothing was run yet."),
        "outcome" => lines(&results(&seen, &fact.jobs), outcome, "There is no result yet."),
        "folders" => {
            let folder = |seen: &&JobSeen| Some(seen.job.result.as_ref()?.folder.display().to_string());
            let found: Vec<String> = results(&seen, &fact.jobs).iter().filter_map(folder).collect();
            let all = state.home.join("results").display().to_string();
            if found.is_empty() {
                format!("Results are in {all}.")
            } else {
                format!("The files are in {}.", found.join(", "))
            }
        }
        "report" => {
            let job = results(&seen, &fact.jobs).last().map_or("JOB".to_owned(), |seen| seen.job.id.to_string());
            format!("`agent jobs show {job}` shows the job, and the result's drawing stands in the answer to its run.")
        }
        "files" if state.files.is_empty() => "There are no data files in this folder.".to_owned(),
        "files" => {
            format!("Here are {}.", state.files.iter().map(|file| clean(file, 200)).collect::<Vec<_>>().join(", "))
        }
        "tasks" => state.tasks.iter().map(|task| format!("- {}: {}\n", task.title, task.description)).collect(),
        "titles" => titles(&state.tasks),
        "task" => {
            let task = state.tasks.iter().find(|task| Some(&task.name) == fact.task.as_ref());
            let all = |task: &TaskType| {
                format!("{}: {} {}", task.title, task.description, task.caveat.as_deref().unwrap_or(""))
            };
            task.map_or_else(|| unknown(&state.tasks), all)
        }
        "model" => match &state.model {
            Some(model) => format!("The model is {}.", clean(model, 100)),
            None => format!("No language model: the offline planner reads plain requests. {CONNECT}"),
        },
        _ => String::new(),
    }
}

fn titles(tasks: &[TaskType]) -> String {
    tasks.iter().map(|task| task.title.as_str()).collect::<Vec<_>>().join(", ")
}

fn name(job: &Job) -> String {
    format!("{} of {}", job.task_type, clean(&job.verdict.dataset.path.display().to_string(), 200))
}

/// A line for each job, or what is said where there is none.
fn lines(seen: &[&JobSeen], line: fn(&JobSeen) -> String, none: &str) -> String {
    let all: Vec<String> = seen.iter().map(|seen| line(seen)).collect();
    if all.is_empty() { none.to_owned() } else { all.join("\n") }
}

fn listed(seen: &[&JobSeen], none: &str) -> String {
    let line = |seen: &JobSeen| {
        let JobSeen { job, .. } = seen;
        let open =
            if job.state.is_end() { String::new() } else { format!("; to go on: `agent jobs resume {}`", job.id) };
        format!("{}: {}, {}{open}", job.id, name(job), job.state)
    };
    lines(seen, line, none)
}

fn why(seen: &JobSeen) -> String {
    let reasons: Vec<&str> = seen.job.verdict.reasons.iter().map(|reason| reason.why.as_str()).collect();
    match reasons.is_empty() {
        true => format!("{}: on this machine, which is large enough for it.", name(&seen.job)),
        false => format!("{}: at the provider; {}.", name(&seen.job), reasons.join("; ")),
    }
}

/// Jobs with a result, of those that are meant; none where none is meant.
fn results<'s>(seen: &[&'s JobSeen], meant: &[JobId]) -> Vec<&'s JobSeen> {
    seen.iter().copied().filter(|seen| !meant.is_empty() && seen.job.result.is_some()).collect()
}

fn outcome(seen: &JobSeen) -> String {
    let folder = seen.job.result.as_ref().map_or_else(String::new, |result| result.folder.display().to_string());
    format!("{}: {}. The files are in {folder}.", name(&seen.job), figures(&seen.job))
}

/// The plain figures of a job's result, in one line.
pub fn figures(job: &Job) -> String {
    let summary = job.result.as_ref().and_then(|result| result.summary.as_object());
    let plain =
        summary.into_iter().flatten().filter(|(_, value)| value.is_number() || value.is_string() || value.is_boolean());
    let figure = |(key, value): (&String, &serde_json::Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{} {}", key.replace('_', " "), clean(&text, 300))
    };
    plain.map(figure).collect::<Vec<_>>().join(", ")
}

/// What was paid for jobs, to whom and by which transactions.
fn paid(seen: &[&JobSeen]) -> String {
    let add = |sum: Datoshi, one: Datoshi| sum.checked_add(one).unwrap_or(Datoshi::MAX);
    let fees = |attempt: &Attempt| add(attempt.system_fee, attempt.network_fee);
    let attempts = || seen.iter().flat_map(|seen| seen.attempts.iter().map(|attempt| (&seen.job, attempt)));
    let (mut lines, mut total) = (Vec::new(), Datoshi::ZERO);
    for (job, attempt) in attempts().filter(|(_, attempt)| attempt.state == AttemptState::Confirmed) {
        total = add(total, add(attempt.amount, fees(attempt)));
        let (to, by) = (attempt.recipient.address(), attempt.tx_hash);
        lines.push(format!(
            "{} cost {}, and {} in fees, paid to {to} by {by}.",
            name(job),
            attempt.amount,
            fees(attempt)
        ));
    }
    match lines.len() {
        0 => lines.push("Nothing was paid: what ran on this machine is free.".to_owned()),
        1 => {}
        _ => lines.push(format!("In all {total}.")),
    }
    if attempts().any(|(_, attempt)| attempt.state.is_live()) {
        lines.push("A payment is still under way: `agent jobs list`.".to_owned());
    }
    lines.join("\n")
}
