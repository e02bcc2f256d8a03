//! Recording a run and playing it again: everything that a run takes from outside goes through here.
//!
//! One process records or plays at most one run, so there is one tape a process, set before the run begins and never
//! changed: [`record`] or [`replay`]. Without either, everything here is a plain call.
//!
//! - **Exchanges** with the model, storage, the provider and the chain: [`line::Line`] for HTTP, and the like of it for
//!   the S3 client and for models.
//! - **Values** that differ from run to run: times ([`now`]), random names and numbers, probes of the machine,
//!   signatures ([`draw`], [`note`]).
//!
//! A run that is played makes no client that could reach anything, and takes every signature from the tape.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`format`] | the file's format |
//! | [`scrub`] | taking secrets out of what is written |
//! | [`record`](mod@record) | writing |
//! | [`read`] | reading |
//! | [`play`] | finding the recorded answer, and where a run departs from its record |
//! | [`line`] | HTTP that is recorded, or comes from a record |

pub mod format;
pub mod line;
pub mod play;
pub mod read;
pub mod record;
pub mod scrub;

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use self::{format::What, play::Player, record::Recorder};

/// What this process does with its run.
#[derive(Clone, Default)]
pub enum Tape {
    /// Nothing: the run is live and leaves no record.
    #[default]
    Off,
    /// The run is live and is recorded.
    Recording(Arc<Recorder>),
    /// The run is played from a record: nothing leaves the process.
    Playing(Arc<Player>),
}

static TAPE: OnceLock<Tape> = OnceLock::new();
static OFF: Tape = Tape::Off;

/// The tape of this process.
pub fn tape() -> &'static Tape {
    TAPE.get().unwrap_or(&OFF)
}

/// Records from now on. `false` when this process records or plays already.
pub fn record(recorder: Arc<Recorder>) -> bool {
    TAPE.set(Tape::Recording(recorder)).is_ok()
}

/// Plays from now on. `false` when this process records or plays already.
pub fn replay(player: Arc<Player>) -> bool {
    TAPE.set(Tape::Playing(player)).is_ok()
}

/// The recorder, while this process records.
pub fn recorder() -> Option<&'static Arc<Recorder>> {
    match tape() {
        Tape::Recording(recorder) => Some(recorder),
        _ => None,
    }
}

/// The player, while this process plays.
pub fn player() -> Option<&'static Arc<Player>> {
    match tape() {
        Tape::Playing(player) => Some(player),
        _ => None,
    }
}

/// A value that differs from run to run: made afresh in a live run, and kept where that is recorded; in a run that is
/// played, what was kept under the same name. Values of one name are given out in their order; where runs may make them in
/// another order, as things done side by side do, names tell them apart.
pub fn draw<T: Serialize + DeserializeOwned>(of: &str, fresh: impl FnOnce() -> T) -> T {
    match tape() {
        Tape::Off => fresh(),
        Tape::Recording(recorder) => {
            let value = fresh();
            keep(recorder, of, &value);
            value
        }
        // A run that needs more than was recorded has departed, and is ended where it next waits.
        Tape::Playing(player) => player.value_or_diverge(of).unwrap_or_else(fresh),
    }
}

/// The same for what is only told, and decides nothing: a run that is played may look more often than the recorded one
/// did, and sees what is there then.
pub fn look<T: Serialize + DeserializeOwned>(of: &str, fresh: impl FnOnce() -> T) -> T {
    match tape() {
        Tape::Playing(player) => player.value(of).unwrap_or_else(fresh),
        _ => draw(of, fresh),
    }
}

/// Keeps a value of a run that is recorded, for [`Player::value`](play::Player::value).
pub fn note<T: Serialize>(of: &str, value: &T) {
    if let Some(recorder) = recorder() {
        keep(recorder, of, value);
    }
}

fn keep<T: Serialize>(recorder: &Recorder, of: &str, value: &T) {
    // Every value that comes here is plain data with text keys, which always serialises.
    if let Ok(value) = serde_json::to_value(value) {
        recorder.write(What::Value { of: of.to_owned(), value });
    }
}

/// The time, for decisions and for what is written down. `of` names what it is for.
pub fn now(of: &str) -> Timestamp {
    match tape() {
        Tape::Playing(player) => player.value(&format!("time of {of}")).unwrap_or_else(|| player.clock()),
        _ => draw(&format!("time of {of}"), Timestamp::now),
    }
}

/// The time, for what is shown: in a run that is played, how far the record's time has come.
pub fn clock() -> Timestamp {
    match tape() {
        Tape::Playing(player) => player.clock(),
        _ => Timestamp::now(),
    }
}

/// Waits. A run that is played waits for nothing.
pub async fn sleep(pause: Duration) {
    match tape() {
        Tape::Playing(player) => {
            player.waits();
            // Whoever waits beside this for a wish to stop is to hear of it first.
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
        }
        _ => tokio::time::sleep(pause).await,
    }
}

/// Names a secret that is never to be recorded, in no form.
pub fn secret(name: &str, secret: &[u8]) {
    if let Some(recorder) = recorder() {
        recorder.secret(name, secret);
    }
}

/// Runs `work` without recording it: what a person looks up beside the conversation.
pub async fn aside<T>(work: impl Future<Output = T>) -> T {
    let Some(recorder) = recorder() else { return work.await };
    recorder.pause();
    let done = work.await;
    recorder.resume();
    done
}
