//! Against a server on loopback that speaks HTTP and whatever we want it to.

mod providers;
mod responses;

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
    config::Key,
    domain::cost::NanoDollars,
    model::{Finish, Message, ToolCall, ToolChoice, Usage},
    tools::ToolSpec,
};

/// What the server answers to one request.
enum Answer {
    /// These events, then the end mark.
    Events(Vec<Value>),
    /// This body as a stream of pieces, and then nothing more, an end, or a broken connection.
    Raw(Vec<String>, After),
    /// This body as it comes.
    Stream(axum::body::Body),
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
            Message::Assistant { text: String::new(), calls: vec![call] },
            Message::ToolResult { call_id: "c1".into(), name: "list_jobs".into(), content: "{\"ok\":true}".into() },
        ],
        tools: vec![ToolSpec {
            name: "list_jobs".into(),
            description: "List.".into(),
            schema: json!({"type": "object"}),
        }],
        choice: ToolChoice::Required,
        written: false,
    }
}

async fn ask(settings: OpenAiSettings) -> (Result<ChatTurn, ModelError>, String) {
    let model = OpenAi::new(settings).unwrap();
    let mut shown = String::new();
    let turn = model.turn(&request(), &mut |Delta::Text(text)| shown.push_str(&text)).await;
    (turn, shown)
}

fn delta(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}
fn end(reason: &str) -> Value {
    json!({"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

#[tokio::test]
async fn assembles_text_and_calls_from_fragments() {
    let events = vec![
        delta(json!({"role": "assistant", "content": null})),
        delta(json!({"content": "I "})),
        delta(json!({"content": "look."})),
        delta(
            json!({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "wait_for_job", "arguments": "{"}}]}),
        ),
        delta(
            json!({"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "list_jobs", "arguments": ""}}]}),
        ),
        delta(json!({"tool_calls": [{"index": 0, "function": {"arguments": "\"job\":"}}]})),
        delta(
            json!({"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}, {"index": 0, "function": {"arguments": "\"j\"}"}}]}),
        ),
        end("tool_calls"),
        json!({"choices": [], "usage": {
            "prompt_tokens": 700,
            "completion_tokens": 20,
            "total_tokens": 720,
            "prompt_tokens_details": {"cached_tokens": 512, "audio_tokens": null},
            "completion_tokens_details": {"reasoning_tokens": 7},
            "cost": 0.00014725,
            "cost_details": {"upstream_inference_cost": null},
        }}),
    ];
    let (server, settings) = serve(vec![Answer::Events(events)]).await;
    let (turn, shown) = ask(settings).await;
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        echo: None,
    };
    assert_eq!(
        turn.unwrap(),
        ChatTurn {
            text: "I look.".into(),
            calls: vec![call("a", "wait_for_job", "{\"job\":\"j\"}"), call("b", "list_jobs", "{}")],
            finish: Finish::ToolCalls,
            usage: Some(Usage {
                prompt_tokens: 700,
                completion_tokens: 20,
                cached_tokens: Some(512),
                reasoning_tokens: Some(7),
                cost: Some(NanoDollars::new(147_250)),
            }),
        }
    );
    assert_eq!(shown, "I look.");
    let seen = server.seen.lock().unwrap();
    let (headers, body) = &seen[0];
    assert_eq!(headers["authorization"], "Bearer sk-test");
    assert_eq!(body["tool_choice"], "required");
    assert_eq!(body["stream_options"]["include_usage"], true);
    assert_eq!(body["messages"][0], json!({"role": "system", "content": "You are."}));
    assert_eq!(body["messages"][2]["tool_calls"][0]["function"], json!({"name": "list_jobs", "arguments": "{}"}));
    assert_eq!(body["messages"][3], json!({"role": "tool", "content": "{\"ok\":true}", "tool_call_id": "c1"}));
}

#[tokio::test]
async fn reads_the_dialects_of_other_servers() {
    // Every call at index 0 with an id of its own; arguments as an object; `stop` although it calls.
    let gemini = vec![
        delta(json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "list_jobs", "arguments": "{}"}}]})),
        delta(
            json!({"tool_calls": [{"index": 0, "id": "b", "function": {"name": "list_jobs", "arguments": {"state": "open"}}}]}),
        ),
        end("stop"),
    ];
    // No index, no id, the name with every piece, a finish reason of its own.
    let plain = vec![
        delta(json!({"tool_calls": [{"function": {"name": "list_jobs", "arguments": "{"}}]})),
        delta(json!({"tool_calls": [{"function": {"name": "list_jobs", "arguments": "}"}}]})),
        end("tool_use"),
    ];
    let thinking = vec![
        delta(json!({"content": "<thi"})),
        delta(json!({"content": "nk>hmm {"})),
        delta(json!({"content": "}</think>\n\nHel"})),
        delta(json!({"content": "lo"})),
        end("eos"),
    ];
    let whole = json!({"id": "x", "choices": [{"message": {"role": "assistant", "content": "All\nat once"}, "finish_reason": "stop"}]});
    let (_, settings) = serve(vec![
        Answer::Events(gemini),
        Answer::Events(plain),
        Answer::Events(thinking),
        Answer::Plain(200, "application/json; charset=utf-8", &[], serde_json::to_string_pretty(&whole).unwrap()),
        Answer::Events(vec![delta(json!({"content": "<"})), end("length")]),
        Answer::Events(vec![delta(json!({"refusal": "I will not."})), end("stop")]),
    ])
    .await;
    let turn = ask(settings.clone()).await.0.unwrap();
    let arguments: Vec<&str> = turn.calls.iter().map(|c| c.arguments.as_str()).collect();
    assert_eq!((arguments, turn.finish), (vec!["{}", "{\"state\":\"open\"}"], Finish::ToolCalls));
    let turn = ask(settings.clone()).await.0.unwrap();
    assert_eq!((turn.calls.len(), turn.calls[0].arguments.as_str()), (1, "{}"));
    let (turn, shown) = ask(settings.clone()).await;
    assert_eq!((turn.unwrap().text.as_str(), shown.as_str()), ("Hello", "Hello"));
    let (turn, shown) = ask(settings.clone()).await;
    assert_eq!((turn.unwrap().text.as_str(), shown.as_str()), ("All\nat once", "All\nat once"));
    let (turn, shown) = ask(settings.clone()).await;
    assert_eq!((turn.unwrap().finish, shown.as_str()), (Finish::Length, "<"));
    assert_eq!(ask(settings).await.0.unwrap().finish, Finish::ContentFilter);
}

#[tokio::test]
async fn each_way_to_fail_has_its_error() {
    let json = "application/json";
    let error = |message: &str| json!({"error": {"message": message, "type": "x"}}).to_string();
    let cases: Vec<(Answer, &str, &str)> = vec![
        (Answer::Plain(401, json, &[], error("Incorrect key")), "model_key", "Incorrect key"),
        (Answer::Plain(404, json, &[], error("no model m-1")), "model_unknown", "m-1"),
        (Answer::Plain(429, json, &[("retry-after", "3600")], error("slow down")), "model_rate_limited", "slow down"),
        (Answer::Plain(400, json, &[], error("maximum context length is 8192")), "model_too_long", "8192"),
        (Answer::Plain(400, json, &[], error("bad tools")), "model_refused", "bad tools"),
        (Answer::Plain(402, json, &[], error("more credits")), "model_no_credit", "more credits"),
        (
            Answer::Plain(
                429,
                json,
                &[],
                json!({"error": {"message": "quota", "code": "insufficient_quota"}}).to_string(),
            ),
            "model_no_credit",
            "quota",
        ),
        (Answer::Plain(501, "text/html", &[], "<html>oops</html>".into()), "model_server", "a web page"),
        (Answer::Plain(200, "text/html", &[], "<html>hi</html>".into()), "model_garbage", "web page"),
        (Answer::Plain(302, json, &[("location", "http://elsewhere.invalid/")], String::new()), "model_refused", "302"),
        (Answer::Raw(vec!["data: nonsense\n\n".into()], After::End), "model_garbage", "nonsense"),
        (Answer::Raw(vec![], After::End), "model_garbage", "empty"),
        (
            Answer::Raw(vec!["data: {\"choices\":[]}\n\ndata: [DONE]\n\n".into()], After::End),
            "model_garbage",
            "choices",
        ),
        (Answer::Raw(vec![format!("data: {}\n\n", delta(json!({"content": "Hal"})))], After::End), "model_cut", "end"),
        (Answer::Raw(vec![format!("data: {}\n\n", delta(json!({"content": "Hal"})))], After::Break), "model_cut", ""),
        (Answer::Raw(vec![": ping\n\n".into()], After::Silence), "model_stalled", "nothing"),
        (Answer::Events(vec![json!({"error": {"code": 401, "message": "revoked"}})]), "model_key", "revoked"),
    ];
    for (answer, kind, words) in cases {
        let (_, mut settings) = serve(vec![answer]).await;
        if kind == "model_stalled" {
            settings.idle = Duration::from_millis(100);
        }
        settings.retries = 0;
        let error = ask(settings).await.0.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.hint().is_some());
    }
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut settings = OpenAiSettings::new(endpoint(&format!("http://{closed}/v1"), None));
    settings.retries = 0;
    let error = ask(settings).await.0.unwrap_err();
    assert!(error.kind() == "model_unreachable" && error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn endings_by_all_their_names() {
    let call = || {
        delta(json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "list_jobs", "arguments": "{}"}}]}))
    };
    let text = || delta(json!({"content": "Well"}));
    let other = |word: &str| Finish::Other(word.to_owned());
    let cases: Vec<(Vec<Value>, Finish)> = vec![
        (vec![text(), end("stop")], Finish::Stop),
        (vec![text(), end("STOP")], Finish::Stop),
        (vec![text(), end("max_tokens")], Finish::Length),
        (vec![text(), end("MAX_TOKENS")], Finish::Length),
        (vec![text(), end("model_length")], Finish::Length),
        (vec![text(), end("SAFETY")], Finish::ContentFilter),
        (vec![text(), end("content_filter")], Finish::ContentFilter),
        (vec![text(), end("insufficient_system_resource")], other("insufficient_system_resource")),
        (
            vec![text(), end("function_call_filter: MALFORMED_FUNCTION_CALL")],
            other("function_call_filter: MALFORMED_FUNCTION…"),
        ),
        // Calls with a `stop`, with a reason nobody knows, cut, and withheld; `tool_calls` without any.
        (vec![call(), end("stop")], Finish::ToolCalls),
        (vec![call(), end("whatever")], Finish::ToolCalls),
        (vec![call(), end("length")], Finish::Length),
        (vec![call(), end("content_filter")], Finish::ContentFilter),
        (vec![text(), end("tool_calls")], Finish::Stop),
        // Nothing at all, and a thought and nothing else.
        (vec![end("stop")], Finish::Stop),
        (vec![delta(json!({"content": "<think>hm</think>"})), end("stop")], Finish::Stop),
    ];
    for (events, finish) in cases {
        let shown = format!("{events:?}");
        let (_, settings) = serve(vec![Answer::Events(events)]).await;
        assert_eq!(ask(settings).await.0.unwrap().finish, finish, "{shown}");
    }
    let (_, settings) = serve(vec![Answer::Events(vec![call(), end("error")])]).await;
    let error = ask(OpenAiSettings { retries: 0, ..settings }).await.0.unwrap_err();
    assert_eq!(error.to_string(), "the model's answer broke off: its provider ended it with an error");
}

#[tokio::test]
async fn a_server_that_only_keeps_the_line_open_is_given_up() {
    let pings = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Ok::<_, std::io::Error>(": keep-alive\n\n"), ()))
    });
    let body = axum::body::Body::from_stream(pings);
    let (_, mut settings) = serve(vec![Answer::Stream(body)]).await;
    settings.idle = Duration::from_millis(300);
    let error = ask(settings).await.0.unwrap_err();
    assert_eq!(error, ModelError::Stalled { after: Duration::from_millis(1_500) });
}

#[tokio::test]
async fn a_passing_failure_is_tried_again_only_before_the_first_token() {
    let fine = || Answer::Events(vec![delta(json!({"content": "ok"})), end("stop")]);
    let busy = || Answer::Plain(503, "text/plain", &[], "busy".into());
    let (server, settings) =
        serve(vec![busy(), Answer::Plain(429, "text/plain", &[("retry-after", "0")], "slow".into()), fine()]).await;
    assert_eq!(ask(settings).await.0.unwrap().text, "ok");
    assert_eq!(server.seen.lock().unwrap().len(), 3);
    let (_, settings) = serve(vec![busy(), busy(), busy(), fine()]).await;
    assert_eq!(ask(settings).await.0.unwrap_err().kind(), "model_server");
    // A line that breaks is tried again as long as nobody saw anything, also in the middle of a call.
    let call =
        delta(json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "list_jobs", "arguments": "{"}}]}));
    let cut = |event: Value, after: After| Answer::Raw(vec![format!("data: {event}\n\n")], after);
    let (server, settings) = serve(vec![cut(call.clone(), After::Break), cut(call, After::End), fine()]).await;
    let turn = ask(settings).await.0.unwrap();
    assert_eq!((turn.text.as_str(), turn.calls.len(), server.seen.lock().unwrap().len()), ("ok", 0, 3));
    let (server, settings) = serve(vec![cut(delta(json!({"content": "Ha"})), After::Break), fine()]).await;
    assert_eq!(ask(settings).await.0.unwrap_err().kind(), "model_cut");
    assert_eq!(server.seen.lock().unwrap().len(), 1);
    // The server says when: soon enough to wait for, and too late.
    let later = |when: &'static str| {
        Answer::Plain(503, "text/plain", Box::leak(Box::new([("retry-after", when)])), "later".into())
    };
    let (server, mut settings) = serve(vec![later("Sun, 06 Nov 1994 08:49:37 GMT"), later("0"), fine()]).await;
    settings.backoff = Duration::from_secs(3600);
    assert_eq!(ask(settings).await.0.unwrap().text, "ok");
    assert_eq!(server.seen.lock().unwrap().len(), 3);
    let (server, settings) = serve(vec![later("Thu, 31 Dec 2099 23:59:59 GMT"), fine()]).await;
    assert!(ask(settings).await.0.unwrap_err().retry_after().unwrap() > Duration::from_secs(3600));
    assert_eq!(server.seen.lock().unwrap().len(), 1);
    let begun = vec![delta(json!({"content": "Ha"})), json!({"error": {"code": 503, "message": "gone"}})];
    let (server, settings) = serve(vec![Answer::Events(begun), fine()]).await;
    assert_eq!(ask(settings).await.0.unwrap_err().kind(), "model_server");
    assert_eq!(server.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_server_that_knows_less_is_asked_for_less() {
    let no = |what: &str| {
        Answer::Plain(
            400,
            "application/json",
            &[],
            json!({"detail": format!("{what}: extra fields not permitted")}).to_string(),
        )
    };
    let fine = || Answer::Events(vec![delta(json!({"content": "ok"})), end("stop")]);
    let (server, mut settings) =
        serve(vec![no("stream_options"), no("tool_choice"), no("temperature"), fine(), fine()]).await;
    settings.endpoint.api_key = None;
    let model = OpenAi::new(settings).unwrap();
    for _ in 0..2 {
        assert_eq!(model.turn(&request(), &mut |_| {}).await.unwrap().text, "ok");
    }
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen.len(), 5, "what was learnt is kept");
    let (headers, last) = &seen[4];
    assert!(!headers.contains_key("authorization"));
    for part in ["stream_options", "tool_choice", "temperature"] {
        assert!(last.get(part).is_none() && seen[0].1.get(part).is_some(), "{part}");
    }
    assert!(last.get("tools").is_some());
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let piece = format!("data: {}\n\n", delta(json!({"content": "x".repeat(64 * 1024)})));
    let (_, settings) = serve(vec![Answer::Raw(vec![piece; 6], After::Silence)]).await;
    let turn = ask(settings).await.0.unwrap();
    assert_eq!(turn.finish, Finish::Length);
    let (_, mut settings) = serve(vec![Answer::Raw(vec!["x".repeat(1024 * 1024); 20], After::Silence)]).await;
    settings.idle = Duration::from_secs(30);
    let error = ask(settings).await.0.unwrap_err();
    assert!(error.to_string().contains("16 MB"), "{error}");
}

#[tokio::test]
async fn no_tools_are_sent_for_a_closing_answer() {
    let (server, settings) = serve(vec![Answer::Events(vec![delta(json!({"content": "bye"})), end("stop")])]).await;
    let model = OpenAi::new(settings).unwrap();
    let closing = ChatRequest { choice: ToolChoice::None, ..request() };
    model.turn(&closing, &mut |_| {}).await.unwrap();
    let seen = server.seen.lock().unwrap();
    assert!(seen[0].1.get("tools").is_none() && seen[0].1.get("tool_choice").is_none());
}

#[test]
fn a_key_with_a_line_break_is_a_setting_to_mend() {
    let settings = OpenAiSettings::new(endpoint("http://127.0.0.1:1/v1", Some("sk\nx")));
    assert_eq!(OpenAi::new(settings).err().unwrap().kind(), "model_settings");
}
