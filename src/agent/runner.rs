//! From a model's calls to their results: each call has exactly one, whatever happens.

use futures::future::join_all;
use serde_json::Value;

use super::{calls::Ready, turn::Turn};
use crate::{
    model::Message,
    tools::{Call, Cancel, Tool, ToolResult, Toolbox},
};
use cassette::scrub::known::heard_value;
use domain::{
    event::{Event, Sink},
    job::Job,
};

/// What is said with a call that is not carried out at all.
const ANSWER: &str = "Answer the person in plain words now; do not call a tool.";
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
}

impl Runner<'_> {
    /// Carries all out; `jobs` are those of the conversation, as they stand before the first.
    pub async fn run(&self, calls: Vec<Ready>, turn: &mut Turn, jobs: &[Job]) -> Vec<Message> {
        let mut results = Vec::with_capacity(calls.len());
        let mut calls = calls.into_iter().peekable();
        while let Some(first) = calls.next() {
            let mut group = vec![first];
            // The same call again is made after the first, and meets what came of it.
            let fits = |next: &Ready, group: &[Ready]| next.is_read() && !group.iter().any(|c| next.waits_for(c));
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
                    Err(bad) => turn.fail(bad.failures.iter().cloned(), None),
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
        if turn.said_no && matches!(ready.tool(), Tool::RunRemoteCompute | Tool::PayGasFee) {
            let why = "it was not agreed to in this turn, so that nobody is asked again";
            return Some(ToolResult::skipped("not_agreed", why, ANSWER));
        }
        let Call::CheckLocalCapability(args) = ready else { return None };
        if turn.closing {
            return Some(ToolResult::skipped("work_over", "the work of this turn is over", ANSWER));
        }
        let again = "this was done anew in this turn already";
        turn.is_done_anew(args).then(|| ToolResult::skipped("repeated", again, ANSWER))
    }

    /// What comes next when the jobs of a result are done and others of the turn wait.
    fn with_others(&self, mut result: ToolResult, turn: &Turn) -> ToolResult {
        let all_ended = !result.jobs.is_empty() && result.jobs.iter().all(|job| job.state.is_end());
        if !result.ok || !all_ended {
            return result;
        }
        let mine: Vec<Job> = turn.jobs.iter().filter_map(|id| self.toolbox.work.job(id).ok().flatten()).collect();
        if let Some(step) = turn.next_step(&mine) {
            let done =
                if let [only] = result.jobs.as_slice() { format!("{} is", only.id) } else { "They are".to_owned() };
            result.value["next_step"] = format!("{done} done. {step}").into();
        }
        result
    }

    fn complete(&self, call: Ready, result: ToolResult) -> Message {
        // Files, programs and servers may say the secrets that they were given.
        let value = heard_value(result.value);
        let content = value.to_string();
        self.sink.emit(Event::ToolCompleted {
            call_id: call.id.clone(),
            name: call.name.clone(),
            ok: result.ok,
            result: value,
        });
        Message::ToolResult { call_id: call.id, name: call.name, content }
    }
}

/// A call of no right form, with the step that the jobs of the turn wait for.
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
