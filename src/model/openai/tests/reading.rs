//! What an answer says, in whichever way it is written.

use super::*;

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
    assert_eq!(turn.unwrap(), looked(["a", "b"], 147_250));
    assert_eq!(shown, "I look.");
    let seen = server.seen.lock().unwrap();
    let (headers, body) = &seen[0];
    assert_eq!(headers["authorization"], "Bearer sk-test");
    assert_eq!(body["tool_choice"], "required");
    assert_eq!(body["stream_options"]["include_usage"], true);
    assert_eq!(body["messages"][0], json!({"role": "system", "content": "You are."}));
    assert_eq!(body["messages"][2]["tool_calls"][0]["function"], json!({"name": "list_jobs", "arguments": "{}"}));
    assert_eq!(body["messages"][3], json!({"role": "tool", "content": "{\"ok\":true}", "tool_call_id": "call00000"}));
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
async fn a_byte_order_mark_is_no_part_of_an_answer() {
    let fine = format!("\u{feff}data: {}\n\n", delta(json!({"content": "ok"}))).into_bytes();
    let rest = format!("data: {}\n\ndata: [DONE]\n\n", end("stop")).into_bytes();
    for split in [0, 1, 2, 3, 4] {
        let (first, second) = fine.split_at(split);
        let pieces = [first.to_vec(), second.to_vec(), rest.clone()].map(Ok::<_, std::io::Error>);
        let (_, settings) = serve(vec![Answer::Stream(axum::body::Body::from_stream(stream::iter(pieces)))]).await;
        let (turn, shown) = ask(OpenAiSettings { retries: 0, ..settings }).await;
        assert_eq!((turn.unwrap().text.as_str(), shown.as_str()), ("ok", "ok"), "split at {split}");
    }
}

/// What comes around an answer and says little, odd or nothing that can be read, costs nobody the answer.
#[tokio::test]
async fn odd_chunks_around_an_answer_are_read_for_what_they_say() {
    let usage = |usage: Value| json!({"choices": null, "usage": usage});
    let counted = || usage(json!({"prompt_tokens": 5.0, "completion_tokens": 2}));
    for (last, tokens) in [
        (vec![counted()], Some((5, 2))),
        (vec![counted(), json!({"choices": [], "usage": {}})], Some((5, 2))),
        (vec![counted(), usage(Value::Null)], Some((5, 2))),
        (vec![usage(json!({"prompt_tokens": -1, "completion_tokens": 2}))], None),
        (vec![usage(json!("none"))], None),
        (vec![json!({"choices": [{"index": null, "delta": {"content": null}}], "usage": null})], None),
        (vec![json!({"choices": "none"}), json!(7), counted()], Some((5, 2))),
    ] {
        let shown_as = format!("{last:?}");
        let mut events = vec![
            delta(json!({"content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]})),
            delta(json!({"content": " you", "refusal": "", "tool_calls": null})),
            end("stop"),
        ];
        events.extend(last);
        let (_, settings) = serve(vec![Answer::Events(events)]).await;
        let (turn, shown) = ask(settings).await;
        let turn = turn.unwrap();
        assert_eq!((turn.text.as_str(), shown.as_str(), &turn.finish), ("Hello you", "Hello you", &Finish::Stop));
        assert_eq!(turn.usage.map(|u| (u.prompt_tokens, u.completion_tokens)), tokens, "{shown_as}");
    }
}
