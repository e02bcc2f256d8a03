//! Planning: the dataset is opened and measured, the machine is measured, the guard's rule judges, the job is written.

use std::path::PathBuf;

use super::{JobError, Workflow};
use crate::{
    cassette::{self, Tape, format::Measure},
    compute::worker,
    domain::{
        dataset::DatasetProfile,
        estimate::Estimate,
        event::{DatasetShown, Event},
        ids::{self, JobId},
        job::{Job, JobState},
        task::{ParameterKind, Parameters, TaskType},
    },
    machine::{self, catalogue, estimator},
    policy::{data::OpenDataset, offload::judge},
};

/// What is to be planned.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRequest {
    /// The session it belongs to.
    pub session: String,
    /// The catalogue's name of the task.
    pub task_type: String,
    /// The dataset as the person named it.
    pub dataset: PathBuf,
    /// What was chosen; the rest takes its defaults.
    pub parameters: Parameters,
    /// A claimed size in bytes: it may only raise an estimate.
    pub claimed_bytes: Option<u64>,
    /// A claimed run time in seconds: it may only raise an estimate.
    pub claimed_seconds: Option<f64>,
}

impl Workflow {
    /// Measures dataset and machine, draws the verdict, and writes the planned job down.
    ///
    /// # Errors
    /// An unknown task or parameter, a dataset that may not or cannot be read or is not what the task works on.
    pub async fn check(&self, request: CheckRequest) -> Result<Job, JobError> {
        let task = self.task(&request.task_type)?.clone();
        let mut parameters = catalogue::check_parameters(&task, &request.parameters)?;
        self.check_files(&task, &mut parameters)?;
        let open = self.parts.guard.open_dataset(&request.dataset)?;
        // Checks may be made side by side, so what is drawn for one is named after it.
        let of = format!("{} of {}", task.name, request.dataset.display());
        let source = open.source.clone();
        let (home, supposed) = (self.parts.ledger.home().to_owned(), self.supposed);
        let measured = tokio::task::spawn_blocking(move || {
            let dataset = machine::profile_dataset(&open)?;
            note_dataset(&open)?;
            Ok::<_, machine::ProbeError>((dataset, supposed.over(machine::probe_machine(&home)?)))
        });
        let (dataset, profile) = measured.await.map_err(|e| JobError::WrongDataset(e.to_string()))??;
        suits(&task, &dataset)?;
        let profile = cassette::draw(&format!("machine for {of}"), || profile);
        let history = self.parts.ledger.measured(&task.name)?;
        let history = cassette::draw(&format!("earlier runs for {of}"), || history);
        let part = estimator::worked_on(&task, &dataset, &parameters);
        let estimate = estimator::estimate(&task, &part, &history);
        let raised = claimed(estimate, &task, &part, &request, &history);
        let fewer = (part.records < dataset.records).then_some(part.records);
        let mut verdict = judge(&task, dataset, profile, estimate, raised, self.parts.guard.policy().thresholds);
        verdict.part = fewer;
        let now = cassette::now(&of);
        let job = Job {
            id: cassette::draw(&format!("name of {of}"), JobId::random),
            session: request.session,
            state: JobState::Planned,
            task_type: task.name.clone(),
            parameters,
            verdict,
            profile: self.parts.profile.clone(),
            source,
            out_dir: self.parts.out_dir.clone(),
            idempotency_key: cassette::draw(&format!("key of {of}"), || ids::opaque(26)),
            staged: None,
            provider_job: None,
            quote: None,
            tx_hash: None,
            result: None,
            failure: None,
            created_at: now,
            updated_at: now,
        };
        self.parts.ledger.insert_job(&job)?;
        self.emit(verdict_event(&job));
        Ok(job)
    }

    /// Files that are parameters lie beneath the allowed roots too, and are named by their whole path from here on.
    fn check_files(&self, task: &TaskType, parameters: &mut Parameters) -> Result<(), JobError> {
        let files = task.parameters.iter().filter(|(_, spec)| matches!(spec.kind, ParameterKind::File { .. }));
        for (name, _) in files {
            let Some(path) = parameters.get(name).and_then(|v| v.as_str()).map(PathBuf::from) else { continue };
            let open = self.parts.guard.open_dataset(&path)?;
            note_dataset(&open)?;
            parameters.insert(name.clone(), open.source.path.to_string_lossy().into_owned().into());
        }
        Ok(())
    }
}

/// A run that is recorded tells which file it works on: its length and hash, and never its content. A run that is played
/// works on those files and on no others.
fn note_dataset(open: &OpenDataset) -> Result<(), machine::ProbeError> {
    let of = format!("dataset {}", open.path.display());
    match cassette::tape() {
        Tape::Off => return Ok(()),
        Tape::Recording(_) => {}
        Tape::Playing(player) => {
            // Whether it is the same file was looked at before the run began.
            let _: Option<Measure> = player.value_or_diverge(&of);
            return Ok(());
        }
    }
    let read = |source| machine::ProbeError::Read { what: "the dataset", source };
    let (bytes, sha256) = worker::hash(open.reopen().map_err(read)?, |_| {}).map_err(read)?;
    cassette::note(&of, &Measure { bytes, sha256 });
    Ok(())
}

/// The estimate with the model's claims: they may only raise it.
fn claimed(
    estimate: Estimate,
    task: &TaskType,
    dataset: &DatasetProfile,
    request: &CheckRequest,
    history: &[crate::domain::estimate::Measured],
) -> Estimate {
    let mut raised = estimate;
    if let Some(bytes) = request.claimed_bytes.filter(|&b| b > dataset.bytes && dataset.bytes > 0) {
        let factor = bytes as f64 / dataset.bytes as f64;
        let grown = |n: u64| (n as f64 * factor) as u64;
        let larger = DatasetProfile {
            bytes,
            records: grown(dataset.records),
            residues: grown(dataset.residues),
            ..dataset.clone()
        };
        raised = estimator::estimate(task, &larger, history);
    }
    if let Some(seconds) = request.claimed_seconds.filter(|s| s.is_finite()) {
        raised.seconds = raised.seconds.raised_to(seconds);
    }
    Estimate {
        ram: raised.ram.raised_to(estimate.ram.low),
        seconds: raised.seconds.raised_to(estimate.seconds.low),
        learnt_from: estimate.learnt_from,
    }
}

/// Whether there is something in the dataset, and it is what the task works on.
fn suits(task: &TaskType, dataset: &DatasetProfile) -> Result<(), JobError> {
    if dataset.records == 0 {
        return Err(JobError::WrongDataset(format!("{} holds no records to work on", dataset.path.display())));
    }
    catalogue::check_dataset(task, dataset).map_err(|e| JobError::WrongDataset(e.to_string()))
}

fn verdict_event(job: &Job) -> Event {
    let verdict = &job.verdict;
    let beside = verdict.dataset.zeros.then(|| verdict.dataset.zeros_mean().to_owned());
    Event::Verdict {
        job: job.id.clone(),
        place: verdict.place,
        reasons: verdict.rules(),
        why: verdict.reasons.iter().map(|r| r.why.clone()).chain(beside).collect(),
        task_type: job.task_type.clone(),
        dataset: DatasetShown {
            path: verdict.dataset.path.display().to_string(),
            bytes: verdict.dataset.bytes,
            records: verdict.dataset.records,
            sampled: verdict.dataset.sampled,
        },
        part: verdict.part,
        required_ram: verdict.estimate.ram.likely.ceil() as u64,
        available_ram: verdict.machine.available_ram,
        cores: verdict.machine.cores,
        estimate: verdict.estimate.seconds,
    }
}
