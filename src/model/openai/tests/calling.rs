//! Calls as servers were reported to send them, each with where.

use super::*;

fn piece(piece: Value) -> Value {
    delta(json!({"tool_calls": [piece]}))
}

/// The calls of an answer: id, name, arguments.
async fn calls(answer: Answer) -> Vec<(String, String, String)> {
    let (_, settings) = serve(vec![answer]).await;
    let mut asked = request();
    asked.tools = ["list_jobs", "wait_for_job", "check_local_capability"]
        .map(|name| ToolSpec { name: name.into(), description: "x".into(), schema: json!({"type": "object"}) })
        .to_vec();
    let turn = OpenAi::new(settings).unwrap().turn(&asked, &mut |_| {}).await.unwrap();
    turn.calls.into_iter().map(|call| (call.id, call.name, call.arguments)).collect()
}

/// A call: id, name, arguments.
type Call = (&'static str, &'static str, &'static str);

fn wanted(calls: &[Call]) -> Vec<(String, String, String)> {
    calls.iter().map(|(id, name, arguments)| ((*id).into(), (*name).into(), (*arguments).into())).collect()
}

const A: &str = r#"{"job":"a"}"#;
const B: &str = r#"{"job":"b"}"#;

#[tokio::test]
async fn whatever_is_said_of_places_and_ids() {
    let cases: Vec<(&str, Vec<Value>, Vec<Call>)> = vec![
        (
            "pool#9: the id of the second piece is the one that counts",
            vec![
                piece(
                    json!({"index": 0, "id": "chatcmpl-tool-1", "type": "function", "function": {"name": "wait_for_job", "arguments": ""}}),
                ),
                piece(json!({"index": 0, "id": "call_2", "function": {"arguments": "{\"job\":"}})),
                piece(json!({"index": 0, "id": "call_2", "function": {"arguments": "\"a\"}"}})),
            ],
            vec![("call_2", "wait_for_job", A)],
        ),
        (
            "hermes-agent#5331, LM Studio: an id of its own for each piece",
            vec![
                piece(json!({"index": 0, "id": "1", "function": {"name": "wait_for_job", "arguments": ""}})),
                piece(json!({"index": 0, "id": "2", "function": {"name": "", "arguments": "{\"job\""}})),
                piece(json!({"index": 0, "id": "3", "function": {"name": "", "arguments": ":\"a\"}"}})),
                piece(json!({"index": 1, "id": "4", "function": {"name": "wait_for_job", "arguments": ""}})),
                piece(json!({"index": 1, "id": "5", "function": {"name": "", "arguments": B}})),
            ],
            vec![("3", "wait_for_job", A), ("5", "wait_for_job", B)],
        ),
        (
            "the same without places",
            vec![
                piece(json!({"id": "1", "function": {"name": "wait_for_job", "arguments": ""}})),
                piece(json!({"id": "2", "function": {"name": "", "arguments": "{\"job\""}})),
                piece(json!({"id": "3", "function": {"arguments": ":\"a\"}"}})),
            ],
            vec![("3", "wait_for_job", A)],
        ),
        (
            "opencodex#361: the whole arguments again",
            vec![
                piece(json!({"index": 0, "id": "a", "function": {"name": "wait_for_job", "arguments": ""}})),
                piece(json!({"index": 0, "function": {"arguments": A}})),
                piece(json!({"index": 0, "function": {"arguments": A}})),
                piece(json!({"index": 1, "id": "b", "function": {"name": "wait_for_job", "arguments": ""}})),
                piece(json!({"index": 1, "function": {"arguments": "{\"job\":"}})),
                piece(json!({"index": 1, "function": {"arguments": "\"b\"}"}})),
                piece(json!({"index": 1, "function": {"arguments": "{ \"job\": \"b\" }"}})),
            ],
            vec![("a", "wait_for_job", A), ("b", "wait_for_job", B)],
        ),
        (
            "an empty object first",
            vec![
                piece(json!({"index": 0, "id": "a", "function": {"name": "wait_for_job", "arguments": "{}"}})),
                piece(json!({"index": 0, "function": {"arguments": "{\"job\":"}})),
                piece(json!({"index": 0, "function": {"arguments": "\"a\"}"}})),
            ],
            vec![("a", "wait_for_job", A)],
        ),
        (
            "opencode#19947: ids that are numbers",
            vec![
                piece(json!({"index": 0, "id": 123, "function": {"name": "wait_for_job", "arguments": A}})),
                piece(json!({"index": 1, "id": 456, "function": {"name": "wait_for_job", "arguments": B}})),
            ],
            vec![("123", "wait_for_job", A), ("456", "wait_for_job", B)],
        ),
        (
            "hermes-agent#62937, Gemini: whole calls of one place without ids",
            vec![
                piece(json!({"index": 0, "function": {"name": "wait_for_job", "arguments": A}})),
                piece(json!({"index": 0, "function": {"name": "wait_for_job", "arguments": B}})),
                piece(json!({"index": 0, "function": {"name": "list_jobs", "arguments": "{}"}})),
            ],
            vec![("", "wait_for_job", A), ("", "wait_for_job", B), ("", "list_jobs", "{}")],
        ),
        (
            "hermes-agent#3468, Ollama: every call at place 0",
            vec![
                piece(json!({"index": 0, "id": "call_1", "function": {"name": "wait_for_job", "arguments": A}})),
                piece(json!({"index": 0, "id": "call_2", "function": {"name": "wait_for_job", "arguments": B}})),
                piece(json!({"index": 0, "id": "call_3", "function": {"name": "list_jobs", "arguments": "{}"}})),
            ],
            vec![("call_1", "wait_for_job", A), ("call_2", "wait_for_job", B), ("call_3", "list_jobs", "{}")],
        ),
        (
            "dayu-agent#57, Gemini: no places, a call an event",
            vec![
                piece(
                    json!({"id": "eaifhb3y", "type": "function", "function": {"name": "wait_for_job", "arguments": A}}),
                ),
                piece(
                    json!({"id": "mw4fnecu", "type": "function", "function": {"name": "wait_for_job", "arguments": B}}),
                ),
            ],
            vec![("eaifhb3y", "wait_for_job", A), ("mw4fnecu", "wait_for_job", B)],
        ),
        (
            "the same without ids, and several in one event",
            vec![
                delta(json!({"tool_calls": [
                    {"function": {"name": "list_jobs", "arguments": ""}},
                    {"function": {"name": "wait_for_job", "arguments": A}},
                ]})),
                piece(json!({"function": {"name": "wait_for_job", "arguments": B}})),
            ],
            vec![("", "list_jobs", ""), ("", "wait_for_job", A), ("", "wait_for_job", B)],
        ),
        (
            "agno#8879: the head of the second call at place 0, its tail at place 1",
            vec![
                piece(json!({"index": 0, "id": "a", "function": {"name": "wait_for_job", "arguments": A}})),
                piece(json!({"index": 0, "id": "b", "function": {"name": "wait_for_job", "arguments": ""}})),
                piece(json!({"index": 1, "function": {"arguments": B}})),
            ],
            vec![("a", "wait_for_job", A), ("b", "wait_for_job", B)],
        ),
        (
            "opencode#24137: the name after the arguments",
            vec![
                piece(json!({"index": 0, "id": "a", "function": {"arguments": "{\"job\":"}})),
                piece(json!({"index": 0, "function": {"name": "wait_for_job"}})),
                piece(json!({"index": 0, "function": {"arguments": "\"a\"}"}})),
            ],
            vec![("a", "wait_for_job", A)],
        ),
        (
            "the name in pieces, and as far as it goes",
            vec![
                piece(json!({"index": 0, "id": "a", "function": {"name": "wait_for"}})),
                piece(json!({"index": 0, "function": {"name": "_job", "arguments": A}})),
                piece(json!({"index": 1, "id": "b", "function": {"name": "wait"}})),
                piece(json!({"index": 1, "function": {"name": "wait_for_job", "arguments": B}})),
            ],
            vec![("a", "wait_for_job", A), ("b", "wait_for_job", B)],
        ),
    ];
    for (what, mut events, calls_wanted) in cases {
        events.push(end("tool_calls"));
        assert_eq!(calls(Answer::Events(events)).await, wanted(&calls_wanted), "{what}");
    }
}

#[tokio::test]
async fn a_message_beside_pieces_says_nothing_twice() {
    let call = json!({"index": 0, "id": "a", "function": {"name": "wait_for_job", "arguments": A}});
    let message = json!({"choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
        "role": "assistant", "content": "I look.", "reasoning_content": "hm", "tool_calls": [call]}}]});
    let events = vec![
        delta(json!({"reasoning_content": "hm"})),
        delta(json!({"content": "I "})),
        delta(json!({"content": "look."})),
        piece(json!({"index": 0, "id": "a", "function": {"name": "wait_for_job", "arguments": "{\"job\":"}})),
        piece(json!({"index": 0, "function": {"arguments": "\"a\"}"}})),
        message.clone(),
    ];
    let (_, settings) = serve(vec![Answer::Events(events), Answer::Events(vec![message])]).await;
    for _ in 0..2 {
        let (turn, shown) = ask(settings.clone()).await;
        let turn = turn.unwrap();
        assert_eq!((turn.text.as_str(), shown.as_str()), ("I look.", "I look."));
        assert_eq!((turn.calls.len(), turn.calls[0].arguments.as_str()), (1, A));
    }
    // All that was said so far in each event (DashScope without incremental output), or messages that are pieces.
    let so_far = |text: &str| json!({"choices": [{"message": {"role": "assistant", "content": text}}]});
    for pieces in [["I ", "I look", "I look."], ["I ", "look", "."]] {
        let events = pieces.iter().map(|text| so_far(text)).chain([end("stop")]).collect();
        let (_, settings) = serve(vec![Answer::Events(events)]).await;
        let (turn, shown) = ask(settings).await;
        assert_eq!((turn.unwrap().text.as_str(), shown.as_str()), ("I look.", "I look."), "{pieces:?}");
    }
}

/// GitHub Copilot's gateway to Claude: the words in one choice, the calls in another.
#[tokio::test]
async fn a_call_in_another_choice_is_a_call() {
    let other = |delta: Value| json!({"choices": [{"index": 1, "delta": delta, "finish_reason": null}]});
    let events = vec![
        delta(json!({"content": "I look."})),
        end("stop"),
        other(json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "list_jobs", "arguments": "{}"}}]})),
        other(json!({"content": "I look."})),
        json!({"choices": [{"index": 1, "delta": {}, "finish_reason": "tool_calls"}]}),
    ];
    let (_, settings) = serve(vec![Answer::Events(events)]).await;
    let (turn, shown) = ask(settings).await;
    let turn = turn.unwrap();
    assert_eq!((turn.text.as_str(), shown.as_str(), turn.finish), ("I look.", "I look.", Finish::ToolCalls));
    assert_eq!((turn.calls.len(), turn.calls[0].name.as_str()), (1, "list_jobs"));
}

#[tokio::test]
async fn a_character_in_two_halves_is_one() {
    let raw = |text: &str| format!(r#"data: {{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}"#) + "\n\n";
    let call = |arguments: &str| {
        let function = format!(r#"{{"name":"wait_for_job","arguments":"{arguments}"}}"#);
        format!(
            r#"data: {{"choices":[{{"index":0,"delta":{{"tool_calls":[{{"index":0,"id":"a","function":{function}}}]}}}}]}}"#
        ) + "\n\n"
    };
    let events = vec![
        raw(r"Well \ud83d"),
        raw(r"\ude00 done"),
        call(r#"{\"job\":\"\ud83d"#),
        call(r#"\ude00\"}"#),
        "data: [DONE]\n\n".to_owned(),
    ];
    let (_, settings) = serve(vec![Answer::Raw(events, After::End)]).await;
    let (turn, shown) = ask(settings).await;
    let turn = turn.unwrap();
    assert_eq!((turn.text.as_str(), shown.as_str()), ("Well 😀 done", "Well 😀 done"));
    assert_eq!(turn.calls[0].arguments, "{\"job\":\"😀\"}");
}

/// By Responses: what came in pieces is not taken again, and what only came at the end is.
#[tokio::test]
async fn a_call_that_only_comes_at_the_end_is_a_call() {
    let text = json!({"type": "response.output_text.delta", "output_index": 0, "delta": "I look."});
    let message = json!({"type": "message", "content": [{"type": "output_text", "text": "I look."}]});
    let item = |id: &str, arguments: &str| json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": id, "name": "wait_for_job", "arguments": arguments});
    let done = json!({"type": "response.completed", "response": {"status": "completed", "output": [message, item("a", A), item("b", B)]}});
    let added = json!({"type": "response.output_item.added", "output_index": 1, "item": item("a", "")});
    let argued =
        json!({"type": "response.function_call_arguments.delta", "output_index": 1, "item_id": "fc_a", "delta": A});
    for events in [
        vec![text.clone(), done.clone()],
        vec![text.clone(), added.clone(), done.clone()],
        vec![text.clone(), added, argued, done.clone()],
        // Items without places.
        vec![
            text.clone(),
            json!({"type": "response.output_item.done", "item": item("a", A)}),
            json!({"type": "response.output_item.done", "item": item("b", B)}),
            done,
        ],
    ] {
        let shown = format!("{events:?}");
        let (_, mut settings) = serve(vec![Answer::Events(events)]).await;
        settings.endpoint.api = Api::Responses;
        let turn = ask(settings).await.0.unwrap();
        assert_eq!(turn.text, "I look.", "{shown}");
        let calls: Vec<(&str, &str)> = turn.calls.iter().map(|c| (c.id.as_str(), c.arguments.as_str())).collect();
        assert_eq!(calls, [("a", A), ("b", B)], "{shown}");
    }
}
