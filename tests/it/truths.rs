//! What the program says of odd files, limits, folders and money is so, and its exit codes say the same.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::{ffi::OsStringExt as _, fs::PermissionsExt as _},
    process::Stdio,
};

use serde_json::Value;

use crate::world::{Run, World, example, flat};

const FASTA: &str = ">a\nMKVLAAGIVG\n";

fn results(run: &Run) -> usize {
    run.types().iter().filter(|kind| *kind == "result.fetched").count()
}

/// Linux allows names that are no text; such a file is one that cannot be done, and stops no other.
#[test]
fn a_name_that_is_no_text_is_one_file_that_cannot_be_done() {
    let world = World::new();
    fs::create_dir(world.work().join("d")).unwrap();
    let odd = OsString::from_vec(b"\xff\xfe.fasta".to_vec());
    fs::write(world.work().join("d").join(&odd), FASTA).unwrap();
    world.file("d/good.fasta", FASTA);
    world.file("d/ a.fasta", FASTA.replace("MK", "MKL"));
    let run = world.run(&["run", "--json", "sequence_stats", "d"]);
    assert_eq!((run.code, results(&run)), (1, 2), "{}", run.all());
    let cannot = run.event("turn.status")["cannot"].clone();
    assert_eq!(cannot.as_array().unwrap().len(), 1, "{cannot}");
    assert!(cannot[0]["why"].as_str().unwrap().contains("is no valid UTF-8"), "{cannot}");
    let named =
        Run::of(world.command(&["run", "sequence_stats"]).arg(world.work().join("d").join(&odd)).output().unwrap());
    assert_eq!(named.code, 1, "{}", named.all());
    assert!(flat(&named.err).contains("is no valid UTF-8") && named.err.contains("hint: rename it"), "{}", named.all());
    let asked = world.run(&["ask", "--json", "sequence stats of d"]);
    assert_eq!((asked.code, results(&asked)), (1, 2), "{}", asked.all());
    assert!(asked.out.contains("is no valid UTF-8") && asked.out.contains("d/ a.fasta"), "{}", asked.all());
    let out = OsString::from_vec(b"--out=\xff".to_vec());
    let run = Run::of(world.command(&["run", "sequence_stats", "d/good.fasta"]).arg(out).output().unwrap());
    assert_eq!(run.code, 2, "{}", run.all());
}

#[test]
fn what_cannot_be_done_counts_the_same_in_a_dry_run_and_is_named_at_the_end() {
    let world = World::new();
    world.file("a.fasta", FASTA);
    let of = |flags: &[&str]| world.run(&[&["run", "sequence_stats", "a.fasta", "nope.fasta"], flags].concat());
    let (dry, run) = (of(&["--dry-run"]), of(&[]));
    for run in [&dry, &run] {
        assert_eq!(run.code, 1, "{}", run.all());
        assert!(run.err.contains("error: there is no file nope.fasta"), "{}", run.all());
    }
    let end = run.out.rsplit("sha256").next().unwrap_or_default();
    assert!(end.contains("Not done") && end.contains("nope.fasta"), "{}", run.all());
}

#[test]
fn what_makes_no_sense_is_usage() {
    let world = World::new();
    world.file("a.fasta", FASTA);
    for line in [
        "run no_such_task a.fasta",
        "run no_such_task a.fasta --dry-run",
        "plan no_such_task a.fasta",
        "run protein_folding a.fasta --set colour=3",
        "run protein_folding a.fasta --set dimension=9",
        "run sequence_stats a.fasta --at-once 0",
        "run sequence_stats a.fasta --assume-bytes 99999999999999999999GB",
        "ask --session mine hello",
    ] {
        let run = world.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(run.code, 2, "{line}: {}", run.all());
        assert!(run.err.contains("error: "), "{line}: {}", run.all());
    }
}

/// Who has read enough of what `agent run` tells has not asked it to stop.
#[test]
fn a_reader_that_goes_away_stops_no_run() {
    let world = World::new();
    for n in 0..6 {
        world.file(&format!("s{n}.fasta"), FASTA.repeat(n + 1));
    }
    let mut command = world.command(&["run", "--json", "sequence_stats", "s*.fasta"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((child.wait().unwrap().code(), errors.as_str()), (Some(0), ""));
    let done = world.run(&["jobs", "list", "--json"]);
    assert_eq!(done.events().iter().filter(|job| job["state"] == "done").count(), 6, "{}", done.all());
}

#[test]
fn a_size_that_is_assumed_is_judged_and_never_lowers_one() {
    let world = World::new();
    world.file("a.fasta", FASTA);
    let of = |size| world.run(&["run", "--dry-run", "sequence_stats", "a.fasta", "--assume-bytes", size]);
    let large = flat(&of("5GB").out);
    assert!(large.contains("it is claimed that the dataset has 5.0 GB") && large.contains("provider"), "{large}");
    let small = flat(&of("1").out);
    assert!(!small.contains("as if it had") && small.contains("planned by its own size"), "{small}");
}

#[test]
fn folders_and_patterns_say_what_is_wrong_with_them() {
    let world = World::new();
    for folder in ["k", "empty", "notes"] {
        fs::create_dir(world.work().join(folder)).unwrap();
    }
    world.file("notes/a.txt", "Some words.\n");
    for n in 0..1_001 {
        world.file(&format!("k/{n}.fasta"), FASTA);
    }
    for name in ["k", "k/*.fasta"] {
        let run = world.run(&["run", "sequence_stats", name]);
        assert_eq!(run.code, 2, "{name}: {}", run.all());
        assert!(flat(&run.err).contains("to 1,001, and one request holds at most 1,000"), "{}", run.all());
    }
    let names: Vec<String> = (0..1_001).map(|n| format!("k/{n}.fasta")).collect();
    let typed: Vec<&str> = ["run", "sequence_stats"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let run = world.run(&typed);
    assert_eq!(run.code, 2, "{}", run.all());
    assert!(flat(&run.err).contains("1,001 pieces of work are asked for"), "{}", run.all());
    for (name, says) in [
        ("empty", "the folder `empty` holds no file that sequence_stats takes"),
        ("notes", "the folder `notes` holds no file that sequence_stats takes"),
        ("k/*.fq", "no file matches `k/*.fq`"),
    ] {
        let run = world.run(&["run", "sequence_stats", name]);
        assert_eq!(run.code, 1, "{name}: {}", run.all());
        assert!(flat(&run.err).contains(says), "{name}: {}", run.all());
    }
}

#[test]
fn every_command_says_the_caps_that_hold() {
    let world = World::new();
    let balance = flat(&world.run(&["wallet", "balance"]).out);
    assert!(balance.contains("1000000 GAS left in these 24 hours"), "{balance}");
    assert!(balance.contains("by the sandbox's own caps"), "{balance}");
    let doctor = flat(&world.run(&["doctor"]).out);
    assert!(doctor.contains("the sandbox's own caps: 1000 GAS a payment"), "{doctor}");
    fs::write(world.home().join("policy.toml"), "[caps]\nper_day = \"7\"\n").unwrap();
    let balance = flat(&world.run(&["wallet", "balance"]).out);
    assert!(balance.contains("7 GAS left in these 24 hours") && balance.contains("by the owner's caps"), "{balance}");
    assert!(flat(&world.run(&["doctor"]).out).contains("10 GAS a payment, 7 GAS in 24 hours"));
}

/// Flags beside a plan file make it narrower; the file is still the one that was written.
#[test]
fn flags_are_no_change_of_a_plan_file() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    assert_eq!(world.run(&["plan", "protein_folding", "data.fasta", "-o", "p.toml"]).code, 0);
    for (flags, code) in
        [(&["--dry-run"][..], 0), (&["--max-gas", "1"], 5), (&["--max-gas", "9", "--dry-run"], 0), (&["--here"], 3)]
    {
        let run = world.run(&[&["run", "--json", "--plan", "p.toml"], flags].concat());
        assert_eq!(run.code, code, "{flags:?}: {}", run.all());
        assert!(!run.types().contains(&"warning".to_owned()), "{flags:?}: {}", run.all());
    }
    let path = world.work().join("p.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[work.parameters]\ndimension = 3\n")).unwrap();
    let run = world.run(&["run", "--json", "--plan", "p.toml", "--dry-run"]);
    assert!(run.types().contains(&"warning".to_owned()), "{}", run.all());
}

#[test]
fn what_never_ran_and_was_never_paid_is_not_said_to_be() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let quote = world.run(&["run", "--json", "--until", "quote", "protein_folding", "data.fasta"]);
    let id = quote.event("turn.status")["jobs"][0]["job"].as_str().unwrap().to_owned();
    let list = world.run(&["jobs", "list"]).out;
    assert!(list.contains("2 asked"), "{list}");
    assert_eq!(world.run(&["jobs", "cancel", &id]).code, 0);
    let line = world.run(&["jobs", "list"]).out.lines().find(|line| line.contains(&id)).unwrap().to_owned();
    assert!(line.contains("canceled") && !line.contains(" 2 "), "{line}");
    let receipt = flat(&world.run(&["jobs", "receipt", &id]).out);
    assert!(receipt.contains("ran not at all"), "{receipt}");
}

/// What is printed to be typed can be typed.
#[test]
fn commands_with_paths_are_quoted_for_the_shell() {
    let world = World::new();
    world.file("a.fasta", FASTA);
    let plan = world.run(&["plan", "sequence_stats", "a.fasta", "-o", "my plan's.toml"]);
    let line = plan.out.lines().find(|line| line.contains("agent run --plan")).unwrap();
    let words = shlex::split(line.split_once("agent ").unwrap().1).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!((words.len(), world.run(&words).code), (3, 0), "{line}");
}

#[test]
fn a_home_that_cannot_be_used_is_named_with_a_way_out() {
    let world = World::new();
    world.file("a.fasta", FASTA);
    let file = world.run(&["--home", "a.fasta", "run", "sequence_stats", "a.fasta"]);
    assert_ne!(file.code, 0);
    let said = flat(&file.err);
    assert!(
        said.contains("a.fasta cannot be used as the home folder") && said.contains("hint: set AGENT_HOME"),
        "{said}"
    );
    assert!(!said.contains("config.toml"), "{said}");
    // The superuser is let through every mode.
    fs::create_dir(world.home()).unwrap();
    fs::set_permissions(world.home(), fs::Permissions::from_mode(0o500)).unwrap();
    let closed = world.run(&["run", "sequence_stats", "a.fasta"]);
    assert!(closed.code == 0 || closed.err.contains("hint: set AGENT_HOME"), "{}", closed.all());
}

#[test]
fn the_catalogue_says_where_tasks_run_and_results_how_much_they_are_of() {
    let world = World::new();
    world.file("a.fasta", FASTA.repeat(6));
    for (task, runs) in [("blast_search", "Runs here Program"), ("multiple_alignment", "Runs here, or at the provider")]
    {
        let told = flat(&world.run(&["tasks", task]).out);
        assert!(told.contains(runs), "{told}");
    }
    let run = world.run(&["run", "sequence_stats", "a.fasta"]).out;
    assert!(run.contains("sequence_stats: 6 sequences"), "{run}");
    let list: Vec<Value> = world.run(&["jobs", "list", "--json"]).events();
    assert_eq!(list.len(), 1);
}
