//! The same scripts on neo-go and on the sandbox's chain: dry runs, and transactions that land.

use std::time::Duration;

use agent::{
    domain::{hash::Hash160, money::Datoshi},
    payment::{GAS_CONTRACT, POLICY_CONTRACT, transaction::Scope},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use url::Url;

use super::{NET, NeoGo, PATIENCE, actor::{Actor, datoshi}, rpc};
use crate::payment::serve;

const FUNDS: u64 = 10_00000000;
const TO: Hash160 = Hash160([2; 20]);

/// A script, made of the account that runs it.
struct Case {
    name: &'static str,
    state: &'static str,
    script: fn(&Actor) -> Vec<u8>,
}

fn hex_script(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

/// A call of a contract's method with arguments that are already instructions.
fn call(contract: Hash160, method: &str, flags: u8, arguments: &[Vec<u8>]) -> Vec<u8> {
    let mut script: Vec<u8> = arguments.iter().rev().flatten().copied().collect();
    match arguments.len() {
        0 => script.push(0xc2),
        count => script.extend([0x10 + count as u8, 0xc0]),
    }
    script.push(0x10 + flags);
    script.extend(push(method.as_bytes()));
    script.extend(push(&contract.0));
    script.extend([0x41, 0x62, 0x7d, 0x5b, 0x52]);
    script
}

fn push(bytes: &[u8]) -> Vec<u8> {
    [&[0x0c, bytes.len() as u8], bytes].concat()
}

fn transfer_with(actor: &Actor, amount: &[u8]) -> Vec<u8> {
    let arguments = [push(&actor.account.0), push(&TO.0), amount.to_vec(), vec![0x0b]];
    [call(GAS_CONTRACT, "transfer", 15, &arguments), vec![0x39]].concat()
}

const CASES: &[Case] = &[
    Case { name: "a transfer with a reference", state: "HALT", script: |a| a.transfer(TO, 5) },
    Case { name: "a transfer of a large amount", state: "HALT", script: |a| a.transfer(TO, 8_00000000) },
    Case { name: "a transfer of nothing", state: "HALT", script: |a| a.transfer(TO, 0) },
    Case { name: "a transfer to oneself", state: "HALT", script: |a| a.transfer(a.account, 7) },
    Case { name: "a transfer of more than there is", state: "FAULT", script: |a| a.transfer(TO, 11_00000000) },
    Case { name: "a transfer from somebody else", state: "FAULT", script: |_| Actor::named("other").transfer(TO, 1) },
    Case { name: "a transfer without data", state: "HALT", script: |a| transfer_with(a, &[0x15]) },
    Case {
        name: "a transfer without ASSERT of more than there is",
        state: "HALT",
        script: |a| a.transfer(TO, 11_00000000).split_last().unwrap().1.to_vec(),
    },
    Case { name: "two transfers", state: "HALT", script: |a| [a.transfer(TO, 5), a.transfer(TO, 6)].concat() },
    Case {
        name: "a transfer that holds and one that does not",
        state: "FAULT",
        script: |a| [a.transfer(TO, 5), a.transfer(TO, 11_00000000)].concat(),
    },
    Case {
        name: "a transfer, then ABORT",
        state: "FAULT",
        script: |a| [a.transfer(TO, 5), vec![0x38]].concat(),
    },
    Case { name: "a negative amount", state: "FAULT", script: |a| transfer_with(a, &[0x0f]) },
    Case { name: "an amount as bytes", state: "HALT", script: |a| transfer_with(a, &[0x0c, 2, 0, 1]) },
    Case { name: "an amount as empty bytes", state: "HALT", script: |a| transfer_with(a, &[0x0c, 0]) },
    Case { name: "an amount as a truth", state: "HALT", script: |a| transfer_with(a, &[0x08]) },
    Case { name: "an amount of null", state: "FAULT", script: |a| transfer_with(a, &[0x0b]) },
    Case { name: "an amount as an array", state: "FAULT", script: |a| transfer_with(a, &[0xc2]) },
    Case { name: "an amount in one byte", state: "HALT", script: |a| transfer_with(a, &[0x00, 100]) },
    Case { name: "an amount in two bytes", state: "HALT", script: |a| transfer_with(a, &[0x01, 0, 1]) },
    Case { name: "an amount in four bytes", state: "HALT", script: |a| transfer_with(a, &[2, 0, 0, 1, 0]) },
    Case {
        name: "an amount in sixteen bytes",
        state: "HALT",
        script: |a| transfer_with(a, &[&[4, 9][..], &[0; 15]].concat()),
    },
    Case {
        name: "an amount in thirty-two bytes",
        state: "HALT",
        script: |a| transfer_with(a, &[&[5, 9][..], &[0; 31]].concat()),
    },
    Case {
        name: "an amount beyond sixty-four bits",
        state: "FAULT",
        script: |a| transfer_with(a, &[&[4][..], &[9; 15], &[0]].concat()),
    },
    Case {
        name: "an account of nineteen bytes",
        state: "FAULT",
        script: |a| {
            let arguments = [push(&a.account.0), push(&[2; 19]), vec![0x15], vec![0x0b]];
            call(GAS_CONTRACT, "transfer", 15, &arguments)
        },
    },
    Case {
        name: "an account of null",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "transfer", 15, &[push(&a.account.0), vec![0x0b], vec![0x15], vec![0x0b]]),
    },
    Case {
        name: "a transfer with three arguments",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "transfer", 15, &[push(&a.account.0), push(&TO.0), vec![0x15]]),
    },
    Case {
        name: "a transfer that may only read",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "transfer", 1, &[push(&a.account.0), push(&TO.0), vec![0x15], vec![0x0b]]),
    },
    Case {
        name: "a transfer that may not notify",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "transfer", 7, &[push(&a.account.0), push(&TO.0), vec![0x15], vec![0x0b]]),
    },
    Case {
        name: "call flags that do not exist",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "transfer", 16, &[push(&a.account.0), push(&TO.0), vec![0x15], vec![0x0b]]),
    },
    Case { name: "a method that does not exist", state: "FAULT", script: |_| call(GAS_CONTRACT, "transfes", 15, &[]) },
    Case {
        name: "a contract that does not exist",
        state: "FAULT",
        script: |_| call(Hash160([7; 20]), "transfer", 15, &[]),
    },
    Case {
        name: "a balance",
        state: "HALT",
        script: |a| call(GAS_CONTRACT, "balanceOf", 15, &[push(&a.account.0)]),
    },
    Case {
        name: "a balance that may only be read",
        state: "HALT",
        script: |a| call(GAS_CONTRACT, "balanceOf", 1, &[push(&a.account.0)]),
    },
    Case {
        name: "a balance that may not be read",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "balanceOf", 0, &[push(&a.account.0)]),
    },
    Case { name: "the balance of nobody", state: "HALT", script: |_| call(GAS_CONTRACT, "balanceOf", 15, &[push(&[9; 20])]) },
    Case { name: "the symbol", state: "HALT", script: |_| call(GAS_CONTRACT, "symbol", 0, &[]) },
    Case { name: "the decimals", state: "HALT", script: |_| call(GAS_CONTRACT, "decimals", 0, &[]) },
    Case { name: "the fee of Conflicts", state: "HALT", script: |_| call(POLICY_CONTRACT, "getAttributeFee", 15, &[vec![0, 0x21]]) },
    Case {
        name: "the fee of NotaryAssisted",
        state: "HALT",
        script: |_| call(POLICY_CONTRACT, "getAttributeFee", 15, &[vec![0, 0x22]]),
    },
    Case { name: "the fee of no attribute", state: "FAULT", script: |_| call(POLICY_CONTRACT, "getAttributeFee", 15, &[vec![0, 0x33]]) },
    Case { name: "the fee of a byte", state: "HALT", script: |_| call(POLICY_CONTRACT, "getFeePerByte", 15, &[]) },
    Case { name: "the fee factor", state: "HALT", script: |_| call(POLICY_CONTRACT, "getExecFeeFactor", 15, &[]) },
    Case { name: "the storage price", state: "HALT", script: |_| call(POLICY_CONTRACT, "getStoragePrice", 15, &[]) },
    Case { name: "numbers", state: "HALT", script: |_| hex_script("11 12 0f 10 20 00ff 01ff7f 02ffffff7f") },
    Case { name: "values of every kind", state: "HALT", script: |_| hex_script("08 09 0b 0c0161 0d010062 0e0100000063 c2 11 12 12 c0") },
    Case { name: "truths", state: "HALT", script: |_| hex_script("08 aa 10 aa 0b aa 0c0100 aa c2 aa 0b d8 11 d8") },
    Case { name: "a stack turned", state: "HALT", script: |_| hex_script("11 12 50 4a 45 21") },
    Case { name: "RET before the end", state: "HALT", script: |_| hex_script("11 40 12") },
    Case { name: "ASSERT of false", state: "FAULT", script: |_| hex_script("11 09 39") },
    Case { name: "ASSERT of nothing", state: "FAULT", script: |_| hex_script("39") },
    Case { name: "ASSERT of an empty array", state: "HALT", script: |_| hex_script("c2 39") },
    Case { name: "THROW", state: "FAULT", script: |_| hex_script("0c0568656c6c6f 3a") },
    Case { name: "ABORT", state: "FAULT", script: |_| hex_script("11 38") },
    Case { name: "DROP of nothing", state: "FAULT", script: |_| hex_script("45") },
    Case { name: "DUP of nothing", state: "FAULT", script: |_| hex_script("4a") },
    Case { name: "PACK of too many", state: "FAULT", script: |_| hex_script("11 12 c0") },
    Case { name: "PACK of less than none", state: "FAULT", script: |_| hex_script("11 0f c0") },
    Case { name: "PACK of none", state: "HALT", script: |_| hex_script("11 10 c0") },
    Case { name: "a system call that does not exist", state: "FAULT", script: |_| hex_script("41ffffffff") },
    Case { name: "a stack that is full", state: "HALT", script: |_| vec![0x11; 2048] },
    Case { name: "a stack that is too full", state: "FAULT", script: |_| vec![0x11; 2049] },
];

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
    for (case, actor) in CASES.iter().zip(&actors) {
        let script = (case.script)(actor);
        for scope in ["CalledByEntry", "Global", "None"] {
            let real = invoke(&node.url(), actor, &script, scope).await;
            let ours = invoke(&sandbox.url, actor, &script, scope).await;
            if real != ours || (scope == "CalledByEntry" && real[0] != case.state) {
                wrong.push(format!("{} ({scope}), wanted {}:\n  neo-go  {real}\n  sandbox {ours}", case.name, case.state));
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
            let fee = |amount: u64| move |t: &mut agent::payment::transaction::Transaction| t.system_fee = datoshi(amount);
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
