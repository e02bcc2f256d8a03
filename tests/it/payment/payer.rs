//! The payer on the sandbox's chain: at most one payment a job, whatever goes wrong on the way.

use std::sync::atomic::Ordering;

use agent::payment::payer::{PayError, Payer, Settlement};
use domain::{
    attempt::AttemptState::{Confirmed, Expired, Faulted, Intended, Sent},
    event::Silent,
    job::JobState,
    money::Datoshi,
    network::{Network, SANDBOX},
};
use guard::ledger::IntendError;
use neo::{
    Expected, Wallet,
    paid::{NotPaid, VerifyError},
    rpc::{Chain, ChainError},
    transaction::Transaction,
    verify_payment,
};

use super::*;

const NET: Network = Network(SANDBOX);

struct Stage {
    books: Books,
    served: Served,
    payer: Payer,
    _folder: tempfile::TempDir,
}

async fn stage(funds: &str) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let served = serve(folder.path(), NET, &[(wallet(USER).account(), gas(funds))]).await;
    let books = Books::new(NET);
    let payer = payer(&[&served.url], &books);
    Stage { books, served, payer, _folder: folder }
}

impl Stage {
    fn skip(&self, blocks: u32) {
        self.served.chain.skip_blocks(blocks).unwrap();
    }

    fn received(&self) -> Datoshi {
        self.served.chain.balance(RECIPIENT).unwrap()
    }

    async fn settle(&self, job: &JobId) -> Settlement {
        settle(&self.payer, &self.books, job, &Silent).await
    }
}

#[tokio::test]
async fn a_payment_lands_and_is_paid_once() {
    let stage = stage("10").await;
    let (books, kept) = (&stage.books, Kept::default());
    let job = books.job(gas("2")).id;
    let attempt = books.pay(&stage.payer, &job, &kept).await.unwrap();
    assert_eq!((attempt.number, attempt.state), (1, Sent));
    assert_eq!(settle(&stage.payer, books, &job, &kept).await, Settlement::Pending { why: None });
    stage.skip(1);
    let Settlement::Paid { block } = settle(&stage.payer, books, &job, &kept).await else { panic!("not paid") };
    assert_eq!(books.attempt(&job).block, Some(block));
    assert_eq!(books.states(&job), [Confirmed]);
    assert_eq!(books.ledger.job(&job).unwrap().state, JobState::Paid);
    assert_eq!(kept.payment_events(), ["intended", "sent", "confirmed"]);
    assert_eq!(stage.received(), gas("2"));
    let burnt = attempt.system_fee.checked_add(attempt.network_fee).unwrap();
    let left = gas("8").checked_sub(burnt).unwrap();
    assert_eq!(stage.served.chain.balance(stage.payer.account()).unwrap(), left);
    // Looking again changes nothing.
    assert_eq!(stage.settle(&job).await, Settlement::Paid { block });

    let quote = books.ledger.job(&job).unwrap().quote.unwrap();
    let expected =
        Expected { from: None, to: RECIPIENT, amount: quote.amount, reference: quote.reference, network: NET };
    let paid = verify_payment(stage.payer.chain(), &attempt.tx_hash, &expected).await.unwrap();
    assert_eq!((paid.from, paid.block), (stage.payer.account(), block));
    let other = Expected { reference: "another".to_owned(), ..expected.clone() };
    let verdict = verify_payment(stage.payer.chain(), &attempt.tx_hash, &other).await;
    assert!(matches!(verdict, Err(VerifyError::NotPaid(NotPaid::Reference))));
    let other = Expected { from: Some(RECIPIENT), ..expected };
    let verdict = verify_payment(stage.payer.chain(), &attempt.tx_hash, &other).await;
    assert!(matches!(verdict, Err(VerifyError::NotPaid(NotPaid::AnotherTransfer { .. }))));
}

#[tokio::test]
async fn a_lost_reply_is_unknown_and_then_paid_once() {
    let stage = stage("10").await;
    let kept = Kept::default();
    let job = stage.books.job(gas("2")).id;
    stage.served.chain.faults().lost_replies.store(1, Ordering::SeqCst);
    let attempt = stage.books.pay(&stage.payer, &job, &kept).await.unwrap();
    assert_eq!(attempt.state, Intended, "nobody said that it was taken");
    assert_eq!(kept.payment_events(), ["intended", "unknown"]);
    let again = stage.books.permit(&stage.payer, &job).await.unwrap();
    let refused = stage.payer.pay(again, &kept).await;
    assert!(matches!(refused, Err(PayError::Live { number: 1, .. })), "{refused:?}");
    stage.skip(1);
    assert!(matches!(stage.settle(&job).await, Settlement::Paid { .. }));
    assert_eq!(stage.received(), gas("2"));
}

#[tokio::test]
async fn a_transaction_that_a_node_forgot_is_sent_again_with_the_same_bytes() {
    let stage = stage("10").await;
    let job = stage.books.job(gas("2")).id;
    stage.served.chain.faults().lost_transactions.store(1, Ordering::SeqCst);
    let attempt = stage.books.pay(&stage.payer, &job, &Silent).await.unwrap();
    assert_eq!(attempt.state, Sent, "the node said so");
    stage.skip(3);
    assert_eq!(stage.settle(&job).await, Settlement::Pending { why: None }, "sent again");
    stage.served.chain.forget_pool().unwrap();
    assert_eq!(stage.settle(&job).await, Settlement::Pending { why: None }, "and again");
    stage.skip(1);
    assert!(matches!(stage.settle(&job).await, Settlement::Paid { .. }));
    let landed = stage.payer.chain().raw_transaction(&attempt.tx_hash).await.unwrap().found.unwrap();
    assert!(landed.starts_with(&attempt.unsigned));
    assert_eq!(stage.received(), gas("2"));
}

#[tokio::test]
async fn an_expired_attempt_is_named_by_the_next_and_never_lands_after_it() {
    let stage = stage("10").await;
    let books = &stage.books;
    let job = books.job(gas("2")).id;
    let mut lost = Vec::new();
    for round in 1..=3 {
        stage.served.chain.faults().lost_transactions.store(1, Ordering::SeqCst);
        let attempt = books.pay(&stage.payer, &job, &Silent).await.unwrap();
        assert_eq!(attempt.number, round);
        let named: Vec<_> = Transaction::decode_unsigned(&attempt.unsigned).unwrap().conflicts().collect();
        assert_eq!(named, lost, "every earlier attempt is named");
        lost.push(attempt.tx_hash);
        let height = stage.served.chain.height().unwrap();
        stage.skip(attempt.valid_until_block - height + 1);
        // The transaction is past its last block, and still nothing is certain within the margin.
        assert!(matches!(stage.settle(&job).await, Settlement::Pending { .. }));
        stage.skip(1);
        assert_eq!(stage.settle(&job).await, Settlement::Expired);
        books.make_room(&job);
    }
    let attempt = books.pay(&stage.payer, &job, &Silent).await.unwrap();
    stage.skip(1);
    assert!(matches!(stage.settle(&job).await, Settlement::Paid { .. }));
    assert_eq!(books.states(&job), [Expired, Expired, Expired, Confirmed]);
    assert_eq!(stage.payer.replaces(&job).unwrap(), lost);
    assert_eq!(attempt.number, 4);
    assert_eq!(stage.received(), gas("2"));
}

#[tokio::test]
async fn a_payment_that_failed_on_chain_makes_room_and_is_not_named() {
    let stage = stage("10").await;
    let books = &stage.books;
    let (first, second) = (books.job(gas("7")).id, books.job(gas("7")).id);
    // A second ledger stands for a second machine with the same key: it knows nothing of the first one's payments.
    let elsewhere = Books::new(NET);
    let copy = Job { request: None, ..books.ledger.job(&second).unwrap() };
    consented(&elsewhere.ledger, &copy, Bounds::default());
    let twin = payer(&[&stage.served.url], &elsewhere);
    books.pay(&stage.payer, &first, &Silent).await.unwrap();
    elsewhere.pay(&twin, &second, &Silent).await.unwrap();
    stage.skip(1);
    assert!(matches!(stage.settle(&first).await, Settlement::Paid { .. }));
    assert_eq!(settle(&twin, &elsewhere, &second, &Silent).await, Settlement::Faulted);
    assert_eq!(elsewhere.states(&second), [Faulted]);
    assert_eq!(stage.received(), gas("7"), "the second transfer moved nothing");
    assert!(twin.replaces(&second).unwrap().is_empty());
}

#[tokio::test]
async fn coins_promised_to_another_payment_are_not_spent_twice() {
    let stage = stage("10").await;
    let (first, second) = (stage.books.job(gas("7")).id, stage.books.job(gas("7")).id);
    stage.books.pay(&stage.payer, &first, &Silent).await.unwrap();
    let refused = stage.books.pay(&stage.payer, &second, &Silent).await;
    assert!(matches!(refused, Err(PayError::Balance { .. })), "{refused:?}");
    assert!(stage.books.states(&second).is_empty(), "nothing was written");
}

#[tokio::test]
async fn many_at_once_pay_each_job_once() {
    let stage = stage("100").await;
    let job = stage.books.job(gas("2")).id;
    let others: Vec<JobId> = (0..3).map(|_| stage.books.job(gas("3")).id).collect();
    // Permits are made first, so that all of them race for the same steps.
    let mut permits = Vec::new();
    for id in std::iter::repeat_n(&job, 4).chain(&others) {
        permits.push(stage.books.permit(&stage.payer, id).await.unwrap());
    }
    let race = |permit| {
        let payer = stage.payer.clone();
        tokio::spawn(async move { payer.pay(permit, &Silent).await })
    };
    let tasks: Vec<_> = permits.into_iter().map(race).collect();
    let mut paid = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => paid += 1,
            Err(PayError::Live { .. } | PayError::Intend(IntendError::Live { .. })) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(paid, 4, "one for the contested job, one for each other");
    stage.skip(1);
    for id in others.iter().chain([&job]) {
        assert!(matches!(stage.settle(id).await, Settlement::Paid { .. }));
    }
    assert_eq!(stage.received(), gas("11"));
}

#[tokio::test]
async fn nothing_is_signed_for_another_network() {
    let stage = stage("10").await;
    let books = Books::new(Network(42));
    let job = books.job(gas("2"));
    let chain = Chain::new(vec![stage.served.url.clone()], Network(42)).unwrap();
    let lost = Payer::new(chain, wallet(USER), books.ledger.clone());
    let refused = lost.fees(job.quote.as_ref().unwrap(), &[]).await;
    let expected = |e: &PayError| matches!(e, PayError::Chain(ChainError::WrongNetwork { stated, pinned, .. }) if *stated == NET && pinned.0 == 42);
    assert!(refused.as_ref().is_err_and(expected), "{refused:?}");
    let refused = stage.payer.fees(job.quote.as_ref().unwrap(), &[]).await;
    assert!(matches!(refused, Err(PayError::Network { .. })));
}

#[tokio::test]
async fn fees_above_the_approved_ones_are_not_burnt() {
    let stage = stage("10").await;
    let job = stage.books.job(gas("2")).id;
    // Approved for a first attempt; by the time of paying, an earlier attempt has to be named, which makes it longer.
    let permit = stage.books.permit(&stage.payer, &job).await.unwrap();
    stage.served.chain.faults().lost_transactions.store(1, Ordering::SeqCst);
    let attempt = stage.books.pay(&stage.payer, &job, &Silent).await.unwrap();
    stage.skip(attempt.valid_until_block + 3);
    assert_eq!(stage.settle(&job).await, Settlement::Expired);
    let refused = stage.payer.pay(permit, &Silent).await;
    assert!(matches!(refused, Err(PayError::Fee { what: "network", .. })), "{refused:?}");
    assert_eq!(stage.books.states(&job), [Expired]);
}

#[tokio::test]
async fn an_empty_wallet_says_so_before_anything_is_written() {
    let stage = stage("10").await;
    let job = stage.books.job(gas("2"));
    let chain = Chain::new(vec![stage.served.url.clone()], NET).unwrap();
    let poor = Payer::new(chain, Wallet::generate(), stage.books.ledger.clone());
    let refused = poor.fees(job.quote.as_ref().unwrap(), &[]).await;
    assert!(matches!(refused, Err(PayError::Balance { available: Datoshi::ZERO, .. })), "{refused:?}");
    assert!(stage.books.states(&job.id).is_empty());
}

#[tokio::test]
async fn a_payment_survives_the_program_and_is_settled_by_the_next() {
    let stage = stage("10").await;
    let job = stage.books.job(gas("2")).id;
    // The program dies between the intent and the broadcast: the chain never hears of it.
    let dead = Chain::new(vec!["http://127.0.0.1:9".parse().unwrap()], NET).unwrap();
    let permit = stage.books.permit(&stage.payer, &job).await.unwrap();
    stage.served.chain.faults().lost_transactions.store(1, Ordering::SeqCst);
    stage.payer.pay(permit, &Silent).await.unwrap();
    let blind = Payer::new(dead, wallet(USER), stage.books.ledger.clone());
    let attempt = stage.books.attempt(&job);
    assert!(matches!(blind.settle(&attempt, &Silent).await.unwrap(), Settlement::Pending { why: Some(_) }));

    let reopened = Ledger::open(stage.books.home.path()).unwrap();
    let next = Payer::new(stage.payer.chain().clone(), wallet(USER), reopened.clone());
    assert_eq!(next.settle(&attempt, &Silent).await.unwrap(), Settlement::Pending { why: None });
    stage.skip(1);
    assert!(matches!(next.settle(&attempt, &Silent).await.unwrap(), Settlement::Paid { .. }));
    assert_eq!(reopened.job(&job).unwrap().state, JobState::Paid);
}
