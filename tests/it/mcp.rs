//! `agent mcp` with the protocol's own client: the tools, whole jobs, refusals, approvals, cancellation, many clients.

mod door;
mod owner;
mod wire;

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    live::Stage,
    services::tool,
    world::{Run, World, example},
};

/// Clients of the time before sessions ended over HTTP, and of the time after.
const MODES: [&str; 2] = ["legacy", "auto"];

/// How a client reaches the server.
enum Way<'a> {
    /// It starts the server.
    Stdio(&'a [&'a str]),
    /// The server is there: its address and its token.
    Http(&'a str, &'a str),
}

/// What the protocol's own client saw: first how it was greeted, then a value a step, then how often it was asked.
fn play(world: &World, mode: &str, way: &Way, steps: Value) -> Vec<Value> {
    let mut plan = json!({"mode": mode, "steps": steps});
    match way {
        Way::Stdio(arguments) => {
            let server = world.command(&[]);
            let env = server.get_envs().filter_map(|(k, v)| Some((k.to_str()?, v?.to_str()?)));
            plan["stdio"] = json!({
                "command": server.get_program().to_str(), "args": arguments, "cwd": world.work(),
                "env": env.collect::<std::collections::HashMap<_, _>>(), "log": world.home().with_file_name("mcp.log"),
            });
        }
        Way::Http(url, token) => plan["http"] = json!({"url": url, "token": token}),
    }
    let mut client = Command::new(tool("venv/bin/python"));
    client.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/mcp_client.py"));
    let mut client = client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    client.stdin.take().unwrap().write_all(plan.to_string().as_bytes()).unwrap();
    let run = Run::of(client.wait_with_output().unwrap());
    let log = fs::read_to_string(world.home().with_file_name("mcp.log")).unwrap_or_default();
    assert_eq!(run.code, 0, "{}\n--- server\n{log}", run.all());
    let mut seen: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    assert_eq!(seen.pop().unwrap(), json!({"asked": 0}), "the calling model is never asked");
    for said in seen.iter().filter(|s| s["value"].is_object()) {
        assert_eq!(said["text_says_the_same"], true, "{said}");
        assert_eq!(said["error"], !said["value"]["ok"].as_bool().unwrap(), "{said}");
    }
    seen
}

fn call(name: &str, arguments: Value) -> Value {
    json!({"call": name, "arguments": arguments})
}

fn fold() -> Value {
    call("check_local_capability", json!({"task_type": "protein_folding", "dataset": "data.fasta"}))
}

fn of_job(name: &str) -> Value {
    call(name, json!({"job": "{job}"}))
}

fn pay() -> Value {
    call("pay_gas_fee", json!({"job": "{job}", "amount": "{amount}", "recipient": "{recipient}"}))
}

fn world() -> World {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    world
}

/// The events that a server appended.
fn events(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Progress is told, and only grows.
fn grows(progress: &Value) -> bool {
    let told: Vec<f64> = progress.as_array().unwrap().iter().map(|p| p[0].as_f64().unwrap()).collect();
    !told.is_empty() && told.windows(2).all(|two| two[0] < two[1]) && told.iter().all(|&p| p < 100.0)
}

#[test]
fn the_tools_are_those_of_the_files() {
    let world = world();
    for mode in MODES {
        let seen = play(&world, mode, &Way::Stdio(&["mcp"]), json!([{"list": true}]));
        let [greeting, listed] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!(greeting["name"], "scientific-orchestrator");
        for told in ["check_local_capability", "You cannot agree to a plan or a payment", "- protein_folding: "] {
            assert!(greeting["instructions"].as_str().unwrap().contains(told), "{told}");
        }
        // The list never changes, and nothing else is offered.
        let able = greeting["capabilities"].as_object().unwrap();
        assert_eq!(able.keys().collect::<Vec<_>>(), ["tools"], "{able:?}");
        assert_ne!(able["tools"]["listChanged"], true);

        let listed = listed.as_array().unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tool_schemas");
        assert_eq!(listed.len(), fs::read_dir(&folder).unwrap().count());
        for tool in listed {
            let file = folder.join(format!("{}.json", tool["name"].as_str().unwrap()));
            let known: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
            assert_eq!(tool["description"], known["description"]);
            assert_eq!(tool["inputSchema"], known["parameters"]);
        }
        let hints: Vec<_> =
            listed.iter().map(|t| (&t["annotations"]["readOnlyHint"], &t["annotations"]["destructiveHint"])).collect();
        let (yes, no, none) = (&json!(true), &json!(false), &Value::Null);
        assert_eq!(hints, [(yes, none), (no, no), (no, no), (no, yes), (no, no), (yes, none)]);
    }
}

#[test]
fn folding_is_paid_fetched_and_told_under_one_session() {
    for mode in MODES {
        let world = world();
        let log = world.work().join("events.jsonl");
        let steps = json!([fold(), of_job("run_remote_compute"), pay(), of_job("wait_for_job"), pay()]);
        let seen = play(&world, mode, &Way::Stdio(&["mcp", "--events", "events.jsonl"]), steps);
        let [_, planned, quoted, paid, done, again] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!(planned["value"]["reasons"][0]["rule"], "R-MODEL");
        assert_eq!(planned["value"]["next_tool"], "run_remote_compute");
        assert!(grows(&quoted["progress"]), "{quoted}");
        assert_eq!(quoted["value"]["quote"]["amount"], "2");
        assert_eq!(paid["value"]["paid"], true);
        assert_eq!(done["value"]["state"], "done");
        assert!(grows(&done["progress"]), "{done}");
        assert_eq!(again["value"]["refused_by"], "P-STATE", "{again}");
        assert!(world.home().join("results").join(done["value"]["job"].as_str().unwrap()).join("result.json").exists());
        assert_eq!(world.states().last().unwrap(), "done");

        let events = events(&log);
        let told: Vec<&str> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
        let mut rest = told.iter();
        for step in [
            "session.started",
            "tool.requested",
            "verdict",
            "tool.completed",
            "upload.completed",
            "job.submitted",
            "approval.resolved",
            "payment.intended",
            "payment.confirmed",
            "result.fetched",
            "receipt",
            "session.ended",
        ] {
            assert!(rest.any(|t| *t == step), "{step} is not told in its place: {told:?}");
        }
        assert_eq!(told.iter().filter(|t| **t == "receipt").count(), 1);
        assert_eq!(told.iter().filter(|t| **t == "payment.confirmed").count(), 1);
        assert_eq!(events[0]["model"], "oracle 1, over MCP");
        assert!(events.iter().all(|e| e["session"] == events[0]["session"]));
        assert_eq!(events.last().unwrap()["seq"], events.len());
    }
}

#[test]
fn what_the_guard_refuses_is_an_error_that_names_the_rule() {
    let world = world();
    world.file(".env.production", "AIOZ_SECRET_KEY=s");
    let check =
        |dataset: &str| call("check_local_capability", json!({"task_type": "protein_folding", "dataset": dataset}));
    let wrong = |field: &str, value: &str| {
        let mut call = pay();
        call["arguments"][field] = value.into();
        call
    };
    let steps = json!([
        check("/etc/passwd"),
        check(".env.production"),
        check("missing.fasta"),
        fold(),
        of_job("run_local_task"),
        of_job("wait_for_job"),
        of_job("run_remote_compute"),
        wrong("amount", "0.01"),
        wrong("recipient", "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv"),
        call(
            "pay_gas_fee",
            json!({"job": "{job}", "amount": "{amount}", "recipient": "{recipient}", "approved": true})
        ),
        call("approve_payment", json!({"job": "{job}"})),
    ]);
    let seen = play(&world, "auto", &Way::Stdio(&["mcp"]), steps);
    let rules: Vec<_> = seen[1..10].iter().map(|s| &s["value"]["refused_by"]).collect();
    let none = Value::Null;
    let said = |rule: &str| json!(rule);
    let expected = [
        &said("D-PATH"),
        &said("D-SECRET"),
        &said("R-PROBE"),
        &none,
        &said("R-MODEL"),
        &said("P-STATE"),
        &none,
        &said("P-AMOUNT"),
        &said("P-RECIPIENT"),
    ];
    assert_eq!(rules, expected, "{seen:#?}");
    for refused in seen[1..10].iter().filter(|s| s["error"] == true) {
        assert!(refused["value"]["hint"].is_string() || refused["value"]["next_step"].is_string(), "{refused}");
    }
    assert_eq!(seen[10]["value"]["error"], "bad_arguments", "{}", seen[10]);
    assert!(seen[10]["value"]["why"].as_str().unwrap().contains("unknown field `approved`"));
    assert_eq!(seen[11]["protocol_error"], -32602, "{}", seen[11]);
    assert_eq!(world.states().last().unwrap(), "submitted", "nothing was paid");
}

#[test]
fn a_wait_that_is_given_up_leaves_a_paid_job_to_be_waited_for_again() {
    for mode in MODES {
        let world = world();
        let mut cut = of_job("wait_for_job");
        cut["cancel_at"] = "running".into();
        let look = call("list_jobs", json!({}));
        let steps = json!([fold(), of_job("run_remote_compute"), pay(), cut, look, of_job("wait_for_job")]);
        let seen = play(&world, mode, &Way::Stdio(&["mcp", "--events", "events.jsonl"]), steps);
        assert_eq!(seen[4]["canceled"], true, "{}", seen[4]);
        assert!(["paid", "running"].contains(&seen[5]["value"]["jobs"][0]["state"].as_str().unwrap()), "{}", seen[5]);
        assert_eq!(seen[6]["value"]["state"], "done", "{}", seen[6]);
        let events = events(&world.work().join("events.jsonl"));
        assert_eq!(events.iter().filter(|e| e["type"] == "payment.sent").count(), 1);
        let stopped = events.iter().filter(|e| e["type"] == "tool.completed" && e["result"]["error"] == "interrupted");
        assert_eq!(stopped.count(), 1, "the wait heard of it and ended");
    }
}

#[test]
fn a_folder_that_is_too_wide_or_has_settings_of_its_own_needs_the_owners_word() {
    let world = world();
    for folder in [Path::new("/"), world.work().parent().unwrap()] {
        let run = Run::of(world.command(&["mcp"]).current_dir(folder).stdin(Stdio::null()).output().unwrap());
        assert_eq!(run.code, 2, "{}", run.all());
        assert!(run.err.contains("would be a dataset") && run.err.contains("--folder"), "{}", run.all());
        assert_eq!(run.out, "");
    }
    // Settings that a client could write are not read unasked.
    world.file(".env", "AIOZ_BUCKET=theirs");
    for (more, said) in [(None, "a calling agent"), (Some("--dotenv"), "half configured")] {
        let run = Run::of(world.command(&["mcp"]).args(more).stdin(Stdio::null()).output().unwrap());
        assert!(run.code == 2 && run.err.contains(said), "{}", run.all());
    }
    fs::remove_file(world.work().join(".env")).unwrap();
    let folder = world.work();
    let named = ["mcp", "--folder", folder.to_str().unwrap()];
    let run = Run::of(world.command(&named).current_dir("/").stdin(Stdio::null()).output().unwrap());
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{}", run.all());
}
