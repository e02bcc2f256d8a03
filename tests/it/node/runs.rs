//! Paid tasks run in a process of their own: results, limits, cancel, crash and restart.

use std::time::Duration;

use compute::aioz::{TaskDetail, TaskStatus};
use domain::{hash::Sha256, result::ResultDocument};
use node::Look;
use serde_json::Value;

use super::bench::{Bench, command, files_beneath, http, sleepers, tx, until};

fn error(task: &TaskDetail) -> &str {
    assert_eq!(task.status, TaskStatus::Failed, "{task:?}");
    task.error.as_deref().unwrap()
}

#[tokio::test]
async fn a_result_is_served_behind_links_that_open_nothing_else() {
    let bench = Bench::start(vec![command("copy", "cat", &["{dataset}"])], |_| {}).await;
    let id = bench.paid("copy", "a.txt", 1).await;
    let task = bench.ended(&id).await;
    assert_eq!(task.status, TaskStatus::Success, "{task:?}");
    let result = task.result.unwrap();
    let files = result["files"].as_array().unwrap();
    let names: Vec<_> = files.iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["result.json", "out.txt"]);
    assert_eq!(result["summary"]["lines"], 2);
    let mut contents = Vec::new();
    for file in files {
        let response = http().get(file["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let body = response.bytes().await.unwrap();
        assert_eq!(body.len() as u64, file["bytes"].as_u64().unwrap());
        assert_eq!(Sha256::of(&body).to_string(), file["sha256"].as_str().unwrap());
        contents.push(body);
    }
    assert_eq!(&contents[1][..], b"one\ntwo\n");
    let document: ResultDocument = serde_json::from_slice(&contents[0]).unwrap();
    assert_eq!((document.job.as_str(), document.dataset.path.as_str()), (id.as_str(), "a.txt"));
    assert_eq!(document.dataset.sha256, Sha256::of(b"one\ntwo\n"));

    let link = files[1]["url"].as_str().unwrap();
    for bad in [
        link.replace("out.txt", "result.json"),
        link.replace("out.txt", "..%2F..%2F..%2Fnode.db"),
        link.split('?').next().unwrap().to_owned(),
        format!("{}0", link),
    ] {
        assert_eq!(http().get(&bad).send().await.unwrap().status(), 403, "{bad}");
    }
    let left = files_beneath(&bench.folder.path().join("node/tasks"));
    assert_eq!(left, ["out.txt", "result.json"], "the dataset and the scratch folder are gone");
}

#[tokio::test]
async fn a_run_that_wants_too_much_is_ended_and_says_why() {
    let tasks = vec![
        command("hungry", "tail", &["/dev/zero"]),
        command("slow", "sleep", &["600"]),
        command("failing", "ls", &["/no/such/folder"]),
        command("crashing", "sh", &["-c", "kill -SEGV $$"]),
        command("silent", "true", &["{out:out.txt}"]),
        command("nosy", "env", &[]),
    ];
    let bench = Bench::start(tasks, |settings| {
        settings.memory_limit = 300_000_000;
        settings.time_limit = Duration::from_secs(5);
        settings.at_once = 2;
    })
    .await;
    let mut ids = Vec::new();
    for (i, model) in ["hungry", "slow", "failing", "crashing", "silent", "nosy"].into_iter().enumerate() {
        ids.push(bench.paid(model, "a.txt", i as u8).await);
    }
    let mut ended = Vec::new();
    for id in &ids {
        ended.push(bench.ended(id).await);
    }
    assert_eq!(error(&ended[0]), "the run needed more than the 300.0 MB of memory it may use");
    assert_eq!(error(&ended[1]), "the run took longer than the 5.0 s it may take");
    assert!(error(&ended[2]).starts_with("`ls` failed (exit code 2): "), "{:?}", ended[2]);
    assert_eq!(error(&ended[3]), "`sh` failed (signal 11) and gave no reason: it wrote nothing to its standard error");
    assert_eq!(error(&ended[4]), "`true` failed (exit code 0): it left no out.txt");
    let lines = ended[5].result.as_ref().unwrap()["summary"]["first_lines"].as_array().unwrap();
    let mut names: Vec<_> = lines.iter().map(|l| l.as_str().unwrap().split('=').next().unwrap()).collect();
    names.retain(|name| !["HOME", "LANG"].contains(name));
    names.sort();
    assert_eq!(names, ["PATH", "TMPDIR"], "nothing of the node's environment reaches outside programs");
}

#[tokio::test]
async fn a_dataset_that_cannot_be_had_fails_the_task() {
    let bench = Bench::start(vec![command("copy", "cat", &["{dataset}"])], |settings| settings.max_dataset = 10).await;
    bench.outside.put("large.txt", b"more than ten bytes");
    let (missing, large) = (bench.paid("copy", "none.txt", 1).await, bench.paid("copy", "large.txt", 2).await);
    assert!(error(&bench.ended(&missing).await).contains("HTTP 403"));
    assert_eq!(error(&bench.ended(&large).await), "the dataset is larger than the 10 B this node takes");
}

#[tokio::test]
async fn a_canceled_run_leaves_no_process() {
    let bench = Bench::start(vec![command("slow", "sleep", &["601"])], |_| {}).await;
    let id = bench.paid("slow", "a.txt", 1).await;
    until("the run", || async { (sleepers("601") == 1).then_some(()) }).await;
    let client = bench.client();
    assert_eq!(client.detail(&id).await.unwrap().status, TaskStatus::Computing);
    client.cancel(&id).await.unwrap();
    until("the end of the run", || async { (sleepers("601") == 0).then_some(()) }).await;
    let task = client.detail(&id).await.unwrap();
    assert_eq!(task.status, TaskStatus::Canceled);
    assert_eq!(task.payment.unwrap().state.as_deref(), Some("paid"));
    assert!(client.cancel(&id).await.is_err());
}

#[tokio::test]
async fn a_stopped_node_goes_on_where_it_was() {
    let mut bench =
        Bench::start(vec![command("slow", "sleep", &["602"]), command("copy", "cat", &["{dataset}"])], |_| {}).await;
    let running = bench.paid("slow", "a.txt", 1).await;
    until("the run", || async { (sleepers("602") == 1).then_some(()) }).await;
    let waiting = bench.paid("copy", "a.txt", 2).await;
    let announced = bench.submit("copy", "a.txt").await;
    bench.client().announce_payment(&announced, &tx(3)).await.unwrap();
    bench.down().await;
    until("the end of the run", || async { (sleepers("602") == 0).then_some(()) }).await;
    bench.up().await;
    until("the run", || async { (sleepers("602") == 1).then_some(()) }).await;
    bench.client().cancel(&running).await.unwrap();
    bench.chain.say(tx(3), Look::Paid { block: 1 });
    for id in [waiting, announced] {
        assert_eq!(bench.ended(&id).await.status, TaskStatus::Success);
    }
    let links = bench.client().history(10, 0).await.unwrap();
    let link = links.records.iter().find_map(|t| t.result.as_ref()?["files"][0]["url"].as_str()).unwrap();
    assert_eq!(http().get(link).send().await.unwrap().status(), 200);
    let _: Value = http().get(link).send().await.unwrap().json().await.unwrap();
}
