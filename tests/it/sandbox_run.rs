//! The main job on a machine with no configuration: the real program, its sandbox, real signatures, real files.

use std::fs;

use serde_json::Value;

use crate::world::{World, example};

/// The order in which things must be told; other events may stand between.
const STORY: [&str; 14] = [
    "session.started",
    "turn.started",
    "verdict",
    "upload.completed",
    "job.submitted",
    "approval.requested",
    "approval.resolved",
    "payment.intended",
    "payment.sent",
    "payment.confirmed",
    "result.fetched",
    "message.completed",
    "receipt",
    "session.ended",
];

#[test]
fn folding_is_offloaded_paid_fetched_and_checked() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let run = world.run(&["ask", "--json", "Run protein folding on data.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());

    let types = run.types();
    let mut rest = types.iter();
    for step in STORY {
        assert!(rest.any(|t| t == step), "{step} is not told in its place: {types:?}");
    }
    let verdict = run.event("verdict");
    assert_eq!((&verdict["where"], &verdict["reasons"][0]), (&"offload".into(), &"R-MODEL".into()));
    let quote = &run.event("job.submitted")["quote"];
    assert_eq!((&quote["amount"], &quote["datoshi"]), (&"2".into(), &"200000000".into()));

    let paid = run.event("payment.confirmed");
    let hash = paid["tx_hash"].as_str().unwrap();
    let receipt = run.event("receipt");
    assert_eq!(receipt["payment"]["tx_hash"], hash);
    assert_eq!(receipt["state"], "done");

    let result: Value =
        serde_json::from_str(&fs::read_to_string(run.event("result.fetched")["path"].as_str().unwrap()).unwrap())
            .unwrap();
    assert_eq!(result["job"], receipt["job"]);
    assert_eq!(result["dataset"]["path"], "data.fasta");
    let sequences = example("data.fasta").lines().filter(|l| l.starts_with('>')).count();
    assert_eq!(result["records"].as_array().unwrap().len(), sequences);
    assert!(result["records"].as_array().unwrap().iter().all(|r| r["energy"].as_i64().unwrap() <= 0));

    assert_eq!(
        world.states(),
        [
            "planned",
            "staging",
            "staged",
            "submitted",
            "payment_intended",
            "payment_sent",
            "paid",
            "running",
            "result_ready",
            "fetched",
            "done"
        ]
        .into_iter()
        .filter(|s| *s != "running" || world.states().contains(&"running".to_owned()))
        .collect::<Vec<_>>()
    );
    assert_eq!(world.job_log().last().unwrap()["tx_hash"], hash);
}

#[test]
fn statistics_run_here_and_cost_nothing() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let run = world.run(&["ask", "--json", "Give me sequence statistics of data.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(run.event("verdict")["where"], "local");
    assert!(!run.types().iter().any(|t| t.starts_with("payment.") || t.starts_with("upload.")), "{}", run.all());
    assert_eq!(world.states(), ["planned", "running", "done"]);
    assert!(!world.home().join("sandbox/host.json").exists(), "nothing outside was started");
}

#[test]
fn the_same_request_for_people_says_what_happens() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let run = world.run(&["ask", "Run protein folding on data.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
    for said in ["planner", "sandbox", "model-heavy", "2 GAS", "0x", "block", "energy", "result.json"] {
        assert!(run.out.contains(said), "`{said}` is not said:\n{}", run.all());
    }
    assert!(!run.out.contains('\u{1b}'), "no colours into a pipe");
}

#[test]
fn a_dry_run_has_no_effect() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let run = world.run(&["ask", "--json", "--dry-run", "Run protein folding on data.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(run.event("verdict")["reasons"][0], "R-MODEL");
    assert!(!run.types().iter().any(|t| t.starts_with("payment.") || t.starts_with("upload.")), "{}", run.all());
    assert!(world.states().is_empty(), "a dry run leaves no job: {:?}", world.states());
}
