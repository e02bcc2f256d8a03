use std::path::PathBuf;

use serde_json::json;

use super::{read::Cassette, *};

/// A tape that is recorded, and the file it goes to.
fn recording(folder: &tempfile::TempDir, name: &str) -> (Tape, PathBuf) {
    let path = folder.path().join(name);
    let recorder = Recorder::create(&path).unwrap();
    let start = serde_json::from_str(read::START_FOR_TESTS).unwrap();
    recorder.write(What::Start(Box::new(start)));
    (Tape::Recording(Arc::new(recorder)), path)
}

fn playing(path: &std::path::Path) -> Tape {
    Tape::Playing(Arc::new(Player::new(&Cassette::read(path).unwrap(), Vec::new())))
}

/// The names and values in a cassette, in their order.
fn values(path: &std::path::Path) -> Vec<(String, serde_json::Value)> {
    let entries = Cassette::read(path).unwrap().entries;
    let value = |what| if let What::Value { of, value } = what { Some((of, value)) } else { None };
    entries.into_iter().filter_map(|entry| value(entry.what)).collect()
}

#[test]
fn two_tapes_in_one_process_hold_their_own_runs_each() {
    let folder = tempfile::tempdir().unwrap();
    let (one, first) = recording(&folder, "one.cassette");
    let (two, second) = recording(&folder, "two.cassette");
    // A secret of the one run is of no concern to the other.
    one.secret("KEY", b"a-key-of-the-first-run");
    let draws = |tape: &Tape, from: u32| {
        let tape = tape.clone();
        std::thread::spawn(move || {
            let drawn: Vec<u32> = (from..from + 100).map(|n| tape.draw("a number", || n)).collect();
            tape.note("a text", &"a-key-of-the-first-run");
            drawn
        })
    };
    let (of_one, of_two) = (draws(&one, 0), draws(&two, 1000));
    assert_eq!(of_one.join().unwrap(), (0..100).collect::<Vec<_>>());
    assert_eq!(of_two.join().unwrap(), (1000..1100).collect::<Vec<_>>());
    Tape::Off.note("a text", &"of a run that leaves no record");
    let kept = |from: u32, text: &str| {
        let numbers = (from..from + 100).map(|n| ("a number".to_owned(), json!(n)));
        numbers.chain([("a text".to_owned(), json!(text))]).collect::<Vec<_>>()
    };
    let [(_, text)] = &values(&first)[100..] else { panic!("one text at the end") };
    assert!(!text.as_str().unwrap().contains("a-key"), "{text}");
    assert_eq!(values(&first)[..100], kept(0, "")[..100]);
    assert_eq!(values(&second), kept(1000, "a-key-of-the-first-run"));
}

#[tokio::test]
async fn one_run_is_played_while_another_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let (live, before) = recording(&folder, "before.cassette");
    let (number, moment) = (live.draw("a number", || 7), live.now("a step"));
    let played = playing(&before);
    let (live, meanwhile) = recording(&folder, "meanwhile.cassette");
    assert_eq!(live.draw("a number", || 8), 8);
    assert_eq!(played.draw("a number", || 9), number, "from its own record");
    assert_eq!(played.now("a step"), moment);
    assert_eq!(live.look("a file", || true), played.look("a file", || true), "what is only told may be looked at anew");
    played.note("a text", &"of a run that is played");
    // What one run waits for, or looks up aside, holds nobody else up.
    played.sleep(Duration::from_secs(3600)).await;
    live.aside(async { assert_eq!(live.draw("a number", || 1), 1) }).await;
    assert_eq!(values(&meanwhile), [("a number".to_owned(), json!(8)), ("a file".to_owned(), json!(true))]);
    // What the one run needs and has not, the other knows nothing of.
    assert_eq!(played.draw("a number", || 10), 10);
    assert!(played.player().unwrap().divergence().is_some());
    assert_eq!(Tape::Off.draw("a number", || 11), 11);
}
