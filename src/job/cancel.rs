//! A person's wish to stop, shared by everyone who should hear of it.

use std::sync::Arc;

use tokio::sync::watch;

/// A person's wish to stop; clones hear of it too.
#[derive(Debug, Clone)]
pub struct Cancel(Arc<watch::Sender<bool>>);

impl Default for Cancel {
    fn default() -> Cancel {
        Cancel(Arc::new(watch::Sender::new(false)))
    }
}

impl Cancel {
    /// Not yet wished.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Wishes it.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was wished.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once it is wished.
    pub async fn cancelled(&self) {
        let mut seen = self.0.subscribe();
        // The sender lives as long as `self`, so this ends only with the wish.
        let _ = seen.wait_for(|wished| *wished).await;
    }

    /// The wish as a value to watch.
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}
