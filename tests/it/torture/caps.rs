//! Eight processes at once on one home, killed and started again, each with a wall clock of its own: what is reserved and
//! confirmed together never passes a cap.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use domain::{attempt::AttemptState, money::Datoshi};
use guard::ledger::Ledger;

use jiff::Timestamp;
use serde_json::Value;

use super::stage::Stage;
use crate::payment::gas;

/// The wall clock of a process, set by so many seconds. The other clocks stay as they are: nobody can set those.
const SHIFTED_CLOCK: &str = r#"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    const char *by = getenv("CLOCK_SET_BY");
    if (!failed && clock == CLOCK_REALTIME && by) now->tv_sec += atol(by);
    return failed;
}
"#;

const HOUR: i64 = 3600;

/// A library that sets the wall clock of a program.
fn shifted_clock(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    fs::write(&source, SHIFTED_CLOCK).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).status().unwrap();
    assert!(built.success(), "a C compiler is needed, as for linking");
    library
}

/// Amounts and fees of all attempts that may land or have landed.
fn reserved(home: &Path) -> Datoshi {
    let ledger = Ledger::open(home).unwrap();
    let mut sum = Datoshi::ZERO;
    for job in ledger.jobs().unwrap() {
        for attempt in ledger.attempts(&job.id).unwrap() {
            if attempt.state.is_live() || attempt.state == AttemptState::Confirmed {
                let parts = [attempt.amount, attempt.system_fee, attempt.network_fee];
                sum = parts.into_iter().try_fold(sum, Datoshi::checked_add).unwrap();
            }
        }
    }
    sum
}

/// By how many hours the program's clock differs from ours, as its first event says.
fn said_hours_from_now(said: &str) -> i64 {
    let event: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    let then: Timestamp = event["ts"].as_str().unwrap().parse().unwrap();
    (then.duration_since(Timestamp::now()).as_secs_f64() / 3600.0).round() as i64
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_with_clocks_of_their_own_never_pass_a_cap() {
    let mut stage = Stage::sandbox().await;
    let clock = shifted_clock(&stage.world.work());
    let set_by = |hours: i64| {
        let preload = ("LD_PRELOAD", clock.display().to_string());
        [preload, ("CLOCK_SET_BY", (hours * HOUR).to_string())]
    };
    // At 2 GAS and a tenth in fees a day's cap of 10 holds four payments, and a lifetime's of 7 holds three.
    for (rules, hold) in [("per_day = \"10\"", 4), ("per_day = \"1000\"\nlifetime = \"7\"", 3)] {
        let (home, _) = stage.home_of(8).await;
        let policy = format!("[thresholds]\nmax_local_bytes = 100\n[caps]\n{rules}\n");
        fs::write(home.join("policy.toml"), policy).unwrap();
        let ledger = Ledger::open(&home).unwrap();
        let before = stage.received().await;
        let received = async |stage: &Stage| stage.received().await.checked_sub(before).unwrap();
        let cap = if hold == 4 { gas("10") } else { gas("7") };
        for round in 0..4 {
            let processes = (0..8_i64).map(|n| {
                let hours = [0, 25, -25, 24 * 400, -24 * 400, 23, -1, 49][(n + round) as usize % 8];
                let mut environment = set_by(hours).to_vec();
                // Half of them die on their way, each at another place.
                if n % 2 == 0 {
                    let point = ["payer.locked", "ledger.intend.committed", "payer.signed", "payer.broadcast"];
                    environment.push(("AGENT_KILL_AT", point[(n / 2 + round) as usize % 4].to_owned()));
                }
                let (stage, home) = (&stage, &home);
                async move { stage.resume_with(home, &environment).await }
            });
            futures::future::join_all(processes).await;
            assert!(reserved(&home) <= cap, "round {round}: {}", reserved(&home));
        }
        // Whatever is under way comes to its end, and then nothing more goes, whatever day it is said to be.
        for hours in [0, 25, 24 * 400, -25, 0] {
            let (code, said) = stage.resume_with(&home, &set_by(hours)).await;
            assert_eq!(code, Some(5), "set by {hours} hours: {said}");
            assert_eq!(said_hours_from_now(&said), hours, "the clock is not set: {said}");
            assert!(reserved(&home) <= cap);
        }
        let paid = Datoshi::new(gas("2").datoshi() * hold).unwrap();
        assert_eq!(received(&stage).await, paid, "{rules}");
        // What did not go waits for a cap that holds more; where an attempt of it never landed, at the payment.
        let states =
            |all: &[&str]| ledger.jobs().map(|jobs| jobs.iter().filter(|j| all.contains(&j.state.as_str())).count());
        assert_eq!(states(&["done"]).unwrap(), hold as usize);
        assert_eq!(states(&["submitted", "payment_intended"]).unwrap(), 8 - hold as usize);
    }
}
