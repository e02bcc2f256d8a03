//! AIOZ's own SDK reads what the fake answers: a shape that it cannot read is none of AIOZ's.

use serde_json::{Value, json};

use super::fake::{Fake, KEY};
use crate::services::tool;

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_reads_every_answer_of_the_fake() {
    let fake = Fake::start().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/aioz_model.py");
    let python = tool("venv/bin/python");
    let output =
        tokio::process::Command::new(python).arg(script).args([fake.endpoint().as_str(), KEY]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        seen,
        json!({
            "model": ["665f1c0a9b1e", "lab", 0.02],
            "info_keys": ["input"],
            "input_keys": ["Input Image", "scale", "prompt"],
            "is_active": true,
            "serving": true,
            "cost": [0.02, "$", "USD"],
            "balance": "12.50",
            "task": "task-1",
            "statuses": ["in_queue", "computing", "success"],
            "result": {"output_file": format!("{}/files/out.png", fake.origin), "caption": "a cat"},
            "input_data": {"Input Image": "https://s3.example.org/x", "scale": 2},
            "history": ["task-1"],
            "form": ["key", "policy", "x-amz-signature", "Content-Type"],
            "put": ["Content-Type"],
        })
    );
}
