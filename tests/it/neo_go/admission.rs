//! The same bytes to neo-go and to the sandbox's chain: what one takes or refuses, so does the other, with the same code.
//!
//! The node is frozen: it takes transactions and makes no blocks, so heights and pools stand still, and each case has
//! accounts of its own. A case sends some transactions in order; the table says what each is answered, 0 for taken.

use std::time::Duration;

use agent::{
    domain::{
        hash::{Hash160, TxHash},
        money::Datoshi,
        network::Network,
    },
    payment::{
        fees,
        transaction::{Attribute, Scope, Signed},
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use url::Url;

use super::{
    NET, NeoGo, PATIENCE,
    actor::{Actor, Draft, datoshi},
    rpc,
};
use crate::payment::serve_with;
use agent::sandbox::chain::ChainSettings;

/// What each account of a case has.
const FUNDS: u64 = 10_00000000;
/// As neo-go derives it from the block time of this net.
const MAX_INCREMENT: u32 = 864_000;
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

/// Where the fields of a transaction begin.
const VERSION: usize = 0;
const SYSTEM_FEE_AT: usize = 5;
const SIGNERS_AT: usize = 25;
const SCOPE_AT: usize = 46;
const ATTRIBUTES_AT: usize = 47;

fn until_block(scene: &Scene, block: u32) -> Vec<Vec<u8>> {
    vec![scene.a.pays(TO, 5, block).bytes()]
}

fn conflicts(hash: TxHash) -> Attribute {
    Attribute::Conflicts(hash)
}

fn hash_of(draft: Draft<'_>) -> TxHash {
    draft.sign().transaction.hash()
}

/// NOPs, then a push: a script of exactly this length that ends well.
fn script_of(length: usize) -> Vec<u8> {
    let mut script = vec![0x21; length];
    script[0] = 0x11;
    script
}

const CASES: &[Case] = &[
    // --- form ---
    Case { name: "a valid transfer", answers: &[0], send: |s| vec![s.valid().bytes()] },
    Case { name: "no bytes", answers: &[-32602], send: |_| vec![vec![]] },
    Case { name: "garbage", answers: &[-32602], send: |_| vec![vec![0xab; 200]] },
    Case { name: "zeros", answers: &[-32602], send: |_| vec![vec![0; 200]] },
    Case { name: "cut short by one byte", answers: &[-32602], send: |s| s.changed(|b| b.truncate(b.len() - 1)) },
    Case { name: "cut to its half", answers: &[-32602], send: |s| s.changed(|b| b.truncate(b.len() / 2)) },
    Case { name: "one byte too many", answers: &[-32602], send: |s| s.changed(|b| b.push(0)) },
    Case { name: "only the unsigned part", answers: &[-32602], send: |s| vec![s.valid().sign().transaction.unsigned_bytes()] },
    Case { name: "version 1", answers: &[-32602], send: |s| s.changed(|b| b[VERSION] = 1) },
    Case { name: "a negative system fee", answers: &[-32602], send: |s| s.changed(|b| b[SYSTEM_FEE_AT + 7] = 0xff) },
    Case { name: "a negative network fee", answers: &[-32602], send: |s| s.changed(|b| b[SYSTEM_FEE_AT + 15] = 0xff) },
    Case {
        name: "fees whose sum is no amount",
        answers: &[-32602],
        send: |s| s.changed(|b| b[SYSTEM_FEE_AT..SYSTEM_FEE_AT + 16].copy_from_slice(&[i64::MAX.to_le_bytes(); 2].concat())),
    },
    Case { name: "no signer", answers: &[-32602], send: |s| s.changed(|b| drop(b.splice(SIGNERS_AT..ATTRIBUTES_AT, [0]))) },
    Case { name: "seventeen signers", answers: &[-32602], send: |s| s.changed(|b| b[SIGNERS_AT] = 17) },
    Case { name: "an unknown scope", answers: &[-32602], send: |s| s.changed(|b| b[SCOPE_AT] = 0x02) },
    Case { name: "a scope that is global and more", answers: &[-32602], send: |s| s.changed(|b| b[SCOPE_AT] = 0x81) },
    Case { name: "an unknown attribute", answers: &[-32602], send: |s| s.changed(|b| drop(b.splice(ATTRIBUTES_AT..=ATTRIBUTES_AT, [1, 0x99]))) },
    Case { name: "sixteen attributes beside a signer", answers: &[-32602], send: |s| s.changed(|b| b[ATTRIBUTES_AT] = 16) },
    Case {
        name: "NotValidBefore twice",
        answers: &[-32602],
        send: |s| vec![s.valid().attribute(Attribute::NotValidBefore(0)).attribute(Attribute::NotValidBefore(0)).bytes()],
    },
    Case { name: "one signer named twice", answers: &[-32602], send: |s| vec![s.valid().signed_also_by(&s.a).bytes()] },
    Case { name: "an empty script", answers: &[-32602], send: |s| s.scripted(vec![]) },
    Case { name: "no witness", answers: &[-32602], send: |s| s.witnessed(|_, t| t.witnesses.clear()) },
    Case { name: "two witnesses for one signer", answers: &[-32602], send: |s| s.witnessed(|_, t| t.witnesses.push(t.witnesses[0].clone())) },
    Case {
        name: "an invocation script that is too long",
        answers: &[-32602],
        send: |s| s.witnessed(|_, t| t.witnesses[0].invocation = vec![0x21; 1025]),
    },
    Case {
        name: "a verification script that is too long",
        answers: &[-32602],
        send: |s| s.witnessed(|_, t| t.witnesses[0].verification = vec![0x21; 1025]),
    },
    // --- twins ---
    Case { name: "the same again, while it waits", answers: &[0, -503], send: |s| vec![s.valid().bytes(), s.valid().bytes()] },
    Case { name: "what landed, while still valid", answers: &[-501], send: |s| vec![s.landed.bytes()] },
    Case { name: "what landed, past its last block", answers: &[-510], send: |s| vec![s.landed_long_ago.bytes()] },
    Case { name: "two with different nonces", answers: &[0, 0], send: |s| vec![s.valid().bytes(), s.valid().nonce(9).bytes()] },
    // --- last block ---
    Case { name: "a last block of 0", answers: &[-510], send: |s| until_block(s, 0) },
    Case { name: "a last block that is the newest", answers: &[-510], send: |s| until_block(s, s.height) },
    Case { name: "a last block that is the next", answers: &[0], send: |s| until_block(s, s.height + 1) },
    Case { name: "a last block as far as allowed", answers: &[0], send: |s| until_block(s, s.height + MAX_INCREMENT) },
    Case { name: "a last block one too far", answers: &[-510], send: |s| until_block(s, s.height + MAX_INCREMENT + 1) },
    Case { name: "a last block at the end of time", answers: &[-510], send: |s| until_block(s, u32::MAX) },
    // --- fees ---
    Case { name: "a network fee one too low", answers: &[-500], send: |s| vec![s.valid().fee_above_exact(-1).bytes()] },
    Case { name: "a network fee one too high", answers: &[0], send: |s| vec![s.valid().fee_above_exact(1).bytes()] },
    Case {
        name: "a network fee for the size only",
        answers: &[-500],
        send: |s| vec![s.valid().fee_above_exact(-(fees::single_key_witness() as i64)).bytes()],
    },
    Case {
        name: "a network fee below the size's",
        answers: &[-504],
        send: |s| vec![s.valid().fee_above_exact(-(fees::single_key_witness() as i64) - 1).bytes()],
    },
    Case { name: "no network fee", answers: &[-504], send: |s| vec![s.valid().signed_as_it_is().bytes()] },
    Case { name: "no system fee", answers: &[0], send: |s| vec![s.valid().with(|t| t.system_fee = Datoshi::ZERO).bytes()] },
    Case { name: "fees that are the whole balance", answers: &[0], send: |s| s.burning(FUNDS) },
    Case { name: "fees one above the balance", answers: &[-511], send: |s| s.burning(FUNDS + 1) },
    Case { name: "a system fee beyond a block's", answers: &[-505], send: |s| s.burning(1501_00000000) },
    Case { name: "a sender without coins", answers: &[-511], send: |s| vec![s.beggar.pays(TO, 0, s.height + 9).bytes()] },
    Case {
        name: "fees that the sender's other transactions have used up",
        answers: &[0, -511],
        send: |s| [s.burning(FUNDS - 1000), vec![s.valid().nonce(1).bytes()]].concat(),
    },
    Case { name: "an amount above the balance", answers: &[0], send: |s| vec![s.a.pays(TO, FUNDS * 2, s.height + 9).bytes()] },
    // --- witnesses ---
    Case { name: "another network's magic", answers: &[-508], send: |s| vec![s.valid().on(Network(860_833_102)).bytes()] },
    Case { name: "a flipped bit in the signature", answers: &[-508], send: |s| s.witnessed(|_, t| t.witnesses[0].invocation[40] ^= 1) },
    Case { name: "a signature of zeros", answers: &[-508], send: |s| s.witnessed(|_, t| t.witnesses[0].invocation[2..].fill(0)) },
    Case { name: "a signature of ones", answers: &[-508], send: |s| s.witnessed(|_, t| t.witnesses[0].invocation[2..].fill(0xff)) },
    Case {
        name: "somebody else's signature",
        answers: &[-508],
        send: |s| s.witnessed(|s, t| t.witnesses[0].invocation = s.b.witness(&t.transaction, NET).invocation),
    },
    Case {
        name: "somebody else's witness",
        answers: &[-500],
        send: |s| s.witnessed(|s, t| t.witnesses[0] = s.b.witness(&t.transaction, NET)),
    },
    Case { name: "a changed amount after signing", answers: &[-508], send: |s| s.witnessed(|_, t| t.transaction.nonce ^= 1) },
    Case { name: "an empty invocation script", answers: &[-500], send: |s| s.witnessed(|_, t| t.witnesses[0].invocation.clear()) },
    Case { name: "an empty verification script", answers: &[-500], send: |s| s.witnessed(|_, t| t.witnesses[0].verification.clear()) },
    Case {
        name: "a signature that is one byte short",
        answers: &[-508],
        send: |s| s.witnessed(|_, t| {
            t.witnesses[0].invocation.pop();
            t.witnesses[0].invocation[1] = 63;
        }),
    },
    Case {
        name: "a signature pushed in a longer way",
        answers: &[0],
        send: |s| s.witnessed(|_, t| drop(t.witnesses[0].invocation.splice(0..2, [0x0d, 64, 0]))),
    },
    Case {
        name: "a signature pushed in a way that is not paid for",
        answers: &[-500],
        send: |s| {
            let mut signed = s.valid().fee_above_exact(1000).sign();
            signed.witnesses[0].invocation.splice(0..2, [0x0d, 64, 0]);
            vec![signed.bytes()]
        },
    },
    Case {
        name: "one value too many from the invocation script",
        answers: &[-500],
        send: |s| s.witnessed(|_, t| drop(t.witnesses[0].invocation.splice(0..0, [0x11]))),
    },
    Case { name: "an invocation script that is cut off", answers: &[-500], send: |s| s.witnessed(|_, t| t.witnesses[0].invocation.truncate(65)) },
    Case {
        name: "an invocation script that ABORTs",
        answers: &[-500],
        send: |s| s.witnessed(|_, t| t.witnesses[0].invocation.push(0x38)),
    },
    Case { name: "two signers", answers: &[0], send: |s| vec![s.valid().signed_also_by(&s.b).bytes()] },
    Case {
        name: "two signers, the second's signature wrong",
        answers: &[-508],
        send: |s| {
            let mut signed = s.valid().signed_also_by(&s.b).sign();
            signed.witnesses[1].invocation[30] ^= 1;
            vec![signed.bytes()]
        },
    },
    Case {
        name: "two signers, the witnesses in the wrong order",
        answers: &[-500],
        send: |s| {
            let mut signed = s.valid().signed_also_by(&s.b).sign();
            signed.witnesses.reverse();
            vec![signed.bytes()]
        },
    },
    Case { name: "two signers, paid for one", answers: &[-500], send: |s| vec![s.valid().signed_also_by(&s.b).fee_above_exact(-1).bytes()] },
    Case { name: "a second signer without coins", answers: &[0], send: |s| vec![s.valid().signed_also_by(&s.beggar).bytes()] },
    Case { name: "the scope of nothing", answers: &[0], send: |s| vec![s.valid().with(|t| t.signers[0].scope = Scope::None).bytes()] },
    Case { name: "the scope of everything", answers: &[0], send: |s| vec![s.valid().with(|t| t.signers[0].scope = Scope::Global).bytes()] },
    Case {
        name: "the scope of sixteen contracts",
        answers: &[0],
        send: |s| vec![s.valid().with(|t| t.signers[0].scope = Scope::Contracts { entry: true, allowed: vec![TO; 16] }).bytes()],
    },
    Case {
        name: "the scope of seventeen contracts",
        answers: &[-32602],
        send: |s| vec![s.valid().with(|t| t.signers[0].scope = Scope::Contracts { entry: true, allowed: vec![TO; 17] }).bytes()],
    },
    // --- scripts ---
    Case { name: "a script with an unknown opcode", answers: &[-506], send: |s| s.scripted(vec![0x11, 0xff]) },
    Case { name: "a script that is cut off", answers: &[-506], send: |s| s.scripted(vec![0x0c, 9, 1]) },
    Case { name: "a jump into the middle", answers: &[-506], send: |s| s.scripted(vec![0x22, 3, 0x00, 0x05]) },
    Case { name: "a jump before the beginning", answers: &[-506], send: |s| s.scripted(vec![0x22, 0x80]) },
    Case { name: "a jump to the end", answers: &[0], send: |s| s.scripted(vec![0x22, 2]) },
    Case { name: "a TRY to the middle", answers: &[-506], send: |s| s.scripted(vec![0x3b, 4, 0, 0x00, 0x05]) },
    Case { name: "a conversion to no type", answers: &[-506], send: |s| s.scripted(vec![0x11, 0xdb, 0x77]) },
    Case { name: "a conversion to anything", answers: &[-506], send: |s| s.scripted(vec![0x11, 0xdb, 0x00]) },
    Case { name: "an array of anything", answers: &[0], send: |s| s.scripted(vec![0x11, 0xc4, 0x00]) },
    Case { name: "a script that fails", answers: &[0], send: |s| s.scripted(vec![0x38]) },
    Case { name: "the longest script", answers: &[0], send: |s| s.scripted(script_of(0xffff)) },
    Case { name: "a script that is too long", answers: &[-32602], send: |s| s.scripted(script_of(0x1_0000)) },
    Case { name: "a bad script past its last block", answers: &[-506], send: |s| vec![s.a.runs(vec![0xff], 0).bytes()] },
    // --- attributes ---
    Case { name: "high priority", answers: &[-507], send: |s| vec![s.valid().attribute(Attribute::HighPriority).bytes()] },
    Case { name: "not valid before now", answers: &[0], send: |s| vec![s.valid().attribute(Attribute::NotValidBefore(s.height)).bytes()] },
    Case {
        name: "not valid before the next block",
        answers: &[-507],
        send: |s| vec![s.valid().attribute(Attribute::NotValidBefore(s.height + 1)).bytes()],
    },
    Case { name: "a conflict with nothing known", answers: &[0], send: |s| vec![s.valid().attribute(conflicts(TxHash([7; 32]))).bytes()] },
    Case {
        name: "fifteen conflicts with nothing known",
        answers: &[0],
        send: |s| vec![(0..15).fold(s.valid(), |draft, n| draft.attribute(conflicts(TxHash([n; 32])))).bytes()],
    },
    Case {
        name: "the same conflict twice",
        answers: &[-507],
        send: |s| vec![s.valid().attribute(conflicts(TxHash([7; 32]))).attribute(conflicts(TxHash([7; 32]))).bytes()],
    },
    Case {
        name: "a conflict with what landed",
        answers: &[-507],
        send: |s| vec![s.valid().attribute(conflicts(s.landed.transaction.hash())).bytes()],
    },
    Case { name: "what a landed transaction of the same sender ruled out", answers: &[-500], send: |s| vec![s.ruled_out.bytes()] },
    Case { name: "what a landed transaction of somebody else named", answers: &[0], send: |s| vec![s.slandered.bytes()] },
    Case {
        name: "a conflict with a waiting one, for a higher fee",
        answers: &[0, 0, -500],
        send: |s| {
            let waiting = s.valid().bytes();
            let named = s.valid().nonce(1).attribute(conflicts(hash_of(s.valid())));
            vec![waiting.clone(), named.bytes(), waiting]
        },
    },
    Case {
        name: "a conflict with a waiting one, for the same fee",
        answers: &[0, -500],
        send: |s| {
            let waiting = s.valid().fee_above_exact(33_000);
            let hash = hash_of(s.valid().fee_above_exact(33_000));
            vec![waiting.bytes(), s.valid().nonce(1).attribute(conflicts(hash)).bytes()]
        },
    },
    Case {
        name: "a conflict with somebody else's waiting one",
        answers: &[0, -500],
        send: |s| vec![s.valid_of_b().bytes(), s.valid().fee_above_exact(9_000_000).attribute(conflicts(hash_of(s.valid_of_b()))).bytes()],
    },
    Case {
        name: "a conflict with two waiting ones, for more than both",
        answers: &[0, 0, 0, -500, -500],
        send: |s| {
            let (one, two) = (s.valid().bytes(), s.valid().nonce(1).bytes());
            let both = s.valid().nonce(2).fee_above_exact(2_000_000);
            let both = both.attribute(conflicts(hash_of(s.valid()))).attribute(conflicts(hash_of(s.valid().nonce(1))));
            vec![one.clone(), two.clone(), both.bytes(), one, two]
        },
    },
    Case {
        name: "a conflict with two waiting ones, for more than one",
        answers: &[0, 0, -500],
        send: |s| {
            let both = s.valid().nonce(2).fee_above_exact(500_000);
            let both = both.attribute(conflicts(hash_of(s.valid()))).attribute(conflicts(hash_of(s.valid().nonce(1))));
            vec![s.valid().bytes(), s.valid().nonce(1).bytes(), both.bytes()]
        },
    },
    Case {
        name: "what a waiting one of the same sender names, for a lower fee",
        answers: &[0, -500],
        send: |s| vec![s.valid().nonce(1).attribute(conflicts(hash_of(s.valid()))).bytes(), s.valid().bytes()],
    },
    Case {
        name: "what a waiting one of the same sender names, for a higher fee",
        answers: &[0, 0],
        send: |s| {
            let paid = |s: &Scene| s.valid().fee_above_exact(5_000_000).sign();
            let named = s.valid().nonce(1).attribute(conflicts(paid(s).transaction.hash()));
            vec![named.bytes(), paid(s).bytes()]
        },
    },
    Case {
        name: "what a waiting one of somebody else names",
        answers: &[0, 0, -500],
        send: |s| {
            let slander = s.valid_of_b().fee_above_exact(9_000_000).attribute(conflicts(hash_of(s.valid()))).bytes();
            vec![slander.clone(), s.valid().bytes(), slander]
        },
    },
    Case {
        name: "a conflict with a waiting one that frees its fees",
        answers: &[0, 0],
        send: |s| {
            let burning = |nonce: u32| {
                let draft = s.valid().nonce(nonce).with(|t| t.system_fee = datoshi(FUNDS - 3_000_000));
                if nonce == 0 { draft } else { draft.attribute(conflicts(hash_of(s.valid().nonce(0).with(|t| t.system_fee = datoshi(FUNDS - 3_000_000))))) }
            };
            vec![burning(0).bytes(), burning(1).bytes()]
        },
    },
];

/// Accounts that no case uses, for what lands before the chains are frozen.
struct Past {
    landed: Signed,
    landed_long_ago: Signed,
    ruled_out: Signed,
    slandered: Signed,
    send: Vec<Signed>,
    funding: Vec<(Hash160, Datoshi)>,
}

fn past() -> Past {
    let actors: Vec<Actor> = ["landed", "long ago", "ruled out", "slandered", "slanderer"].map(Actor::named).into();
    let [landed, long_ago, ruler, victim, slanderer] = actors.as_slice() else { unreachable!() };
    let later = 20_000;
    let ruled_out = ruler.pays(TO, 5, later).sign();
    let slandered = victim.pays(TO, 5, later).sign();
    let rules = ruler.pays(TO, 5, later).nonce(1).attribute(conflicts(ruled_out.transaction.hash())).sign();
    let slander = slanderer.pays(TO, 5, later).attribute(conflicts(slandered.transaction.hash())).sign();
    let past = [landed.pays(TO, 5, later).sign(), long_ago.pays(TO, 5, 60).sign()];
    Past {
        landed: past[0].clone(),
        landed_long_ago: past[1].clone(),
        ruled_out,
        slandered,
        send: past.into_iter().chain([rules, slander]).collect(),
        funding: actors.iter().map(|actor| (actor.account, datoshi(FUNDS))).collect(),
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
    let past = past();
    let actor = |case: &Case, role: &str| Actor::named(&format!("{}, {role}", case.name));
    let mut funding = past.funding.clone();
    for case in CASES {
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
    for signed in &past.send {
        assert_eq!(send(&node.url(), &signed.bytes()).await.0, 0);
        assert_eq!(send(&sandbox.url, &signed.bytes()).await.0, 0);
    }
    sandbox.chain.skip_blocks(1).unwrap();
    let waiting = tokio::time::timeout(PATIENCE, async {
        for signed in &past.send {
            let hash = json!([signed.transaction.hash().to_string()]);
            while rpc(&node.url(), "gettransactionheight", hash.clone()).await.is_err() || height(&node.url()).await < 61 {
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
    for case in CASES {
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
                wrong.push(format!("{}, number {index}, wanted {answer}:\n  neo-go  {real:?}\n  sandbox {ours:?}", case.name));
            }
        }
    }
    assert_eq!(height(&node.url()).await, frozen, "the node is frozen");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
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
