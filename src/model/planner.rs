//! The offline planner: a deterministic model for machines without a key.
//!
//! It is a model like any other: it sees the request and nothing else, and what it proposes meets the same guard. It
//! understands the catalogue's own phrases, file names, a few choices, and the questions people ask about jobs; to
//! anything else it says plainly what it can do. Work is begun only on a plain wish ([`plain`]): a word that it does not
//! understand, a negation, a condition or a doubt is answered, and never acted against.

mod answer;
mod curious;
mod left_out;
mod limit;
mod named;
mod order;
mod pairs;
mod plain;
mod refer;
mod reply;
mod steps;
mod thread;
mod wish;
mod work;

use async_trait::async_trait;
use serde_json::Value;

use self::thread::{Thread, Turn};
pub use self::{order::Order, wish::Wanted};
use super::{
    ChatModel, ChatRequest, ChatTurn, Delta, Finish, Message, ModelError, ToolCall, ToolChoice,
    context::{Context, NOTE},
};
use crate::domain::task::TaskType;

/// The planner.
pub struct Planner {
    tasks: Vec<TaskType>,
}

impl Planner {
    /// A planner that knows these tasks.
    pub fn new(tasks: &[TaskType]) -> Planner {
        Planner { tasks: tasks.to_vec() }
    }
}

/// What the planner does next.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// It calls a tool.
    Call(&'static str, Value),
    /// It answers.
    Say(String),
}

/// What a request shows, in the terms the planner thinks in.
#[derive(Clone, Default)]
struct Seen {
    /// What the person says now.
    prompt: String,
    /// What came of the calls of this turn, oldest first.
    results: Vec<Outcome>,
    /// What stood before it.
    thread: Thread,
    /// What the runtime knows.
    context: Context,
    /// Whether it may call at all.
    may_call: bool,
    /// Calls so far, for ids.
    calls: usize,
}

/// A call of this turn and what came of it.
#[derive(Clone)]
struct Outcome {
    name: String,
    arguments: Value,
    content: Value,
}

impl Outcome {
    fn text(&self, field: &str) -> Option<&str> {
        self.content.get(field)?.as_str()
    }

    fn is_ok(&self) -> bool {
        self.content.get("ok") == Some(&Value::Bool(true))
    }
}

impl Seen {
    fn of(request: &ChatRequest, tasks: &[TaskType]) -> Seen {
        let mut seen = Seen {
            context: Context::of(&request.system),
            may_call: request.choice != ToolChoice::None && !request.tools.is_empty(),
            ..Seen::default()
        };
        let mut turns: Vec<Turn> = Vec::new();
        let mut open: Vec<&ToolCall> = Vec::new();
        for message in &request.messages {
            match message {
                Message::User { text } if text.starts_with(NOTE) => {}
                Message::User { text } => {
                    turns.push(Turn { prompt: text.clone(), results: Vec::new(), said: String::new() });
                }
                Message::Assistant { calls, text } => {
                    if let Some(turn) = turns.last_mut() {
                        turn.said.clone_from(text);
                    }
                    seen.calls += calls.len();
                    open = calls.iter().collect();
                }
                Message::ToolResult { call_id, name, content } => {
                    let call = open.iter().find(|c| c.id == *call_id);
                    let outcome = Outcome {
                        name: name.clone(),
                        arguments: call.and_then(|c| serde_json::from_str(&c.arguments).ok()).unwrap_or_default(),
                        content: serde_json::from_str(content).unwrap_or_default(),
                    };
                    if let Some(turn) = turns.last_mut() {
                        turn.results.push(outcome);
                    }
                }
            }
        }
        if let Some(now) = turns.pop() {
            (seen.prompt, seen.results) = (now.prompt, now.results);
        }
        seen.thread = Thread::of(&turns, &seen.context, tasks);
        seen
    }
}

#[async_trait]
impl ChatModel for Planner {
    fn name(&self) -> String {
        "planner".to_owned()
    }

    async fn turn(&self, request: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        let seen = Seen::of(request, &self.tasks);
        Ok(match steps::next(&seen, &self.tasks) {
            Step::Call(name, arguments) => ChatTurn {
                calls: vec![ToolCall {
                    id: format!("plan-{}", seen.calls + 1),
                    name: name.to_owned(),
                    arguments: arguments.to_string(),
                    echo: None,
                }],
                finish: Finish::ToolCalls,
                ..ChatTurn::default()
            },
            Step::Say(text) => {
                for word in text.split_inclusive(' ') {
                    sink(Delta::Text(word.to_owned()));
                }
                ChatTurn { text, ..ChatTurn::default() }
            }
        })
    }
}

#[cfg(test)]
mod tests;
