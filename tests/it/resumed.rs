//! Requests that are taken up: what could not be done, what was changed, where results go; and tables of what is there.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::world::{FIGURES, Run, World, flat};

/// Waits for as long as its file says, and has a scratch folder by the way.
const WAITS: &str = r#"name = "waits"
title = "Waits"
description = "Waits as long as its file says."
[inputs.lines]
formats = ["text"]
[program]
kind = "command"
executable = "bash"
arguments = ["-c", "read seconds < $0; touch $2; sleep $seconds && cp $0 $1", "{lines}", "{out:said.txt}", "{scratch:mark}"]
"#;

/// A FASTQ file that ends within a record.
fn cut_off(seed: usize) -> String {
    let whole = whole(seed);
    whole[..whole.len() - 20].to_owned()
}

/// FASTQ whose qualities are as long as its reads.
fn whole(seed: usize) -> String {
    let read = format!("ACGTACGT{}", "A".repeat(seed));
    (0..4).map(|n| format!("@r{seed}.{n}\n{read}\n+\n{}\n", "I".repeat(read.len()))).collect()
}

/// A folder of so many good files and the named bad ones.
fn folder(good: usize, bad: &[(&str, String)]) -> World {
    let world = World::new();
    fs::create_dir(world.work().join("d")).unwrap();
    (0..good).for_each(|n| drop(world.file(&format!("d/s{n}.fastq"), whole(n + 1))));
    bad.iter().for_each(|(name, text)| drop(world.file(&format!("d/{name}"), text)));
    world
}

fn request_in(run: &Run) -> String {
    let all = run.all();
    let id = all.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').find(|word| word.starts_with("req-"));
    id.unwrap_or_else(|| panic!("no request in {all}")).to_owned()
}

fn count(world: &World, state: &str) -> usize {
    world.states().iter().filter(|known| *known == state).count()
}

fn jobs(world: &World) -> Vec<Value> {
    world.run(&["jobs", "list", "--json"]).events()
}

/// Two files that take no time and one that takes ten minutes, killed while that one runs; the request and its last job.
fn killed_while_it_waits() -> (World, String, String) {
    let world = World::new();
    world.task("waits", &format!("{WAITS}{FIGURES}"));
    for (name, seconds) in [("t1.txt", 0), ("t2.txt", 0), ("t3.txt", 600)] {
        world.file(name, format!("{seconds}\n{name}\n"));
    }
    let runs = |world: &World| {
        jobs_running(world).into_iter().find(|job| scratch_of(world, job).is_some_and(|at| at.join("mark").exists()))
    };
    let said = world.killed(&["run", "waits", "t1.txt", "t2.txt", "t3.txt", "--out", "o"], &|world| {
        count(world, "done") == 2 && runs(world).is_some()
    });
    let job = runs(&world).unwrap();
    let id = said.split_whitespace().find(|word| word.starts_with("req-")).map(str::to_owned);
    let id = id.unwrap_or_else(|| panic!("the request is told before its work is: {said}"));
    (world, id, job)
}

fn jobs_running(world: &World) -> Vec<String> {
    let log = world.job_log();
    let running =
        log.iter().filter(|line| line["state"] == "running").map(|line| line["job"].as_str().unwrap().to_owned());
    let ended = |job: &String| log.iter().any(|line| line["state"] == "done" && line["job"] == job.as_str());
    running.filter(|job| !ended(job)).collect()
}

fn scratch_of(world: &World, job: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(world.work().join("o").join(job)).ok()?;
    entries.flatten().map(|entry| entry.path()).find(|path| path.to_string_lossy().contains(".scratch-"))
}

#[test]
fn what_could_not_be_done_is_planned_again_and_done_once_it_is_mended() {
    let world = folder(3, &[("x1.fastq", cut_off(1)), ("x2.fastq", cut_off(2))]);
    let first = world.run(&["run", "sequence_stats", "d/", "--out", "o"]);
    assert_eq!((first.code, count(&world, "done")), (1, 3), "{}", first.all());
    let id = request_in(&first);
    let again = world.run(&["run", "--resume", &id]);
    assert_eq!((again.code, count(&world, "done")), (1, 3), "{}", again.all());
    for part in ["3 done before", "2 cannot", "x1.fastq", "x2.fastq"] {
        assert!(flat(&again.out).contains(part), "{part}: {}", again.all());
    }
    world.file("d/x1.fastq", whole(7));
    let half = world.run(&["run", "--resume", &id]);
    assert_eq!((half.code, count(&world, "done")), (1, 4), "{}", half.all());
    assert!(flat(&half.out).contains("1 can run, 3 done before, 1 cannot"), "{}", half.all());
    world.file("d/x2.fastq", whole(8));
    let all = world.run(&["run", "--resume", &id]);
    assert_eq!((all.code, count(&world, "done")), (0, 5), "{}", all.all());
    let tsv = world.run(&["results", &id, "--tsv"]);
    assert!(tsv.code == 0 && ["s0", "s1", "s2", "x1", "x2"].iter().all(|name| tsv.out.contains(name)), "{}", tsv.all());
}

#[test]
fn a_file_that_was_not_there_is_found_from_any_folder_and_by_its_sample() {
    let world = folder(2, &[]);
    let first = world.run(&["run", "sequence_stats", "d/s0.fastq", "late.fastq", "d/none*.fastq"]);
    assert_eq!(first.code, 1, "{}", first.all());
    world.file("late.fastq", whole(5));
    world.file("d/none1.fastq", whole(6));
    let elsewhere =
        world.command(&["run", "--resume", &request_in(&first)]).current_dir(world.work().join("d")).output();
    let elsewhere = Run::of(elsewhere.unwrap());
    assert_eq!((elsewhere.code, count(&world, "done")), (0, 3), "{}", elsewhere.all());
    world.file("d/bad.fastq", cut_off(3));
    world.file("sheet.csv", "sample,sequences\ngood,d/s1.fastq\nodd,d/bad.fastq\n");
    let sheet = world.run(&["run", "sequence_stats", "--sheet", "sheet.csv"]);
    assert_eq!(sheet.code, 1, "{}", sheet.all());
    let again = world.run(&["run", "--resume", &request_in(&sheet)]);
    assert!(again.code == 1 && again.out.contains("odd"), "{}", again.all());
    world.file("d/bad.fastq", whole(9));
    let mended = world.run(&["run", "--resume", &request_in(&sheet)]);
    assert_eq!((mended.code, count(&world, "done")), (0, 5), "{}", mended.all());
}

#[test]
fn what_is_mended_and_costs_something_is_asked_for() {
    let world = World::new();
    world.file("p0.fasta", ">p0\nMKTAYI\n");
    world.file("p1.fasta", "");
    let first = world.run(&["run", "--json", "protein_folding", "p0.fasta", "p1.fasta"]);
    assert_eq!((first.code, count(&world, "paid")), (1, 1), "{}", first.all());
    let id = first.event("plan")["request"]["id"].as_str().unwrap().to_owned();
    world.file("p1.fasta", ">p1\nMKTAYIG\n");
    let again = world.run(&["run", "--json", "--resume", &id]);
    assert_eq!((again.code, count(&world, "paid")), (0, 2), "{}", again.all());
    assert_eq!(again.types().iter().filter(|kind| *kind == "consent.resolved").count(), 1, "{}", again.all());
}

#[test]
fn a_table_names_what_has_no_line_and_one_bad_result_costs_no_other() {
    let world = folder(4, &[("broken.fastq", cut_off(1)), ("empty.fastq", String::new())]);
    let run = world.run(&["run", "sequence_stats", "d/*.fastq"]);
    assert_eq!(run.code, 1, "{}", run.all());
    let id = request_in(&run);
    let list = world.run(&["results", &id]);
    assert!(list.code == 1 && list.out.contains("6 pieces of work, 4 with a result"), "{}", list.all());
    let tsv = world.run(&["results", &id, "--tsv"]);
    assert_eq!((tsv.code, tsv.out.lines().count()), (1, 5), "{}", tsv.all());
    for told in [&list.err, &tsv.err] {
        assert!(told.contains("broken.fastq: ") && told.contains("empty.fastq: "), "{told}");
    }
    assert!(flat(&tsv.err).contains("2 of 6 pieces of work have no result"), "{}", tsv.err);
    let json = world.run(&["results", &id, "--json"]);
    let without = json.events().into_iter().filter(|line| line["job"].is_null() && line["why"].is_string()).count();
    assert_eq!((json.code, json.events().len(), without), (1, 6, 2), "{}", json.all());
    // One result that is gone is named, and the others have their lines.
    let done = jobs(&world).iter().find_map(|job| job["id"].as_str().map(str::to_owned)).unwrap();
    fs::remove_dir_all(world.home().join("results").join(&done)).unwrap();
    let csv = world.run(&["results", &id, "--csv"]);
    assert_eq!((csv.code, csv.out.lines().count()), (1, 4), "{}", csv.all());
    assert!(
        flat(&csv.err).contains("3 of 6 pieces of work have no result") && csv.err.contains(&done),
        "{}",
        csv.all()
    );
}

#[test]
fn a_changed_file_is_run_in_the_folder_of_the_request_and_the_job_before_it_ends() {
    let (world, id, job) = killed_while_it_waits();
    world.file("t3.txt", "0\nchanged\n");
    // By itself the job cannot go on, and says which it is and what ends it.
    let refused = world.run(&["jobs", "resume"]);
    assert!(
        refused.code == 3 && flat(&refused.err).contains(&format!("`agent jobs cancel {job}`")),
        "{}",
        refused.all()
    );
    let resumed = world.run(&["run", "--resume", &id]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    assert!(flat(&resumed.out).contains("1 can run, 2 done before"), "{}", resumed.all());
    let out = world.work().join("o");
    assert!(out.join("records.tsv").exists() && scratch_of(&world, &job).is_none(), "{}", resumed.all());
    let folders =
        fs::read_dir(&out).unwrap().flatten().filter(|entry| entry.path().join("result.json").exists()).count();
    assert_eq!(folders, 3, "all of them there: {}", resumed.all());
    let of = |job: &str| jobs(&world).into_iter().find(|known| known["id"] == job).unwrap();
    assert_eq!(of(&job)["state"], "canceled");
    assert_eq!(world.run(&["jobs", "resume"]).code, 0);
    assert_eq!(world.run(&["results", &id]).code, 0);
}

#[test]
fn a_job_that_is_given_up_leaves_no_scratch_folder() {
    let (world, _, job) = killed_while_it_waits();
    assert!(scratch_of(&world, &job).is_some());
    assert_eq!(world.run(&["jobs", "cancel", &job]).code, 0);
    assert!(scratch_of(&world, &job).is_none());
}

#[test]
fn what_another_process_works_on_is_said_and_what_is_left_is_counted() {
    let (world, id, job) = killed_while_it_waits();
    let lease = fs::File::options().write(true).open(world.home().join(format!("locks/{job}.lock"))).unwrap();
    lease.lock().unwrap();
    let second = world.run(&["run", "--resume", &id]);
    assert_eq!(second.code, 1, "{}", second.all());
    assert!(flat(&second.err).contains(&format!("another process is working on {job}")), "{}", second.all());
    // What is left to run is no work of before, and its time counts.
    let said = flat(&second.out);
    assert!(said.contains("1 can run, 2 done before") && said.contains("Needs"), "{}", second.all());
}

#[test]
fn one_file_is_no_pair() {
    let world = World::new();
    world.file("x_R1.fastq", whole(1));
    world.file("x_R2.fastq", whole(1));
    world.file("pairs.csv", "sample,reads,reads_2\nA,x_R1.fastq,x_R1.fastq\n");
    fs::hard_link(world.work().join("x_R1.fastq"), world.work().join("linked.fastq")).unwrap();
    for arguments in [
        &["x_R1.fastq", "--set", "reads_2=x_R1.fastq"][..],
        &["x_R1.fastq", "--set", "reads_2=linked.fastq"],
        &["x_R1.fastq", "x_R2.fastq"],
        &["--sheet", "pairs.csv"],
    ] {
        let run = world.run(&[&["run", "--json", "read_trimming"], arguments].concat());
        let cannot = run.event("plan")["work"][0]["cannot"].clone();
        assert_eq!((run.code, cannot["rule"].as_str()), (1, Some("no_pair")), "{}", run.all());
        assert!(cannot["why"].as_str().unwrap().starts_with("both halves are the same file"), "{cannot}");
    }
    assert_eq!(world.states(), Vec::<String>::new());
    world.file("x_R2.fastq", whole(1).replace("ACGTACGT", "TTGTACGT"));
    let pair = world.run(&["run", "--dry-run", "read_trimming", "x_R1.fastq", "x_R2.fastq"]);
    assert_eq!(pair.code, 0, "{}", pair.all());
}
