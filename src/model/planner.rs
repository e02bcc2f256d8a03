//! The offline planner: a deterministic model for machines without a key.
//!
//! It is a model like any other: it sees the request and nothing else, and what it proposes meets the same guard. It
//! understands the catalogue's own phrases, file names, a few choices, and the questions people ask about jobs; to
//! anything else it says plainly what it can do. Work is begun only on a plain wish ([`plain`]): a word that it does not
//! understand, a negation, a condition or a doubt is answered, and never acted against.

mod answer;
mod limit;
mod pairs;
mod plain;
mod refer;
mod steps;
mod wish;

use async_trait::async_trait;
use serde_json::Value;

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
    /// What they said before, newest first.
    earlier: Vec<String>,
    /// What came of the calls of this turn, oldest first.
    results: Vec<Outcome>,
    /// The jobs that the last turn with jobs was about.
    talked: Vec<String>,
    /// How the turn before ended: with a question, and whether it had called a tool.
    asked_back: bool,
    called_before: bool,
    /// The tasks of earlier turns with their datasets, oldest first.
    done: Vec<(String, String)>,
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
    fn of(request: &ChatRequest) -> Seen {
        let mut seen = Seen {
            context: Context::of(&request.system),
            may_call: request.choice != ToolChoice::None && !request.tools.is_empty(),
            ..Seen::default()
        };
        let mut said = "";
        let mut open: Vec<&ToolCall> = Vec::new();
        for message in &request.messages {
            match message {
                Message::User { text } if text.starts_with(NOTE) => {}
                Message::User { text } => {
                    let before = std::mem::replace(&mut seen.prompt, text.clone());
                    if !before.is_empty() {
                        seen.earlier.insert(0, before);
                    }
                    seen.asked_back = said.contains('?');
                    seen.turn_over();
                }
                Message::Assistant { calls, text } => {
                    said = text;
                    seen.calls += calls.len();
                    open = calls.iter().collect();
                }
                Message::ToolResult { call_id, name, content } => {
                    let call = open.iter().find(|c| c.id == *call_id);
                    seen.results.push(Outcome {
                        name: name.clone(),
                        arguments: call.and_then(|c| serde_json::from_str(&c.arguments).ok()).unwrap_or_default(),
                        content: serde_json::from_str(content).unwrap_or_default(),
                    });
                }
            }
        }
        seen
    }

    /// What came of a turn is what the next words may stand on.
    fn turn_over(&mut self) {
        let results = std::mem::take(&mut self.results);
        self.called_before = !results.is_empty();
        let mut jobs: Vec<String> = Vec::new();
        for result in &results {
            if let Some(job) = result.text("job")
                && !jobs.iter().any(|known| known == job)
            {
                jobs.push(job.to_owned());
            }
            let named = |field: &str| result.arguments.get(field).and_then(Value::as_str).map(str::to_owned);
            if let (Some(task), Some(dataset)) = (named("task_type"), named("dataset")) {
                self.done.push((task, dataset));
            }
        }
        if !jobs.is_empty() {
            self.talked = jobs;
        }
    }

    /// The datasets that a task was called for in earlier turns.
    fn used_by(&self, task: &str) -> Vec<String> {
        self.done.iter().filter(|(name, _)| name == task).map(|(_, dataset)| dataset.clone()).collect()
    }

    /// The same conversation as it was when the person had said what they said before this.
    fn before(&self) -> Option<Seen> {
        let (prompt, earlier) = self.earlier.split_first()?;
        Some(Seen { prompt: prompt.clone(), earlier: earlier.to_vec(), results: Vec::new(), ..self.clone() })
    }

    /// The names of the files that the runtime showed.
    fn files(&self) -> Vec<String> {
        self.context.files.iter().map(|f| f.path.clone()).collect()
    }
}

#[async_trait]
impl ChatModel for Planner {
    fn name(&self) -> String {
        "planner".to_owned()
    }

    async fn turn(&self, request: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        let seen = Seen::of(request);
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
