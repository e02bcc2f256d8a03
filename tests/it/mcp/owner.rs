//! Approvals with money that is money: the owner's policy, the owner's terminal, and nobody else.

use std::fs;

use agent::domain::money::Datoshi;
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

fn job_of(seen: &[Value]) -> String {
    seen[1]["value"]["job"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nobody_to_ask_the_owner_approves_elsewhere_and_the_client_goes_on() {
    let stage = stage().await;
    let way = Way::Stdio(&["mcp"]);
    // Twice: asking again is no approval either.
    let seen = play(&stage.world, "auto", &way, json!([fold(), of_job("run_remote_compute"), pay(), pay()]));
    assert_eq!(seen[2]["value"]["state"], "submitted", "{}", seen[2]);
    let job = job_of(&seen);
    for refused in &seen[3..5] {
        let value = &refused["value"];
        assert_eq!(value["refused_by"], "P-APPROVAL", "{value}");
        let hint = value["hint"].as_str().unwrap();
        assert!(hint.contains(&format!("`agent jobs resume {job}` on a terminal")), "{hint}");
        assert!(!value.to_string().contains("--yes"), "a program with a shell is not told how to say yes: {value}");
    }
    assert_eq!(stage.world.states().last().unwrap(), "submitted");
    assert_eq!(stage.received().await, Datoshi::ZERO);

    let run = stage.world.run(&["jobs", "resume", &job, "--yes"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let wait = json!([{"call": "wait_for_job", "arguments": {"job": job}}]);
    let seen = play(&stage.world, "legacy", &way, wait);
    assert_eq!(seen[1]["value"]["state"], "done", "{}", seen[1]);
    assert_eq!(stage.received().await, gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_approves_up_to_its_limit() {
    let stage = stage().await;
    fs::create_dir_all(stage.world.home()).unwrap();
    fs::write(stage.world.home().join("policy.toml"), "auto_approve_up_to = \"2\"\n").unwrap();
    let steps = json!([fold(), of_job("run_remote_compute"), pay(), of_job("wait_for_job")]);
    let seen = play(&stage.world, "legacy", &Way::Stdio(&["mcp", "--events", "events.jsonl"]), steps);
    assert_eq!(seen[4]["value"]["state"], "done", "{}", seen[4]);
    assert_eq!(stage.received().await, gas("2"));
    let events = super::events(&stage.world.work().join("events.jsonl"));
    assert!(events.iter().any(|e| e["type"] == "approval.resolved" && e["by"] == "policy"));
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
            terminal.exp_string("pay 2 GAS for job-").unwrap();
            terminal.exp_string("Pay? [y/N] ").unwrap();
            terminal.send_line(answer).unwrap();
            client.join().unwrap()
        })
    };
    let seen = answered(&mut terminal, json!([fold(), of_job("run_remote_compute"), pay()]), "no");
    assert_eq!(seen[3]["value"]["refused_by"], "P-APPROVAL", "{}", seen[3]);
    assert_eq!(stage.received().await, Datoshi::ZERO);

    let quote = &seen[2]["value"]["quote"];
    let paying = json!({"job": job_of(&seen), "amount": quote["amount"], "recipient": quote["recipient"]});
    let steps = json!([{"call": "pay_gas_fee", "arguments": paying}, of_job("wait_for_job")]);
    let seen = answered(&mut terminal, steps, "yes");
    assert_eq!(seen[2]["value"]["state"], "done", "{}", seen[2]);
    assert_eq!(stage.received().await, gas("2"));
    terminal.send_control('c').unwrap();
    terminal.exp_eof().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_whose_keys_another_program_reads_is_not_asked_at() {
    let stage = stage().await;
    let (mut terminal, url, token) = on_terminal(&stage, "stty -icanon;");
    let steps = json!([fold(), of_job("run_remote_compute"), pay()]);
    let seen = play(&stage.world, "auto", &Way::Http(&url, &token), steps);
    assert_eq!(seen[3]["value"]["refused_by"], "P-APPROVAL", "{}", seen[3]);
    assert!(seen[3]["value"]["hint"].as_str().unwrap().contains("on a terminal of their own"), "{}", seen[3]);
    assert_eq!(stage.received().await, Datoshi::ZERO);
    terminal.send_control('c').unwrap();
    assert!(!terminal.exp_eof().unwrap().contains("Pay?"));
}
