//! Ctrl-C, SIGTERM, SIGHUP, and readers that go away.

use std::{future::Future, task::Poll};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Context;
use crate::job::Cancel;
use cassette::{Tape, play::STOP};

/// Signals that ask the program to stop, heard from the making on: Ctrl-C (SIGINT), SIGTERM and the end of the terminal (SIGHUP).
struct Stops(Vec<Signal>);

impl Stops {
    fn heard() -> Stops {
        let hangup = hangup();
        let kinds = [Some(SignalKind::interrupt()), Some(SignalKind::terminate()), hangup];
        Stops::of(&kinds.into_iter().flatten().collect::<Vec<_>>())
    }

    /// Where a signal cannot be heard, the system's own way of ending the program is left as it is.
    fn of(kinds: &[SignalKind]) -> Stops {
        Stops(kinds.iter().filter_map(|kind| signal(*kind).ok()).collect())
    }

    /// Returns at the next of them.
    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let come = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if come { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// SIGHUP, unless the program was started to ignore it: what is run by `nohup` goes on without its terminal. Where the system does
/// not say so, it is left as it is.
fn hangup() -> Option<SignalKind> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let ignored = u64::from_str_radix(ignored.trim(), 16).ok()?;
    // Bit 0 is signal 1.
    (ignored & 1 == 0).then(SignalKind::hangup)
}

/// Runs `work`. The first Ctrl-C, SIGTERM or SIGHUP asks it to stop, in its own way, and is kept on the run's tape; the second leaves
/// it where it stands, which the ledger is made for, and gives `None`.
pub async fn stoppable<T>(tape: &Tape, cancel: &Cancel, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut stops) = (std::pin::pin!(work), Stops::heard());
    let mut asked = false;
    loop {
        tokio::select! {
            // Looked for before each step of the work, so that work which heard Ctrl-C at a question and gave way once finds
            // its wish noted.
            biased;
            () = stops.next() => {
                if asked {
                    return None;
                }
                tape.note(STOP, &true);
                asked = true;
                cancel.cancel();
            }
            done = &mut work => return Some(done),
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

/// SIGTERM and SIGHUP, heard from the making on: for prompts, where Ctrl-C is a key.
pub struct Terminated(Stops);

impl Terminated {
    /// Begins to hear.
    pub fn heard() -> Terminated {
        let kinds = [Some(SignalKind::terminate()), hangup()];
        Terminated(Stops::of(&kinds.into_iter().flatten().collect::<Vec<_>>()))
    }

    /// Returns once one has come since the last time.
    pub async fn next(&mut self) {
        self.0.next().await;
    }
}

/// Done at Ctrl-C, SIGTERM or SIGHUP: for what serves.
#[cfg(any(feature = "mcp", feature = "node", feature = "sandbox"))]
pub async fn until_told() {
    Stops::heard().next().await;
}
