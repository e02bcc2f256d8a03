use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::face::{output::Captured, sample, sample_plans};
use domain::{
    result::Fold,
    shown::{PlanShown, RequestShown, Totals},
};

fn draw(_: &Fold, _: usize) -> Option<String> {
    Some("H-P\n  |\nH-H\u{1b}[2J".to_owned())
}

fn seen(events: Vec<Event>) -> String {
    let kept = Captured::default();
    let terminal = Terminal::new(Look::plain(80), Output::new(kept.clone()), Output::new(kept.clone()), false, draw);
    events.into_iter().for_each(|event| terminal.emit(event));
    kept.text()
}

fn document() -> ResultDocument {
    let record = |id: &str, energy: i64| json!({"id": id, "length": 4, "dimension": 2, "energy": energy, "walk": "RDL", "hp": "HPHH"});
    serde_json::from_value(json!({
        "job": "job-7k3q9dm2",
        "task_type": "protein_folding",
        "dataset": {"path": "examples/data.fasta", "sha256": "01".repeat(32)},
        "parameters": {"dimension": 2},
        "records": [record("S1-1", -4), record("S1-2\u{1b}[31m", -9)],
        "summary": {"best": -9, "caveat": "The HP model is a lattice model and no structure prediction."},
        "files": [],
        "program": {"name": "hp-search", "version": "1", "seed": 7},
    }))
    .unwrap()
}

#[test]
fn a_whole_story() {
    insta::assert_snapshot!(seen(sample::story()));
}

#[test]
fn what_was_streamed_is_not_printed_again() {
    let delta = |text: &str| Event::MessageDelta { text: text.into() };
    let done = |text: &str| Event::MessageCompleted { text: text.into() };
    assert_eq!(seen(vec![delta("All "), delta("done."), done("All done.")]), "\nAll done.\n");
    assert_eq!(seen(vec![done("All done.")]), "\nAll done.\n");
    assert_eq!(seen(vec![delta("Paid."), done("Paid. (unverified: 0xab)")]), "\nPaid. (unverified: 0xab)\n");
    assert_eq!(seen(vec![delta("Paid."), done("Nothing was paid.")]), "\nPaid.\n\nCorrected:\nNothing was paid.\n");
    assert_eq!(seen(vec![done("")]), "");
}

/// Dimmed where there are colours, with a word before it, and never mixed with the answer.
#[test]
fn a_thought_stands_by_itself() {
    let thought = |text: &str| Event::ThoughtDelta { text: text.into() };
    let delta = |text: &str| Event::MessageDelta { text: text.into() };
    let done = || Event::MessageCompleted { text: "All done.".into() };
    let events = || vec![thought("\n"), thought("\nLet me "), thought("see."), delta("All "), delta("done."), done()];
    assert_eq!(seen(events()), "\nThinking: Let me see.\n\nAll done.\n");
    assert_eq!(seen(vec![thought("Hm"), Event::Warning { message: "slow".into() }]), "\nThinking: Hm\nwarning: slow\n");
    let kept = Captured::default();
    let look = Look { width: 80, colour: true };
    let terminal = Terminal::new(look, Output::new(kept.clone()), Output::new(kept.clone()), false, draw);
    events().into_iter().for_each(|event| terminal.emit(event));
    let text = kept.text();
    let (before, answer) = text.split_once("\n\nAll").unwrap();
    assert!(before.contains("\u{1b}[2m") && !answer.contains("\u{1b}[2m"), "{text:?}");
}

#[test]
fn thoughts_are_shown_on_request_alone() {
    let kept = Captured::default();
    let output = || Output::new(kept.clone());
    let terminal = Arc::new(Terminal::new(Look::plain(80), output(), output(), false, draw));
    let sink = crate::face::thoughts::WithoutThoughts::new(terminal);
    sink.emit(Event::ThoughtDelta { text: "Hm.".into() });
    sink.emit(Event::MessageCompleted { text: "All done.".into() });
    assert_eq!(kept.text(), "\nAll done.\n");
}

#[test]
fn an_event_in_the_middle_of_an_answer_begins_a_line() {
    let text =
        seen(vec![Event::MessageDelta { text: "I will look ".into() }, Event::Warning { message: "slow".into() }]);
    assert_eq!(text, "\nI will look\nwarning: slow\n");
}

/// Where a person stops an answer, what came of it is there to its last word, and what follows begins a line.
#[test]
fn an_answer_that_was_stopped_is_shown_as_far_as_it_came() {
    let kept = Captured::default();
    let terminal = Terminal::new(Look::plain(80), Output::new(kept.clone()), Output::new(kept.clone()), false, draw);
    for text in ["The best ", "fold is ", "aprot"] {
        terminal.emit(Event::MessageDelta { text: text.into() });
    }
    terminal.rest();
    assert_eq!(kept.text(), "\nThe best fold is aprot\n");
    terminal.rest();
    terminal.emit(Event::SessionEnded { exit_code: 130 });
    assert_eq!(kept.text(), "\nThe best fold is aprot\n");
}

/// The events of a plan, up to the answer of `by`.
fn consented(plan: domain::plan::Plan, by: &str) -> Vec<Event> {
    let (request, digest) = (plan.request.id.clone(), plan.digest);
    vec![
        Event::RequestUnderstood(RequestShown(plan.request.clone())),
        Event::ConsentRequested { request: request.clone(), digest, totals: Totals::from(&plan) },
        Event::ConsentResolved { request, digest, approved: by != "nobody", by: by.to_owned() },
    ]
    .into_iter()
    .flat_map(|event| match event {
        Event::ConsentRequested { .. } => vec![Event::Plan(PlanShown(Box::new(plan.clone()))), event],
        event => vec![event],
    })
    .collect()
}

/// The question showed the plan that was changed; only the one that came of it is printed beside it.
#[test]
fn a_plan_that_was_changed_is_not_printed_once_more() {
    let mut events = consented(sample_plans::mixed(), "terminal");
    events.pop();
    events.push(Event::RequestUnderstood(RequestShown(sample_plans::one_in_the_sandbox().request)));
    assert_eq!(seen(events.clone()), "");
    events.extend(consented(sample_plans::one_in_the_sandbox(), "policy").into_iter().skip(1));
    let screen = seen(events);
    assert_eq!(screen.matches("Plan ").count(), 1, "{screen}");
}

#[test]
fn a_plan_and_who_agreed() {
    let seen_by = |by| seen(consented(sample_plans::one_in_the_sandbox(), by));
    insta::assert_snapshot!(["sandbox", "policy", "yes", "nobody"].map(seen_by).join("\n"));
    assert_eq!(seen_by("terminal"), "", "the question shows the plan, and the answer was typed");
}

#[test]
fn a_plan_that_nobody_is_asked_about_is_shown_before_what_follows() {
    let plan = |plan| Event::Plan(PlanShown(Box::new(plan)));
    let text = seen(vec![plan(sample_plans::one_in_the_sandbox()), Event::Warning { message: "and then".into() }]);
    assert!(text.starts_with("Plan       protein_folding") && text.ends_with("warning: and then\n"), "{text}");
    let short = "sequence_stats on examples/reads.fasta (1.0 MB, 6 records) runs on this machine:\nfree, about 12 s.\n";
    assert_eq!(seen(vec![plan(sample_plans::one_local())]), short);

    let kept = Captured::default();
    let terminal = Terminal::new(Look::plain(80), Output::new(kept.clone()), Output::new(kept.clone()), false, draw);
    terminal.emit(plan(sample_plans::one_in_the_sandbox()));
    assert_eq!(kept.text(), "");
    terminal.rest();
    assert!(kept.text().starts_with("Plan       protein_folding"), "{}", kept.text());
}

#[test]
fn a_result_is_shown_once_from_its_document() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(RESULT_FILE);
    std::fs::write(&path, serde_json::to_string(&document()).unwrap()).unwrap();
    let mut receipt = sample::receipt();
    if let Some(result) = &mut receipt.result {
        result.path = dir.path().to_owned();
    }
    let fetched = Event::ResultFetched {
        job: sample::job(),
        path: path.display().to_string(),
        bytes: 4096,
        sha256: domain::hash::Sha256([9; 32]),
    };
    let text = seen(vec![fetched, Event::Receipt(Box::new(receipt))]);
    assert_eq!(text.matches("Best fold").count(), 1, "{text}");
    let folder = dir.path().display().to_string();
    insta::assert_snapshot!(text.replace(&folder, "/home/results/job-7k3q9dm2"));
}

#[test]
fn what_goes_wrong_is_for_standard_error() {
    let (out, err) = (Captured::default(), Captured::default());
    let terminal = Terminal::new(Look::plain(80), Output::new(out.clone()), Output::new(err.clone()), false, draw);
    terminal.emit(Event::Error { kind: "x".into(), message: "no".into(), hint: Some("do".into()) });
    assert_eq!((out.text().as_str(), err.text().as_str()), ("", "error: no\nhint: do\n"));
}

#[test]
fn a_result_that_cannot_be_read_is_said_so() {
    let text = seen(vec![Event::Receipt(Box::new(sample::receipt()))]);
    assert!(text.contains("/nowhere/results/job-7k3q9dm2/result.json cannot be read"), "{text}");
}
