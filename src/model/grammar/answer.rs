//! What is answered to a fact: the sentence of `facts.toml`, filled in from the program's state and nothing else.

use std::path::PathBuf;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::Value;

use super::facts::Fact;
use domain::{
    attempt::{Attempt, AttemptState},
    budget::Caps,
    job::{Job, JobResult},
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

/// So many tasks are named where somebody asks what there is.
const FEW: usize = 7;

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
pub(super) fn value(name: &str, fact: &Fact, state: &State) -> String {
    let meant = |seen: &&JobSeen| fact.jobs.is_empty() || fact.jobs.contains(&seen.job.id);
    let seen: Vec<&JobSeen> = state.jobs.iter().filter(meant).collect();
    // Without a job that is meant there is no result that is meant.
    let results = || {
        seen.iter().filter_map(|seen| Some((&seen.job, seen.job.result.as_ref()?))).filter(|_| !fact.jobs.is_empty())
    };
    let day = |time: Timestamp| time.to_zoned(state.zone.clone()).date();
    let of_day = |date: Option<Date>, when: &str| {
        let jobs = state.jobs.iter().filter(|seen| Some(day(seen.job.created_at)) == date);
        joined(jobs.map(|seen| line(&seen.job)), &format!("Nothing {when}: there are no jobs of that day."))
    };
    let or = |amount: Option<Datoshi>, none: &str| amount.map_or_else(|| none.to_owned(), |amount| amount.to_string());
    match name {
        "connect" => CONNECT.to_owned(),
        "per_payment" => state.caps.per_payment.to_string(),
        "per_day" => state.caps.per_day.to_string(),
        "lifetime" => state.caps.lifetime.to_string(),
        "spent" => state.spent.to_string(),
        "day_left" => state.caps.per_day.saturating_sub(state.spent_today).to_string(),
        "ever_left" => state.caps.lifetime.saturating_sub(state.spent).to_string(),
        "balance" => or(state.balance, "an amount that I do not know (`agent wallet balance` shows it)"),
        "price" => or(state.price, "what the provider asks for it"),
        "recipients" if state.recipients.is_empty() => "nobody, as no recipient is set (GAS_RECIPIENT)".to_owned(),
        "recipients" => state.recipients.join(", "),
        "paid" => paid(&seen),
        "profile" => state.profile.clone(),
        "network" => state.network.to_string(),
        "storage" => state.storage.clone(),
        "bucket" => state.bucket.clone(),
        "provider" => state.provider.clone(),
        "today" => of_day(Some(day(state.now)), "today"),
        "yesterday" => of_day(day(state.now).yesterday().ok(), "yesterday"),
        "jobs" => joined(seen.iter().map(|seen| line(&seen.job)), "Nothing yet: there are no jobs."),
        "why" => joined(seen.iter().map(|seen| why(&seen.job)), "Nothing was run yet."),
        "outcome" => joined(results().map(|(job, result)| outcome(job, result)), "There is no result yet."),
        "folders" => {
            let folders = results().map(|(_, result)| format!("The files are in {}.", result.folder.display()));
            joined(folders, &format!("Results are in {}.", state.home.join("results").display()))
        }
        "report" => {
            let job = results().next_back().map_or("JOB".to_owned(), |(job, _)| job.id.to_string());
            format!("`agent jobs show {job}` shows the job; the drawing of its result stands in the answer to its run.")
        }
        "files" => joined(state.files.iter().map(|file| clean(file, 200)), "There are no data files in this folder."),
        "tasks" => {
            let brief = |task: &TaskType| task.description.split([':', '.']).next().map(str::to_owned);
            joined(state.tasks.iter().map(|task| format!("- {}: {}.", task.title, brief(task).unwrap_or_default())), "")
        }
        "titles" => titles(&state.tasks),
        "task" => {
            let task = state.tasks.iter().filter(|task| Some(&task.name) == fact.task.as_ref());
            joined(task.flat_map(|task| [Some(task.description.clone()), task.caveat.clone()]).flatten(), "")
        }
        "model" => match &state.model {
            Some(model) => format!("The model is {}.", clean(model, 100)),
            None => format!("No language model: the offline planner reads plain requests. {CONNECT}"),
        },
        _ => String::new(),
    }
}

/// Lines, or what is said where there are none.
fn joined(lines: impl Iterator<Item = String>, none: &str) -> String {
    let all: Vec<String> = lines.collect();
    if all.is_empty() { none.to_owned() } else { all.join("\n") }
}

/// The titles of a few tasks, and how many more there are.
pub(super) fn titles<'a>(tasks: impl IntoIterator<Item = &'a TaskType>) -> String {
    let all: Vec<&str> = tasks.into_iter().map(|task| task.title.as_str()).collect();
    let (shown, more) = all.split_at(all.len().min(FEW));
    match more.len() {
        0 => shown.join(", "),
        more => format!("{}, and {more} more, which `agent tasks` lists", shown.join(", ")),
    }
}

fn name(job: &Job) -> String {
    format!("{} of {}", job.task_type, clean(&job.verdict.dataset.path.display().to_string(), 200))
}

fn line(job: &Job) -> String {
    let open = if job.state.is_end() { String::new() } else { format!("; to go on: `agent jobs resume {}`", job.id) };
    format!("{}: {}, {}{open}", job.id, name(job), job.state)
}

fn why(job: &Job) -> String {
    let reasons: Vec<&str> = job.verdict.reasons.iter().map(|reason| reason.why.as_str()).collect();
    let offloaded = format!("at the provider; {}", reasons.join("; "));
    let here = "on this machine, which is large enough for it";
    format!("{}: {}.", name(job), if reasons.is_empty() { here } else { &offloaded })
}

fn outcome(job: &Job, result: &JobResult) -> String {
    format!("{}: {}. The files are in {}.", name(job), figures(&[], &result.summary), result.folder.display())
}

/// So many figures are a short list.
const MOST_FIGURES: usize = 8;
/// More characters than this are a text of its own and no figure of a list.
const LONG: usize = 40;

/// The plain figures of a result's summary, those of these names or all: `sequences 12, mean length 60`. Longer texts are sentences
/// after them, and the last one is left without its full stop.
pub fn figures(names: &[&str], summary: &Value) -> String {
    let (texts, short) = texts_and_figures(names, summary);
    let texts = texts.iter().map(|(key, value)| format!("{key}: {}", value.trim_end_matches('.')));
    [short.join(", ")].into_iter().filter(|short| !short.is_empty()).chain(texts).collect::<Vec<_>>().join(". ")
}

/// The first figures of a result's summary, without its longer texts.
pub fn short_figures(summary: &Value) -> String {
    texts_and_figures(&[], summary).1.into_iter().take(MOST_FIGURES).collect::<Vec<_>>().join(", ")
}

/// The longer texts of a summary, each with its name, and its figures as a list.
fn texts_and_figures(names: &[&str], summary: &Value) -> (Vec<(String, String)>, Vec<String>) {
    let plain = |value: &Value| !value.is_object() && !value.is_array() && !value.is_null();
    let shown = |value: &Value| clean(&value.as_str().map_or_else(|| value.to_string(), str::to_owned), 300);
    let wanted = |(key, value): &(&String, &Value)| plain(value) && (names.is_empty() || names.contains(&key.as_str()));
    let all = summary.as_object().into_iter().flatten().filter(wanted);
    let all = all.map(|(key, value)| (key.replace('_', " "), shown(value)));
    let (texts, short): (Vec<_>, Vec<_>) = all.partition(|(_, value)| value.chars().count() > LONG);
    (texts, short.iter().map(|(key, value)| format!("{key} {value}")).collect())
}

/// What was paid for jobs, to whom and by which transactions.
fn paid(seen: &[&JobSeen]) -> String {
    let add = |sum: Datoshi, one: Datoshi| sum.checked_add(one).unwrap_or(Datoshi::MAX);
    let attempts = || seen.iter().flat_map(|seen| seen.attempts.iter().map(|attempt| (&seen.job, attempt)));
    let (mut lines, mut total) = (Vec::new(), Datoshi::ZERO);
    for (job, attempt) in attempts().filter(|(_, attempt)| attempt.state == AttemptState::Confirmed) {
        let (amount, fees) = (attempt.amount, add(attempt.system_fee, attempt.network_fee));
        let (to, by) = (attempt.recipient.address(), attempt.tx_hash);
        lines.push(format!("{} cost {amount}, and {fees} in fees, paid to {to} by {by}.", name(job)));
        total = add(total, add(amount, fees));
    }
    if lines.len() > 1 {
        lines.push(format!("In all {total}."));
    }
    let open = attempts().any(|(_, attempt)| attempt.state.is_live());
    lines.extend(open.then(|| "A payment is still under way: `agent jobs list`.".to_owned()));
    joined(lines.into_iter(), "Nothing was paid: what ran on this machine is free.")
}
