//! Ctrl-C, and readers that go away.

use std::future::Future;

use super::Context;
use crate::job::Cancel;
use cassette::{Tape, play::STOP};

/// Runs `work`. The first Ctrl-C asks it to stop, in its own way, and is kept on the run's tape; the second leaves it where
/// it stands, which the ledger is made for, and gives `None`.
pub async fn stoppable<T>(tape: &Tape, cancel: &Cancel, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut asked = false;
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            heard = tokio::signal::ctrl_c() => match heard {
                Ok(()) if asked => return None,
                Ok(()) => {
                    tape.note(STOP, &true);
                    asked = true;
                    cancel.cancel();
                }
                // Where signals cannot be heard, the system's own way of ending the program is left as it is.
                Err(_) => return Some(work.await),
            },
        }
    }
}

/// A wish to stop that is also made when nobody reads standard output any more.
pub fn cancel_of(context: &Context) -> Cancel {
    let cancel = cancel_by_hand(context);
    let wish = cancel.clone();
    context.output.when_closed(move || wish.cancel());
    cancel
}

/// A wish to stop that a person makes, and nobody else.
pub fn cancel_by_hand(context: &Context) -> Cancel {
    let cancel = Cancel::new();
    if let Some(player) = context.tape().player() {
        let wish = cancel.clone();
        player.when_stopped(move || wish.cancel());
    }
    cancel
}

/// Done at Ctrl-C or SIGTERM: for what serves.
#[cfg(any(feature = "mcp", feature = "node", feature = "sandbox"))]
pub async fn until_told() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await.unwrap_or(()),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
