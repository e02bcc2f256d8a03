//! The conversation on a real pseudo-terminal.

use std::{fs, process::Command};

use rexpect::session::{PtySession, spawn_command};

use crate::world::{World, example};

/// Longer than any step takes on a busy machine, milliseconds.
const PATIENCE: u64 = 120_000;
const PROMPT: &str = "you> ";

fn chat(world: &World) -> PtySession {
    let mut command: Command = world.command(&["chat"]);
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("offline planner").unwrap();
    session.exp_string("sandbox").unwrap();
    session.exp_string(PROMPT).unwrap();
    session
}

/// Many machines have this key for other programs: it is used when a model is named, and how is said.
#[test]
fn a_key_alone_is_not_used_and_it_is_said_how_it_would_be() {
    const HOW: &str = "OPENAI_API_KEY is set and not used; to talk to a model with it: AGENT_MODEL=openai:gpt-4.1-mini";
    let mut world = World::new();
    world.set("OPENAI_API_KEY", "sk-for-another-program");
    let doctor = world.run(&["doctor", "--json"]);
    assert!(doctor.out.contains("offline planner") && doctor.out.contains(HOW), "{}", doctor.all());
    let run = world.run(&["ask", "--json", "hi"]);
    assert_eq!(run.event("session.started")["model"], "planner");
    let mut command = world.command(&["chat"]);
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    session.exp_string("offline planner").unwrap();
    session.exp_string("OPENAI_API_KEY is set and not used").unwrap();
    session.exp_string(PROMPT).unwrap();
    session.send_control('d').unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn commands_turns_and_leaving() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let mut session = chat(&world);

    session.send_line("/help").unwrap();
    session.exp_string("/receipt").unwrap();
    session.exp_string(PROMPT).unwrap();

    session.send_line("/jbos").unwrap();
    session.exp_string("did you mean /jobs?").unwrap();
    session.exp_string(PROMPT).unwrap();

    session.send_line("Run sequence statistics on data.fasta").unwrap();
    session.exp_string("runs on this machine").unwrap();
    session.exp_string("Receipt").unwrap();
    session.exp_string(PROMPT).unwrap();

    // Ctrl-C at the prompt clears the line and stays.
    session.send("half a thought").unwrap();
    session.flush().unwrap();
    session.exp_string("half a thought").unwrap();
    session.send_control('c').unwrap();
    session.exp_string(PROMPT).unwrap();

    session.send_line("/jobs").unwrap();
    session.exp_string("sequence_stats").unwrap();
    session.exp_string(PROMPT).unwrap();

    session.send_control('d').unwrap();
    session.exp_eof().unwrap();
    let history = fs::read_to_string(world.home().join("history")).unwrap();
    assert!(history.contains("Run sequence statistics on data.fasta"), "{history}");
    assert!(!history.contains("half a thought"), "{history}");
}

#[test]
fn tab_completes_commands_and_paths() {
    let world = World::new();
    world.file("a-long-name.fasta", example("data.fasta"));
    let mut session = chat(&world);
    session.send("/rec\t").unwrap();
    session.flush().unwrap();
    session.exp_string("/receipt").unwrap();
    session.send_control('c').unwrap();
    session.exp_string(PROMPT).unwrap();
    session.send("Run sequence statistics on a-lo\t").unwrap();
    session.flush().unwrap();
    session.exp_string("a-long-name.fasta").unwrap();
    session.send_line("").unwrap();
    session.exp_string("runs on this machine").unwrap();
    session.exp_string(PROMPT).unwrap();
    session.send_line("/quit").unwrap();
    session.exp_eof().unwrap();
}
