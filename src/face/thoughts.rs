//! Thoughts of a model are shown on request alone.

use std::sync::Arc;

use domain::event::{Event, Sink};

/// A sink that is told everything but thoughts.
pub struct WithoutThoughts(Arc<dyn Sink>);

impl WithoutThoughts {
    /// `inner`, without them.
    pub fn new(inner: Arc<dyn Sink>) -> WithoutThoughts {
        WithoutThoughts(inner)
    }
}

impl Sink for WithoutThoughts {
    fn emit(&self, event: Event) {
        if !matches!(event, Event::ThoughtDelta { .. }) {
            self.0.emit(event);
        }
    }

    fn rest(&self) {
        self.0.rest();
    }
}
