//! A request that waits for consent and is taken up by its name: by several processes at once, in another folder, after its
//! file changed.

use std::{fs, process::Stdio};

use domain::money::Datoshi;

use super::Stage;
use crate::{
    payment::gas,
    world::{Run, example},
};

/// A request to fold `data.fasta` that nobody consented to yet.
fn waiting(stage: &Stage) -> String {
    stage.world.file("data.fasta", example("data.fasta"));
    let run = stage.world.run(&["run", "--json", "protein_folding", "data.fasta"]);
    assert_eq!(run.code, 4, "{}", run.all());
    run.event("plan")["request"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_that_take_a_request_up_make_one_job_of_each_piece() {
    let stage = Stage::set().await;
    let request = waiting(&stage);
    let start = || {
        let mut command = stage.world.command(&["run", "--json", "--request", &request, "--yes"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let processes: Vec<_> = (0..4).map(|_| start()).collect();
    let runs: Vec<Run> = processes.into_iter().map(|child| Run::of(child.wait_with_output().unwrap())).collect();
    assert!(runs.iter().any(|run| run.code == 0), "{:?}", runs.iter().map(Run::all).collect::<Vec<_>>());
    for run in runs.iter().filter(|run| run.code != 0) {
        assert!(run.out.contains("another process is working on"), "{}", run.all());
    }
    let states = stage.world.states();
    assert_eq!(states.iter().filter(|state| *state == "planned").count(), 1, "{states:?}");
    assert_eq!(stage.received().await, gas("2"));
    let again = stage.world.run(&["run", "--json", "--request", &request, "--yes"]);
    assert_eq!(again.code, 0, "{}", again.all());
    assert_eq!(stage.received().await, gas("2"), "done is done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_means_the_files_that_it_was_planned_for() {
    let stage = Stage::set().await;
    let request = waiting(&stage);
    let other = stage.world.root().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("data.fasta"), ">another\nMKTAYIAKQR\n").unwrap();
    let there = |arguments: &[&str]| Run::of(stage.world.command(arguments).current_dir(&other).output().unwrap());
    let shown = there(&["run", "--json", "--request", &request]);
    assert_eq!(shown.code, 4, "{}", shown.all());
    let whole = fs::canonicalize(stage.world.work().join("data.fasta")).unwrap();
    assert_eq!(shown.event("plan")["work"][0]["content"][0]["path"], whole.to_str().unwrap(), "{}", shown.all());
    assert!(!shown.types().contains(&"warning".to_owned()), "{}", shown.all());
    // Another content at that place is told, and is a plan of its own.
    let before = shown.event("plan")["digest"].clone();
    stage.world.file("data.fasta", ">another\nMKTAYIAKQR\n");
    let changed = there(&["run", "--json", "--request", &request]);
    let warning = changed.event("warning")["message"].as_str().unwrap().to_owned();
    assert!(warning.contains("data.fasta changed since the request was planned"), "{}", changed.all());
    assert_ne!(changed.event("plan")["digest"], before);
    assert_eq!(stage.received().await, Datoshi::ZERO);
}
