//! A person at a terminal decides: what they are shown, and what each answer does.

use std::process::Command;

use agent::domain::money::Datoshi;
use rexpect::{process::WaitStatus, session::spawn_command};

use super::Stage;
use crate::{
    payment::{RECIPIENT, gas},
    world::example,
};

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
        "pay 2 GAS for job-",
        "protein_folding on data.fasta",
        RECIPIENT.address().as_str(),
        "424242",
        "fees",
        "0.1",
        "25 GAS left of 25 GAS in 24 hours",
    ] {
        asked.exp_string(shown).unwrap_or_else(|e| panic!("`{shown}` is not shown in its place: {e}"));
    }
    asked.exp_string("Pay? [y/N] ").unwrap();
    // What is not clear is asked again; an empty line is a no.
    asked.send_line("perhaps").unwrap();
    asked.exp_string("Pay? [y/N] ").unwrap();
    asked.send_line("").unwrap();
    asked.exp_string("was not approved").unwrap();
    asked.exp_eof().unwrap();
    // Somebody was there to ask, and said no.
    assert!(matches!(asked.process().wait().unwrap(), WaitStatus::Exited(_, 3)));
    assert_eq!(stage.world.states().last().unwrap(), "submitted");

    let mut declined = session(&["jobs", "resume"]);
    declined.exp_string("Pay? [y/N] ").unwrap();
    declined.send_control('d').unwrap();
    declined.exp_string("was not approved").unwrap();
    declined.exp_eof().unwrap();
    assert!(matches!(declined.process().wait().unwrap(), WaitStatus::Exited(_, 3)));

    let mut stopped = session(&["jobs", "resume"]);
    stopped.exp_string("Pay? [y/N] ").unwrap();
    stopped.send_control('c').unwrap();
    stopped.exp_eof().unwrap();
    stopped.process().wait().unwrap();
    assert_eq!(stage.world.states().last().unwrap(), "submitted");
    assert_eq!(stage.received().await, Datoshi::ZERO);

    let mut resumed = session(&["jobs", "resume"]);
    resumed.exp_string("Pay? [y/N] ").unwrap();
    resumed.send_line("yes").unwrap();
    resumed.exp_string("Receipt").unwrap();
    resumed.exp_eof().unwrap();
    assert!(matches!(resumed.process().wait().unwrap(), WaitStatus::Exited(_, 0)));
    assert_eq!(stage.received().await, gas("2"));
}
