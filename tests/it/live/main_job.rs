//! What goes well.

use std::{fs, path::Path};

use domain::money::Datoshi;
use serde_json::Value;

use super::Stage;
use crate::{payment::gas, world::example};

/// The transcript that plays the model.
fn scripted() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/offload-and-pay.yaml");
    format!("scripted:{}", path.display())
}

#[tokio::test(flavor = "multi_thread")]
async fn folding_on_a_real_chain_a_real_store_and_a_node_of_its_own() {
    let mut stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    stage.world.set("AGENT_MODEL", scripted());
    let run = stage.world.run(&["ask", "--json", "--yes", "Run protein folding on data.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(run.event("session.started")["profile"], "live");
    let url = run.event("upload.completed")["url"].as_str().unwrap().to_owned();
    assert!(!url.contains("X-Amz-Signature"), "{url}");

    let receipt = run.event("receipt");
    assert_eq!((&receipt["state"], &receipt["payment"]["amount"]), (&"done".into(), &"2".into()));
    assert_eq!(stage.received().await, gas("2"));
    let hash = receipt["payment"]["tx_hash"].as_str().unwrap();
    assert_eq!(stage.world.job_log().last().unwrap()["tx_hash"], hash);
    // The chain itself says the same of that hash, to the block.
    let log = crate::neo_go::rpc(&stage.chain.url(), "getapplicationlog", serde_json::json!([hash])).await.unwrap();
    assert_eq!(log["executions"][0]["vmstate"], "HALT");
    let height = crate::neo_go::rpc(&stage.chain.url(), "gettransactionheight", serde_json::json!([hash])).await;
    assert_eq!(height.unwrap(), receipt["payment"]["block"]);

    let path = run.event("result.fetched")["path"].as_str().unwrap().to_owned();
    let result: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(result["records"].as_array().unwrap().len(), 6);

    // The receipt holds, until somebody changes the file.
    let verified = stage.world.run(&["jobs", "receipt", "--verify"]);
    assert_eq!(verified.code, 0, "{}", verified.all());
    assert!(verified.out.contains("payment") && !verified.out.contains("does not hold"), "{}", verified.out);
    fs::write(&path, "{}").unwrap();
    let changed = stage.world.run(&["jobs", "receipt", "--verify", "--json"]);
    assert_eq!(changed.code, 1, "{}", changed.all());
    let findings: Vec<(Value, Value)> = changed
        .events()
        .into_iter()
        .filter(|e| e["verified"].is_string())
        .map(|e| (e["verified"].clone(), e["ok"].clone()))
        .collect();
    let expected = [("payment", true), ("result.json", false), ("fold.svg", true), ("folds.txt", true)];
    assert_eq!(findings, expected.map(|(what, ok)| (what.into(), ok.into())));
    let history = stage.world.run(&["wallet", "history", "--json"]);
    let paid: Value = serde_json::from_str(&history.out).unwrap();
    assert_eq!((&paid["tx_hash"], &paid["state"], &paid["amount"]), (&hash.into(), &"confirmed".into(), &"2".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nobody_to_approve_nothing_is_signed_and_the_job_goes_on_later() {
    let stage = Stage::set().await;
    stage.world.file("data.fasta", example("data.fasta"));
    let run = stage.world.run(&["ask", "--json", "Run protein folding on data.fasta"]);
    assert_eq!(run.code, 4, "{}", run.all());
    assert!(!run.types().iter().any(|t| t.starts_with("payment.") || t.starts_with("upload.")), "{}", run.all());
    assert_eq!(run.event("plan")["worst_case"], "2.15");
    assert_eq!(run.event("consent.resolved")["by"], "nobody");
    assert!(stage.world.job_log().is_empty(), "nothing was begun");
    assert_eq!(stage.received().await, Datoshi::ZERO);

    let request = run.event("plan")["request"]["id"].as_str().unwrap().to_owned();
    assert!(run.event("error")["hint"].as_str().unwrap().contains(&format!("agent run --request {request} --yes")));
    let again = stage.world.run(&["run", "--json", "--request", &request]);
    assert_eq!(again.code, 4, "{}", again.all());
    let approved = stage.world.run(&["run", "--json", "--request", &request, "--yes"]);
    assert_eq!(approved.code, 0, "{}", approved.all());
    assert_eq!(approved.event("receipt")["state"], "done");
    assert_eq!(stage.received().await, gas("2"));
    let nothing_left = stage.world.run(&["jobs", "resume", "--json", "--yes"]);
    assert_eq!((nothing_left.code, nothing_left.out.as_str()), (0, ""), "{}", nothing_left.all());
    assert_eq!(stage.received().await, gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_above_the_rule_is_sent_in_parts_and_counted_there() {
    let stage = Stage::set().await;
    // 102 MB of real residues: above R-SIZE, and seven parts of an upload.
    let line = format!("{}\n", "ACDEFGHIKLMNPQRSTVWY".repeat(4));
    let record = format!(">protein\n{}", line.repeat(100));
    stage.world.file("big.fasta", record.repeat(102_000_000 / record.len() + 1));
    let run = stage.world.run(&["ask", "--json", "--yes", "Give me sequence statistics of big.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(run.event("verdict")["reasons"].as_array().unwrap().contains(&"R-SIZE".into()), "{}", run.all());
    let path = run.event("result.fetched")["path"].as_str().unwrap().to_owned();
    let result: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let expected = 102_000_000 / record.len() + 1;
    assert_eq!(result["records"][0]["sequences"], expected);
    assert_eq!(result["records"][0]["residues"], expected * 8000);
    assert_eq!(stage.received().await, gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_every_part_well_and_the_wallet_shows_what_is_left() {
    let stage = Stage::set().await;
    let doctor = stage.world.run(&["doctor", "--json"]);
    assert_eq!(doctor.code, 0, "{}", doctor.all());
    for part in ["storage", "provider", "chain", "wallet"] {
        let found = doctor.events().into_iter().find(|check| check["part"] == part);
        assert_eq!(found.unwrap_or_else(|| panic!("{part} is not looked at"))["state"], "ok", "{}", doctor.all());
    }
    let wallet = stage.world.run(&["wallet", "--json"]);
    let shown: Value = serde_json::from_str(&wallet.out).unwrap();
    assert_eq!(
        (&shown["address"], &shown["balance"]["amount"]),
        (&"NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv".into(), &"1000".into())
    );
}
