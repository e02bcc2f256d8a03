//! Waiting for a provider that tells of changes by itself.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use serde_json::json;

use super::meddled::{FOLD, behind, warnings};
use crate::payment::gas;

/// An address of this machine that nobody listens at.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_has_the_task_looked_at_at_once() {
    let turned_away = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&turned_away);
    // Whoever polls here waits for an hour: the provider does not like to be asked before the task is done.
    let (mut stage, _meddler) = behind(move |exchange| {
        let announced = exchange.answer["data"]["payment"]["state"] != "unpaid";
        if exchange.is_detail() && announced && exchange.task_status() != "success" {
            counter.fetch_add(1, Relaxed);
            exchange.answer = json!({"status": "fail", "message": "too many requests"});
            (exchange.status, exchange.retry_after) = (429, Some(3600));
        }
    })
    .await;
    stage.world.set("AGENT_WEBHOOK_ADDR", free().to_string());
    let run = stage.world.run(&FOLD);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(turned_away.load(Relaxed) > 0, "the task was never waited for");
    assert_eq!(run.event("receipt")["state"], "done");
    assert_eq!(stage.received().await, gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_webhooks_cannot_come_the_provider_is_asked() {
    let (mut stage, _meddler) = behind(|_| {}).await;
    // A program that is none of this home's listens there: said, and no reason to fail.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    stage.world.set("AGENT_WEBHOOK_ADDR", other.local_addr().unwrap().to_string());
    let run = stage.world.run(&FOLD);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(warnings(&run).contains("webhooks cannot be listened for at 127.0.0.1:"), "{}", run.all());
    // The same of an address of no interface of this machine.
    stage.world.set("AGENT_WEBHOOK_ADDR", "192.0.2.1:8788");
    let run = stage.world.run(&FOLD.into_iter().chain(["--anew"]).collect::<Vec<_>>());
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(warnings(&run).contains("webhooks cannot be listened for at 192.0.2.1:8788"), "{}", run.all());
    assert_eq!(stage.received().await, gas("4"));
}
