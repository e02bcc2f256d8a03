//! What a model was asked and what it used, and the events of a case, each with its time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use async_trait::async_trait;

use crate::model::{ChatModel, ChatRequest, ChatTurn, Delta, ModelError, Usage};
use domain::event::{Event, Sink};

/// What a model was asked and used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Requests.
    pub steps: usize,
    /// Tokens of all requests whose provider told them; `None` where none did.
    pub tokens: Option<Tokens>,
}

/// Tokens of many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// In.
    pub prompt: u64,
    /// Out.
    pub completion: u64,
}

/// A model whose requests are counted.
pub struct Metered {
    inner: Arc<dyn ChatModel>,
    used: Arc<Mutex<Used>>,
}

impl Metered {
    /// The model, counted from here on, and the count.
    pub fn new(inner: Arc<dyn ChatModel>) -> (Metered, Arc<Mutex<Used>>) {
        let used = Arc::<Mutex<Used>>::default();
        (Metered { inner, used: Arc::clone(&used) }, used)
    }

    fn count(&self, learn: impl FnOnce(&mut Used)) {
        learn(&mut self.used.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn add(&self, usage: Usage) {
        self.count(|used| {
            let tokens = used.tokens.get_or_insert_default();
            tokens.prompt += usage.prompt_tokens;
            tokens.completion += usage.completion_tokens;
        });
    }
}

#[async_trait]
impl ChatModel for Metered {
    fn name(&self) -> String {
        self.inner.name()
    }

    async fn turn(&self, request: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        self.count(|used| used.steps += 1);
        let mut watch = |delta: Delta| {
            if let Delta::Lost(usage) = delta {
                self.add(usage);
            }
            sink(delta);
        };
        let turn = self.inner.turn(request, &mut watch).await?;
        turn.usage.into_iter().for_each(|usage| self.add(usage));
        Ok(turn)
    }

    fn finish(&self) -> Result<(), ModelError> {
        self.inner.finish()
    }
}

/// An event and when it was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Seconds since the case began.
    pub seconds: f64,
    /// What happened.
    pub event: Event,
}

/// Keeps the events of a case. What only draws progress is left out.
pub struct Recorder {
    began: Instant,
    told: Mutex<Vec<Told>>,
}

impl Recorder {
    /// A recorder whose clock starts now.
    pub fn new() -> Recorder {
        Recorder { began: Instant::now(), told: Mutex::default() }
    }

    /// What was told so far.
    pub fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Seconds since the case began.
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}

impl Default for Recorder {
    fn default() -> Recorder {
        Recorder::new()
    }
}

impl Sink for Recorder {
    fn emit(&self, event: Event) {
        let drawn = match &event {
            Event::ThoughtDelta { .. } | Event::MessageDelta { .. } | Event::UploadProgress { .. } => true,
            Event::JobStatus { progress, .. } => progress.is_some(),
            _ => false,
        };
        if !drawn {
            let told = Told { seconds: self.seconds(), event };
            self.told.lock().unwrap_or_else(PoisonError::into_inner).push(told);
        }
    }
}
