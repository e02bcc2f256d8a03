//! An answer of a form: held to it by the server (`response_format`; `text.format` of Responses), or asked for in words where
//! it takes none or does not hold to it.

use serde_json::{Value, json};

use super::parts::Parts;
use crate::model::{ChatRequest, ChatTurn, Finish, ModelError, chat::Form, form::object};
use guard::config::Api;

/// How the form is asked for in words.
const IN_WORDS: &str = include_str!("../../../prompts/form.md");

/// Adds the request's form to its body. The words stand at the end of the last message, so that all before it stays as it was
/// and a server's prefix cache serves.
pub(super) fn ask_for(body: &mut Value, request: &ChatRequest, api: Api, parts: &Parts) {
    let (Some(form), Some(fields)) = (&request.form, body.as_object_mut()) else { return };
    let (messages, texts, key, held) = match api {
        Api::Chat => ("messages", ["content", "content"], "response_format", in_chat(form, parts)),
        Api::Responses => ("input", ["content", "output"], "text", in_responses(form, parts)),
    };
    if parts.response_format() {
        fields.insert(key.to_owned(), held);
    }
    if parts.form_in_words() {
        let last = fields.get_mut(messages).and_then(Value::as_array_mut).and_then(|all| all.last_mut());
        let said = last.and_then(|last| {
            let at = texts.into_iter().find(|at| last.get(*at).is_some_and(Value::is_string))?;
            last.get_mut(at)
        });
        if let Some(Value::String(said)) = said {
            *said = format!("{said}\n\n{}\n{}", IN_WORDS.trim_end(), form.schema);
        }
    }
}

fn in_chat(form: &Form, parts: &Parts) -> Value {
    let held = json!({"name": form.name, "schema": parts.form(&form.schema), "strict": true});
    json!({"type": "json_schema", "json_schema": held})
}

fn in_responses(form: &Form, parts: &Parts) -> Value {
    let schema = parts.form(&form.schema);
    json!({"format": {"type": "json_schema", "name": form.name, "schema": schema, "strict": true}})
}

/// Whether words came where an object was asked for. What was cut or withheld says nothing about the server.
pub(super) fn is_missed(request: &ChatRequest, turn: &ChatTurn) -> bool {
    request.form.is_some() && turn.finish == Finish::Stop && !object::is_in(&turn.text)
}

/// Whether a refusal may be one of the form. A failure of the server's own (500) is one when it says so: llama.cpp's words for
/// a schema that it can make no grammar of, vLLM's and OpenAI's for one that they do not take.
pub(super) fn is_refused(request: &ChatRequest, error: &ModelError) -> bool {
    const NAMED: [&str; 6] = ["response_format", "json_schema", "text.format", "grammar", "schema", "guided"];
    let named = |message: &str| NAMED.iter().any(|word| message.contains(word));
    request.form.is_some()
        && match error {
            ModelError::Refused { status: 400 | 422, .. } => true,
            ModelError::Refused { message, .. } | ModelError::Server { message, .. } => named(message),
            _ => false,
        }
}
