//! Approvals with money that is money: the owner's policy, the owner's terminal, and nobody else.

use std::fs;

use domain::money::Datoshi;
use rexpect::session::{PtySession, spawn_command};
use serde_json::{Value, json};

use super::{Stage, Way, fold, of_job, pay, play};
use crate::{payment::gas, world::example};

/// Longer than any step takes on a busy machine, milliseconds.
const PATIENCE: u64 = 120_000;

async fn stage() -> Stage {
    let stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nobody_to_ask_the_owner_agrees_elsewhere_and_the_client_goes_on() {
    let stage = stage().await;
    let way = Way::Stdio(&["mcp"]);
    // Twice: asking again is no consent either.
    let remote = || of_job("run_remote_compute");
    let seen = play(&stage.world, "auto", &way, json!([fold(), remote(), remote()]));
    let mut hints = Vec::new();
    for refused in &seen[2..4] {
        let value = &refused["value"];
        assert_eq!((&value["refused_by"], &value["state"]), (&"P-APPROVAL".into(), &"planned".into()), "{value}");
        assert!(!value.to_string().contains("--yes"), "a program with a shell is not told how to say yes: {value}");
        hints.push(value["hint"].as_str().unwrap().to_owned());
    }
    assert_eq!(stage.received().await, Datoshi::ZERO);
    assert!(hints[0].contains("on a terminal of their own"), "{hints:?}");

    let request = hints[0].split('`').nth(1).unwrap().split_whitespace().last().unwrap();
    let run = stage.world.run(&["run", "--json", "--yes", "--request", request]);
    assert_eq!(run.code, 0, "{}", run.all());
    let job = run.event("receipt")["job"].as_str().unwrap().to_owned();
    let wait = json!([{"call": "wait_for_job", "arguments": {"job": job}}]);
    let seen = play(&stage.world, "legacy", &way, wait);
    assert_eq!(seen[1]["value"]["state"], "done", "{}", seen[1]);
    assert_eq!(stage.received().await, gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_agrees_up_to_its_limit_where_data_may_leave() {
    let stage = stage().await;
    fs::create_dir_all(stage.world.home()).unwrap();
    let policy = |rules: &str| fs::write(stage.world.home().join("policy.toml"), rules).unwrap();
    let steps = json!([fold(), of_job("run_remote_compute"), pay(), of_job("wait_for_job")]);
    let way = Way::Stdio(&["mcp", "--events", "events.jsonl"]);

    policy("auto_approve_up_to = \"3\"\n");
    let seen = play(&stage.world, "legacy", &way, json!([fold(), of_job("run_remote_compute")]));
    assert_eq!(seen[2]["value"]["refused_by"], "P-APPROVAL", "money alone is not enough: {}", seen[2]);

    let folder = stage.world.work();
    policy(&format!("auto_approve_up_to = \"3\"\ndata_may_leave = [{:?}]\n", folder.display().to_string()));
    let seen = play(&stage.world, "legacy", &way, steps);
    assert_eq!(seen[4]["value"]["state"], "done", "{}", seen[4]);
    assert_eq!(stage.received().await, gas("2"));
    let events = super::events(&stage.world.work().join("events.jsonl"));
    assert!(events.iter().any(|e| e["type"] == "consent.resolved" && e["by"] == "policy"));
}

/// A server on a terminal, with its address and token.
fn on_terminal(stage: &Stage, before: &str) -> (PtySession, String, String) {
    let mut command = stage.world.command(&[]);
    let program = command.get_program().to_str().unwrap().to_owned();
    let env: Vec<_> = command.get_envs().filter_map(|(k, v)| Some((k.to_owned(), v?.to_owned()))).collect();
    command = std::process::Command::new("sh");
    command.args(["-c", &format!("{before} exec {program} mcp --http 127.0.0.1:0")]);
    command.current_dir(stage.world.work()).env_clear().envs(env).env("TERM", "xterm").env("NO_COLOR", "1");
    let mut terminal = spawn_command(command, Some(PATIENCE)).unwrap();
    let (_, url) = terminal.exp_regex(r"http://127\.0\.0\.1:\d+/mcp").unwrap();
    terminal.exp_string("Authorization: Bearer $(cat").unwrap();
    let token = fs::read_to_string(stage.world.home().join("mcp.key")).unwrap().trim().to_owned();
    (terminal, url, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_at_the_servers_terminal_is_asked_and_only_yes_pays() {
    let stage = stage().await;
    let (mut terminal, url, token) = on_terminal(&stage, "");
    let answered = |terminal: &mut PtySession, steps: Value, answer: &str| {
        std::thread::scope(|scope| {
            let client = scope.spawn(|| play(&stage.world, "auto", &Way::Http(&url, &token), steps));
            terminal.exp_string("protein_folding on data.fasta").unwrap();
            terminal.exp_string("Go ahead? [y]es / [N]o").unwrap();
            terminal.send_line(answer).unwrap();
            client.join().unwrap()
        })
    };
    let seen = answered(&mut terminal, json!([fold(), of_job("run_remote_compute")]), "no");
    assert_eq!(seen[2]["value"]["refused_by"], "P-APPROVAL", "{}", seen[2]);
    assert_eq!(stage.received().await, Datoshi::ZERO);

    let steps = json!([fold(), of_job("run_remote_compute"), pay(), of_job("wait_for_job")]);
    let seen = answered(&mut terminal, steps, "yes");
    assert_eq!(seen[4]["value"]["state"], "done", "{}", seen[4]);
    assert_eq!(stage.received().await, gas("2"));
    terminal.send_control('c').unwrap();
    terminal.exp_eof().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_whose_keys_another_program_reads_is_not_asked_at() {
    let stage = stage().await;
    let (mut terminal, url, token) = on_terminal(&stage, "stty -icanon;");
    let steps = json!([fold(), of_job("run_remote_compute")]);
    let seen = play(&stage.world, "auto", &Way::Http(&url, &token), steps);
    assert_eq!(seen[2]["value"]["refused_by"], "P-APPROVAL", "{}", seen[2]);
    assert!(seen[2]["value"]["hint"].as_str().unwrap().contains("on a terminal of their own"), "{}", seen[2]);
    assert_eq!(stage.received().await, Datoshi::ZERO);
    terminal.send_control('c').unwrap();
    assert!(!terminal.exp_eof().unwrap().contains("Go ahead?"));
}
