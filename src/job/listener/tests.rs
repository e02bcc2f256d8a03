use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode as Status;
use serde_json::json;
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use super::*;

const KEY: &str = "the provider's key";

fn told(task: &str) -> String {
    json!({"event": "task.status", "task_id": task, "status": "success"}).to_string()
}

/// The right to listen, of a home of its own.
fn lease() -> Lease {
    let home = tempfile::tempdir().unwrap();
    lease::webhooks(home.path()).unwrap().unwrap()
}

async fn open() -> (Listener, String, SocketAddr) {
    // Whoever takes a free port may lose it again; nobody else takes ports of this address here.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listener = Listener::open(free, KEY.into(), lease()).await.unwrap();
    (listener, format!("http://{free}/any/path"), free)
}

async fn post(url: &str, signature: Option<&str>, body: &str) -> Status {
    let client = cassette::line::http_client().build().unwrap();
    let request = client.post(url).body(body.to_owned());
    let request = match signature {
        Some(signature) => request.header(SIGNATURE_HEADER, signature),
        None => request,
    };
    request.send().await.unwrap().status()
}

/// Whether a word is there already.
async fn has_word(awaited: &Awaited) -> bool {
    tokio::time::timeout(Duration::ZERO, awaited.word()).await.is_ok()
}

#[tokio::test]
async fn only_fresh_words_of_the_key_and_of_the_task_are_heard_and_each_once() {
    let (listener, url, _) = open().await;
    let (mine, other) = (listener.awaiting("task-1"), listener.awaiting("task-2"));
    let (now, body) = (Timestamp::now(), told("task-1"));
    let sign = |key: &str, body: &str, at| webhook::sign(&key.into(), body.as_bytes(), at);
    let old = now - SignedDuration::from_mins(6);
    for (signature, body) in [
        (None, body.clone()),
        (Some("t=1,v1=00".to_owned()), body.clone()),
        (Some(sign("another key", &body, now)), body.clone()),
        (Some(sign(KEY, &body, old)), body.clone()),
        (Some(sign(KEY, &told("task-2"), now)), body.clone()),
    ] {
        assert_eq!(post(&url, signature.as_deref(), &body).await, Status::UNAUTHORIZED, "{signature:?}");
    }
    assert!(!mine.came() && !has_word(&mine).await);
    let signature = sign(KEY, &body, now);
    assert_eq!(post(&url, Some(&signature), &body).await, Status::OK);
    assert!(mine.came() && has_word(&mine).await, "also where nobody listened at that moment");
    // Whoever recorded it says nothing new.
    assert_eq!(post(&url, Some(&signature), &body).await, Status::OK);
    assert!(!has_word(&mine).await);
    assert!(!other.came());
    // Nobody waits for it any more, and its sender need not send it again.
    drop(mine);
    let later = sign(KEY, &body, now + SignedDuration::from_secs(1));
    assert_eq!(post(&url, Some(&later), &body).await, Status::OK);
    let elsewhere = json!({"event": "task.deleted", "task_id": "task-1"}).to_string();
    assert_eq!(post(&url, Some(&sign(KEY, &elsewhere, now)), &elsewhere).await, Status::BAD_REQUEST);
}

#[tokio::test]
async fn once_a_webhook_came_the_provider_is_asked_rarely_and_before_silence_is_told_after_a_change() {
    let (listener, url, _) = open().await;
    let begun = Timestamp::UNIX_EPOCH;
    let after = |seconds| begun + SignedDuration::from_secs(seconds);
    let mut waiting = Waiting::begun(begun);
    waiting.hear(listener.awaiting("task-1"));
    assert!(!waiting.hears_nothing(after(3600)), "nothing changed, so nothing was to be told");
    waiting.changed(after(3600));
    assert!(!waiting.hears_nothing(after(3630)) && waiting.hears_nothing(after(3661)));
    let longest = |waiting: &mut Waiting| (0..30).map(|_| waiting.pause(after(3700), None)).max().unwrap();
    assert_eq!(longest(&mut waiting), Duration::from_secs(30));
    let (now, body) = (Timestamp::now(), told("task-1"));
    let signature = webhook::sign(&KEY.into(), body.as_bytes(), now);
    assert_eq!(post(&url, Some(&signature), &body).await, Status::OK);
    assert!(!waiting.hears_nothing(after(9999)));
    assert_eq!(longest(&mut waiting), Duration::from_secs(120));
}

#[tokio::test]
async fn a_stranger_can_neither_fill_its_memory_nor_hold_its_line() {
    let (_listener, url, at) = open().await;
    let long = "x".repeat(MAX_BODY + 1);
    assert_eq!(post(&url, Some("t=1,v1=00"), &long).await, Status::PAYLOAD_TOO_LARGE);
    let client = cassette::line::http_client().build().unwrap();
    assert_eq!(client.get(&url).send().await.unwrap().status(), Status::METHOD_NOT_ALLOWED);
    // Half-open connections end by themselves, well within the time after which any exchange ends.
    let mut silent = TcpStream::connect(at).await.unwrap();
    let closed = tokio::time::timeout(2 * PATIENCE, silent.read_to_end(&mut Vec::new())).await;
    assert!(closed.is_ok(), "it is still open");
}

#[tokio::test]
async fn one_listens_at_an_address_and_the_next_one_can_once_it_ends() {
    let (listener, _, at) = open().await;
    let error = Listener::open(at, KEY.into(), lease()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    let task = listener.task.clone();
    drop(listener);
    while !task.is_finished() {
        tokio::task::yield_now().await;
    }
    Listener::open(at, KEY.into(), lease()).await.unwrap();
}
