//! One whole story as events, for the snapshots.

use serde_json::json;

use domain::{
    attempt::{Attempt, AttemptState},
    dataset::{Alphabet, DatasetProfile, DatasetSource, Format},
    estimate::{Estimate, Range},
    event::{DatasetShown, Decision, Event, PaymentShown, QuoteShown},
    hash::{Hash160, Sha256, TxHash},
    ids::JobId,
    job::{Job, JobResult, JobState, PlannedJob, ResultFile, Staged, StagedCheck},
    money::{Amount, Datoshi, Fees},
    network::{Network, SANDBOX, TESTNET},
    quote::{Quote, QuoteSource},
    receipt::{InputReceipt, PaidReceipt, Receipt, ResultReceipt, TransferEvent},
    verdict::{MachineProfile, OffloadRule, Place, Reason, Thresholds, Verdict},
};
use guard::ledger::JobLine;

pub const RECIPIENT: &str = "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv";

pub fn job() -> JobId {
    "job-7k3q9dm2".parse().unwrap()
}

pub fn time(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

fn payment() -> PaymentShown {
    PaymentShown {
        job: job(),
        tx_hash: TxHash([7; 32]),
        amount: Amount::from(Datoshi::from_gas(2)),
        recipient: RECIPIENT.to_owned(),
        attempt: 1,
        valid_until_block: 5812,
    }
}

/// A job that is offloaded and paid for, from the first line to the receipt.
pub fn story() -> Vec<Event> {
    let arguments = json!({"dataset": "examples/data.fasta", "task_type": "protein_folding", "size_bytes": null});
    vec![
        Event::SessionStarted { model: "planner".into(), network: Network(SANDBOX), profile: "sandbox".into() },
        Event::TurnStarted { prompt: "Run protein folding on examples/data.fasta".into() },
        Event::ToolRequested { call_id: "c1".into(), name: "check_local_capability".into(), arguments },
        verdict(),
        Event::UploadProgress { job: job(), bytes: 148, total: 148 },
        Event::UploadCompleted {
            job: job(),
            url: "http://127.0.0.1:40123/sandbox/job-7k3q9dm2/data.fasta".into(),
            sha256: Sha256([1; 32]),
            bytes: 148,
            check: Some(StagedCheck::Crc64Nvme),
        },
        Event::JobSubmitted {
            job: job(),
            job_id: "task-01HZX".into(),
            quote: QuoteShown {
                amount: Amount::from(Datoshi::from_gas(2)),
                recipient: RECIPIENT.into(),
                network: Network(SANDBOX),
                reference: "ref".into(),
                expires_at: time("2026-01-02T03:34:05Z"),
            },
        },
        Event::ApprovalResolved { job: job(), approved: true, by: "sandbox".into() },
        Event::PaymentIntended(payment()),
        Event::PaymentSent(payment()),
        Event::PaymentConfirmed { payment: payment(), block: 5790, explorer_url: None },
        Event::JobStatus { job: job(), status: "running".into(), progress: Some(0.5) },
        Event::JobStatus { job: job(), status: "running".into(), progress: Some(1.0) },
        Event::MessageDelta { text: "The best fold of 6 sequences has ".into() },
        Event::MessageDelta { text: "energy -9.".into() },
        Event::MessageCompleted { text: "The best fold of 6 sequences has energy -9.".into() },
        Event::Receipt(Box::new(receipt())),
        Event::SessionEnded { exit_code: 0 },
    ]
}

pub fn verdict() -> Event {
    Event::Verdict {
        job: job(),
        place: Place::Offload,
        reasons: vec![OffloadRule::Model],
        why: vec!["protein_folding is marked model-heavy in the catalogue".into()],
        task_type: "protein_folding".into(),
        dataset: DatasetShown { path: "examples/data.fasta".into(), bytes: 148, records: 6, sampled: false },
        further: Vec::new(),
        part: None,
        required_ram: Some(52_000_000),
        available_ram: 3_200_000_000,
        cores: 2,
        estimate: Some(Range { low: 3.0, likely: 12.0, high: 48.0 }),
    }
}

pub fn receipt() -> Receipt {
    Receipt {
        job: job(),
        state: "done".into(),
        task_type: "protein_folding".into(),
        dataset: "examples/data.fasta".into(),
        inputs: vec![InputReceipt {
            name: "dataset".into(),
            path: "examples/data.fasta".into(),
            bytes: 148,
            sha256: Some(Sha256([5; 32])),
        }],
        place: Place::Offload,
        profile: "sandbox".into(),
        job_id: Some("task-01HZX".into()),
        data_url: Some("http://127.0.0.1:40123/sandbox/job-7k3q9dm2/data.fasta".into()),
        payment: Some(PaidReceipt {
            tx_hash: TxHash([7; 32]),
            block: 5790,
            event: TransferEvent {
                contract: neo::GAS_CONTRACT,
                name: neo::paid::TRANSFER.into(),
                from: Hash160::from_address(RECIPIENT).unwrap(),
                to: Hash160::from_address(RECIPIENT).unwrap(),
                amount: Datoshi::from_gas(2),
            },
            amount: Amount::from(Datoshi::from_gas(2)),
            fees: Fees::from(Datoshi::new(10_977_540).unwrap()),
            sender: RECIPIENT.into(),
            recipient: RECIPIENT.into(),
            network: Network(SANDBOX),
            reference: "ref".into(),
            attempts: 1,
            explorer_url: None,
        }),
        charged: None,
        result: Some(ResultReceipt {
            path: "/nowhere/results/job-7k3q9dm2".into(),
            bytes: 4096,
            sha256: Sha256([9; 32]),
            unchecked: None,
            warnings: vec!["Warning: [blastp] \u{1b}[2JQuery_1: no data".into()],
        }),
        created_at: time("2026-01-02T03:04:05Z"),
        ended_at: time("2026-01-02T03:05:05Z"),
        failure: None,
    }
}

/// What goes wrong, and what comes from strangers.
pub fn troubles() -> Vec<Event> {
    vec![
        Event::SessionStarted { model: "gpt-4.1-mini".into(), network: Network(TESTNET), profile: "live".into() },
        Event::PolicyDecided {
            rule: "P-AMOUNT".into(),
            decision: Decision::Refuse,
            subject: "payment".into(),
            why: "the call says 3 GAS, the quote says 2 GAS".into(),
        },
        Event::ApprovalResolved { job: job(), approved: false, by: "nobody".into() },
        Event::PaymentUnknown(payment()),
        Event::PaymentFailed(PaymentShown { attempt: 2, ..payment() }),
        Event::PaymentConfirmed {
            payment: payment(),
            block: 9,
            explorer_url: Network(TESTNET).explorer_url(&TxHash([7; 32])),
        },
        Event::JobStatus { job: job(), status: "paid_but_failed".into(), progress: None },
        Event::Usage { prompt_tokens: 12_345, cached_tokens: None, completion_tokens: 67, cost: None },
        Event::Warning { message: "\u{1b}[2J\u{202e}.env holds NEO_PRIVATE_KEY\r\nand others may read it".into() },
        Event::Error { kind: "storage".into(), message: "storage is down".into(), hint: Some("agent doctor".into()) },
    ]
}

/// A job as it is planned.
pub fn planned() -> Job {
    Job::planned(PlannedJob {
        id: "job-00000001".parse().unwrap(),
        session: "ses-1".into(),
        task_type: "sequence_stats".into(),
        parameters: serde_json::Map::new(),
        verdict: Verdict {
            place: Place::Local,
            reasons: Vec::new(),
            dataset: DatasetProfile {
                records: 6,
                residues: 120,
                longest: 36,
                alphabet: Some(Alphabet::Protein),
                ..domain::strategies::dataset(
                    "a/very/long/path/to/some/dataset/of/reads.fastq",
                    1_000_000,
                    Format::Fasta,
                )
            },
            further: Vec::new(),
            part: None,
            machine: MachineProfile {
                cores: 2,
                total_ram: 8_000_000_000,
                available_ram: 3_200_000_000,
                limited_by_cgroup: false,
                free_disk: 10_000_000_000,
            },
            estimate: Estimate {
                ram: Range { low: 1e7, likely: 5.2e7, high: 1e8 },
                seconds: Range { low: 3.0, likely: 12.0, high: 48.0 },
                learnt_from: 0,
            },
            unmeasured: None,
            unpacked: None,
            thresholds: Thresholds::default(),
        },
        profile: "sandbox".into(),
        source: DatasetSource::file("/data/data.fastq".into(), "/work".into()),
        idempotency_key: "k".into(),
        at: time("2026-01-02T03:04:05Z"),
    })
}

/// A job that was offloaded, paid for and is done.
pub fn done() -> Job {
    let mut job = planned();
    job.id = self::job();
    job.state = JobState::Done;
    job.task_type = "protein_folding".into();
    job.parameters = serde_json::from_value(json!({"dimension": 3, "seed": 7})).unwrap();
    job.verdict.place = Place::Offload;
    job.verdict.dataset.path = "examples/data.fasta".into();
    job.verdict.dataset.bytes = 148;
    job.verdict.reasons =
        vec![Reason { rule: OffloadRule::Model, why: "protein_folding is marked model-heavy in the catalogue".into() }];
    job.staged = Some(Staged {
        key: "k".into(),
        url: "http://127.0.0.1:40123/sandbox/job-7k3q9dm2/data.fasta".into(),
        sha256: Sha256([1; 32]),
        bytes: 148,
        check: Some(StagedCheck::Crc64Nvme),
        etag: None,
        lies: Default::default(),
    });
    job.provider_job = Some("task-01HZX".into());
    job.quote = Some(Quote {
        amount: Datoshi::from_gas(2),
        recipient: Hash160::from_address(RECIPIENT).unwrap(),
        network: Network(TESTNET),
        reference: "ref".into(),
        expires_at: time("2026-01-02T03:34:05Z"),
        source: QuoteSource::Provider,
    });
    job.tx_hash = Some(TxHash([7; 32]));
    job.result = Some(JobResult {
        folder: "/home/me/results/job-7k3q9dm2".into(),
        files: vec![ResultFile { name: "result.json".into(), bytes: 4096, sha256: Sha256([9; 32]) }],
        summary: json!({}),
        unchecked: None,
        warnings: Vec::new(),
    });
    job.updated_at = time("2026-01-02T03:05:05Z");
    job
}

pub fn attempt() -> Attempt {
    let account = Hash160::from_address(RECIPIENT).unwrap();
    Attempt {
        job: job(),
        number: 1,
        tx_hash: TxHash([7; 32]),
        unsigned: Vec::new(),
        valid_until_block: 5812,
        sender: account,
        recipient: account,
        amount: Datoshi::from_gas(2),
        system_fee: Datoshi::ZERO,
        network_fee: Datoshi::ZERO,
        reference: "ref".into(),
        network: Network(TESTNET),
        state: AttemptState::Confirmed,
        block: Some(5790),
        created_at: time("2026-01-02T03:04:30Z"),
    }
}

pub fn history() -> Vec<JobLine> {
    let line = |ts: &str, state: JobState| JobLine {
        ts: time(ts),
        job: job(),
        state,
        task_type: "protein_folding".into(),
        dataset: "examples/data.fasta".into(),
        job_id: None,
        data_url: None,
        tx_hash: None,
    };
    vec![
        line("2026-01-02T03:04:05Z", JobState::Planned),
        line("2026-01-02T03:04:30Z", JobState::PaymentSent),
        line("2026-01-02T03:05:05Z", JobState::Done),
    ]
}
