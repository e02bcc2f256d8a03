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
        Which::Of(task, files) => of_task(seen, jobs, question, task.as_deref(), files),
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
        (Which::Of(_, files), []) if !files.is_empty() && question != Question::Cancel => return about::none_on(files),
        (Which::Of(..), []) if question != Question::Cancel => return about::no_such_place(jobs),
        _ => {}
    }
    match question {
        Question::Status => about::status(&meant),
        Question::Cost => about::cost(&meant),
        Question::Outcome => about::outcome(tasks, &meant),
        Question::Folders => about::folders(&meant),
        Question::Place => about::place(&meant),
        Question::Payment => about::payment(&meant),
        Question::Anything => about::anything(tasks, &meant),
        Question::Cancel => about::cancel(&meant, matches!(which, Which::All | Which::At(..))),
    }
}

/// The jobs of a task and on datasets, as far as they were named; those of the conversation before all others. What is asked of
/// a task without a dataset is asked of those that were talked about, or else of the newest.
fn of_task<'j>(
    seen: &Seen,
    jobs: &'j [Value],
    question: Question,
    task: Option<&str>,
    files: &[String],
) -> Vec<&'j Value> {
    let text = |job: &Value, at: &str| job.get(at).and_then(Value::as_str).map(str::to_owned);
    let of: Vec<&Value> = jobs
        .iter()
        .filter(|job| task.is_none_or(|task| text(job, "task_type").as_deref() == Some(task)))
        .filter(|job| files.is_empty() || text(job, "dataset").is_some_and(|dataset| files.contains(&dataset)))
        .collect();
    let among = |ids: &dyn Fn(&str) -> bool| -> Vec<&'j Value> {
        of.iter().copied().filter(|job| text(job, "job").is_some_and(|id| ids(&id))).collect()
    };
    let own = among(&|id| seen.thread.jobs.iter().any(|(own, _)| own == id));
    let talked = among(&|id| seen.thread.talked.iter().any(|talked| talked == id));
    match (files.is_empty(), question) {
        (_, Question::Cancel) => of,
        (true, _) if !talked.is_empty() => talked,
        (true, Question::Outcome | Question::Folders) if own.is_empty() => {
            of.into_iter().find(|job| text(job, "state").as_deref() == Some("done")).into_iter().collect()
        }
        (true, Question::Outcome | Question::Folders) => own.into_iter().take(1).collect(),
        _ if own.is_empty() => of,
        _ => own,
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
