//! What a job left, had by people and by other programs.

use std::{fs, os::unix::fs::symlink};

use serde_json::Value;

use crate::world::{World, example, flat};

fn done() -> World {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let run = world.run(&["run", "--json", "protein_folding", "data.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
    world
}

#[test]
fn files_are_listed_printed_copied_and_tabled() {
    let world = done();
    let list: Value = serde_json::from_str(&world.run(&["results", "--json"]).out).unwrap();
    let files = list["files"].as_array().unwrap();
    let folder = list["folder"].as_str().unwrap();
    assert!(files.iter().any(|file| file["name"] == "result.json"), "{list}");
    let shown = world.run(&["results"]);
    assert!(shown.code == 0 && shown.out.contains("result.json") && shown.out.contains("sha256"), "{}", shown.all());
    let there = fs::read_to_string(format!("{folder}/result.json")).unwrap();
    let printed = world.run(&["results", "--cat", "result.json"]);
    assert_eq!((printed.code, &printed.out), (0, &there), "as it is, to the last byte");
    let document: Value = serde_json::from_str(&there).unwrap();
    let records = document["records"].as_array().unwrap();
    let csv = world.run(&["results", "--csv"]);
    let mut lines = csv.out.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert!(header.contains(&"id") && header.contains(&"energy"), "{}", csv.all());
    assert_eq!(lines.count(), records.len(), "{}", csv.all());
    let tsv = world.run(&["results", list["job"].as_str().unwrap(), "--tsv"]);
    assert!(tsv.out.starts_with(&header.join("\t")), "{}", tsv.all());
    let copied = world.run(&["results", "--copy", "here"]);
    assert_eq!(copied.code, 0, "{}", copied.all());
    for file in files {
        let name = file["name"].as_str().unwrap();
        let (from, to) = (fs::read(format!("{folder}/{name}")), fs::read(world.work().join("here").join(name)));
        assert_eq!(from.unwrap(), to.unwrap(), "{name}");
    }
}

#[test]
fn what_is_not_there_or_was_changed_is_told_and_nothing_is_written_over() {
    let world = World::new();
    let none = world.run(&["results"]);
    assert!(none.code == 1 && none.err.contains("no job has a result yet"), "{}", none.all());
    let world = done();
    let list: Value = serde_json::from_str(&world.run(&["results", "--json"]).out).unwrap();
    let folder = list["folder"].as_str().unwrap().to_owned();
    let unknown = world.run(&["results", "--cat", "../../ledger.sqlite"]);
    assert!(unknown.code == 2 && unknown.err.contains("the result has no file"), "{}", unknown.all());
    let other = world.run(&["results", "job-aaaaaaaa"]);
    assert_eq!(other.code, 1, "{}", other.all());
    fs::create_dir(world.work().join("mine")).unwrap();
    world.file("mine/result.json", "my own");
    let refused = world.run(&["results", "--copy", "mine"]);
    assert!(
        refused.code == 1 && flat(&refused.err).contains("result.json exists already, and nothing was copied"),
        "{}",
        refused.all()
    );
    assert_eq!(fs::read_to_string(world.work().join("mine/result.json")).unwrap(), "my own");
    assert_eq!(fs::read_dir(world.work().join("mine")).unwrap().count(), 1, "nothing half-copied is left");
    // Changed after it came, and a link in its place.
    let path = format!("{folder}/result.json");
    let there = fs::read_to_string(&path).unwrap();
    fs::write(&path, there.replacen("energy", "enemy_", 1)).unwrap();
    for arguments in [&["results", "--cat", "result.json"][..], &["results", "--csv"], &["results", "--copy", "new"]] {
        let run = world.run(arguments);
        assert!(run.code == 1 && run.err.contains("is not as it came"), "{arguments:?}: {}", run.all());
    }
    fs::remove_file(&path).unwrap();
    symlink("/etc/passwd", &path).unwrap();
    let run = world.run(&["results", "--cat", "result.json"]);
    assert!(run.code == 1 && !run.out.contains("root"), "{}", run.all());
}

/// What lies in the folder of the newest result, as its list has it.
fn listed(world: &World) -> (i32, Vec<(String, String)>, String) {
    let run = world.run(&["results", "--json"]);
    let list: Value = serde_json::from_str(run.out.lines().next().unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let files = list["files"].as_array().unwrap().iter().map(|file| (text(&file["name"]), text(&file["state"])));
    (run.code, files.collect(), text(&list["folder"]))
}

#[test]
fn a_list_is_held_against_the_checksums() {
    let world = done();
    let (code, files, folder) = listed(&world);
    assert!(code == 0 && files.iter().all(|(_, state)| state == "unchanged"), "{files:?}");
    let path = format!("{folder}/result.json");
    let there = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{there}x\n")).unwrap();
    let (code, files, _) = listed(&world);
    assert!(code == 1 && files.contains(&("result.json".to_owned(), "changed".to_owned())), "{files:?}");
    let shown = world.run(&["results"]);
    assert_eq!(shown.out.lines().filter(|line| *line == "  sha256: changed").count(), 1, "{}", shown.all());
    assert!(flat(&shown.err).contains("is not as it came: result.json was changed hint: "), "{}", shown.all());
    // Nothing of a changed file is printed, and the two sizes are told apart.
    let cat = world.run(&["results", "--cat", "result.json"]);
    let bytes = |n: usize| domain::units::count(n as u64);
    let told = format!("it has {} bytes and had {}", bytes(there.len() + 2), bytes(there.len()));
    assert!(cat.code == 1 && cat.out.is_empty() && flat(&cat.err).contains(&told), "{}", cat.all());
    fs::remove_file(&path).unwrap();
    let (code, files, _) = listed(&world);
    assert!(code == 1 && files.contains(&("result.json".to_owned(), "missing".to_owned())), "{files:?}");
    let shown = world.run(&["results"]);
    assert!(flat(&shown.err).contains("is not as it came: result.json is missing"), "{}", shown.all());
}

#[test]
fn a_copy_is_whole_or_is_not_there() {
    let world = World::new();
    world.file("a.fastq", format!("@r\n{}\n+\n{}\n", "ACGT".repeat(20), "I".repeat(80)).repeat(3));
    let run = world.run(&["run", "--json", "read_trimming", "a.fastq"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let (_, files, folder) = listed(&world);
    // The last of them is changed: what was copied before it is not left.
    let (last, _) = files.last().unwrap();
    assert!(files.len() > 2, "{files:?}");
    let path = format!("{folder}/{last}");
    let there = fs::read(&path).unwrap();
    fs::write(&path, [&there[..], b"x"].concat()).unwrap();
    let refused = world.run(&["results", "--copy", "new"]);
    assert!(refused.code == 1 && !world.work().join("new").exists(), "{}", refused.all());
    fs::create_dir(world.work().join("mine")).unwrap();
    let refused = world.run(&["results", "--copy", "mine"]);
    assert!(refused.code == 1 && !refused.err.contains("at path"), "{}", refused.all());
    assert_eq!(fs::read_dir(world.work().join("mine")).unwrap().count(), 0, "nothing half-copied is left");
    fs::write(&path, &there).unwrap();
    let again = world.run(&["results", "--copy", "mine"]);
    assert_eq!(
        (again.code, fs::read_dir(world.work().join("mine")).unwrap().count()),
        (0, files.len()),
        "{}",
        again.all()
    );
    let twice = world.run(&["results", "--copy", "mine"]);
    let said = flat(&twice.err);
    assert!(twice.code == 1 && said.contains("exists already, and nothing was copied hint: name a folder"), "{said}");
}
