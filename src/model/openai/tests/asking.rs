//! What a server is asked.

use super::*;

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

/// A history of calls with ids as other servers make them up.
fn foreign() -> ChatRequest {
    let ids = ["functions.list_jobs:0", "a b\nc", "ä", "functions_list_jobs_0"];
    let call = |id: &&str| ToolCall {
        id: (*id).into(),
        name: "list_jobs".into(),
        arguments: "{}".into(),
        echo: Some(json!({"google": {"thought_signature": "c2ln"}})),
    };
    let result =
        |id: &&str| Message::ToolResult { call_id: (*id).into(), name: "list_jobs".into(), content: "{}".into() };
    let mut messages = vec![Message::User { text: "hi".into() }];
    messages.push(Message::called("", ids.iter().map(call).collect()));
    messages.extend(ids.iter().rev().map(result));
    ChatRequest { messages, ..request() }
}

#[tokio::test]
async fn call_ids_of_others_go_out_as_the_strictest_server_takes_them() {
    let wanted = ["call00000", "call00001", "call00002", "call00003"];
    let done = json!({"type": "response.completed", "response": {"status": "completed"}});
    let (server, settings) =
        serve(vec![Answer::Events(vec![delta(json!({"content": "ok"})), end("stop")]), Answer::Events(vec![done])])
            .await;
    OpenAi::new(settings.clone()).unwrap().turn(&foreign(), &mut |_| {}).await.unwrap();
    let mut responses = settings;
    responses.endpoint.api = Api::Responses;
    OpenAi::new(responses).unwrap().turn(&foreign(), &mut |_| {}).await.unwrap();
    let seen = server.seen.lock().unwrap();
    let texts = |values: Vec<&Value>| values.iter().map(|id| id.as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let messages = seen[0].1["messages"].as_array().unwrap();
    let calls = texts(messages[2]["tool_calls"].as_array().unwrap().iter().map(|call| &call["id"]).collect());
    let results = texts(messages[3..].iter().rev().map(|message| &message["tool_call_id"]).collect());
    assert_eq!(
        (calls.as_slice(), results.as_slice()),
        (&wanted.map(str::to_owned)[..], &wanted.map(str::to_owned)[..])
    );
    let items = seen[1].1["input"].as_array().unwrap();
    let calls = texts(items[1..5].iter().map(|item| &item["call_id"]).collect());
    let results = texts(items[5..].iter().rev().map(|item| &item["call_id"]).collect());
    assert_eq!(
        (calls.as_slice(), results.as_slice()),
        (&wanted.map(str::to_owned)[..], &wanted.map(str::to_owned)[..])
    );
}
