//! What is paid within which limit, what is the same work, and where its result goes.

use std::fs;

use serde_json::{Value, json};

use crate::{
    chat::Chat,
    world::{Run, World, example},
};

/// A world with `a.fasta` and `b.fasta`, which are different work.
fn world() -> World {
    let world = World::new();
    world.file("a.fasta", example("data.fasta"));
    world.file("b.fasta", format!("{}>more\nMKTAYI\n", example("data.fasta")));
    world
}

fn count(world: &World, state: &str) -> usize {
    world.states().iter().filter(|known| *known == state).count()
}

fn plan(run: &Run) -> Vec<Value> {
    run.event("plan")["work"].as_array().unwrap().clone()
}

fn names(work: &[Value]) -> Vec<(String, Value)> {
    let named = |piece: &Value| piece["work"]["inputs"][0]["named"].as_str().unwrap().to_owned();
    work.iter().map(|piece| (named(piece), piece["also"].clone())).collect()
}

#[test]
fn a_limit_of_a_command_that_takes_jobs_up_holds_over_all_of_them() {
    let world = world();
    let quoted = world.run(&["run", "--json", "protein_folding", "a.fasta", "b.fasta", "--until", "quote"]);
    assert_eq!((quoted.code, count(&world, "submitted")), (0, 2), "{}", quoted.all());
    let resumed = world.run(&["jobs", "resume", "--json", "--max-gas", "3"]);
    assert_eq!(resumed.code, 5, "{}", resumed.all());
    assert_eq!((count(&world, "paid"), count(&world, "done")), (1, 1), "the other one goes on: {}", resumed.all());
    let error = resumed.event("error");
    assert!(error["message"].as_str().unwrap().contains("of the limit of 3 GAS 2.1"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("--max-gas"), "{error}");
    // Another command has a limit of its own, and what was paid before is not paid by it.
    let again = world.run(&["jobs", "resume", "--json", "--max-gas", "3"]);
    assert_eq!((again.code, count(&world, "paid")), (0, 2), "{}", again.all());
}

#[test]
fn what_is_named_several_times_is_planned_and_paid_once() {
    let world = world();
    world.file("copy.fasta", example("data.fasta"));
    let fold = |flags: &[&str]| {
        let names = ["run", "--json", "protein_folding", "a.fasta", "./a.fasta", "copy.fasta", "a.fasta"];
        world.run(&[&names, flags].concat())
    };
    let once = [("a.fasta".to_owned(), json!(["./a.fasta", "copy.fasta"]))];
    let run = fold(&[]);
    assert_eq!((run.code, names(&plan(&run))), (0, once.to_vec()), "{}", run.all());
    assert_eq!((count(&world, "planned"), count(&world, "payment_sent")), (1, 1), "{}", run.all());
    let anew = fold(&["--anew"]);
    assert_eq!((anew.code, names(&plan(&anew))), (0, once.to_vec()), "{}", anew.all());
    assert_eq!(count(&world, "payment_sent"), 2, "new work, once for each content");
    let seen = world.run(&["run", "protein_folding", "a.fasta", "copy.fasta", "--dry-run"]);
    assert!(seen.out.contains("copy.fasta: the same work as a.fasta, done once"), "{}", seen.all());
}

#[test]
fn patterns_and_folders_that_overlap_list_a_file_once() {
    let world = world();
    let run = world.run(&["run", "--json", "--dry-run", "protein_folding", "*.fasta", "*", "."]);
    let expected = ["a.fasta", "b.fasta"].map(|name| (name.to_owned(), Value::Null));
    assert_eq!((run.code, names(&plan(&run))), (0, expected.to_vec()), "{}", run.all());
    let said = world.run(&["ask", "--json", "--until", "plan", "fold a.fasta, b.fasta and *.fasta"]);
    assert_eq!(names(&plan(&said)), expected, "{}", said.all());
}

#[test]
fn a_results_folder_that_cannot_be_made_is_told_before_anything_is_sent() {
    let world = world();
    world.file("taken", "");
    for (task, out) in [("protein_folding", "taken"), ("protein_folding", "taken/in"), ("sequence_stats", "taken")] {
        let run = world.run(&["run", "--json", task, "a.fasta", "--out", out]);
        assert_eq!(run.code, 1, "{}", run.all());
        let cannot = plan(&run)[0]["cannot"].clone();
        assert_eq!(cannot["rule"], "results_folder", "{cannot}");
        assert!(cannot["why"].as_str().unwrap().contains("is not a folder"), "{cannot}");
        assert!(cannot["hint"].as_str().unwrap().contains("--out"), "{cannot}");
    }
    assert_eq!(world.states(), Vec::<String>::new());
}

#[test]
fn a_job_whose_results_folder_is_gone_goes_on_with_another() {
    let world = world();
    let quote = ["run", "--json", "protein_folding", "a.fasta", "--until", "quote", "--out", "here"];
    let quoted = world.run(&quote);
    assert_eq!(quoted.code, 0, "{}", quoted.all());
    let job = quoted.event("job.submitted")["job"].as_str().unwrap().to_owned();
    fs::remove_dir_all(world.work().join("here")).unwrap();
    world.file("here", "");
    let stuck = world.run(&["jobs", "resume", "--json", &job]);
    assert_eq!((stuck.code, count(&world, "paid")), (1, 0), "{}", stuck.all());
    let error = stuck.event("error");
    assert_eq!(error["kind"], "results_folder", "{error}");
    assert!(error["hint"].as_str().unwrap().contains(&format!("agent jobs resume {job} --out DIR")), "{error}");
    let mended = world.run(&["jobs", "resume", "--json", &job, "--out", "there"]);
    assert_eq!(mended.code, 0, "{}", mended.all());
    assert!(world.work().join("there").join(&job).join("result.json").exists(), "{}", mended.all());
}

#[test]
fn a_run_that_takes_an_open_job_up_puts_its_result_where_it_says() {
    let world = world();
    let quoted = world.run(&["run", "--json", "protein_folding", "a.fasta", "--until", "quote"]);
    let job = quoted.event("job.submitted")["job"].as_str().unwrap().to_owned();
    let request = quoted.event("plan")["request"]["id"].as_str().unwrap().to_owned();
    let run = world.run(&["run", "--json", "--request", &request, "--until", "done", "--out", "there"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(world.work().join("there").join(&job).join("result.json").exists(), "{}", run.all());
}

#[test]
fn a_mere_plan_shows_no_job_that_is_in_no_ledger() {
    let world = world();
    for (prompt, begun) in [("What would it cost to fold a.fasta?", false), ("Get statistics of a.fasta", true)] {
        let run = world.run(&["ask", prompt]);
        assert_eq!(run.code, 0, "{}", run.all());
        assert_eq!(run.all().contains("job-"), begun, "{prompt}: {}", run.all());
    }
    let both = world.run(&["ask", "--until", "plan", "fold a.fasta and b.fasta"]);
    assert!(!both.all().contains("job-"), "{}", both.all());
}

#[test]
fn a_chat_offers_no_mere_plan_to_be_given_up() {
    let world = world();
    let mut chat = Chat::start(&world, &["chat"]);
    chat.says("What would it cost to fold a.fasta and b.fasta?", &["it would cost"]);
    chat.says("/cancel", &["no job of this session can be given up"]);
}
