//! Jobs and their home folder when something about them is not as it was left.

use std::{
    fs,
    process::{Command, Output},
};

use crate::world::{Run, World, example};

/// A run that is ended after a while, with exit code 124, should it hang.
fn run_or_hang(world: &World, arguments: &[&str], folder: &std::path::Path) -> Run {
    let plain = world.command(arguments);
    let mut command = Command::new("timeout");
    command.arg("120").arg(plain.get_program()).args(plain.get_args()).current_dir(folder).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output: Output = command.output().unwrap();
    Run::of(output)
}

fn pipe(path: &std::path::Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// One error with a sentence that says this, and a hint that says that.
fn says(run: &Run, code: i32, sentence: &str, hint: &str) {
    assert_eq!(run.code, code, "{}", run.all());
    let error = run.event("error");
    let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    assert!(text("message").contains(sentence), "{error}");
    assert!(text("hint").contains(hint), "{error}");
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_an_error_and_no_wait() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let run = world.run(&["ask", "--json", "Give me sequence statistics of data.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let result = run.event("result.fetched")["path"].as_str().unwrap().to_owned();

    pipe(&world.work().join(".env"));
    says(&run_or_hang(&world, &["jobs", "list", "--json"], &world.work()), 1, "not a regular file", "plain file");
    fs::remove_file(world.work().join(".env")).unwrap();
    for (name, code) in [("config.toml", 1), ("policy.toml", 1)] {
        pipe(&world.home().join(name));
        let run = run_or_hang(&world, &["jobs", "resume", "--json"], &world.work());
        says(&run, code, "not a regular file", "plain file");
        fs::remove_file(world.home().join(name)).unwrap();
    }
    fs::remove_file(&result).unwrap();
    pipe(result.as_ref());
    let run = run_or_hang(&world, &["jobs", "receipt", "--verify", "--json"], &world.work());
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(run.out.contains("not a regular file"), "{}", run.all());
    assert_eq!(run.event("error")["kind"], "not_verified");
}

#[test]
fn a_lost_ledger_is_no_fresh_start() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let ask = ["ask", "--json", "Give me sequence statistics of data.fasta"];
    assert_eq!(world.run(&ask).code, 0);
    let log = fs::read_to_string(world.home().join("jobs.jsonl")).unwrap();
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let _ = fs::remove_file(world.home().join(name));
    }
    for arguments in [&ask[..], &["jobs", "list", "--json"], &["wallet", "history", "--json"]] {
        says(&world.run(arguments), 1, "ledger.db is missing", "restore");
    }
    assert_eq!(fs::read_to_string(world.home().join("jobs.jsonl")).unwrap(), log, "nothing is cut");
    fs::rename(world.home().join("jobs.jsonl"), world.home().join("old.jsonl")).unwrap();
    assert_eq!(world.run(&ask).code, 0, "whoever means it begins anew");
}

#[test]
fn an_ended_job_has_nothing_left_to_give_up() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let run = world.run(&["ask", "--json", "Give me sequence statistics of data.fasta"]);
    let job = run.event("verdict")["job"].as_str().unwrap().to_owned();
    let canceled = world.run(&["jobs", "cancel", &job, "--json"]);
    says(&canceled, 3, "it has ended; it is done", &format!("agent jobs show {job}"));
}

#[test]
fn a_secret_is_never_data_whatever_it_is_called() {
    let world = World::new();
    world.file(".env", "NOTE=1\n");
    world.file("notes.txt", "Nothing to see here.\nAIOZ_SECRET_KEY=correct-horse\n");
    world.file("key.txt", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n");
    world.file("keys.fasta", example("data.fasta"));
    std::os::unix::fs::symlink(".env", world.work().join("linked.txt")).unwrap();
    for name in ["notes.txt", "key.txt", "linked.txt"] {
        let run = world.run(&["ask", "--json", &format!("Summarise {name}")]);
        says(&run, 3, "D-SECRET", "copy the data alone");
        assert!(!run.all().contains("correct-horse") && !run.all().contains("b3Blbn"), "{}", run.all());
    }
    assert_eq!(world.states(), Vec::<String>::new());
    let run = world.run(&["ask", "--json", "Give me sequence statistics of keys.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
}

#[test]
fn up_from_a_link_is_refused_as_it_has_two_meanings() {
    let world = World::new();
    fs::create_dir_all(world.work().join("other/deep")).unwrap();
    world.file("other/x.fasta", ">x\nAC\n");
    world.file("x.fasta", ">y\nACDE\n>z\nAC\n");
    std::os::unix::fs::symlink("other/deep", world.work().join("l")).unwrap();
    let run = world.run(&["ask", "--json", "Give me sequence statistics of l/../x.fasta"]);
    says(&run, 3, "which is a link", "without `..`");
    assert_eq!(world.states(), Vec::<String>::new());
}
