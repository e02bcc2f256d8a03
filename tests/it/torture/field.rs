//! Whole jobs, from the request to the result, while provider, storage and chain go wrong by a schedule that follows from a
//! seed, and the program is killed somewhere: each ends done, paid once, made once at the provider, and leaves nothing behind.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::http::Method;
use compute::aioz::Aioz;
use domain::job::{Job, JobState};
use guard::ledger::Ledger;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{
    line::{Fault, Plan},
    points,
    stage::{API_KEY, Stage},
};
use crate::{
    payment::gas,
    services::{
        meddler::{Exchange, Meddler},
        proxy::{Harm, Proxy},
    },
};

/// Lives of the program in one run; from the fourth last on nothing goes wrong any more.
const LIVES: u32 = 14;
/// What goes wrong at most in one run, at provider and storage each.
const MOST: u32 = 8;

/// What goes wrong, and when: the same for the same seed and the same requests.
#[derive(Default)]
struct Schedule {
    state: u64,
    left: u32,
    struck: BTreeMap<&'static str, usize>,
}

impl Schedule {
    fn begin(&mut self, seed: u64) {
        (self.state, self.left) = (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, MOST);
    }

    /// xorshift64 (Marsaglia, 2003).
    fn draw(&mut self, below: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % below
    }

    /// One of these faults for a quarter of all requests, until so many struck.
    fn fault(&mut self, of: &[&'static str]) -> Option<&'static str> {
        if of.is_empty() || self.left == 0 || self.draw(4) > 0 {
            return None;
        }
        self.left -= 1;
        let fault = of[self.draw(of.len() as u64) as usize];
        *self.struck.entry(fault).or_default() += 1;
        Some(fault)
    }
}

/// A stage whose provider and storage are reached by way of a schedule.
struct Field {
    stage: Stage,
    provider: Meddler,
    storage: Proxy,
    at_provider: Arc<Mutex<Schedule>>,
    at_storage: Arc<Mutex<Schedule>>,
    client: Aioz,
    made: u32,
}

const OUTAGES: [&str; 6] =
    ["provider 500", "provider 503", "provider 504", "provider 429", "provider busy", "provider page"];
const INCOMPLETE: [&str; 4] = ["no result", "no files", "no sha256", "computing again"];

/// What is wrong with one answer of the provider, which has done what it was asked.
fn meddle(schedule: &Mutex<Schedule>, exchange: &mut Exchange) {
    let done = exchange.is_detail() && exchange.task_status() == "success";
    let of: Vec<&str> = match () {
        () if done => [&OUTAGES[..], &INCOMPLETE].concat(),
        () if exchange.is_announcement() => [&OUTAGES[..], &["provider 404"]].concat(),
        () => OUTAGES.to_vec(),
    };
    let Some(fault) = schedule.lock().unwrap().fault(&of) else { return };
    let data = &mut exchange.answer["data"];
    match fault {
        "no result" => data["result"] = Value::Null,
        "no files" => data["result"]["result"]["files"] = json!([]),
        "no sha256" => data["result"]["result"]["files"][0]["sha256"] = Value::Null,
        "computing again" => data["status"] = json!("computing"),
        "provider busy" => exchange.answer = json!({"status": "fail", "message": "the server is busy"}),
        "provider page" => exchange.answer = Value::Null,
        "provider 429" => (exchange.status, exchange.retry_after, exchange.answer) = (429, Some(0), json!({})),
        status => {
            exchange.status = status.trim_start_matches("provider ").parse().unwrap();
            exchange.answer = json!({"status": "error", "message": "by the test"});
        }
    }
}

/// What happens to one request to storage.
fn harm(schedule: &Mutex<Schedule>, method: &Method) -> Harm {
    let of: &[&str] = match *method {
        Method::PUT => &["slow down", "storage 500", "flipped bit", "flipped unseen", "forgotten sum", "pretended"],
        Method::DELETE => &["slow down", "storage 500"],
        _ => &["slow down", "storage 500", "forgotten sum"],
    };
    match schedule.lock().unwrap().fault(of) {
        None => Harm::None,
        Some("slow down") => Harm::Refuse(503, "SlowDown"),
        Some("storage 500") => Harm::Refuse(500, "InternalError"),
        Some("flipped bit") => Harm::FlipBit,
        Some("flipped unseen") => Harm::FlipBitAndForget,
        Some("forgotten sum") => Harm::Forget,
        Some(_) => Harm::Pretend,
    }
}

impl Field {
    async fn set() -> Field {
        let stage = Stage::sandbox().await;
        let (at_provider, at_storage) = (Arc::<Mutex<Schedule>>::default(), Arc::<Mutex<Schedule>>::default());
        let schedule = Arc::clone(&at_provider);
        let provider =
            Meddler::start(stage.provider.as_str().trim_end_matches('/'), move |e| meddle(&schedule, e)).await;
        let schedule = Arc::clone(&at_storage);
        let endpoint = stage.storage.server.endpoint.clone();
        let storage = Proxy::start(&endpoint, move |seen| harm(&schedule, seen.method)).await;
        let client = Aioz::new(stage.provider.clone(), API_KEY.into()).unwrap();
        Field { stage, provider, storage, at_provider, at_storage, client, made: 0 }
    }

    /// Tasks at the provider so far.
    async fn tasks(&self) -> u64 {
        self.client.history(1, 0).await.unwrap().total.unwrap()
    }

    /// One life of the program.
    async fn live(&self, arguments: &[&str], home: &Path, kill_at: Option<&str>) -> (Option<i32>, String) {
        let origin = self.stage.provider.origin().ascii_serialization();
        let mut command = self.stage.world.command(arguments);
        command
            .env("AGENT_HOME", home)
            .env("AIOZ_S3_ENDPOINT", self.storage.endpoint.as_str())
            .env("AIOZ_W3AI_ENDPOINT", &self.provider.endpoint)
            .env("AIOZ_RESULT_HOSTS", origin)
            .envs(kill_at.map(|at| ("AGENT_KILL_AT", at)));
        let running = Command::from(command).stdin(Stdio::null()).kill_on_drop(true).output();
        let done = tokio::time::timeout(Duration::from_secs(240), running).await.expect("it hangs").unwrap();
        (done.status.code(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    }

    fn home(&mut self) -> PathBuf {
        self.made += 1;
        let home = self.stage.world.root().join(format!("field-{}", self.made));
        std::fs::create_dir(&home).unwrap();
        let rules = "[thresholds]\nmax_local_bytes = 100\n[caps]\nper_day = \"1000000\"\nlifetime = \"1000000\"\n";
        std::fs::write(home.join("policy.toml"), rules).unwrap();
        home
    }

    /// Plays one seed; whether the program was killed.
    async fn play(&mut self, seed: u64) -> bool {
        let home = self.home();
        let (received, tasks) = (self.stage.received().await, self.tasks().await);
        self.at_provider.lock().unwrap().begin(2 * seed);
        self.at_storage.lock().unwrap().begin(2 * seed + 1);
        let mut own = Schedule::default();
        own.begin(seed + 77);
        let fault = Fault::QUICK[own.draw(Fault::QUICK.len() as u64) as usize];
        let (after, times) = (own.draw(12) as u32, 1 + own.draw(3) as u32);
        let after = if matches!(fault, Fault::Dropped | Fault::LateRelay) { 0 } else { after };
        self.stage.line.plan(Plan { fault, after, times, seed: seed as u32 });
        let all = points();
        let at = format!("{}:{}", all[own.draw(all.len() as u64) as usize], 1 + own.draw(2));
        let (mut killed, mut told) = (false, format!("seed {seed}, killed at {at}, the chain's fault {fault:?}\n"));
        for life in 0..LIVES {
            if life == LIVES - 4 {
                self.at_provider.lock().unwrap().left = 0;
                self.at_storage.lock().unwrap().left = 0;
                self.stage.line.mend().await;
            }
            let begun = !jobs(&home).is_empty();
            let arguments: &[&str] = match begun {
                true => &["jobs", "resume", "--json", "--yes"],
                false => &["run", "--json", "--yes", "sequence_stats", "data.fasta"],
            };
            let (code, said) = self.live(arguments, &home, (!killed).then_some(at.as_str())).await;
            killed |= code.is_none();
            told.push_str(&format!("--- life {life}: {code:?}\n{said}\n"));
            if code.is_some() && jobs(&home).first().is_some_and(|job| job.state.is_end()) {
                break;
            }
        }
        self.at_provider.lock().unwrap().left = 0;
        self.at_storage.lock().unwrap().left = 0;
        self.stage.line.mend().await;
        let jobs = jobs(&home);
        let states: Vec<JobState> = jobs.iter().map(|job| job.state).collect();
        assert_eq!(states, [JobState::Done], "{told}");
        assert_eq!(self.stage.received().await.checked_sub(received), Some(gas("2")), "{told}");
        assert_eq!(self.tasks().await - tasks, 1, "{told}");
        // What a store in trouble kept is removed later.
        let (code, said) = self.live(&["jobs", "cancel", "--all-leftovers"], &home, None).await;
        assert_eq!(code, Some(0), "{said}\n{told}");
        let staged = jobs[0].staged.as_ref().unwrap();
        let held = self.stage.storage.server.storage("data").holds(staged).await;
        assert!(!held.is_ok_and(|holds| holds), "its copy is still on storage\n{told}");
        std::fs::remove_dir_all(&home).unwrap();
        killed
    }
}

fn jobs(home: &Path) -> Vec<Job> {
    if !home.join("ledger.db").exists() {
        return Vec::new();
    }
    Ledger::open(home).unwrap().jobs().unwrap()
}

/// Plays these seeds on so many fields at once; how many were killed, and what struck.
async fn play_all(seeds: std::ops::Range<u64>, fields: usize) -> (usize, BTreeMap<&'static str, usize>) {
    let queue = Arc::new(Mutex::new(seeds));
    let all: Vec<_> = (0..fields)
        .map(|_| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move {
                let mut field = Field::set().await;
                let mut killed = 0;
                loop {
                    let Some(seed) = queue.lock().unwrap().next() else { break };
                    killed += usize::from(field.play(seed).await);
                }
                let mut struck = std::mem::take(&mut field.at_provider.lock().unwrap().struck);
                struck.append(&mut field.at_storage.lock().unwrap().struck);
                (killed, struck)
            })
        })
        .collect();
    let mut sum = (0, BTreeMap::new());
    for one in all {
        let (killed, struck) = one.await.unwrap();
        sum.0 += killed;
        struck.into_iter().for_each(|(fault, times)| *sum.1.entry(fault).or_default() += times);
    }
    sum
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_jobs_end_well_whatever_goes_wrong_around_them() {
    let (_, struck) = play_all(0..6, 2).await;
    assert!(struck.values().sum::<usize>() > 12, "hardly anything went wrong: {struck:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: `make torture`"]
async fn all_runs_of_whole_jobs() {
    let started = Instant::now();
    let (killed, struck) = play_all(1000..1250, 6).await;
    println!(
        "whole jobs: 250 runs in {} s, each done and paid once; {killed} killed; {struck:?}",
        started.elapsed().as_secs()
    );
    assert!(killed >= 50, "{killed} killed");
    let rare: Vec<_> = struck.iter().filter(|(_, times)| **times < 5).collect();
    assert!(rare.is_empty() && struck.len() >= 16, "these hardly struck: {rare:?} of {struck:?}");
}
