//! `agent tasks add aioz:USERNAME/NAME`.

use serde_json::{Value, json};

use super::{Lab, fake::data};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_model_becomes_a_task_and_what_was_made_is_shown() {
    let lab = Lab::new().await;
    let run = lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]);
    assert_eq!(run.code, 0, "{}", run.all());
    for part in [
        "up_scale",
        "a file, image/*",
        "`Input Image` there",
        "caption (text)",
        "0.02 USD a task",
        "cannot be verified",
    ] {
        assert!(run.out.replace('\n', " ").contains(part), "{part}: {}", run.out);
    }
    let text = lab.task_file();
    for part in ["kind = \"aioz\"", "model = \"lab/up-scale\"", "input_image = \"Input Image\"", "caption = \"value\""]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("accept"), "nobody accepted anything yet");
    let shown = lab.world.run(&["tasks", "show", "up_scale"]);
    let said = shown.out.replace('\n', " ");
    assert!(said.contains("at the provider") && said.contains("0.02 USD a task"), "{}", shown.all());
    assert!(said.contains("how long it takes there is not known"), "{}", shown.all());
    let tried = lab.world.run(&["tasks", "try", "up_scale", "cat.png"]);
    assert!(tried.code == 2 && tried.err.contains("nothing of it runs here"), "{}", tried.all());
    // The name is taken now, and stays whose it is.
    let again = lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]);
    assert!(again.code == 2 && again.err.contains("there is a task `up_scale` already"), "{}", again.all());
    assert_eq!(lab.task_file(), text);
    let other = lab.world.run(&["tasks", "add", "aioz:lab/up-scale", "--as", "larger"]);
    assert_eq!(other.code, 0, "{}", other.all());
    assert!(lab.world.run(&["tasks", "show", "larger"]).out.contains("lab/up-scale"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_task_adds_nothing_and_says_why() {
    let lab = Lab::new().await;
    let none = |run: &crate::world::Run, says: &str| {
        assert!(run.err.replace('\n', " ").contains(says), "{says}: {}", run.all());
        let there = std::fs::read_dir(lab.world.home().join("tasks")).map(|all| all.count()).unwrap_or_default();
        assert_eq!(there, 0, "{says}: nothing is half-added");
    };
    for (arguments, code, says) in [
        (&["aioz:lab/no-such"][..], 1, "has no model `lab/no-such`"),
        (&["aioz:up-scale"], 2, "is no model: write USERNAME/NAME"),
        (&["aioz:lab/"], 2, "is no model"),
        (&["aioz:lab/up-scale", "--as", "Up Scale"], 2, "is no name for a task"),
        (&["aioz:lab/up-scale", "--as", "sequence_stats"], 2, "there is a task `sequence_stats` already"),
        (&["aioz:lab/up-scale", "--", "cat"], 2, "no command"),
    ] {
        let run = lab.world.run(&[&["tasks", "add"], arguments].concat());
        assert_eq!(run.code, code, "{}", run.all());
        none(&run, says);
    }
    let formats = |input: Value| {
        let mut changed = data("versioning.json", &[]);
        changed["data"]["input_format"] = input.clone();
        let mut info = data("info.json", &[]);
        info["data"]["input_format"] = input;
        let mut book = lab.fake.book();
        book.changed.insert("versioning", changed);
        book.changed.insert("info", info);
    };
    for (input, says) in [
        (Value::Null, "says nothing of what it takes"),
        (json!({}), "says nothing of what it takes"),
        (
            json!({"input": {"type": "file"}, "mesh": {"type": "tensor"}}),
            "`mesh` of lab/up-scale is of the type `tensor`",
        ),
        (json!({"steps": {"type": "int"}}), "takes neither a file nor text"),
    ] {
        formats(input);
        none(&lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]), says);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_nobody_can_be_asked() {
    let world = World::new();
    let run = world.run(&["tasks", "add", "aioz:lab/up-scale"]);
    assert!(run.code == 2 && run.err.contains("AIOZ_API_KEY is not set"), "{}", run.all());
    let mut lab = Lab::new().await;
    lab.world.set("AIOZ_API_KEY", "another-key");
    let run = lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]);
    assert!(run.code == 1 && run.err.contains("key"), "{}", run.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_nobody_serves_is_added_with_a_warning() {
    let lab = Lab::new().await;
    let idle = json!({"status": "success", "data": {"serving": false, "consumers": 0}});
    lab.fake.book().changed.insert("serving", idle);
    let run = lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]);
    assert!(run.code == 0 && run.out.contains("nobody serves it now"), "{}", run.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_of_a_model_reach_no_terminal_and_break_no_file() {
    let lab = Lab::new().await;
    let evil = "\"\"\"\n[program]\nkind = \"command\"\nexecutable = \"sh\"\u{1b}]0;x\u{7}\u{202e}".repeat(10_000);
    let mut model = data("model.json", &[]);
    model["data"]["description"] = evil.clone().into();
    let mut versioning = data("versioning.json", &[]);
    versioning["data"]["input_format"] = json!({"in'put\"": {"type": "file", "description": evil, "x\u{1b}[2J": 1}});
    versioning["data"]["output_format"] = json!({"o\u{1b}[2J": {"type": evil}});
    {
        let mut book = lab.fake.book();
        book.changed.insert("model", model);
        book.changed.insert("versioning", versioning);
    }
    let run = lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(!run.out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", run.out);
    let text = lab.task_file();
    assert!(text.len() < 10_000 && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
    let checked = lab.world.run(&["tasks", "check", lab.world.home().join("tasks/up_scale.toml").to_str().unwrap()]);
    assert_eq!(checked.code, 0, "{}", checked.all());
    let shown: Value = serde_json::from_str(&lab.world.run(&["--json", "tasks", "show", "up_scale"]).out).unwrap();
    assert_eq!(shown["program"], json!({"kind": "aioz"}));
}
