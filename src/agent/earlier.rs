//! What a model is told of turns that no longer fit: the person's own words in short, and the jobs as the ledger knows them.
//! No model is asked for it, and nothing is remembered that is not known.

use serde_json::Value;

use super::{history, prompt::EARLIER};
use crate::model::Message;
use domain::{ids::JobId, job::Job, units::clean};

/// The most that is kept of what a person said in a turn, characters.
const WORDS: usize = 240;
/// The most that is kept of an answer, characters.
const ANSWER: usize = 160;
/// The most that is kept of a result, characters.
const RESULT: usize = 240;

/// The note on `messages`, in about `limit` bytes: the newest turns first, as many as fit. `job` looks a job up.
pub fn note(messages: &[Message], job: &dyn Fn(&JobId) -> Option<Job>, limit: usize) -> String {
    let mut starts = history::turns(messages);
    starts.push(messages.len());
    let mut told: Vec<JobId> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    let mut left = limit.saturating_sub(EARLIER.len() + 60);
    let mut left_out = 0;
    for turn in starts.windows(2).rev() {
        let [from, to] = turn else { continue };
        let line = one(messages.get(*from..*to).unwrap_or_default(), job, &mut told);
        if left_out > 0 || line.len() > left {
            left_out += 1;
            continue;
        }
        left -= line.len();
        lines.push(line);
    }
    let mut out = EARLIER.trim_end().to_owned();
    if left_out > 0 {
        out.push_str(&format!("\n({left_out} earlier turns are left out.)"));
    }
    for line in lines.iter().rev() {
        out.push('\n');
        out.push_str(line);
    }
    out
}

/// One turn in a line.
fn one(turn: &[Message], job: &dyn Fn(&JobId) -> Option<Job>, told: &mut Vec<JobId>) -> String {
    let mut out = String::from("-");
    if let Some(Message::User { text }) = turn.first() {
        out.push_str(&format!(" The person: {}.", quoted(text, WORDS)));
    }
    for id in jobs_in(turn) {
        if told.contains(&id) {
            out.push_str(&format!(" Job {id} again."));
        } else if let Some(job) = job(&id) {
            out.push_str(&format!(" Job {}.", state_of(&job)));
            told.push(id);
        }
    }
    let answer = turn.iter().rev().find_map(|m| match m {
        Message::Assistant { text, calls, .. } if calls.is_empty() => Some(text),
        _ => None,
    });
    if let Some(text) = answer {
        out.push_str(&format!(" You: {}.", quoted(text, ANSWER)));
    }
    out
}

fn quoted(text: &str, limit: usize) -> String {
    format!("\"{}\"", clean(text, limit).replace('"', "'").trim())
}

/// The jobs that a turn's results are about.
pub fn jobs_in(turn: &[Message]) -> Vec<JobId> {
    let mut out: Vec<JobId> = Vec::new();
    for message in turn {
        let Message::ToolResult { content, .. } = message else { continue };
        let value: Value = serde_json::from_str(content).unwrap_or_default();
        let several = value.get("jobs").filter(|_| value.get("shown").is_none()).and_then(Value::as_array);
        for one in std::iter::once(&value).chain(several.into_iter().flatten()) {
            let id = one.get("job").and_then(|id| id.as_str()?.parse::<JobId>().ok());
            out.extend(id.filter(|id| !out.contains(id)));
        }
    }
    out
}

fn state_of(job: &Job) -> String {
    let path = job.verdict.dataset.path.display().to_string();
    let mut out = format!("{}: {} of {}, {}", job.id, job.task_type, quoted(&path, 120), job.state);
    if let Some(quote) = &job.quote {
        let verb = if job.tx_hash.is_some() { "paid" } else { "quoted" };
        out.push_str(&format!(", {verb} {} GAS", quote.amount.gas_string()));
    }
    if let Some(result) = &job.result {
        out.push_str(&format!(", result {}", quoted(&result.summary.to_string(), RESULT)));
    }
    out
}
