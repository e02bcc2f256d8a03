//! Files beside the dataset, and outside programs: what is measured, planned, run and told. Most of it runs small scripts in
//! the programs' places; what only the real programs know is asked of them.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::Value;

use crate::world::{World, flat, isolates};
use domain::hash::Sha256;

const QUERY: &str = ">q1\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n>q2\nGIGAVLKVLTTGLPALISWIKRKRQQ\n";
const PROTEINS: &str = ">a\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n>b\nGIGAVLKVLTTGLPALISWIKRKRQQMKTAYIA\n";
const GENES: &str = ">a\nACGTACGTTTGACCATTGACCA\n>b\nTTGACCAACGTACGTTTGACCA\n";
const SEARCH: [&str; 5] = ["run", "blast_search", "query.fasta", "--set", "database=db.fasta"];

/// A fresh folder with a query and a database.
fn world(database: &str) -> World {
    let world = World::new();
    world.file("query.fasta", QUERY);
    world.file("db.fasta", database);
    world
}

/// A script in the place of a program.
fn script(world: &mut World, name: &str, text: &str) {
    let folder = world.root().join("bin");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let others = std::env::var("PATH").unwrap();
    world.set("PATH", format!("{}:{others}", folder.display()));
}

/// A `makeblastdb` that copies its file, and a `blastp` that tells its version, copies its database to its output, and then does
/// what it is told here.
fn blastp(world: &mut World, more: &str) {
    let text = format!(
        r#"[ "$1" = -version ] && {{ echo "blastp: 9.8.7+"; echo " Package: blast 9.8.7, build today"; exit 0; }}
while [ $# -gt 0 ]; do case "$1" in -query) query=$2;; -db) database=$2;; -out) out=$2;; esac; shift 2; done
cat "$database" > "$out"
{more}"#
    );
    script(world, "blastp", &text);
    let copies = r#"while [ $# -gt 0 ]; do case "$1" in -in) in=$2;; -out) out=$2;; esac; shift 2; done
cat "$in" > "$out""#;
    script(world, "makeblastdb", copies);
}

fn sha256(text: &str) -> String {
    Sha256::of(text.as_bytes()).to_string()
}

fn document(receipt: &Value) -> Value {
    let folder = receipt["result"]["path"].as_str().unwrap();
    serde_json::from_str(&fs::read_to_string(Path::new(folder).join("result.json")).unwrap()).unwrap()
}

/// The real program, which `tests/setup.sh` installs.
fn is_installed(program: &str) {
    let there = std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|folder| folder.join(program).is_file());
    assert!(there, "{program} is missing: run tests/setup.sh, or install ncbi-blast+, mafft and hmmer");
}

#[test]
fn proteins_are_not_searched_for_in_nucleotides() {
    let mut world = world(GENES);
    blastp(&mut world, "");
    for arguments in [SEARCH.to_vec(), [&["plan"], &SEARCH[1..]].concat()] {
        let run = world.run(&arguments);
        let said = flat(&(run.out.clone() + &run.err));
        assert_eq!(run.code, 1, "{}", run.all());
        let why = "`database` is to be FASTA of protein sequences, and db.fasta is of nucleotide sequences";
        assert!(said.contains(why), "{}", run.all());
        assert!(said.contains("sequence_translate makes proteins of coding sequences"), "{}", run.all());
    }
    assert!(world.states().is_empty(), "nothing was begun");
}

#[test]
fn what_is_no_database_is_told_by_its_own_name() {
    let mut world = world("");
    blastp(&mut world, "");
    for (content, why) in [
        (&b""[..], "`database` cannot be used: db.fasta is empty"),
        (b"not a sequence\n", "`database` is to be FASTA of protein sequences, and db.fasta is plain text"),
        (b"\x1f\x8b\x08\x00broken", "`database` cannot be used: db.fasta is damaged"),
        (b">a\n>b\n", "`database`"),
    ] {
        world.file("db.fasta", content);
        let run = world.run(&SEARCH);
        assert!(flat(&(run.out.clone() + &run.err)).contains(why) && run.code == 1, "{why}: {}", run.all());
    }
    assert!(world.states().is_empty());
}

#[test]
fn the_database_is_in_plan_result_and_receipt() {
    let mut world = world(PROTEINS);
    blastp(&mut world, "");
    let shown = world.run(&[&["plan"], &SEARCH[1..]].concat());
    let said = flat(&shown.out);
    assert!(said.contains(&format!("database db.fasta ({} B, 2 records)", PROTEINS.len())), "{}", shown.all());
    let run = world.run(&[&SEARCH[..], &["--json"]].concat());
    assert_eq!(run.code, 0, "{}", run.all());
    let further = &run.event("verdict")["further"];
    assert_eq!(further[0]["name"], "database");
    assert_eq!((further[0]["bytes"].as_u64(), further[0]["records"].as_u64()), (Some(PROTEINS.len() as u64), Some(2)));
    let content = run.event("plan")["work"][0]["content"].as_array().unwrap().clone();
    assert_eq!(content.len(), 2, "the consent is to both");
    let receipt = run.event("receipt");
    let inputs: Vec<_> = receipt["inputs"].as_array().unwrap().iter().collect();
    assert_eq!((&inputs[0]["name"], &inputs[1]["name"]), (&"dataset".into(), &"database".into()));
    assert_eq!(inputs[0]["sha256"], sha256(QUERY).as_str());
    assert_eq!(inputs[1]["sha256"], sha256(PROTEINS).as_str());
    let made = document(&receipt);
    assert_eq!(made["inputs"][0]["path"], "db.fasta");
    assert_eq!(made["inputs"][0]["sha256"], sha256(PROTEINS).as_str());
    assert_eq!(made["program"]["version"], "9.8.7+", "as the program itself says");
    let printed = flat(&world.run(&["jobs", "receipt"]).out);
    assert!(printed.contains(&format!("sha256 {}", sha256(PROTEINS))), "{printed}");
}

#[test]
fn a_database_that_changed_is_other_work() {
    let mut world = world(PROTEINS);
    blastp(&mut world, "");
    let job = |world: &World| {
        let run = world.run(&[&SEARCH[..], &["--json"]].concat());
        assert_eq!(run.code, 0, "{}", run.all());
        let receipt = run.event("receipt");
        (receipt["job"].clone(), receipt["inputs"][1]["sha256"].clone())
    };
    let first = job(&world);
    let other = PROTEINS.replace("GIG", "GAG");
    world.file("db.fasta", &other);
    let second = job(&world);
    assert_ne!(first.0, second.0);
    assert_eq!(second.1, sha256(&other).as_str());
}

#[test]
fn what_a_program_says_beside_its_result_is_kept_and_shown() {
    let mut world = world(PROTEINS);
    blastp(
        &mut world,
        r#"echo "Warning: [blastp] $query: no data" >&2; for i in 1 2 3 4 5; do echo "note $i" >&2; done"#,
    );
    let run = world.run(&[&SEARCH[..], &["--json"]].concat());
    let warnings: Vec<String> =
        run.events().iter().filter(|e| e["type"] == "warning").map(|e| e["message"].to_string()).collect();
    let receipt = run.event("receipt");
    // On a machine where programs are not isolated, that comes first.
    let first = usize::from(!isolates());
    assert!(
        warnings[first]
            .contains("blast_search of query.fasta: the program says: Warning: [blastp] ./in/query.fasta: no data"),
        "{}",
        run.all()
    );
    let more = format!("{} more lines", 3 + first);
    assert!(warnings.len() == 4 && warnings[3].contains(&more), "{warnings:?}");
    assert_eq!(receipt["result"]["warnings"].as_array().unwrap().len(), 6 + first);
    assert_eq!(document(&receipt)["warnings"][5 + first], "note 5");
    let job = receipt["job"].as_str().unwrap();
    for shown in [world.run(&["jobs", "receipt", job]), world.run(&["jobs", "show", job])] {
        assert!(flat(&shown.out).contains("Warning: [blastp] ./in/query.fasta: no data"), "{}", shown.all());
    }
}

#[test]
fn without_bubblewrap_a_program_runs_and_it_is_said_that_nothing_isolates_it() {
    let mut world = world(PROTEINS);
    blastp(&mut world, "");
    let cat =
        std::env::split_paths(&std::env::var_os("PATH").unwrap()).map(|folder| folder.join("cat")).find(|c| c.exists());
    std::os::unix::fs::symlink(cat.unwrap(), world.root().join("bin/cat")).unwrap();
    world.set("PATH", world.root().join("bin").display().to_string());
    let run = world.run(&[&SEARCH[..], &["--json"]].concat());
    assert_eq!(run.code, 0, "{}", run.all());
    let said = "blast_search of query.fasta: not isolated: bubblewrap is not installed; the program could read what its \
                user may, and use the network";
    let warnings: Vec<_> = run.events().into_iter().filter(|e| e["type"] == "warning").collect();
    assert_eq!((warnings.len(), warnings[0]["message"].as_str()), (1, Some(said)), "{}", run.all());
    let document = document(&run.event("receipt"));
    assert!(document["program"].get("isolation").is_none(), "{document}");
    let doctor = world.run(&["doctor", "--json"]);
    let found = doctor.events().into_iter().find(|check| check["part"] == "isolation").unwrap();
    assert_eq!((&found["state"], &found["mend"]), (&"warn".into(), &"sudo apt install bubblewrap".into()));
    assert_eq!(doctor.code, 0, "{}", doctor.all());
}

#[test]
fn a_failing_program_is_told_in_its_own_words_and_without_ours() {
    let mut world = world(PROTEINS);
    blastp(&mut world, r#"echo "=====" >&2; echo "Error: $query and $database are odd" >&2; exit 3"#);
    let run = world.run(&SEARCH);
    let said = flat(&(run.out.clone() + &run.err));
    assert_eq!(run.code, 6, "{}", run.all());
    assert!(said.contains("`blastp` failed (exit code 3): Error: ./in/query.fasta and ./db are odd"), "{}", run.all());
    assert!(!said.contains("/proc/") && !said.contains(".scratch"), "{}", run.all());
    blastp(&mut world, "exit 1");
    let silent = world.run(&[&SEARCH[..], &["--anew"]].concat());
    let said = flat(&(silent.out.clone() + &silent.err));
    assert!(
        said.contains("`blastp` failed (exit code 1) and gave no reason: it wrote nothing to its standard error"),
        "{}",
        silent.all()
    );
    assert!(said.contains("hint:"), "{}", silent.all());
}

#[test]
fn a_run_that_was_ended_at_a_limit_is_not_sent_the_same_way_again() {
    let mut world = world(PROTEINS);
    let needs = |world: &World| {
        let run = world.run(&[&["plan"], &SEARCH[1..], &["--json"]].concat());
        run.event("verdict")["required_ram"].as_u64().unwrap()
    };
    blastp(&mut world, r#"echo "std::bad_alloc" >&2; exit 1"#);
    let before = needs(&world);
    let run = world.run(&SEARCH);
    let said = flat(&(run.out.clone() + &run.err));
    assert_eq!(run.code, 6, "{}", run.all());
    assert!(said.contains("the run needed more than") && said.contains("a smaller `database`"), "{}", run.all());
    assert!(!said.contains("remotely"), "a database is never sent: {}", run.all());
    assert!(needs(&world) > 10 * before, "{} after {before}", needs(&world));
}

#[test]
fn a_database_too_large_for_this_machine_is_refused_with_what_would_do() {
    let mut world = World::new();
    world.file("query.fasta", QUERY);
    blastp(&mut world, "");
    // Longer than anybody waits: ten million residues against a gigabyte of proteins.
    let protein = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ".repeat(30);
    world.file("query.fasta", format!(">q\n{protein}\n").repeat(10_000));
    world.file("db.fasta", format!(">d\n{protein}\n").repeat(50_000));
    let run = world.run(&SEARCH);
    let said = flat(&(run.out.clone() + &run.err));
    assert!(said.contains("blast_search does not fit this machine (would run about"), "{}", run.all());
    assert!(said.contains("its `database` is not sent to a provider"), "{}", run.all());
    assert!(
        said.contains("a smaller `database`") && said.contains("`max_local_seconds` in policy.toml"),
        "{}",
        run.all()
    );
    assert!(world.states().is_empty());
}

#[test]
fn the_real_programs_tell_their_versions_and_take_rare_residues() {
    is_installed("mafft");
    let world = World::new();
    world.file("rare.fasta", ">a\nMKTAYIAKQRQISFVKSHFSR\n>b\nMKTAYIAKQRUISFVKSHFSR\n>c\nMKTAYIAKQRQISFOKSHFSR\n");
    let run = world.run(&["run", "multiple_alignment", "rare.fasta", "--json"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let receipt = run.event("receipt");
    let made = document(&receipt);
    assert!(made["program"]["version"].as_str().unwrap().starts_with("v7."), "{made}");
    let folder = receipt["result"]["path"].as_str().unwrap();
    let aligned = fs::read_to_string(Path::new(folder).join("alignment.fasta")).unwrap();
    assert!(aligned.contains("MKTAYIAKQRUISFVKSHFSR") && aligned.contains("QISFOKSHFSR"), "{aligned}");
}

#[test]
fn a_tilde_in_a_parameter_is_the_home_folder() {
    let mut world = world("");
    blastp(&mut world, "");
    // The home folder of these runs is the root; no shell expands what stands behind `database=`.
    fs::write(world.root().join("far.fasta"), PROTEINS).unwrap();
    let run = world.run(&["run", "blast_search", "query.fasta", "--set", "database=~/far.fasta", "--json"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(run.event("receipt")["inputs"][1]["path"], "~/far.fasta");
    let result = run.event("receipt")["result"]["path"].as_str().unwrap().to_owned();
    let named = world.run(&["--home=~/home", "jobs", "receipt", "--json"]);
    assert_eq!(named.events()[0]["result"]["path"], result.as_str(), "the same home");
    assert!(!world.work().join("~").exists());
}

/// Selenocysteine and all; residues by a fixed recipe, so that the figures are the same everywhere.
fn proteins(count: u64, length: usize) -> String {
    let letters = b"ARNDCQEGHILKMFPSTWYVLAGES";
    let mut state = 42_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % letters.len()
    };
    let one = |i| format!(">p{i}\n{}\n", (0..length).map(|_| char::from(letters[next()])).collect::<String>());
    (0..count).map(one).collect()
}

#[test]
fn what_a_real_search_uses_was_planned() {
    is_installed("blastp");
    let world = World::new();
    let database = proteins(57_000, 350);
    world.file("query.fasta", database.lines().take(6).map(|line| format!("{line}\n")).collect::<String>());
    world.file("db.fasta", &database);
    let run = world.run(&[&SEARCH[..], &["--json"]].concat());
    assert_eq!(run.code, 0, "{}", run.all());
    let planned = run.event("verdict")["required_ram"].as_f64().unwrap();
    let ledger = rusqlite::Connection::open(world.home().join("ledger.db")).unwrap();
    let used: f64 = ledger.query_row("SELECT ram FROM measured", [], |row| row.get(0)).unwrap();
    println!("blastp, 3 sequences against {} bytes: planned {planned} bytes of RAM, used {used}", database.len());
    assert!((0.67..1.5).contains(&(planned / used)), "planned {planned}, used {used}");
}
