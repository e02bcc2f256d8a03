//! Bodies are read by what they are, whatever they are called.

use std::io::Write as _;

use super::*;

const JSON: &str =
    r#"{"id": "x", "choices": [{"message": {"role": "assistant", "content": "All well"}, "finish_reason": "stop"}]}"#;

fn events() -> String {
    format!("data: {}\n\ndata: {}\n\ndata: [DONE]\n\n", delta(json!({"content": "All well"})), end("stop"))
}

#[tokio::test]
async fn labels_decide_nothing() {
    let pretty =
        format!("\n\n  {}", serde_json::to_string_pretty(&serde_json::from_str::<Value>(JSON).unwrap()).unwrap());
    for kind in
        ["application/json", "application/json; charset=utf-8", "text/event-stream", "text/plain", "text/html", "x"]
    {
        for body in
            [events(), JSON.to_owned(), pretty.clone(), format!("\u{feff}{JSON}"), format!(": hello\n\n{}", events())]
        {
            let (_, settings) = serve(vec![Answer::Plain(200, kind, &[], body.clone())]).await;
            let (turn, shown) = ask(OpenAiSettings { retries: 0, ..settings }).await;
            assert_eq!((turn.unwrap().text.as_str(), shown.as_str()), ("All well", "All well"), "{kind}: {body}");
        }
    }
}

/// A server may hold the line open behind its last bracket.
#[tokio::test]
async fn json_ends_with_its_end() {
    let (head, tail) = JSON.split_at(20);
    let (_, settings) = serve(vec![Answer::Raw(vec![head.into(), tail.into()], After::Silence)]).await;
    let begun = std::time::Instant::now();
    assert_eq!(ask(settings).await.0.unwrap().text, "All well");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn json_that_never_comes_to_its_end_is_given_up() {
    let drip = stream::unfold("{\"id\": \"x\",", |now| async move {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Some((Ok::<_, std::io::Error>(now), " "))
    });
    let (_, mut settings) = serve(vec![Answer::Stream(axum::body::Body::from_stream(drip))]).await;
    settings.idle = Duration::from_millis(50);
    let error = ask(OpenAiSettings { retries: 0, ..settings }).await.0.unwrap_err();
    assert_eq!(error, ModelError::Stalled { after: Duration::from_millis(750) });
}

#[tokio::test]
async fn events_without_data_say_nothing() {
    let body = format!("data:\n\ndata: \n\nevent: ping\ndata:\n\n{}", events());
    let (_, settings) = serve(vec![Answer::Raw(vec![body], After::End)]).await;
    assert_eq!(ask(OpenAiSettings { retries: 0, ..settings }).await.0.unwrap().text, "All well");
}

#[tokio::test]
async fn gzip_is_asked_for_and_read() {
    let packed = |text: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    for (body, kind) in [(events(), "text/event-stream"), (JSON.to_owned(), "application/json")] {
        let (server, settings) = serve(vec![Answer::Packed(kind, packed(&body))]).await;
        assert_eq!(ask(OpenAiSettings { retries: 0, ..settings }).await.0.unwrap().text, "All well");
        let seen = server.seen.lock().unwrap();
        assert_eq!(seen[0].0["accept-encoding"], "gzip");
    }
    // An answer that unpacks to more than is read of any.
    let (_, settings) = serve(vec![Answer::Packed("text/event-stream", packed(&": \n".repeat(9_000_000)))]).await;
    let error = ask(OpenAiSettings { retries: 0, ..settings }).await.0.unwrap_err();
    assert!(error.to_string().contains("16 MB"), "{error}");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_said_plainly() {
    let broken = stream::iter([Ok::<_, std::io::Error>(b"data: \xff\xfe\n\n".to_vec())]);
    let (_, settings) = serve(vec![Answer::Stream(axum::body::Body::from_stream(broken))]).await;
    let error = ask(OpenAiSettings { retries: 0, ..settings }).await.0.unwrap_err();
    let words = error.to_string();
    assert!(words.contains("stream of events that cannot be read") && !words.contains("EventStream"), "{words}");
}
