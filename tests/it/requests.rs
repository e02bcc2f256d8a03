//! `agent run` and `agent plan`: flags that bind, plan files, many pieces of work, the same work twice, homes of before.

use std::{
    fs,
    io::Write as _,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::world::{Run, World, example};

/// A FASTA of so many short proteins.
fn proteins(records: usize) -> String {
    (0..records).map(|n| format!(">p{n}\nMKVLAAGIVG\n")).collect()
}

/// What of these kinds is told.
fn begun(run: &Run) -> Vec<String> {
    let effects = ["upload.", "job.submitted", "payment.", "result."];
    run.types().into_iter().filter(|kind| effects.iter().any(|effect| kind.starts_with(effect))).collect()
}

fn jobs(world: &World) -> Vec<Value> {
    let run = world.run(&["jobs", "list", "--json"]);
    run.events().into_iter().filter(|line| line["id"].is_string()).collect()
}

#[test]
fn flags_bind_and_a_dry_run_leaves_nothing() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let fold = |flags: &[&str]| world.run(&[&["run", "--json", "protein_folding", "data.fasta"], flags].concat());
    for (flags, code) in [
        (&["--dry-run"][..], 0),
        (&["--until", "plan"], 0),
        (&["--max-gas", "1"], 5),
        (&["--max-gas", "0", "--yes"], 5),
        (&["--here", "--yes"], 3),
    ] {
        let run = fold(flags);
        assert_eq!((run.code, begun(&run)), (code, vec![]), "{flags:?}: {}", run.all());
        let here = flags.contains(&"--here");
        assert!(here || run.event("plan")["work"][0]["price"]["amount"] == "2", "the price is known before: {flags:?}");
        assert_eq!(jobs(&world), Vec::<Value>::new(), "{flags:?}");
    }
    let quote = fold(&["--until", "quote"]);
    assert_eq!(quote.code, 0, "{}", quote.all());
    assert!(begun(&quote).contains(&"job.submitted".to_owned()) && !begun(&quote).contains(&"payment.sent".to_owned()));
    let raised = fold(&["--dry-run", "--assume-bytes", "5GB"]);
    let reasons = raised.event("verdict")["reasons"].to_string();
    assert!(reasons.contains("R-TIME"), "a person may raise an estimate: {reasons}");
}

#[test]
fn a_plan_file_is_written_changed_and_run() {
    let world = World::new();
    fs::create_dir(world.work().join("samples")).unwrap();
    for (name, records) in [("s10", 10), ("s2", 2), ("s1", 1)] {
        world.file(&format!("samples/{name}.fasta"), proteins(records));
    }
    let plan = world.run(&["plan", "sequence_stats", "samples/*.fasta", "-o", "p.toml"]);
    assert_eq!(plan.code, 0, "{}", plan.all());
    let path = world.work().join("p.toml");
    let text = fs::read_to_string(&path).unwrap();
    let places: Vec<usize> = ["s1.fasta", "s2.fasta", "s10.fasta"].map(|name| text.find(name).unwrap()).to_vec();
    assert!(places.is_sorted(), "natural order: {text}");
    let same = world.run(&["run", "--json", "--plan", "p.toml"]);
    assert_eq!(
        (same.code, same.types().iter().filter(|kind| *kind == "result.fetched").count()),
        (0, 3),
        "{}",
        same.all()
    );
    assert!(!same.types().contains(&"warning".to_owned()), "{}", same.all());
    fs::write(&path, text.replace("    \"samples/s10.fasta\",\n", "")).unwrap();
    let fewer = world.run(&["run", "--json", "--plan", "p.toml"]);
    assert_eq!(fewer.event("plan")["work"].as_array().unwrap().len(), 2, "{}", fewer.all());
    assert!(fewer.types().contains(&"warning".to_owned()), "the plan differs from the one that was written");
}

#[test]
fn one_failure_stops_nothing_else_and_the_worst_code_is_the_codes() {
    let world = World::new();
    for n in 0..6 {
        world.file(&format!("s{n}.fasta"), proteins(n + 1));
    }
    world.file("notes.txt", "No sequence at all.");
    let run = world.run(&["run", "--json", "--at-once", "2", "sequence_stats", "s*.fasta", "notes.txt"]);
    assert_ne!(run.code, 0);
    assert_eq!(run.types().iter().filter(|kind| *kind == "result.fetched").count(), 6, "{}", run.all());
    let status = run.event("turn.status");
    let states: Vec<&str> = status["jobs"].as_array().unwrap().iter().filter_map(|job| job["state"].as_str()).collect();
    assert_eq!(states, ["done"; 6]);
    let text = world.run(&["run", "sequence_stats", "s*.fasta", "--anew"]);
    let end = text.out.rsplit("sha256").next().unwrap_or_default();
    assert!(
        text.code == 0 && (0..6).all(|n| end.contains(&format!("s{n}.fasta"))),
        "one table at the end: {}",
        text.all()
    );
}

#[test]
fn damage_at_the_far_end_is_found_before_anything_is_sent() {
    let world = World::new();
    let mut content = proteins(2_000).into_bytes();
    content.extend(b">last\nMKV\x00LA\n");
    world.file("data.fasta", content);
    let run = world.run(&["run", "--json", "--yes", "protein_folding", "data.fasta"]);
    assert_ne!(run.code, 0);
    assert_eq!(begun(&run), Vec::<String>::new(), "{}", run.all());
    assert!(run.all().contains("line 4002"), "its place is told: {}", run.all());
}

#[test]
fn a_changed_file_is_other_work_and_the_same_content_elsewhere_is_not() {
    let world = World::new();
    let path = world.file("data.fasta", proteins(3));
    let count = |file: &str| {
        let said = format!("How many sequences are in {file}?");
        let run = world.run(&["ask", "--json", "--session", "ses-7k3q9dm2", &said]);
        assert_eq!(run.code, 0, "{}", run.all());
        (
            run.event("message.completed")["text"].as_str().unwrap().to_owned(),
            run.event("turn.status")["jobs"][0]["job"].clone(),
        )
    };
    let (first, job) = count("data.fasta");
    assert!(first.contains("sequences 3"), "{first}");
    assert_eq!(count("data.fasta").1, job, "the same work is the same job");
    fs::copy(&path, world.work().join("copy.fasta")).unwrap();
    assert_eq!(count("copy.fasta").1, job, "by its content, whatever its path");
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b">one more\nMKV\n").unwrap();
    let (changed, other) = count("data.fasta");
    assert!(changed.contains("sequences 4") && other != job, "never an old result: {changed}");
}

/// What a home of the version before requests holds of a job that waits for its payment.
const OF_BEFORE: &str = "
    DROP INDEX jobs_by_size;
    ALTER TABLE measured DROP COLUMN ended_on;
    DROP INDEX attempts_by_request; ALTER TABLE attempts DROP COLUMN request;
    DROP INDEX jobs_by_request; DROP INDEX consents_by_request;
    UPDATE jobs SET request = NULL, body = json_remove(body, '$.request');
    ALTER TABLE jobs DROP COLUMN request;
    DROP TABLE consents; DROP TABLE requests;
    PRAGMA user_version = 2;";

#[test]
fn a_home_of_before_opens_and_its_job_gets_a_request_when_it_goes_on() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let quoted = world.run(&["run", "--json", "protein_folding", "data.fasta", "--until", "quote"]);
    let job = quoted.event("job.submitted")["job"].as_str().unwrap().to_owned();
    let ledger = world.home().join("ledger.db");
    rusqlite::Connection::open(&ledger).unwrap().execute_batch(OF_BEFORE).unwrap();
    assert_eq!(jobs(&world).len(), 1, "it opens");
    let resumed = world.run(&["jobs", "resume", "--json", &job]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    let request = |at: &str| -> Option<String> {
        let database = rusqlite::Connection::open(&ledger).unwrap();
        database.query_row("SELECT request FROM jobs WHERE id = ?1", [at], |row| row.get(0)).unwrap()
    };
    assert!(request(&job).is_some_and(|id| id.starts_with("req-")), "a request of its own");
    assert_eq!(world.states().last().map(String::as_str), Some("done"));
}

#[test]
fn watch_takes_on_what_a_killed_program_left() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let mut run = world
        .command(&["run", "protein_folding", "data.fasta"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !world.states().contains(&"paid".to_owned()) {
        assert!(begun.elapsed() < Duration::from_secs(60) && run.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let job = jobs(&world)[0]["id"].as_str().unwrap().to_owned();
    let watched = world.run(&["jobs", "watch", &job]);
    assert_eq!(watched.code, 0, "{}", watched.all());
    assert_eq!(world.states().last().map(String::as_str), Some("done"), "{}", watched.all());
    assert_eq!(world.states().iter().filter(|state| *state == "payment_sent").count(), 1, "paid once");
}
