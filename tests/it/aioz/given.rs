//! Runs from end to end, and every shape that a model may give.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::fs::{FileExt as _, PermissionsExt as _},
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{Lab, document, kept};
use crate::payment::gas;
use domain::hash::Sha256;

const NOT_VERIFIABLE: &str = "not verifiable: the provider gives no checksum";

#[tokio::test(flavor = "multi_thread")]
async fn a_model_runs_from_the_plan_to_the_receipt() {
    let lab = Lab::with_model().await;
    let run = lab.run(&["--set", "prompt=a \"bright\" day"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(lab.received(), gas("2"));
    // The file by our own storage's signed link, text and numbers as they are, each under the model's own key.
    let input = lab.fake.book().tasks[0].input.clone();
    let link = input["Input Image"].as_str().unwrap();
    assert!(link.starts_with(lab.storage.server.endpoint.as_str()) && link.contains("X-Amz-Signature"), "{input}");
    assert_eq!((&input["scale"], &input["prompt"]), (&json!(2), &json!("a \"bright\" day")));
    assert_eq!(input.as_object().unwrap().len(), 3, "{input}");

    assert_eq!(kept(&run), ["out.png", "result.json"]);
    let folder = std::path::PathBuf::from(run.event("result.fetched")["path"].as_str().unwrap());
    let mode = |name: &str| std::fs::metadata(folder.with_file_name(name)).unwrap().permissions().mode();
    assert_eq!(mode("result.json"), mode("out.png"), "the document is as readable as what it tells of");
    let document = document(&run);
    assert_eq!(document["verified"], false);
    assert_eq!(document["program"], json!({"name": "aioz:lab/up-scale", "version": "4f2a", "seed": null}));
    assert_eq!(
        document["records"],
        json!([{"output": "output_file", "file": "out.png"}, {"output": "caption", "value": "a cat"}])
    );
    assert_eq!(document["files"][0]["sha256"], Sha256::of(b"content of out.png").to_string());
    assert_eq!(document["summary"]["notes"][0], NOT_VERIFIABLE);
    assert_eq!(document["dataset"]["sha256"], Sha256::of(super::PNG).to_string());
    let receipt = run.event("receipt");
    assert_eq!((&receipt["state"], &receipt["charged"]), (&json!("done"), &json!("0.02 USD")));
    assert_eq!(receipt["result"]["unchecked"], NOT_VERIFIABLE);
    assert!(lab.objects().await.is_empty(), "the copy has served");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shape_of_a_result_is_kept() {
    let lab = Lab::with_model().await;
    for (shape, files, records) in [
        ("text", &["result.json"][..], json!([{"output": "result", "value": "a cat on a mat"}])),
        ("url", &["out.png", "result.json"], json!([{"output": "result", "file": "out.png"}])),
        (
            "urls",
            &["a.png", "b.png", "result.json"],
            json!([
                {"output": "result[0]", "file": "a.png"}, {"output": "result[1]", "file": "b.png"},
                {"output": "result[2]", "file": "a.png"},
            ]),
        ),
        (
            "nested",
            &["mask.png", "result.json"],
            json!([
                {"output": "items[0].mask.url", "file": "mask.png"}, {"output": "items[0].mask.score", "value": 0.93},
                {"output": "items[1]", "value": {"mask": null}}, {"output": "seen", "value": ["cat", "mat"]},
            ]),
        ),
        ("number", &["result.json"], json!([{"output": "result", "value": 42.5}])),
        ("list", &["result.json"], json!([{"output": "result", "value": [0.1, 0.2, 0.3]}])),
        ("flag", &["result.json"], json!([{"output": "result", "value": false}])),
    ] {
        lab.fake.gives(shape);
        let run = lab.run(&["--anew"]);
        assert_eq!(run.code, 0, "{shape}: {}", run.all());
        assert_eq!(kept(&run), files, "{shape}");
        assert_eq!(document(&run)["records"], records, "{shape}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_waited_for_and_the_job_stays() {
    let lab = Lab::with_model().await;
    for nothing in [Value::Null, json!({}), json!("")] {
        lab.fake.book().result = nothing.clone();
        let run = lab.run(&["--anew"]);
        assert_ne!(run.code, 0, "{nothing}: {}", run.all());
        assert!(run.all().contains("it names no result"), "{nothing}: {}", run.all());
        lab.fake.gives("text");
        let resumed = lab.world.run(&["jobs", "resume", "--json"]);
        assert_eq!(resumed.code, 0, "{nothing}: {}", resumed.all());
    }
    assert_eq!(lab.received(), gas("6"), "each was paid once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_of_text_alone_gets_the_text_of_a_file() {
    let lab = Lab::new().await;
    let mut changed = super::fake::data("versioning.json", &[]);
    changed["data"]["input_format"] =
        json!({"prompt": {"type": "text"}, "steps": {"type": "int"}, "safe": {"type": "bool"}});
    lab.fake.book().changed.insert("versioning", changed);
    lab.fake.gives("text");
    assert_eq!(lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]).code, 0);
    lab.world.file("prompt.txt", "Draw a \"cat\"\nand a mat.");
    let missing = lab.world.run(&["run", "--json", "--yes", "--accept-unverified", "up_scale", "prompt.txt"]);
    assert!(missing.all().contains("up_scale needs `steps`"), "{}", missing.all());
    let run = ["run", "--json", "--yes", "--accept-unverified", "up_scale", "prompt.txt", "--set", "steps=20"];
    let run = lab.world.run(&run);
    assert_eq!(run.code, 0, "{}", run.all());
    let input = lab.fake.book().tasks[0].input.clone();
    assert_eq!(input, json!({"prompt": "Draw a \"cat\"\nand a mat.", "steps": 20, "safe": false}));
    assert!(run.event("receipt")["data_url"].is_null() && lab.objects().await.is_empty());
    lab.world.file("long.txt", "word ".repeat(30_000));
    let long = ["run", "--json", "--yes", "--accept-unverified", "up_scale", "long.txt", "--set", "steps=20"];
    let long = lab.world.run(&long);
    assert!(long.code != 0 && long.all().contains("takes it as text, of at most"), "{}", long.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_of_two_files_gets_both() {
    let lab = Lab::new().await;
    let mut changed = super::fake::data("versioning.json", &[]);
    changed["data"]["input_format"] = json!({"image": {"type": "file"}, "style": {"type": "file"}});
    lab.fake.book().changed.insert("versioning", changed);
    assert_eq!(lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]).code, 0);
    lab.world.file("style.txt", "plain");
    let run = lab.run(&["--set", "style=style.txt"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let input = lab.fake.book().tasks[0].input.clone();
    let links = [input["image"].as_str().unwrap(), input["style"].as_str().unwrap()];
    assert!(links[0] != links[1] && links.iter().all(|link| link.contains("X-Amz-Signature")), "{input}");
    assert_eq!(document(&run)["inputs"][0]["sha256"], Sha256::of(b"plain").to_string());
    assert_eq!(run.event("plan")["leaves"].as_array().unwrap().len(), 2);
    assert!(lab.objects().await.is_empty(), "both copies have served");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_found_once_files_were_to_be_sent_ends_the_job_and_both_files_are_decided_on() {
    let lab = Lab::new().await;
    let mut changed = super::fake::data("versioning.json", &[]);
    changed["data"]["input_format"] = json!({"image": {"type": "file"}, "style": {"type": "file"}});
    lab.fake.book().changed.insert("versioning", changed);
    assert_eq!(lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]).code, 0);
    let secret = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n";
    let path = lab.world.file("style.txt", "plain ".repeat(1 << 20));
    let arguments =
        ["run", "--json", "--yes", "--accept-unverified", "up_scale", "cat.png", "--set", "style=style.txt"];
    let killed = lab.world.command(&arguments).env("AGENT_KILL_AT", "ledger.staging.committed").output().unwrap();
    assert_eq!(killed.status.code(), None, "{}", String::from_utf8_lossy(&killed.stderr));
    // Other content at its far end, and length and time as they were.
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    let (meta, bytes) = (file.metadata().unwrap(), secret.as_bytes());
    file.write_all_at(bytes, meta.len() - bytes.len() as u64).unwrap();
    file.set_modified(meta.modified().unwrap()).unwrap();
    let resumed = lab.world.run(&["jobs", "resume", "--json"]);
    assert_eq!(resumed.code, 3, "{}", resumed.all());
    assert!(super::error(&resumed)["message"].as_str().unwrap().contains("D-SECRET"), "{}", resumed.all());
    assert_eq!(lab.world.states().last().unwrap(), "stage_failed");
    assert!(lab.objects().await.is_empty() && lab.fake.book().tasks.is_empty());
    // Without one it goes, and each of the two was decided on by itself.
    lab.world.file("style.txt", "plain");
    let run = lab.run(&["--set", "style=style.txt"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let events = run.events();
    let decided = events.iter().filter(|event| event["type"] == "policy.decided" && event["decision"] == "allow");
    let why: Vec<&str> = decided.filter_map(|event| event["why"].as_str()).collect();
    assert!(why.contains(&"its `style` goes where its dataset goes"), "{why:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_through_a_large_file_is_left_at_the_first_ctrl_c() {
    let lab = Lab::new().await;
    let mut changed = super::fake::data("versioning.json", &[]);
    changed["data"]["input_format"] = json!({"image": {"type": "file"}, "style": {"type": "file"}});
    lab.fake.book().changed.insert("versioning", changed);
    assert_eq!(lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]).code, 0);
    lab.world.file("style.bin", crate::services::desk::noise(200 << 20));
    let arguments =
        ["run", "--json", "--yes", "--accept-unverified", "up_scale", "cat.png", "--set", "style=style.bin"];
    let (code, said) = tokio::task::block_in_place(|| {
        let mut child = lab.world.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if line.contains("\"policy.decided\"") && line.contains("\"allow\"") {
                kill_process(Pid::from_child(&child), Signal::INT).unwrap();
            }
            said.push_str(&line);
        }
        (child.wait().unwrap().code(), said)
    });
    assert_eq!(code, Some(130), "{said}");
    assert_eq!(lab.world.states(), ["planned"], "it went no further: {said}");
    assert!(lab.objects().await.is_empty());
}
