//! Recording a run of the real program, and playing it again where nothing can be reached.

pub mod canaries;
mod damaged;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::world::{Run, World, example};

const FOLD: &str = "Run protein folding on data.fasta";

/// The world of a run that was recorded: its home, with the sandbox and its keys, is gone.
pub struct Recorded {
    pub world: World,
    pub run: Run,
    pub path: PathBuf,
}

/// Records one run of the program; nothing that it used is left but its working folder.
pub fn record(world: World, arguments: &[&str]) -> Recorded {
    let path = world.work().join("run.cassette");
    let mut all = arguments.to_vec();
    all.extend(["--record", "run.cassette"]);
    let run = world.run(&all);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let _ = fs::remove_dir_all(world.home());
    Recorded { world, run, path }
}

/// Plays a record as a stranger would: another home, no settings, and no network at all where the system lets a process
/// give its own up.
pub fn replay(arguments: &[&str], folder: &Path) -> Run {
    let bare = World::new();
    let program = bare.command(&[]).get_program().to_owned();
    let mut command = if may_unshare() {
        let mut alone = Command::new("unshare");
        alone.args(["--map-root-user", "--net", "--"]).arg(program);
        alone
    } else {
        Command::new(program)
    };
    command.arg("replay").args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", bare.work()).env("AGENT_HOME", bare.home()).current_dir(folder);
    let run = Run::of(command.output().unwrap());
    assert!(!bare.home().exists(), "a replay leaves the home of whoever plays it alone");
    run
}

fn may_unshare() -> bool {
    let tried = Command::new("unshare").args(["--map-root-user", "--net", "--", "true"]).output();
    tried.is_ok_and(|tried| tried.status.success())
}

/// What was told, without what differs between any two runs: times, the home's path, and progress by the clock.
fn told(run: &Run) -> Vec<Value> {
    let homes: Vec<String> = run
        .events()
        .iter()
        .filter(|e| e["type"] == "result.fetched")
        .map(|e| e["path"].as_str().unwrap().split("/results/").next().unwrap().to_owned())
        .collect();
    let mut events = run.events();
    let by_the_clock = |e: &Value| e["type"] == "upload.progress" || e["progress"].is_number();
    events.retain(|e| !by_the_clock(e));
    let texts = events.iter_mut().map(|event| {
        event["ts"] = Value::Null;
        event["seq"] = Value::Null;
        let mut text = event.to_string();
        homes.iter().for_each(|home| text = text.replace(home.as_str(), "HOME"));
        serde_json::from_str(&text).unwrap()
    });
    texts.collect()
}

fn parts(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
    let mut parts: Vec<String> =
        lines.filter(|l| l["kind"] == "asked").map(|l| l["part"].as_str().unwrap().to_owned()).collect();
    parts.sort();
    parts.dedup();
    parts
}

#[test]
fn folding_from_end_to_end_is_played_without_network_or_keys() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let recorded = record(world, &["ask", "--json", FOLD]);
    assert_eq!(recorded.run.code, 0, "{}", recorded.run.all());
    assert_eq!(parts(&recorded.path), ["chain", "provider", "results", "storage"]);
    let text = fs::read_to_string(&recorded.path).unwrap();
    assert!(!text.contains("MKT") && !text.contains("FVNQHLCGSHLVEALYLVCGERGFFYTPKT"), "a dataset is never recorded");

    let played = replay(&["--json", "run.cassette"], &recorded.world.work());
    assert_eq!(played.code, 0, "{}", played.all());
    assert_eq!(told(&played), told(&recorded.run));
    assert_eq!(played.err, "");
    // And for people, who are told that all was as recorded.
    let shown = replay(&["run.cassette"], &recorded.world.work());
    assert!(shown.out.contains("Replay     as recorded by version"), "{}", shown.all());
}

#[test]
fn a_scripted_model_is_played_without_its_script() {
    let mut world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/offload-and-pay.yaml");
    let copy = world.file("script.yaml", fs::read(script).unwrap());
    world.set("AGENT_MODEL", format!("scripted:{}", copy.display()));
    let recorded = record(world, &["ask", "--json", FOLD]);
    assert_eq!(recorded.run.code, 0, "{}", recorded.run.all());
    fs::remove_file(copy).unwrap();
    let played = replay(&["--json", "run.cassette"], &recorded.world.work());
    assert_eq!(played.code, 0, "{}", played.all());
    assert_eq!(told(&played), told(&recorded.run));
    assert_eq!(played.event("session.started")["model"], "scripted:script.yaml");
}

#[test]
fn a_run_here_a_dry_run_and_a_refusal_end_as_they_did() {
    for (arguments, code) in [
        (&["ask", "--json", "How many sequences are in data.fasta?"][..], 0),
        (&["ask", "--json", "--dry-run", FOLD], 0),
        (&["ask", "--json", "Run protein folding on nothing.fasta"], 1),
    ] {
        let world = World::new();
        world.file("data.fasta", example("data.fasta"));
        let recorded = record(world, arguments);
        let played = replay(&["--json", "run.cassette"], &recorded.world.work());
        assert_eq!(played.code, recorded.run.code, "{arguments:?}: {}\n{}", recorded.run.all(), played.all());
        assert_eq!(told(&played), told(&recorded.run), "{arguments:?}");
        assert_eq!(recorded.run.code, code, "{arguments:?}: {}", recorded.run.all());
    }
}

#[test]
fn a_run_that_was_stopped_stops_there_again() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        stopped_by(signal);
    }
}

#[test]
fn what_nohup_runs_goes_on_without_its_terminal() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let agent = world.command(&["ask", "--json", FOLD]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(agent.get_program()).args(agent.get_args());
    command.env_clear().envs(agent.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(agent.get_current_dir().unwrap());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let pid = Pid::from_raw(child.id() as i32).unwrap();
    let paid = lines.inspect(|line| {
        if line.contains("payment.confirmed") {
            kill_process(pid, Signal::HUP).unwrap();
        }
    });
    assert!(paid.filter(|line| line.contains("payment.confirmed")).count() > 0);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn stopped_by(signal: Signal) {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let mut command = world.command(&["ask", "--json", "--record", "run.cassette", FOLD]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut out: Vec<String> = Vec::new();
    // It is paid, and the provider folds: this takes long enough for a person to lose patience.
    while !out.last().is_some_and(|line| line.contains("payment.confirmed")) {
        out.push(lines.next().unwrap().unwrap());
    }
    let pid = Pid::from_raw(child.id() as i32).unwrap();
    kill_process(pid, signal).unwrap();
    out.extend(lines.map(Result::unwrap));
    let code = child.wait().unwrap().code().unwrap();
    let run = Run { code, out: out.join("\n"), err: String::new() };
    assert_eq!(run.code, 130, "{}", run.all());
    let state = &run.event("turn.status")["jobs"][0]["state"];
    assert!(state == "paid" || state == "running", "{}", run.all());
    // Out of the way and not removed: the sandbox's host may still write there.
    fs::rename(world.home(), world.home().with_extension("gone")).unwrap();
    let played = replay(&["--json", "run.cassette"], &world.work());
    assert_eq!(played.code, 130, "{}", played.all());
    assert_eq!(told(&played), told(&run));
}

#[test]
fn a_session_that_went_on_is_played_with_what_was_said_before() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let first = world.run(&["ask", "--json", "--session", "ses-7k3q9dm2", "How many sequences are in data.fasta?"]);
    assert_eq!(first.code, 0, "{}", first.all());
    let recorded = record(world, &["ask", "--json", "--session", "ses-7k3q9dm2", "What did it cost?"]);
    assert_eq!(recorded.run.code, 0, "{}", recorded.run.all());
    let played = replay(&["--json", "run.cassette"], &recorded.world.work());
    assert_eq!(played.code, 0, "{}", played.all());
    assert_eq!(told(&played), told(&recorded.run));
}

#[test]
fn results_in_a_folder_of_their_own_are_left_alone_by_a_replay() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let recorded = record(world, &["ask", "--json", "--out", "results", FOLD]);
    assert_eq!(recorded.run.code, 0, "{}", recorded.run.all());
    fs::remove_dir_all(recorded.world.work().join("results")).unwrap();
    let played = replay(&["--json", "run.cassette"], &recorded.world.work());
    assert_eq!(played.code, 0, "{}", played.all());
    assert!(!recorded.world.work().join("results").exists());
}

#[test]
fn a_run_of_long_ago_is_still_played_and_shown() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cassette = home.join("tests/cassettes/folding.cassette");
    let cassette = cassette.to_str().unwrap();
    let data = home.join("examples");
    let played = replay(&["--json", cassette, "--data", data.to_str().unwrap()], Path::new("/"));
    assert_eq!(played.code, 0, "{}", played.all());
    let receipt = played.event("receipt");
    assert_eq!((&receipt["state"], &receipt["payment"]["amount"]), (&"done".into(), &"2".into()));

    let steps = replay(&["--show", "--json", cassette], Path::new("/"));
    let steps = steps.events();
    assert!(steps.iter().all(|s| s["answer"].is_string() || s["part"] == "person"));
    let sent = steps.iter().find(|s| s["request"].as_str().unwrap().starts_with("sendrawtransaction")).unwrap();
    let step = sent["step"].to_string();
    let one = replay(&["--show", "--json", "--step", &step, cassette], Path::new("/"));
    let [asked, answered] = one.events().try_into().unwrap();
    assert_eq!(
        (&asked["kind"], &answered["kind"], &answered["id"]),
        (&"asked".into(), &"answered".into(), &asked["id"])
    );
    let hash = receipt["payment"]["tx_hash"].as_str().unwrap();
    assert!(answered["body"]["text"].as_str().unwrap().contains(hash), "{answered}");

    let events = replay(&["--show", "--events", cassette], Path::new("/"));
    assert_eq!(events.code, 0, "{}", events.all());
    for text in ["Plan protein_folding on data.fasta", "Payment confirmed in block", "best energy -26"] {
        assert!(events.out.split_whitespace().collect::<Vec<_>>().join(" ").contains(text), "{text}: {}", events.out);
    }
}

/// Source without its tests, which may do as they like.
fn without_tests(text: &str) -> &str {
    let mut at = 0;
    while let Some(mark) = text[at..].find("#[cfg(test)]") {
        let mut after = text[at + mark..].lines().skip(1).skip_while(|line| line.trim_start().starts_with("#["));
        if after.next().is_some_and(|line| line.contains("mod tests")) {
            return &text[..at + mark];
        }
        at += mark + 1;
    }
    text
}

#[test]
fn tests_are_told_from_what_they_test() {
    let code = "#[cfg(test)]\npub mod fake;\nfn a() {}\n";
    for tests in [
        "#[cfg(test)]\nmod tests {",
        "#[cfg(test)]\n#[rustfmt::skip]\nmod tests;",
        "#[cfg(test)]\npub(crate) mod tests;",
    ] {
        assert_eq!(without_tests(&format!("{code}{tests}\nfn b() {{}}\n")), code);
    }
    assert_eq!(without_tests(code), code);
}

/// A run is played without network and by the recorded clock only as long as nothing goes out, tells the time, draws or
/// waits by another way.
#[test]
fn there_is_one_way_out_and_one_clock() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    let ours = ["agent", "job", "model", "payment", "tools"].map(|folder| format!("src/{folder}"));
    let guard = ["ledger", "machine", "policy"].map(|folder| format!("crates/guard/src/{folder}"));
    let others = ["compute/src/aioz", "neo/src", "storage/src"].map(|folder| format!("crates/{folder}"));
    let folders = ours.iter().chain(&guard).chain(&others);
    let mut open: Vec<PathBuf> = folders.map(|folder| source.join(folder)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        // Beside sources lie files that tests read.
        if path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        // A session's file dates its lines for nobody; of the ledger's clock only what the wallet has spent comes, and
        // that is drawn.
        let apart = ["fake.rs", "session_file.rs", "clock.rs"];
        // A model is taped by its turns: no client of an endpoint is made in a run that is played.
        let endpoint = path.starts_with(source.join("src/model/openai")) || path == source.join("src/model/openai.rs");
        let tests = name == "tests.rs"
            || name.ends_with("_tests.rs")
            || path.strip_prefix(source).unwrap().iter().any(|part| part == "tests");
        if !name.ends_with(".rs") || tests || endpoint || apart.contains(&name) {
            continue;
        }
        let code = without_tests(&text);
        if code.contains("http_client()") {
            assert!(code.contains("Line::on("), "{} makes a client that is not on a line", path.display());
            seen += 1;
        }
        for call in [
            "Client::new()",
            "Client::builder()",
            "Timestamp::now()",
            "Instant::now()",
            "SystemTime::now()",
            "time::sleep(",
        ] {
            assert!(!code.contains(call), "{} calls {call} and not the cassette's", path.display());
        }
        if code.contains("rand::rng()") {
            assert!(code.contains(".draw("), "{} draws what no record keeps", path.display());
        }
    }
    assert_eq!(seen, 4, "provider, its uploads, nodes, results");
}
