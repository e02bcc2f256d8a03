//! Task files of models at the provider.

use super::*;

/// A model of the provider's, with all that a file may say of one.
const MODEL: &str = r#"
name = "larger"
title = "Larger"
description = "Makes images larger."
[inputs.image]
formats = ["binary"]
mime = ["image/*"]
[inputs.prompt]
description = "what it shows"
formats = ["text"]
optional = true
[parameters.size]
description = "pixels"
type = "choice"
values = ["512", "1024"]
[parameters.steps]
description = "steps"
type = "integer"
min = 1
max = 100
needed = true
[program]
kind = "aioz"
model = "lab/up-scale"
[remote]
accept = "unverified"
hosts = ["https://files.example.org"]
[remote.keys]
image = "Input Image"
[remote.sent]
prompt = "text"
size = "json"
[remote.outputs]
"Output File" = "file"
"#;

#[test]
fn a_model_of_the_providers_needs_no_program_and_no_figures_and_says_how_it_is_asked() {
    let read = |text: &str| read_task("larger.toml", text, TaskOrigin::Owner);
    let task = read(MODEL).unwrap();
    assert!(task.is_elsewhere_only() && task.is_measured() && task.resources.is_none() && task.command().is_none());
    let remote = task.elsewhere().unwrap();
    assert!(remote.is_unverifiable());
    let slots = remote.slots.as_ref().unwrap();
    assert_eq!((slots.key("image"), slots.key("steps"), slots.is_text("prompt")), ("Input Image", "steps", true));
    let given = |given: serde_json::Value| check_parameters(&task, given.as_object().unwrap());
    assert_eq!(given(json!({})).unwrap_err().to_string(), "larger needs `steps`: steps");
    assert_eq!(given(json!({"steps": 7})).unwrap().len(), 1, "what is not said and not needed is left out");
    let told = |from: &str, to: &str, says: &str| {
        let text = MODEL.replacen(from, to, 1);
        assert_ne!(text, MODEL, "{from}");
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{from} -> {to}: {error}");
    };
    told("model = \"lab/up-scale\"", "", "program: it has no `model`");
    told("\"lab/up-scale\"", "\"lab/up scale\"", "program.model: `lab/up scale` is neither USERNAME/NAME nor an id");
    told("\"lab/up-scale\"", "\"a/b/c\"", "is neither USERNAME/NAME nor an id");
    for said in [
        "executable = \"cat\"",
        "arguments = [\"-x\"]",
        "stdout = \"{out:x.txt}\"",
        "collect = [\"*.png\"]",
        "version = [\"-V\"]",
        "probe = [\"--help\"]",
        "package = \"coreutils\"",
        "install = \"pip install x\"",
        "image = \"x/y\"",
        "image_id = \"sha256:00\"",
        "network = true",
        "before = [{ executable = \"cat\" }]",
        "after = [{ executable = \"cat\" }]",
    ] {
        let line = MODEL.lines().position(|line| line.starts_with("model =")).unwrap() + 2;
        let key = said.split_once(" = ").unwrap().0;
        let says = format!(
            "line {line}, program.{key}: a model of the provider's runs nothing on this machine: leave this out"
        );
        told("model = \"lab/up-scale\"", &format!("model = \"lab/up-scale\"\n{said}"), &says);
    }
    told("accept =", "model = \"x\"\naccept =", "remote.model: `[program]` names the model already");
    told(
        "image = \"Input Image\"",
        "picture = \"Input Image\"",
        "remote.keys: there is no input and no parameter `picture`",
    );
    told("\"Input Image\"", "\"steps\"", "remote.keys: `steps` is the key of two");
    told("\"Input Image\"", "\"a\\u001bb\"", "has control characters");
    told("prompt = \"text\"", "steps = \"text\"", "remote.sent: `steps` is no input");
    told("size = \"json\"", "steps = \"json\"", "remote.sent: `steps` is no choice and no text");
    told("https://files.example.org", "files.example.org", "is no server: write https://HOST");
    told("https://files.example.org", "https://files.example.org/x", "is no server");
    told("https://files.example.org", "file:///etc", "is no server");
    told("\"image/*\"", "\"image\"", "inputs.image.mime: `image` is no MIME type");
    told("needed = true", "needed = true\ndefault = 3", "what has to be said has no default");
    told("[remote.keys]", "[check]\nfiles = { x = \"text\" }\n[remote.keys]", "check: nothing of it runs here");
    let resources = "[resources]\nram = { constant = 1.0 }\nseconds = { constant = 1.0 }\nspread = 2.0\nsource = \"x\"\n[remote.keys]";
    told("[remote.keys]", resources, "resources: a model of the provider's needs nothing here");
    let command =
        MODEL.replace("kind = \"aioz\"\nmodel = \"lab/up-scale\"", "kind = \"command\"\nexecutable = \"cat\"");
    let error = read(&command).unwrap_err().to_string();
    assert!(error.contains("remote: it has no `model`"), "{error}");
    let node = "name = \"n\"\ntitle = \"N\"\ndescription = \"N.\"\n[inputs.x]\nformats = [\"text\"]\n[program]\nkind = \"command\"\n\
                executable = \"cat\"\narguments = [\"{x}\"]\nstdout = \"{out:y}\"\n[remote]\nmodel = \"u/m\"\n";
    let unverified = read_task("n.toml", &format!("{node}accept = \"unverified\"\n"), TaskOrigin::Owner).unwrap_err();
    assert!(unverified.to_string().contains("add [remote.keys]"), "{unverified}");
    assert!(read_task("n.toml", &format!("{node}accept = \"unverified\"\n[remote.keys]\n"), TaskOrigin::Owner).is_ok());
}
