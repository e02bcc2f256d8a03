//! A model's calls made ready: ids, names and arguments in order, and what they come to.

use serde_json::Value;

use super::task_call;
use crate::{
    model::{Finish, Message, ToolCall, repair},
    tools::{BadCall, Call, Tool, ToolResult, call},
};
use domain::task::TaskType;

/// More calls at once are none that a person asked for; the rest is left out.
const MOST_CALLS: usize = 16;
/// Longer arguments than any tool takes, bytes.
const MOST_ARGUMENTS: usize = 16 * 1024;

/// A model's call, made ready.
pub struct Ready {
    /// Its id, unique within the conversation.
    pub(super) id: String,
    /// Its name, repaired.
    pub(super) name: String,
    /// Its arguments as the history keeps them: always an object.
    pub(super) arguments: Value,
    /// What the provider wants back with it.
    echo: Option<Value>,
    pub(super) call: Result<Call, ToolResult>,
}

/// Makes calls ready: ids that are unique, names and arguments mended where `repair` gives the tasks that there are,
/// arguments parsed. `finish` tells whether the last of them may be cut.
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
                    Some(tasks) => task_call::as_check(&name, without_nulls(arguments), tasks),
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

/// Models write `null` for what they leave out; the tools take only what is there.
fn without_nulls(mut arguments: Value) -> Value {
    if let Some(fields) = arguments.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    arguments
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
    /// Whether it only reads.
    pub(super) fn is_read(&self) -> bool {
        self.call.as_ref().is_ok_and(|c| c.tool().is_read())
    }

    /// Whether one has to wait for the other: both may do the same, as two checks of one task on one file may, or the first sets
    /// bounds that hold for the second.
    pub(super) fn waits_for(&self, other: &Ready) -> bool {
        match (&self.call, &other.call) {
            (Ok(Call::CheckLocalCapability(one)), Ok(Call::CheckLocalCapability(two))) => {
                one.task_type == two.task_type || one.bounds() != two.bounds()
            }
            (one, two) => one == two,
        }
    }
}
