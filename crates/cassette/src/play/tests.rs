use serde_json::json;

use super::*;
use crate::read::tests::{read, start};

/// A cassette of these lines after its first.
fn cassette(lines: &[Value]) -> Cassette {
    let lines: String = lines
        .iter()
        .map(|line| {
            let mut line = line.clone();
            line["at"] = "2026-01-02T03:04:06Z".into();
            format!("{line}\n")
        })
        .collect();
    read(&format!("{}\n{lines}", start())).unwrap()
}

fn asked(id: u64, target: &str, body: &str) -> Value {
    json!({"kind": "asked", "id": id, "part": "chain", "method": "POST", "target": target, "body": {"text": body}})
}

fn answered(id: u64, text: &str) -> Value {
    json!({"kind": "answered", "id": id, "status": 200, "body": {"text": text}})
}

fn request(target: &str, body: &str) -> Asked {
    serde_json::from_value(asked(0, target, body)).unwrap()
}

fn text(answered: Answered) -> String {
    String::from_utf8(answered.body.bytes().unwrap()).unwrap()
}

/// The answer, or where the run departs.
async fn ask(player: &Player, target: &str, body: &str) -> Result<String, Divergence> {
    tokio::select! {
        biased;
        divergence = player.departed() => Err(divergence),
        answered = player.answer(request(target, body)) => Ok(text(answered)),
    }
}

#[tokio::test]
async fn the_same_request_again_gets_the_next_answer_and_others_may_come_in_any_order() {
    let lines = [
        asked(1, "http://n/", "count"),
        answered(1, "1"),
        asked(2, "http://n/", "count"),
        asked(3, "http://n/", "other"),
        answered(3, "x"),
        answered(2, "2"),
        json!({"kind": "end", "exit_code": 0}),
    ];
    let player = Player::new(&cassette(&lines), Vec::new());
    assert_eq!(ask(&player, "http://n/", "other").await.unwrap(), "x");
    assert_eq!(ask(&player, "http://n/", "count").await.unwrap(), "1");
    assert_eq!(player.left(), ["step 4, chain: POST http://n/ count"]);
    assert_eq!(ask(&player, "http://n/", "count").await.unwrap(), "2");
    let departed = ask(&player, "http://n/", "count").await.unwrap_err();
    assert_eq!(departed.did, "the run asks chain: POST http://n/ count");
    assert_eq!(departed.expected, "nothing more of chain");
}

#[tokio::test]
async fn a_request_that_was_not_recorded_is_told_with_what_the_record_has() {
    let lines = [asked(1, "http://n/", "pay 2"), answered(1, "ok"), json!({"kind": "end", "exit_code": 0})];
    let player = Player::new(&cassette(&lines), Vec::new());
    let departed = ask(&player, "http://n/", "pay 3").await.unwrap_err();
    assert_eq!(departed.did, "the run asks chain: POST http://n/ pay 3");
    assert_eq!(departed.expected, "step 2, chain: POST http://n/ pay 2");
    // The first departure is the one that counts, and nothing is answered after it.
    assert_eq!(ask(&player, "http://n/", "pay 2").await.unwrap_err(), departed);
}

#[tokio::test]
async fn a_record_that_was_cut_off_says_so_where_it_ends() {
    let lines = [asked(1, "http://n/", "a"), answered(1, "1"), asked(2, "http://n/", "b")];
    let player = Player::new(&cassette(&lines), Vec::new());
    assert_eq!(ask(&player, "http://n/", "a").await.unwrap(), "1");
    let departed = ask(&player, "http://n/", "b").await.unwrap_err();
    assert_eq!(departed.did, "step 4, chain: POST http://n/ b was never answered");
    assert_eq!(departed.expected, "nothing: the record was cut off here");
}

#[tokio::test]
async fn signatures_and_paths_of_this_run_are_those_of_the_record() {
    let signed = "http://s3/k?X-Amz-Date=20260101T000000Z&X-Amz-Signature=scrubbed&x=1";
    let lines = [
        asked(1, signed, r#"{"input":"http://s3/k?X-Amz-Date=1&X-Amz-Signature=scrubbed","out":"/home/me/results"}"#),
        answered(1, "ok"),
    ];
    let player = Player::new(&cassette(&lines), vec![("/tmp/replay-1".into(), "/home/me".into())]);
    let body = r#"{"input":"http://s3/k?X-Amz-Date=2&X-Amz-Signature=f00","out":"/tmp/replay-1/results"}"#;
    let target = "http://s3/k?X-Amz-Date=20261231T000000Z&X-Amz-Signature=f00&x=1";
    assert_eq!(ask(&player, target, body).await.unwrap(), "ok");
}

/// Recorded in the system's temporary folder, where a replay has its home, and in the root.
#[tokio::test]
async fn a_run_that_was_recorded_in_the_folder_of_temporary_files_or_in_the_root_is_played() {
    let home = ("/tmp/agent-replay-1".to_owned(), "/home/me".to_owned());
    for (here, there, recorded, now) in [
        (
            "/work",
            "/tmp",
            "http://n/ of /tmp/a in /home/me/results",
            "http://n/ of /work/a in /tmp/agent-replay-1/results",
        ),
        (
            "/tmp",
            "/work",
            "http://n/ of /work/a in /home/me/results",
            "http://n/ of /tmp/a in /tmp/agent-replay-1/results",
        ),
        ("/work", "/", "http://n/ of /workshop/a", "http://n/ of /workshop/a"),
        ("/", "/work", "http://n/ of /workshop/a", "http://n/ of /workshop/a"),
    ] {
        let lines = [asked(1, "http://n/", recorded), answered(1, "ok")];
        let player = Player::new(&cassette(&lines), vec![home.clone(), (here.into(), there.into())]);
        assert_eq!(ask(&player, "http://n/", now).await.unwrap(), "ok");
        assert_eq!(player.here(recorded), now);
    }
}

#[tokio::test]
async fn where_a_person_stopped_the_run_the_wish_is_made_again() {
    let lines = [json!({"kind": "value", "of": STOP, "value": true}), json!({"kind": "end", "exit_code": 130})];
    let player = Player::new(&cassette(&lines), Vec::new());
    let wishes = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = wishes.clone();
    player.when_stopped(move || {
        seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    });
    let answered = player.answer(request("http://n/", "a")).await;
    assert_eq!((answered.status, answered.broken.unwrap().cause()), (None, "the run was stopped here"));
    assert!(player.answer(request("http://n/", "b")).await.broken.is_some());
    assert_eq!((wishes.load(std::sync::atomic::Ordering::SeqCst), player.divergence()), (1, None));
}

#[tokio::test]
async fn a_wish_that_was_made_while_waiting_is_made_there_and_not_before() {
    let lines = [
        asked(1, "http://n/", "a"),
        answered(1, "1"),
        json!({"kind": "value", "of": STOP, "value": true}),
        json!({"kind": "end", "exit_code": 130}),
    ];
    let player = Player::new(&cassette(&lines), Vec::new());
    let (told, wished) = std::sync::mpsc::channel();
    player.when_stopped(move || told.send(()).unwrap());
    player.waits();
    assert!(wished.try_recv().is_err(), "something is still to be asked");
    assert_eq!(ask(&player, "http://n/", "a").await.unwrap(), "1");
    player.waits();
    player.waits();
    assert_eq!((wished.try_iter().count(), player.divergence()), (1, None));
}

#[test]
fn values_come_by_name_in_order_and_carry_the_time_on() {
    let lines = [
        json!({"kind": "value", "of": "nonce", "value": 7}),
        json!({"kind": "value", "of": "nonce", "value": 8}),
        json!({"kind": "value", "of": "dataset a.fa", "value": 1}),
        json!({"kind": "value", "of": "dataset b.fa", "value": 2}),
    ];
    let player = Player::new(&cassette(&lines), Vec::new());
    assert_eq!(player.clock().to_string(), "2026-01-02T03:04:05Z");
    assert_eq!((player.value("nonce"), player.value("nonce"), player.value::<u32>("nonce")), (Some(7), Some(8), None));
    assert_eq!(player.clock().to_string(), "2026-01-02T03:04:06Z");
    let datasets: Vec<(String, u32)> = player.all_values("dataset ");
    assert_eq!(datasets, [("dataset a.fa".to_owned(), 1), ("dataset b.fa".to_owned(), 2)]);
    assert_eq!((player.value_or_diverge::<u32>("nonce"), player.divergence().is_some()), (None, true));
}
