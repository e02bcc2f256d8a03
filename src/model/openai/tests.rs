//! Against a server on loopback that speaks HTTP and whatever we want it to.

mod asking;
mod bodies;
mod calling;
mod failing;
mod forms;
mod learning;
mod providers;
mod reading;
mod responses;
mod thinking;
mod worst;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::State, http::HeaderMap, response::IntoResponse, routing::post};
use futures::stream;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;
use crate::{
    model::{Finish, Message, ToolCall, ToolChoice, Usage},
    tools::ToolSpec,
};
use domain::cost::NanoDollars;
use guard::config::Key;

/// What the server answers to one request.
enum Answer {
    /// These events, then the end mark.
    Events(Vec<Value>),
    /// This body as a stream of pieces, and then nothing more, an end, or a broken connection.
    Raw(Vec<String>, After),
    /// This body as it comes.
    Stream(axum::body::Body),
    /// This body, packed with gzip.
    Packed(&'static str, Vec<u8>),
    /// An error or any other answer.
    Plain(u16, &'static str, &'static [(&'static str, &'static str)], String),
}

#[derive(Clone, Copy)]
enum After {
    Silence,
    End,
    Break,
}

#[derive(Clone, Default)]
struct Server {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
}

async fn answer(State(server): State<Server>, headers: HeaderMap, body: String) -> axum::response::Response {
    server.seen.lock().unwrap().push((headers, serde_json::from_str(&body).unwrap()));
    let next = server.answers.lock().unwrap().pop_front().expect("asked once too often");
    let sse = |pieces: Vec<String>, after: After| {
        let head = stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
        let body = match after {
            After::End => axum::body::Body::from_stream(head),
            After::Silence => axum::body::Body::from_stream(head.chain(stream::pending())),
            After::Break => {
                // Once pending, the server flushes what it has.
                let broken = stream::once(async {
                    tokio::task::yield_now().await;
                    Err(std::io::Error::other("broken"))
                });
                axum::body::Body::from_stream(head.chain(broken))
            }
        };
        ([("content-type", "text/event-stream")], body).into_response()
    };
    match next {
        Answer::Events(events) => {
            let mut pieces: Vec<String> = events.iter().map(|e| format!("data: {e}\n\n")).collect();
            pieces.push("data: [DONE]\n\n".to_owned());
            sse(pieces, After::End)
        }
        Answer::Raw(pieces, after) => sse(pieces, after),
        Answer::Stream(body) => ([("content-type", "text/event-stream")], body).into_response(),
        Answer::Packed(kind, body) => ([("content-type", kind), ("content-encoding", "gzip")], body).into_response(),
        Answer::Plain(status, kind, more, body) => {
            let mut response = (axum::http::StatusCode::from_u16(status).unwrap(), body).into_response();
            response.headers_mut().insert("content-type", kind.parse().unwrap());
            for (name, value) in more {
                response.headers_mut().insert(*name, value.parse().unwrap());
            }
            response
        }
    }
}

/// What the page on endpoints says that a test shows, a test of that name shows.
#[test]
fn the_page_on_endpoints_names_tests_that_are_there() {
    fn sources(folder: &std::path::Path, out: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => sources(&path, out),
                false => out.push_str(&std::fs::read_to_string(&path).unwrap()),
            }
        }
    }
    let mut all = String::new();
    sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let page = include_str!("../../../docs/endpoints.md");
    let is_name =
        |text: &&str| text.matches('_').count() >= 3 && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let named: Vec<&str> = page.split('`').filter(is_name).collect();
    assert!(named.len() > 30, "{}", named.len());
    for name in named {
        assert!(all.contains(&format!("fn {name}(")), "no test is called {name}");
    }
}

fn endpoint(url: &str, api_key: Option<&str>) -> Endpoint {
    Endpoint {
        base_url: url.parse().unwrap(),
        model: "m-1".into(),
        api_key: api_key.map(SecretString::from),
        key: Key::OpenaiApiKey,
        provider: None,
        api: Api::Chat,
    }
}

async fn serve(answers: Vec<Answer>) -> (Server, OpenAiSettings) {
    let server = Server { answers: Arc::new(Mutex::new(answers.into())), ..Server::default() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let app = Router::new()
        .route("/v1/chat/completions", post(answer))
        .route("/v1/responses", post(answer))
        .with_state(server.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut settings = OpenAiSettings::new(endpoint(&url, Some("sk-test")));
    settings.backoff = Duration::from_millis(1);
    (server, settings)
}

fn request() -> ChatRequest {
    let call = ToolCall { id: "c1".into(), name: "list_jobs".into(), arguments: "{}".into(), echo: None };
    ChatRequest {
        system: "You are.".into(),
        messages: vec![
            Message::User { text: "hi".into() },
            Message::called("", vec![call]),
            Message::ToolResult { call_id: "c1".into(), name: "list_jobs".into(), content: "{\"ok\":true}".into() },
        ],
        tools: vec![ToolSpec {
            name: "list_jobs".into(),
            description: "List.".into(),
            schema: json!({"type": "object"}),
        }],
        choice: ToolChoice::Required,
        form: None,
    }
}

async fn ask(settings: OpenAiSettings) -> (Result<ChatTurn, ModelError>, String) {
    let (turn, shown, _) = ask_and_count(settings).await;
    (turn, shown)
}

/// The turn, what was shown of it, and the tokens of tries that gave none: in and out.
async fn ask_and_count(settings: OpenAiSettings) -> (Result<ChatTurn, ModelError>, String, Vec<(u64, u64)>) {
    let model = OpenAi::new(settings).unwrap();
    let (mut shown, mut lost) = (String::new(), Vec::new());
    let mut sink = |delta| match delta {
        Delta::Text(text) => shown.push_str(&text),
        Delta::Thought(_) => {}
        Delta::Lost(usage) => lost.push((usage.prompt_tokens, usage.completion_tokens)),
    };
    let turn = model.turn(&request(), &mut sink).await;
    (turn, shown, lost)
}

fn delta(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}
fn end(reason: &str) -> Value {
    json!({"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

/// The turn of a model that said something, called twice and told what that took.
fn looked(ids: [&str; 2], nano: u64) -> ChatTurn {
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        echo: None,
    };
    ChatTurn {
        text: "I look.".into(),
        calls: vec![call(ids[0], "wait_for_job", "{\"job\":\"j\"}"), call(ids[1], "list_jobs", "{}")],
        finish: Finish::ToolCalls,
        usage: Some(Usage {
            prompt_tokens: 700,
            completion_tokens: 20,
            cached_tokens: Some(512),
            reasoning_tokens: Some(7),
            cost: Some(NanoDollars::new(nano)),
            estimated: false,
        }),
        reasoning: None,
    }
}
