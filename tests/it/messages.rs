//! What is said of a command that makes no sense: which word it is, and one way on.

use std::fs;

use crate::world::{World, example, flat};

fn world() -> World {
    let world = World::new();
    world.file("x.fasta", example("data.fasta"));
    world
}

#[test]
fn a_name_that_is_no_task_has_one_line_of_what_may_be_meant() {
    let world = world();
    fs::create_dir_all(world.home().join("tasks")).unwrap();
    let own = "name = \"sorted\"\ntitle = \"Sorted\"\ndescription = \"Sorts.\"\n[inputs.lines]\nformats = [\"text\"]\n\
               [program]\nkind = \"command\"\nexecutable = \"sort\"\narguments = [\"-o\", \"{out:o.txt}\", \"{lines}\"]\n";
    fs::write(world.home().join("tasks/sorted.toml"), own).unwrap();
    let meant = "did you mean read_trimming? `agent tasks` lists all";
    let all = "`agent tasks` lists all";
    for (arguments, hint) in [
        (&["run", "read_triming", "x.fasta"][..], meant),
        (&["run", "fastp", "x.fasta"], meant),
        (&["tasks", "show", "fastp"], meant),
        (&["run", "sort", "x.fasta"], "did you mean sorted? `agent tasks` lists all"),
        (&["run", "nosuch", "x.fasta"], all),
        (&["tasks", "remove", "nosuch"], all),
        (&["tasks", "remove", "read_triming"], all),
        (&["tasks", "remove", "sortd"], "did you mean sorted? `agent tasks` lists all"),
        (&["tasks", "try", "read_triming", "x.fasta"], meant),
    ] {
        let run = world.run(arguments);
        let name = arguments.iter().skip(1).find(|word| !["show", "remove", "try"].contains(word)).unwrap();
        assert_eq!(run.code, 2, "{}", run.all());
        assert_eq!(run.err, format!("error: there is no task `{name}`\nhint: {hint}\n"), "{arguments:?}");
    }
}

#[test]
fn a_wrong_setting_names_the_command_that_shows_what_the_task_takes() {
    let world = world();
    for set in ["dimension=9", "colour=3"] {
        let run = world.run(&["run", "protein_folding", "x.fasta", "--set", set]);
        assert_eq!(run.code, 2, "{}", run.all());
        let hint = "hint: `agent tasks show protein_folding` shows what it takes";
        assert!(flat(&run.err).ends_with(hint), "{}", run.all());
    }
    for command in ["run", "plan"] {
        let run = world.run(&[command, "protein_folding", "x.fasta", "--set", "dimension=2", "--set", "dimension=3"]);
        let told = "error: `--set dimension=` is there twice\nhint: leave one of them out\n";
        assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (2, "", told));
    }
}

#[test]
fn a_plan_that_makes_no_sense_is_not_written() {
    let world = world();
    let run = world.run(&["plan", "nosuch", "x.fasta", "-o", "q.toml"]);
    let told = "error: there is no task `nosuch`\nhint: `agent tasks` lists all\n";
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (2, "", told));
    assert!(!world.work().join("q.toml").exists());
    let run = world.run(&["plan", "nosuch", "x.fasta"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.all());
    // In plain words, without the path of a temporary file.
    let run = world.run(&["plan", "sequence_stats", "x.fasta", "-o", "none/q.toml"]);
    let said = flat(&run.err).replace(world.root().to_str().unwrap(), "");
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(said.contains("none/q.toml cannot be written: its folder does not exist"), "{said}");
    assert!(!said.contains("at path") && !said.contains(".tmp"), "{said}");
    world.file("there.toml", "mine");
    let run = world.run(&["plan", "sequence_stats", "x.fasta", "-o", "there.toml"]);
    assert!(flat(&run.err).contains("there.toml cannot be written: it exists already"), "{}", run.all());
}
