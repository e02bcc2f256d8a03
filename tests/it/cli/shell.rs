//! The program as a shell and a terminal meet it: completions that know the jobs, and `agent mcp` started by hand.

use std::process::Command;

use rexpect::session::spawn_command;

use crate::world::{World, example};

/// What bash offers at the end of a line, by what `agent completions bash` told it.
fn offered(world: &World, line: &[&str]) -> Vec<String> {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_agent"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let words: Vec<String> = line.iter().map(|word| shlex::try_quote(word).unwrap().into_owned()).collect();
    let script = format!(
        "source <(agent completions bash); COMP_WORDS=({}); COMP_CWORD={}; _clap_complete_agent agent {} x; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        line.len() - 1,
        words.last().unwrap(),
    );
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).current_dir(world.work()).env_clear().env("PATH", path);
    let output = bash.env("HOME", world.root()).env("AGENT_HOME", world.home()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn completions_offer_jobs_and_tasks() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    assert!(!offered(&world, &["agent", "jobs", "show", ""]).iter().any(|word| word.starts_with("job-")));
    assert!(!world.home().exists(), "asking makes nothing");
    let job = |task: &str| {
        let run = world.run(&["run", task, "data.fasta", "--json"]);
        run.events().iter().rev().find_map(|e| e["job"].as_str().map(str::to_owned)).unwrap()
    };
    let first = job("sequence_stats");
    world.file("data.fasta", example("data.fasta").repeat(2));
    let second = job("sequence_stats");
    let jobs = offered(&world, &["agent", "jobs", "receipt", "job-"]);
    assert_eq!(jobs, [second.clone(), first.clone()], "the newest first");
    assert_eq!(offered(&world, &["agent", "jobs", "show", &first[..first.len() - 1]]), [first.as_str()]);
    // Both have ended: there is nothing to take up or to give up.
    for command in ["resume", "cancel"] {
        assert!(offered(&world, &["agent", "jobs", command, "job-"]).is_empty(), "{command}");
    }
    assert_eq!(offered(&world, &["agent", "run", "sequence_st"]), ["sequence_stats"]);
    let commands = offered(&world, &["agent", ""]);
    assert!(commands.contains(&"ask".to_owned()) && !commands.contains(&"worker".to_owned()), "{commands:?}");
}

#[test]
fn an_mcp_server_that_is_started_by_hand_says_what_it_is() {
    let world = World::new();
    let mut command = world.command(&["mcp"]);
    command.env("NO_COLOR", "1");
    let mut session = spawn_command(command, Some(120_000)).unwrap();
    session.exp_string("speaks the Model Context Protocol").unwrap();
    session.exp_string("\"agent\": {\"command\":\"agent\",\"args\":[\"mcp\",\"--folder\",").unwrap();
    session.exp_string("agent mcp --http").unwrap();
    session.send_control('c').unwrap();
    session.exp_eof().unwrap();
    // A client reads nothing but the protocol, and no such words.
    let piped = world.run_given(&["mcp"], "");
    assert!(!piped.err.contains("speaks the Model Context Protocol") && piped.out.is_empty(), "{}", piped.all());
}
