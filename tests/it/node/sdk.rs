//! AIOZ's own Python SDK drives the node: what it cannot read, a client of AIOZ's cannot use.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::bench::{Bench, KEY, RECIPIENT, command};

fn python() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let tools = std::env::var_os("AGENT_TEST_TOOLS").map_or_else(|| root.join("target/test-tools"), PathBuf::from);
    let python = tools.join("venv/bin/python");
    assert!(python.exists(), "{} is missing: run tests/setup.sh", python.display());
    python
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_of_aioz_can_do_all_it_wants() {
    let bench =
        Bench::start(vec![command("copy", "cat", &["{dataset}"]), command("slow", "sleep", &["600"])], |_| {}).await;
    let dataset = bench.outside.dataset("a.txt");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/aioz_sdk.py");
    let output = tokio::process::Command::new(python())
        .arg(script)
        .args([bench.base.as_str(), KEY, "copy", dataset.as_str()])
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Whom to pay, how much, where, and what makes it this task's: the SDK has no other field for them.
    let told = seen.as_object_mut().unwrap().shift_remove("messages").unwrap();
    let asked = told[0].as_str().unwrap();
    let terms = format!("waiting for payment. Send 2 GAS to {RECIPIENT} on Neo N3 ");
    assert!(asked.starts_with(&terms) && asked.contains(" with the data "), "{asked}");
    assert!(asked.contains("/payment and the body {\"tx_hash\": \"0x...\"}"), "{asked}");
    assert_eq!(told[1], "canceled by its owner");
    assert_eq!(
        seen,
        json!({
            "listed": ["copy"],
            "total": 1,
            "ids_agree": true,
            "input_format": {"input": {"type": "file"}, "parameters": {"type": "text"}},
            "is_active": true,
            "serving": true,
            "cost": [2, "GAS", "GAS"],
            "balance": ["0", RECIPIENT],
            "statuses": ["success", "in_queue", "success", "canceled"],
            "task_ids_agree": true,
            "input_data": {"input": dataset, "parameters": "{}"},
            "history": [[true, false], [false, true]],
            "history_total": 2,
            "refused_input": [400, "`image` is no input of this model: it takes `input`, the dataset's URL, and `parameters`, a JSON text"],
            "refused_model": [400, "model not found"],
            "refused_cancel": [400, "the task has ended already: canceled"],
            "wrong_key": 401,
        })
    );
}
