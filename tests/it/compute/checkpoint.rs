//! What a run keeps to go on by: there while its job is open, also after a kill, and gone with the job's end.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::world::World;

/// From nothing it comes half way and stays there; from half way it comes to its end.
const HALVES: &str = r#"name = "halves"
title = "Two halves"
description = "Works in two halves."
[inputs.lines]
formats = ["text"]
[program]
kind = "command"
executable = "sh"
arguments = [
    "-c",
    'if [ -e "$1" ]; then echo "went on from $(cat "$1")" > "$2"; else echo half > "$1.new"; mv "$1.new" "$1"; sleep 600; fi',
    "halves", "{checkpoint:done}", "{out:all.txt}", "{lines}",
]
[resources]
ram = { constant = 5e7 }
seconds = { constant = 0.1 }
spread = 3.0
source = "a guess for a program that does little"
"#;

/// Waits until a run keeps a file of that name, and gives its path.
pub fn kept(results: &Path, name: &str, run: &mut Child) -> PathBuf {
    let began = Instant::now();
    let beneath = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    loop {
        let all = beneath(results).into_iter().flat_map(|job| beneath(&job)).map(|folder| folder.join(name));
        let is_kept = |path: &PathBuf| path.to_string_lossy().contains("/.checkpoint-") && path.exists();
        if let Some(path) = all.into_iter().find(is_kept) {
            return path;
        }
        assert!(run.try_wait().unwrap().is_none(), "it ended and kept nothing");
        assert!(began.elapsed() < Duration::from_secs(120), "it keeps nothing");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn world() -> World {
    let world = World::new();
    fs::create_dir_all(world.home().join("tasks")).unwrap();
    fs::write(world.home().join("tasks/halves.toml"), HALVES).unwrap();
    world.file("lines.txt", "a\nb\n");
    world
}

/// A run that was killed half way, and its job.
fn killed(world: &World) -> (PathBuf, String) {
    let mut run = world.command(&["run", "halves", "lines.txt"]);
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let path = kept(&world.home().join("results"), "done", &mut run);
    run.kill().unwrap();
    run.wait().unwrap();
    let job = path.ancestors().nth(2).unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    (path, job)
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn a_killed_run_goes_on_and_leaves_nothing_of_it_behind() {
    let world = world();
    let (path, job) = killed(&world);
    let resumed = world.run(&["jobs", "resume", &job, "--json"]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    let folder = world.home().join("results").join(&job);
    assert_eq!(fs::read_to_string(folder.join("all.txt")).unwrap(), "went on from half\n");
    assert_eq!(names(&folder), ["all.txt", "result.json"]);
    assert!(!path.exists());
    let listed: Value = serde_json::from_str(&world.run(&["results", &job, "--json"]).out).unwrap();
    let listed: Vec<_> = listed["files"].as_array().unwrap().iter().map(|file| file["name"].clone()).collect();
    assert_eq!(listed, ["result.json", "all.txt"]);
}

#[test]
fn what_a_job_kept_goes_with_it_when_it_is_given_up_or_its_result_goes_elsewhere() {
    let world = world();
    let (path, job) = killed(&world);
    let given_up = world.run(&["jobs", "cancel", &job]);
    assert_eq!(given_up.code, 0, "{}", given_up.all());
    assert!(!path.parent().unwrap().exists());
    // Put elsewhere, it begins anew: killed once more, it leaves nothing at the first place.
    let (path, job) = killed(&world);
    let mut elsewhere = world.command(&["jobs", "resume", &job, "--out", "here"]);
    let mut elsewhere = elsewhere.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let new = kept(&world.work().join("here"), "done", &mut elsewhere);
    elsewhere.kill().unwrap();
    elsewhere.wait().unwrap();
    assert!(new.exists() && !path.parent().unwrap().exists());
}

#[test]
fn what_a_stranger_puts_in_its_place_is_not_taken_up() {
    let world = world();
    let (path, job) = killed(&world);
    // A stranger's file in the place of the run's own, reached through a link.
    let theirs = world.file("theirs", "theirs");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&theirs, &path).unwrap();
    let mut run = world.command(&["jobs", "resume", &job]);
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_symlink()) || !path.exists() {
        assert!(run.try_wait().unwrap().is_none(), "it took up what was not its own");
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "half\n", "it began anew");
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(fs::read_to_string(theirs).unwrap(), "theirs");
}
