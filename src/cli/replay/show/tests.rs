use std::path::Path;

use super::*;

fn recorded() -> Cassette {
    Cassette::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cassettes/folding.cassette")).unwrap()
}

#[test]
fn a_recorded_run_step_by_step() {
    let cassette = recorded();
    let text = lines(&cassette, &steps(&cassette), &Look::plain(100)).join("\n");
    insta::assert_snapshot!(text);
}

#[test]
fn one_step_whole() {
    let cassette = recorded();
    let steps = steps(&cassette);
    let of = |part: &str, asks: &str| {
        let step = steps.iter().find(|s| s.part == part && s.request.contains(asks)).unwrap();
        let asked = whole(&cassette.entries[step.step - 1], &Look::plain(100));
        let answered = whole(&cassette.entries[step.step], &Look::plain(100));
        [asked, answered].concat().join("\n")
    };
    insta::assert_snapshot!(format!("{}\n{}", of("provider", "/payment"), of("chain", "getblockcount")));
}

#[test]
fn answers_that_never_came_and_those_that_broke_off() {
    let mut entries = recorded().entries;
    let first = entries.iter().position(|e| matches!(&e.what, What::Asked(asked) if asked.part == Part::Storage));
    entries.truncate(first.unwrap() + 1);
    let cut = Cassette { entries, torn: true, ..recorded() };
    let steps = steps(&cut);
    assert_eq!(steps.last().unwrap().answer, None);
    let text = lines(&cut, &steps, &Look::plain(100)).join("\n");
    assert!(text.contains("-> no answer") && text.contains("none: the record was cut off"), "{text}");
}

#[test]
fn a_narrow_terminal_and_hostile_text() {
    let hostile = Step {
        step: 3,
        at: Timestamp::UNIX_EPOCH,
        part: "provider",
        request: clean("GET /\u{1b}[2J", 80),
        answer: Some("500".into()),
        sent: 0,
        received: 12,
        seconds: Some(0.1),
    };
    let text = lines(&recorded(), &[hostile], &Look::plain(40)).join("\n");
    assert!(!text.contains('\u{1b}'), "{text}");
}
