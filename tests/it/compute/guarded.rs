//! Permits for tests: given by the real guard, for a real file and a job at the right step.

use std::path::Path;

use crate::services::consented::consented;
use compute::aioz::{Handed, Handover};
use domain::{
    dataset::{DatasetProfile, DatasetSource, Format, FurtherFile},
    estimate::{Estimate, Range},
    event::Silent,
    hash::Sha256,
    ids::JobId,
    job::{Job, JobState, PlannedJob, Staged},
    network::Network,
    request::Bounds,
    task::{Parameters, remote::RemoteModel},
    verdict::{Limits, MachineProfile, OffloadRule, Place, Reason, Thresholds, Verdict},
};
use guard::{
    ledger::Ledger,
    machine::catalogue::Catalogue,
    policy::{
        Guard, Policy,
        data::NamedBy,
        permit::{LocalRun, Permit, Submit},
    },
};
use jiff::Timestamp;
use url::Url;

/// A guard over a folder that holds one dataset, `a.txt` unless it is named otherwise, and what a run on it may have beside it.
pub struct Guarded {
    pub folder: tempfile::TempDir,
    dataset: String,
    /// Parameters, and the names of the files that they stand for.
    further: Vec<(String, String)>,
    parameters: Parameters,
    guard: Guard,
    ledger: Ledger,
}

impl Guarded {
    pub fn new(content: &[u8]) -> Guarded {
        Guarded::under(content, |_| {})
    }

    /// The same under other rules.
    pub fn under(content: &[u8], rules: impl FnOnce(&mut Policy)) -> Guarded {
        Guarded::over("a.txt", content, rules)
    }

    /// A dataset of that name.
    pub fn named(name: &str, content: &[u8]) -> Guarded {
        Guarded::over(name, content, |_| {})
    }

    fn over(name: &str, content: &[u8], rules: impl FnOnce(&mut Policy)) -> Guarded {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), content).unwrap();
        let home = folder.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let ledger = Ledger::open(&home).unwrap();
        let mut policy = Policy::cautious(Network(424_242), vec![folder.path().to_owned()]);
        rules(&mut policy);
        let guard = Guard::new(policy, ledger.clone());
        let (dataset, further, parameters) = (name.to_owned(), Vec::new(), Parameters::new());
        Guarded { folder, dataset, further, parameters, guard, ledger }
    }

    /// A further file beside the dataset, by the parameter that names it.
    pub fn with(mut self, parameter: &str, name: &str, content: &[u8]) -> Guarded {
        std::fs::write(self.folder.path().join(name), content).unwrap();
        self.further.push((parameter.to_owned(), name.to_owned()));
        self
    }

    /// Runs have these parameters.
    pub fn choosing(self, parameters: Parameters) -> Guarded {
        Guarded { parameters, ..self }
    }

    /// Leave to submit a job that is staged.
    pub fn submit(&self, model: &str) -> Permit<Submit> {
        let reason = Reason { rule: OffloadRule::Model, why: "the catalogue says so".into() };
        let mut job = self.job("remote", Place::Offload, vec![reason], JobState::Staged);
        job.staged = Some(Staged {
            key: "datasets/job".into(),
            url: "https://s3/b/datasets/job".into(),
            sha256: Sha256::of(b""),
            bytes: 1,
            check: None,
            etag: None,
            lies: Default::default(),
        });
        let job = consented(&self.ledger, &job, Bounds::default());
        let catalogue = Catalogue::builtin().unwrap();
        let (task, remote) = (catalogue.get("sequence_stats").unwrap(), RemoteModel::of(model));
        self.guard.permit_submit(&self.guard.mandate(&job).unwrap(), &job, task, &remote, None).unwrap()
    }

    /// Leave to run a task on the files. Memory in bytes, time in seconds.
    pub fn run(&self, task: &str, memory: u64, seconds: u64) -> Permit<LocalRun> {
        let job = self.job(task, Place::Local, Vec::new(), JobState::Planned);
        let job = consented(&self.ledger, &job, Bounds::default());
        let open = (self.guard.reopen_dataset(&job).unwrap(), self.guard.reopen_further(&job).unwrap());
        let mandate = self.guard.mandate(&job).unwrap();
        self.guard.permit_local_run(&mandate, &job, open, Limits { memory, seconds }, &Silent).unwrap()
    }

    /// A file of the folder as it is planned with.
    fn measured(&self, name: &str) -> (DatasetProfile, DatasetSource) {
        let open = self.guard.open_dataset(Path::new(name), NamedBy::Other).unwrap();
        let profile = DatasetProfile {
            records: 1,
            residues: 1,
            longest: 1,
            modified_ns: open.modified_ns,
            ..domain::strategies::dataset(open.path.clone(), open.bytes, Format::Text)
        };
        (profile, open.source)
    }

    fn job(&self, task: &str, place: Place, reasons: Vec<Reason>, state: JobState) -> Job {
        let (dataset, source) = self.measured(&self.dataset);
        let further = self.further.iter().map(|(parameter, name)| {
            let (profile, source) = self.measured(name);
            FurtherFile { name: parameter.clone(), profile, source }
        });
        let none = Range { low: 0.0, likely: 0.0, high: 0.0 };
        let planned = PlannedJob {
            id: JobId::random(),
            session: "ses-test".into(),
            task_type: task.into(),
            parameters: self.parameters.clone(),
            verdict: Verdict {
                place,
                reasons,
                dataset,
                further: further.collect(),
                part: None,
                machine: MachineProfile {
                    cores: 1,
                    total_ram: 1,
                    available_ram: 1,
                    limited_by_cgroup: false,
                    free_disk: 1,
                },
                estimate: Estimate { ram: none, seconds: none, learnt_from: 0 },
                unmeasured: None,
                unpacked: None,
                thresholds: Thresholds::default(),
            },
            profile: "live".into(),
            source,
            idempotency_key: "key-of-the-job".into(),
            at: Timestamp::UNIX_EPOCH,
        };
        Job { state, ..Job::planned(planned) }
    }
}

/// A dataset at this address, handed over as the task of [`Guarded::submit`] calls it.
pub fn handed_as_dataset(url: Url) -> Handover {
    let catalogue = Catalogue::builtin().unwrap();
    let input = catalogue.get("sequence_stats").unwrap().input.clone();
    Handover { files: [(input, Handed::Link(url))].into(), ..Handover::default() }
}
