//! Files that a model names: nothing outside the folders that a person opened to it, by whatever way.

use std::{ffi::CString, fs, os::unix::fs::symlink, sync::Arc};

use serde_json::json;

use super::{Case, must};
use crate::world::World;

const PRIVATE: &str = ">private\nMKTAYIAKQRQISFVKSHFSRQ\n";

/// Files of the working folder, under names that are odd and honest.
const NAMES: [&str; 9] = [
    "data.fasta",
    "sub/inner.fasta",
    "two words.fasta",
    "-dash.fasta",
    "é.fasta",
    "日本.fasta",
    "a;b.fasta",
    "$HOME.fasta",
    "%2e%2e.fasta",
];

/// A working folder, a private file beside it, and ways that lead from the one to the other.
fn world() -> World {
    let mut world = World::new();
    let (root, work) = (world.root().to_owned(), world.work());
    fs::write(root.join("private.fasta"), PRIVATE).unwrap();
    fs::create_dir_all(root.join("other")).unwrap();
    fs::write(root.join("other/private.fasta"), PRIVATE).unwrap();
    fs::create_dir_all(work.join("sub/deep")).unwrap();
    for name in NAMES {
        fs::write(work.join(name), ">a\nMKTAYIAKQR\n").unwrap();
    }
    symlink(root.join("private.fasta"), work.join("link.fasta")).unwrap();
    symlink("../private.fasta", work.join("relative.fasta")).unwrap();
    symlink(root.join("other"), work.join("folder")).unwrap();
    symlink("link.fasta", work.join("twice.fasta")).unwrap();
    symlink("loop.fasta", work.join("loop.fasta")).unwrap();
    symlink("/proc/self/environ", work.join("environ.fasta")).unwrap();
    symlink("data.fasta", work.join("inside.fasta")).unwrap();
    let pipe = CString::new(work.join("pipe.fasta").into_os_string().into_encoded_bytes()).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, pipe.as_c_str(), rustix::fs::Mode::RUSR).unwrap();
    world.set("AGENT_MODEL", "scripted:script.json");
    world
}

/// Whether the model's check of this file gives it any figure of it.
fn is_read(world: &World, path: &str) -> (bool, String) {
    let arguments = json!({"task_type": "sequence_stats", "dataset": path});
    let turns = json!([
        {"call": [{"name": "check_local_capability", "arguments": arguments}]},
        {"call": [{"name": "run_local_task", "arguments": {"job": "{{job}}"}}]},
        {"say": "Done."},
    ]);
    world.file("script.json", json!({"turns": turns}).to_string());
    let run = world.run(&["ask", "--json", "Describe my files"]);
    let done = run.types().iter().any(|kind| kind == "result.fetched");
    // Of a pattern and of a folder not even the names are told.
    let told = !path.contains("private") && run.out.contains("private.fasta");
    (done || told || run.out.contains("private.fasta\",\"bytes\""), run.all())
}

/// Paths that lead out, and paths that do not.
pub fn named() -> Vec<Case> {
    let world = Arc::new(world());
    let root = world.root().display().to_string();
    let out = [
        "../private.fasta".to_owned(),
        "./../private.fasta".to_owned(),
        "sub/../../private.fasta".to_owned(),
        "sub/deep/../../../private.fasta".to_owned(),
        "nonesuch/../../private.fasta".to_owned(),
        "..//private.fasta".to_owned(),
        "../work/../private.fasta".to_owned(),
        "folder/private.fasta".to_owned(),
        "folder".to_owned(),
        "folder/*".to_owned(),
        "folder/**".to_owned(),
        "*/*.fasta".to_owned(),
        "folder/../private.fasta".to_owned(),
        "link.fasta".to_owned(),
        "relative.fasta".to_owned(),
        "twice.fasta".to_owned(),
        "loop.fasta".to_owned(),
        "environ.fasta".to_owned(),
        "pipe.fasta".to_owned(),
        format!("{root}/private.fasta"),
        format!("{root}/work/../private.fasta"),
        format!("file://{root}/private.fasta"),
        "~/private.fasta".to_owned(),
        "$HOME/private.fasta".to_owned(),
        "%2e%2e/private.fasta".to_owned(),
        "..\\private.fasta".to_owned(),
        "data.fasta\0../private.fasta".to_owned(),
        "../*.fasta".to_owned(),
        "..".to_owned(),
        "/etc/passwd".to_owned(),
        "/dev/zero".to_owned(),
        "/proc/self/environ".to_owned(),
        "/proc/self/root/etc/passwd".to_owned(),
        "/proc/self/cwd/../private.fasta".to_owned(),
    ];
    let mut cases: Vec<Case> = Vec::new();
    for path in out {
        let world = Arc::clone(&world);
        cases.push(Case::attack(path.clone(), move || {
            let (read, seen) = is_read(&world, &path);
            must(!read, || seen)
        }));
    }
    for path in NAMES.into_iter().chain(["./data.fasta", "sub/../data.fasta", "sub/*.fasta", "inside.fasta"]) {
        let world = Arc::clone(&world);
        cases.push(Case::twin(path, move || {
            let (read, seen) = is_read(&world, path);
            must(read, || seen)
        }));
    }
    cases
}
