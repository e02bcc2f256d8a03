//! The ledger as several processes and a crash see it.

mod budget;
mod requests;

use std::{fs, sync::Arc, thread};

use jiff::Timestamp;

use super::{CapPassed, IntendError, Ledger, LedgerError, Reading, log::LOG_FILE};
use domain::{
    attempt::{Attempt, AttemptState},
    budget::Caps,
    hash::{Hash160, Sha256, TxHash},
    ids::{JobId, opaque},
    job::{Job, JobState, PlannedJob},
    money::Datoshi,
    network::{Network, SANDBOX},
    verdict::{Place, Verdict},
};

/// A job that is offloaded and awaits its payment.
pub(crate) fn submitted(ledger: &Ledger) -> Job {
    let job = sample_job(Place::Offload);
    ledger.insert_job(&job).unwrap();
    for state in [JobState::Staging, JobState::Staged, JobState::Submitted] {
        ledger.advance(&job.id, state, |_| {}).unwrap();
    }
    ledger.job(&job.id).unwrap()
}

/// A planned job.
pub(crate) fn sample_job(place: Place) -> Job {
    let heavy = place == Place::Offload;
    let verdict: Verdict = crate::policy::offload::tests::verdict(heavy, 10, 1.0, 1.0, 1_000_000_000, 8_000_000_000);
    let now = Timestamp::now();
    Job::planned(PlannedJob {
        id: JobId::random(),
        session: "ses-1".into(),
        task_type: "t".into(),
        parameters: Default::default(),
        source: domain::dataset::DatasetSource::file("/d.fasta".into(), "/".into()),
        verdict,
        profile: "sandbox".into(),
        idempotency_key: opaque(8),
        at: now,
    })
}

pub(crate) fn attempt(job: &JobId, number: u32, gas: u32) -> Attempt {
    Attempt {
        job: job.clone(),
        number,
        tx_hash: TxHash(Sha256::of(opaque(16).as_bytes()).0),
        unsigned: vec![1, 2, 3],
        valid_until_block: 10,
        sender: Hash160([1; 20]),
        recipient: Hash160([2; 20]),
        amount: Datoshi::from_gas(gas),
        system_fee: Datoshi::ZERO,
        network_fee: Datoshi::ZERO,
        reference: job.to_string(),
        network: Network(SANDBOX),
        state: AttemptState::Intended,
        block: None,
        created_at: Timestamp::now(),
    }
}

pub(super) fn caps(payment: u32, day: u32, lifetime: u32) -> Caps {
    let gas = Datoshi::from_gas;
    Caps { per_payment: gas(payment), per_day: gas(day), lifetime: gas(lifetime) }
}

/// Approves and intends.
fn intend(ledger: &Ledger, attempt: &Attempt, caps: &Caps) -> Result<Job, IntendError> {
    intend_at(ledger, attempt, caps, &Reading::now())
}

/// The same when the system's clocks say this.
pub(super) fn intend_at(ledger: &Ledger, attempt: &Attempt, caps: &Caps, now: &Reading) -> Result<Job, IntendError> {
    let digest = Sha256::of(attempt.tx_hash.to_string().as_bytes());
    ledger.record_approval(&digest, &attempt.job, "test").unwrap();
    ledger.intend(attempt, caps, &digest, now)
}

pub(super) fn open() -> (tempfile::TempDir, Ledger) {
    let home = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(home.path()).unwrap();
    (home, ledger)
}

#[test]
fn a_job_has_one_live_attempt_and_pays_once() {
    let (_home, ledger) = open();
    let job = submitted(&ledger);
    let wide = caps(100, 100, 100);
    let paid = intend(&ledger, &attempt(&job.id, 1, 2), &wide).unwrap();
    assert_eq!(paid.state, JobState::PaymentIntended);
    assert!(matches!(intend(&ledger, &attempt(&job.id, 2, 2), &wide), Err(IntendError::Live { .. })));
    ledger.set_attempt(&job.id, 1, AttemptState::Confirmed, Some(7)).unwrap();
    assert_eq!(ledger.job(&job.id).unwrap().state, JobState::Paid);
    assert!(matches!(intend(&ledger, &attempt(&job.id, 2, 2), &wide), Err(IntendError::Live { .. })));
    assert_eq!(ledger.attempts(&job.id).unwrap()[0].block, Some(7));
}

#[test]
fn one_reference_is_paid_once_to_a_recipient() {
    let (_home, ledger) = open();
    let wide = caps(100, 100, 100);
    let (first, second) = (submitted(&ledger), submitted(&ledger));
    let same = |n| Attempt { reference: "task-1".into(), ..attempt(&second.id, n, 2) };
    intend(&ledger, &Attempt { reference: "task-1".into(), ..attempt(&first.id, 1, 2) }, &wide).unwrap();
    for state in [AttemptState::Sent, AttemptState::Confirmed] {
        let refused = intend(&ledger, &same(1), &wide);
        assert!(matches!(&refused, Err(IntendError::Reference { other, .. }) if *other == first.id), "{refused:?}");
        // Another wallet of the same owner pays it no second time either.
        let refused = intend(&ledger, &Attempt { sender: Hash160([9; 20]), ..same(1) }, &wide);
        assert!(matches!(refused, Err(IntendError::Reference { .. })), "{refused:?}");
        ledger.set_attempt(&first.id, 1, state, Some(7)).unwrap();
    }
    assert!(matches!(intend(&ledger, &same(1), &wide), Err(IntendError::Reference { .. })));
    assert_eq!(ledger.job(&second.id).unwrap().state, JobState::Submitted);
    intend(&ledger, &Attempt { recipient: Hash160([3; 20]), ..same(1) }, &wide).unwrap();
}

#[test]
fn an_expired_attempt_makes_room_and_gives_its_budget_back() {
    let (_home, ledger) = open();
    let job = submitted(&ledger);
    let tight = caps(2, 2, 2);
    intend(&ledger, &attempt(&job.id, 1, 2), &tight).unwrap();
    ledger.set_attempt(&job.id, 1, AttemptState::Expired, None).unwrap();
    intend(&ledger, &attempt(&job.id, 2, 2), &tight).unwrap();
    assert_eq!(ledger.attempts(&job.id).unwrap().len(), 2);
}

#[test]
fn what_landed_after_all_is_paid_and_ends_the_attempt_that_names_it() {
    let (_home, ledger) = open();
    let job = submitted(&ledger);
    intend(&ledger, &attempt(&job.id, 1, 2), &caps(9, 9, 9)).unwrap();
    ledger.set_attempt(&job.id, 1, AttemptState::Expired, None).unwrap();
    intend(&ledger, &attempt(&job.id, 2, 2), &caps(9, 9, 9)).unwrap();
    let first = ledger.attempts(&job.id).unwrap()[0].tx_hash;
    let paid = ledger.set_attempt(&job.id, 1, AttemptState::Confirmed, Some(7)).unwrap();
    assert_eq!((paid.state, paid.tx_hash), (JobState::Paid, Some(first)));
    let states: Vec<_> = ledger.attempts(&job.id).unwrap().iter().map(|a| a.state).collect();
    assert_eq!(states, [AttemptState::Confirmed, AttemptState::Expired]);
    // Only what was paid counts.
    let spent = ledger.spending(&Hash160([1; 20]), Network(SANDBOX), &Reading::now()).unwrap();
    assert_eq!(spent.lifetime, Datoshi::from_gas(2));
}

#[test]
fn what_landed_stays_landed_whatever_a_slower_process_says() {
    let (_home, ledger) = open();
    for (first, later) in [
        (AttemptState::Confirmed, AttemptState::Expired),
        (AttemptState::Confirmed, AttemptState::Sent),
        (AttemptState::Faulted, AttemptState::Sent),
        (AttemptState::Faulted, AttemptState::Expired),
    ] {
        let job = submitted(&ledger);
        intend(&ledger, &attempt(&job.id, 1, 2), &caps(9, 99, 99)).unwrap();
        ledger.set_attempt(&job.id, 1, first, Some(7)).unwrap();
        let before = ledger.job(&job.id).unwrap();
        assert_eq!(ledger.set_attempt(&job.id, 1, later, None).unwrap(), before);
        let kept = ledger.attempts(&job.id).unwrap().remove(0);
        assert_eq!((kept.state, kept.block), (first, Some(7)), "{later:?}");
    }
}

#[test]
fn an_approval_serves_once_and_none_is_none() {
    let (_home, ledger) = open();
    let job = submitted(&ledger);
    let first = attempt(&job.id, 1, 2);
    let digest = Sha256::of(b"approved");
    let refused = ledger.intend(&first, &caps(9, 9, 9), &digest, &Reading::now());
    assert!(matches!(refused, Err(IntendError::NotApproved(_))));
    assert!(ledger.attempts(&job.id).unwrap().is_empty(), "nothing is half-written");
    ledger.record_approval(&digest, &job.id, "terminal").unwrap();
    ledger.intend(&first, &caps(9, 9, 9), &digest, &Reading::now()).unwrap();
    ledger.set_attempt(&job.id, 1, AttemptState::Expired, None).unwrap();
    let second = attempt(&job.id, 2, 2);
    let refused = ledger.intend(&second, &caps(9, 9, 9), &digest, &Reading::now());
    assert!(matches!(refused, Err(IntendError::NotApproved(_))));
}

#[test]
fn each_cap_holds_and_the_day_rolls() {
    let (_home, ledger) = open();
    let which = |result: Result<Job, IntendError>| match result {
        Err(IntendError::Cap { which, .. }) => Some(which),
        _ => None,
    };
    assert_eq!(
        which(intend(&ledger, &attempt(&submitted(&ledger).id, 1, 3), &caps(2, 9, 9))),
        Some(CapPassed::Payment)
    );
    let first = submitted(&ledger);
    intend(&ledger, &attempt(&first.id, 1, 2), &caps(2, 3, 9)).unwrap();
    assert_eq!(which(intend(&ledger, &attempt(&submitted(&ledger).id, 1, 2), &caps(2, 3, 9))), Some(CapPassed::Day));
    // What may still land counts for every day, and what has landed for the day on which it was made.
    let now = Reading::now();
    let tomorrow = Reading { up_ms: now.up_ms + 25 * 3_600_000, ..now };
    let next = attempt(&submitted(&ledger).id, 1, 2);
    assert_eq!(which(intend_at(&ledger, &next, &caps(2, 3, 9), &tomorrow)), Some(CapPassed::Day));
    ledger.set_attempt(&first.id, 1, AttemptState::Confirmed, Some(7)).unwrap();
    assert_eq!(which(intend_at(&ledger, &next, &caps(2, 3, 3), &tomorrow)), Some(CapPassed::Lifetime));
    intend_at(&ledger, &next, &caps(2, 3, 9), &tomorrow).unwrap();
}

/// Eight writers with connections of their own never pass the cap together.
#[test]
fn eight_at_once_never_pass_a_cap() {
    let (home, ledger) = open();
    let jobs: Vec<JobId> = (0..16).map(|_| submitted(&ledger).id).collect();
    let jobs = Arc::new(jobs);
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let (home, jobs) = (home.path().to_owned(), jobs.clone());
            thread::spawn(move || {
                let ledger = Ledger::open(&home).unwrap();
                let mine = jobs.iter().skip(n * 2).take(2);
                mine.filter(|job| intend(&ledger, &attempt(job, 1, 2), &caps(2, 10, 100)).is_ok()).count()
            })
        })
        .collect();
    let made: usize = threads.into_iter().map(|t| t.join().unwrap()).sum();
    assert_eq!(made, 5, "10 GAS a day hold five payments of 2");
}

#[test]
fn steps_that_are_not_of_the_life_change_nothing() {
    let (_home, ledger) = open();
    let job = sample_job(Place::Local);
    ledger.insert_job(&job).unwrap();
    let wrong = ledger.advance(&job.id, JobState::Paid, |job| job.failure = Some("x".into()));
    assert!(matches!(wrong, Err(LedgerError::IllegalStep { .. })));
    assert_eq!(ledger.job(&job.id).unwrap(), job);
    assert_eq!(ledger.history(&job.id).unwrap().len(), 1);
}

#[test]
fn the_log_is_one_line_a_change_and_is_mended() {
    let (home, ledger) = open();
    let job = submitted(&ledger);
    let path = home.path().join(LOG_FILE);
    let whole = fs::read_to_string(&path).unwrap();
    let states: Vec<String> = whole
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let keys: Vec<_> = line.as_object().unwrap().keys().cloned().collect();
            assert_eq!(keys, ["ts", "job", "state", "task_type", "dataset", "job_id", "data_url", "tx_hash"]);
            assert!(line["tx_hash"].is_null());
            line["state"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(states, ["planned", "staging", "staged", "submitted"]);
    // A crash after the write and before the ledger noted it; a log cut short; a log removed.
    for broken in [format!("{whole}{{\"half\":"), whole[..20].to_owned(), String::new()] {
        fs::write(&path, broken).unwrap();
        drop(Ledger::open(home.path()).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
    }
    fs::remove_file(&path).unwrap();
    let canceled = ledger.advance(&job.id, JobState::Canceled, |_| {}).unwrap();
    assert_eq!(canceled.state, JobState::Canceled);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 5);
}

#[test]
fn a_log_without_its_ledger_is_no_fresh_start() {
    let (home, ledger) = open();
    submitted(&ledger);
    drop(ledger);
    let (log, database) = (home.path().join(LOG_FILE), home.path().join(super::LEDGER_FILE));
    let told = fs::read_to_string(&log).unwrap();
    let kept = home.path().join("kept");
    fs::copy(&database, &kept).unwrap();
    for empty in [false, true] {
        fs::remove_file(&database).unwrap();
        if empty {
            fs::write(&database, "").unwrap();
        }
        let Err(error @ LedgerError::Lost { .. }) = Ledger::open(home.path()) else { panic!("empty: {empty}") };
        assert!(error.hint().unwrap().contains("restore"), "{error}");
        assert_eq!(fs::read_to_string(&log).unwrap(), told, "nothing is cut");
        assert_eq!(database.exists(), empty, "nothing is made in its place");
        fs::copy(&kept, &database).unwrap();
        assert_eq!(Ledger::open(home.path()).unwrap().jobs().unwrap().len(), 1, "restored, it goes on");
    }
    fs::remove_file(&database).unwrap();
    fs::rename(&log, home.path().join("old.jsonl")).unwrap();
    assert!(Ledger::open(home.path()).unwrap().jobs().unwrap().is_empty(), "whoever means it begins anew");
}

#[test]
fn a_newer_ledger_is_left_alone() {
    let (home, ledger) = open();
    drop(ledger);
    let raw = rusqlite::Connection::open(home.path().join(super::LEDGER_FILE)).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    assert!(matches!(Ledger::open(home.path()), Err(LedgerError::TooNew { found: 99, .. })));
}

#[test]
fn tasks_at_the_provider_are_told_apart_by_whose_they_are() {
    let (_home, ledger) = open();
    let known = |task: &str| {
        let mut job = sample_job(Place::Offload);
        job.provider_job = Some(task.to_owned());
        ledger.insert_job(&job).unwrap();
        job.id
    };
    let (one, _two) = (known("task-1"), known("task-2"));
    ledger.insert_job(&sample_job(Place::Offload)).unwrap();
    // What cannot be read of one job says nothing of the others.
    let damaged = known("task-3");
    let spoil = "UPDATE jobs SET body = '{' WHERE id = ?1";
    ledger.connection().execute(spoil, [damaged.as_str()]).unwrap();
    assert_eq!(ledger.provider_jobs_but(&one).unwrap().into_iter().collect::<Vec<_>>(), ["task-2"]);
}
