//! Inputs that are several files, or a folder: one piece of work, one consent, and every file of it told.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use serde_json::Value;

use crate::world::{Run, World, flat};

const FIGURES: &str = r#"[resources]
ram = { constant = 5e7 }
seconds = { constant = 0.1, bytes = 1e-9, "extra.bytes" = 1e-9 }
spread = 3.0
source = "a guess for a program that does little"
"#;

/// Puts its files together in their order.
const POOL: &str = r#"name = "pool"
title = "Pool"
description = "Puts texts together."
[inputs.parts]
formats = ["text"]
many = true
min = 2
max = 4
[inputs.extra]
description = "more texts"
formats = ["text"]
many = true
optional = true
[program]
kind = "command"
executable = "cat"
arguments = ["{parts}", { with = "extra", arguments = ["{extra}"] }]
stdout = "{out:pooled.txt}"
"#;

/// Says what files a folder holds, and their content.
const LOOK: &str = r#"name = "look"
title = "Look"
description = "Looks into a folder."
[inputs.data]
kind = "folder"
formats = ["text", "fasta"]
max = 5
[inputs.extra]
description = "a folder of genomes"
kind = "folder"
formats = ["fasta"]
optional = true
[program]
kind = "command"
executable = "bash"
arguments = ["-c", "cd $0 && find . -type f | LC_ALL=C sort | while read f; do echo \"$f\"; cat \"$f\"; done > $OLDPWD/$1; echo x 2>/dev/null >> ./a.txt; true", "{data}", "{out:seen.txt}", { with = "extra", arguments = ["{extra}"] }]
"#;

fn world() -> World {
    let world = World::new();
    for (name, text) in [("pool", POOL), ("look", LOOK)] {
        world.task(name, &format!("{text}{FIGURES}"));
    }
    for (name, text) in [("a.txt", "a\n"), ("b.txt", "b\n"), ("c.txt", "c\n"), ("d.txt", "d\n"), ("e.txt", "e\n")] {
        world.file(name, text);
    }
    fs::create_dir_all(world.work().join("data/sub")).unwrap();
    world.file("data/a.txt", "first\n");
    world.file("data/sub/b b.txt", "second\n");
    world.file("data/.hidden", "not seen\n");
    world
}

/// The folder of the one result of a run that printed events.
fn result(run: &Run) -> std::path::PathBuf {
    assert_eq!(run.code, 0, "{}", run.all());
    Path::new(run.event("receipt")["result"]["path"].as_str().unwrap()).to_owned()
}

fn left(run: &Run, name: &str) -> String {
    fs::read_to_string(result(run).join(name)).unwrap()
}

/// Whether an unhappy run said this, with that exit code, and began nothing.
fn refused(world: &World, arguments: &[&str], code: i32, why: &str) {
    let before = world.states().len();
    let run = world.run(arguments);
    assert!(run.code == code && flat(&run.all()).contains(why), "{why}: {}", run.all());
    assert_eq!(world.states().len(), before, "{}", run.all());
}

#[test]
fn several_files_are_one_piece_of_work_in_the_order_in_which_they_are_named() {
    let world = world();
    let run = world.run(&["run", "--json", "pool", "b.txt", "a.txt", "--set", "extra=d.txt", "--set", "extra=c.txt"]);
    assert_eq!(left(&run, "pooled.txt"), "b\na\nd\nc\n");
    let plan = run.event("plan");
    let content = plan["work"][0]["content"].as_array().unwrap();
    let named: Vec<&str> =
        content.iter().map(|file| file["path"].as_str().unwrap().rsplit('/').next().unwrap()).collect();
    assert_eq!(named, ["b.txt", "a.txt", "d.txt", "c.txt"], "consent is to each of them");
    let document: Value = serde_json::from_slice(&fs::read(result(&run).join("result.json")).unwrap()).unwrap();
    let inputs: Vec<&str> =
        document["inputs"].as_array().unwrap().iter().map(|i| i["name"].as_str().unwrap()).collect();
    assert_eq!(inputs, ["parts_more", "extra", "extra:2"]);
    let shown = flat(&world.run(&["run", "--dry-run", "pool", "a.txt", "b.txt", "c.txt"]).all());
    assert!(shown.contains("pool on a.txt, b.txt and c.txt (3 files, 6 B, 3 records)"), "{shown}");
    assert!(shown.contains("Files 3 files: a.txt, b.txt, c.txt"), "{shown}");
    // A pattern too, and a folder; by itself each is too few.
    let pattern = world.run(&["run", "--json", "pool", "[a-c].txt"]);
    assert_eq!(left(&pattern, "pooled.txt"), "a\nb\nc\n");
    refused(&world, &["run", "pool", "[a-c].txt", "--single"], 1, "`parts` takes 2 to 4 files, and there is 1");
    refused(&world, &["run", "pool", "*.txt"], 1, "`parts` takes 2 to 4 files, and there are 5");
    refused(&world, &["run", "pool", "a.txt", "nothing.txt"], 1, "there is no file nothing.txt");
}

#[test]
fn plan_files_and_sheets_name_several_files_and_folders() {
    let world = world();
    let planned = world.run(&["plan", "pool", "b.txt", "a.txt", "--set", "extra=d.txt", "-o", "plan.toml"]);
    let text = fs::read_to_string(world.work().join("plan.toml")).unwrap();
    assert!(planned.code == 0 && text.contains(r#"file = ["b.txt", "a.txt"]"#), "{text}");
    let run = world.run(&["run", "--json", "--plan", "plan.toml"]);
    assert!(!run.all().contains("no longer the one in the file"), "{}", run.all());
    assert_eq!(left(&run, "pooled.txt"), "b\na\nd\n");
    let planned = world.run(&["plan", "look", "data", "-o", "folder.toml"]);
    let text = fs::read_to_string(world.work().join("folder.toml")).unwrap();
    assert!(planned.code == 0 && text.contains(r#"files = ["data"]"#), "{text}");
    assert!(text.contains("data/sub/b b.txt"), "its files stand in the notes: {text}");
    assert_eq!(
        left(&world.run(&["run", "--json", "--plan", "folder.toml"]), "seen.txt"),
        "./a.txt\nfirst\n./sub/b b.txt\nsecond\n"
    );
    world.file("sheet.csv", "sample,parts\nS1,a.txt\nS2,c.txt\nS1,b.txt\nS2,d.txt\n");
    let run = world.run(&["run", "--json", "pool", "--sheet", "sheet.csv", "--out", "out"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let plan = run.event("plan");
    assert_eq!(plan["work"].as_array().unwrap().len(), 2);
    world.file("wrong.csv", "sample,parts,parts_more\nS1,a.txt,b.txt\n");
    refused(
        &world,
        &["run", "pool", "--sheet", "wrong.csv"],
        2,
        "wrong.csv line 1, parts_more: it is no column that the task knows",
    );
}

#[test]
fn a_folder_is_real_files_that_nobody_writes_to() {
    let world = world();
    let run = world.run(&["run", "--json", "look", "data"]);
    assert_eq!(left(&run, "seen.txt"), "./a.txt\nfirst\n./sub/b b.txt\nsecond\n");
    assert_eq!(fs::read_to_string(world.work().join("data/a.txt")).unwrap(), "first\n", "it is read-only");
    let document: Value = serde_json::from_slice(&fs::read(result(&run).join("result.json")).unwrap()).unwrap();
    let folder = document["inputs"].as_array().unwrap().iter().find(|input| input["name"] == "data").unwrap().clone();
    let sums =
        "cd data && find . -type f ! -name '.*' -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum";
    let sums = Command::new("sh").args(["-c", sums]).current_dir(world.work()).output().unwrap();
    assert_eq!(
        folder["sha256"].as_str().unwrap(),
        String::from_utf8_lossy(&sums.stdout)[..64].to_owned(),
        "{document}"
    );
    let shown = flat(&world.run(&["run", "--dry-run", "look", "data"]).all());
    assert!(shown.contains("look on data (2 files, 13 B, 2 records)") && shown.contains("data/sub/b b.txt"), "{shown}");
    // The same content under another name in the folder is other work.
    assert!(world.run(&["run", "look", "data", "--skip-done"]).all().contains("done or begun before"));
    fs::rename(world.work().join("data/a.txt"), world.work().join("data/z.txt")).unwrap();
    let renamed = world.run(&["run", "--json", "look", "data", "--skip-done"]);
    assert_eq!(left(&renamed, "seen.txt"), "./sub/b b.txt\nsecond\n./z.txt\nfirst\n");
}

#[test]
fn compressed_files_of_a_folder_are_unpacked_in_it() {
    let world = world();
    assert!(Command::new("gzip").arg("data/sub/b b.txt").current_dir(world.work()).status().unwrap().success());
    assert_eq!(
        left(&world.run(&["run", "--json", "look", "data"]), "seen.txt"),
        "./a.txt\nfirst\n./sub/b b.txt\nsecond\n"
    );
    assert!(world.work().join("data/sub/b b.txt.gz").is_file());
    let shown = flat(&world.run(&["run", "--dry-run", "look", "data"]).all());
    assert!(shown.contains("; 6 B of disk for what is unpacked"), "{shown}");
}

#[test]
fn what_is_no_such_folder_or_file_is_told_with_its_name() {
    let world = world();
    fs::create_dir(world.work().join("empty")).unwrap();
    refused(&world, &["run", "look", "empty"], 1, "`data`: the folder empty holds no file");
    refused(&world, &["run", "look", "a.txt"], 1, "`data`: a.txt is a file, and a folder is expected");
    refused(&world, &["run", "look", "nothing"], 1, "nothing");
    refused(&world, &["run", "pool", "a.txt", "b.txt", "--set", "extra=data"], 3, "data is a directory");
    refused(
        &world,
        &["run", "look", "data", "--set", "extra=a.txt"],
        1,
        "`extra`: a.txt is a file, and a folder is expected",
    );
    refused(
        &world,
        &["run", "look", "data", "--set", "extra=data"],
        1,
        "`extra` is to be FASTA, and data/a.txt is plain text",
    );
    refused(
        &world,
        &["run", "look", "data", "--set", "extra=data", "--set", "extra=empty"],
        1,
        "`extra` is one folder, and 2 are named",
    );
    refused(&world, &["run", "pool", "a.txt", "data/a.txt", "empty"], 1, "empty");
    world.file("data/bin.txt", [0_u8, 1, 2, 255]);
    refused(&world, &["run", "look", "data"], 1, "data/bin.txt is a binary file");
    fs::remove_file(world.work().join("data/bin.txt")).unwrap();
    for n in 0..4 {
        world.file(&format!("data/{n}.txt"), "x\n");
    }
    refused(&world, &["run", "look", "data"], 1, "`data`: the folder data holds more than 5 files");
    for n in 0..4 {
        fs::remove_file(world.work().join(format!("data/{n}.txt"))).unwrap();
    }
    symlink("/etc/hostname", world.work().join("data/link.txt")).unwrap();
    refused(
        &world,
        &["run", "look", "data"],
        1,
        "`data`: data/link.txt is a link, and links in a folder are not followed",
    );
    fs::remove_file(world.work().join("data/link.txt")).unwrap();
    world.file("data/id_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    refused(&world, &["run", "look", "data"], 3, "data/id_rsa looks like a secret");
}

#[test]
fn secrets_are_looked_for_in_each_and_what_came_into_a_folder_is_told() {
    let world = world();
    let key = format!("{}\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "line\n".repeat(200_000));
    world.file("data/sub/notes.txt", &key);
    let run = world.run(&["run", "look", "data"]);
    assert!(run.code == 3 && flat(&run.all()).contains("data/sub/notes.txt"), "{}", run.all());
    world.file("late.txt", &key);
    let run = world.run(&["run", "pool", "a.txt", "late.txt"]);
    assert!(run.code == 3 && flat(&run.all()).contains("late.txt"), "{}", run.all());
    assert!(!world.states().contains(&"done".to_owned()));
    // What waits for a yes is taken up with the folder as it is then, and that is said.
    let world = self::world();
    fs::write(world.home().join("tasks/look.toml"), LOOK).unwrap();
    let asked = world.run(&["run", "--json", "look", "data"]);
    assert_eq!(asked.code, 4, "{}", asked.all());
    let request = asked.event("consent.requested")["request"].as_str().unwrap().to_owned();
    world.file("data/new.txt", "new\n");
    let run = world.run(&["run", "--json", "--request", &request, "--yes"]);
    assert!(run.out.contains("data/new.txt changed since the request was planned"), "{}", run.all());
    assert!(left(&run, "seen.txt").contains("./new.txt"));
}

#[test]
fn what_is_too_large_is_not_sent_away_as_several_files() {
    let world = world();
    let remote = "[remote]\nmodel = \"orchestrator/pool\"\n";
    for (name, text) in [("pool", POOL.replace("min = 2\n", "")), ("look", LOOK.to_owned())] {
        fs::write(world.home().join(format!("tasks/{name}.toml")), format!("{text}{remote}{FIGURES}")).unwrap();
    }
    fs::write(world.home().join("policy.toml"), "[thresholds]\nmax_local_bytes = 3\n").unwrap();
    let why = "(the dataset has 4 B, more than 3 B), and several files of `parts` are not sent to a provider";
    refused(&world, &["run", "pool", "a.txt", "b.txt"], 1, why);
    let why = "(the dataset has 13 B, more than 3 B), and several files of `data` are not sent to a provider";
    refused(&world, &["run", "look", "data"], 1, why.replace("several files of `data` are", "a folder is").as_str());
}

#[test]
fn a_model_names_several_files_as_datasets_and_no_folder_elsewhere() {
    let mut world = world();
    fs::create_dir(world.root().join("private")).unwrap();
    fs::write(world.root().join("private/diary.txt"), "dear diary\n").unwrap();
    let script = world.file(
        "model.yaml",
        format!(
            r#"
turns:
  - call: {{name: check_local_capability, arguments: {{task_type: look, dataset: "{}"}}}}
  - expect: {{last_result: ['"ok":false', 'D-PATH']}}
    call: {{name: check_local_capability, arguments: {{task_type: pool, dataset: b.txt, more_datasets: [a.txt]}}}}
  - call: {{name: run_local_task, arguments: {{job: "{{{{job}}}}"}}}}
  - say: "Done."
"#,
            world.root().join("private").display()
        ),
    );
    world.set("AGENT_MODEL", format!("scripted:{}", script.display()));
    let asked = world.run(&["ask", "--json", "Pool b.txt and a.txt"]);
    assert!(asked.code == 3 && !asked.all().contains("diary"), "{}", asked.all());
    let folder = asked.event("receipt")["result"]["path"].as_str().unwrap().to_owned();
    assert_eq!(fs::read_to_string(Path::new(&folder).join("pooled.txt")).unwrap(), "b\na\n");
}
