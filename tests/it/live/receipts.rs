//! Receipts: what they say, and that a fresh look tells when it is not so.

use serde_json::Value;

use super::own_chain::OwnChain;
use crate::{
    neo_go::NET,
    payment::{RECIPIENT, USER, wallet},
    services::free_ports,
    world::Run,
};

const ASK: [&str; 4] = ["ask", "--json", "--yes", "Give me sequence statistics of data.fasta"];

/// What a fresh look says of the payment.
fn payment_holds(run: &Run) -> (Option<bool>, String) {
    let found =
        run.events().into_iter().find(|e| e["verified"] == "payment").unwrap_or_else(|| panic!("{}", run.all()));
    (found["ok"].as_bool(), found["text"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_says_all_and_a_fresh_look_tells_what_is_not_so() {
    let mut stage = OwnChain::of(NET).await;
    stage.rules("");
    let receipts: Vec<Value> = (0..2)
        .map(|_| {
            let run = stage.world.run(&ASK);
            assert_eq!(run.code, 0, "{}", run.all());
            run.event("receipt")
        })
        .collect();
    let (job, paid, result) = (&receipts[0]["job"], &receipts[0]["payment"], &receipts[0]["result"]);
    let job = job.as_str().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (payer, payee) = (wallet(USER).account(), RECIPIENT);
    assert_eq!(paid["event"]["contract"], "0xd2a4cff31913016155e38e474a2c06d08be276cf");
    assert_eq!((&paid["event"]["name"], &paid["event"]["amount"]), (&"Transfer".into(), &"200000000".into()));
    assert_eq!(text(&paid["event"]["from"]), payer.to_string());
    assert_eq!(text(&paid["event"]["to"]), payee.to_string());

    // For people, each fact in words.
    let shown = stage.world.run(&["jobs", "receipt", job]);
    assert_eq!(shown.code, 0, "{}", shown.all());
    let words = shown.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let event = format!("Transfer of 2 GAS from {} to {}", payer.address(), payee.address());
    let fees = format!("2 GAS and {} GAS in fees", text(&paid["fees"]));
    for fact in [text(&paid["tx_hash"]), format!("block {}", paid["block"]), event, fees, text(&result["sha256"])] {
        assert!(words.contains(&fact), "{fact}: {}", shown.out);
    }

    let verify = ["jobs", "receipt", job, "--verify", "--json"];
    let fresh = stage.world.run(&verify);
    assert_eq!((fresh.code, payment_holds(&fresh).0), (0, Some(true)), "{}", fresh.all());

    // A chain that does not answer proves nothing, and speaks against nothing.
    let right = stage.world.setting("NEO_RPC_URL");
    let [nobody] = free_ports();
    stage.world.set("NEO_RPC_URL", format!("http://127.0.0.1:{nobody}"));
    let silent = stage.world.run(&verify);
    assert_eq!((silent.code, payment_holds(&silent).0), (1, None), "{}", silent.all());
    assert_eq!(silent.event("error")["kind"], "unknown");
    let told = stage.world.run(&["jobs", "receipt", job, "--verify"]);
    assert!(told.out.contains("unknown: ") && !told.out.contains("does not hold"), "{}", told.all());
    stage.world.set("NEO_RPC_URL", right);

    // A ledger in which somebody wrote another hash: of nothing, and of the other job's real payment.
    let ledger = rusqlite::Connection::open(stage.world.home().join("ledger.db")).unwrap();
    let mut hash = text(&paid["tx_hash"]);
    for (other, says) in [
        (format!("0x{}", "ab".repeat(32)), "not in a block"),
        (text(&receipts[1]["payment"]["tx_hash"]), "another reference"),
    ] {
        let change = "UPDATE attempts SET body = replace(body, ?1, ?2) WHERE job = ?3";
        assert_eq!(ledger.execute(change, [&hash, &other, job]).unwrap(), 1);
        let changed = stage.world.run(&verify);
        let (holds, why) = payment_holds(&changed);
        assert_eq!((changed.code, holds), (1, Some(false)), "{}", changed.all());
        assert!(why.contains(says), "{why}");
        assert_eq!(changed.event("error")["kind"], "not_verified");
        hash = other;
    }
}
