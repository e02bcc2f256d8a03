//! One run: the fault, the kill, the resumes, and what must be true after them.

use std::{fs, path::Path};

use domain::{
    attempt::{Attempt, AttemptState},
    job::JobState,
    money::Datoshi,
};
use guard::ledger::Ledger;
use neo::{Expected, transaction::Transaction, verify_payment};
use serde_json::Value;

use super::{
    line::Plan,
    stage::{Home, NET, Stage},
};
use crate::payment::gas;

/// After so many resumes without an end something is stuck.
const MAX_RESUMES: usize = 12;

/// Where the program is killed, and what the line does meanwhile.
#[derive(Debug, Clone)]
pub struct Run {
    pub point: String,
    /// At which time it comes to the point.
    pub time: u32,
    pub plan: Plan,
}

/// What a run was, besides being right.
#[derive(Debug)]
pub struct Outcome {
    /// Whether the program was really killed at the point.
    pub killed: bool,
    /// How many requests really went wrong.
    pub struck: u32,
    /// Whether it was paid by an attempt that names an earlier one in Conflicts.
    pub retried: bool,
}

/// Plays a run to its end and checks it.
pub async fn play(stage: &mut Stage, run: &Run) -> Outcome {
    let home = stage.home().await;
    let before = stage.received().await;
    stage.line.plan(run.plan);
    let at = format!("{}:{}", run.point, run.time);
    let mut told = String::new();
    let mut killed = false;
    // The point may be one that only a later life of the program comes to, so the trap stays until it has struck.
    for life in 0..MAX_RESUMES {
        let trap = (!killed).then_some(at.as_str());
        let (code, said) = stage.resume(&home.path, trap).await;
        killed |= code.is_none();
        told.push_str(&format!("--- life {life}: {code:?}\n{said}\n"));
        if code.is_some() && ended(&home) {
            break;
        }
        if life == 3 {
            stage.line.mend().await;
        }
    }
    let struck = stage.line.struck();
    stage.line.mend().await;
    let retried = check(stage, &home, before).await.unwrap_or_else(|why| panic!("{run:?}: {why}\n{told}"));
    fs::remove_dir_all(&home.path).unwrap();
    Outcome { killed, struck, retried }
}

fn ended(home: &Home) -> bool {
    Ledger::open(&home.path).unwrap().job(&home.job.id).unwrap().state.is_end()
}

/// One payment, known to chain, ledger and log alike. Whether it is of an attempt that names an earlier one.
async fn check(stage: &Stage, home: &Home, before: Datoshi) -> Result<bool, String> {
    let ledger = Ledger::open(&home.path).map_err(|e| e.to_string())?;
    let job = ledger.job(&home.job.id).map_err(|e| e.to_string())?;
    let attempts = ledger.attempts(&job.id).map_err(|e| e.to_string())?;
    let states: Vec<AttemptState> = attempts.iter().map(|a| a.state).collect();
    if job.state != JobState::Done {
        return Err(format!("the job ended as {} ({:?}), its attempts as {states:?}", job.state, job.failure));
    }
    let received = stage.received().await.checked_sub(before).ok_or("the provider has less than before")?;
    if received != gas("2") {
        return Err(format!("the provider received {received}; attempts {states:?}"));
    }
    let confirmed: Vec<_> = attempts.iter().filter(|a| a.state == AttemptState::Confirmed).collect();
    let [paid] = confirmed.as_slice() else { return Err(format!("attempts {states:?}")) };
    if attempts.iter().any(|a| a.state.is_live()) {
        return Err(format!("an attempt is still live: {states:?}"));
    }
    let expected = Expected {
        from: Some(paid.sender),
        to: stage.recipient,
        amount: gas("2"),
        reference: paid.reference.clone(),
        network: NET,
    };
    let landed = verify_payment(stage.chain(), &paid.tx_hash, &expected).await.map_err(|e| e.to_string())?;
    if Some(landed.block) != paid.block || job.tx_hash != Some(paid.tx_hash) {
        return Err("the ledger's block or hash is not the chain's".to_owned());
    }
    check_conflicts(&attempts)?;
    check_log(&home.path, &ledger, &job.id, &paid.tx_hash.to_string())?;
    Ok(paid.number > 1)
}

/// Each attempt names every earlier one: none of them had landed when it was made.
fn check_conflicts(attempts: &[Attempt]) -> Result<(), String> {
    for (index, attempt) in attempts.iter().enumerate() {
        let transaction = Transaction::decode_unsigned(&attempt.unsigned).map_err(|e| e.to_string())?;
        let named: Vec<_> = transaction.conflicts().collect();
        let earlier: Vec<_> = attempts[..index].iter().map(|a| a.tx_hash).collect();
        if named != earlier {
            return Err(format!("attempt {} names {named:?} in Conflicts instead of {earlier:?}", attempt.number));
        }
    }
    Ok(())
}

/// The log tells the ledger's history, line by line, and ends with the payment's hash.
fn check_log(home: &Path, ledger: &Ledger, job: &domain::ids::JobId, hash: &str) -> Result<(), String> {
    let text = fs::read_to_string(home.join("jobs.jsonl")).map_err(|e| e.to_string())?;
    let lines: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    let lines = lines.map_err(|e| format!("jobs.jsonl: {e}"))?;
    let history = ledger.history(job).map_err(|e| e.to_string())?;
    let history: Vec<Value> = history.iter().map(|line| serde_json::to_value(line).unwrap()).collect();
    if lines != history {
        return Err(format!("jobs.jsonl is not the history:\n{text}"));
    }
    match lines.last() {
        Some(last) if last["tx_hash"] == hash && last["state"] == "done" => Ok(()),
        last => Err(format!("the last line of jobs.jsonl is {last:?}")),
    }
}

/// The text of all sources in a folder.
pub fn sources(folder: &str) -> String {
    fn gather(path: &Path, text: &mut String) {
        for entry in fs::read_dir(path).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                gather(&path, text);
            } else {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut text = String::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut text);
    text
}
