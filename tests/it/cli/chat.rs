//! The conversation on a real pseudo-terminal.

use std::fs;

use crate::{
    chat::Chat,
    replay::replay,
    world::{World, example},
};

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
    let mut chat = Chat::on(&world, "xterm", &["chat"]);
    chat.sees("offline planner");
    chat.sees("OPENAI_API_KEY is set and not used");
    chat.at_prompt();
    chat.control('d');
    chat.ends();
}

#[test]
fn commands_turns_and_leaving() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let mut chat = Chat::on(&world, "xterm", &["chat"]);
    chat.sees("offline planner");
    chat.sees("sandbox");
    chat.at_prompt();
    chat.says("/help", &["/receipt"]);
    chat.says("/jbos", &["did you mean /jobs?"]);
    chat.says("Run sequence statistics on data.fasta", &["runs on this machine", "Receipt"]);

    // Ctrl-C at the prompt clears the line and stays.
    chat.types("half a thought");
    chat.sees("half a thought");
    chat.control('c');
    chat.at_prompt();
    chat.says("/jobs", &["sequence_stats"]);

    chat.control('d');
    chat.ends();
    let history = fs::read_to_string(world.home().join("history")).unwrap();
    assert!(history.contains("Run sequence statistics on data.fasta"), "{history}");
    assert!(!history.contains("half a thought"), "{history}");
}

#[test]
fn tab_completes_commands_and_paths() {
    let world = World::new();
    world.file("a-long-name.fasta", example("data.fasta"));
    let mut chat = Chat::start(&world, &["chat"]);
    chat.types("/rec\t");
    chat.sees("/receipt");
    chat.control('c');
    chat.at_prompt();
    chat.types("Run sequence statistics on a-lo\t");
    chat.sees("a-long-name.fasta");
    chat.says("", &["runs on this machine"]);
    chat.leaves();
}

/// A terminal that obeys nothing, such as an editor's, is sent nothing to obey.
#[test]
fn a_terminal_that_obeys_nothing_gets_plain_lines() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let mut chat = Chat::on(&world, "dumb", &["chat"]);
    let mut said = chat.at_prompt();
    chat.types("stats of data.fasta\n");
    said += &chat.sees("Receipt");
    said += &chat.at_prompt();
    said += &chat.leaves();
    assert!(said.contains("runs on this machine"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn a_conversation_that_was_recorded_is_played() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let mut chat = Chat::start(&world, &["chat", "--record", "run.cassette"]);
    chat.says("stats of data.fasta", &["Receipt"]);
    // What a person looks up beside the conversation is no part of it.
    chat.says("/jobs", &["sequence_stats"]);
    chat.says("How much did that cost?", &["Nothing was paid"]);
    chat.leaves();
    fs::remove_dir_all(world.home()).unwrap();

    let played = replay(&["--json", "run.cassette"], &world.work());
    assert_eq!(played.code, 0, "{}", played.all());
    let said = |kind: &str| played.events().into_iter().filter(|e| e["type"] == kind).count();
    assert_eq!((said("turn.started"), said("receipt"), said("error")), (2, 1, 0), "{}", played.all());
}
