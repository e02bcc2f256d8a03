//! Requests and turns, in no provider's format.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::tools::ToolSpec;
use domain::cost::NanoDollars;

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The system prompt. It is sent first, always.
    pub system: String,
    /// The conversation so far, oldest first.
    pub messages: Vec<Message>,
    /// What the model may call now; none for a closing answer.
    pub tools: Vec<ToolSpec>,
    /// Whether it must call.
    pub choice: ToolChoice,
    /// The form that the whole answer is to have. Then no tools are offered, and nothing is streamed: it is for no person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
}

/// The form of an answer: one JSON object that fits a schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// Its name, for servers: letters, digits, `_`, `-`.
    pub name: String,
    /// Its JSON Schema. Properties are written in their order.
    pub schema: Value,
}

/// Whether a model must call a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// It may.
    #[default]
    Auto,
    /// A job waits for a step: it must. (Servers that ignore this work too.)
    Required,
    /// It cannot: no tools are sent at all.
    None,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    /// A person said.
    User {
        /// What.
        text: String,
    },
    /// The model said.
    Assistant {
        /// What; may be empty when it only calls.
        text: String,
        /// Its calls; each has exactly one result below.
        calls: Vec<ToolCall>,
        /// What it reasoned before them, where its server wants that back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reasoning: Option<Reasoning>,
    },
    /// A call's one result.
    ToolResult {
        /// Of this call.
        call_id: String,
        /// The tool.
        name: String,
        /// JSON, as the model is shown it.
        content: String,
    },
}

impl Message {
    /// Words of the model, and nothing else.
    pub fn said(text: impl Into<String>) -> Message {
        Message::called(text, Vec::new())
    }

    /// Words of the model, if any, and its calls.
    pub fn called(text: impl Into<String>, calls: Vec<ToolCall>) -> Message {
        Message::Assistant { text: text.into(), calls, reasoning: None }
    }
}

/// What a model reasoned before its calls, as its server wants it back with them: Kimi's and DeepSeek's
/// `reasoning_content`, OpenRouter's `reasoning_details`, the reasoning items of Responses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reasoning {
    /// Who gave it, and is alone sent it again: a server's address without anything secret, and a model there.
    pub from: String,
    /// The fields of the message that held it, or the list of items, word for word.
    pub given: Value,
}

/// A call as a model wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ToolCall {
    /// Ties the call to its result.
    pub id: String,
    /// The tool.
    pub name: String,
    /// JSON, as the model wrote it; may be anything.
    pub arguments: String,
    /// What the provider wants back with this call, word for word, and nobody else reads: Gemini's `extra_content`,
    /// which holds the thought signature without which the next request is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo: Option<Value>,
}

/// What comes while a model is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// A piece of the answer.
    Text(String),
    /// A piece of what the model thinks before it answers: no part of the answer.
    Thought(String),
    /// What a try took that gave no turn, where the provider said before it broke off: it is to be paid all the same.
    Lost(Usage),
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It was done.
    #[default]
    Stop,
    /// It calls.
    ToolCalls,
    /// Its answer was cut: the token limit, or ours.
    Length,
    /// Its provider withheld the rest.
    ContentFilter,
    /// A reason of the provider's own.
    Other(String),
}

/// What a turn used, in tokens and in money, as its provider counts, or by an estimate where it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens in, those from a cache included.
    pub prompt_tokens: u64,
    /// Tokens out, those of unseen reasoning included.
    pub completion_tokens: u64,
    /// Tokens in that were read from the provider's cache, where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Tokens out that nobody sees, where it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
    /// What it costs in US dollars, where the provider says (OpenRouter's `usage.cost`). It is never estimated here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<NanoDollars>,
    /// Whether the tokens are estimated, as the provider counted none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ChatTurn {
    /// Its text.
    pub text: String,
    /// Its calls.
    pub calls: Vec<ToolCall>,
    /// Why it stopped.
    pub finish: Finish,
    /// What it used, where the provider says.
    pub usage: Option<Usage>,
    /// What it reasoned, where its server may want that back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Reasoning>,
}

impl ChatRequest {
    /// The last thing a person said.
    pub fn last_user_text(&self) -> &str {
        self.messages
            .iter()
            .rev()
            .find_map(|m| if let Message::User { text } = m { Some(text.as_str()) } else { None })
            .unwrap_or_default()
    }

    /// Whether a tool of this name is offered.
    pub fn offers(&self, name: &str) -> bool {
        self.choice != ToolChoice::None && self.tools.iter().any(|t| t.name == name)
    }

    /// The rules that every request keeps; OpenAI-compatible servers answer 400 or 500 to a request that breaks one.
    ///
    /// # Errors
    /// The first broken rule, in a sentence.
    pub fn check(&self) -> Result<(), String> {
        if self.system.trim().is_empty() {
            return Err("the system prompt is missing".to_owned());
        }
        if self.choice == ToolChoice::Required && self.tools.is_empty() {
            return Err("a call is required and no tool is offered".to_owned());
        }
        if self.form.is_some() && !self.tools.is_empty() {
            return Err("an answer of a form is asked for, and tools are offered".to_owned());
        }
        if !matches!(self.messages.first(), Some(Message::User { .. })) {
            return Err("the first message after the system prompt is not a person's".to_owned());
        }
        let mut open: Vec<&str> = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        let mut before: Option<&Message> = None;
        for message in &self.messages {
            // Chat templates that want the roles to alternate do not count the results of calls.
            if let (Message::User { .. }, Some(Message::User { .. } | Message::ToolResult { .. })) = (message, before) {
                return Err("a person's message does not follow words of the model".to_owned());
            }
            before = Some(message);
            match message {
                Message::ToolResult { call_id, name, .. } => {
                    let Some(at) = open.iter().position(|id| id == call_id) else {
                        return Err(format!("a result of {name} answers no open call (`{call_id}`)"));
                    };
                    open.remove(at);
                }
                _ if !open.is_empty() => {
                    return Err(format!("call `{}` has no result before the next message", open.join("`, `")));
                }
                Message::Assistant { calls, text, .. } => {
                    if calls.is_empty() && text.trim().is_empty() {
                        return Err("an assistant message is empty".to_owned());
                    }
                    for call in calls {
                        if call.id.is_empty() || seen.contains(&call.id.as_str()) {
                            return Err(format!("the call id `{}` is empty or used twice", call.id));
                        }
                        if serde_json::from_str::<serde_json::Map<_, _>>(&call.arguments).is_err() {
                            return Err(format!("the arguments of call `{}` are not a JSON object", call.id));
                        }
                        seen.push(&call.id);
                        open.push(&call.id);
                    }
                }
                Message::User { .. } => {}
            }
        }
        if !open.is_empty() {
            return Err(format!("call `{}` has no result", open.join("`, `")));
        }
        if matches!(self.messages.last(), Some(Message::Assistant { .. })) {
            return Err("the last message is the model's own".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str) -> ToolCall {
        ToolCall { id: id.into(), name: "list_jobs".into(), arguments: "{}".into(), echo: None }
    }
    fn result(id: &str) -> Message {
        Message::ToolResult { call_id: id.into(), name: "list_jobs".into(), content: "{}".into() }
    }
    fn request(messages: Vec<Message>) -> ChatRequest {
        ChatRequest { system: "s".into(), messages, ..ChatRequest::default() }
    }

    #[test]
    fn each_call_has_exactly_one_result() {
        let user = Message::User { text: "hi".into() };
        let calls = Message::called("", vec![call("a"), call("b")]);
        assert_eq!(request(vec![user.clone(), calls.clone(), result("b"), result("a")]).check(), Ok(()));
        for bad in [
            vec![],
            vec![calls.clone(), result("a"), result("b")],
            vec![user.clone(), calls.clone(), result("a")],
            vec![user.clone(), calls.clone(), result("a"), result("a")],
            vec![user.clone(), calls.clone(), result("a"), user.clone(), result("b")],
            vec![user.clone(), result("a")],
            vec![user.clone(), Message::said(" "), user.clone()],
            vec![user.clone(), Message::said("x")],
            vec![user.clone(), user.clone()],
            vec![user.clone(), calls.clone(), result("a"), result("b"), user.clone()],
        ] {
            assert!(request(bad.clone()).check().is_err(), "{bad:?}");
        }
        assert!(ChatRequest { messages: vec![user], ..ChatRequest::default() }.check().is_err());
    }
}
