//! A call asked for as text, of a model that was asked for a call and made none: the tools are described in the last message,
//! and the answer is held to the form of a call by a JSON Schema, where the server can do that. Small models whose chat template
//! does not carry tools well call rightly so.

use serde_json::{Value, json};

use super::parts::Parts;
use crate::{config::Api, model::ChatRequest, tools::ToolSpec};

/// How such a call is written, for the model.
const WRITTEN: &str = include_str!("../../../prompts/written.md");

/// Turns the body of a request that offers tools into one whose answer is a call as text. What is asked stands at the end of
/// the last message, so that all before it stays as it was and a server's prefix cache serves.
pub(super) fn ask_for(body: &mut Value, request: &ChatRequest, api: Api, parts: &Parts) {
    let Some(fields) = body.as_object_mut() else { return };
    fields.remove("tools");
    fields.remove("tool_choice");
    let (messages, texts, key, form) = match api {
        Api::Chat => {
            let form = json!({"name": "call", "schema": form(&request.tools, parts)});
            ("messages", ["content", "content"], "response_format", json!({"type": "json_schema", "json_schema": form}))
        }
        Api::Responses => {
            let form = json!({"type": "json_schema", "name": "call", "schema": form(&request.tools, parts)});
            ("input", ["content", "output"], "text", json!({"format": form}))
        }
    };
    let last = fields.get_mut(messages).and_then(Value::as_array_mut).and_then(|all| all.last_mut());
    if let Some(Value::Object(last)) = last {
        for text in texts {
            if let Some(Value::String(said)) = last.get_mut(text) {
                *said = format!("{said}\n\n{}", told(&request.tools));
                break;
            }
        }
    }
    if parts.response_format() {
        fields.insert(key.to_owned(), form);
    }
}

fn told(tools: &[ToolSpec]) -> String {
    let mut out = WRITTEN.trim_end().to_owned();
    for tool in tools {
        out.push_str(&format!("\n\n{}: {}\nIts arguments: {}", tool.name, tool.description, tool.schema));
    }
    out
}

/// The schema of a call of one of the tools.
fn form(tools: &[ToolSpec], parts: &Parts) -> Value {
    let one = |tool: &ToolSpec| {
        json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "name": {"type": "string", "enum": [tool.name]},
                "arguments": parts.schema(&tool.schema),
            },
            "required": ["name", "arguments"],
        })
    };
    match tools {
        [tool] => one(tool),
        several => json!({"anyOf": several.iter().map(one).collect::<Vec<_>>()}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Message, ToolCall, ToolChoice,
        openai::{chat, responses},
    };

    fn tool(name: &str) -> ToolSpec {
        let schema = json!({"type": "object", "properties": {"job": {"type": "string", "enum": ["job-aaaa2222"]}}});
        ToolSpec { name: name.to_owned(), description: format!("Does {name}."), schema }
    }

    fn body(tools: Vec<ToolSpec>, parts: &Parts) -> Value {
        let messages = vec![Message::User { text: "go".into() }];
        let request =
            ChatRequest { system: "You are.\n".into(), messages, tools, choice: ToolChoice::Required, written: true };
        let mut body = chat::request(&request, "m", parts);
        ask_for(&mut body, &request, Api::Chat, parts);
        body
    }

    #[test]
    fn the_answer_is_held_to_the_form_of_a_call() {
        let one = body(vec![tool("wait_for_job")], &Parts::default());
        assert!(one.get("tools").is_none() && one.get("tool_choice").is_none());
        assert_eq!(one["messages"][0]["content"], "You are.\n", "what a server's cache holds stays as it was");
        let asked = one["messages"][1]["content"].as_str().unwrap();
        assert!(asked.starts_with("go\n\n[from the program") && asked.contains("wait_for_job: Does"), "{asked}");
        let form = &one["response_format"]["json_schema"]["schema"]["properties"];
        assert_eq!(form["name"]["enum"], json!(["wait_for_job"]));
        assert_eq!(form["arguments"]["properties"]["job"]["enum"], json!(["job-aaaa2222"]));
        let two = body(vec![tool("pay_gas_fee"), tool("wait_for_job")], &Parts::default());
        assert_eq!(two["response_format"]["json_schema"]["schema"]["anyOf"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn it_stands_at_the_end_of_whatever_was_said_last() {
        let call = ToolCall { id: "c-1".into(), name: "x".into(), arguments: "{}".into(), echo: None };
        let result = Message::ToolResult { call_id: "c-1".into(), name: "x".into(), content: "{}".into() };
        let request = ChatRequest {
            messages: vec![
                Message::User { text: "go".into() },
                Message::Assistant { text: String::new(), calls: vec![call] },
                result,
            ],
            tools: vec![tool("wait_for_job")],
            choice: ToolChoice::Required,
            written: true,
            ..ChatRequest::default()
        };
        let parts = Parts::default();
        let mut chat = chat::request(&request, "m", &parts);
        ask_for(&mut chat, &request, Api::Chat, &parts);
        let mut other = responses::request(&request, "m", &parts);
        ask_for(&mut other, &request, Api::Responses, &parts);
        for said in [&chat["messages"][3]["content"], &other["input"][2]["output"]] {
            assert!(said.as_str().unwrap().contains("one JSON object"), "{said}");
        }
        assert_eq!(other["text"]["format"]["schema"]["properties"]["name"]["enum"], json!(["wait_for_job"]));
    }

    #[test]
    fn a_server_that_holds_to_no_form_is_asked_in_words_alone() {
        let parts = Parts::default();
        assert!(parts.give_up("Unrecognized request argument supplied: response_format"));
        let body = body(vec![tool("wait_for_job")], &parts);
        assert!(body.get("response_format").is_none());
        assert!(body["messages"][1]["content"].as_str().unwrap().contains("one JSON object"));
    }
}
