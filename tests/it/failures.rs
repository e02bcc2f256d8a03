//! What is said of work that failed or cannot be done: each file with its reason, and where its messages are.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::world::{FIGURES, Run, World, flat};

/// Fails on what holds 51, with a word; one that is `slow` takes its time.
const FAILING: &str = r#"name = "failing"
title = "Failing"
description = "Fails on some texts."
[inputs.lines]
formats = ["text"]
[program]
kind = "command"
executable = "sh"
arguments = ["-c", "echo before >&2; echo boom >&2; cp \"$1\" \"$2\"; grep -q slow \"$1\" && sleep 600; grep -q 51 \"$1\" && exit 3; exit 0", "x", "{lines}", "{out:o.txt}"]
"#;

fn world() -> World {
    let world = World::new();
    world.task("failing", &format!("{FAILING}{FIGURES}"));
    world
}

/// With ids, checksums and the folders of this test replaced.
fn plain(world: &World, run: &Run) -> String {
    let text = format!("exit {}\n--- out\n{}--- err\n{}", run.code, run.out, run.err);
    let text = text.replace(world.root().to_str().unwrap(), "");
    // The size of the document, the time and this program's version differ from run to run.
    let differs =
        |line: &&str| ["Files ", "  ran ", "  result ", "Result "].iter().any(|start| line.starts_with(start));
    let text: String = text.split_inclusive('\n').filter(|line| !differs(line)).collect();
    let mut out = String::new();
    for piece in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
        let word = piece.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let rest = &piece[word.len()..];
        match word {
            word if word.starts_with("job-") && word.len() == 12 => out.push_str("job-00000000"),
            word if word.starts_with("req-") && word.len() == 12 => out.push_str("req-00000000"),
            word if word.len() == 64 => out.push_str("SHA256"),
            word => out.push_str(word),
        }
        out.push_str(rest);
    }
    out
}

fn job_of(run: &Run) -> String {
    run.event("turn.status")["jobs"][0]["job"].as_str().unwrap().to_owned()
}

#[test]
fn a_few_jobs_that_failed_have_their_reasons() {
    let world = world();
    world.file("a.txt", "51\n");
    world.file("b.txt", "51 and more\n");
    world.file("c.txt", "good\n");
    let run = world.run(&["run", "failing", "a.txt", "b.txt", "c.txt", "--at-once", "1"]);
    assert_eq!(run.code, 6, "{}", run.all());
    insta::assert_snapshot!(plain(&world, &run));
    assert!(run.out.contains("Result     failing on c.txt: by sh\n"), "an error is no version: {}", run.all());
    for n in 0..12 {
        world.file(&format!("m{n:02}.txt"), format!("51 {n}\n"));
    }
    let many = world.run(&["run", "failing", "m*.txt"]);
    assert_eq!(many.code, 6, "{}", many.all());
    assert_eq!(many.out.lines().filter(|line| line.starts_with("Why ")).count(), 1, "{}", many.all());
    assert!((0..12).all(|n| many.out.contains(&format!("m{n:02}.txt"))), "{}", many.all());
}

#[test]
fn the_messages_of_a_failed_job_are_reached() {
    let world = world();
    world.file("a.txt", "51\n");
    let run = world.run(&["run", "failing", "a.txt", "--json"]);
    assert_eq!(run.code, 6, "{}", run.all());
    let job = job_of(&run);
    let path = world.home().join("results").join(&job).join("stderr.txt");
    let hint = run.event("error")["hint"].as_str().unwrap().to_owned();
    let expected =
        format!("`agent results {job} --cat stderr.txt` prints all of its messages; they lie in {}", path.display());
    assert_eq!(hint, expected);
    let cat = world.run(&["results", &job, "--cat", "stderr.txt"]);
    assert_eq!((cat.code, cat.out.as_str(), cat.err.as_str()), (0, "before\nboom\n", ""));
    let list = world.run(&["results", &job]);
    assert_eq!(list.code, 1);
    assert_eq!(
        list.err,
        format!(
            "error: {job} has no result: run failed: `sh` failed (exit code 3): before\nboom\n\
             hint: `agent results {job} --cat stderr.txt` prints its messages\n"
        )
    );
    let told = format!("{job} of failing has no result, and left in {}", path.parent().unwrap().display());
    assert!(flat(&list.out).starts_with(&told) && list.out.contains("stderr.txt  12 B"), "{}", list.all());
    let json: Value = world.run(&["results", &job, "--json"]).events().remove(0);
    assert_eq!(json["files"], serde_json::json!([{"name": "stderr.txt", "bytes": 12}]), "{json}");
    assert_eq!(json["failure"], "`sh` failed (exit code 3): before boom");
    let other = world.run(&["results", &job, "--cat", "../../ledger.sqlite"]);
    assert_eq!((other.code, other.out.as_str()), (1, ""), "{}", other.all());
}

#[test]
fn a_trial_that_fails_says_what_the_program_said() {
    let world = world();
    world.file("a.txt", "51\n");
    let run = world.run(&["tasks", "try", "failing", "a.txt", "--yes"]);
    assert_eq!(run.code, 6, "{}", run.all());
    let expected = "error: `sh` failed (exit code 3): before boom hint: the folder of the trial is gone with all else \
                    that it said; `agent run failing a.txt` keeps it";
    assert!(flat(&run.err).ends_with(expected), "{}", run.all());
}

#[test]
fn a_trial_is_stopped_by_hand_and_keeps_nothing() {
    let world = world();
    world.file("a.txt", "slow\n");
    let mut command = world.command(&["tasks", "try", "failing", "a.txt", "--yes"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    errors.read_line(&mut first).unwrap();
    assert!(first.starts_with("sample 1:"), "{first}");
    let stopped = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    let mut said = String::new();
    errors.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert_eq!(said, "error: the trial was stopped, and nothing was kept\n");
    assert_eq!(fs::read_to_string(world.home().join("tasks/failing.toml")).unwrap(), format!("{FAILING}{FIGURES}"));
}

#[test]
fn figures_that_nobody_agreed_to_are_an_error_with_a_way_out() {
    let world = world();
    world.file("a.txt", "good\n");
    // Of a session of its own, it has no terminal.
    let mut command = Command::new("setsid");
    let asked = world.command(&["tasks", "try", "failing", "a.txt"]);
    command.arg("--wait").arg(asked.get_program()).args(asked.get_args()).current_dir(world.work()).env_clear();
    command.envs(asked.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let run = Run::of(command.stdin(Stdio::null()).output().unwrap());
    assert_eq!(run.code, 4, "{}", run.all());
    let said = flat(&run.err);
    assert!(said.contains("error: the figures were not written: nobody is there to ask"), "{said}");
    assert!(said.contains("hint: add --yes to have them written into"), "{said}");
}

/// Each of up to twenty files is named with its reason, and beyond that it is said where the others are.
#[test]
fn what_cannot_be_done_is_named_with_its_reason() {
    let world = World::new();
    fs::create_dir(world.work().join("mm")).unwrap();
    for (name, content) in [
        ("good.fasta", &b">a\nACGT\n"[..]),
        ("empty.fasta", b""),
        ("page.html", b"<!DOCTYPE html><html><body>gone</body></html>\n"),
        ("zeros.fasta", &[0; 4000]),
        ("wide.fasta", b"\xff\xfe>\0a\0\n\0A\0"),
        ("packed.zip", b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0"),
        ("cut.fasta.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03"),
    ] {
        world.file(&format!("mm/{name}"), content);
    }
    let run = world.run(&["run", "sequence_stats", "mm/*"]);
    assert_eq!(run.code, 1, "{}", run.all());
    insta::assert_snapshot!(plain(&world, &run));
    assert!(!run.out.contains("other reasons"), "{}", run.all());
    for n in 0..30 {
        world.file(&format!("mm/{n}.txt"), format!("not {n}\n"));
    }
    let names: Vec<String> = (0..30).map(|n| format!("gone{n}.fasta")).collect();
    let typed: Vec<&str> =
        ["run", "sequence_stats", "mm/good.fasta"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let run = world.run(&typed);
    let end = flat(run.out.rsplit("Not done").next().unwrap());
    assert!(end.contains("gone19.fasta") && !end.contains("gone20.fasta"), "{}", run.all());
    assert!(end.contains("and 10 more, for other reasons: --json names each of them"), "{}", run.all());
}

#[test]
fn results_of_a_batch_say_what_they_are_of() {
    let world = World::new();
    for n in 1..=3 {
        world.file(&format!("s{n}.fasta"), ">a\nACGT\n".repeat(n));
    }
    let run = world.run(&["run", "sequence_stats", "s*.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
    // They come as they are done: two may run side by side.
    let mut results: Vec<&str> = run.out.lines().filter(|line| line.starts_with("Result ")).collect();
    results.sort_unstable();
    for (line, n) in results.iter().zip(1..) {
        assert!(line.starts_with(&format!("Result     sequence_stats on s{n}.fasta: {n} sequence")), "{}", run.all());
    }
    assert_eq!(results.len(), 3, "{}", run.all());
    assert_eq!(run.out.matches("under way").count(), 1, "{}", run.all());
    let one = world.run(&["run", "sequence_stats", "s1.fasta", "--anew"]);
    assert!(one.out.contains("Result     sequence_stats: "), "{}", one.all());
}

#[test]
fn what_a_folder_leaves_out_is_named_and_an_empty_file_is_refused() {
    let world = World::new();
    fs::create_dir(world.work().join("z")).unwrap();
    world.file("z/a.fastq", "@r\nACGT\n+\nIIII\n");
    world.file("z/b.fastq", "");
    world.file("z/notes.md", "words\n");
    let run = world.run(&["run", "sequence_stats", "z/"]);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(flat(&run.out).contains("2 files of z/ (left out as something else: notes.md)"), "{}", run.all());
    let end = flat(run.out.rsplit("Not done").next().unwrap());
    assert!(end.contains("b.fastq") && end.contains("is empty"), "{}", run.all());
}
