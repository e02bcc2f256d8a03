//! The payer on a real node.

use std::time::Duration;

use agent::payment::payer::{Payer, Settlement};
use domain::{attempt::Attempt, event::Silent, ids::JobId};
use neo::{Expected, paid::VerifyError, transaction::Transaction, verify_payment};

use super::{NET, NeoGo, PATIENCE, oracle};
use crate::payment::{Books, Kept, RECIPIENT, USER, gas, payer, settle, wallet};

/// Looks until the attempt is settled. The node makes blocks all the time, so this ends.
async fn settled(payer: &Payer, books: &Books, job: &JobId, sink: &Kept) -> Settlement {
    let looking = async {
        loop {
            match settle(payer, books, job, sink).await {
                Settlement::Pending { .. } => tokio::time::sleep(Duration::from_millis(20)).await,
                done => return done,
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("the payment does not settle")
}

fn expected(attempt: &Attempt) -> Expected {
    let Attempt { sender, recipient, amount, reference, network, .. } = attempt.clone();
    Expected { from: Some(sender), to: recipient, amount, reference, network }
}

#[tokio::test]
async fn a_payment_lands_on_a_real_node_and_is_verified() {
    let node = NeoGo::start(Duration::from_millis(100));
    node.fund(&[(wallet(USER).account(), gas("1000"))]);
    let books = Books::new(NET);
    let payer = payer(&[&node.url()], &books);
    let (job, kept) = (books.job(gas("2")).id, Kept::default());
    let before = payer.chain().balance(payer.account()).await.unwrap();
    let attempt = books.pay(&payer, &job, &kept).await.unwrap();
    let Settlement::Paid { block } = settled(&payer, &books, &job, &kept).await else { panic!("not paid") };
    assert_eq!(kept.payment_events(), ["intended", "sent", "confirmed"]);

    let chain = payer.chain();
    let verified = verify_payment(chain, &attempt.tx_hash, &expected(&attempt)).await.unwrap();
    assert_eq!((verified.from, verified.block), (payer.account(), block));
    let other = Expected { reference: "another".to_owned(), ..expected(&attempt) };
    assert!(matches!(verify_payment(chain, &attempt.tx_hash, &other).await, Err(VerifyError::NotPaid(_))));
    assert_eq!(chain.balance(RECIPIENT).await.unwrap(), gas("2"));
    let spent = before.checked_sub(chain.balance(payer.account()).await.unwrap()).unwrap();
    let fees = attempt.system_fee.checked_add(attempt.network_fee).unwrap();
    assert_eq!(spent, gas("2").checked_add(fees).unwrap(), "the fees are exact, to the datoshi");

    let raw = chain.raw_transaction(&attempt.tx_hash).await.unwrap().found.unwrap();
    assert_eq!(oracle::judge(&[oracle::case(&attempt, &raw)]), [attempt.tx_hash.to_string()]);
}

#[tokio::test]
async fn after_an_expired_attempt_the_real_chain_refuses_the_old_one() {
    let node = NeoGo::start(Duration::from_millis(100));
    node.fund(&[(wallet(USER).account(), gas("1000"))]);
    let books = Books::new(NET);
    let url = node.url();
    let payer = payer(&[&url], &books).with_lifetime(Duration::from_millis(200));
    let job = books.job(gas("2")).id;
    // A node that takes the payment and loses it, while the chain goes on: the transaction is sent to the sandbox only.
    let folder = tempfile::tempdir().unwrap();
    let hole = crate::payment::serve(folder.path(), NET, &[(payer.account(), gas("1000"))]).await;
    let height = payer.chain().block_count().await.unwrap();
    hole.chain.skip_blocks(height).unwrap();
    let blind = crate::payment::payer(&[&hole.url], &books).with_lifetime(Duration::from_secs(3));
    let lost = books.pay(&blind, &job, &Silent).await.unwrap();
    let bytes = blind.chain().raw_transaction(&lost.tx_hash).await.unwrap().found.unwrap();

    // On the real chain nothing is known of it. The real payer would send it again while it may land, so this only
    // looks at a payer that cannot sign it, until its last block has passed.
    let watcher = {
        let chain = payer.chain().clone();
        Payer::new(chain, neo::Wallet::generate(), books.ledger.clone())
    };
    let kept = Kept::default();
    assert_eq!(settled(&watcher, &books, &job, &kept).await, Settlement::Expired);
    books.make_room(&job);

    let payer = payer.with_lifetime(Duration::from_secs(600));
    let second = books.pay(&payer, &job, &Silent).await.unwrap();
    let named: Vec<_> = Transaction::decode_unsigned(&second.unsigned).unwrap().conflicts().collect();
    assert_eq!(named, [lost.tx_hash]);
    assert!(matches!(settled(&payer, &books, &job, &kept).await, Settlement::Paid { .. }));
    assert_eq!(payer.chain().balance(RECIPIENT).await.unwrap(), gas("2"));
    use base64::Engine as _;
    let late = serde_json::json!([base64::engine::general_purpose::STANDARD.encode(bytes)]);
    let (code, _) = super::rpc(&url, "sendrawtransaction", late).await.unwrap_err();
    assert_eq!(code, -510);
    let raw = payer.chain().raw_transaction(&second.tx_hash).await.unwrap().found.unwrap();
    assert_eq!(oracle::judge(&[oracle::case(&second, &raw)]), [second.tx_hash.to_string()]);
}
