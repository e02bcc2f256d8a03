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

/// A batch that was agreed to once, killed while it pays, and taken up where nobody can be asked: the yes of before holds, and each
/// piece is paid once.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_killed_goes_on_under_the_consent_that_was_given() {
    let stage = Stage::set().await;
    for n in 0..3 {
        stage.world.file(&format!("p{n}.fasta"), format!(">p{n}\nMKTAYI{}\n", "G".repeat(n)));
    }
    let logged = |state: &str| stage.world.states().iter().filter(|known| *known == state).count();
    let mut command = stage.world.command(&["run", "protein_folding", "p*.fasta", "--yes", "--at-once", "1"]);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while logged("payment_sent") < 2 {
        assert!(begun.elapsed().as_secs() < 120 && run.try_wait().unwrap().is_none(), "{:?}", stage.world.states());
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(logged("done") < 3 && logged("planned") == 3, "{:?}", stage.world.states());
    let jobs = stage.world.run(&["jobs", "list", "--json"]);
    let request = jobs.events()[0]["request"].as_str().unwrap().to_owned();
    // Another limit was not agreed to.
    let bounded = stage.world.run(&["run", "--json", "--resume", &request, "--max-gas", "9"]);
    assert_eq!(bounded.code, 4, "{}", bounded.all());
    // A file that is not there today is taken up when it is there again.
    let (file, away) = (stage.world.work().join("p2.fasta"), stage.world.root().join("away.fasta"));
    fs::rename(&file, &away).unwrap();
    let without = stage.world.run(&["run", "--json", "--resume", &request]);
    assert_eq!((without.code, logged("done")), (1, 2), "{}", without.all());
    fs::rename(&away, &file).unwrap();
    let resumed = stage.world.run(&["run", "--json", "--resume", &request]);
    assert_eq!((resumed.code, logged("done"), logged("planned")), (0, 3, 3), "{}", resumed.all());
    assert_eq!(stage.received().await, gas("6"), "{}", resumed.all());
    let again = stage.world.run(&["run", "--json", "--resume", &request]);
    assert_eq!((again.code, stage.received().await), (0, gas("6")), "{}", again.all());
}

/// Consent to go as far as the quote is none to pay, whatever was asked for and refused in between.
#[tokio::test(flavor = "multi_thread")]
async fn bounds_that_nobody_agreed_to_are_not_kept() {
    let stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    let quoted = stage.world.run(&["run", "--json", "protein_folding", "data.fasta", "--yes", "--until", "quote"]);
    assert_eq!(quoted.code, 0, "{}", quoted.all());
    let request = quoted.event("plan")["request"]["id"].as_str().unwrap().to_owned();
    let further = ["run", "--json", "--resume", &request, "--until", "done"];
    for _ in 0..2 {
        let refused = stage.world.run(&further);
        assert_eq!(refused.code, 4, "{}", refused.all());
        let resumed = stage.world.run(&["jobs", "resume", "--json"]);
        assert_eq!((resumed.code, stage.received().await), (4, Datoshi::ZERO), "{}", resumed.all());
    }
    let agreed = stage.world.run(&[&further[..], &["--yes"]].concat());
    assert_eq!((agreed.code, stage.received().await), (0, gas("2")), "{}", agreed.all());
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
