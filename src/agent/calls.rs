//! From a model's calls to their results: each call has exactly one, whatever happens.

use std::path::{Component, Path, PathBuf};

use futures::future::join_all;
use serde_json::Value;

use super::{task_call, turn::Turn};
use crate::{
    cassette,
    domain::{
        event::{Event, Sink},
        job::Job,
        task::TaskType,
        units::clean,
    },
    machine::check_parameters,
    model::{Finish, Message, ToolCall, repair},
    tools::{BadCall, Call, Cancel, Tool, ToolResult, Toolbox, call, check_local_capability::Args, facts, next},
};

/// What is said with a call that is not carried out at all.
const ANSWER: &str = "Answer the person in plain words now; do not call a tool.";
const NOBODY: &str = "nobody asked for anything to be computed";
/// No request makes more jobs than these, unless it names more.
const MOST_JOBS: usize = 12;
/// The same call with nothing changed is not made this often.
const MOST_REPEATS: usize = 3;
/// More calls at once are none that a person asked for; the rest is left out.
const MOST_CALLS: usize = 16;
/// Longer arguments than any tool takes, bytes.
const MOST_ARGUMENTS: usize = 16 * 1024;

/// A model's call, made ready.
pub struct Ready {
    /// Its id, unique within the conversation.
    id: String,
    /// Its name, repaired.
    name: String,
    /// Its arguments as the history keeps them: always an object.
    arguments: Value,
    /// What the provider wants back with it.
    echo: Option<Value>,
    call: Result<Call, ToolResult>,
}

/// Makes calls ready: ids that are unique, names and arguments mended where `repair` is wished, with the tasks
/// that there are, arguments parsed. `finish`
/// tells whether the last of them may be cut.
pub fn ready(
    calls: Vec<ToolCall>,
    finish: &Finish,
    history: &[Message],
    fresh: &mut u64,
    repair: Option<&[TaskType]>,
) -> Vec<Ready> {
    let mut used: Vec<String> = history
        .iter()
        .filter_map(|m| if let Message::Assistant { calls, .. } = m { Some(calls) } else { None })
        .flatten()
        .map(|c| c.id.clone())
        .collect();
    let mut out = Vec::with_capacity(calls.len().min(MOST_CALLS));
    for call in calls.into_iter().take(MOST_CALLS) {
        let (mut id, echo) = (call.id, call.echo);
        while id.is_empty() || id.len() > 64 || used.contains(&id) {
            *fresh += 1;
            id = format!("call-{fresh}");
        }
        used.push(id.clone());
        let close = repair.and_then(|tasks| repair::close_name(&call.name, &task_call::names(tasks)));
        let name = sayable(close.unwrap_or(&call.name));
        let (name, arguments, call) = match arguments_of(&call.arguments, finish, repair.is_some()) {
            Ok(arguments) => {
                let (name, arguments) = match repair {
                    Some(tasks) => task_call::as_check(&name, arguments, tasks),
                    None => (name, arguments),
                };
                let call = call::parse(&name, &arguments).map_err(|bad| ToolResult::bad(&bad));
                (name, arguments, call)
            }
            Err(why) => {
                let bad = match Tool::from_name(&name) {
                    Some(tool) => BadCall::Arguments { tool, why },
                    None => BadCall::UnknownTool { name: name.clone() },
                };
                (name, Value::Object(serde_json::Map::new()), Err(ToolResult::bad(&bad)))
            }
        };
        out.push(Ready { id, name, arguments, echo, call });
    }
    out
}

fn arguments_of(raw: &str, finish: &Finish, repair: bool) -> Result<Value, String> {
    if raw.len() > MOST_ARGUMENTS {
        return Err("the arguments are longer than any tool takes".to_owned());
    }
    if !repair {
        // To the letter: a JSON object as it stands. That a key comes once is told below.
        serde_json::from_str::<serde_json::Map<_, _>>(raw)
            .map_err(|e| format!("the arguments are not a JSON object: {e}"))?;
    }
    repair::read_arguments(raw, finish)
}

/// A name that servers take back in the history: letters, digits, dashes and underscores, at most 64.
fn sayable(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let name: String = name.trim().chars().take(64).map(plain).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

/// The calls as the history keeps them.
pub fn as_messages(calls: &[Ready]) -> Vec<ToolCall> {
    calls
        .iter()
        .map(|c| ToolCall {
            id: c.id.clone(),
            name: c.name.clone(),
            arguments: c.arguments.to_string(),
            echo: c.echo.clone(),
        })
        .collect()
}

impl Ready {
    /// Whether both would do the same, as far as their arguments tell: two checks of one task on one file may.
    fn is_same(&self, other: &Ready) -> bool {
        match (&self.call, &other.call) {
            (Ok(Call::CheckLocalCapability(one)), Ok(Call::CheckLocalCapability(two))) => {
                one.task_type == two.task_type
            }
            (one, two) => one == two,
        }
    }
}

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
            let fits = |next: &Ready, group: &[Ready]| is_read(next) && !group.iter().any(|c| c.is_same(next));
            while group.last().is_some_and(is_read)
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
        self.elsewhere(args, turn)
    }

    /// An effect that the person did not ask for: they only talk, said that nothing is to be paid, or named other work.
    fn unasked(&self, call: &Call, turn: &Turn, jobs: &[Job], talk: bool) -> Option<ToolResult> {
        if talk {
            return Some(ToolResult::skipped("no_work", NOBODY, ANSWER));
        }
        if turn.forbids_payment && call.tool() == Tool::PayGasFee {
            let why = "the person said that nothing is to be paid";
            return Some(ToolResult::skipped("forbidden", why, ANSWER));
        }
        let stranger = call.job().is_some_and(|id| !jobs.iter().any(|job| job.id == *id) && !turn.jobs.contains(id));
        let known = stranger && call.job().is_some_and(|id| matches!(self.toolbox.work.job(id), Ok(Some(_))));
        if turn.asked().named && known {
            let why = "that job is of another conversation, and the person asked for other work";
            return Some(ToolResult::skipped("other_conversation", why, ANSWER));
        }
        None
    }

    /// The job of this turn that the same check made: the same task on the same file with the same choices, however they
    /// are written.
    fn planned(&self, args: &Args, turn: &Turn) -> Option<Job> {
        let tasks = self.toolbox.work.tasks();
        let task = tasks.iter().find(|task| task.name == args.task_type)?;
        let asked = check_parameters(task, &args.parameters.clone().unwrap_or_default()).ok()?;
        let file = cassette::look(&format!("whole path of {}", args.dataset), || {
            self.folder.join(&args.dataset).canonicalize().ok()
        });
        let mut mine = turn.jobs.iter().filter_map(|id| self.toolbox.work.job(id).ok().flatten());
        mine.find(|job| {
            job.task_type == args.task_type
                && (file.as_ref() == Some(&job.source.path) || job.verdict.dataset.path == Path::new(&args.dataset))
                && job.parameters == asked
        })
    }

    /// A check of a file that nobody can have meant: one that the model made up, or another than the person named.
    fn elsewhere(&self, args: &Args, turn: &mut Turn) -> Option<ToolResult> {
        let datasets = turn.datasets.clone()?;
        let plain = |name: &str| {
            let path = Path::new(name);
            path.components().filter(|c| *c != Component::CurDir).collect::<PathBuf>()
        };
        let here = |name: &str| self.folder.join(plain(name));
        if datasets.iter().any(|d| here(d) == here(&args.dataset)) {
            return None;
        }
        turn.slipped();
        let file = here(&args.dataset);
        let why = match cassette::look(&format!("file {}", args.dataset), || file.exists()) {
            true => format!("nobody asked for anything with {}", clean(&args.dataset, 120)),
            false => format!("nobody named {}, and there is no such file", clean(&args.dataset, 120)),
        };
        let next = format!(
            "Use one of these files as it is written here: {}. If none is plainly meant, ask the person which.",
            datasets.join(", ")
        );
        Some(ToolResult::skipped("unknown_dataset", &why, &next))
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

fn is_read(call: &Ready) -> bool {
    call.call.as_ref().is_ok_and(|c| c.tool().is_read())
}
