//! From a model's calls to their results: each call has exactly one, whatever happens.

use std::path::Path;

use futures::future::join_all;

use serde_json::Value;

use super::{calls::Ready, turn::Turn};
use crate::{
    domain::{
        event::{Event, Sink},
        job::Job,
    },
    model::Message,
    tools::{Call, Cancel, Tool, ToolResult, Toolbox, facts, next},
};

/// What is said with a call that is not carried out at all.
pub(super) const ANSWER: &str = "Answer the person in plain words now; do not call a tool.";
pub(super) const NOBODY: &str = "nobody asked for anything to be computed";
/// No request makes more jobs than these, unless it names more.
const MOST_JOBS: usize = 12;
/// The same call with nothing changed is not made this often.
const MOST_REPEATS: usize = 3;

/// Carries calls out in order: neighbouring reads together, anything with an effect alone.
pub struct Runner<'a> {
    /// The tools.
    pub toolbox: &'a Toolbox,
    /// Where events go.
    pub sink: &'a dyn Sink,
    /// A person's wish to stop.
    pub cancel: &'a Cancel,
    /// The working folder.
    pub folder: &'a Path,
}

impl Runner<'_> {
    /// Carries all out; `jobs` are those of the conversation, as they stand before the first.
    pub async fn run(&self, calls: Vec<Ready>, turn: &mut Turn, jobs: &[Job]) -> Vec<Message> {
        let mut results = Vec::with_capacity(calls.len());
        let mut calls = calls.into_iter().peekable();
        while let Some(first) = calls.next() {
            let mut group = vec![first];
            // The same call again is made after the first, and meets what came of it.
            let fits = |next: &Ready, group: &[Ready]| next.is_read() && !group.iter().any(|c| c.is_same(next));
            while group.last().is_some_and(Ready::is_read)
                && let Some(read) = calls.next_if(|next| fits(next, &group))
            {
                group.push(read);
            }
            let mut decided = Vec::with_capacity(group.len());
            for call in &group {
                self.sink.emit(Event::ToolRequested {
                    call_id: call.id.clone(),
                    name: call.name.clone(),
                    arguments: call.arguments.clone(),
                });
                decided.push(self.before(call, turn, jobs));
            }
            let done = join_all(group.iter().zip(decided).map(|(call, decided)| async move {
                match (decided, &call.call) {
                    (Some(result), _) => result,
                    (None, Ok(ready)) => self.toolbox.run(ready, self.cancel).await,
                    (None, Err(bad)) => bad.clone(),
                }
            }))
            .await;
            for (call, result) in group.into_iter().zip(done) {
                match &call.call {
                    Ok(ready) => turn.take(ready, &result),
                    Err(bad) => {
                        if let Some(failure) = &bad.failure {
                            turn.malformed(failure.clone());
                        }
                    }
                }
                let result =
                    if call.call.is_err() { pointed(result, turn, jobs) } else { self.with_others(result, turn) };
                results.push(self.complete(call, result));
            }
        }
        results
    }

    /// The result of a call that is not carried out at all.
    fn before(&self, call: &Ready, turn: &mut Turn, jobs: &[Job]) -> Option<ToolResult> {
        if self.cancel.is_cancelled() {
            return Some(ToolResult::skipped("interrupted", "the person stopped this turn", ANSWER));
        }
        let arguments = call.arguments.to_string();
        if turn.helps.endings && turn.repeated(&call.name, &arguments, jobs) >= MOST_REPEATS {
            turn.close();
            let why = "the same call was made before, and nothing has changed since";
            return Some(ToolResult::skipped("repeated", why, ANSWER));
        }
        let ready = call.call.as_ref().ok()?;
        if ready.tool() == Tool::PayGasFee && turn.no_more_payments {
            let why = "a payment was refused in this turn, so that none is tried again";
            return Some(ToolResult::skipped("payment_refused", why, ANSWER));
        }
        let talk = turn.helps.narrowing && turn.asked().talk;
        let Call::CheckLocalCapability(args) = ready else {
            return (!ready.tool().is_read()).then(|| self.unasked(ready, turn, jobs, talk)).flatten();
        };
        if let Some(job) = self.planned(args, turn) {
            // The same task twice in one turn is the same job, not a second one to pay for.
            let mut value = facts::verdict(&job);
            value["note"] = "already planned in this turn".into();
            facts::add_next(&mut value, &job);
            return Some(ToolResult::done(value, Some(job)));
        }
        if turn.closing {
            return Some(ToolResult::skipped("work_over", "the work of this turn is over", ANSWER));
        }
        if talk {
            return Some(ToolResult::skipped("no_work", NOBODY, ANSWER));
        }
        if turn.jobs.len() >= turn.asked().tasks.max(MOST_JOBS) {
            turn.close();
            return Some(ToolResult::skipped("too_many_jobs", "one request makes no more jobs than these", ANSWER));
        }
        self.elsewhere(args, turn).or_else(|| self.corrected(args, turn, jobs))
    }

    /// What comes next when this job is done and another of the turn waits.
    fn with_others(&self, mut result: ToolResult, turn: &Turn) -> ToolResult {
        let Some(done) = result.job.as_ref().filter(|job| result.ok && job.state.is_end()) else { return result };
        let others = turn.jobs.iter().filter(|id| **id != done.id);
        let mut waiting = others.filter_map(|id| self.toolbox.work.job(id).ok().flatten());
        let id = done.id.clone();
        if let Some(job) = waiting.find(|job| next::tool(job).is_some() && !turn.has_failed(&job.id)) {
            result.value["next_step"] = format!("{id} is done. {}", next::step(&job)).into();
        }
        result
    }

    fn complete(&self, call: Ready, result: ToolResult) -> Message {
        let content = result.value.to_string();
        self.sink.emit(Event::ToolCompleted {
            call_id: call.id.clone(),
            name: call.name.clone(),
            ok: result.ok,
            result: result.value,
        });
        Message::ToolResult { call_id: call.id, name: call.name, content }
    }
}

/// A call of no right form, with the step that the person's wish waits for.
fn pointed(mut result: ToolResult, turn: &Turn, jobs: &[Job]) -> ToolResult {
    if let Some(step) = turn.next_step(jobs) {
        result.value["next_step"] = step.into();
    }
    result
}

/// A result with a note beside it.
pub fn with_note(content: &str, note: &str) -> String {
    match serde_json::from_str(content) {
        Ok(Value::Object(mut fields)) => {
            fields.insert("note".to_owned(), note.into());
            Value::Object(fields).to_string()
        }
        _ => content.to_owned(),
    }
}
