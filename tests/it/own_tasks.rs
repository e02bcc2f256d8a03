//! Tasks of the owner's: what a task file may say, who may write one, and what its program is given.

mod network;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::world::{FIGURES, Run, World, flat};

const SORTED: &str = r#"name = "sorted"
title = "Sorted lines"
description = "Sorts the lines of a text."
[inputs.lines]
formats = ["text"]
[program]
kind = "command"
executable = "sort"
arguments = ["-o", "{out:sorted.txt}", "{lines}"]
"#;

/// Writes the word that it is given, and nothing else, to its standard output.
const SAY: &str = r#"name = "say"
title = "A word"
description = "Writes the word that it is given."
[inputs.lines]
formats = ["text"]
[parameters.word]
description = "the word"
type = "text"
pattern = "(?s).+"
[program]
kind = "command"
executable = "printf"
arguments = ["%s", { with = "word", arguments = ["{word}"] }, { with = "lines", arguments = [] }]
stdout = "{out:word.txt}"
"#;

/// The command behind `agent tasks add NAME`.
const SORT: [&str; 5] = ["--", "sort", "-o", "{out:sorted.txt}", "{lines}"];

fn world() -> World {
    let world = World::new();
    world.file("lines.txt", "b\na\nc\n");
    world
}

/// A world that has these files among its own tasks.
fn with(files: &[(&str, &str)]) -> World {
    let world = world();
    fs::create_dir_all(tasks(&world)).unwrap();
    for (name, text) in files {
        fs::write(tasks(&world).join(name), text).unwrap();
    }
    world
}

fn tasks(world: &World) -> PathBuf {
    world.home().join("tasks")
}

fn named(name: &str) -> String {
    SORTED.replace("\"sorted\"", &format!("\"{name}\""))
}

fn close(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// What was left in the file of that name by a run that printed events.
fn left(run: &Run, name: &str) -> String {
    assert_eq!(run.code, 0, "{}", run.all());
    let receipt = run.event("receipt");
    let folder = receipt["result"]["path"].as_str().unwrap();
    fs::read_to_string(Path::new(folder).join(name)).unwrap()
}

#[test]
fn each_file_is_checked_and_the_place_of_what_is_wrong_is_told() {
    let world = world();
    world.file("good.toml", named("good"));
    world.file("named.toml", named("other"));
    world.file("key.toml", named("key").replacen('\n', "\nthreads = 4\n", 1));
    world.file("place.toml", named("place").replace("{lines}", "{line}"));
    world.file("shell.toml", named("shell").replace("\"sort\"", "\"./sort.sh\""));
    world.file("built.toml", named("built").replace("\"command\"", "\"builtin\""));
    let good = world.run(&["tasks", "check", "good.toml"]);
    assert_eq!((good.code, good.out.as_str(), good.err.as_str()), (0, "good.toml is a task: Sorted lines\n", ""));
    let files = ["good.toml", "named.toml", "key.toml", "place.toml", "shell.toml", "built.toml"];
    let run = world.run(&[&["tasks", "check"][..], &files].concat());
    assert_eq!((run.code, run.out.as_str()), (2, "good.toml is a task: Sorted lines\n"), "{}", run.all());
    let expected = r#"error: named.toml, line 1, name: the name is `other`, and the file is
named.toml: both are the same
hint: mend that line; docs/tasks.md says what a task file may have
error: key.toml, line 2: unknown field `threads`, expected one of `name`,
`title`, `description`, `caveat`, `cite`, `asked_as`, `see_also`, `model_heavy`,
`inputs`, `parameters`, `program`, `remote`, `resources`, `check`, `show`
hint: mend that line; docs/tasks.md says what a task file may have
error: place.toml, line 9, program.arguments: `{line}` is no input and no
parameter; there are {lines}
hint: mend that line; docs/tasks.md says what a task file may have
error: shell.toml, line 8, program.executable: `./sort.sh` is neither the name
of a program nor its whole path
hint: mend that line; docs/tasks.md says what a task file may have
error: built.toml, line 7, program.kind: only this program's own tasks are built
in: write "command"
hint: mend that line; docs/tasks.md says what a task file may have
"#;
    assert_eq!(run.err, expected);
    assert!(!world.home().exists(), "who checks has added nothing");
}

#[test]
fn a_command_becomes_a_task_that_is_asked_for_until_it_is_measured() {
    let world = world();
    let added = world.run(&[&["tasks", "add", "sorted"][..], &SORT].concat());
    assert_eq!(added.code, 0, "{}", added.all());
    let file = tasks(&world).join("sorted.toml");
    let next = "agent tasks try sorted FILE measures what it needs; until then each run is asked for";
    assert!(flat(&added.out).contains(next), "{}", added.all());
    let unmeasured = world.run(&["run", "sorted", "lines.txt"]);
    assert_eq!(unmeasured.code, 4, "{}", unmeasured.all());
    let said = flat(&unmeasured.all());
    for told in [
        "how long it takes and how much memory is not known, as sorted has no figures. It is ended after 10 min 0 s, or above",
        "`agent tasks try sorted FILE` measures it",
        "the plan needs a person's consent, as nothing is known of what sorted needs, and nobody is there to ask",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(world.states().is_empty(), "nothing was begun");
    let before = fs::read_to_string(&file).unwrap();
    let tried = world.run(&["tasks", "try", "sorted", "lines.txt"]);
    assert_eq!(tried.code, 4, "nobody was there to ask: {}", tried.all());
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    let tried = world.run(&["tasks", "try", "sorted", "lines.txt", "--yes"]);
    assert_eq!(tried.code, 0, "{}", tried.all());
    let after = fs::read_to_string(&file).unwrap();
    assert!(after.starts_with(&before) && after.contains("\n[resources]\nram = {"), "{after}");
    assert!(world.states().is_empty(), "samples are no jobs of the owner's");
    let run = world.run(&["run", "--json", "sorted", "lines.txt"]);
    assert_eq!(left(&run, "sorted.txt"), "a\nb\nc\n", "it is known now, and nobody is asked");
    let status = run.event("turn.status");
    assert_eq!((&status["jobs"][0]["paid"], &status["jobs"][0]["where"]), (&"0".into(), &"local".into()));
    let removed = world.run(&["tasks", "remove", "sorted"]);
    assert_eq!((removed.code, file.exists()), (0, false), "{}", removed.all());
    assert_eq!(world.run(&["run", "sorted", "lines.txt"]).code, 2);
}

#[test]
fn a_task_file_in_the_working_folder_is_read_for_nobody() {
    let mut world = world();
    let text = named("local") + FIGURES;
    world.file("local.toml", &text);
    for folder in ["tasks", ".agent"] {
        fs::create_dir(world.work().join(folder)).unwrap();
        world.file(&format!("{folder}/local.toml"), &text);
    }
    let run = world.run(&["run", "local", "lines.txt"]);
    assert_eq!(run.code, 2, "{}", run.all());
    let told = "error: there is no task `local` hint: tasks/local.toml lies in the working folder and is not read: look at it, \
                and add it with `agent tasks add tasks/local.toml`";
    for (code, arguments) in [(2, &["run", "local", "lines.txt"][..]), (2, &["tasks", "show", "local"])] {
        let run = world.run(arguments);
        assert_eq!((run.code, flat(&run.err).as_str()), (code, told), "{}", run.all());
    }
    let script = world.file(
        "model.yaml",
        r#"
turns:
  - call: {name: check_local_capability, arguments: {task_type: local, dataset: lines.txt}}
  - expect: {last_result: ['"ok":false', "there is no task `local`"]}
    say: "There is no such task."
"#,
    );
    world.set("AGENT_MODEL", format!("scripted:{}", script.display()));
    let asked = world.run(&["ask", "--json", "Run local on lines.txt"]);
    assert_eq!(asked.code, 1, "{}", asked.all());
    assert!(asked.event("tool.completed").to_string().contains("there is no task `local`"), "{}", asked.all());
    assert!(world.states().is_empty());
}

#[test]
fn what_others_may_write_to_is_not_run() {
    let world = with(&[("sorted.toml", &(SORTED.to_owned() + FIGURES))]);
    let file = tasks(&world).join("sorted.toml");
    close(&file, 0o666);
    let run = world.run(&["run", "sorted", "lines.txt"]);
    assert_eq!(run.code, 2, "{}", run.all());
    let said = flat(&run.err);
    assert!(said.contains("can be written to by every user") && said.contains("the task is left out"), "{said}");
    close(&file, 0o600);
    close(&tasks(&world), 0o777);
    for arguments in [&["run", "sorted", "lines.txt"][..], &["run", "text_summary", "lines.txt"], &["tasks"]] {
        let run = world.run(arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.all());
        let said = flat(&run.err);
        assert!(said.contains("tasks can be written to by every user of this machine"), "{said}");
        assert!(said.contains("hint: close it: chmod o-w"), "{said}");
    }
    assert!(world.states().is_empty());
    close(&tasks(&world), 0o700);
    assert_eq!(left(&world.run(&["run", "--json", "sorted", "lines.txt"]), "sorted.txt"), "a\nb\nc\n");
}

#[test]
fn a_broken_file_is_told_of_once_and_the_other_tasks_work() {
    let world =
        with(&[("sorted.toml", &(SORTED.to_owned() + FIGURES)), ("broken.toml", "name = \"broken\"\ntitle = 1\n")]);
    let run = world.run(&["run", "--json", "sorted", "lines.txt"]);
    assert_eq!(left(&run, "sorted.txt"), "a\nb\nc\n");
    let warning =
        "the task file broken.toml, line 2: invalid type: integer `1`, expected a string; the task is left out";
    let told = |event: &&Value| event["type"] == "warning" && event["message"] == warning;
    assert_eq!(run.events().iter().filter(told).count(), 1, "{}", run.all());
    assert_eq!(world.run(&["run", "broken", "lines.txt"]).code, 2);
    let removed = world.run(&["tasks", "remove", "broken"]);
    assert_eq!(removed.code, 0, "a file that is no task is the owner's to remove: {}", removed.all());
    let listed = world.run(&["tasks", "--json"]);
    assert!(listed.err.is_empty() && listed.out.contains("\"name\":\"sorted\""), "{}", listed.all());
}

#[test]
fn names_of_the_program_are_not_taken_and_its_tasks_stay() {
    let world = world();
    let add = world.run(&[&["tasks", "add", "text_summary"][..], &SORT].concat());
    let said = flat(&add.err);
    assert_eq!((add.code, add.out.as_str()), (2, ""), "{}", add.all());
    assert!(said.contains("there is a task `text_summary` already: choose another name"), "{said}");
    // What lies there by another way changes nothing either.
    world.file("mine.toml", named("mine").replacen('\n', "\nasked_as = [\"summarise\"]\n", 1));
    let add = world.run(&["tasks", "add", "mine.toml"]);
    assert!(add.code == 2 && flat(&add.err).contains("`summarise` asks for text_summary already"), "{}", add.all());
    assert!(fs::read_dir(tasks(&world)).is_err(), "nothing is written, no folder either");
    let remove = world.run(&["tasks", "remove", "text_summary"]);
    assert_eq!(remove.code, 2);
    assert_eq!(
        remove.err,
        "error: `text_summary` is part of this program, and stays\n\
         hint: agent tasks remove is for tasks of your own\n"
    );
    for name in ["../../work/lines", "nothing", "."] {
        let remove = world.run(&["tasks", "remove", name]);
        assert!(remove.code == 2 && remove.err.starts_with("error: there is no task"), "{}", remove.all());
    }
    let world = with(&[("text_summary.toml", &(named("text_summary") + FIGURES))]);
    let run = world.run(&["tasks", "show", "text_summary", "--json"]);
    let shown: Vec<Value> = run.events();
    let shown = shown.iter().find(|line| line["name"] == "text_summary").unwrap();
    assert_eq!((&shown["origin"], &shown["program"]["kind"]), (&"program".into(), &"builtin".into()), "{}", run.all());
}

#[test]
fn whatever_a_value_holds_it_stays_one_argument_and_no_option() {
    let world = with(&[("say.toml", &(SAY.to_owned() + FIGURES))]);
    let words = [
        "a b",
        "it's \"quoted\"",
        "a; id",
        "two\nlines",
        "$(id) `id` $HOME",
        "{lines} {out:x}",
        "%s %n \\n",
        "> /etc/passwd",
        "*",
        "Größe",
    ];
    for word in words {
        let run = world.run(&["run", "--json", "say", "lines.txt", "--set", &format!("word={word}")]);
        assert_eq!(left(&run, "word.txt"), word);
    }
    for word in ["-x", "--version", ""] {
        let run = world.run(&["run", "say", "lines.txt", "--set", &format!("word={word}")]);
        assert_eq!(run.code, 2, "{word}: {}", run.all());
        assert!(flat(&run.err).contains("that does not begin with `-`"), "{}", run.all());
    }
    assert_eq!(world.states().iter().filter(|state| *state == "done").count(), words.len());
}

#[cfg(feature = "node")]
#[test]
fn a_node_does_not_begin_with_a_task_that_it_does_not_have() {
    let mut world = world();
    let folder = world.work().join("served");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("broken.toml"), named("broken").replace("[\"text\"]", "[\"bam\"]")).unwrap();
    fs::write(folder.join("sorted.toml"), SORTED).unwrap();
    for (name, value) in [
        ("NEO_RPC_URL", "http://127.0.0.1:9"),
        ("NEO_NETWORK", "424242"),
        ("GAS_RECIPIENT", "NbBboiLB8G4eV2QHdMVLwCs91ViWN6NBe2"),
        ("AIOZ_API_KEY", "a-key-of-the-tests"),
    ] {
        world.set(name, value);
    }
    let node = ["node", "--listen", "127.0.0.1:0", "--tasks", "served"];
    let run = world.run(&node);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.all());
    let why =
        "error: broken.toml, line 5: unknown variant `bam`, expected one of `fasta`, `fastq`, `hmm`, `text`, `binary`";
    assert!(flat(&run.err).starts_with(why), "{}", run.all());
    fs::remove_file(folder.join("broken.toml")).unwrap();
    close(&folder, 0o777);
    let run = world.run(&node);
    assert!(run.code == 2 && flat(&run.err).contains("can be written to by every user"), "{}", run.all());
}

#[test]
fn a_changed_file_is_another_version_and_a_plan_says_so() {
    let world = with(&[("sorted.toml", &format!("{SORTED}{FIGURES}"))]);
    let planned = world.run(&["plan", "sorted", "lines.txt", "-o", "plan.toml"]);
    assert_eq!(planned.code, 0, "{}", planned.all());
    let same = world.run(&["run", "--plan", "plan.toml", "--json"]);
    assert!(!same.out.contains("no longer the one in the file"), "{}", same.all());
    assert_eq!(left(&same, "sorted.txt"), "a\nb\nc\n");
    let other = format!("{SORTED}{FIGURES}").replace("\"-o\"", "\"-r\", \"-o\"");
    fs::write(tasks(&world).join("sorted.toml"), other).unwrap();
    let changed = world.run(&["run", "--plan", "plan.toml", "--json"]);
    assert!(changed.out.contains("no longer the one in the file"), "{}", changed.all());
    assert_eq!(left(&changed, "sorted.txt"), "c\nb\na\n", "it is other work than what was done before");
}

#[test]
fn a_job_keeps_the_version_that_it_was_planned_with() {
    let says = |said: &str| {
        let script = format!(
            "if [ -e ../mark ]; then echo {said} > ../said.txt; else touch ../mark; exec sleep 600; fi # $0 $1"
        );
        let program =
            format!("executable = \"sh\"\narguments = [\"-c\", \"{script}\", \"{{out:said.txt}}\", \"{{lines}}\"]\n");
        let (before, _) = SORTED.split_once("executable").unwrap();
        format!("{before}{program}{FIGURES}")
    };
    let world = with(&[("sorted.toml", &says("old"))]);
    let mut running = world.command(&["run", "sorted", "lines.txt", "--out", "here", "--json"]);
    let mut running = running.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(running.stdout.take().unwrap()).lines().map(Result::unwrap);
    let started = lines.map(|line| serde_json::from_str::<Value>(&line).unwrap()).find(|e| e["status"] == "running");
    let job = started.unwrap()["job"].as_str().unwrap().to_owned();
    while !world.work().join("here/mark").exists() && !world.work().join(format!("here/{job}/mark")).exists() {
        std::thread::yield_now();
    }
    running.kill().unwrap();
    running.wait().unwrap();
    fs::write(tasks(&world).join("sorted.toml"), says("new")).unwrap();
    let resumed = world.run(&["jobs", "resume", &job, "--json"]);
    assert_eq!(left(&resumed, "said.txt"), "old\n");
}

/// What a program is told to write can have no name of an input: without isolation it would write over the person's file.
#[test]
fn a_file_that_is_called_as_what_a_program_writes_is_not_written_over() {
    let text = SORTED.replace("{out:sorted.txt}", "{scratch:lines.txt}");
    let after = "[[program.after]]\nexecutable = \"cp\"\narguments = [\"{scratch:lines.txt}\", \"{out:sorted.txt}\"]\n";
    let mut world = with(&[("sorted.toml", &format!("{text}{after}{FIGURES}"))]);
    for isolated in [true, false] {
        if !isolated {
            let folder = world.root().join("bin");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("bwrap"), "#!/bin/sh\nexit 1\n").unwrap();
            close(&folder.join("bwrap"), 0o755);
            world.set("PATH", format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()));
        }
        let run = world.run(&["run", "--json", "sorted", "lines.txt", "--anew"]);
        assert_eq!(left(&run, "sorted.txt"), "a\nb\nc\n");
        assert_eq!(fs::read_to_string(world.work().join("lines.txt")).unwrap(), "b\na\nc\n");
    }
}
