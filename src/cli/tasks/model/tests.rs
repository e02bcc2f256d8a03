use domain::task::{
    ParameterKind, Program, TaskOrigin, TaskType,
    remote::{Accept, OutputKind, SentAs},
};
use guard::machine::catalogue::read_task;
use serde_json::{Map, json};

use super::*;

fn said(input_format: Value) -> Said {
    let data = json!({"id": "m1", "username": "lab", "name": "Up-Scale", "description": "Makes \"images\" larger."});
    Said {
        asked: "lab/Up-Scale".to_owned(),
        model: Model {
            id: "m1".to_owned(),
            username: None,
            name: None,
            description: data["description"].as_str().map(str::to_owned),
            price: None,
        },
        input_format,
        output_format: json!({"output_file": {"type": "file", "mime_type": ["image/*"]}, "note": {"type": "text"}, "odd": 3}),
        cost: None,
        serving: None,
    }
}

fn task(input_format: Value) -> TaskType {
    let drawn = file("up_scale", &said(input_format)).unwrap();
    read_task("up_scale.toml", &drawn.text, TaskOrigin::Owner).unwrap_or_else(|e| panic!("{e}\n{}", drawn.text))
}

#[test]
fn a_model_becomes_a_task_file() {
    let drawn = file(
        "up_scale",
        &said(json!({
            "Scale": {"type": "int", "min": 1, "max": 8, "default": 2, "unit": "x"},
            "prompt": {"type": "text", "description": "what to draw"},
            "input": {"type": "file", "mime_type": ["image/*"]},
            "strength": {"type": "float", "default": 0.5},
            "mode": {"type": "enum", "options": ["fast", "good"]},
            "size": {"type": "int", "enum": [512, 1024], "default": 512},
            "tile": {"type": "bool"},
            "safe": {"type": "bool", "default": true},
            "Second Image": {"type": "file", "required": false},
        })),
    )
    .unwrap();
    insta::assert_snapshot!(drawn.text);
    assert_eq!(drawn.gives, ["output_file (file)", "note (text)"]);
    assert_eq!(
        drawn.left_out,
        [
            "`unit` of `Scale` is not understood",
            "what the output `odd` is, is not understood: an address in it is fetched"
        ]
    );
    let task = read_task("up_scale.toml", &drawn.text, TaskOrigin::Owner).unwrap();
    assert_eq!((task.input.as_str(), &task.program), ("input", &Program::Aioz));
    let remote = task.remote.unwrap();
    let slots = remote.slots.unwrap();
    assert_eq!(
        (remote.model.as_str(), remote.accept),
        ("lab/Up-Scale", Accept::Checksum),
        "nobody accepted anything yet"
    );
    assert_eq!(slots.key("second_image"), "Second Image");
    assert_eq!((slots.sent["size"], slots.sent["safe"]), (SentAs::Json, SentAs::Json));
    assert_eq!(slots.mime["input"], ["image/*"]);
    assert_eq!(remote.outputs["note"], OutputKind::Value);
    assert!(task.parameters["prompt"].needed && !task.parameters["size"].needed);
    assert!(matches!(task.parameters["second_image"].kind, ParameterKind::File { required: false, .. }));
}

#[test]
fn a_model_of_text_alone_works_on_a_text_file() {
    let task = task(json!({"prompt": {"type": "text"}, "seed": {"type": "int", "required": false}}));
    assert_eq!(task.input, "prompt");
    assert!(task.remote.unwrap().slots.unwrap().is_text("prompt"));
    assert!(!task.parameters["seed"].needed);
}

#[test]
fn what_no_task_can_have_is_refused_with_the_key() {
    for (format, says) in [
        (Value::Null, "it has no input_format"),
        (json!({}), "it has no input_format"),
        (json!([]), "it has no input_format"),
        (json!({"n": {"type": "int"}}), "neither a file nor text"),
        (json!({"a": {"type": "file"}, "b": {"type": "tensor"}}), "`b` of lab/Up-Scale is of the type `tensor`"),
        (json!({"a": {"type": "file"}, "b": {}}), "`b` of lab/Up-Scale has no type"),
        (json!({"a": {"type": "file"}, "b": 7}), "`b` of lab/Up-Scale has no type"),
        (json!({"a\u{1b}[2J": {"type": "file"}}), "a key that cannot be written"),
        (json!({"a": {"type": "file"}, "": {"type": "int"}}), "a key that cannot be written"),
        (
            json!({"a": {"type": "file"}, "b": {"enum": ["-x"]}}),
            "`b` of lab/Up-Scale has choices that cannot be written",
        ),
        (json!({"a": {"type": "file"}, "b": {"enum": []}}), "has choices that cannot be written"),
    ] {
        let error = file("x", &said(format.clone())).unwrap_err().message;
        assert!(error.contains(says), "{format}: {error}");
    }
    let many: Map<String, Value> = (0..101).map(|n| (format!("k{n}"), json!({"type": "int"}))).collect();
    assert!(file("x", &said(Value::Object(many))).is_err());
}

#[test]
fn hostile_texts_stay_texts() {
    let long = "\"\"\"\n[program]\nkind = \"command\"\u{1b}[2J\u{202e}".repeat(20_000);
    let mut said = said(json!({
        "in\"put'": {"type": "file", "description": long, "mime_type": ["x y", "image/png\"", 3, "image/png"]},
        "a.b": {"type": "text", "default": "--rm", "description": "'''"},
        "bytes": {"type": "int"}, "BYTES": {"type": "int"}, "é": {"type": "int"}, "9": {"type": "int"},
    }));
    said.model.description = Some(long);
    let drawn = file("up_scale", &said).unwrap();
    assert!(drawn.text.len() < 8_000 && !drawn.text.contains(['\u{1b}', '\u{202e}']), "{}", drawn.text.len());
    let task =
        read_task("up_scale.toml", &drawn.text, TaskOrigin::Owner).unwrap_or_else(|e| panic!("{e}\n{}", drawn.text));
    assert_eq!(task.program, Program::Aioz);
    let slots = task.remote.unwrap().slots.unwrap();
    assert_eq!(slots.key("in_put"), "in\"put'");
    assert_eq!(slots.mime["in_put"], ["image/png"]);
    let keys: Vec<&str> = task.parameters.keys().map(|name| slots.key(name)).collect();
    assert_eq!(keys, ["a.b", "bytes", "BYTES", "é", "9"]);
    assert!(drawn.left_out.contains(&"the default of `a.b` cannot be written".to_owned()));
}

#[test]
fn a_task_is_called_as_its_model() {
    for (model, name) in [("lab/Up-Scale v2", "up_scale_v2"), ("lab/42", "model"), ("lab/é", "model"), ("id-1", "id_1")]
    {
        assert_eq!(own_name(model), name);
    }
}
