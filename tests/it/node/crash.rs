//! `kill -9` of a whole node: what was paid stays paid, what ran is run again, and nothing is left behind.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use compute::aioz::{Aioz, TaskStatus};
use domain::hash::TxHash;
use neo::Expected;
use node::{Look, PaymentVerifier};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::bench::{KEY, Outside, client, command, http, settings, sleepers, tx, until};

const FOLDER: &str = "AGENT_TEST_NODE_FOLDER";
const SECONDS: &str = "605";

/// A chain on which every transaction pays for whatever it is said to pay for.
struct Generous;

#[async_trait::async_trait]
impl PaymentVerifier for Generous {
    async fn look(&self, _: &TxHash, _: &Expected) -> Look {
        Look::Paid { block: 1 }
    }
}

#[tokio::test]
#[ignore = "a node for another test, in a process of its own"]
async fn a_node_to_kill() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let tasks = vec![command("slow", "sleep", &[SECONDS]), command("copy", "cat", &["{dataset}"])];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tempfile::NamedTempFile::new_in(&folder).unwrap();
    std::fs::write(address.path(), listener.local_addr().unwrap().to_string()).unwrap();
    address.persist(folder.join("address")).unwrap();
    node::serve(listener, settings(folder.join("node"), Arc::new(Generous), tasks), std::future::pending())
        .await
        .unwrap();
}

struct Killed(Child);

impl Killed {
    async fn start(folder: &Path) -> (Killed, Aioz) {
        let _ = std::fs::remove_file(folder.join("address"));
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "node::crash::a_node_to_kill", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let address = until("the node", || async { std::fs::read_to_string(folder.join("address")).ok() }).await;
        (Killed(child), client(&format!("http://{address}/api/v1").parse().unwrap(), KEY))
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn a_killed_node_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let outside = Outside::start().await;
    let submit = async |client: &Aioz, model: &str| {
        let url = format!("{}/api-key/model/{model}/task", client.base());
        let body = json!({"input": outside.dataset("a.txt")});
        let answer: Value =
            http().post(url).header("x-api-key", KEY).json(&body).send().await.unwrap().json().await.unwrap();
        answer["data"]["data"].as_str().unwrap().to_owned()
    };
    let (node, client) = Killed::start(folder.path()).await;
    let (running, waiting, unpaid) =
        (submit(&client, "slow").await, submit(&client, "copy").await, submit(&client, "copy").await);
    client.announce_payment(&running, &tx(1)).await.unwrap();
    until("the run", || async { (sleepers(SECONDS) == 1).then_some(()) }).await;
    client.announce_payment(&waiting, &tx(2)).await.unwrap();
    let terms = client.detail(&unpaid).await.unwrap().payment.unwrap();

    drop(node);
    until("the end of the orphan", || async { (sleepers(SECONDS) == 0).then_some(()) }).await;
    let (_node, client) = Killed::start(folder.path()).await;
    until("the run again", || async { (sleepers(SECONDS) == 1).then_some(()) }).await;
    let again = client.detail(&running).await.unwrap();
    assert_eq!(again.status, TaskStatus::Computing);
    assert!(again.payment.unwrap().is_paid());
    assert_eq!(client.detail(&unpaid).await.unwrap().payment.unwrap(), terms, "a quote is a promise");
    client.cancel(&running).await.unwrap();
    let done = until("the other task", || async {
        Some(client.detail(&waiting).await.unwrap()).filter(|task| task.status.is_end())
    })
    .await;
    assert_eq!(done.status, TaskStatus::Success);
    until("the end of the run", || async { (sleepers(SECONDS) == 0).then_some(()) }).await;
}
