//! What a server wants besides, found out from its refusals, once.

use super::*;

fn refuses(status: u16, message: &str) -> Answer {
    Answer::Plain(status, "application/json", &[], json!({"error": {"message": message}}).to_string())
}

fn fine() -> Answer {
    Answer::Events(vec![delta(json!({"content": "ok"})), end("stop")])
}

fn closing() -> ChatRequest {
    ChatRequest { tools: Vec::new(), choice: ToolChoice::None, ..request() }
}

fn bodies(server: &Server) -> Vec<Value> {
    server.seen.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
}

/// The words of Bedrock behind gateways, of LiteLLM, and of whoever says nothing of use.
#[tokio::test]
async fn closing_words_after_calls_are_asked_for_with_tools_where_it_must_be() {
    for (status, words) in [
        (
            400,
            "ValidationException: The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        ),
        (400, "litellm.UnsupportedParamsError: Bedrock doesn't support tool calling without `tools=` param specified."),
        (422, "Bad Request"),
        (500, "InvokeError: The toolConfig field must be defined when using toolUse and toolResult content blocks."),
    ] {
        for api in [Api::Chat, Api::Responses] {
            let done = || match api {
                Api::Chat => fine(),
                Api::Responses => Answer::Events(vec![
                    json!({"type": "response.completed", "response": {"status": "completed", "output": [
                        {"type": "message", "content": [{"type": "output_text", "text": "ok"}]}]}}),
                ]),
            };
            let (server, mut settings) = serve(vec![refuses(status, words), done(), done()]).await;
            settings.retries = 0;
            settings.endpoint.api = api;
            let model = OpenAi::new(settings).unwrap();
            for _ in 0..2 {
                assert_eq!(model.turn(&closing(), &mut |_| {}).await.unwrap().text, "ok", "{words}");
            }
            let bodies = bodies(&server);
            assert!(bodies[0].get("tools").is_none(), "{words}");
            for body in &bodies[1..] {
                let tools = body["tools"].as_array().unwrap();
                let name = tools[0].pointer("/function/name").or_else(|| tools[0].get("name"));
                assert_eq!((tools.len(), name), (1, Some(&json!("list_jobs"))), "what was called, and no more");
                assert_eq!(body["tool_choice"], "none", "{words}");
            }
        }
    }
}

#[tokio::test]
async fn a_closing_request_that_is_refused_with_tools_too_is_refused() {
    let (server, mut settings) = serve(vec![refuses(400, "No."), refuses(400, "No."), fine()]).await;
    settings.retries = 0;
    let model = OpenAi::new(settings).unwrap();
    assert_eq!(model.turn(&closing(), &mut |_| {}).await.unwrap_err().kind(), "model_refused");
    model.turn(&closing(), &mut |_| {}).await.unwrap();
    let offered: Vec<bool> = bodies(&server).iter().map(|body| body.get("tools").is_some()).collect();
    assert_eq!(offered, [false, true, false], "what did not help is not kept");
}

fn called() -> Value {
    json!({"tool_calls": [{"index": 0, "id": "r1", "function": {"name": "list_jobs", "arguments": "{}"}}]})
}

/// A request whose history ends with what the model said, and its result.
fn after(turn: ChatTurn) -> ChatRequest {
    let mut next = request();
    next.messages.push(Message::Assistant { text: turn.text, calls: turn.calls, reasoning: turn.reasoning });
    next.messages.push(Message::ToolResult { call_id: "r1".into(), name: "list_jobs".into(), content: "{}".into() });
    next
}

#[tokio::test]
async fn what_was_reasoned_goes_back_with_its_calls_to_who_gave_it() {
    let details = [
        json!({"type": "reasoning.text", "index": 0, "format": "x", "text": "Let me "}),
        json!({"type": "reasoning.text", "index": 0, "text": "see.", "signature": "c2ln"}),
        json!({"type": "reasoning.encrypted", "index": 1, "id": "r1", "data": "ZW5j"}),
    ];
    let joined = json!([
        {"type": "reasoning.text", "index": 0, "format": "x", "text": "Let me see.", "signature": "c2ln"},
        {"type": "reasoning.encrypted", "index": 1, "id": "r1", "data": "ZW5j"},
    ]);
    let cases = [
        (
            "reasoning_content",
            vec![json!({"reasoning_content": "Let me "}), json!({"reasoning_content": "see."})],
            json!("Let me see."),
        ),
        ("reasoning", vec![json!({"reasoning": "Let me "}), json!({"reasoning": "see."})], json!("Let me see.")),
        // The same in two fields is one.
        ("reasoning_content", vec![json!({"reasoning_content": "Hm", "reasoning": "Hm"})], json!("Hm")),
        (
            "reasoning_details",
            details.iter().map(|detail| json!({"reasoning": detail["text"], "reasoning_details": [detail]})).collect(),
            joined,
        ),
    ];
    for (field, pieces, wanted) in cases {
        let events = || pieces.iter().cloned().map(delta).chain([delta(called()), end("tool_calls")]).collect();
        let (server, settings) = serve(vec![Answer::Events(events()), fine()]).await;
        let model = OpenAi::new(settings.clone()).unwrap();
        let turn = model.turn(&request(), &mut |_| {}).await.unwrap();
        let next = after(turn);
        // Through a session's file, and in another process.
        let next: ChatRequest = serde_json::from_value(serde_json::to_value(&next).unwrap()).unwrap();
        OpenAi::new(settings.clone()).unwrap().turn(&next, &mut |_| {}).await.unwrap();
        let said = &bodies(&server)[1]["messages"][4];
        assert_eq!(said[field], wanted, "{field}");
        let fields = ["reasoning_content", "reasoning", "reasoning_details"];
        assert_eq!(fields.iter().filter(|field| said.get(**field).is_some()).count(), 1, "{said}");
        // Another model there, and another server.
        let (elsewhere, other) = serve(vec![fine()]).await;
        OpenAi::new(other).unwrap().turn(&next, &mut |_| {}).await.unwrap();
        let mut model = settings;
        model.endpoint.model = "m-2".into();
        server.answers.lock().unwrap().push_back(fine());
        OpenAi::new(model).unwrap().turn(&next, &mut |_| {}).await.unwrap();
        for said in [&bodies(&elsewhere)[0]["messages"][4], &bodies(&server)[2]["messages"][4]] {
            assert!(fields.iter().all(|field| said.get(*field).is_none()), "{said}");
        }
    }
}

/// A session that goes on with Kimi or DeepSeek, whose thinking wants reasoning with every call (mastra#12592).
#[tokio::test]
async fn calls_of_others_get_words_that_stand_for_reasoning_where_it_must_be() {
    for words in [
        "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
    ] {
        let (server, mut settings) = serve(vec![refuses(400, words), fine(), refuses(400, words)]).await;
        settings.retries = 0;
        let model = OpenAi::new(settings).unwrap();
        assert_eq!(model.turn(&request(), &mut |_| {}).await.unwrap().text, "ok");
        assert!(!bodies(&server)[1]["messages"][2]["reasoning_content"].as_str().unwrap().is_empty());
        assert_eq!(model.turn(&request(), &mut |_| {}).await.unwrap_err().kind(), "model_refused", "and no circle");
    }
}

#[tokio::test]
async fn a_server_that_takes_no_reasoning_back_gets_none() {
    let thinks = Answer::Events(vec![delta(json!({"reasoning_content": "hm"})), delta(called()), end("tool_calls")]);
    let words = "'messages.4' : property 'reasoning_content' is unsupported";
    let (server, settings) = serve(vec![thinks, refuses(400, words), fine()]).await;
    let model = OpenAi::new(settings).unwrap();
    let turn = model.turn(&request(), &mut |_| {}).await.unwrap();
    model.turn(&after(turn), &mut |_| {}).await.unwrap();
    let sent: Vec<bool> =
        bodies(&server)[1..].iter().map(|b| b["messages"][4].get("reasoning_content").is_some()).collect();
    assert_eq!(sent, [true, false]);
}

#[tokio::test]
async fn responses_get_their_encrypted_reasoning_back() {
    let reasoning = json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"});
    let bare = json!({"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": null});
    let call = json!({"type": "function_call", "id": "fc_1", "call_id": "r1", "name": "list_jobs", "arguments": "{}"});
    let item = |at: u32, item: &Value| json!({"type": "response.output_item.done", "output_index": at, "item": item});
    let output = [reasoning.clone(), bare.clone(), call.clone()];
    let done = json!({"type": "response.completed", "response": {"status": "completed", "output": output}});
    let events = vec![item(0, &reasoning), item(1, &bare), item(2, &call), done];
    let said = || {
        Answer::Events(vec![
            json!({"type": "response.output_text.delta", "delta": "ok"}),
            json!({"type": "response.completed", "response": {"status": "completed"}}),
        ])
    };
    let gone = "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.";
    let no = "Encrypted content is not supported with this model.";
    let (server, mut settings) =
        serve(vec![Answer::Events(events), said(), refuses(400, no), refuses(404, gone), said()]).await;
    settings.endpoint.api = Api::Responses;
    let model = OpenAi::new(settings).unwrap();
    let turn = model.turn(&request(), &mut |_| {}).await.unwrap();
    assert_eq!(turn.calls.len(), 1);
    let next = after(turn);
    for _ in 0..2 {
        assert_eq!(model.turn(&next, &mut |_| {}).await.unwrap().text, "ok");
    }
    let bodies = bodies(&server);
    assert_eq!(bodies[0]["include"], json!(["reasoning.encrypted_content"]));
    let input = bodies[1]["input"].as_array().unwrap();
    assert_eq!((&input[3], &input[4]["call_id"]), (&reasoning, &json!("r1")), "before the call that it led to");
    assert_eq!(input.iter().filter(|item| item["type"] == "reasoning").count(), 1, "an item that says nothing stays");
    assert!(bodies[3].get("include").is_none());
    assert!(bodies[4]["input"].as_array().unwrap().iter().all(|item| item["type"] != "reasoning"));
}

#[tokio::test]
async fn messages_that_only_call_have_a_content_that_says_nothing() {
    let words = "messages.2.content: Input should be a valid string";
    let (server, settings) = serve(vec![refuses(422, words), fine()]).await;
    OpenAi::new(settings).unwrap().turn(&request(), &mut |_| {}).await.unwrap();
    let contents: Vec<Value> =
        bodies(&server).iter().map(|b| b["messages"][2].get("content").unwrap().clone()).collect();
    assert_eq!(contents, [Value::Null, json!("")]);
}

#[tokio::test]
async fn who_knows_no_system_role_gets_the_prompt_with_the_first_words() {
    let words = "Jinja Exception: System role not supported";
    let (server, mut settings) = serve(vec![refuses(500, words), fine()]).await;
    settings.retries = 0;
    OpenAi::new(settings).unwrap().turn(&request(), &mut |_| {}).await.unwrap();
    let bodies = bodies(&server);
    let roles =
        |n: usize| bodies[n]["messages"].as_array().unwrap().iter().map(|m| m["role"].clone()).collect::<Vec<_>>();
    assert_eq!(roles(0), ["system", "user", "assistant", "tool"], "the system prompt stands first and nowhere else");
    assert_eq!(roles(1), ["user", "assistant", "tool"]);
    assert_eq!(bodies[1]["messages"][0]["content"], "You are.\n\nhi");
    assert_eq!(bodies[1]["messages"][1]["content"], Value::Null, "what stands beside calls is put at its place");
}

/// The schemas that are sent hold nothing that Kimi, Gemini or a server with a grammar of its own refuses.
#[tokio::test]
async fn schemas_that_are_refused_are_made_plainer() {
    let words = "tools.function.parameters is not a valid moonshot flavored json schema, details: <At path 'x': y>";
    let (server, settings) = serve(vec![refuses(400, words), fine()]).await;
    let schema = crate::tools::schema::of(crate::tools::Tool::PayGasFee);
    let tool = ToolSpec { name: "pay_gas_fee".into(), description: "Pays.".into(), schema };
    let asked = ChatRequest { tools: vec![tool], ..request() };
    OpenAi::new(settings).unwrap().turn(&asked, &mut |_| {}).await.unwrap();
    let sent: Vec<bool> = bodies(&server)
        .iter()
        .map(|b| b["tools"][0]["function"]["parameters"].get("additionalProperties").is_some())
        .collect();
    assert_eq!(sent, [true, false]);
}
