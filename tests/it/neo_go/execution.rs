//! The same scripts on neo-go and on the sandbox's chain: dry runs, and transactions that land.

mod cases;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    hash::{Hash160, TxHash},
    money::Datoshi,
};
use neo::{
    GAS_CONTRACT, POLICY_CONTRACT,
    transaction::{Attribute, Scope},
};
use serde_json::{Value, json};
use url::Url;

use super::{
    NET, NeoGo, PATIENCE,
    actor::{Actor, datoshi},
    rpc,
};
use crate::payment::serve;
use cases::CASES;

const FUNDS: u64 = 10_00000000;
const TO: Hash160 = Hash160([2; 20]);

/// A script, made of the account that runs it.
struct Case {
    name: &'static str,
    state: &'static str,
    script: fn(&Actor) -> Vec<u8>,
}

/// What has to be the same of an invocation: words of exceptions may differ, and so may what a FAULT leaves behind.
fn outcome(invocation: &Value) -> Value {
    let state = invocation.get("state").or(invocation.get("vmstate")).unwrap();
    let stack = if state == "HALT" { &invocation["stack"] } else { &Value::Null };
    json!([state, invocation["gasconsumed"], invocation["notifications"], stack])
}

async fn invoke(url: &Url, actor: &Actor, script: &[u8], scope: &str) -> Value {
    let signers = json!([{"account": actor.account.to_string(), "scopes": scope}]);
    outcome(&rpc(url, "invokescript", json!([STANDARD.encode(script), signers])).await.unwrap())
}

fn actors() -> Vec<Actor> {
    CASES.iter().map(|case| Actor::named(case.name)).collect()
}

fn funding(actors: &[Actor]) -> Vec<(Hash160, Datoshi)> {
    actors.iter().map(|actor| (actor.account, datoshi(FUNDS))).collect()
}

#[tokio::test]
async fn the_sandbox_runs_scripts_as_neo_go_does() {
    let node = NeoGo::start(Duration::from_millis(100));
    let actors = actors();
    node.fund(&funding(&actors));
    let folder = tempfile::tempdir().unwrap();
    let sandbox = serve(folder.path(), NET, &funding(&actors)).await;
    let mut wrong = Vec::new();
    assert!(CASES.len() >= 60, "{} scripts", CASES.len());
    for (case, actor) in CASES.iter().zip(&actors) {
        let script = (case.script)(actor);
        for scope in ["CalledByEntry", "Global", "None"] {
            let real = invoke(&node.url(), actor, &script, scope).await;
            let ours = invoke(&sandbox.url, actor, &script, scope).await;
            if real != ours || (scope == "CalledByEntry" && real[0] != case.state) {
                wrong.push(format!(
                    "{} ({scope}), wanted {}:\n  neo-go  {real}\n  sandbox {ours}",
                    case.name, case.state
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn transactions_land_on_the_sandbox_as_on_neo_go() {
    let node = NeoGo::start(Duration::from_millis(100));
    let actors = actors();
    node.fund(&funding(&actors));
    let folder = tempfile::tempdir().unwrap();
    let sandbox = serve(folder.path(), NET, &funding(&actors)).await;
    // Besides each script as it is: with the exact system fee, with one unit less, and with other scopes.
    let mut sent = Vec::new();
    // neo-go cannot read its own log of a FAULT that leaves more than 2048 values.
    let readable = |case: &Case| case.name != "a stack that is too full";
    for (case, actor) in CASES.iter().zip(&actors).filter(|(case, _)| readable(case)) {
        let script = (case.script)(actor);
        let gas = invoke(&node.url(), actor, &script, "CalledByEntry").await[1].as_str().unwrap().parse().unwrap();
        let mut drafts = vec![actor.runs(script.clone(), 5000).nonce(1)];
        if case.name == "a transfer with a reference" {
            let fee = |amount: u64| move |t: &mut neo::transaction::Transaction| t.system_fee = datoshi(amount);
            drafts.push(actor.runs(script.clone(), 5000).nonce(2).with(fee(gas)));
            drafts.push(actor.runs(script.clone(), 5000).nonce(3).with(fee(gas - 1)));
            drafts.push(actor.runs(script.clone(), 5000).nonce(4).with(fee(0)));
            for (nonce, scope) in [
                (5, Scope::None),
                (6, Scope::Global),
                (7, Scope::Contracts { entry: false, allowed: vec![GAS_CONTRACT] }),
                (8, Scope::Contracts { entry: false, allowed: vec![POLICY_CONTRACT] }),
                (9, Scope::Contracts { entry: true, allowed: vec![] }),
            ] {
                let draft = actor.runs(script.clone(), 5000).nonce(nonce);
                drafts.push(draft.with(|transaction| transaction.signers[0].scope = scope));
            }
            // What names another in Conflicts lands as what does not.
            let named = actor.runs(script.clone(), 5000).nonce(10).fee_above_exact(50_000_000);
            drafts.push(named.attribute(Attribute::Conflicts(TxHash([7; 32]))));
        }
        for draft in drafts {
            let signed = draft.sign();
            let name = format!("{} (nonce {})", case.name, signed.transaction.nonce);
            let params = json!([STANDARD.encode(signed.bytes())]);
            let real = rpc(&node.url(), "sendrawtransaction", params.clone()).await;
            let ours = rpc(&sandbox.url, "sendrawtransaction", params).await;
            assert_eq!(real.clone().map_err(|e| e.0), ours.clone().map_err(|e| e.0), "{name}: {real:?} {ours:?}");
            sent.push((name, signed.transaction.hash(), real.is_ok()));
        }
    }
    assert!(sent.len() >= 60, "{} transactions", sent.len());
    sandbox.chain.skip_blocks(1).unwrap();
    let mut wrong = Vec::new();
    for (name, hash, taken) in &sent {
        assert!(taken, "{name} was not taken");
        let real = landed(&node.url(), name, &hash.to_string()).await;
        let ours = landed(&sandbox.url, name, &hash.to_string()).await;
        if outcome(&real) != outcome(&ours) {
            wrong.push(format!("{name}:\n  neo-go  {real}\n  sandbox {ours}"));
        }
    }
    for account in actors.iter().map(|actor| actor.account).chain([TO]) {
        let params = json!([account.address()]);
        let balance = |answer: Value| answer["balance"][0]["amount"].clone();
        let real = balance(rpc(&node.url(), "getnep17balances", params.clone()).await.unwrap());
        let ours = balance(rpc(&sandbox.url, "getnep17balances", params).await.unwrap());
        if real != ours {
            wrong.push(format!("{}: neo-go {real}, sandbox {ours}", account.address()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The execution of a transaction, once it landed.
async fn landed(url: &Url, name: &str, hash: &str) -> Value {
    let looking = async {
        loop {
            match rpc(url, "getapplicationlog", json!([hash])).await {
                Ok(log) => return log["executions"][0].clone(),
                Err((-105, _)) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(other) => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("{name} does not land at {url}"))
}
