//! Deleting results that are past their time.

use std::{fs, io, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::watch;

use super::{Node, runs::task_folder};

/// How often it sweeps.
const EVERY: Duration = Duration::from_secs(3600);

/// Sweeps until the node stops.
pub(super) async fn run(node: Arc<Node>, mut stop: watch::Receiver<bool>) {
    loop {
        sweep(&node).await;
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn sweep(node: &Node) {
    let then = Timestamp::now().checked_sub(node.settings.keep_results).unwrap_or(Timestamp::MIN);
    let ended = match node.store.ended_before(then).await {
        Ok(ended) => ended,
        Err(error) => return tracing::error!(%error, "old results cannot be listed"),
    };
    let folders: Vec<_> = ended.iter().map(|id| task_folder(&node.settings.folder, id)).collect();
    let swept = tokio::task::spawn_blocking(move || {
        for folder in folders {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, folder = %folder.display(), "an old result cannot be deleted");
                }
                _ => {}
            }
        }
    });
    let _ = swept.await;
}
