//! Eight ways to look paid without being so, each a transaction that really lands on a real node: neither the payer nor
//! the provider takes one of them.

use std::time::Duration;

use agent::payment::{Payer, payer::Settlement};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    attempt::{Attempt, AttemptState},
    event::Silent,
    hash::{Hash160, Sha256},
    job::JobState,
    money::Datoshi,
};
use guard::ledger::Reading;
use jiff::Timestamp;
use neo::{Chain, Expected, GAS_CONTRACT, Wallet, script::Transfer, transaction::Signed};
use node::{Look, PaymentVerifier as _};
use serde_json::json;
use sha2::Digest as _;

use super::{NET, NeoGo, actor::Actor, until_landed};
use crate::payment::{Books, gas};

const TO: Hash160 = Hash160([0xfe; 20]);
const OTHER: Hash160 = Hash160([0xfd; 20]);
/// Small enough that it can also be an amount of NEO, which has no fractions.
const AMOUNT: u32 = 5;
const REFERENCE: &str = "the-quote-s-reference";
/// `0xef4073a0f2b305a38ec4050e4d3d28bc40ea63f5` in wire order.
const NEO: Hash160 = Hash160([
    0xf5, 0x63, 0xea, 0x40, 0xbc, 0x28, 0x3d, 0x4d, 0x0e, 0x05, 0xc4, 0x8e, 0xa3, 0x05, 0xb3, 0xf2, 0xa0, 0x73, 0x40,
    0xef,
]);

fn amount(n: u32) -> Datoshi {
    Datoshi::new(n.into()).unwrap()
}

fn script(from: Hash160, to: Hash160, datoshi: Datoshi, reference: &str) -> Vec<u8> {
    let reference = Some(reference.as_bytes().to_vec());
    Transfer { from, to, amount: datoshi, reference }.script().unwrap()
}

/// The same script of another contract: the contract's hash stands in it once.
fn of_contract(script: &[u8], contract: Hash160) -> Vec<u8> {
    let at = script.windows(20).position(|part| part == GAS_CONTRACT.0).unwrap();
    [&script[..at], &contract.0, &script[at + 20..]].concat()
}

/// The eight, and first the one that is paid.
fn cases(payer: &Actor, other: &Actor) -> Vec<(&'static str, Vec<u8>)> {
    let good = script(payer.account, TO, amount(AMOUNT), REFERENCE);
    let too_much = script(payer.account, TO, gas("5000"), REFERENCE);
    vec![
        ("paid", good.clone()),
        ("a false return", too_much.split_last().unwrap().1.to_vec()),
        ("FAULT", [good.clone(), vec![0x38]].concat()),
        ("another asset", of_contract(&good, NEO)),
        ("from another", script(other.account, TO, amount(AMOUNT), REFERENCE)),
        ("to another", script(payer.account, OTHER, amount(AMOUNT), REFERENCE)),
        ("another amount", script(payer.account, TO, amount(AMOUNT - 1), REFERENCE)),
        ("two events", [good.clone(), good].concat()),
        ("another job's", script(payer.account, TO, amount(AMOUNT), "another-reference")),
    ]
}

/// What the payer's ledger would hold had it made this transaction for a job of its own.
fn attempt_of(books: &Books, signed: &Signed, payer: Hash160) -> Attempt {
    let job = books.job(amount(AMOUNT));
    let attempt = Attempt {
        job: job.id.clone(),
        number: 1,
        tx_hash: signed.transaction.hash(),
        unsigned: signed.transaction.unsigned_bytes(),
        valid_until_block: signed.transaction.valid_until_block,
        sender: payer,
        recipient: TO,
        amount: amount(AMOUNT),
        system_fee: signed.transaction.system_fee,
        network_fee: signed.transaction.network_fee,
        reference: REFERENCE.to_owned(),
        network: NET,
        state: AttemptState::Intended,
        block: None,
        created_at: Timestamp::now(),
    };
    let digest = Sha256::of(job.id.as_str().as_bytes());
    books.ledger.record_approval(&digest, &job.id, "terminal").unwrap();
    let caps = books.guard.policy().caps;
    books.ledger.intend(&attempt, &caps, &digest, &Reading::now()).unwrap();
    attempt
}

#[tokio::test]
async fn eight_ways_to_look_paid_are_seen_through() {
    let node = NeoGo::start(Duration::from_millis(50));
    let (payer, other) = (Actor::named("look-paid payer"), Actor::named("look-paid other"));
    node.fund(&[(payer.account, gas("1000")), (other.account, gas("1000"))]);
    node.fund_neo(&[(payer.account, 100)]);
    let chain = Chain::new(vec![node.url()], NET).unwrap();
    let key = hex::encode(sha2::Sha256::digest("look-paid payer"));
    let expected =
        |from| Expected { from, to: TO, amount: amount(AMOUNT), reference: REFERENCE.to_owned(), network: NET };

    let cases = cases(&payer, &other);
    assert_eq!(cases.len(), 1 + 8);
    for (nonce, (name, script)) in cases.into_iter().enumerate() {
        let count = chain.block_count().await.unwrap();
        let draft = payer.runs(script, count + 500).nonce(nonce as u32).with(|t| t.system_fee = gas("1"));
        let draft = if name == "from another" { draft.signed_also_by(&other) } else { draft };
        let signed = draft.sign();
        let sent = json!([STANDARD.encode(signed.bytes())]);
        super::rpc(&node.url(), "sendrawtransaction", sent).await.unwrap_or_else(|e| panic!("{name}: {e:?}"));
        until_landed(&chain, &signed.transaction.hash()).await;

        // The payer, had it made this transaction.
        let books = Books::new(NET);
        let wallet = Wallet::from_key_text(&key.as_str().into()).unwrap();
        let program = Payer::new(chain.clone(), wallet, books.ledger.clone());
        let attempt = attempt_of(&books, &signed, payer.account);
        let settled = program.settle(&attempt, &Silent).await.unwrap();
        // The provider, told that this transaction pays: one that knows who is to pay, and one that knows nobody, as the
        // node does.
        let look = chain.look(&signed.transaction.hash(), &expected(Some(payer.account))).await;
        let stranger = chain.look(&signed.transaction.hash(), &expected(None)).await;
        let job = books.ledger.job(&attempt.job).unwrap();
        if name == "paid" {
            assert!(matches!(settled, Settlement::Paid { .. }), "{settled:?}");
            assert!(matches!((&look, &stranger), (Look::Paid { .. }, Look::Paid { .. })), "{look:?} {stranger:?}");
            assert_eq!(job.state, JobState::Paid);
            continue;
        }
        assert!(!matches!(settled, Settlement::Paid { .. }), "the payer takes {name} for paid");
        for look in [look, stranger] {
            assert!(matches!(look, Look::Refused(_)), "the provider says of {name}: {look:?}");
        }
        assert_ne!(job.state, JobState::Paid, "{name}");
    }
}
