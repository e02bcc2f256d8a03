//! Failures: what each is called, which are tried again, and the bounds.

use super::*;

#[tokio::test]
async fn each_way_to_fail_has_its_error() {
    let json = "application/json";
    let error = |message: &str| json!({"error": {"message": message, "type": "x"}}).to_string();
    let cases: Vec<(Answer, &str, &str)> = vec![
        (Answer::Plain(401, json, &[], error("Incorrect key")), "model_key", "Incorrect key"),
        (Answer::Plain(404, json, &[], error("no model m-1")), "model_unknown", "m-1"),
        (Answer::Plain(429, json, &[("retry-after", "3600")], error("slow down")), "model_rate_limited", "slow down"),
        (Answer::Plain(400, json, &[], error("maximum context length is 8192")), "model_too_long", "8192"),
        (
            Answer::Plain(400, json, &[], error("prompt is too long: 210000 tokens > 200000 maximum")),
            "model_too_long",
            "210000",
        ),
        (
            Answer::Plain(
                400,
                json,
                &[],
                error("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
            ),
            "model_too_long",
            "1200000",
        ),
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
        (Answer::Raw(vec![], After::End), "model_cut", "empty"),
        (Answer::Raw(vec!["data: {\"choices\":[]}\n\ndata: [DONE]\n\n".into()], After::End), "model_cut", "choices"),
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
    // So is one that ends before anything came, and a stream that ends with nothing in it.
    let empty = |body: &str| Answer::Raw(vec![body.to_owned()], After::End);
    let (server, settings) = serve(vec![empty(": hi\n\n"), empty("data: {}\n\ndata: [DONE]\n\n"), fine()]).await;
    assert_eq!((ask(settings).await.0.unwrap().text.as_str(), server.seen.lock().unwrap().len()), ("ok", 3));
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
async fn deltas_that_say_nothing_keep_nobody_waiting_for_ever() {
    let empty = format!("data: {}\n\n", delta(json!({"role": "assistant", "content": ""})));
    let drip = stream::unfold((), move |()| {
        let empty = empty.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>(empty), ()))
        }
    });
    let (_, mut settings) = serve(vec![Answer::Stream(axum::body::Body::from_stream(drip))]).await;
    settings.idle = Duration::from_millis(200);
    let error = ask(OpenAiSettings { retries: 0, ..settings }).await.0.unwrap_err();
    assert_eq!(error, ModelError::Stalled { after: Duration::from_secs(1) });
}

/// A server may hold the line open after the end of an answer, or break it: the answer has come.
#[tokio::test]
async fn an_answer_ends_with_its_end() {
    let whole = || vec![format!("data: {}\n\n", delta(json!({"content": "ok"}))), format!("data: {}\n\n", end("stop"))];
    for after in [After::Silence, After::Break, After::End] {
        let (_, settings) = serve(vec![Answer::Raw(whole(), after)]).await;
        let begun = std::time::Instant::now();
        let turn = ask(OpenAiSettings { retries: 0, ..settings }).await.0.unwrap();
        assert_eq!((turn.text.as_str(), turn.finish), ("ok", Finish::Stop));
        assert!(begun.elapsed() < Duration::from_secs(20), "it is not waited for what cannot come");
    }
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
async fn an_end_mark_in_the_models_words_ends_nothing() {
    let said = |text: &str| Answer::Raw(vec![format!("data: {}\n\n", delta(json!({"content": text})))], After::End);
    let (_, settings) = serve(vec![said("a stream ends with data: [DONE] and")]).await;
    assert_eq!(ask(settings).await.0.unwrap_err().kind(), "model_cut");
    // Without a line's end after it, it is one.
    let body = format!("data: {}\n\ndata: [DONE]", delta(json!({"content": "Well"})));
    let (_, settings) = serve(vec![Answer::Raw(vec![body], After::End)]).await;
    assert_eq!(ask(settings).await.0.unwrap().text, "Well");
}

#[tokio::test]
async fn what_a_try_took_that_broke_off_is_told() {
    let usage = |prompt: u64| json!({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": 1}});
    let call =
        delta(json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "list_jobs", "arguments": "{"}}]}));
    let cut = |events: [Value; 2]| {
        Answer::Raw(events.iter().map(|event| format!("data: {event}\n\n")).collect(), After::Break)
    };
    let told =
        json!({"error": {"code": 503, "message": "gone"}, "usage": {"prompt_tokens": 9, "completion_tokens": 1}});
    let fine = vec![delta(json!({"content": "ok"})), end("stop"), usage(7)];
    let (_, settings) = serve(vec![cut([usage(8), call]), Answer::Events(vec![told]), Answer::Events(fine)]).await;
    let (turn, _, lost) = ask_and_count(settings).await;
    assert_eq!((turn.unwrap().usage.unwrap().prompt_tokens, lost), (7, vec![(8, 1), (9, 1)]));
    let (_, settings) = serve(vec![cut([usage(8), delta(json!({"content": "Ha"}))])]).await;
    let (turn, shown, lost) = ask_and_count(settings).await;
    assert_eq!((turn.unwrap_err().kind(), shown.as_str(), lost), ("model_cut", "Ha", vec![(8, 1)]));
}

/// What a server says of the place, the rights or the input is not said of the key; and its provider's reason is the reason.
#[tokio::test]
async fn the_servers_own_reason_is_told() {
    let json = "application/json";
    let region = json!({"error": {"code": "unsupported_country_region_territory", "type": "request_forbidden", "param": null,
        "message": "Country, region, or territory not supported"}});
    let raw = json!({"error": {"message": "Provider returned error", "code": 403, "metadata": {"raw": region.to_string(), "provider_name": "OpenAI"}}});
    let moderated = json!({"error": {"code": 403, "message": "Your chosen model requires moderation and your input was flagged",
        "metadata": {"reasons": ["violence"], "flagged_input": "x", "provider_name": "OpenAI"}}});
    let cases: Vec<(Answer, &str, &str)> = vec![
        (Answer::Plain(403, json, &[], region.to_string()), "model_refused", "Country, region"),
        (Answer::Plain(403, json, &[], raw.to_string()), "model_refused", "OpenAI: Country, region"),
        (Answer::Plain(403, json, &[], moderated.to_string()), "model_refused", "was flagged"),
        (
            Answer::Plain(403, json, &[], json!({"error": {"message": "Invalid API key"}}).to_string()),
            "model_key",
            "Invalid API key",
        ),
        (Answer::Plain(403, "text/html", &[], "<html>Just a moment</html>".into()), "model_refused", "a web page"),
        (
            Answer::Plain(
                400,
                json,
                &[],
                json!({"detail": [{"loc": ["body", "x"], "msg": "Field required"}]}).to_string(),
            ),
            "model_refused",
            "body.x: Field required",
        ),
        // Errors in the place of an answer.
        (
            Answer::Plain(
                200,
                json,
                &[],
                json!({"object": "error", "message": "no such adapter", "type": "BadRequestError", "code": 400})
                    .to_string(),
            ),
            "model_refused",
            "no such adapter",
        ),
        (
            Answer::Plain(
                200,
                json,
                &[],
                json!({"id": "x", "choices": null, "base_resp": {"status_code": 1004, "status_msg": "login fail"}})
                    .to_string(),
            ),
            "model_key",
            "login fail",
        ),
        (
            Answer::Plain(
                200,
                json,
                &[],
                json!({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}).to_string(),
            ),
            "model_no_credit",
            "insufficient balance",
        ),
        (Answer::Plain(200, json, &[], json!({"detail": "overloaded"}).to_string()), "model_server", "overloaded"),
        (
            Answer::Plain(
                500,
                json,
                &[],
                json!({"type": "error", "error": {"type": "api_error", "message": "insufficient balance (1008)"}})
                    .to_string(),
            ),
            "model_no_credit",
            "insufficient balance",
        ),
        (
            Answer::Events(vec![
                json!({"choices": [{"index": 0, "error": {"code": 429, "message": "slow down"}, "finish_reason": "error"}]}),
            ]),
            "model_rate_limited",
            "slow down",
        ),
        (
            Answer::Events(vec![json!({"error": {"type": "overloaded_error", "message": "Overloaded"}})]),
            "model_server",
            "HTTP 529",
        ),
        (
            Answer::Plain(408, json, &[], json!({"error": {"message": "timed out"}}).to_string()),
            "model_server",
            "HTTP 408",
        ),
        // A minimax answer that is fine says so too.
        (
            Answer::Events(vec![
                json!({"choices": [{"delta": {"content": "Hal"}}], "base_resp": {"status_code": 0, "status_msg": ""}}),
            ]),
            "",
            "",
        ),
    ];
    for (answer, kind, words) in cases {
        let (_, settings) = serve(vec![answer]).await;
        match ask(OpenAiSettings { retries: 0, ..settings }).await.0 {
            Ok(turn) => assert_eq!((kind, turn.text.as_str()), ("", "Hal")),
            Err(error) => {
                assert_eq!(error.kind(), kind, "{error}");
                assert!(error.to_string().contains(words) && error.hint().is_some(), "{error}");
                let hint = error.hint().unwrap();
                assert!(kind != "model_refused" || !hint.contains("set OPENAI_API_KEY"), "{hint}");
            }
        }
    }
}

#[tokio::test]
async fn waits_are_kept_as_they_are_asked_for() {
    let json = "application/json";
    let fine = || Answer::Events(vec![delta(json!({"content": "ok"})), end("stop")]);
    let gemini = json!([{"error": {"code": 429, "message": "Quota. Please retry in 0.05s.", "details": [{"@type": "x", "retryDelay": "0.05s"}]}}]);
    for answer in [
        Answer::Plain(429, json, &[("retry-after", "0.05")], "{}".into()),
        Answer::Plain(429, json, &[], gemini.to_string()),
        Answer::Plain(429, json, &[], json!({"error": {"message": "Please try again in 50ms."}}).to_string()),
        Answer::Plain(408, "text/plain", &[("retry-after", "0")], String::new()),
        Answer::Plain(520, "text/html", &[("retry-after", "0")], "<html>".into()),
        Answer::Plain(524, "text/html", &[("retry-after", "0")], "<html>".into()),
    ] {
        let (server, mut settings) = serve(vec![answer, fine()]).await;
        settings.backoff = Duration::from_secs(3600);
        assert_eq!(ask(settings).await.0.unwrap().text, "ok");
        assert_eq!(server.seen.lock().unwrap().len(), 2);
    }
    // A minute is waited for, and no hour.
    let (server, settings) =
        serve(vec![Answer::Plain(429, json, &[], json!({"error": {"retry_after": 61.0}}).to_string()), fine()]).await;
    assert_eq!(ask(settings).await.0.unwrap_err().retry_after(), Some(Duration::from_secs(61)));
    assert_eq!(server.seen.lock().unwrap().len(), 1);
}

/// llama.cpp answers so while it reads its model, which may take a minute.
#[tokio::test]
async fn a_server_that_loads_its_model_is_waited_for() {
    let loading = || {
        let body = json!({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}});
        Answer::Plain(503, "application/json", &[], body.to_string())
    };
    let mut answers: Vec<Answer> = (0..8).map(|_| loading()).collect();
    answers.push(Answer::Events(vec![delta(json!({"content": "ok"})), end("stop")]));
    let (server, settings) = serve(answers).await;
    assert_eq!(ask(OpenAiSettings { retries: 0, ..settings }).await.0.unwrap().text, "ok");
    assert_eq!(server.seen.lock().unwrap().len(), 9);
    let (_, settings) = serve(vec![loading(), loading()]).await;
    let none = Duration::from_millis(1);
    let error = ask(OpenAiSettings {
        retries: 0,
        idle: none.saturating_mul(1000),
        backoff: Duration::from_millis(1100),
        ..settings
    })
    .await
    .0;
    assert_eq!(error.unwrap_err().kind(), "model_server", "but not for ever");
}
