//! The node as it is shipped, with a chain behind it: a real signature, a real transfer, the real rule of what is paid.

use std::sync::Arc;

use agent::payment::payer::Payer;
use compute::aioz::TaskStatus;
use domain::{
    event::Silent,
    hash::TxHash,
    network::{Network, SANDBOX},
    quote::Quote,
};
use neo::Chain;

use super::bench::{Bench, command, tx, until};
use crate::payment::{Books, RECIPIENT, Served, USER, gas, payer, serve, wallet};

const NET: Network = Network(SANDBOX);

struct Stage {
    bench: Bench,
    books: Books,
    payer: Payer,
    served: Served,
    _folder: tempfile::TempDir,
}

async fn stage() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let served = serve(folder.path(), NET, &[(wallet(USER).account(), gas("100"))]).await;
    let books = Books::new(NET);
    let payer = payer(&[&served.url], &books);
    let chain = Chain::new(vec![served.url.clone()], NET).unwrap();
    let bench = Bench::start(vec![command("copy", "cat", &["{dataset}"])], |settings| {
        settings.network = NET;
        settings.recipient = RECIPIENT;
        settings.verifier = Arc::new(chain);
    })
    .await;
    Stage { bench, books, payer, served, _folder: folder }
}

impl Stage {
    async fn quote(&self, task: &str) -> Quote {
        self.bench.client().detail(task).await.unwrap().payment.unwrap().quote().unwrap()
    }

    /// Pays a quote; the transaction lands with the next block.
    async fn pay(&self, quote: Quote) -> TxHash {
        let job = self.books.job(quote.amount).id;
        self.books.ledger.learn(&job, |job| job.quote = Some(quote)).unwrap();
        self.books.pay(&self.payer, &job, &Silent).await.unwrap().tx_hash
    }

    async fn refusal(&self, task: &str) -> String {
        let client = self.bench.client();
        let refused = until("the refusal", || async {
            let task = client.detail(task).await.unwrap();
            Some(task).filter(|t| t.payment.as_ref().unwrap().state.as_deref() == Some("unpaid"))
        });
        refused.await.message.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_runs_when_its_payment_is_in_a_block() {
    let stage = stage().await;
    let client = stage.bench.client();
    let task = stage.bench.submit("copy", "a.txt").await;
    let hash = stage.pay(stage.quote(&task).await).await;
    client.announce_payment(&task, &hash).await.unwrap();
    // Accepted by a node is not landed.
    for _ in 0..3 {
        assert_eq!(client.detail(&task).await.unwrap().payment.unwrap().state.as_deref(), Some("verifying"));
    }
    stage.served.chain.skip_blocks(1).unwrap();
    let done = stage.bench.ended(&task).await;
    assert_eq!(done.status, TaskStatus::Success, "{done:?}");
    assert_eq!(done.payment.unwrap().tx(), Some(hash));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_not_this_tasks_does_not_count() {
    let stage = stage().await;
    let client = stage.bench.client();
    let (one, two) = (stage.bench.submit("copy", "a.txt").await, stage.bench.submit("copy", "a.txt").await);
    let cheap = Quote { amount: gas("0.5"), ..stage.quote(&two).await };
    let (paid, cheap) = (stage.pay(stage.quote(&one).await).await, stage.pay(cheap).await);
    stage.served.chain.skip_blocks(1).unwrap();
    client.announce_payment(&two, &paid).await.unwrap();
    assert!(stage.refusal(&two).await.contains("another reference"), "{}", stage.refusal(&two).await);
    client.announce_payment(&two, &cheap).await.unwrap();
    assert!(stage.refusal(&two).await.contains("it is a transfer of 0.5 GAS"), "{}", stage.refusal(&two).await);
    // What was announced for the wrong task still pays for the right one.
    client.announce_payment(&one, &paid).await.unwrap();
    assert_eq!(stage.bench.ended(&one).await.status, TaskStatus::Success);
    client.announce_payment(&two, &tx(9)).await.unwrap();
    assert_eq!(client.detail(&two).await.unwrap().payment.unwrap().state.as_deref(), Some("verifying"));
}
