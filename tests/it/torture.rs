//! The program is killed at every commit and every effect of the payment path, while the line to the chain goes wrong in
//! every way, and then taken up again: each job is paid once, and known by its hash.
//!
//! `make torture` plays all runs; `make test` a slice of them. What each point means stands in `docs/payments.md`, and
//! its table is where the names come from.

mod caps;
mod field;
mod line;
mod runs;
mod stage;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Instant,
};

use self::{
    line::{Fault, Plan},
    runs::{Outcome, Run, play},
    stage::Stage,
};

/// The points of the table in `docs/payments.md`.
fn points() -> Vec<String> {
    let text = include_str!("../../docs/payments.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name.to_owned()).collect()
}

/// What all runs were together.
#[derive(Default)]
struct Tally {
    /// Runs.
    runs: usize,
    /// Runs in which the program was really killed.
    killed: usize,
    /// Runs that were killed and paid by an attempt that names a lost one in Conflicts.
    retried: usize,
    /// Where it was killed.
    points: BTreeSet<String>,
    /// Runs in which each fault really struck.
    struck: BTreeMap<Fault, usize>,
}

impl Tally {
    fn count(&mut self, run: &Run, outcome: &Outcome) {
        self.runs += 1;
        self.killed += usize::from(outcome.killed);
        self.retried += usize::from(outcome.killed && outcome.retried);
        if outcome.killed {
            self.points.insert(run.point.clone());
        }
        *self.struck.entry(run.plan.fault).or_default() += usize::from(outcome.struck > 0);
    }

    fn print(&self, on: &str, started: Instant) {
        println!(
            "{on}: {} runs in {} s, each job paid once; {} killed, at {} points; {} paid after a lost one, which is named \
             in Conflicts; faults struck in so many runs: {:?}",
            self.runs,
            started.elapsed().as_secs(),
            self.killed,
            self.points.len(),
            self.retried,
            self.struck
        );
    }
}

/// Plays runs on so many stages at once, each with a chain of its own.
async fn play_all(runs: Vec<Run>, stages: usize, neo_go: bool) -> Tally {
    let (queue, tally) = (Arc::new(Mutex::new(runs)), Arc::new(Mutex::new(Tally::default())));
    let workers: Vec<_> = (0..stages)
        .map(|_| {
            let (queue, tally) = (queue.clone(), tally.clone());
            tokio::spawn(async move {
                let mut stage = if neo_go { Stage::neo_go().await } else { Stage::sandbox().await };
                loop {
                    let Some(run) = queue.lock().unwrap().pop() else { return };
                    let outcome = play(&mut stage, &run).await;
                    tally.lock().unwrap().count(&run, &outcome);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    std::mem::take(&mut *tally.lock().unwrap())
}

/// Every point once with `fault`, from seeds that begin at `seed`.
fn each_point(fault: Fault, seed: u32) -> Vec<Run> {
    points().into_iter().zip(seed..).map(|(point, seed)| Run::new(point, fault, seed)).collect()
}

#[test]
fn the_table_names_every_point_of_the_payment_path_and_no_other() {
    let points = points();
    assert!(points.len() >= 20, "{points:?}");
    let unique: BTreeSet<&String> = points.iter().collect();
    assert_eq!(unique.len(), points.len(), "a point stands twice");
    let mut named = BTreeSet::new();
    for folder in ["src/payment", "src/job", "crates/guard/src/ledger", "crates/neo/src"] {
        let text = runs::sources(folder);
        for part in text.split("reached(\"").skip(1) {
            named.insert(part.split_once('"').unwrap().0.to_owned());
        }
    }
    let missing: Vec<_> = named.iter().filter(|name| !unique.contains(name)).collect();
    assert!(missing.is_empty(), "not in docs/payments.md: {missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_anywhere_a_job_is_paid_once() {
    // The slice: every point once for certain, and once with a fault.
    let mut runs: Vec<Run> = points().into_iter().map(Run::certain).collect();
    runs.extend(
        points()
            .into_iter()
            .zip(Fault::QUICK.into_iter().cycle())
            .zip(100..)
            .map(|((point, fault), seed)| Run::new(point, fault, seed)),
    );
    let tally = play_all(runs, 4, false).await;
    let never: Vec<_> = points().into_iter().filter(|point| !tally.points.contains(point)).collect();
    assert!(never.is_empty(), "the program never came to {never:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_a_real_chain_a_job_is_paid_once() {
    let some = points().into_iter().step_by(6).zip(1..);
    let runs: Vec<Run> = some.map(|(point, seed)| Run::on_neo_go(point, seed)).collect();
    let count = runs.len();
    let tally = play_all(runs, 2, true).await;
    assert!(tally.killed >= count - 1 && tally.retried > 0, "{} killed, {} retried", tally.killed, tally.retried);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: `make torture`"]
async fn all_runs_on_the_sandbox_s_chain() {
    let started = Instant::now();
    let mut runs = Vec::new();
    let mut seed = 1000;
    while runs.len() < 4000 {
        for fault in Fault::QUICK {
            runs.extend(each_point(fault, seed));
            seed += 1000;
        }
    }
    // A request that hangs takes the request's whole time, so these are few.
    runs.extend(each_point(Fault::Hangs, seed));
    let tally = play_all(runs, 12, false).await;
    tally.print("the sandbox's chain", started);
    assert!(tally.runs >= 4000);
    assert_eq!(tally.points, points().into_iter().collect());
    let rare: Vec<_> = tally.struck.iter().filter(|(fault, runs)| **fault != Fault::None && **runs < 20).collect();
    assert!(rare.is_empty(), "these faults hardly struck: {rare:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: `make torture`"]
async fn all_runs_on_neo_go() {
    let started = Instant::now();
    let runs = points().into_iter().cycle().take(140).zip(0..).map(|(point, seed)| Run::on_neo_go(point, seed));
    let tally = play_all(runs.collect(), 4, true).await;
    tally.print("neo-go", started);
    assert!(tally.killed >= 100, "{} killed", tally.killed);
    assert!(tally.retried >= 20, "{} through a retry with Conflicts", tally.retried);
    assert!(tally.points.len() >= 20, "{:?}", tally.points);
}

impl Run {
    /// A run that comes to the point for certain: what follows a lost transaction needs one that is lost.
    fn certain(point: String) -> Run {
        let fault = if needs_loss(&point) { Fault::Dropped } else { Fault::None };
        Run { point, time: 1, plan: Plan { fault, after: 0, times: 1, seed: 0 } }
    }

    /// A run on a real node: more than a quarter of them lose their first transaction, so that a second one is made that
    /// names it.
    fn on_neo_go(point: String, seed: u32) -> Run {
        let lost = needs_loss(&point) || seed % 7 < 2;
        let fault = if lost { Fault::Dropped } else { Fault::QUICK[seed as usize % Fault::QUICK.len()] };
        Run { time: 1, ..Run::new(point, fault, seed) }
    }

    /// A run whose details follow from a seed.
    fn new(point: String, fault: Fault, seed: u32) -> Run {
        // Where the fault begins, how long it lasts, and at which of its times the point is taken, follow from the seed.
        let mix = seed.wrapping_mul(2_654_435_761) >> 7;
        let (after, times) = match fault {
            Fault::Dropped => (0, 1 + mix % 2),
            Fault::LateRelay => (0, 1 + mix % 3),
            // Only the broadcast hangs, and each time takes the request's whole time.
            Fault::Hangs => (0, 1),
            Fault::FalseExpiry => (mix % 3, 2 + mix % 4),
            Fault::Lagging => (mix % 4, 1 + mix % 5),
            _ => (mix % 18, 1 + (mix >> 5) % 3),
        };
        let time = if seed.is_multiple_of(3) { 1 + (mix >> 9) % 3 } else { 1 };
        Run { point, time, plan: Plan { fault, after, times, seed: mix } }
    }
}

/// Whether the program comes to this point only after a transaction was lost.
fn needs_loss(point: &str) -> bool {
    point.contains("expired") || point.contains("-again")
}
