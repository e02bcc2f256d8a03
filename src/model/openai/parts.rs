//! What of a request a server takes, and what it wants besides. What a preset knows is known from the start; the rest is learnt
//! from refusals, once. `docs/endpoints.md` has who wants what.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
};

use serde_json::{Value, json};

use super::{
    lessons::{Lesson, REFUSALS},
    schemas::{nullable, plain, without},
};
use crate::{
    model::{ChatRequest, ChatTurn, Message, ToolChoice},
    tools::{self, ToolSpec},
};
use guard::config::Provider;

/// What is offered with a request.
pub(super) struct Offered {
    pub(super) tools: Vec<ToolSpec>,
    pub(super) choice: Choice,
}

/// Whether the model must call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Required,
    Auto,
    None,
}

/// What is known of a server.
#[derive(Default)]
pub(super) struct Parts {
    /// A bit for each lesson.
    learnt: AtomicU32,
    /// What this server wants back with its calls, as JSON, and the ids that it gave them.
    own_echoes: Mutex<HashSet<String>>,
    own_ids: Mutex<HashSet<String>>,
}

impl Parts {
    /// What is known of a provider's endpoint. Gemini's names `additionalProperties` and `const` as fields it cannot find,
    /// and it and the gateway to it alone want something back with calls.
    pub(super) fn known(provider: Option<Provider>) -> Parts {
        let parts = Parts::default();
        let echoes = matches!(provider, Some(Provider::Gemini | Provider::OpenRouter));
        let known = [
            (provider == Some(Provider::Gemini), Lesson::PlainSchemas),
            (echoes, Lesson::EveryEcho),
            (!echoes && provider.is_some(), Lesson::NoEcho),
        ];
        for (_, lesson) in known.into_iter().filter(|(holds, _)| *holds) {
            parts.learn(lesson);
        }
        parts
    }

    /// Remembers what the server wants back with its calls, and their ids.
    pub(super) fn heard(&self, turn: &ChatTurn) {
        locked(&self.own_echoes).extend(turn.calls.iter().filter_map(|call| call.echo.as_ref()).map(Value::to_string));
        locked(&self.own_ids).extend(turn.calls.iter().map(|call| call.id.clone()));
    }

    /// Whether this goes back with its call.
    pub(super) fn echoes(&self, echo: &Value) -> bool {
        let wanted = || self.has(Lesson::EveryEcho) || locked(&self.own_echoes).contains(&echo.to_string());
        !self.has(Lesson::NoEcho) && wanted()
    }

    /// Whether the server gave a call this id, and takes it back.
    pub(super) fn gave_id(&self, id: &str) -> bool {
        !self.has(Lesson::PlainIds) && locked(&self.own_ids).contains(id)
    }

    pub(super) fn has(&self, lesson: Lesson) -> bool {
        self.learnt.load(Ordering::Relaxed) & bit(lesson) != 0
    }

    /// Remembers a lesson; `false` when it is known already.
    pub(super) fn learn(&self, lesson: Lesson) -> bool {
        self.learnt.fetch_or(bit(lesson), Ordering::Relaxed) & bit(lesson) == 0
    }

    /// Takes back a lesson that did not help.
    pub(super) fn unlearn(&self, lesson: Lesson) {
        self.learnt.fetch_and(!bit(lesson), Ordering::Relaxed);
    }

    /// Learns from a refusal; `false` when it names nothing that is not known already.
    pub(super) fn give_up(&self, message: &str) -> bool {
        for (_, lesson) in REFUSALS.iter().filter(|(words, _)| words.iter().all(|word| message.contains(word))) {
            if self.learn(*lesson) {
                return true;
            }
            // Who wants it is not helped by leaving it out.
            if *lesson == Lesson::StandInReasoning {
                return false;
            }
        }
        false
    }

    pub(super) fn stream_options(&self) -> bool {
        !self.has(Lesson::NoStreamOptions)
    }

    pub(super) fn tool_choice(&self) -> bool {
        !self.has(Lesson::NoToolChoice)
    }

    pub(super) fn temperature(&self) -> bool {
        !self.has(Lesson::NoTemperature)
    }

    /// Whether what a model reasoned goes back with its calls.
    pub(super) fn reasoning(&self) -> bool {
        !self.has(Lesson::NoReasoning)
    }

    /// Whether words stand for reasoning that is not there.
    pub(super) fn stand_in_reasoning(&self) -> bool {
        self.has(Lesson::StandInReasoning)
    }

    /// Whether encrypted reasoning is asked for.
    pub(super) fn include(&self) -> bool {
        !self.has(Lesson::NoInclude)
    }

    /// Whether the system prompt is a message of its own.
    pub(super) fn system_message(&self) -> bool {
        !self.has(Lesson::NoSystem)
    }

    /// The content of a message that only calls.
    pub(super) fn no_content(&self) -> Value {
        if self.has(Lesson::EmptyContent) { json!("") } else { Value::Null }
    }

    /// Whether the server may hold an answer to a form.
    pub(super) fn response_format(&self) -> bool {
        !self.has(Lesson::NoResponseFormat)
    }

    /// Whether the form is asked for in words: the server takes none, or took one and did not hold to it.
    pub(super) fn form_in_words(&self) -> bool {
        !self.response_format() || self.has(Lesson::FormInWords)
    }

    /// From now on forms are asked for in words too; `false` when they are already.
    pub(super) fn ask_in_words(&self) -> bool {
        !self.form_in_words() && self.learn(Lesson::FormInWords)
    }

    /// What is offered with a request. For a closing answer no tools are sent at all: with `tool_choice: none` small models
    /// write calls as text. Only who refuses calls in the history without tools gets those that were called.
    pub(super) fn offered(&self, request: &ChatRequest) -> Offered {
        let choice = match request.choice {
            ToolChoice::Required => Choice::Required,
            ToolChoice::Auto => Choice::Auto,
            ToolChoice::None => Choice::None,
        };
        if choice != Choice::None && !request.tools.is_empty() {
            return Offered { tools: request.tools.clone(), choice };
        }
        let tools = if self.has(Lesson::ToolsBesideCalls) { called(request) } else { Vec::new() };
        Offered { tools, choice: Choice::None }
    }

    /// The schema of a tool's arguments, as the server takes it.
    pub(super) fn schema(&self, schema: &Value) -> Value {
        if self.has(Lesson::PlainSchemas) { plain(schema) } else { schema.clone() }
    }

    /// The schema of an answer, as the server takes it.
    pub(super) fn form(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        if self.has(Lesson::NoMaxItems) {
            without(&mut schema, "maxItems");
        }
        if self.has(Lesson::PlainSchemas) {
            without(&mut schema, "additionalProperties");
            nullable(&mut schema);
        }
        schema
    }
}

fn bit(lesson: Lesson) -> u32 {
    1 << lesson as u32
}

fn locked(set: &Mutex<HashSet<String>>) -> MutexGuard<'_, HashSet<String>> {
    set.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Whether a request offers no tools, and its history holds calls.
pub(super) fn has_only_calls(request: &ChatRequest) -> bool {
    let offers = request.choice != ToolChoice::None && !request.tools.is_empty();
    !offers && !called_names(request).is_empty()
}

fn called_names(request: &ChatRequest) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for message in &request.messages {
        let Message::Assistant { calls, .. } = message else { continue };
        for call in calls {
            if !names.contains(&call.name.as_str()) {
                names.push(&call.name);
            }
        }
    }
    names
}

/// The tools that were called in a request's history. What is none of ours is named all the same.
fn called(request: &ChatRequest) -> Vec<ToolSpec> {
    let ours = tools::plain();
    let spec = |name: &str| {
        ours.iter().find(|tool| tool.name == name).cloned().unwrap_or_else(|| ToolSpec {
            name: name.to_owned(),
            description: "A tool of before.".to_owned(),
            schema: json!({"type": "object", "properties": {}}),
        })
    };
    called_names(request).into_iter().map(spec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::{Tool, schema};

    #[test]
    fn plain_schemas_say_the_same_with_fewer_words() {
        let parts = Parts::known(Some(Provider::Gemini));
        for tool in Tool::ALL {
            let (whole, plain) = (schema::of(tool), parts.schema(&schema::of(tool)));
            for word in ["additionalProperties", "oneOf", "anyOf", "const", "minimum", "$schema"] {
                assert!(!plain.to_string().contains(&format!("\"{word}\":")), "{tool}: {plain}");
            }
            let names =
                |schema: &Value| -> Vec<String> { schema["properties"].as_object().unwrap().keys().cloned().collect() };
            assert_eq!((names(&whole), &whole["required"]), (names(&plain), &plain["required"]), "{tool}");
        }
        let state = &parts.schema(&schema::of(Tool::ListJobs))["properties"]["state"];
        assert_eq!((&state["type"], &state["enum"]), (&json!("string"), &json!(["open", "done", "all"])));
        assert_eq!(Parts::default().schema(&schema::of(Tool::ListJobs)), schema::of(Tool::ListJobs));
    }

    #[test]
    fn each_part_is_given_up_once() {
        let parts = Parts::default();
        assert!(parts.temperature() && parts.give_up("Unsupported value: 'temperature' does not support 0"));
        assert!(!parts.temperature() && !parts.give_up("temperature"));
        assert!(!parts.give_up("the model is busy"));
        assert!(parts.give_up("Unknown name \"additionalProperties\" at 'tools[0]': Cannot find field."));
        assert!(!parts.give_up("Unknown name \"const\" at 'tools[0]'"), "that was left out with it");
    }
}
