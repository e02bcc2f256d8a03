//! The same bytes to neo-go and to the sandbox's chain: what one takes or refuses, so does the other, with the same code.
//!
//! The node is frozen: it takes transactions and makes no blocks, so heights and pools stand still, and each case has
//! accounts of its own. A case sends some transactions in order; the table says what each is answered, 0 for taken.

mod attributes;
mod fees;
mod form;
mod scripts;
mod witnesses;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    hash::{Hash160, TxHash},
    money::Datoshi,
    network::Network,
};
use neo::{
    fees::single_key_witness,
    transaction::{Attribute, Scope, Signed},
};
use serde_json::{Value, json};
use url::Url;

use self::attributes::conflicts;
use super::{
    NET, NeoGo, PATIENCE,
    actor::{Actor, Draft, datoshi},
    rpc,
};
use crate::payment::serve_with;
use sandbox::chain::ChainSettings;

/// What each account of a case has.
const FUNDS: u64 = 10_00000000;
/// As this net is configured.
const MAX_INCREMENT: u32 = super::LIFE;
const TO: Hash160 = Hash160([2; 20]);

/// What a case has to work with.
struct Scene {
    /// Has [`FUNDS`].
    a: Actor,
    /// Has [`FUNDS`] as well.
    b: Actor,
    /// Has nothing.
    beggar: Actor,
    /// Of the newest block, on both chains.
    height: u32,
    /// Landed, and its last block is far ahead.
    landed: Signed,
    /// Landed, and its last block has passed.
    landed_long_ago: Signed,
    /// Never sent; a landed transaction of the same sender names it.
    ruled_out: Signed,
    /// Never sent; a landed transaction of somebody else names it.
    slandered: Signed,
}

struct Case {
    name: &'static str,
    answers: &'static [i64],
    send: fn(&Scene) -> Vec<Vec<u8>>,
}

impl Scene {
    fn valid(&self) -> Draft<'_> {
        self.a.pays(TO, 5, self.height + 1000)
    }

    fn valid_of_b(&self) -> Draft<'_> {
        self.b.pays(TO, 5, self.height + 1000)
    }

    /// The valid transaction's bytes with a change.
    fn changed(&self, change: impl FnOnce(&mut Vec<u8>)) -> Vec<Vec<u8>> {
        let mut bytes = self.valid().bytes();
        change(&mut bytes);
        vec![bytes]
    }

    /// The valid transaction with changed witnesses and plenty of network fee.
    fn witnessed(&self, change: impl FnOnce(&Scene, &mut Signed)) -> Vec<Vec<u8>> {
        let mut signed = self.valid().fee_above_exact(10_000_000).sign();
        change(self, &mut signed);
        vec![signed.bytes()]
    }

    /// A transaction with this script.
    fn scripted(&self, script: Vec<u8>) -> Vec<Vec<u8>> {
        vec![self.a.runs(script, self.height + 1000).bytes()]
    }

    /// A transaction that burns this much in all.
    fn burning(&self, total: u64) -> Vec<Vec<u8>> {
        let network_fee = self.valid().sign().transaction.network_fee.datoshi();
        vec![self.valid().with(|t| t.system_fee = datoshi(total - network_fee)).bytes()]
    }
}

/// Every case there is.
fn all() -> impl Iterator<Item = &'static Case> {
    [form::CASES, fees::CASES, witnesses::CASES, scripts::CASES, attributes::CASES].into_iter().flatten()
}

/// What lands before the chains are frozen.
struct Past {
    landed: Signed,
    landed_long_ago: Signed,
    ruled_out: Signed,
    slandered: Signed,
    send: Vec<Signed>,
}

/// Accounts that no case uses.
fn past_actors() -> [Actor; 5] {
    ["landed", "long ago", "ruled out", "slandered", "slanderer"].map(Actor::named)
}

/// What lands before the chains are frozen; the last block of what lands long ago is `soon`.
fn past(soon: u32) -> Past {
    let [landed, long_ago, ruler, victim, slanderer] = &past_actors();
    let later = soon + 4000;
    let ruled_out = ruler.pays(TO, 5, later).sign();
    let slandered = victim.pays(TO, 5, later).sign();
    let rules = ruler.pays(TO, 5, later).nonce(1).attribute(conflicts(ruled_out.transaction.hash())).sign();
    let slander = slanderer.pays(TO, 5, later).attribute(conflicts(slandered.transaction.hash())).sign();
    let past = [landed.pays(TO, 5, later).sign(), long_ago.pays(TO, 5, soon).sign()];
    Past {
        landed: past[0].clone(),
        landed_long_ago: past[1].clone(),
        ruled_out,
        slandered,
        send: past.into_iter().chain([rules, slander]).collect(),
    }
}

async fn send(url: &Url, bytes: &[u8]) -> (i64, String) {
    match rpc(url, "sendrawtransaction", json!([STANDARD.encode(bytes)])).await {
        Ok(answer) => (0, answer.to_string()),
        Err(refusal) => refusal,
    }
}

async fn height(url: &Url) -> u32 {
    rpc(url, "getblockcount", json!([])).await.unwrap().as_u64().unwrap() as u32 - 1
}

#[tokio::test]
async fn the_sandbox_takes_and_refuses_what_neo_go_does() {
    let actor = |case: &Case, role: &str| Actor::named(&format!("{}, {role}", case.name));
    let mut funding: Vec<_> = past_actors().iter().map(|actor| (actor.account, datoshi(FUNDS))).collect();
    for case in all() {
        funding.extend(["a", "b"].map(|role| (actor(case, role).account, datoshi(FUNDS))));
    }
    let node = NeoGo::start(Duration::from_millis(100));
    node.fund(&funding);
    let folder = tempfile::tempdir().unwrap();
    let settings = ChainSettings {
        network: NET,
        ticking: false,
        funding,
        max_valid_until_block_increment: MAX_INCREMENT,
        ..ChainSettings::default()
    };
    let sandbox = serve_with(folder.path(), settings).await;
    let soon = height(&node.url()).await + 50;
    let past = past(soon);
    for signed in &past.send {
        assert_eq!(send(&node.url(), &signed.bytes()).await.0, 0);
        assert_eq!(send(&sandbox.url, &signed.bytes()).await.0, 0);
    }
    sandbox.chain.skip_blocks(1).unwrap();
    let waiting = tokio::time::timeout(PATIENCE, async {
        for signed in &past.send {
            let hash = json!([signed.transaction.hash().to_string()]);
            while rpc(&node.url(), "gettransactionheight", hash.clone()).await.is_err()
                || height(&node.url()).await <= soon
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    });
    waiting.await.unwrap();
    let node = tokio::task::spawn_blocking(|| node.freeze()).await.unwrap();
    let frozen = height(&node.url()).await;
    sandbox.chain.skip_blocks(frozen - height(&sandbox.url).await).unwrap();

    let Past { landed, landed_long_ago, ruled_out, slandered, .. } = past;
    let mut wrong = Vec::new();
    for case in all() {
        let scene = Scene {
            a: actor(case, "a"),
            b: actor(case, "b"),
            beggar: actor(case, "beggar"),
            height: frozen,
            landed: landed.clone(),
            landed_long_ago: landed_long_ago.clone(),
            ruled_out: ruled_out.clone(),
            slandered: slandered.clone(),
        };
        let sent = (case.send)(&scene);
        assert_eq!(sent.len(), case.answers.len(), "{}", case.name);
        for (index, (bytes, answer)) in sent.iter().zip(case.answers).enumerate() {
            let (real, ours) = (send(&node.url(), bytes).await, send(&sandbox.url, bytes).await);
            if real.0 != *answer || ours.0 != *answer {
                wrong.push(format!(
                    "{}, number {index}, wanted {answer}:\n  neo-go  {real:?}\n  sandbox {ours:?}",
                    case.name
                ));
            }
        }
    }
    assert_eq!(height(&node.url()).await, frozen, "the node is frozen");
    assert!(all().count() >= 100, "{} cases", all().count());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all().count(), wrong.join("\n"));
    let pool = |answer: Value| {
        let mut hashes: Vec<String> = serde_json::from_value(answer).unwrap();
        hashes.sort();
        hashes
    };
    let real = pool(rpc(&node.url(), "getrawmempool", json!([])).await.unwrap());
    let ours = pool(rpc(&sandbox.url, "getrawmempool", json!([])).await.unwrap());
    assert_eq!(real, ours, "the pools hold the same");
}

#[tokio::test]
async fn the_network_fee_is_the_same_and_exact() {
    let node = NeoGo::start(Duration::from_millis(100));
    let folder = tempfile::tempdir().unwrap();
    let sandbox = crate::payment::serve(folder.path(), NET, &[]).await;
    let (a, b) = (Actor::named("fees, a"), Actor::named("fees, b"));
    let drafts = [
        a.pays(TO, 5, 5000),
        a.pays(TO, 900_000_000_000, 5000),
        a.pays(TO, 5, 5000).attribute(conflicts(TxHash([7; 32]))),
        (0..15).fold(a.pays(TO, 5, 5000), |draft, n| draft.attribute(conflicts(TxHash([n; 32])))),
        a.pays(TO, 5, 5000).signed_also_by(&b),
        a.runs(vec![0x21; 300], 5000),
        a.runs(vec![0x21; 40_000], 5000),
    ];
    for draft in drafts {
        let signed = draft.sign();
        let exact = signed.transaction.network_fee.datoshi().to_string();
        let mut empty = signed.clone();
        empty.witnesses.iter_mut().for_each(|witness| witness.invocation.clear());
        for transaction in [&signed, &empty] {
            let params = json!([STANDARD.encode(transaction.bytes())]);
            let real = rpc(&node.url(), "calculatenetworkfee", params.clone()).await.unwrap();
            let ours = rpc(&sandbox.url, "calculatenetworkfee", params).await.unwrap();
            assert_eq!(real, json!({"networkfee": exact}));
            assert_eq!(ours, real);
        }
    }
}
