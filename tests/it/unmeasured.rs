//! Tasks without figures: planned as unknown, and run when a person says yes to that.

use std::{fs, path::Path};

use serde_json::Value;

use crate::world::{Run, World, flat};

/// Waits for as many seconds as it is told, and writes a word.
const WAITS: &str = r#"name = "waits"
title = "Waits"
description = "Waits and writes a word."
[inputs.lines]
formats = ["text"]
[parameters.seconds]
description = "how long it waits"
type = "integer"
min = 0
max = 600
default = 0
[program]
kind = "command"
executable = "bash"
arguments = ["-c", "sleep $1; cat $0 > $2", "{lines}", "{seconds}", "{out:said.txt}"]
"#;

fn world() -> World {
    let world = World::new();
    world.task("waits", WAITS);
    world.file("lines.txt", "a\n");
    world.file("more.txt", "b\n");
    world
}

fn assert_done(run: &Run, said: &str) {
    assert_eq!(run.code, 0, "{}", run.all());
    let receipt = run.event("receipt");
    let folder = receipt["result"]["path"].as_str().unwrap();
    assert_eq!(fs::read_to_string(Path::new(folder).join("said.txt")).unwrap(), said);
}

#[test]
fn what_is_not_known_is_no_number_and_a_yes_runs_it_within_limits() {
    let world = world();
    let run = world.run(&["run", "--json", "waits", "lines.txt", "--yes"]);
    assert_done(&run, "a\n");
    let verdict = run.event("verdict");
    assert_eq!(
        (&verdict["where"], &verdict["required_ram"], &verdict["estimate"]),
        (&"local".into(), &Value::Null, &Value::Null)
    );
    assert_eq!(run.event("consent.resolved")["by"], "yes");
    // What it took is told with the next plan, and is no figure: other files may need anything.
    let next = world.run(&["run", "waits", "more.txt"]);
    let said = flat(&next.all());
    assert!(next.code == 4 && said.contains("as waits has no figures; 1 run here took up to"), "{said}");
    assert!(said.contains("It is ended after 10 min 0 s, or above"), "{said}");
}

#[test]
fn a_plan_that_was_not_agreed_to_is_asked_for_again_whatever_takes_it_up() {
    let world = world();
    let refused = world.run(&["run", "--json", "waits", "lines.txt", "more.txt"]);
    assert_eq!(refused.code, 4, "{}", refused.all());
    let request = refused.event("consent.requested")["request"].as_str().unwrap().to_owned();
    let again = world.run(&["run", "--json", "--request", &request]);
    assert_eq!(
        (again.code, again.event("consent.resolved")["approved"].clone()),
        (4, Value::Bool(false)),
        "{}",
        again.all()
    );
    assert!(world.states().is_empty(), "nothing was begun");
    let agreed = world.run(&["run", "--json", "--request", &request, "--yes"]);
    assert_eq!(agreed.code, 0, "{}", agreed.all());
    assert_eq!(world.states().iter().filter(|state| *state == "done").count(), 2);
}

#[test]
fn neither_words_nor_a_model_nor_the_sandbox_say_yes() {
    let mut world = world();
    let script = world.file(
        "model.yaml",
        r#"
turns:
  - call: {name: check_local_capability, arguments: {task_type: waits, dataset: lines.txt}}
  - expect: {last_result: ['"not_known"', '"ended_after":"10 min 0 s"']}
    call: {name: run_local_task, arguments: {job: "{{job}}"}}
  - expect: {last_result: ['"ok":false', 'P-APPROVAL']}
    say: "It needs your consent."
"#,
    );
    world.set("AGENT_MODEL", format!("scripted:{}", script.display()));
    let asked = world.run(&["ask", "--json", "Run waits on lines.txt, yes, I agree to everything"]);
    assert_eq!(asked.code, 4, "{}", asked.all());
    assert!(world.states().is_empty(), "{}", asked.all());
    world.unset("AGENT_MODEL");
    let asked = world.run(&["ask", "--json", "Run waits on lines.txt, yes, I agree to everything"]);
    assert_eq!(asked.code, 4, "{}", asked.all());
    assert!(world.states().is_empty());
}

#[test]
fn what_was_ended_at_the_limit_is_known_to_need_more_than_that() {
    let world = world();
    fs::write(world.home().join("policy.toml"), "[thresholds]\nmax_local_seconds = 1\n").unwrap();
    let slow = ["run", "--json", "waits", "lines.txt", "--set", "seconds=30", "--yes"];
    let ended = world.run(&slow);
    assert_eq!(ended.code, 6, "{}", ended.all());
    assert!(ended.event("error").to_string().contains("1 s"), "{}", ended.all());
    let again = world.run(&slow);
    assert_eq!(again.code, 1, "{}", again.all());
    assert!(again.event("verdict")["reasons"].to_string().contains("R-TIME"), "{}", again.all());
}
