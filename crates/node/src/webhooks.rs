//! Sending webhooks: signed, at least once, given up after a day.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio::sync::watch;
use url::Url;

use super::{Node, download::cause, life::after, reach, store::Delivery};
use compute::aioz::webhook;

/// How often a webhook is tried; with doubling waits from five seconds, over most of a day.
const ATTEMPTS: u32 = 14;
/// How many are sent at the same time.
const AT_ONCE: usize = 8;
/// The wait between two batches: also what keeps a broken disk from being asked without end.
const BETWEEN: Duration = Duration::from_secs(1);
/// When nothing is due, and nobody says that something is.
const IDLE: Duration = Duration::from_secs(600);

/// Sends what is due until the node stops.
pub(super) async fn run(node: Arc<Node>, mut stop: watch::Receiver<bool>) {
    loop {
        let wait = match node.store.due(Timestamp::now()).await {
            Ok((due, next)) => {
                let more = due.len();
                stream::iter(due).for_each_concurrent(AT_ONCE, |delivery| deliver(&node, delivery)).await;
                if more > 0 { BETWEEN } else { next.map_or(IDLE, super::until) }
            }
            Err(error) => {
                tracing::error!(%error, "webhooks cannot be read");
                IDLE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = node.wake.webhooks.notified() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn deliver(node: &Node, delivery: Delivery) {
    let outcome = send(node, &delivery).await;
    let done = match &outcome {
        Ok(()) => node.store.delivered(delivery.id).await,
        Err(why) if delivery.attempts + 1 >= ATTEMPTS => {
            tracing::warn!(why, "a webhook was given up");
            node.store.delivered(delivery.id).await
        }
        Err(_) => {
            let wait = node.settings.webhook_wait.saturating_mul(1 << delivery.attempts.min(ATTEMPTS));
            node.store.put_off(delivery.id, after(Timestamp::now(), wait)).await
        }
    };
    if let Err(error) = done {
        tracing::error!(%error, "a webhook's outcome could not be written down");
    }
}

async fn send(node: &Node, delivery: &Delivery) -> Result<(), String> {
    let key = node.keys.secret(&delivery.owner).ok_or("its key is not known any more")?;
    let url: Url = delivery.url.parse().map_err(|_| "its address is no URL")?;
    if !reach::may_fetch(&url, node.settings.private_addresses) {
        return Err("its address is not public".into());
    }
    let request = node
        .http
        .post(url)
        .timeout(Duration::from_secs(10))
        .header(webhook::SIGNATURE_HEADER, webhook::sign(key, delivery.body.as_bytes(), Timestamp::now()))
        .header("content-type", "application/json")
        .body(delivery.body.clone());
    let response = request.send().await.map_err(|e| cause(&e))?;
    if response.status().is_success() { Ok(()) } else { Err(format!("HTTP {}", response.status().as_u16())) }
}
