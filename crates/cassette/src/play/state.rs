//! What of a record is played already, and what is next.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use serde_json::Value;

use super::{Divergence, places::Places};
use crate::{
    format::{Answered, Asked, Body, Part},
    scrub,
};
use domain::units;

/// Parameters of a signed address that differ from one signing to the next.
const OF_SIGNING: [&str; 2] = ["x-amz-date", "x-amz-expires"];

/// A record on its way.
pub struct State {
    /// Every request of the record with its answer, in their order.
    pub exchanges: Vec<Exchange>,
    /// The places in `exchanges` of what answers a request, in their order.
    pub by_request: HashMap<String, VecDeque<usize>>,
    /// What is left of the values, by name.
    pub values: HashMap<String, VecDeque<(Timestamp, Value)>>,
    /// How far the record's time has come.
    pub clock: Timestamp,
    /// From paths of this run to those of the recorded one.
    pub there: Places,
    /// And back.
    pub here: Places,
    /// Whether the record has no end.
    pub cut: bool,
    /// Requests to the model in other words than the recorded ones.
    pub reworded: usize,
    /// Wishes to stop that were recorded and not yet made, each with how many exchanges were begun before it.
    pub stops: VecDeque<usize>,
    /// Whether a wish to stop was made.
    pub stopped: bool,
    /// Who is told of a wish to stop.
    pub on_stop: Option<Box<dyn Fn() + Send>>,
}

/// A request and what came of it.
pub struct Exchange {
    /// The line of the request in the file, from 1.
    pub step: usize,
    /// The request.
    pub asked: Asked,
    /// What came, and when.
    pub answered: Option<(Timestamp, Answered)>,
    /// Whether the run came to it.
    pub used: bool,
}

impl State {
    /// Nothing of a record yet that began then and may be `cut`.
    pub fn new(began: Timestamp, cut: bool, places: &[(String, String)]) -> State {
        State {
            exchanges: Vec::new(),
            by_request: HashMap::new(),
            values: HashMap::new(),
            clock: began,
            there: Places::new(places.iter().map(|(here, there)| (here.as_str(), there.as_str()))),
            here: Places::new(places.iter().map(|(here, there)| (there.as_str(), here.as_str()))),
            cut,
            reworded: 0,
            stops: VecDeque::new(),
            stopped: false,
            on_stop: None,
        }
    }

    /// Tells whoever waits for it of a person's wish to stop.
    pub fn wish(&mut self) {
        self.stopped = true;
        if let Some(tell) = &self.on_stop {
            tell();
        }
    }

    /// The answer to this request that was recorded next.
    pub fn take(&mut self, asked: &Asked) -> Result<Answered, Divergence> {
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

    /// The next answer of the model, where `fits` finds that it was asked for what is asked for now.
    pub fn take_turn(
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
    pub fn next_of(&self, part: Option<Part>) -> String {
        let mut left = self.exchanges.iter().filter(|e| !e.used && part.is_none_or(|part| e.asked.part == part));
        match (left.next(), part) {
            (Some(next), _) => next.shown(),
            (None, Some(part)) if !self.cut => format!("nothing more of {part}"),
            (None, _) => self.ended(),
        }
    }

    /// A request of this run in the recorded run's words: its paths, and without secrets.
    fn as_recorded(&self, asked: &Asked) -> Asked {
        let text = |text: &str| scrub::by_place(&self.there.change(text));
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
    /// On one line.
    pub fn shown(&self) -> String {
        let Asked { part, method, target, body, .. } = &self.asked;
        format!("step {}, {part}: {method} {target}{}", self.step, said(body))
    }
}

/// The beginning of a body, for messages.
fn said(body: &Body) -> String {
    const MOST: usize = 160;
    match body {
        Body::Text(text) => format!(" {}", units::clean(text, MOST)),
        _ => String::new(),
    }
}

/// What two equal requests have in common. Headers are left out: they hold times and keys.
pub fn key(asked: &Asked) -> String {
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
