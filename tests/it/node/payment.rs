//! Terms, announcements, expiry.

use std::time::Duration;

use compute::aioz::{ComputeError, TaskDetail, TaskStatus};
use domain::{money::Datoshi, network::Network, quote::QuoteSource};
use node::Look;

use super::bench::{Bench, RECIPIENT, command, tx, until};

async fn copying(change: impl FnOnce(&mut node::NodeSettings)) -> Bench {
    Bench::start(vec![command("copy", "cat", &["{dataset}"])], change).await
}

#[tokio::test]
async fn a_submit_is_answered_with_terms_that_make_a_quote() {
    let bench = copying(|settings| {
        settings.prices.by_task.insert("copy".into(), "0.5".parse().unwrap());
    })
    .await;
    let id = bench.submit("copy", "a.txt").await;
    let detail = bench.client().detail(&id).await.unwrap();
    assert_eq!(detail.status, TaskStatus::InQueue);
    let terms = detail.payment.unwrap();
    assert_eq!(terms.state.as_deref(), Some("unpaid"));
    let quote = terms.quote().unwrap();
    assert_eq!(quote.amount, "0.5".parse::<Datoshi>().unwrap());
    assert_eq!((quote.recipient.address().as_str(), quote.network), (RECIPIENT, Network(424_242)));
    assert_eq!(quote.source, QuoteSource::Provider);
    let other = bench.submit("copy", "a.txt").await;
    let other = bench.client().detail(&other).await.unwrap().payment.unwrap().quote().unwrap();
    assert_ne!(quote.reference, other.reference);
}

#[tokio::test]
async fn an_unpaid_task_is_canceled_when_its_terms_expire() {
    let bench = copying(|settings| settings.quote_lifetime = Duration::ZERO).await;
    let id = bench.submit("copy", "a.txt").await;
    let task = bench.ended(&id).await;
    assert_eq!(task.status, TaskStatus::Canceled);
    assert!(task.message.unwrap().contains("not paid by"));
    assert_eq!(task.payment.unwrap().state.as_deref(), Some("expired"));
    // The money may have been on its way: it is still looked for, and then the task runs.
    bench.chain.say(tx(1), Look::Paid { block: 3 });
    bench.client().announce_payment(&id, &tx(1)).await.unwrap();
    assert_eq!(bench.ended(&id).await.status, TaskStatus::Success);
}

#[tokio::test]
async fn a_payment_that_is_looked_for_gets_grace_but_not_for_ever() {
    let bench = copying(|settings| {
        settings.quote_lifetime = Duration::from_secs(2);
        settings.payment_grace = Duration::ZERO;
    })
    .await;
    let id = bench.submit("copy", "a.txt").await;
    bench.client().announce_payment(&id, &tx(1)).await.unwrap();
    let waiting = bench.client().detail(&id).await.unwrap();
    assert_eq!(waiting.payment.as_ref().unwrap().state.as_deref(), Some("verifying"));
    assert_eq!(waiting.payment.unwrap().tx(), Some(tx(1)));
    let task = bench.ended(&id).await;
    assert_eq!(task.status, TaskStatus::Canceled);
    assert!(task.message.clone().unwrap().contains("did not land in time"), "{:?}", task.message);
}

#[tokio::test]
async fn a_payment_that_does_not_count_is_refused_with_the_reason_and_another_may_follow() {
    let bench = copying(|_| {}).await;
    let id = bench.submit("copy", "a.txt").await;
    let client = bench.client();
    bench.chain.say(tx(1), Look::Refused("it failed on chain".into()));
    client.announce_payment(&id, &tx(1)).await.unwrap();
    let task = until("the refusal", || async {
        Some(client.detail(&id).await.unwrap())
            .filter(|t| t.payment.as_ref().unwrap().state.as_deref() == Some("unpaid"))
    })
    .await;
    assert!(task.message.clone().unwrap().contains("it failed on chain"), "{:?}", task.message);
    bench.chain.say(tx(2), Look::Unreachable("the node is down".into()));
    client.announce_payment(&id, &tx(2)).await.unwrap();
    bench.chain.say(tx(2), Look::Paid { block: 9 });
    let task = bench.ended(&id).await;
    assert_eq!(task.status, TaskStatus::Success);
    assert_eq!(task.payment.unwrap().tx(), Some(tx(2)));
    client.announce_payment(&id, &tx(2)).await.unwrap();
    let third = client.announce_payment(&id, &tx(3)).await.unwrap_err();
    assert!(matches!(&third, ComputeError::PaymentRefused(why) if why.contains("paid for already")), "{third}");
    assert!(third.hint().contains("receipt") && !third.hint().contains("anew"), "{}", third.hint());
}

#[tokio::test]
async fn one_transaction_never_pays_for_two_tasks() {
    let bench = copying(|_| {}).await;
    let (one, two) = (bench.submit("copy", "a.txt").await, bench.submit("copy", "a.txt").await);
    let client = bench.client();
    client.announce_payment(&one, &tx(1)).await.unwrap();
    client.announce_payment(&two, &tx(1)).await.unwrap();
    bench.chain.say(tx(1), Look::Paid { block: 1 });
    // Which of the two is looked at first is left open: it is paid, and the other is not.
    let both = until("the decision", || async {
        let (one, two) = (client.detail(&one).await.unwrap(), client.detail(&two).await.unwrap());
        let unpaid = |task: &TaskDetail| task.payment.as_ref().unwrap().state.as_deref() == Some("unpaid");
        (unpaid(&one) != unpaid(&two)).then(|| if unpaid(&one) { (two.id, one) } else { (one.id, two) })
    });
    let (paid, two) = both.await;
    assert_eq!(bench.ended(&paid).await.status, TaskStatus::Success);
    assert!(two.message.clone().unwrap().contains("paid for another task"), "{:?}", two.message);
    let again = client.announce_payment(&two.id, &tx(1)).await.unwrap_err();
    assert!(matches!(&again, ComputeError::PaymentRefused(_)), "{again}");
}

#[tokio::test]
async fn what_is_free_needs_no_payment() {
    let bench = copying(|settings| settings.prices.flat = Datoshi::ZERO).await;
    let id = bench.submit("copy", "a.txt").await;
    assert_eq!(bench.ended(&id).await.status, TaskStatus::Success);
}
