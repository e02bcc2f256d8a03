//! The program is killed at every commit and every effect of the payment path, while the line to the chain goes wrong in
//! every way, and then taken up again: each job is paid once, and known by its hash.
//!
//! `make torture` plays all runs; `make test` a slice of them. What each point means stands in `docs/payments.md`, and
//! its table is where the names come from.

mod line;
mod runs;
mod stage;

use std::collections::BTreeSet;

use self::{
    line::{Fault, Plan},
    runs::{Run, play},
    stage::Stage,
};

/// The points of the table in `docs/payments.md`.
fn points() -> Vec<String> {
    let text = include_str!("../../docs/payments.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name.to_owned()).collect()
}

/// Runs on so many stages at once, each with a chain of its own; the points at which the program was really killed.
async fn play_all(runs: Vec<Run>, stages: usize, neo_go: bool) -> BTreeSet<String> {
    let queue = std::sync::Arc::new(std::sync::Mutex::new(runs));
    let workers: Vec<_> = (0..stages)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut stage = if neo_go { Stage::neo_go().await } else { Stage::sandbox().await };
                let mut killed = BTreeSet::new();
                loop {
                    let Some(run) = queue.lock().unwrap().pop() else { return killed };
                    killed.extend(play(&mut stage, &run).await);
                }
            })
        })
        .collect();
    let mut killed = BTreeSet::new();
    for worker in workers {
        killed.extend(worker.await.unwrap());
    }
    killed
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
    for folder in ["src/payment", "src/job", "src/ledger"] {
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
    let killed = play_all(runs, 4, false).await;
    let never: Vec<_> = points().into_iter().filter(|point| !killed.contains(point)).collect();
    assert!(never.is_empty(), "the program never came to {never:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_a_real_chain_a_job_is_paid_once() {
    let some = points().into_iter().step_by(6).zip(1..);
    let runs = some.map(|(point, seed)| {
        let fault = if seed % 3 == 0 { Fault::Dropped } else { Fault::None };
        Run::new(point, fault, seed)
    });
    let killed = play_all(runs.collect(), 2, true).await;
    assert!(!killed.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: `make torture`"]
async fn all_runs_on_the_sandbox_s_chain() {
    let started = std::time::Instant::now();
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
    let count = runs.len();
    let killed = play_all(runs, 12, false).await;
    println!("{count} runs, {} points, {} s", killed.len(), started.elapsed().as_secs());
    assert_eq!(killed, points().into_iter().collect());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: `make torture`"]
async fn all_runs_on_neo_go() {
    let started = std::time::Instant::now();
    let mut runs = Vec::new();
    for (i, point) in points().into_iter().cycle().take(110).enumerate() {
        // A fifth of them lose their first transaction, so that a second one is made that names it.
        let fault = if i % 4 == 0 { Fault::Dropped } else { Fault::QUICK[i % Fault::QUICK.len()] };
        runs.push(Run::new(point, fault, i as u32));
    }
    let count = runs.len();
    let killed = play_all(runs, 4, true).await;
    println!("{count} runs on neo-go, {} points, {} s", killed.len(), started.elapsed().as_secs());
    assert!(killed.len() >= 20);
}

impl Run {
    /// A run that comes to the point for certain: what follows a lost transaction needs one that is lost.
    fn certain(point: String) -> Run {
        let lost = point.contains("expired") || point.contains("-again");
        let fault = if lost { Fault::Dropped } else { Fault::None };
        Run { point, time: 1, plan: Plan { fault, after: 0, times: 1, seed: 0 } }
    }

    /// A run whose details follow from a seed.
    fn new(point: String, fault: Fault, seed: u32) -> Run {
        // Where the fault begins, how long it lasts, and at which of its times the point is taken, follow from the seed.
        let mix = seed.wrapping_mul(2_654_435_761) >> 7;
        let (after, times) = match fault {
            Fault::Dropped => (0, 1 + mix % 2),
            Fault::LateRelay => (0, 1 + mix % 3),
            Fault::FalseExpiry => (mix % 3, 2 + mix % 4),
            Fault::Lagging => (mix % 4, 1 + mix % 5),
            _ => (mix % 18, 1 + (mix >> 5) % 3),
        };
        let time = if seed.is_multiple_of(3) { 1 + (mix >> 9) % 3 } else { 1 };
        Run { point, time, plan: Plan { fault, after, times, seed: mix } }
    }
}
