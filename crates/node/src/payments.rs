//! Looking for announced payments, and giving up tasks that nobody pays for.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio::sync::watch;

use super::{
    Node,
    life::after,
    store::{Claim, StoreError},
    verifier::Look,
};
use domain::units;
use neo::Expected;

/// Payments that are looked for at the same time.
const AT_ONCE: usize = 4;
/// When no task waits for anything, and nobody says that one does.
const IDLE: Duration = Duration::from_secs(600);

/// Watches payments until the node stops.
pub(super) async fn run(node: Arc<Node>, mut stop: watch::Receiver<bool>) {
    loop {
        let wait = match round(&node).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::error!(%error, "payments cannot be looked at");
                node.settings.poll
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = node.wake.payments.notified() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// One look at everything; how long until the next.
async fn round(node: &Node) -> Result<Duration, StoreError> {
    let claims = node.store.claims().await?;
    stream::iter(claims).for_each_concurrent(AT_ONCE, |claim| look(node, claim)).await;
    let next = node.store.expire(Timestamp::now()).await?;
    node.wake.webhooks.notify_one();
    let expiry = next.map_or(IDLE, super::until);
    Ok(if node.store.claims().await?.is_empty() { expiry } else { expiry.min(node.settings.poll) })
}

async fn look(node: &Node, claim: Claim) {
    let Claim { task, tx_hash, announced_at } = claim;
    let expected = Expected {
        from: None,
        to: task.terms.recipient,
        amount: task.terms.amount,
        reference: task.terms.reference.clone(),
        network: task.terms.network,
    };
    // The chain is asked before the clock: a payment that is there counts, however late it was looked for.
    let outcome = match node.settings.verifier.look(&tx_hash, &expected).await {
        Look::Paid { block } => node.store.settle(&task.id, tx_hash, block).await.map(|settled| {
            tracing::info!(task = task.id, tx = %tx_hash, block, settled, "a payment landed");
            node.wake.runs.notify_one();
        }),
        Look::Refused(why) => node.store.refuse(&task.id, tx_hash, &units::clean(&why, 200)).await,
        // Nothing is known of a chain that does not answer, so nobody is turned away for it.
        Look::Unreachable(why) => {
            tracing::warn!(why = units::clean(&why, 200), "the chain cannot be asked");
            Ok(())
        }
        Look::NotYet => {
            let deadline = after(task.terms.expires_at.max(announced_at), node.settings.payment_grace);
            if Timestamp::now() < deadline {
                Ok(())
            } else {
                node.store.refuse(&task.id, tx_hash, "it did not land in time").await
            }
        }
    };
    if let Err(error) = outcome {
        tracing::error!(%error, task = task.id, "what became of a payment could not be written down");
    }
}
