//! Playing a cassette: each request is given the answer that was recorded for the same request, each value the one that
//! was recorded under its name. What was not recorded is a divergence, and the run waits there to be ended.

mod places;
mod state;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;

use self::state::{Exchange, State, key};
use super::{
    format::{Answered, Asked, Broken, What},
    read::Cassette,
};

/// The name under which a person's wish to stop is kept.
pub const STOP: &str = "wish to stop";

/// Where a run that is played departs from the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// What the run did, in a sentence.
    pub did: String,
    /// What the record has instead.
    pub expected: String,
}

/// A recorded run that is being played.
pub struct Player {
    state: Mutex<State>,
    diverged: watch::Sender<Option<Divergence>>,
}

impl Player {
    /// A player of this record. `places` are paths of this run and what they were in the recorded one.
    pub fn new(cassette: &Cassette, places: Vec<(String, String)>) -> Player {
        let began = cassette.entries.first().map_or(Timestamp::UNIX_EPOCH, |e| e.at);
        let mut state = State::new(began, cassette.exit_code().is_none(), &places);
        let mut by_id: HashMap<u64, usize> = HashMap::new();
        for (step, entry) in cassette.entries.iter().enumerate() {
            match &entry.what {
                What::Value { of, .. } if of == STOP => state.stops.push_back(state.exchanges.len()),
                What::Value { of, value } => {
                    state.values.entry(of.clone()).or_default().push_back((entry.at, value.clone()));
                }
                What::Asked(asked) => {
                    let place = state.exchanges.len();
                    by_id.insert(asked.id, place);
                    // Recorded texts are scrubbed and in the recorded run's paths already.
                    state.by_request.entry(key(asked)).or_default().push_back(place);
                    let exchange = Exchange { step: step + 1, asked: asked.clone(), answered: None, used: false };
                    state.exchanges.push(exchange);
                }
                What::Answered(answered) => {
                    let exchange = by_id.get(&answered.id).and_then(|&place| state.exchanges.get_mut(place));
                    if let Some(exchange) = exchange {
                        exchange.answered = Some((entry.at, (**answered).clone()));
                    }
                }
                _ => {}
            }
        }
        Player { state: Mutex::new(state), diverged: watch::Sender::new(None) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The recorded answer to a request. Where there is none it is a divergence, and this never returns.
    pub async fn answer(&self, asked: Asked) -> Answered {
        let found = self.state().take(&asked);
        match found {
            Err(_) if self.stop() => {
                let broken = Broken { causes: vec!["the run was stopped here".to_owned()], ..Broken::default() };
                Answered { broken: Some(broken), ..Answered::default() }
            }
            found => self.or_diverge(found).await,
        }
    }

    /// The recorded answer to the next request to a model, where `fits` says that what was asked then is the same in
    /// what matters; it says why not otherwise.
    pub async fn turn(&self, asked: Asked, fits: impl Fn(&Value, &Value) -> Result<(), String>) -> Answered {
        let found = self.state().take_turn(&asked, fits);
        if found.is_err() && self.stop() {
            // Whoever asks hears of the wish, as they did when it was made.
            return std::future::pending().await;
        }
        self.or_diverge(found).await
    }

    /// Whether the record comes to nothing here because a person wished the run to stop; that wish is made now.
    fn stop(&self) -> bool {
        let mut state = self.state();
        if state.stops.pop_front().is_some() {
            state.wish();
        }
        state.stopped
    }

    /// To be called where the run waits: that is where most wishes to stop are made, once all that was asked before has
    /// been asked.
    pub fn waits(&self) {
        let mut state = self.state();
        let due = |begun: &usize| state.exchanges.iter().take(*begun).all(|exchange| exchange.used);
        if state.stops.front().is_some_and(due) {
            state.stops.pop_front();
            state.wish();
        }
    }

    /// Is called when the record comes to a person's wish to stop.
    pub fn when_stopped(&self, tell: impl Fn() + Send + 'static) {
        let mut state = self.state();
        state.on_stop = Some(Box::new(tell));
        state.stopped = false;
    }

    async fn or_diverge<T>(&self, found: Result<T, Divergence>) -> T {
        match found {
            Ok(found) => found,
            Err(divergence) => {
                self.diverge(divergence);
                // Whoever plays the run ends it here: nothing that follows would mean anything.
                std::future::pending().await
            }
        }
    }

    /// A recorded text with the paths of this run in the place of those of the recorded one.
    pub fn here(&self, text: &str) -> String {
        self.state().here.change(text)
    }

    /// Notes a divergence; the first one counts.
    pub fn diverge(&self, divergence: Divergence) {
        self.diverged.send_if_modified(|first| {
            let fresh = first.is_none();
            first.get_or_insert(divergence);
            fresh
        });
    }

    /// Returns once the run has departed from the record.
    pub async fn departed(&self) -> Divergence {
        let mut seen = self.diverged.subscribe();
        loop {
            if let Some(divergence) = seen.borrow_and_update().clone() {
                return divergence;
            }
            // The sender lives as long as `self`.
            if seen.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Where the run has departed from the record, if it has.
    pub fn divergence(&self) -> Option<Divergence> {
        self.diverged.borrow().clone()
    }

    /// The value that was recorded under this name next.
    pub fn value<T: DeserializeOwned>(&self, of: &str) -> Option<T> {
        let mut state = self.state();
        let (at, value) = state.values.get_mut(of)?.pop_front()?;
        state.clock = state.clock.max(at);
        serde_json::from_value(value).ok()
    }

    /// The value under this name, or a divergence.
    pub fn value_or_diverge<T: DeserializeOwned>(&self, of: &str) -> Option<T> {
        let value = self.value(of);
        if value.is_none() {
            let expected = self.state().next_of(None);
            self.diverge(Divergence {
                did: format!("the run needs a value that is not in the record: {of}"),
                expected,
            });
        }
        value
    }

    /// Every value whose name begins so and was not yet taken, with its name.
    pub fn all_values<T: DeserializeOwned>(&self, begins: &str) -> Vec<(String, T)> {
        let state = self.state();
        let mut all: Vec<(String, T)> = Vec::new();
        for (of, values) in state.values.iter().filter(|(of, _)| of.starts_with(begins)) {
            let read = values.iter().filter_map(|(_, value)| serde_json::from_value(value.clone()).ok());
            all.extend(read.map(|value| (of.clone(), value)));
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// How far the record's time has come.
    pub fn clock(&self) -> Timestamp {
        self.state().clock
    }

    /// Recorded exchanges that the run never came to.
    pub fn left(&self) -> Vec<String> {
        let state = self.state();
        state.exchanges.iter().filter(|e| !e.used).map(Exchange::shown).collect()
    }

    /// How many requests to the model were in other words than the recorded ones.
    pub fn reworded(&self) -> usize {
        self.state().reworded
    }
}

#[cfg(test)]
mod tests;
