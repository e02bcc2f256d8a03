//! A job workflow in memory, for unit tests: the real rules, no outside parts.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Mutex,
};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;

use super::work::{Cancel, CheckRequest, Claim, Steps, WorkError};
use crate::{
    domain::{
        attempt::{Attempt, AttemptState},
        dataset::{DatasetProfile, Format},
        estimate::{Estimate, Range},
        hash::{Hash160, Sha256, TxHash},
        ids::JobId,
        job::{DatasetSource, Job, JobResult, JobState, ResultFile, Staged},
        money::Datoshi,
        network::{Network, SANDBOX},
        quote::{Quote, QuoteSource},
        task::TaskType,
        verdict::{MachineProfile, Place, Thresholds},
    },
    job::JobError,
    ledger::LedgerError,
    machine::catalogue::{Catalogue, check_parameters},
    policy::{
        offload::judge,
        payment::check_claim,
        refusal::{Refusal, Rule},
    },
};

/// The address that quotes name.
pub const PROVIDER: &str = "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv";
/// Another one.
pub const STRANGER: &str = "NbBboiLB8G4eV2QHdMVLwCs91ViWN6NBe2";

/// The fake.
pub struct Fake {
    /// Files by their paths, with their sizes in bytes.
    pub files: BTreeMap<String, u64>,
    jobs: Mutex<Vec<Job>>,
    attempts: Mutex<Vec<Attempt>>,
    /// What happened, in order: `run job`, `upload job`, `pay job`, `fetch job`.
    pub effects: Mutex<Vec<&'static str>>,
    /// Whether a person says yes to payments.
    pub approves: bool,
    /// The provider fails every job.
    pub provider_fails: bool,
    /// Waiting lasts until it is cancelled.
    pub never_ready: bool,
    /// What somebody wrote into the summary of a fold.
    pub note: Option<String>,
    /// Effects stop with a dry run's error.
    pub dry_run: bool,
    count: Mutex<u16>,
}

impl Fake {
    /// With these files and their sizes.
    pub fn new(files: &[(&str, u64)]) -> Fake {
        Fake {
            files: files.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect(),
            jobs: Mutex::default(),
            attempts: Mutex::default(),
            effects: Mutex::default(),
            approves: true,
            provider_fails: false,
            never_ready: false,
            dry_run: false,
            note: None,
            count: Mutex::default(),
        }
    }

    /// The same, otherwise.
    pub fn with(mut self, change: impl FnOnce(&mut Fake)) -> Fake {
        change(&mut self);
        self
    }

    /// What happened so far.
    pub fn effects(&self) -> Vec<&'static str> {
        self.effects.lock().unwrap().clone()
    }

    /// Puts a job into a state.
    pub fn set(&self, id: &JobId, change: impl FnOnce(&mut Job)) -> Job {
        let mut jobs = self.jobs.lock().unwrap();
        let job = jobs.iter_mut().find(|j| j.id == *id).unwrap();
        change(job);
        job.clone()
    }

    fn get(&self, id: &JobId) -> Result<Job, JobError> {
        let jobs = self.jobs.lock().unwrap();
        jobs.iter().find(|j| j.id == *id).cloned().ok_or_else(|| LedgerError::NoSuchJob(id.clone()).into())
    }

    fn did(&self, what: &'static str) {
        self.effects.lock().unwrap().push(what);
    }

    fn state(&self, job: &Job, fine: &[JobState]) -> Result<(), JobError> {
        match fine.contains(&job.state) {
            true => Ok(()),
            false => Err(Refusal::new(Rule::JobState, format!("{} is {}", job.id, job.state)).into()),
        }
    }

    fn dry(&self, job: &Job) -> Result<(), JobError> {
        if self.dry_run {
            self.set(&job.id, |j| j.state = JobState::Canceled);
            return Err(JobError::DryRun("the first effect".to_owned()));
        }
        Ok(())
    }

    fn checked(&self, request: CheckRequest) -> Result<Job, JobError> {
        let catalogue = Catalogue::builtin().unwrap();
        let task = catalogue.get(&request.task_type).ok_or_else(|| JobError::UnknownTask {
            name: request.task_type.clone(),
            known: catalogue.iter().map(|t| t.name.clone()).collect(),
        })?;
        let parameters = check_parameters(task, &request.parameters)?;
        let path = request.dataset.display().to_string();
        let bytes = *self.files.get(&path).ok_or_else(|| {
            Refusal::new(Rule::ProbeFailed, format!("there is no file {path}")).hint("check the name")
        })?;
        let whole = Path::new("/").join(&request.dataset);
        let range = |x: f64| Range { low: x, likely: x, high: x };
        let dataset = DatasetProfile {
            path: request.dataset,
            bytes,
            format: Format::Fasta,
            gzip: false,
            records: 3,
            residues: bytes,
            longest: 48,
            alphabet: None,
            sampled: false,
            zeros: false,
            modified_ns: 0,
        };
        let machine = MachineProfile {
            cores: 2,
            total_ram: 8_000_000_000,
            available_ram: 6_000_000_000,
            limited_by_cgroup: false,
            free_disk: 1 << 40,
        };
        let estimate = Estimate { ram: range(1e8), seconds: range(2.0), learnt_from: 0 };
        let mut count = self.count.lock().unwrap();
        *count += 1;
        let now = Timestamp::UNIX_EPOCH;
        let job = Job {
            id: format!("job-{count:a>8}").parse().unwrap(),
            session: request.session,
            state: JobState::Planned,
            task_type: task.name.clone(),
            parameters,
            verdict: judge(task, dataset, machine, estimate, estimate, Thresholds::default()),
            profile: "sandbox".to_owned(),
            source: DatasetSource { root: PathBuf::from("/"), path: whole },
            out_dir: None,
            idempotency_key: "k".to_owned(),
            staged: None,
            provider_job: None,
            quote: None,
            tx_hash: None,
            result: None,
            failure: None,
            created_at: now,
            updated_at: now,
        };
        self.jobs.lock().unwrap().push(job.clone());
        Ok(job)
    }

    fn result(&self, job: &Job) -> JobResult {
        let file = |name: &str| ResultFile { name: name.to_owned(), bytes: 100, sha256: Sha256::of(name.as_bytes()) };
        let summary = match job.task_type.as_str() {
            "protein_folding" => json!({"sequences": 3, "best_energy": -9, "best_id": "p1", "mean_energy": -7.5,
                "proven_optimal": 0, "dimension": job.parameters["dimension"], "seed": 1, "notes": self.note}),
            _ => {
                json!({"sequences": 3, "residues": 144, "min_length": 48, "max_length": 48, "mean_length": 48.0, "n50": 48, "gc": null})
            }
        };
        JobResult {
            folder: PathBuf::from("/home/ada/.agent/results").join(job.id.as_str()),
            files: vec![file("result.json")],
            summary,
            unchecked: None,
        }
    }

    fn attempt(&self, job: &Job, quote: &Quote) -> Attempt {
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

    fn quoted(&self, job: &Job) -> Result<Job, JobError> {
        if job.place() == Place::Local {
            return Err(Refusal::new(Rule::FitsHere, format!("{} fits this machine", job.id)).into());
        }
        self.state(job, &[JobState::Planned, JobState::Staged])?;
        self.dry(job)?;
        self.did("upload");
        Ok(self.set(&job.id, |j| {
            j.state = JobState::Submitted;
            j.provider_job = Some("task-1".to_owned());
            j.staged = Some(Staged {
                key: "k".to_owned(),
                url: "http://127.0.0.1/b/k".to_owned(),
                sha256: Sha256::of(b""),
                bytes: 1,
            });
            j.quote = Some(Quote {
                amount: Datoshi::from_gas(2),
                recipient: Hash160::from_address(PROVIDER).unwrap(),
                network: Network(SANDBOX),
                reference: "r".to_owned(),
                expires_at: Timestamp::MAX,
                source: QuoteSource::Provider,
            });
        }))
    }

    fn paid(&self, job: &Job, claim: &Claim) -> Result<Job, JobError> {
        let quote = check_claim(job, claim)?.clone();
        if !self.approves {
            let refusal = Refusal::new(Rule::Approval, "a person has to approve 2 GAS, and nobody could be asked");
            return Err(refusal.hint("run it on a terminal, or give --yes").into());
        }
        self.did("pay");
        let attempt = self.attempt(job, &quote);
        let hash = attempt.tx_hash;
        self.attempts.lock().unwrap().push(attempt);
        Ok(self.set(&job.id, |j| {
            j.state = JobState::Paid;
            j.tx_hash = Some(hash);
        }))
    }

    async fn waited(&self, job: &Job, cancel: &Cancel) -> Result<Job, JobError> {
        self.state(job, &[JobState::Paid, JobState::Running])?;
        if self.never_ready {
            cancel.cancelled().await;
            return Err(JobError::Interrupted(job.id.clone()));
        }
        if self.provider_fails {
            let why = "the provider failed: out of memory".to_owned();
            self.set(&job.id, |j| {
                j.state = JobState::PaidButFailed;
                j.failure = Some(why.clone());
            });
            return Err(JobError::Ended { job: job.id.clone(), state: JobState::PaidButFailed, why });
        }
        self.did("fetch");
        Ok(self.done(job))
    }

    fn done(&self, job: &Job) -> Job {
        let result = self.result(job);
        self.set(&job.id, |j| {
            j.state = JobState::Done;
            j.result = Some(result);
        })
    }
}

#[async_trait]
impl Steps for Fake {
    async fn check(&self, request: CheckRequest) -> Result<Job, WorkError> {
        Ok(self.checked(request)?)
    }
    async fn run_local(&self, id: &JobId, _: &Cancel) -> Result<Job, WorkError> {
        let job = self.get(id)?;
        if let Some(reason) = job.verdict.reasons.first() {
            let why = format!("{id} may not run here: {}", reason.why);
            return Err(JobError::from(Refusal::new(Rule::Offload(reason.rule), why)).into());
        }
        self.state(&job, &[JobState::Planned])?;
        self.dry(&job)?;
        self.did("run");
        Ok(self.done(&job))
    }
    async fn run_remote(&self, id: &JobId, _: &Cancel) -> Result<Job, WorkError> {
        Ok(self.quoted(&self.get(id)?)?)
    }
    async fn pay(&self, id: &JobId, claim: Claim, _: &Cancel) -> Result<Job, WorkError> {
        Ok(self.paid(&self.get(id)?, &claim)?)
    }
    async fn wait(&self, id: &JobId, cancel: &Cancel) -> Result<Job, WorkError> {
        Ok(self.waited(&self.get(id)?, cancel).await?)
    }
    fn jobs(&self) -> Result<Vec<Job>, WorkError> {
        Ok(self.jobs.lock().unwrap().clone())
    }
    fn job(&self, id: &JobId) -> Result<Option<Job>, WorkError> {
        Ok(self.get(id).ok())
    }
    fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, WorkError> {
        Ok(self.attempts.lock().unwrap().iter().filter(|a| a.job == *id).cloned().collect())
    }
    fn tasks(&self) -> Vec<TaskType> {
        Catalogue::builtin().unwrap().iter().cloned().collect()
    }
}
