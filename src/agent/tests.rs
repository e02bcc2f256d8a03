//! The loop over a scripted model and an in-memory workflow.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

mod bounds;
mod by_form;
mod by_request;
mod helps;
mod limits;
mod several;
mod steps;
mod truth;
mod windows;

use super::*;
use crate::{
    model::{ChatModel, Message, scripted::Scripted},
    tools::{
        Cancel, Steps as _,
        fake::{Fake, PROVIDER, STRANGER, Says},
    },
};
use cassette::Tape;
use domain::{
    event::{Event, Sink},
    request::Bounds,
    standing::JobStanding,
};
use guard::config::Driving;

#[derive(Default)]
struct Heard(Mutex<Vec<Event>>);

impl Sink for Heard {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

struct Bench {
    fake: Arc<Fake>,
    heard: Arc<Heard>,
    talk: Conversation,
}

impl Bench {
    fn new(fake: Fake, model: Arc<dyn ChatModel>) -> Bench {
        Bench::helped(fake, model, Helps::default())
    }

    fn helped(fake: Fake, model: Arc<dyn ChatModel>, helps: Helps) -> Bench {
        Bench::within(fake, model, helps, Path::new("/nonexistent"))
    }

    fn within(fake: Fake, model: Arc<dyn ChatModel>, helps: Helps, folder: &Path) -> Bench {
        Bench::about(Arc::new(fake), model, helps, folder)
    }

    fn about(fake: Arc<Fake>, model: Arc<dyn ChatModel>, helps: Helps, folder: &Path) -> Bench {
        let heard = Arc::new(Heard::default());
        let talk = Conversation::new(Parts {
            driving: Driving::default(),
            model,
            work: fake.clone(),
            sink: heard.clone(),
            tape: Tape::Off,
            session: "ses-1".into(),
            folder: folder.to_owned(),
            bounds: Bounds::default(),
            limits: Limits::default(),
            helps,
            front: Front::Tools { instead: None },
            at_once: 2,
        });
        Bench { fake, heard, talk }
    }

    fn scripted(fake: Fake, turns: &str) -> Bench {
        Bench::without(fake, turns, Helps::default())
    }

    /// A script that is played with these helps only.
    fn without(fake: Fake, turns: &str, helps: Helps) -> Bench {
        let turns = turns.replace("PROVIDER", PROVIDER).replace("STRANGER", STRANGER);
        Bench::helped(fake, Arc::new(Scripted::parse("test", &format!("turns:\n{turns}")).unwrap()), helps)
    }

    /// The same within bounds that flags set.
    fn bound(mut self, bounds: Bounds) -> Bench {
        self.talk.bounds = bounds;
        self
    }

    /// One turn, and the script must be played out.
    async fn plays(&mut self, prompt: &str) -> TurnOutcome {
        let outcome = self.turn(prompt).await;
        self.talk.finish().unwrap();
        outcome
    }

    async fn turn(&mut self, prompt: &str) -> TurnOutcome {
        let outcome = self.talk.turn(prompt, &Cancel::new()).await.unwrap();
        self.is_whole();
        outcome
    }

    /// Each call has one result, in the history and in the events.
    fn is_whole(&self) {
        let mut open: Vec<&str> = Vec::new();
        for message in self.talk.history() {
            match message {
                Message::Assistant { calls, .. } => open.extend(calls.iter().map(|c| c.id.as_str())),
                Message::ToolResult { call_id, .. } => {
                    assert_eq!(open.remove(0), call_id);
                }
                Message::User { .. } => assert!(open.is_empty()),
            }
        }
        assert!(open.is_empty() && matches!(self.talk.history().last(), Some(Message::Assistant { .. })));
        let (mut asked, mut done) = (0, 0);
        for event in self.heard.0.lock().unwrap().iter() {
            match event {
                Event::ToolRequested { .. } => asked += 1,
                Event::ToolCompleted { .. } => done += 1,
                _ => {}
            }
        }
        assert_eq!(asked, done);
    }

    fn texts(&self, pick: impl Fn(&Event) -> Option<String>) -> Vec<String> {
        self.heard.0.lock().unwrap().iter().filter_map(pick).collect()
    }

    fn warnings(&self) -> String {
        self.texts(|e| if let Event::Warning { message } = e { Some(message.clone()) } else { None }).join("\n")
    }

    fn errors(&self) -> String {
        self.texts(|e| match e {
            Event::Error { kind, message, hint } => Some(format!("{kind}: {message} ({hint:?})")),
            _ => None,
        })
        .join("\n")
    }

    /// How the jobs stood at the end of the last turn.
    fn status(&self) -> Vec<JobStanding> {
        let heard = self.heard.0.lock().unwrap();
        let last =
            heard.iter().rev().find_map(|e| if let Event::TurnStatus { jobs, .. } = e { Some(jobs) } else { None });
        last.unwrap().clone()
    }

    /// State and next command of each.
    fn stand(&self) -> Vec<(String, Option<String>)> {
        self.status().into_iter().map(|job| (job.state.to_string(), job.next)).collect()
    }

    fn receipts(&self) -> usize {
        self.texts(|e| if let Event::Receipt(r) = e { Some(r.job.to_string()) } else { None }).len()
    }
}

fn files() -> Fake {
    Fake::new(&[("data.fasta", 148), ("big.fasta", 150_000_000), ("two.fasta", 200)])
}

const CHECK: &str =
    "- {call: {name: check_local_capability, arguments: {task_type: protein_folding, dataset: data.fasta}}}\n";
const REMOTE: &str = "- {call: {name: run_remote_compute, arguments: {job: '{{job}}'}}}\n";
const PAY: &str = "- {call: {name: pay_gas_fee, arguments: {job: '{{job}}', amount: '{{quote.amount}}', recipient: '{{quote.recipient}}'}}}\n";
const WAIT: &str = "- {call: {name: wait_for_job, arguments: {job: '{{job}}'}}}\n";
