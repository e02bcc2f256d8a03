//! A provider that is right in the end, and not at once: paid jobs come to their end, and what is not what was agreed to is
//! not paid.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use domain::money::Datoshi;
use serde_json::{Value, json};
use url::Url;

use super::Stage;
use crate::{
    payment::{gas, nodes::like_a_c_sharp_node},
    services::meddler::{Exchange, Meddler},
    world::example,
};

pub(super) const FOLD: [&str; 5] = ["run", "--json", "--yes", "protein_folding", "data.fasta"];

/// A stage whose provider is reached by way of a gateway.
pub(super) async fn behind(meddle: impl Fn(&mut Exchange) + Send + Sync + 'static) -> (Stage, Meddler) {
    let mut stage = Stage::set().await;
    let provider = stage.world.setting("AIOZ_W3AI_ENDPOINT");
    let meddler = Meddler::start(&provider, meddle).await;
    stage.world.set("AIOZ_W3AI_ENDPOINT", meddler.endpoint.as_str());
    stage.world.file("data.fasta", example("data.fasta"));
    // Its results come from its own address.
    let origin = provider.trim_end_matches("/api/v1");
    stage.world.set("AIOZ_RESULT_HOSTS", origin);
    (stage, meddler)
}

fn rules(stage: &Stage, policy: &str) {
    std::fs::create_dir_all(stage.world.home()).unwrap();
    std::fs::write(stage.world.home().join("policy.toml"), policy).unwrap();
}

pub(super) fn warnings(run: &crate::world::Run) -> String {
    let events = run.events();
    let warnings = events.iter().filter(|event| event["type"] == "warning");
    warnings.map(|event| event["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_not_all_there_yet_is_waited_for() {
    let seen = AtomicU32::new(0);
    let (stage, _meddler) = behind(move |exchange| {
        if !exchange.is_detail() || exchange.task_status() != "success" {
            return;
        }
        let data = &mut exchange.answer["data"];
        match seen.fetch_add(1, Relaxed) {
            // The first makes the job ready, the others are asked for the files.
            0 | 1 => data["result"] = Value::Null,
            2 => data["status"] = json!("computing"),
            3 => data["result"]["result"]["files"] = json!([]),
            4 => data["result"]["result"]["files"][0]["sha256"] = Value::Null,
            _ => {}
        }
    })
    .await;
    let run = stage.world.run(&FOLD);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(run.event("receipt")["state"], "done");
    assert!(warnings(&run).contains("not all there yet"), "{}", run.all());
    assert_eq!(stage.received().await, gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_stays_incomplete_ends_nothing() {
    let (stage, meddler) = behind(|exchange| {
        if exchange.is_detail() && exchange.task_status() == "success" {
            exchange.answer["data"]["result"] = Value::Null;
        }
    })
    .await;
    rules(&stage, "[patience]\nincomplete_result_seconds = 1\n");
    let run = stage.world.run(&FOLD);
    assert_eq!(run.code, 1, "{}", run.all());
    assert_eq!(run.event("error")["kind"], "incomplete_result", "{}", run.all());
    assert_eq!(stage.world.states().last().unwrap(), "result_ready");
    drop(meddler);
    let mut stage = stage;
    let provider = stage.provider_endpoint();
    stage.world.set("AIOZ_W3AI_ENDPOINT", provider);
    let run = stage.world.run(&["jobs", "resume", "--json"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(stage.received().await, gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_asks_for_is_read_again_right_before_it_is_paid() {
    let details = AtomicU32::new(0);
    let (stage, _meddler) = behind(move |exchange| {
        // The first is the quote.
        if exchange.is_detail() && details.fetch_add(1, Relaxed) > 0 {
            exchange.answer["data"]["payment"]["amount"] = json!("500000000");
        }
    })
    .await;
    let limited: Vec<&str> = FOLD.into_iter().chain(["--max-gas", "3"]).collect();
    let run = stage.world.run(&limited);
    assert_eq!(run.code, 5, "{}", run.all());
    assert!(warnings(&run).contains("5 GAS instead of 2 GAS"), "{}", run.all());
    assert_eq!(stage.received().await, Datoshi::ZERO, "neither the old terms are paid nor the new ones");
    // Nor do terms that change each time end in a payment.
    let changing = AtomicU32::new(0);
    let (stage, _meddler) = behind(move |exchange| {
        if exchange.is_detail() {
            let reference = format!("reference-{}", changing.fetch_add(1, Relaxed));
            exchange.answer["data"]["payment"]["reference"] = json!(reference);
        }
    })
    .await;
    let run = stage.world.run(&FOLD);
    assert_eq!(run.code, 3, "{}", run.all());
    assert!(run.event("error")["message"].as_str().unwrap().contains("again and again"), "{}", run.all());
    assert_eq!(stage.received().await, Datoshi::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_wait_outlasts_an_outage_and_an_announcement_that_is_not_answered() {
    for (status, answer) in [(404, json!({"status": "fail", "message": "task not found"})), (500, Value::Null)] {
        let left = AtomicU32::new(7);
        let (stage, _meddler) = behind(move |exchange| {
            if exchange.is_announcement() {
                // It was told, and does not say so.
                (exchange.status, exchange.answer) = (status, answer.clone());
            }
            let paid = exchange.is_detail() && exchange.answer["data"]["payment"]["state"] == "paid";
            if paid && left.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)).is_ok() {
                (exchange.status, exchange.answer) = (503, json!({"status": "error", "message": "maintenance"}));
            }
        })
        .await;
        let run = stage.world.run(&FOLD);
        assert_eq!(run.code, 0, "{}", run.all());
        assert!(warnings(&run).contains("asked again"), "{}", run.all());
        assert!(warnings(&run).contains("told again"), "{}", run.all());
        assert_eq!(stage.received().await, gas("2"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_at_another_server_is_known_before_it_is_paid_for() {
    let (mut stage, _meddler) = behind(|_| {}).await;
    stage.world.set("AIOZ_RESULT_HOSTS", "https://elsewhere.example");
    let run = stage.world.run(&FOLD);
    let origin = stage.provider_endpoint().trim_end_matches("/api/v1").to_owned();
    assert_eq!(run.code, 3, "{}", run.all());
    assert!(run.all().contains(&format!("AIOZ_RESULT_HOSTS={origin}")), "{}", run.all());
    assert!(stage.world.states().is_empty() && stage.objects().await.is_empty(), "{}", run.all());
    assert_eq!(stage.received().await, Datoshi::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_at_another_server_is_fetched_once_the_owner_names_it() {
    // A provider that does not say where its results are.
    let (mut stage, _meddler) = behind(|exchange| {
        if exchange.path.ends_with("/task/cost") {
            exchange.answer["data"]["result_hosts"] = Value::Null;
        }
    })
    .await;
    stage.world.set("AIOZ_RESULT_HOSTS", "https://elsewhere.example");
    let run = stage.world.run(&FOLD);
    assert_eq!(run.code, 1, "{}", run.all());
    let error = run.event("error");
    assert!(error["hint"].as_str().unwrap().contains("AIOZ_RESULT_HOSTS"), "{error}");
    assert_eq!(stage.world.states().last().unwrap(), "result_ready");
    let origin = stage.provider_endpoint();
    stage.world.set("AIOZ_RESULT_HOSTS", origin.trim_end_matches("/api/v1"));
    let run = stage.world.run(&["jobs", "resume", "--json"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(stage.received().await, gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_longer_than_stated_is_no_cap_of_the_owners() {
    let (stage, _meddler) = behind(|exchange| {
        if let Some(bytes) = exchange.answer.pointer_mut("/data/result/result/files/0/bytes") {
            *bytes = json!(bytes.as_u64().unwrap() - 1);
        }
    })
    .await;
    let run = stage.world.run(&FOLD);
    assert_eq!(run.code, 1, "{}", run.all());
    let error = run.event("error");
    assert!(error["message"].as_str().unwrap().contains("longer than"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("the provider is at fault"), "{error}");
    assert_eq!(stage.world.states().last().unwrap(), "result_ready", "it may be put right");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_a_node_that_keeps_no_application_logs() {
    let (mut stage, _meddler) = behind(|_| {}).await;
    let node = Url::parse(&stage.world.setting("NEO_RPC_URL")).unwrap();
    let forgetful = like_a_c_sharp_node(&node, -32601, "Method not found", None).await;
    stage.world.set("NEO_RPC_URL", forgetful.as_str());
    let run = stage.world.run(&["doctor"]);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(run.all().contains("keeps no application logs"), "{}", run.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_done_or_given_up_leaves_nothing_on_storage() {
    let (stage, _meddler) = behind(|_| {}).await;
    assert_eq!(stage.world.run(&FOLD).code, 0);
    assert_eq!(stage.objects().await, Vec::<String>::new());
    // One that waits for its payment has its copy there, until it is given up.
    let quoted: Vec<&str> = FOLD.into_iter().chain(["--until", "quote", "--anew"]).collect();
    let run = stage.world.run(&quoted);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(stage.objects().await.len(), 1, "{}", run.all());
    let job = run.event("job.submitted")["job"].as_str().unwrap().to_owned();
    assert_eq!(stage.world.run(&["jobs", "cancel", &job]).code, 0);
    assert_eq!(stage.objects().await, Vec::<String>::new());
    let run = stage.world.run(&["jobs", "cancel", "--all-leftovers"]);
    assert!(run.code == 0 && run.out.contains("left anything"), "{}", run.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_can_be_given_up_while_storage_is_down_and_is_cleared_later() {
    let (mut stage, _meddler) = behind(|_| {}).await;
    let quoted: Vec<&str> = FOLD.into_iter().chain(["--until", "quote"]).collect();
    let run = stage.world.run(&quoted);
    let job = run.event("job.submitted")["job"].as_str().unwrap().to_owned();
    let storage = stage.world.setting("AIOZ_S3_ENDPOINT");
    let [nobody] = crate::services::free_ports();
    stage.world.set("AIOZ_S3_ENDPOINT", format!("http://127.0.0.1:{nobody}"));
    let run = stage.world.run(&["jobs", "cancel", &job]);
    assert!(run.code == 0 && run.all().contains("--all-leftovers"), "{}", run.all());
    assert_eq!(stage.world.states().last().unwrap(), "canceled");
    stage.world.set("AIOZ_S3_ENDPOINT", storage);
    assert_eq!(stage.objects().await.len(), 1);
    let run = stage.world.run(&["jobs", "cancel", "--all-leftovers"]);
    assert!(run.code == 0 && run.out.contains("removed from storage"), "{}", run.all());
    assert_eq!(stage.objects().await, Vec::<String>::new());
}
