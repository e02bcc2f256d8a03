//! Signed bytes before an independent judge: neo-mamba.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use agent::payment::payer::Settlement;
use domain::{attempt::Attempt, event::Silent, hash::TxHash};
use neo::transaction::Transaction;
use serde_json::{Value, json};

use super::tool;
use crate::payment::{Books, Served, USER, gas, payer, serve, settle, wallet};

/// Has neo-mamba judge transactions; gives the ids that it computes.
pub fn judge(cases: &[Value]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/neo_mamba.py");
    let mut python = Command::new(tool("venv").join("bin/python"))
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    python.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let done = python.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// What the judge is told of an attempt and its signed bytes.
pub fn case(attempt: &Attempt, raw: &[u8]) -> Value {
    let transaction = Transaction::decode_unsigned(&attempt.unsigned).unwrap();
    json!({
        "raw": hex::encode(raw),
        "magic": attempt.network.0,
        "from": attempt.sender.to_string(),
        "to": attempt.recipient.to_string(),
        "amount": attempt.amount.datoshi(),
        "reference": attempt.reference,
        "conflicts": transaction.conflicts().map(|hash| hash.to_string()).collect::<Vec<_>>(),
    })
}

#[tokio::test]
async fn neo_mamba_reads_what_the_payer_signs() {
    let folder = tempfile::tempdir().unwrap();
    let served: Served = serve(folder.path(), super::NET, &[(wallet(USER).account(), gas("1000"))]).await;
    let books = Books::new(super::NET);
    let payer = payer(&[&served.url], &books);
    let (mut cases, mut hashes): (Vec<Value>, Vec<TxHash>) = (Vec::new(), Vec::new());
    // Amounts at every width of an integer, and one job whose attempts name each other.
    for amount in ["0.00000001", "0.00000016", "0.00000017", "0.00000128", "0.00032768", "0.01", "21.47483648", "500"] {
        let job = books.job(gas(amount)).id;
        let rounds = if amount == "0.01" { 3 } else { 1 };
        for round in 1..=rounds {
            let attempt = books.pay(&payer, &job, &Silent).await.unwrap();
            let raw = payer.chain().raw_transaction(&attempt.tx_hash).await.unwrap().found.unwrap();
            cases.push(case(&attempt, &raw));
            hashes.push(attempt.tx_hash);
            if round < rounds {
                served.chain.forget_pool().unwrap();
                served.chain.skip_blocks(attempt.valid_until_block + 3).unwrap();
                assert_eq!(settle(&payer, &books, &job, &Silent).await, Settlement::Expired);
                books.make_room(&job);
            } else {
                served.chain.skip_blocks(1).unwrap();
                assert!(matches!(settle(&payer, &books, &job, &Silent).await, Settlement::Paid { .. }));
            }
        }
    }
    let expected: Vec<String> = hashes.iter().map(ToString::to_string).collect();
    assert_eq!(judge(&cases), expected);
}
