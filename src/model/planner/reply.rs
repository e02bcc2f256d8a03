//! Which jobs a question is about, and its answer.

use serde_json::Value;

use super::{Seen, answer::about, refer::Place, wish::Which};
use crate::{domain::task::TaskType, model::about::Question};

/// The answer to a question about jobs.
pub(super) fn reply(seen: &Seen, tasks: &[TaskType], question: Question, which: &Which, jobs: &[Value]) -> String {
    let of = |job: &Value, at: &str, wanted: &str| job.get(at).and_then(Value::as_str) == Some(wanted);
    let all = || jobs.iter().collect::<Vec<_>>();
    let own = || {
        let own = |job: &&Value| seen.thread.jobs.iter().any(|(id, _)| of(job, "job", id));
        let own: Vec<&Value> = jobs.iter().filter(own).collect();
        if own.is_empty() { all() } else { own }
    };
    let meant: Vec<&Value> = match which {
        Which::Named(id) => jobs.iter().filter(|j| of(j, "job", id.as_str())).collect(),
        Which::On(files) => jobs.iter().filter(|j| files.iter().any(|f| of(j, "dataset", f))).collect(),
        Which::All => all(),
        Which::At(place, task, files) => at_place(seen, jobs, *place, task.as_deref(), files),
        Which::Conversation => own(),
        Which::Last => {
            let talked: Vec<&Value> =
                jobs.iter().filter(|j| seen.thread.talked.iter().any(|id| of(j, "job", id))).collect();
            let paid = talked.iter().any(|job| job.get("tx_hash").is_some_and(Value::is_string));
            match (talked.is_empty(), question) {
                // Who asks to whom they paid means a job that was paid.
                (false, Question::Payment) if !paid => own(),
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
        (Which::On(files), []) if question != Question::Cancel => return about::none_on(files),
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

/// The jobs at a place in the conversation, or among all jobs where the conversation had none; newest first, as they are
/// listed.
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
