//! A person at a terminal decides: what they are shown, and what each answer does.

use std::process::Command;

use domain::money::Datoshi;
use rexpect::{process::WaitStatus, session::spawn_command};

use super::Stage;
use crate::{
    payment::{RECIPIENT, gas},
    world::example,
};

const QUESTION: &str = "Go ahead? [y]es / [N]o / [e]dit";
/// Longer than any step takes on a busy machine, milliseconds.
const PATIENCE: u64 = 120_000;

#[tokio::test(flavor = "multi_thread")]
async fn the_question_says_everything_and_only_yes_pays() {
    let stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    let session = |arguments: &[&str]| {
        let mut command: Command = stage.world.command(arguments);
        command.env("TERM", "xterm").env("NO_COLOR", "1");
        spawn_command(command, Some(PATIENCE)).unwrap()
    };

    let mut asked = session(&["ask", "Run protein folding on data.fasta"]);
    for shown in [
        "Run protein folding on data.fasta",
        "protein_folding on data.fasta",
        "2.15 GAS",
        RECIPIENT.address().as_str(),
        "424242",
        "25 GAS",
    ] {
        asked.exp_string(shown).unwrap_or_else(|e| panic!("`{shown}` is not shown in its place: {e}"));
    }
    asked.exp_string(QUESTION).unwrap();
    // What is not clear is asked again; an empty line is a no.
    asked.send_line("perhaps").unwrap();
    asked.exp_string(QUESTION).unwrap();
    asked.send_line("").unwrap();
    asked.exp_string("was not agreed to").unwrap();
    asked.exp_eof().unwrap();
    // Somebody was there to ask, and said no: nothing was sent.
    assert!(matches!(asked.process().wait().unwrap(), WaitStatus::Exited(_, 3)));
    assert!(stage.world.job_log().is_empty());

    let fold = ["run", "protein_folding", "data.fasta"];
    let mut declined = session(&fold);
    declined.exp_string(QUESTION).unwrap();
    declined.send_control('d').unwrap();
    declined.exp_string("was not agreed to").unwrap();
    declined.exp_eof().unwrap();
    assert!(matches!(declined.process().wait().unwrap(), WaitStatus::Exited(_, 3)));

    let mut stopped = session(&fold);
    stopped.exp_string(QUESTION).unwrap();
    stopped.send_control('c').unwrap();
    stopped.exp_eof().unwrap();
    stopped.process().wait().unwrap();
    assert!(stage.world.job_log().is_empty());
    assert_eq!(stage.received().await, Datoshi::ZERO);

    let mut resumed = session(&fold);
    resumed.exp_string(QUESTION).unwrap();
    resumed.send_line("yes").unwrap();
    resumed.exp_string("Receipt").unwrap();
    resumed.exp_eof().unwrap();
    assert!(matches!(resumed.process().wait().unwrap(), WaitStatus::Exited(_, 0)));
    assert_eq!(stage.received().await, gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_at_a_question_of_resume_stops_the_command() {
    let stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    for seed in ["seed=1", "seed=2"] {
        let quote = ["run", "--json", "--yes", "--until", "quote", "protein_folding", "data.fasta", "--set", seed];
        let run = stage.world.run(&quote);
        assert_eq!(run.code, 0, "{}", run.all());
    }
    let mut command: Command = stage.world.command(&["jobs", "resume"]);
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    let mut asked = spawn_command(command, Some(PATIENCE)).unwrap();
    asked.exp_string("Go ahead?").unwrap();
    asked.send_control('c').unwrap();
    let rest = asked.exp_eof().unwrap();
    assert!(!rest.contains("Go ahead?"), "the next job's question is not asked: {rest}");
    assert!(matches!(asked.process().wait().unwrap(), WaitStatus::Exited(_, 130)), "{rest}");
    assert_eq!(stage.received().await, Datoshi::ZERO);
}
