//! Answers of a form: held to it by the server, or asked for in words where it takes none or does not hold to it.

use super::*;
use crate::model::form::{Offered, schema};
use guard::{config::Provider, machine::catalogue::Catalogue};

const OBJECT: &str = r#"{"asks_for": "other", "until": "plan", "work": [], "max_gas": null, "here_only": false}"#;

fn asked() -> ChatRequest {
    let schema = json!({"type": "object", "properties": {"until": {"type": "string"}, "asks_for": {"type": "string"}}});
    ChatRequest {
        system: "You are.".into(),
        messages: vec![Message::User { text: "hi".into() }],
        form: Some(crate::model::Form { name: "request".into(), schema }),
        ..ChatRequest::default()
    }
}

fn says(text: &str) -> Answer {
    Answer::Events(vec![delta(json!({"content": text})), end("stop")])
}

fn refuses(status: u16, message: &str) -> Answer {
    Answer::Plain(status, "application/json", &[], json!({"error": {"message": message}}).to_string())
}

/// What came of asking twice in a session: both texts or errors, what was streamed, what tries took that gave nothing.
async fn twice(settings: OpenAiSettings) -> (Vec<Result<String, &'static str>>, String, usize) {
    let model = OpenAi::new(settings).unwrap();
    let (mut shown, mut lost, mut came) = (String::new(), 0, Vec::new());
    for _ in 0..2 {
        let mut sink = |delta| match delta {
            Delta::Text(text) => shown.push_str(&text),
            Delta::Thought(thought) => panic!("{thought}"),
            Delta::Lost(_) => lost += 1,
        };
        came.push(model.turn(&asked(), &mut sink).await.map(|turn| turn.text).map_err(|error| error.kind()));
    }
    (came, shown, lost)
}

fn bodies(server: &Server) -> Vec<Value> {
    server.seen.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
}

fn said(body: &Value) -> &str {
    body["messages"][1]["content"].as_str().unwrap()
}

#[tokio::test]
async fn the_form_is_sent_and_nothing_of_it_is_shown() {
    let (server, settings) = serve(vec![says(OBJECT), says(OBJECT)]).await;
    let (came, shown, lost) = twice(settings).await;
    assert_eq!((came, shown.as_str(), lost), (vec![Ok(OBJECT.to_owned()); 2], "", 0));
    let body = &bodies(&server)[0];
    let expected = concat!(
        r#"{"type":"json_schema","json_schema":{"name":"request","schema":{"type":"object","properties":"#,
        r#"{"until":{"type":"string"},"asks_for":{"type":"string"}}},"strict":true}}"#
    );
    assert_eq!(body["response_format"].to_string(), expected, "properties stand in their order");
    assert_eq!(said(body), "hi");
    assert!(body.get("tools").is_none() && body.get("tool_choice").is_none());
}

#[tokio::test]
async fn responses_take_it_as_the_format_of_their_text() {
    let done = json!({"type": "response.completed", "response": {"status": "completed", "output": [
        {"type": "message", "content": [{"type": "output_text", "text": OBJECT}]}]}});
    let refused = refuses(400, "Unknown parameter: 'text.format'.");
    let (server, mut settings) =
        serve(vec![Answer::Events(vec![done.clone()]), refused, Answer::Events(vec![done])]).await;
    settings.endpoint.api = Api::Responses;
    let (came, _, _) = twice(settings).await;
    assert_eq!(came, vec![Ok(OBJECT.to_owned()); 2]);
    let bodies = bodies(&server);
    let format = &bodies[0]["text"]["format"];
    assert_eq!(
        (&format["type"], &format["name"], &format["strict"]),
        (&json!("json_schema"), &json!("request"), &json!(true))
    );
    assert_eq!(format["schema"], asked().form.unwrap().schema);
    assert!(bodies[2].get("text").is_none());
    let said = bodies[2]["input"][0]["content"].as_str().unwrap();
    assert!(
        said.starts_with("hi\n\n[from the program") && said.ends_with(&asked().form.unwrap().schema.to_string()),
        "{said}"
    );
}

#[tokio::test]
async fn a_server_that_refuses_the_form_is_asked_in_words_from_then_on() {
    for (status, words) in [
        (400, "This response_format type is unavailable now"),
        (400, "json_schema is not supported by this model"),
        (422, "extra fields not permitted"),
        (400, "Bad Request"),
        (500, "Failed to initialize samplers: failed to parse grammar"),
        (501, "guided decoding is not built in"),
    ] {
        let (server, mut settings) = serve(vec![refuses(status, words), says(OBJECT), says(OBJECT)]).await;
        settings.retries = 0;
        let (came, shown, lost) = twice(settings).await;
        assert_eq!((came, shown.as_str(), lost), (vec![Ok(OBJECT.to_owned()); 2], "", 0), "{words}");
        let bodies = bodies(&server);
        assert_eq!(bodies.len(), 3, "{words}: what was learnt is kept");
        assert!(bodies[0].get("response_format").is_some() && said(&bodies[0]) == "hi", "{words}");
        for body in &bodies[1..] {
            assert!(body.get("response_format").is_none(), "{words}");
            let schema = asked().form.unwrap().schema.to_string();
            assert!(
                said(body).starts_with("hi\n\n[from the program") && said(body).ends_with(&schema),
                "{}",
                said(body)
            );
            assert_eq!(body["messages"][0]["content"], "You are.", "what a server's cache holds stays as it was");
        }
    }
}

#[tokio::test]
async fn a_server_that_knows_no_longest_list_is_asked_without_it() {
    let refused = refuses(400, "Invalid schema for response_format 'request': 'maxItems' is not permitted.");
    let (server, settings) = serve(vec![refused, says(OBJECT)]).await;
    let list = json!({"type": "array", "items": {"type": "string"}, "maxItems": 3});
    let schema = json!({"type": "object", "properties": {"maxItems": {"anyOf": [list]}}});
    let form = Some(crate::model::Form { name: "request".into(), schema });
    OpenAi::new(settings).unwrap().turn(&ChatRequest { form, ..asked() }, &mut |_| {}).await.unwrap();
    let schema = bodies(&server)[1]["response_format"]["json_schema"]["schema"].clone();
    let list = &schema["properties"]["maxItems"]["anyOf"][0];
    assert_eq!(list, &json!({"type": "array", "items": {"type": "string"}}), "a property of that name stays");
}

#[tokio::test]
async fn another_part_that_is_refused_leaves_the_form() {
    let refused = refuses(400, "Unsupported value: 'temperature' does not support 0");
    let (server, settings) = serve(vec![refused, says(OBJECT), says(OBJECT)]).await;
    twice(settings).await;
    let bodies = bodies(&server);
    assert!(bodies[1].get("response_format").is_some() && bodies[1].get("temperature").is_none());
}

#[tokio::test]
async fn a_failure_that_names_no_form_is_only_a_failure() {
    let (server, mut settings) = serve(vec![refuses(500, "out of memory"), says(OBJECT)]).await;
    settings.retries = 0;
    let (came, _, _) = twice(settings).await;
    assert_eq!(came, vec![Err("model_server"), Ok(OBJECT.to_owned())]);
    assert!(bodies(&server)[1].get("response_format").is_some());
}

#[tokio::test]
async fn prose_is_asked_for_once_more_in_words() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}});
    let prose = Answer::Events(vec![delta(json!({"content": "Sure, I will fold it!"})), end("stop"), usage]);
    let (server, settings) = serve(vec![prose, says(OBJECT), says("No.")]).await;
    let (came, shown, lost) = twice(settings).await;
    assert_eq!(came, vec![Ok(OBJECT.to_owned()), Ok("No.".to_owned())], "only one more try, and then as it is");
    assert_eq!((shown.as_str(), lost), ("", 1));
    let bodies = bodies(&server);
    assert_eq!(bodies.len(), 3);
    assert!(bodies[1..].iter().all(|body| body.get("response_format").is_some() && said(body).contains("JSON Schema")));
}

#[tokio::test]
async fn an_object_in_a_fence_is_no_prose() {
    let fenced = format!("Here it is:\n```json\n{OBJECT}\n```");
    let (server, settings) = serve(vec![says(&fenced), says(&fenced)]).await;
    assert_eq!(twice(settings).await.0, vec![Ok(fenced.clone()), Ok(fenced)]);
    assert_eq!(bodies(&server).len(), 2);
}

#[tokio::test]
async fn a_list_without_end_is_cut() {
    let head = r#"{"asks_for": "work", "until": "done", "work": [{"task": "sequence_stats", "files": ["#;
    let mut pieces = vec![format!("data: {}\n\n", delta(json!({"content": head})))];
    pieces.extend((0..200).map(|_| format!("data: {}\n\n", delta(json!({"content": "\"data.fasta\", "})))));
    let (_, settings) = serve(vec![Answer::Raw(pieces, After::Silence)]).await;
    let turn = OpenAi::new(settings).unwrap().turn(&asked(), &mut |_| {}).await.unwrap();
    assert_eq!(turn.finish, Finish::Length);
    assert!(turn.text.len() < 1000, "{}", turn.text.len());
    // A long list of files that differ is none.
    let files: Vec<String> = (0..300).map(|n| format!("\"samples/reads_{n:03}.fastq\"")).collect();
    let whole = format!("{head}{}]}}], \"max_gas\": null, \"here_only\": false}}", files.join(", "));
    let pieces: Vec<Value> =
        whole.as_bytes().chunks(7).map(|c| delta(json!({"content": String::from_utf8_lossy(c)}))).collect();
    let (_, settings) = serve(vec![Answer::Events([pieces, vec![end("stop")]].concat())]).await;
    assert_eq!(OpenAi::new(settings).unwrap().turn(&asked(), &mut |_| {}).await.unwrap().text, whole);
}

#[tokio::test]
async fn gemini_gets_the_form_in_its_own_words() {
    let tasks: Vec<_> = Catalogue::builtin().unwrap().iter().cloned().collect();
    let files = vec!["data.fasta".to_owned()];
    let form = schema::form(&Offered { tasks: &tasks, files: &files });
    let (server, mut settings) = serve(vec![says(OBJECT)]).await;
    settings.endpoint.provider = Some(Provider::Gemini);
    let request = ChatRequest { form: Some(form), ..asked() };
    OpenAi::new(settings).unwrap().turn(&request, &mut |_| {}).await.unwrap();
    let schema = bodies(&server)[0]["response_format"]["json_schema"]["schema"].clone();
    assert!(!schema.to_string().contains("additionalProperties"));
    assert_eq!(schema["properties"]["max_gas"], json!({"type": "number", "nullable": true}));
    let offered = tasks.len();
    let tasks = schema["properties"]["work"]["items"]["anyOf"].as_array().unwrap();
    assert_eq!(tasks.len(), offered);
    assert_eq!(tasks[0]["required"], json!(["task", "files"]));
}
