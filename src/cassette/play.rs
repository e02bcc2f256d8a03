//! Playing a cassette: each request is given the answer that was recorded for the same request, each value the one that
//! was recorded under its name. What was not recorded is a divergence, and the run waits there to be ended.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;

use super::{
    format::{Answered, Asked, Body, Broken, Part, What},
    read::Cassette,
    scrub,
};

/// Parameters of a signed address that differ from one signing to the next.
const OF_SIGNING: [&str; 2] = ["x-amz-date", "x-amz-expires"];

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

struct State {
    exchanges: Vec<Exchange>,
    /// The places in `exchanges` of what answers a request, in their order.
    by_request: HashMap<String, VecDeque<usize>>,
    values: HashMap<String, VecDeque<(Timestamp, Value)>>,
    /// How far the record's time has come.
    clock: Timestamp,
    /// Paths of this run, and what they were in the recorded one.
    places: Vec<(String, String)>,
    /// Whether the record has no end.
    cut: bool,
    /// Requests to the model in other words than the recorded ones.
    reworded: usize,
    /// Wishes to stop that were recorded and not yet made, each with how many exchanges were begun before it.
    stops: VecDeque<usize>,
    /// Whether a wish to stop was made.
    stopped: bool,
    /// Who is told of a wish to stop.
    on_stop: Option<Box<dyn Fn() + Send>>,
}

struct Exchange {
    step: usize,
    asked: Asked,
    answered: Option<(Timestamp, Answered)>,
    used: bool,
}

impl Player {
    /// A player of this record. `places` are paths of this run and what they were in the recorded one.
    pub fn new(cassette: &Cassette, mut places: Vec<(String, String)>) -> Player {
        // One path may be the beginning of another.
        places.sort_by_key(|(here, _)| std::cmp::Reverse(here.len()));
        let mut state = State {
            exchanges: Vec::new(),
            by_request: HashMap::new(),
            values: HashMap::new(),
            clock: cassette.entries.first().map_or(Timestamp::UNIX_EPOCH, |e| e.at),
            places,
            cut: cassette.exit_code().is_none(),
            reworded: 0,
            stops: VecDeque::new(),
            stopped: false,
            on_stop: None,
        };
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
        let mut places = self.state().places.clone();
        places.sort_by_key(|(_, there)| std::cmp::Reverse(there.len()));
        places.iter().fold(text.to_owned(), |text, (here, there)| text.replace(there, here))
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

impl State {
    fn wish(&mut self) {
        self.stopped = true;
        if let Some(tell) = &self.on_stop {
            tell();
        }
    }

    fn take(&mut self, asked: &Asked) -> Result<Answered, Divergence> {
        let asked = self.as_recorded(asked);
        let place = self.by_request.get_mut(&key(&asked)).and_then(VecDeque::pop_front);
        match place {
            Some(place) => self.give(place),
            None => Err(Divergence {
                did: format!("the run asks {}: {} {}{}", asked.part, asked.method, asked.target, said(&asked.body)),
                expected: self.next_of(Some(asked.part)),
            }),
        }
    }

    fn take_turn(
        &mut self,
        asked: &Asked,
        fits: impl Fn(&Value, &Value) -> Result<(), String>,
    ) -> Result<Answered, Divergence> {
        let asked = self.as_recorded(asked);
        let place = self.exchanges.iter().position(|e| !e.used && e.asked.part == Part::Model);
        let Some(place) = place else {
            let did = "the run asks the model once more".to_owned();
            return Err(Divergence { did, expected: self.next_of(Some(Part::Model)) });
        };
        let recorded = &self.exchanges[place];
        if let (Body::Json(now), Body::Json(then)) = (&asked.body, &recorded.asked.body) {
            fits(now, then).map_err(|why| Divergence {
                did: format!("the run asks the model something else: {why}"),
                expected: recorded.shown(),
            })?;
            self.reworded += usize::from(now != then);
        }
        self.give(place)
    }

    fn give(&mut self, place: usize) -> Result<Answered, Divergence> {
        let exchange = &mut self.exchanges[place];
        exchange.used = true;
        let Some((at, answered)) = exchange.answered.clone() else {
            return Err(Divergence { did: format!("{} was never answered", exchange.shown()), expected: self.ended() });
        };
        self.clock = self.clock.max(at);
        Ok(answered)
    }

    fn ended(&self) -> String {
        match self.cut {
            true => "nothing: the record was cut off here".to_owned(),
            false => "nothing: the record ends here".to_owned(),
        }
    }

    /// What the record has next, of one part or of all.
    fn next_of(&self, part: Option<Part>) -> String {
        let mut left = self.exchanges.iter().filter(|e| !e.used && part.is_none_or(|part| e.asked.part == part));
        match (left.next(), part) {
            (Some(next), _) => next.shown(),
            (None, Some(part)) if !self.cut => format!("nothing more of {part}"),
            (None, _) => self.ended(),
        }
    }

    /// A request of this run in the recorded run's words: its paths, and without secrets.
    fn as_recorded(&self, asked: &Asked) -> Asked {
        let text = |text: &str| {
            let mut out = text.to_owned();
            for (here, there) in &self.places {
                out = out.replace(here, there);
            }
            scrub::by_place(&out)
        };
        let body = match &asked.body {
            Body::Text(body) => Body::Text(text(body)),
            Body::Json(value) => Body::Json(in_texts(value, &text)),
            other => other.clone(),
        };
        Asked { target: text(&asked.target), body, ..asked.clone() }
    }
}

fn in_texts(value: &Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| in_texts(item, change)).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), in_texts(value, change))).collect())
        }
        other => other.clone(),
    }
}

impl Exchange {
    fn shown(&self) -> String {
        let Asked { part, method, target, body, .. } = &self.asked;
        format!("step {}, {part}: {method} {target}{}", self.step, said(body))
    }
}

/// The beginning of a body, for messages.
fn said(body: &Body) -> String {
    const MOST: usize = 160;
    match body {
        Body::Text(text) => format!(" {}", crate::domain::units::clean(text, MOST)),
        _ => String::new(),
    }
}

/// What two equal requests have in common. Headers are left out: they hold times and keys.
fn key(asked: &Asked) -> String {
    let target = scrub::without_values(&asked.target, &OF_SIGNING, "any");
    let body = match &asked.body {
        Body::Text(text) => scrub::without_values(text, &OF_SIGNING, "any"),
        Body::Omitted(measure) => format!("{} {}", measure.bytes, measure.sha256),
        Body::Base64(text) => text.clone(),
        Body::Json(value) => value.to_string(),
        Body::Stream { bytes } => bytes.to_string(),
        Body::Empty => String::new(),
    };
    format!("{}\n{}\n{target}\n{body}", asked.part, asked.method)
}

#[cfg(test)]
mod tests;
