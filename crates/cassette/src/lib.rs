//! Recording a run and playing it again: everything that a run takes from outside goes through here.
//!
//! A run has one [`Tape`], made before it begins and never changed, and passed to whatever the run is made of; most of that
//! finds it in the run's ledger. Runs on tapes of their own share a process and know nothing of each other. On a tape that
//! is off, everything here is a plain call.
//!
//! - **Exchanges** with the model, storage, the provider and the chain: [`line::Line`] for HTTP, and the like of it for
//!   the S3 client and for models.
//! - **Values** that differ from run to run: times ([`Tape::now`]), random names and numbers, probes of the machine,
//!   signatures ([`Tape::draw`], [`Tape::note`]).
//!
//! A run that is played makes no client that could reach anything, and takes every signature from the tape.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`format`](mod@format) | the file's format |
//! | [`scrub`] | taking secrets out of what is written |
//! | [`record`](mod@record) | writing |
//! | [`read`] | reading |
//! | [`play`] | finding the recorded answer, and where a run departs from its record |
//! | [`line`](mod@line) | HTTP that is recorded, or comes from a record |
//! | [`public`] | which addresses are public, and a client that reaches no others |

pub mod format;
pub mod line;
pub mod play;
pub mod public;
pub mod read;
pub mod record;
pub mod scrub;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use futures::{FutureExt as _, future::BoxFuture};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use self::{format::What, play::Player, record::Recorder};

/// What a run does with what it takes from outside. Clones are of the same tape.
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

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tape::Off => "Off",
            Tape::Recording(_) => "Recording",
            Tape::Playing(_) => "Playing",
        })
    }
}

impl Tape {
    /// The recorder, where the run is recorded.
    pub fn recorder(&self) -> Option<&Arc<Recorder>> {
        match self {
            Tape::Recording(recorder) => Some(recorder),
            _ => None,
        }
    }

    /// The player, where the run is played.
    pub fn player(&self) -> Option<&Arc<Player>> {
        match self {
            Tape::Playing(player) => Some(player),
            _ => None,
        }
    }

    /// A value that differs from run to run: made afresh in a live run, and kept where that is recorded; in a run that is
    /// played, what was kept under the same name. Values of one name are given out in their order; where runs may make them
    /// in another order, as things done side by side do, names tell them apart.
    pub fn draw<T: Serialize + DeserializeOwned>(&self, of: &str, fresh: impl FnOnce() -> T) -> T {
        match self {
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
    pub fn look<T: Serialize + DeserializeOwned>(&self, of: &str, fresh: impl FnOnce() -> T) -> T {
        match self {
            Tape::Playing(player) => player.value(of).unwrap_or_else(fresh),
            _ => self.draw(of, fresh),
        }
    }

    /// Keeps a value of a run that is recorded, for [`Player::value`](play::Player::value).
    pub fn note<T: Serialize>(&self, of: &str, value: &T) {
        if let Some(recorder) = self.recorder() {
            keep(recorder, of, value);
        }
    }

    /// The time, for decisions and for what is written down. `of` names what it is for.
    pub fn now(&self, of: &str) -> Timestamp {
        match self {
            Tape::Playing(player) => player.value(&format!("time of {of}")).unwrap_or_else(|| player.clock()),
            _ => self.draw(&format!("time of {of}"), Timestamp::now),
        }
    }

    /// The time, for what is shown: in a run that is played, how far the record's time has come.
    pub fn clock(&self) -> Timestamp {
        match self {
            Tape::Playing(player) => player.clock(),
            _ => Timestamp::now(),
        }
    }

    /// Waits. A run that is played waits for nothing.
    pub async fn sleep(&self, pause: Duration) {
        match self {
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

    /// The same for whoever tries again by themselves.
    pub fn sleeper(&self) -> impl Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync + use<> {
        let tape = self.clone();
        move |pause| {
            let tape = tape.clone();
            async move { tape.sleep(pause).await }.boxed()
        }
    }

    /// Names a secret that is never to be recorded, in no form.
    pub fn secret(&self, name: &str, secret: &[u8]) {
        if let Some(recorder) = self.recorder() {
            recorder.secret(name, secret);
        }
    }

    /// Runs `work` without recording it: what a person looks up beside the conversation.
    pub async fn aside<T>(&self, work: impl Future<Output = T>) -> T {
        let Some(recorder) = self.recorder() else { return work.await };
        recorder.pause();
        let done = work.await;
        recorder.resume();
        done
    }
}

fn keep<T: Serialize>(recorder: &Recorder, of: &str, value: &T) {
    // Every value that comes here is plain data with text keys, which always serialises.
    if let Ok(value) = serde_json::to_value(value) {
        recorder.write(What::Value { of: of.to_owned(), value });
    }
}

#[cfg(test)]
mod tests;
