//! The sink for programs: one event a line, and nothing else on standard output.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::output::Output;
use cassette::Tape;
use domain::{
    event::{EVENT_VERSION, Envelope, Event, Sink},
    ids::SessionId,
};

/// Writes events as JSON Lines.
pub struct JsonLines {
    session: SessionId,
    output: Output,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// The last number that was given out; held while a line is written, so that lines come in their order.
    last: Mutex<u64>,
}

impl JsonLines {
    /// The events of `session`, to `output`, by the clock of the run's tape.
    pub fn new(session: SessionId, output: Output, tape: Tape) -> JsonLines {
        JsonLines::with_clock(session, output, move || tape.clock())
    }

    /// The same with a clock of one's own.
    pub fn with_clock(
        session: SessionId,
        output: Output,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> JsonLines {
        JsonLines { session, output, clock: Box::new(clock), last: Mutex::new(0) }
    }
}

impl Sink for JsonLines {
    fn emit(&self, event: Event) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last += 1;
        let ts = (self.clock)();
        self.output.json(&Envelope { v: EVENT_VERSION, seq: *last, ts, session: self.session.0.clone(), event });
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{output::Captured, sample_plans},
        *,
    };
    use domain::shown::{PlanShown, RequestShown, Totals};

    #[test]
    fn numbered_from_one_and_read_back() {
        let kept = Captured::default();
        let clock = || "2026-01-02T03:04:05Z".parse().unwrap_or_default();
        let sink = JsonLines::with_clock(SessionId("ses-1".into()), Output::new(kept.clone()), clock);
        sink.emit(Event::Warning { message: "a\nb".into() });
        sink.emit(Event::SessionEnded { exit_code: 0 });
        let text = kept.text();
        assert_eq!(
            text.lines().next().unwrap(),
            r#"{"v":1,"seq":1,"ts":"2026-01-02T03:04:05Z","session":"ses-1","type":"warning","message":"a\nb"}"#
        );
        let back: Vec<Envelope> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(back[1].seq, 2);
        assert_eq!(back[1].event, Event::SessionEnded { exit_code: 0 });
    }
    /// Amounts are in GAS with datoshi beside them, as in every other event, and what is written reads back.
    #[test]
    fn plans_and_consents_as_programs_see_them() {
        let kept = Captured::default();
        let sink = JsonLines::with_clock(SessionId("ses-1".into()), Output::new(kept.clone()), Timestamp::default);
        let plan = sample_plans::one_on_mainnet();
        let (request, digest) = (plan.request.id.clone(), plan.digest);
        let events = [
            Event::RequestUnderstood(RequestShown(plan.request.clone())),
            Event::Plan(PlanShown(Box::new(plan.clone()))),
            Event::ConsentRequested { request: request.clone(), digest, totals: Totals::from(&plan) },
            Event::ConsentResolved { request, digest, approved: true, by: "terminal".into() },
        ];
        events.iter().for_each(|event| sink.emit(event.clone()));
        let back: Vec<Event> =
            kept.text().lines().map(|line| serde_json::from_str::<Envelope>(line).unwrap().event).collect();
        assert_eq!(back, events);
        let shown: Vec<serde_json::Value> =
            kept.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        insta::assert_snapshot!(serde_json::to_string_pretty(&shown).unwrap());
    }
}
