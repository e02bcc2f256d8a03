//! What single providers do differently.

use super::*;
use crate::{
    model::repair,
    tools::{Tool, schema},
};
use guard::config::Provider;

fn fine() -> Answer {
    Answer::Events(vec![delta(json!({"content": "ok"})), end("stop")])
}

#[tokio::test]
async fn gemini_gets_plain_schemas_and_its_signatures_back() {
    let signature = json!({"google": {"thought_signature": "c2ln"}});
    let call = json!({"index": 0, "id": "a", "function": {"name": "list_jobs", "arguments": "{}"}, "extra_content": signature});
    let (server, mut settings) =
        serve(vec![Answer::Events(vec![delta(json!({"tool_calls": [call]})), end("stop")]), fine()]).await;
    settings.endpoint.provider = Some(Provider::Gemini);
    let model = OpenAi::new(settings).unwrap();
    let spec = ToolSpec { name: "list_jobs".into(), description: "List.".into(), schema: schema::of(Tool::ListJobs) };
    let mut request = ChatRequest { tools: vec![spec], ..request() };
    let turn = model.turn(&request, &mut |_| {}).await.unwrap();
    assert_eq!(turn.calls[0].echo, Some(signature.clone()));
    request.messages.push(Message::called("", turn.calls));
    request.messages.push(Message::ToolResult { call_id: "a".into(), name: "list_jobs".into(), content: "{}".into() });
    model.turn(&request, &mut |_| {}).await.unwrap();
    let seen = server.seen.lock().unwrap();
    let calls = |message: usize| &seen[1].1["messages"][message]["tool_calls"][0];
    assert_eq!(calls(4)["extra_content"], signature, "word for word, with its call");
    assert!(calls(2).get("extra_content").is_none());
    let parameters = &seen[0].1["tools"][0]["function"]["parameters"];
    assert_eq!(parameters["properties"]["state"]["enum"], json!(["open", "done", "all"]));
    assert!(parameters.get("additionalProperties").is_none());
}

#[tokio::test]
async fn gemini_answers_errors_in_a_list() {
    let body = json!([{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}]);
    let (_, mut settings) = serve(vec![Answer::Plain(400, "application/json", &[], body.to_string())]).await;
    settings.endpoint.key = Key::GeminiApiKey;
    let error = ask(settings).await.0.unwrap_err();
    assert_eq!(
        (error.kind(), error.hint().unwrap().as_str()),
        ("model_key", "set GEMINI_API_KEY to a key of this server")
    );
    assert!(error.to_string().contains("API key not valid"), "{error}");
}

#[tokio::test]
async fn what_groq_could_not_read_is_read_here() {
    let written = "<function=wait_for_job>{\"job\": \"job-7k3q9dm2\"}</function>";
    let error =
        json!({"message": "Failed to call a function.", "code": "tool_use_failed", "failed_generation": written});
    let refused = || Answer::Plain(400, "application/json", &[], json!({ "error": error }).to_string());
    let (server, settings) = serve(vec![refused(), Answer::Events(vec![json!({ "error": error })])]).await;
    for _ in 0..2 {
        let turn = ask(settings.clone()).await.0.unwrap();
        let read = repair::read(&turn.text, &Tool::names(), &turn.finish);
        assert_eq!((turn.text.as_str(), read.calls[0].name.as_str()), (written, "wait_for_job"));
    }
    assert_eq!(server.seen.lock().unwrap().len(), 2, "nothing was asked twice");
    let empty =
        json!({"error": {"message": "Failed to call a function.", "code": "tool_use_failed", "failed_generation": ""}});
    let (_, settings) = serve(vec![Answer::Plain(400, "application/json", &[], empty.to_string())]).await;
    assert_eq!(ask(settings).await.0.unwrap_err().kind(), "model_refused");
}

#[tokio::test]
async fn vllm_without_a_parser_is_told_how_to_start() {
    let words = "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set";
    let body = json!({"object": "error", "message": words, "type": "BadRequestError", "code": 400});
    let (_, settings) = serve(vec![Answer::Plain(400, "application/json", &[], body.to_string())]).await;
    let error = ask(settings).await.0.unwrap_err();
    assert!(error.hint().unwrap().starts_with("start vllm serve with --enable-auto-tool-choice"), "{error}");
}

#[tokio::test]
async fn openrouter_tells_the_cost_and_fails_in_the_stream() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 194, "completion_tokens": 2, "cost": 0.00095, "cost_details": {}, "is_byok": false}});
    let failed = json!({"error": {"code": 502, "message": "Provider returned error"}, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]});
    let (server, settings) = serve(vec![
        Answer::Raw(vec![": OPENROUTER PROCESSING\n\n".into(), format!("data: {failed}\n\n")], After::End),
        Answer::Events(vec![delta(json!({"content": "ok"})), end("stop"), usage]),
    ])
    .await;
    let turn = ask(settings).await.0.unwrap();
    assert_eq!(turn.usage.unwrap().cost.unwrap().to_string(), "0.00095");
    assert_eq!(server.seen.lock().unwrap().len(), 2);
}

/// A session that was begun with Gemini goes on with who does not know Gemini's field.
#[tokio::test]
async fn what_another_provider_wants_back_is_kept_from_who_does_not_know_it() {
    let signature = json!({"google": {"thought_signature": "c2ln"}});
    let history = |echo: &Value| {
        let call =
            ToolCall { id: "g".into(), name: "list_jobs".into(), arguments: "{}".into(), echo: Some(echo.clone()) };
        let mut request = request();
        request.messages.push(Message::called("", vec![call]));
        request.messages.push(Message::ToolResult {
            call_id: "g".into(),
            name: "list_jobs".into(),
            content: "{}".into(),
        });
        request
    };
    for (provider, goes) in [
        (Some(Provider::Gemini), true),
        (Some(Provider::OpenRouter), true),
        (Some(Provider::OpenAi), false),
        (Some(Provider::Groq), false),
        (Some(Provider::Anthropic), false),
        (Some(Provider::Vllm), false),
        (None, false),
    ] {
        let (server, mut settings) = serve(vec![fine()]).await;
        settings.endpoint.provider = provider;
        OpenAi::new(settings).unwrap().turn(&history(&signature), &mut |_| {}).await.unwrap();
        let seen = server.seen.lock().unwrap();
        let call = &seen[0].1["messages"][4]["tool_calls"][0];
        assert_eq!(call.get("extra_content").is_some(), goes, "{provider:?}");
    }
    // Who is behind an address of one's own is not known: what it said itself it gets back, until it refuses that.
    let call = json!({"index": 0, "id": "g", "function": {"name": "list_jobs", "arguments": "{}"}, "extra_content": signature});
    let refused = json!({"error": {"message": "Unrecognized request argument supplied: extra_content"}});
    let (server, settings) = serve(vec![
        Answer::Events(vec![delta(json!({"tool_calls": [call]})), end("tool_calls")]),
        Answer::Plain(400, "application/json", &[], refused.to_string()),
        fine(),
    ])
    .await;
    let model = OpenAi::new(settings).unwrap();
    model.turn(&request(), &mut |_| {}).await.unwrap();
    assert_eq!(model.turn(&history(&signature), &mut |_| {}).await.unwrap().text, "ok");
    let seen = server.seen.lock().unwrap();
    let sent = |n: usize| seen[n].1["messages"][4]["tool_calls"][0].get("extra_content").cloned();
    assert_eq!((sent(1), sent(2)), (Some(signature), None));
}

#[tokio::test]
async fn openrouter_without_anybody_for_a_tool_choice_is_asked_without_it() {
    let none = |what: &str| {
        let body = json!({"error": {"code": 404, "message": format!("No endpoints found {what}")}});
        Answer::Plain(404, "application/json", &[], body.to_string())
    };
    let (server, mut settings) = serve(vec![
        none("that support the provided 'tool_choice' value. To learn more, see the documentation."),
        fine(),
        none("that support tool use."),
        none("for m-1."),
    ])
    .await;
    settings.endpoint.provider = Some(Provider::OpenRouter);
    assert_eq!(ask(settings.clone()).await.0.unwrap().text, "ok");
    let choices: Vec<bool> = server.seen.lock().unwrap().iter().map(|(_, b)| b.get("tool_choice").is_some()).collect();
    assert_eq!(choices, [true, false]);
    let error = ask(settings.clone()).await.0.unwrap_err();
    assert_eq!((error.kind(), error.hint().unwrap().contains("can call tools")), ("model_refused", true));
    assert_eq!(ask(settings).await.0.unwrap_err().kind(), "model_unknown");
}
