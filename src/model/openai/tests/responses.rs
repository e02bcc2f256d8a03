//! The Responses API, against the same server: the same turns, errors and tries.

use super::*;

async fn served(answers: Vec<Answer>) -> (Server, OpenAiSettings) {
    let (server, mut settings) = serve(answers).await;
    settings.endpoint.api = Api::Responses;
    (server, settings)
}

fn event(kind: &str, mut fields: Value) -> Value {
    fields["type"] = kind.into();
    fields
}

/// As this API ends its streams: without a `[DONE]`.
fn answer(events: &[Value]) -> Answer {
    let pieces = events.iter().map(|e| format!("event: {}\ndata: {e}\n\n", e["type"].as_str().unwrap()));
    Answer::Raw(pieces.collect(), After::End)
}

fn completed() -> Value {
    event("response.completed", json!({"response": {"status": "completed", "output": []}}))
}

fn text(text: &str) -> Value {
    event(
        "response.output_text.delta",
        json!({"item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text}),
    )
}

fn added(at: u32, call: &str, name: &str) -> Value {
    let item =
        json!({"type": "function_call", "id": format!("fc_{at}"), "call_id": call, "name": name, "arguments": ""});
    event("response.output_item.added", json!({"output_index": at, "item": item}))
}

fn arguments(at: u32, delta: &str) -> Value {
    let fields = json!({"output_index": at, "item_id": format!("fc_{at}"), "delta": delta});
    event("response.function_call_arguments.delta", fields)
}

#[tokio::test]
async fn text_and_calls_in_events() {
    let whole = |at: u32, call: &str, name: &str, arguments: &str| json!({"type": "function_call", "id": format!("fc_{at}"), "call_id": call, "name": name, "arguments": arguments});
    let events = [
        event("response.created", json!({"response": {"status": "in_progress", "output": []}})),
        event("response.in_progress", json!({"response": {"status": "in_progress"}})),
        event("response.output_item.added", json!({"output_index": 0, "item": {"type": "reasoning", "summary": []}})),
        event("response.reasoning_summary_text.delta", json!({"output_index": 0, "delta": "hm"})),
        event("response.output_item.added", json!({"output_index": 1, "item": {"type": "message", "content": []}})),
        text("I "),
        text("look."),
        event("response.output_text.done", json!({"output_index": 1, "text": "I look."})),
        event(
            "response.output_item.done",
            json!({"output_index": 1, "item": {"type": "message", "content": [{"type": "output_text", "text": "I look."}]}}),
        ),
        added(2, "call_a", "wait_for_job"),
        added(3, "call_b", "list_jobs"),
        arguments(2, "{\"job\":"),
        arguments(3, "{}"),
        arguments(2, "\"j\"}"),
        event(
            "response.function_call_arguments.done",
            json!({"output_index": 2, "item_id": "fc_2", "arguments": "{\"job\":\"j\"}"}),
        ),
        event(
            "response.output_item.done",
            json!({"output_index": 2, "item": whole(2, "call_a", "wait_for_job", "{\"job\":\"j\"}")}),
        ),
        event("response.output_item.done", json!({"output_index": 3, "item": whole(3, "call_b", "list_jobs", "{}")})),
        event(
            "response.completed",
            json!({"response": {"status": "completed", "output": [whole(2, "call_a", "wait_for_job", "{\"job\":\"j\"}")], "usage": {
                "input_tokens": 700, "input_tokens_details": {"cached_tokens": 512},
                "output_tokens": 20, "output_tokens_details": {"reasoning_tokens": 7}, "total_tokens": 720, "cost": 1.5e-6,
            }}}),
        ),
    ];
    let (server, settings) = served(vec![answer(&events)]).await;
    let (turn, shown) = ask(settings).await;
    assert_eq!(turn.unwrap(), looked(["call_a", "call_b"], 1_500));
    assert_eq!(shown, "I look.");
    let seen = server.seen.lock().unwrap();
    let (headers, body) = &seen[0];
    assert_eq!(headers["authorization"], "Bearer sk-test");
    assert_eq!(
        (&body["store"], &body["stream"], &body["instructions"], &body["tool_choice"], &body["model"]),
        (&json!(false), &json!(true), &json!("You are."), &json!("required"), &json!("m-1"))
    );
    assert!(body.get("previous_response_id").is_none());
    let tool = json!({"type": "function", "name": "list_jobs", "description": "List.", "parameters": {"type": "object"}, "strict": false});
    assert_eq!(body["tools"], json!([tool]));
    assert_eq!(
        body["input"],
        json!([
            {"type": "message", "role": "user", "content": "hi"},
            {"type": "function_call", "call_id": "call00000", "name": "list_jobs", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call00000", "output": "{\"ok\":true}"},
        ])
    );
}

#[tokio::test]
async fn other_servers_events_are_read_too() {
    let call =
        json!({"type": "function_call", "call_id": "c", "name": "list_jobs", "arguments": "{\"state\":\"open\"}"});
    let message =
        json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "All at once"}]});
    // Nothing in pieces: whole items; whole arguments; everything in the last event; no stream at all.
    let items = [
        event("response.output_item.done", json!({"item": message})),
        event("response.output_item.done", json!({"item": call})),
        completed(),
    ];
    let done = [
        added(0, "c", "list_jobs"),
        event(
            "response.function_call_arguments.done",
            json!({"item_id": "fc_0", "output_index": 0, "arguments": "{\"state\":\"open\"}"}),
        ),
        completed(),
    ];
    let last = [event("response.completed", json!({"response": {"status": "completed", "output": [message, call]}}))];
    let whole = json!({"id": "r", "object": "response", "status": "completed", "output": [message, call], "usage": {"input_tokens": 1, "output_tokens": 2}});
    let plain = Answer::Plain(200, "application/json", &[], serde_json::to_string_pretty(&whole).unwrap());
    // No places, only the items' ids.
    let by_item = [
        event(
            "response.output_item.added",
            json!({"item": {"type": "function_call", "id": "x", "call_id": "c", "name": "list_jobs"}}),
        ),
        event(
            "response.output_item.added",
            json!({"item": {"type": "function_call", "id": "y", "call_id": "d", "name": "list_jobs"}}),
        ),
        event("response.function_call_arguments.delta", json!({"item_id": "x", "delta": "{\"state\":\"open\"}"})),
        event("response.function_call_arguments.delta", json!({"item_id": "y", "delta": "{}"})),
        completed(),
    ];
    let cases = [
        (answer(&items), "All at once", 1),
        (answer(&done), "", 1),
        (answer(&last), "All at once", 1),
        (plain, "All at once", 1),
        (answer(&by_item), "", 2),
    ];
    for (n, (answer, text, calls)) in cases.into_iter().enumerate() {
        let (_, settings) = served(vec![answer]).await;
        let (turn, shown) = ask(settings).await;
        let turn = turn.unwrap();
        assert_eq!((turn.text.as_str(), shown.as_str(), turn.calls.len()), (text, text, calls), "{n}");
        assert_eq!((turn.calls[0].id.as_str(), turn.calls[0].arguments.as_str()), ("c", "{\"state\":\"open\"}"), "{n}");
        assert_eq!(turn.finish, Finish::ToolCalls, "{n}");
    }
}

#[tokio::test]
async fn each_ending_has_its_name() {
    let incomplete = |reason: &str| {
        let details = json!({"status": "incomplete", "incomplete_details": {"reason": reason}});
        event("response.incomplete", json!({ "response": details }))
    };
    for (events, finish) in [
        (vec![text("Well"), completed()], Finish::Stop),
        (vec![text("Well"), incomplete("max_output_tokens")], Finish::Length),
        (vec![text("Well"), incomplete("content_filter")], Finish::ContentFilter),
        (vec![text("Well"), incomplete("tired")], Finish::Other("tired".into())),
        (vec![added(0, "c", "list_jobs"), arguments(0, "{\"sta"), incomplete("max_output_tokens")], Finish::Length),
        (vec![event("response.refusal.delta", json!({"delta": "I will not."})), completed()], Finish::ContentFilter),
    ] {
        let shown = format!("{events:?}");
        let (_, settings) = served(vec![answer(&events)]).await;
        assert_eq!(ask(settings).await.0.unwrap().finish, finish, "{shown}");
    }
}

#[tokio::test]
async fn each_way_to_fail_has_its_error() {
    let failed = |code: &str, message: &str| {
        let error = json!({"code": code, "message": message});
        event("response.failed", json!({"response": {"status": "failed", "error": error}}))
    };
    let cases: Vec<(Answer, &str, &str)> = vec![
        (answer(&[failed("server_error", "oops")]), "model_server", "oops"),
        (answer(&[failed("rate_limit_exceeded", "slow down")]), "model_rate_limited", "slow down"),
        (
            answer(&[event("response.failed", json!({"response": {"status": "failed", "error": null}}))]),
            "model_server",
            "the answer failed",
        ),
        (
            answer(&[event("error", json!({"code": "insufficient_quota", "message": "pay first"}))]),
            "model_no_credit",
            "pay first",
        ),
        (answer(&[event("error", json!({"error": {"code": 401, "message": "revoked"}}))]), "model_key", "revoked"),
        (
            Answer::Plain(404, "application/json", &[], json!({"error": {"message": "no model"}}).to_string()),
            "model_unknown",
            "m-1",
        ),
        (answer(&[text("Hal")]), "model_cut", "end mark"),
        (Answer::Raw(vec![format!("data: {}\n\n", text("Hal"))], After::Break), "model_cut", ""),
        (Answer::Raw(vec![format!("data: {}\n\n", text("Hal"))], After::Silence), "model_stalled", "nothing"),
        (Answer::Raw(vec![], After::End), "model_cut", "empty"),
    ];
    for (answer, kind, words) in cases {
        let (_, mut settings) = served(vec![answer]).await;
        settings.retries = 0;
        if kind == "model_stalled" {
            settings.idle = Duration::from_millis(100);
        }
        let error = ask(settings).await.0.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words) && error.hint().is_some(), "{error}");
    }
}

#[tokio::test]
async fn it_is_tried_again_before_the_first_token_and_asked_for_less() {
    let busy = Answer::Plain(503, "text/plain", &[("retry-after", "0")], "busy".into());
    let failed = event(
        "response.failed",
        json!({"response": {"status": "failed", "error": {"code": "server_error", "message": "x"}}}),
    );
    let no = Answer::Plain(
        400,
        "application/json",
        &[],
        json!({"error": {"message": "Unsupported parameter: 'temperature' is not supported with this model."}})
            .to_string(),
    );
    let (server, settings) =
        served(vec![busy, answer(std::slice::from_ref(&failed)), no, answer(&[text("ok"), completed()])]).await;
    assert_eq!(ask(settings).await.0.unwrap().text, "ok");
    let sent: Vec<bool> = server.seen.lock().unwrap().iter().map(|(_, b)| b.get("temperature").is_some()).collect();
    assert_eq!(sent, [true, true, true, false]);
    let (server, settings) = served(vec![answer(&[text("Ha"), failed])]).await;
    assert_eq!(ask(settings).await.0.unwrap_err().kind(), "model_server");
    assert_eq!(server.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn no_tools_are_sent_for_a_closing_answer() {
    let (server, settings) = served(vec![answer(&[text("bye"), completed()])]).await;
    let model = OpenAi::new(settings).unwrap();
    let closing = ChatRequest { choice: ToolChoice::None, ..request() };
    model.turn(&closing, &mut |_| {}).await.unwrap();
    let seen = server.seen.lock().unwrap();
    assert!(seen[0].1.get("tools").is_none() && seen[0].1.get("tool_choice").is_none());
}

#[tokio::test]
async fn odd_events_around_an_answer_are_read_for_what_they_say() {
    let ended = |usage: Value| {
        event("response.completed", json!({"response": {"status": "completed", "output": null, "usage": usage}}))
    };
    let odd = event("response.reasoning.delta", json!({"delta": {"text": "hm"}, "output_index": -1, "usage": null}));
    for (usage, tokens) in [
        (json!({"input_tokens": 5.0, "output_tokens": 2}), Some((5, 2))),
        (json!({"input_tokens": -1, "output_tokens": 2}), None),
        (json!({}), None),
        (Value::Null, None),
    ] {
        let (_, settings) = served(vec![answer(&[odd.clone(), text("Hello"), ended(usage.clone())])]).await;
        let (turn, shown) = ask(settings).await;
        let turn = turn.unwrap();
        assert_eq!((turn.text.as_str(), shown.as_str()), ("Hello", "Hello"), "{usage}");
        assert_eq!(turn.usage.map(|u| (u.prompt_tokens, u.completion_tokens)), tokens, "{usage}");
    }
    let failed = json!({"status": "failed", "error": {"code": "server_error"}, "usage": {"input_tokens": 9, "output_tokens": 1}});
    let failed = event("response.failed", json!({ "response": failed }));
    let (_, mut settings) = served(vec![answer(&[failed])]).await;
    settings.retries = 0;
    assert_eq!(ask_and_count(settings).await.2, [(9, 1)]);
}
