//! What the fake makes up: jobs, quotes, attempts, results.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

use domain::{
    attempt::{Attempt, AttemptState},
    dataset::{DatasetProfile, DatasetSource, Format},
    estimate::{Estimate, Range},
    hash::{Hash160, Sha256, TxHash},
    ids::JobId,
    job::{Job, JobResult, JobState, PlannedJob, ResultFile, Staged},
    money::Datoshi,
    network::{Network, SANDBOX},
    plan::{Price, PriceSource},
    quote::{Quote, QuoteSource},
    task::{Parameters, TaskType},
    verdict::{MachineProfile, Thresholds},
};
use guard::policy::offload::judge;

/// The address that quotes name.
pub const PROVIDER: &str = "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv";
/// Another one.
pub const STRANGER: &str = "NbBboiLB8G4eV2QHdMVLwCs91ViWN6NBe2";

/// A planned job of a task on a file of so many bytes.
pub fn job(session: &str, id: JobId, task: &TaskType, parameters: Parameters, named: &Path, bytes: u64) -> Job {
    let range = |x: f64| Range { low: x, likely: x, high: x };
    let dataset = DatasetProfile {
        records: 3,
        residues: bytes,
        longest: 48,
        ..domain::strategies::dataset(named.to_owned(), bytes, Format::Fasta)
    };
    let machine = MachineProfile {
        cores: 2,
        total_ram: 8_000_000_000,
        available_ram: 6_000_000_000,
        limited_by_cgroup: false,
        free_disk: 1 << 40,
    };
    let estimate = Estimate { ram: range(1e8), seconds: range(2.0), learnt_from: 0 };
    Job::planned(PlannedJob {
        id,
        session: session.to_owned(),
        task_type: task.name.clone(),
        parameters,
        verdict: judge(task, dataset, machine, estimate, estimate, None, Thresholds::default()),
        profile: "sandbox".to_owned(),
        source: DatasetSource::file(Path::new("/").join(named), PathBuf::from("/")),
        idempotency_key: "k".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    })
}

/// What any job at the provider costs: 2 GAS, and 1 GAS of fees.
pub fn price() -> Price {
    Price {
        amount: Datoshi::from_gas(2),
        fees: Datoshi::from_gas(1),
        recipient: PROVIDER.to_owned(),
        network: Network(SANDBOX),
        source: PriceSource::Listed,
        beside: None,
    }
}

/// A job at the provider, with its quote.
pub fn submit(job: &mut Job) {
    job.state = JobState::Submitted;
    job.provider_job = Some("task-1".to_owned());
    job.staged = Some(Staged {
        key: "k".into(),
        url: "http://127.0.0.1/b/k".into(),
        sha256: Sha256::of(b""),
        bytes: 1,
        check: None,
        etag: None,
        lies: Default::default(),
    });
    job.quote = Some(Quote {
        amount: Datoshi::from_gas(2),
        recipient: Hash160::from_address(PROVIDER).unwrap(),
        network: Network(SANDBOX),
        reference: "r".to_owned(),
        expires_at: Timestamp::MAX,
        source: QuoteSource::Provider,
    });
}

/// The payment of a job's quote.
pub fn attempt(job: &Job, quote: &Quote) -> Attempt {
    Attempt {
        job: job.id.clone(),
        number: 1,
        tx_hash: TxHash([7; 32]),
        unsigned: Vec::new(),
        valid_until_block: 90,
        sender: Hash160([1; 20]),
        recipient: quote.recipient,
        amount: quote.amount,
        system_fee: Datoshi::ZERO,
        network_fee: Datoshi::from_gas(1),
        reference: quote.reference.clone(),
        network: quote.network,
        state: AttemptState::Confirmed,
        block: Some(42),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

/// The result of a job; somebody may have written a note into the summary of a fold.
pub fn result(job: &Job, note: Option<&str>) -> JobResult {
    let file = |name: &str| ResultFile { name: name.to_owned(), bytes: 100, sha256: Sha256::of(name.as_bytes()) };
    let summary = match job.task_type.as_str() {
        "protein_folding" => json!({"sequences": 3, "best_energy": -9, "best_id": "p1", "mean_energy": -7.5,
            "proven_optimal": 0, "dimension": job.parameters["dimension"], "seed": 1, "notes": note}),
        _ => json!({"sequences": 3, "residues": 144, "min_length": 48, "max_length": 48, "mean_length": 48.0,
            "n50": 48, "gc": null}),
    };
    JobResult {
        folder: PathBuf::from("/home/ada/.agent/results").join(job.id.as_str()),
        files: vec![file("result.json")],
        summary,
        unchecked: None,
        warnings: Vec::new(),
    }
}
