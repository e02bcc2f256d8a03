//! The whole story of a paid job over model servers as they are: one that is strict in all that any is, and ones whose model
//! is gone when only words are missing.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, body::Body, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::{
    services::model::next,
    world::{Run, World, example},
};

/// How a server answers when only words are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// With words, but not where the history holds calls: Bedrock behind a gateway.
    WantsTools,
    Refuses,
    Fails,
    Cuts,
}

#[derive(Clone)]
struct Server {
    closing: Closing,
    seen: Arc<Mutex<Vec<Value>>>,
}

/// The rule of some real server that a request breaks: DeepSeek's and Kimi's on messages, Mistral's on ids, Kimi's on schemas.
fn broken(request: &Value) -> Option<String> {
    let messages = request["messages"].as_array()?;
    for (n, message) in messages.iter().enumerate() {
        if (message["role"] == "system") != (n == 0) {
            return Some("System message must be at the beginning.".to_owned());
        }
        let Some(fields) = message.as_object().filter(|fields| !fields.contains_key("content")) else { continue };
        return Some(format!("messages[{n}]: missing field `content`: {fields:?}"));
    }
    for (n, message) in messages.iter().enumerate() {
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let id = call["id"].as_str()?;
            if id.len() != 9 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Some(format!("Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9."));
            }
            if message["reasoning_content"].as_str().is_none_or(str::is_empty) {
                return Some(format!(
                    "thinking is enabled but reasoning_content is missing in assistant tool call message at index {n}"
                ));
            }
        }
    }
    let tools = request["tools"].as_array().into_iter().flatten();
    for property in tools.filter_map(|tool| tool.pointer("/function/parameters/properties")?.as_object()) {
        if let Some((name, schema)) = property.iter().find(|(_, schema)| !schema["type"].is_string()) {
            return Some(format!("not a valid moonshot flavored json schema: At path 'properties.{name}': {schema}"));
        }
    }
    None
}

async fn answer(State(server): State<Server>, Json(request): Json<Value>) -> axum::response::Response {
    let refuse = |message: &str| {
        let error = json!({"error": {"message": message, "type": "invalid_request_error"}});
        (StatusCode::BAD_REQUEST, Json(error)).into_response()
    };
    server.seen.lock().unwrap().push(request.clone());
    if let Some(rule) = broken(&request) {
        return refuse(&rule);
    }
    let offers = request.get("tools").is_some() && request["tool_choice"] != "none";
    let calls_before = request["messages"].to_string().contains("tool_calls");
    if server.closing == Closing::WantsTools && request.get("tools").is_none() && calls_before {
        return refuse("The toolConfig field must be defined when using toolUse and toolResult content blocks.");
    }
    let turn = u32::try_from(server.seen.lock().unwrap().len()).unwrap();
    let mut shown = request.clone();
    if !offers {
        shown["tools"] = json!([]);
    }
    let (mut delta, mut end) = next(&shown, turn);
    if delta.get("content").is_some() {
        match server.closing {
            // It looks again at what is done, and is left with nothing but words.
            Closing::WantsTools if offers => {
                let arguments = json!({"task_type": "protein_folding", "dataset": "data.fasta"}).to_string();
                let function = json!({"name": "check_local_capability", "arguments": arguments});
                delta = json!({"tool_calls": [{"index": 0, "type": "function", "function": function}]});
                end = "tool_calls";
            }
            Closing::WantsTools => {}
            Closing::Refuses => return refuse("No."),
            Closing::Fails => return (StatusCode::INTERNAL_SERVER_ERROR, "oops").into_response(),
            Closing::Cuts => {
                let words = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"It is \"}}]}\n\n";
                let broken = stream::once(async {
                    tokio::task::yield_now().await;
                    Err(std::io::Error::other("broken"))
                });
                let body = stream::iter([Ok(words.to_owned())]).chain(broken);
                return ([("content-type", "text/event-stream")], Body::from_stream(body)).into_response();
            }
        }
    }
    if let Some(call) = delta.pointer_mut("/tool_calls/0") {
        call["id"] = format!("Strict{turn:03}").into();
    }
    let chunk = |delta: Value, end: Value| {
        format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta, "finish_reason": end}]}))
    };
    let thought = chunk(json!({"reasoning_content": "Let me think."}), Value::Null);
    let body = [thought, chunk(delta, Value::Null), chunk(json!({}), end.into()), "data: [DONE]\n\n".to_owned()];
    ([("content-type", "text/event-stream")], body.concat()).into_response()
}

/// A run of the program against such a server, and what the server was asked.
async fn asked(closing: Closing, flags: &[&str]) -> (Run, Vec<Value>) {
    let server = Server { closing, seen: Arc::default() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let app = Router::new().route("/v1/chat/completions", post(answer)).with_state(server.clone());
    let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let mut world = World::new();
    world.file("data.fasta", example("data.fasta"));
    for (name, value) in [("OPENAI_BASE_URL", url.as_str()), ("AGENT_MODEL", "m"), ("AGENT_STYLE", "tools")] {
        world.set(name, value);
    }
    let words = [&["ask", "--json"], flags, &["Fold data.fasta"]].concat();
    let run = tokio::task::block_in_place(|| world.run(&words));
    task.abort();
    let seen = server.seen.lock().unwrap().clone();
    (run, seen)
}

fn thoughts(run: &Run) -> usize {
    run.types().iter().filter(|kind| *kind == "thought.delta").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_job_over_a_server_that_is_strict_in_all_that_any_is() {
    let (run, seen) = asked(Closing::WantsTools, &["--thoughts"]).await;
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(run.event("receipt")["state"], "done", "{}", run.all());
    assert_eq!(run.event("payment.confirmed")["amount"], "2");
    assert_eq!(run.events().iter().filter(|e| e["type"] == "warning").count(), 0, "{}", run.all());
    assert!(thoughts(&run) > 3, "{}", run.all());
    let closing: Vec<bool> = seen.iter().rev().take(2).map(|request| request.get("tools").is_some()).collect();
    assert_eq!(closing, [true, false], "asked for without tools, refused, and asked for with them");
    let refused: Vec<String> = seen.iter().filter_map(broken).collect();
    assert_eq!(refused, Vec::<String>::new(), "what the strictest take is sent from the start");
}

/// What is paid for and done is a success, whatever becomes of the words on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_paid_job_is_no_failure_because_its_closing_words_are_missing() {
    for closing in [Closing::Refuses, Closing::Fails, Closing::Cuts] {
        let (run, _) = asked(closing, &[]).await;
        assert_eq!(run.code, 0, "{closing:?}: {}", run.all());
        assert_eq!(run.event("receipt")["state"], "done", "{closing:?}: {}", run.all());
        assert_eq!(run.events().iter().filter(|e| e["type"] == "payment.sent").count(), 1);
        let warning = run.event("warning")["message"].as_str().unwrap().to_owned();
        assert!(warning.starts_with("the closing words are the program's own: "), "{closing:?}: {warning}");
        assert_eq!(thoughts(&run), 0, "they are shown on request alone");
    }
}
