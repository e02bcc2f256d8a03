//! One call under way. The workflow is one for all connections; what it says while it works on a call goes to the session
//! that made the call, and as progress to the client, where it asked for that.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{Notify, watch};

use crate::job::Cancel;
use domain::{
    event::{Event, Sink},
    units,
};

tokio::task_local! {
    /// The call that this task works on.
    static CALL: Call;
}

/// A call, as those who work on it see it.
#[derive(Clone)]
pub struct Call {
    /// Where its events go.
    pub sink: Arc<dyn Sink>,
    /// How far it is: the latest counts.
    pub beat: watch::Sender<Beat>,
    /// The client's wish to stop.
    pub cancel: Cancel,
}

impl Call {
    /// Works on the call: what `work` says meanwhile is said of this call.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        CALL.scope(self, work).await
    }
}

/// Returns once the call that this task works on is given up; never where there is none.
pub async fn given_up() {
    match CALL.try_with(|call| call.cancel.clone()) {
        Ok(cancel) => cancel.cancelled().await,
        Err(_) => std::future::pending().await,
    }
}

/// The workflow's sink: each event goes to the session whose call is worked on.
pub struct CallSink {
    otherwise: Arc<dyn Sink>,
}

impl CallSink {
    /// Events of no call go to `otherwise`.
    pub fn new(otherwise: Arc<dyn Sink>) -> CallSink {
        CallSink { otherwise }
    }
}

impl Sink for CallSink {
    fn emit(&self, event: Event) {
        let Ok(call) = CALL.try_with(Clone::clone) else {
            self.otherwise.emit(event);
            return;
        };
        if let Some(beat) = Beat::of(&event) {
            call.beat.send_replace(beat);
        }
        call.sink.emit(event);
    }
}

/// A sign of life of a call.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Beat {
    /// How much of what it does now is done, 0 to 1, where known.
    pub part: Option<f64>,
    /// What it does now.
    pub what: String,
}

impl Beat {
    /// What an event says of how far a call is.
    fn of(event: &Event) -> Option<Beat> {
        let (part, what) = match event {
            Event::UploadProgress { job, bytes, total } => {
                let part = (*total > 0).then(|| *bytes as f64 / *total as f64);
                (part, format!("{job}: {} of {} uploaded", units::bytes(*bytes), units::bytes(*total)))
            }
            Event::JobStatus { job, status, progress } => {
                let part = progress.filter(|p| p.is_finite()).map(|p| p.clamp(0.0, 1.0));
                let share = part.map(|p| format!(", {:.0} %", p * 100.0)).unwrap_or_default();
                (part, format!("{job}: {}{share}", status.replace('_', " ")))
            }
            Event::ConsentRequested { request, .. } => (None, format!("{request}: the plan waits for consent")),
            Event::ApprovalRequested { job, .. } => (None, format!("{job}: the payment waits for approval")),
            _ => return None,
        };
        Some(Beat { part, what })
    }
}

/// Progress as the protocol wants it: from 0 to 100, and more each time it is told.
#[derive(Debug, Default)]
pub struct Meter(f64);

impl Meter {
    /// What is told at the end: 100 is the result itself.
    pub const TOTAL: f64 = 100.0;
    /// A beat that brings nothing new shows that the call is alive, and no more.
    const ALIVE: f64 = 0.001;

    /// The next value; `part` is 0 to 1, where known.
    pub fn next(&mut self, part: Option<f64>) -> f64 {
        let known = part.map_or(0.0, |part| part * 99.0);
        self.0 = known.max(self.0 + Meter::ALIVE);
        self.0
    }
}

/// The calls under way, so that a server can wait for them at its end.
#[derive(Default)]
pub struct Underway {
    count: AtomicUsize,
    fewer: Notify,
}

/// A call under way; it is over when dropped.
pub struct Guarded(Arc<Underway>);

impl Underway {
    /// One more.
    pub fn begin(self: &Arc<Underway>) -> Guarded {
        self.count.fetch_add(1, Ordering::AcqRel);
        Guarded(Arc::clone(self))
    }

    /// Returns once none is under way.
    pub async fn none(&self) {
        loop {
            let mut fewer = std::pin::pin!(self.fewer.notified());
            // Heard from here on, so that the last one cannot end unheard between the look and the wait.
            fewer.as_mut().enable();
            if self.count.load(Ordering::Acquire) == 0 {
                return;
            }
            fewer.await;
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        self.0.fewer.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;
    use domain::ids::JobId;

    #[derive(Default)]
    struct Kept(Mutex<Vec<Event>>);

    impl Sink for Kept {
        fn emit(&self, event: Event) {
            self.0.lock().unwrap().push(event);
        }
    }

    fn status(progress: Option<f64>) -> Event {
        Event::JobStatus { job: "job-7k3q9dm2".parse::<JobId>().unwrap(), status: "in_queue".into(), progress }
    }

    #[tokio::test]
    async fn events_go_to_the_session_of_their_call() {
        let (all, one, two): (Arc<Kept>, Arc<Kept>, Arc<Kept>) = Default::default();
        let sink = CallSink::new(all.clone());
        let call =
            |sink: &Arc<Kept>| Call { sink: sink.clone(), beat: watch::Sender::default(), cancel: Cancel::new() };
        let (first, second) = (call(&one), call(&two));
        let heard = first.beat.subscribe();
        let warn = |text: &str| Event::Warning { message: text.into() };
        tokio::join!(
            first.scope(async {
                sink.emit(warn("one"));
                tokio::task::yield_now().await;
                sink.emit(status(Some(0.25)));
            }),
            second.scope(async { sink.emit(warn("two")) }),
        );
        sink.emit(warn("all"));
        assert_eq!(*one.0.lock().unwrap(), [warn("one"), status(Some(0.25))]);
        assert_eq!(*two.0.lock().unwrap(), [warn("two")]);
        assert_eq!(*all.0.lock().unwrap(), [warn("all")]);
        assert_eq!(*heard.borrow(), Beat { part: Some(0.25), what: "job-7k3q9dm2: in queue, 25 %".into() });
    }

    #[tokio::test]
    async fn a_server_waits_for_the_last_call() {
        let underway = Arc::new(Underway::default());
        underway.none().await;
        let (one, two) = (underway.begin(), underway.begin());
        let waiting = tokio::spawn({
            let underway = underway.clone();
            async move { underway.none().await }
        });
        drop(one);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(two);
        waiting.await.unwrap();
    }

    proptest! {
        #[test]
        fn progress_only_grows_and_never_claims_the_end(parts in prop::collection::vec(prop::option::of(0.0f64..=1.0), 1..200)) {
            let mut meter = Meter::default();
            let mut last = 0.0;
            for part in parts {
                let next = meter.next(part);
                prop_assert!(next > last && next < Meter::TOTAL);
                last = next;
            }
        }
    }
}
