//! The command line as people and programs meet it: the real program, its output and its exit codes.

mod chat;
mod shell;

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::world::{Run, World, example};

#[test]
fn without_a_terminal_and_a_command_it_says_how_it_is_used() {
    let world = World::new();
    let run = world.run(&[]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("Usage: agent [OPTIONS] [COMMAND]"), "{}", run.err);
    assert!(!world.home().exists());
}

#[test]
fn what_only_looks_makes_no_folder() {
    let world = World::new();
    for line in [
        "--version",
        "--help",
        "tasks",
        "tasks --json",
        "tools",
        "config",
        "config --json",
        "jobs",
        "jobs list --json",
        "jobs log",
        "completions bash",
        "man",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let run = world.run(&arguments);
        assert_eq!(run.code, 0, "{line}: {}", run.all());
        assert_eq!(run.err, "", "{line}");
    }
    assert!(!world.home().exists());
}

#[test]
fn usage_errors_exit_with_2_and_say_what_is_wrong() {
    let world = World::new();
    for line in [
        "nonsense",
        "ask",
        "jobs show job-1",
        "jobs cancel",
        "tasks no_such_task",
        "completions tcsh",
        "node --price -1",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let run = world.run(&arguments);
        assert_eq!(run.code, 2, "{line}: {}", run.all());
        assert!(run.err.starts_with("error: ") && run.out.is_empty(), "{line}: {}", run.all());
    }
    let empty = world.run(&["ask", " "]);
    assert_eq!((empty.code, empty.err.lines().next()), (2, Some("error: the request is empty")));
}

#[test]
fn with_json_an_error_is_an_event_and_standard_error_is_still() {
    let world = World::new();
    for arguments in [
        &["--json"][..],
        &["--json", "nonsense"],
        &["jobs", "show", "--json"],
        &["--json", "--profile", "live", "wallet"],
    ] {
        let run = world.run(arguments);
        assert_ne!(run.code, 0);
        assert_eq!(run.err, "", "{arguments:?}");
        let lines: Vec<Value> = run.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines.len(), 1, "{}", run.out);
        assert_eq!((&lines[0]["type"], &lines[0]["v"], &lines[0]["seq"]), (&"error".into(), &1.into(), &1.into()));
        assert!(lines[0]["message"].as_str().is_some_and(|m| !m.is_empty()));
    }
}

#[test]
fn half_configured_is_said_before_anything_happens() {
    let mut world = World::new();
    world.file(".env", "AIOZ_BUCKET=mine\nAIOZ_ACCESS_KEY=key-s3cr3t\n");
    world.set("NEO_NETWORK", "testnet");
    let run = world.run(&["ask", "Run protein folding on data.fasta"]);
    assert_eq!(run.code, 2, "{}", run.all());
    let said = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("AIOZ_SECRET_KEY, AIOZ_API_KEY, NEO_RPC_URL"), "{}", run.err);
    assert!(run.err.contains("hint: "), "{}", run.err);
    assert!(!run.all().contains("s3cr3t"));
    assert!(!world.home().join("ledger.db").exists(), "nothing is begun");
    let forced = world.run(&["--profile", "sandbox", "config"]);
    assert!(forced.out.contains("Profile    sandbox"), "{}", forced.out);
}

/// Whoever can read the paying key can pay: in a file that is open to others it is not used.
#[test]
fn a_paying_key_that_lies_open_is_refused() {
    let mut world = World::new();
    world.file("data.fasta", example("data.fasta"));
    for (name, value) in [
        ("AIOZ_S3_ENDPOINT", "http://127.0.0.1:9"),
        ("AIOZ_BUCKET", "data"),
        ("AIOZ_ACCESS_KEY", "key"),
        ("AIOZ_SECRET_KEY", "secret"),
        ("AIOZ_W3AI_ENDPOINT", "http://127.0.0.1:9/api/v1"),
        ("AIOZ_API_KEY", "key"),
        ("NEO_RPC_URL", "http://127.0.0.1:9"),
        ("GAS_RECIPIENT", "Nh47VfyB9bDi1idmW1S6AuEXCUwmRkbWSE"),
    ] {
        world.set(name, value);
    }
    let key = "L1MJs5pcXtCQ7b1EaYFZqwRggG3cz9iJpTwVGqyQw9kHoQyQVveV";
    let path = world.file(".env", format!("NEO_PRIVATE_KEY={key}\n"));
    let ask = |mode: u32| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let run = world.run(&["ask", "--dry-run", "stats of data.fasta"]);
        assert!(!run.all().contains(key), "{}", run.all());
        run
    };
    for open in [0o644, 0o640, 0o604] {
        let run = ask(open);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{open:o}: {}", run.all());
        let said = run.err.replace('\n', " ");
        assert!(said.contains("lies in a file that other users may read, so it is not used"), "{said}");
        assert!(said.contains("chmod 600"), "{said}");
    }
    let run = ask(0o600);
    assert_eq!(run.code, 0, "{}", run.all());
}

/// A dataset that its owner closed to this program is refused in a sentence. The superuser is let through every
/// permission, and gives that up for this run.
#[test]
fn a_dataset_that_may_not_be_read_is_refused() {
    let world = World::new();
    let path = world.file("data.fasta", example("data.fasta"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let arguments = ["ask", "--json", "stats of data.fasta"];
    let mut command = world.command(&arguments);
    if fs::read(&path).is_ok() {
        let bare = |program: &OsStr| {
            let mut command = Command::new("setpriv");
            command.args(["--bounding-set=-dac_override,-dac_read_search", "--"]).arg(program);
            command
        };
        let reads = bare(OsStr::new("cat")).arg(&path).output().map(|tried| tried.status.success());
        if reads.unwrap_or(true) {
            eprintln!("not tried: this user may read everything, and cannot give that up");
            return;
        }
        let mut alone = bare(command.get_program());
        let set = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        alone.args(arguments).current_dir(world.work()).env_clear().envs(set);
        command = alone;
    }
    let run = Run::of(command.output().unwrap());
    let error = run.event("error");
    let said = (error["kind"].as_str().unwrap(), error["message"].as_str().unwrap(), error["hint"].as_str().unwrap());
    let (why, hint) =
        ("data.fasta may not be read by this user [R-PROBE]", "give yourself read permission: chmod u+r data.fasta");
    assert_eq!((run.code, said), (1, ("refused", why, hint)), "{}", run.all());
    assert!(world.states().is_empty(), "nothing was planned");
}

#[test]
fn a_rule_that_cannot_be_read_refuses() {
    let world = World::new();
    fs::create_dir(world.home()).unwrap();
    fs::write(world.home().join("policy.toml"), "[caps]\nper_day = \"a lot\"\n").unwrap();
    let run = world.run(&["ask", "Run protein folding on data.fasta"]);
    assert_eq!(run.code, 3, "{}", run.all());
    assert!(run.err.contains("caps.per_day"), "{}", run.err);
}

#[test]
fn settings_come_in_layers_and_secrets_stay_hidden() {
    let mut world = World::new();
    world.file(".env", "AGENT_MODEL=from-dotenv\nOPENAI_API_KEY=sk-s3cr3t\n");
    let model = |run: &crate::world::Run| {
        let line = run.out.lines().find(|l| l.contains("\"AGENT_MODEL\"")).unwrap().to_owned();
        let shown: Value = serde_json::from_str(&line).unwrap();
        (shown["value"].as_str().unwrap().to_owned(), shown["source"].as_str().unwrap().to_owned())
    };
    let run = world.run(&["config", "--json"]);
    assert_eq!(model(&run), ("from-dotenv".into(), ".env".into()));
    assert!(!run.all().contains("s3cr3t"));
    world.set("AGENT_MODEL", "from-environment");
    assert_eq!(model(&world.run(&["config", "--json"])).0, "from-environment");
    assert_eq!(model(&world.run(&["config", "--json", "--model", "flag"])), ("flag".into(), "flag".into()));
}

#[test]
fn the_demo_tells_the_story_and_leaves_nothing() {
    let mut world = World::new();
    let scratch = world.work().join("scratch");
    fs::create_dir(&scratch).unwrap();
    world.set("TMPDIR", scratch.display().to_string());
    let run = world.run(&["demo", "--fast"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let mut rest = run.out.as_str();
    for step in [
        "1. A small task",
        "sequence_stats on small.fasta",
        "5 GB",
        "Detected large dataset; offloading to AIOZ",
        "(simulated)",
        "https://s3.aiozstorage.network/",
        "Payment sent: 2 GAS (simulated",
        "https://dora.coz.io/transaction/neo3/testnet/0x",
        "Job id (simulated)",
        "Best fold",
    ] {
        let at = rest.find(step).unwrap_or_else(|| panic!("{step} is not told in its place:\n{}", run.out));
        rest = &rest[at..];
    }
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
    assert!(!world.home().exists(), "the person's own home is left alone");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let mut child = world
        .command(&["ask", "--json", "Run protein folding on data.fasta"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.contains("session.started"), "{first}");
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(errors, "");
    assert_eq!(child.wait().unwrap().code(), Some(130), "work was left, as after Ctrl-C");
}

#[test]
fn output_that_is_lost_is_no_success() {
    let world = World::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let done = world.command(&["tasks"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{errors}");
    assert!(errors.contains("standard output cannot be written: No space left"), "{errors}");
}

#[test]
fn what_prints_for_people_has_a_form_for_programs() {
    let world = World::new();
    for line in ["--version --json", "--help --json", "man --json", "completions bash --json", "jobs --help --json"] {
        let done = world.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(done.code, 0, "{line}");
        assert_eq!(done.out.lines().count(), 1, "{line}");
        assert!(serde_json::from_str::<Value>(&done.out).unwrap().is_object(), "{line}");
    }
}

#[test]
fn a_node_takes_no_limits_that_it_cannot_keep() {
    let world = World::new();
    for line in ["node --time 0", "node --memory 0", "node --memory 100", "node --quote 0", "node --at-once 0"] {
        let done = world.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(done.code, 2, "{line}: {}", done.all());
    }
}

#[test]
fn jobs_are_listed_shown_and_receipted() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let done = world.run(&["ask", "How long are the sequences in data.fasta? Run sequence statistics."]);
    assert_eq!(done.code, 0, "{}", done.all());
    let list = world.run(&["jobs", "list", "--json"]);
    let job: Value = serde_json::from_str(list.out.lines().next().unwrap()).unwrap();
    let id = job["id"].as_str().unwrap();
    assert_eq!(job["state"], "done");
    let table = world.run(&["jobs"]).out;
    assert!(table.contains(id) && table.contains("sequence_stats"), "{table}");
    let show = world.run(&["jobs", "show", id]).out;
    assert!(show.contains("runs on this machine") && show.contains("result.json"), "{show}");
    let receipt: Value = serde_json::from_str(&world.run(&["jobs", "receipt", "--json"]).out).unwrap();
    assert_eq!((&receipt["job"], &receipt["payment"]), (&id.into(), &Value::Null));
    let watched = world.run(&["jobs", "watch", id]);
    assert_eq!(watched.code, 0);
    assert!(watched.out.trim_end().ends_with("done"), "{}", watched.out);
    assert_eq!(world.run(&["jobs", "cancel", id]).code, 3, "what has ended cannot be canceled");
    assert_eq!(world.run(&["jobs", "resume"]).out, "Every job has come to its end.\n");
}
