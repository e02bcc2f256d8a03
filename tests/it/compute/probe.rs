//! Programs that are asked whether they have what a task needs.

use std::{fs, time::Duration};

use compute::{local::Runner, worker::Probed};
use domain::task::{TaskOrigin, TaskType};
use guard::machine::catalogue::read_task;

use crate::world::{World, isolates};

/// Long enough for a shell on a busy machine, short enough for one that never answers.
const PATIENCE: Duration = Duration::from_secs(20);

fn text(probe: &str) -> String {
    format!(
        r#"name = "asked"
title = "Asked"
description = "Says whether it can."
[inputs.lines]
formats = ["text"]
[program]
kind = "command"
executable = "sh"
probe = ["-c", {probe:?}]
install = "fetch it"
arguments = ["-c", "cat \"$1\" > \"$2\"", "asked", "{{lines}}", "{{out:all.txt}}"]
[resources]
ram = {{ constant = 5e7 }}
seconds = {{ constant = 0.1 }}
spread = 3.0
source = "a guess for a program that does little"
"#
    )
}

fn task(probe: &str) -> TaskType {
    read_task("asked.toml", &text(probe), TaskOrigin::Owner).unwrap()
}

async fn asked(probe: &str, patience: Duration) -> Option<Probed> {
    Runner::of(env!("CARGO_BIN_EXE_agent")).probe_within(patience, &task(probe)).await
}

#[tokio::test]
async fn a_program_says_whether_it_can_and_why_not() {
    assert_eq!(asked("exit 0", PATIENCE).await, Some(Probed::Able));
    let said = Probed::Unable("no library x".to_owned());
    assert_eq!(asked("echo trying >&2; printf 'no library \\033x\\n' >&2; exit 3", PATIENCE).await, Some(said));
    assert_eq!(asked("exit 1", PATIENCE).await, Some(Probed::Unable(String::new())));
    let unknown = asked("sleep 600", Duration::from_secs(1)).await;
    assert_eq!(unknown, Some(Probed::Unknown("it gave no answer within 1.0 s".to_owned())));
    let mut without = task("exit 0");
    if let domain::task::Program::Command(command) = &mut without.program {
        command.probe.clear();
    }
    assert_eq!(Runner::of(env!("CARGO_BIN_EXE_agent")).probe(&without).await, None);
}

#[tokio::test]
async fn it_is_asked_as_isolated_as_it_runs_and_told_nothing_of_ours() {
    // The variables are those of every program that is run.
    let clean = "env | cut -d= -f1 | grep -vxE 'PATH|LANG|HOME|TMPDIR|PWD|OLDPWD|SHLVL|_' && exit 1; exit 0";
    assert_eq!(asked(clean, PATIENCE).await, Some(Probed::Able));
    if isolates() {
        let walls = concat!("test -e ", env!("CARGO_MANIFEST_DIR"), "/Cargo.toml && exit 1; exit 0");
        assert_eq!(asked(walls, PATIENCE).await, Some(Probed::Able), "it sees what no program does");
    }
}

fn world(probe: &str) -> World {
    let world = World::new();
    fs::create_dir_all(world.home().join("tasks")).unwrap();
    fs::write(world.home().join("tasks/asked.toml"), text(probe)).unwrap();
    world.file("lines.txt", "a\n");
    world
}

#[test]
fn a_plan_is_refused_by_what_is_missing_and_not_by_what_is_not_known() {
    let lacking = world("echo no library x >&2; exit 3");
    let run = lacking.run(&["run", "asked", "lines.txt"]);
    assert_eq!(run.code, 1, "{}", run.all());
    assert_eq!(run.err, "error: asked needs more than `sh` has here: no library x\nhint: install it: fetch it\n");
    assert!(lacking.states().is_empty());
    let listed = lacking.run(&["tasks"]);
    assert!(listed.out.contains("sh is there, not asked"), "{}", listed.all());

    let hung = world("sleep 600");
    let run = hung.run(&["run", "asked", "lines.txt", "--json"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let warned = run.events().into_iter().filter(|event| event["type"] == "warning");
    let said = "it is not known whether its program has what it needs: it gave no answer within";
    assert!(warned.into_iter().any(|event| event["message"].as_str().unwrap().contains(said)), "{}", run.all());
}
