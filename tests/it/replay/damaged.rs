//! Records that are not whole, not ours, or not of this run any more.

use std::{fs, path::Path};

use super::{FOLD, Recorded, record, replay};
use crate::world::{World, example};

fn folding() -> Recorded {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let recorded = record(world, &["ask", "--json", FOLD]);
    assert_eq!(recorded.run.code, 0, "{}", recorded.run.all());
    recorded
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn write(path: &Path, lines: &[String]) {
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

/// What a person reads, on one line.
fn said(err: &str) -> String {
    err.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_run_that_departs_from_its_record_stops_there_and_says_where() {
    let recorded = folding();
    let (work, whole) = (recorded.world.work(), lines(&recorded.path));
    let at = |needle: &str| whole.iter().position(|l| l.contains(needle)).unwrap();

    // The provider now asks for more: the payer would pay, but no such payment is in the record.
    let dearer: Vec<String> = whole
        .iter()
        .map(|l| l.replace("\\\"amount\\\":\\\"200000000\\\"", "\\\"amount\\\":\\\"300000000\\\""))
        .collect();
    assert_ne!(dearer, whole);
    write(&recorded.path, &dearer);
    let run = replay(&["run.cassette"], &work);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(said(&run.err).contains("error: the run departs from its record: the run asks"), "{}", run.all());
    assert!(!run.out.contains("confirmed"), "nothing goes on after it: {}", run.out);

    // A request without its recorded answer: what was asked and what the record has are both told.
    let mut missing = whole.clone();
    missing.remove(at("\\\"method\\\":\\\"sendrawtransaction\\\""));
    write(&recorded.path, &missing);
    let run = replay(&["--json", "run.cassette"], &work);
    assert_eq!(run.code, 1, "{}", run.all());
    let error = run.events().pop().unwrap();
    assert_eq!((&error["type"], &error["kind"]), (&"error".into(), &"diverged".into()));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("the run asks chain: POST") && message.contains("sendrawtransaction"), "{message}");
    assert!(message.contains("the record has step "), "{message}");

    // An answer more than the run asks for.
    let mut more = whole.clone();
    let asked =
        more[at("\\\"method\\\":\\\"getversion\\\"")].replace("\"id\":", "\"id\":9").replace("getversion", "getpeers");
    more.insert(whole.len() - 1, asked);
    write(&recorded.path, &more);
    let run = replay(&["run.cassette"], &work);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(said(&run.err).contains("the run ended, with exit code 0; the record has step"), "{}", run.all());

    // Another end.
    write(
        &recorded.path,
        &whole.iter().map(|l| l.replace("\"end\",\"exit_code\":0", "\"end\",\"exit_code\":3")).collect::<Vec<_>>(),
    );
    let run = replay(&["run.cassette"], &work);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(said(&run.err).contains("ended with exit code 0; the record has exit code 3"), "{}", run.all());
}

#[test]
fn a_recorded_signature_serves_its_own_transaction_and_no_other() {
    let recorded = folding();
    let mut changed = lines(&recorded.path);
    for line in changed.iter_mut().filter(|l| l.contains("\"nonce of a transaction\"")) {
        *line = line.split("\"value\":").next().unwrap().to_owned() + "\"value\":7}";
    }
    write(&recorded.path, &changed);
    let run = replay(&["--json", "run.cassette"], &recorded.world.work());
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(!run.types().iter().any(|t| t == "payment.sent"), "{}", run.all());
}

#[test]
fn a_dataset_that_is_gone_or_another_is_told_before_anything_is_played() {
    let recorded = folding();
    let work = recorded.world.work();
    recorded.world.file("data.fasta", example("data.fasta") + ">one_more\nMKV\n");
    let run = replay(&["run.cassette"], &work);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.all());
    assert!(said(&run.err).contains("data.fasta is not the file of the recorded run: that had 555 B"), "{}", run.err);
    assert!(
        said(&run.err).contains("hint: a record does not hold datasets: name their folder with --data DIR"),
        "{}",
        run.err
    );
    fs::remove_file(work.join("data.fasta")).unwrap();
    let run = replay(&["run.cassette"], &work);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.all());
    assert_eq!(replay(&["--show", "run.cassette"], &work).code, 0, "showing needs no dataset");
    let other = work.join("elsewhere");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("data.fasta"), example("data.fasta")).unwrap();
    assert_eq!(replay(&["run.cassette", "--data", "elsewhere"], &work).code, 0);
}

#[test]
fn a_torn_record_is_played_and_shown_to_where_it_was_torn() {
    let recorded = folding();
    let text = fs::read_to_string(&recorded.path).unwrap();
    let cut = text.find("\\\"method\\\":\\\"sendrawtransaction\\\"").unwrap();
    fs::write(&recorded.path, &text[..cut]).unwrap();
    let work = recorded.world.work();
    let run = replay(&["run.cassette"], &work);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(said(&run.err).contains("the record has nothing: the record was cut off here"), "{}", run.err);
    let shown = replay(&["--show", "run.cassette"], &work);
    assert_eq!(shown.code, 0, "{}", shown.all());
    assert!(shown.out.contains("getblockcount") && shown.out.contains("none: the record was cut off"), "{}", shown.out);
}

#[test]
#[cfg(feature = "kill-points")]
fn a_run_that_is_killed_leaves_a_record_to_that_instant() {
    let mut world = World::new();
    world.file("data.fasta", example("data.fasta"));
    world.set("AGENT_KILL_AT", "rpc.sendrawtransaction.answered");
    let recorded = record(world, &["ask", "--json", FOLD]);
    assert_eq!(recorded.run.code, -1, "{}", recorded.run.all());
    let shown = replay(&["--show", "--json", "run.cassette"], &recorded.world.work());
    assert_eq!(shown.code, 0, "{}", shown.all());
    let last = shown.events().pop().unwrap();
    assert!(last["request"].as_str().unwrap().starts_with("sendrawtransaction"), "{last}");
    let run = replay(&["--json", "run.cassette"], &recorded.world.work());
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(run.out.contains("the record was cut off here"), "{}", run.all());
}

#[test]
fn what_is_no_record_or_a_newer_one_is_refused_in_a_sentence() {
    let world = World::new();
    let newer = r#"{"at":"2031-01-02T03:04:05Z","kind":"start","cassette":7,"what":"is new"}"#;
    world.file("newer.cassette", newer);
    world.file("text.cassette", "a shopping list\n");
    world.file("empty.cassette", "");
    for (file, says) in [
        ("newer.cassette", "was recorded in format 7, and this program reads up to format 2"),
        ("text.cassette", "is no cassette"),
        ("empty.cassette", "is no cassette: it is empty"),
        ("none.cassette", "cannot be read: No such file"),
        (".", "cannot be read: is a directory"),
    ] {
        for show in [&["replay"][..], &["replay", "--show"]] {
            let run = world.run(&[show, &[file]].concat());
            assert_eq!((run.code, run.out.as_str()), (1, ""), "{file}: {}", run.all());
            assert!(said(&run.err).contains(says) && run.err.contains("hint: "), "{file}: {}", run.err);
        }
    }
    let beyond = world.run(&["replay", "--step", "3", "text.cassette"]);
    assert_eq!(beyond.code, 2, "--step is a way of showing: {}", beyond.all());
}

#[test]
fn a_record_is_never_written_over_another_file() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    world.file("mine.txt", "precious");
    let run = world.run(&["ask", "--record", "mine.txt", FOLD]);
    assert_eq!(run.code, 2, "{}", run.all());
    assert!(said(&run.err).contains("error: mine.txt is there already"), "{}", run.err);
    assert_eq!(fs::read_to_string(world.work().join("mine.txt")).unwrap(), "precious");
    assert!(world.states().is_empty(), "nothing was begun");
    let nowhere = world.run(&["ask", "--record", "no/such/folder/a", FOLD]);
    assert_eq!(nowhere.code, 2, "{}", nowhere.all());
}
