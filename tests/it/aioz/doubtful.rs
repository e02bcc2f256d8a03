//! A submit of which nobody says what became: AIOZ keeps no key of ours, so its history is looked into.

use serde_json::json;

use super::{Lab, fake::Instead};
use crate::payment::gas;

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_whose_answer_was_lost_is_found_by_its_link_whatever_its_signature() {
    let lab = Lab::with_model().await;
    let lost = Instead { times: 1, status: 502, body: json!({"message": "bad gateway"}), done: true };
    lab.fake.book().instead.insert("submit", lost);
    let run = lab.run(&[]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(lab.fake.book().tasks.len(), 1, "it was not submitted twice");
    assert_eq!(run.event("receipt")["job_id"], "task-1");
    assert_eq!(lab.received(), gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_found_by_all_of_its_input_and_an_earlier_one_is_another() {
    let lab = Lab::new().await;
    let mut changed = super::fake::data("versioning.json", &[]);
    changed["data"]["input_format"] = json!({"prompt": {"type": "text"}});
    lab.fake.book().changed.insert("versioning", changed);
    lab.fake.gives("text");
    assert_eq!(lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]).code, 0);
    lab.world.file("prompt.txt", "Draw a cat.");
    let run = || {
        let run = ["run", "--json", "--yes", "--accept-unverified", "--anew", "up_scale", "prompt.txt"];
        lab.world.run(&run)
    };
    assert_eq!(run().event("receipt")["job_id"], "task-1");
    // The same text once more: the task of the first job is not taken for its own.
    assert_eq!(run().event("receipt")["job_id"], "task-2");
    let lost = Instead { times: 1, status: 502, body: json!({"message": "bad gateway"}), done: true };
    lab.fake.book().instead.insert("submit", lost);
    assert_eq!(run().event("receipt")["job_id"], "task-3");
    assert_eq!(lab.fake.book().tasks.len(), 3);
}
