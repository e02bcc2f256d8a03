//! An OpenAI-compatible endpoint whose model does what it is offered: the whole story of a remote job.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{Json, Router, http::HeaderMap, http::StatusCode, response::IntoResponse, routing::post};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};
use url::Url;

/// A served model; it ends when dropped.
pub struct Model {
    pub url: Url,
    task: AbortHandle,
}

impl Drop for Model {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Model {
    /// One that asks for this key.
    pub async fn serve(key: &'static str) -> Model {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap()).parse().unwrap();
        let turns = Arc::new(AtomicU32::new(0));
        let answer = move |headers: HeaderMap, Json(request): Json<Value>| async move {
            if headers.get("authorization").map(|value| value.as_bytes()) != Some(format!("Bearer {key}").as_bytes()) {
                // As servers do, with the key in their words.
                let said = headers.get("authorization").map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned());
                let error =
                    json!({"error": {"message": format!("wrong key: {said:?}"), "type": "invalid_request_error"}});
                return (StatusCode::UNAUTHORIZED, Json(error)).into_response();
            }
            let turn = turns.fetch_add(1, Ordering::Relaxed);
            let chunk = |delta: Value, end: Value| {
                let choice = json!({"index": 0, "delta": delta, "finish_reason": end});
                format!("data: {}\n\n", json!({"id": "x", "object": "chat.completion.chunk", "choices": [choice]}))
            };
            let (delta, end) = next(&request, turn);
            let body =
                [chunk(delta, Value::Null), chunk(json!({}), end.into()), "data: [DONE]\n\n".to_owned()].concat();
            ([("content-type", "text/event-stream")], body).into_response()
        };
        let app = Router::new().route("/v1/chat/completions", post(answer));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }).abort_handle();
        Model { url, task }
    }
}

/// What the model says next, and why it stops.
pub fn next(request: &Value, turn: u32) -> (Value, &'static str) {
    let empty = Vec::new();
    let offered: Vec<&str> =
        request["tools"].as_array().unwrap_or(&empty).iter().filter_map(|t| t["function"]["name"].as_str()).collect();
    let messages = request["messages"].as_array().unwrap();
    let results: Vec<Value> = messages
        .iter()
        .filter(|m| m["role"] == "tool")
        .filter_map(|m| serde_json::from_str(m["content"].as_str()?).ok())
        .collect();
    let known = |name: &str| results.iter().rev().map(|r| r[name].clone()).find(|v| !v.is_null());
    let job = || known("job").unwrap();
    let call = |name: &str, arguments: Value| {
        let function = json!({"name": name, "arguments": arguments.to_string()});
        let call = json!({"index": 0, "id": format!("call-{turn}"), "type": "function", "function": function});
        (json!({"role": "assistant", "tool_calls": [call]}), "tool_calls")
    };
    match offered.as_slice() {
        offered if results.is_empty() && offered.contains(&"check_local_capability") => {
            let text = messages.iter().rev().find(|m| m["role"] == "user").unwrap()["content"].as_str().unwrap();
            let task = if text.contains("statistics") { "sequence_stats" } else { "protein_folding" };
            let dataset = text.split_whitespace().find(|word| word.ends_with(".fasta")).unwrap();
            call("check_local_capability", json!({"task_type": task, "dataset": dataset}))
        }
        ["run_local_task"] => call("run_local_task", json!({"job": job()})),
        ["run_remote_compute"] => call("run_remote_compute", json!({"job": job()})),
        ["pay_gas_fee"] => {
            let quote = known("quote").unwrap();
            let (amount, recipient) = (&quote["amount"], &quote["recipient"]);
            call("pay_gas_fee", json!({"job": job(), "amount": amount, "recipient": recipient}))
        }
        ["wait_for_job"] => call("wait_for_job", json!({"job": job()})),
        _ => (json!({"role": "assistant", "content": "That is all."}), "stop"),
    }
}
