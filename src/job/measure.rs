//! Measuring a piece of work: its files are opened and measured, the machine is measured, the guard's rule judges.

use std::path::Path;

use super::{JobError, Workflow, plan::Draft, several::Opened};
use cassette::{Tape, format::Measure};
use compute::worker;
use domain::{
    dataset::{DatasetProfile, FurtherFile},
    estimate::{Estimate, WorkedOn},
    ids::{self, JobId, RequestId},
    job::{Job, PlannedJob},
    plan::{Content, PlannedWork},
    request::{Assumed, Origin, Work},
    task::{Parameters, TaskOrigin, TaskType},
    verdict::Place,
};
use guard::{
    machine::{self, catalogue, estimator},
    policy::{
        data::{NamedBy, OpenDataset, OpenFurther},
        offload::judge,
    },
};

impl Workflow {
    /// A piece of work measured and judged, with its open dataset; `same_as_before` where its job is one of before.
    pub(super) async fn measured(
        &self,
        session: &str,
        work: &Work,
        origin: &Origin,
        request: Option<&RequestId>,
    ) -> Result<(Draft, OpenDataset), JobError> {
        let task = self.task(&work.task)?.clone();
        let named_by = if origin.is_person() { NamedBy::Person } else { NamedBy::Other };
        let chosen = chosen(&task, work);
        let mut parameters = catalogue::check_parameters(&task, &chosen)?;
        let opened = self.open_files(&task, work, &mut parameters, named_by)?;
        let Opened { inputs, dataset: open, further: beside } = opened;
        // Checks may be made side by side, so what is drawn for one is named after it.
        let of = format!("{} of {}", task.name, work.dataset().display());
        let source = open.source.clone();
        let same = (work, &task, &parameters);
        let (before, open, beside) = self.before((session, request), same, open, beside).await?;
        let (tape, home, supposed) = (self.tape().clone(), self.parts.ledger.home().to_owned(), self.supposed);
        let said = science::alphabet(&parameters).ok().flatten();
        let called = task.clone();
        let measured = tokio::task::spawn_blocking(move || {
            let dataset = machine::profile_dataset(&open)?.said_to_be(said);
            note_dataset(&tape, &open)?;
            let further =
                beside.into_iter().map(|file| measured_beside(&called, file)).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, JobError>((dataset, further, supposed.over(machine::probe_machine(&home)?), open))
        });
        let (dataset, further, profile, open) = measured.await.map_err(|e| JobError::WrongDataset(e.to_string()))??;
        let content = contents(&source.path, &dataset, &further, before.as_ref());
        let profile = self.tape().draw(&format!("machine for {of}"), || profile);
        let history = self.parts.ledger.measured(&task.measured_as())?;
        let history = self.tape().draw(&format!("earlier runs for {of}"), || history);
        let whole = estimator::together(&task, &dataset, &further);
        let part = estimator::worked_on(&task, &whole, &parameters);
        let on = WorkedOn { dataset: &part, further: &further, parameters: &parameters };
        let estimate = estimator::estimate(&task, on, &history);
        let raised = raised(estimate, &task, on, work.assumed, &history);
        let fewer = (part.records < whole.records).then_some(part.records);
        let (claimed, thresholds) = (work.assumed.bytes, self.parts.guard.policy().thresholds);
        let mut verdict = judge(&task, whole, profile, estimate, raised, claimed, thresholds);
        (verdict.dataset, verdict.part) = (dataset, fewer);
        if verdict.place == Place::Local {
            verdict.unpacked = machine::unpacked_bytes(&task, &verdict.dataset, &further);
        }
        verdict.further = further;
        verdict.unmeasured = estimator::unmeasured(&task, &history);
        let same_as_before = before.is_some();
        // Files beside the dataset may lie elsewhere now: the job is the work that it was planned as.
        let parameters = before.as_ref().map_or(parameters, |job| job.parameters.clone());
        let job = before.map(|job| self.to_out_dir(job)).unwrap_or_else(|| {
            let planned = PlannedJob {
                id: self.tape().draw(&format!("name of {of}"), JobId::random),
                session: session.to_owned(),
                task_type: task.name.clone(),
                parameters: parameters.clone(),
                verdict: verdict.clone(),
                profile: self.parts.profile.clone(),
                source,
                idempotency_key: self.tape().draw(&format!("key of {of}"), || ids::opaque(26)),
                at: self.tape().now(&of),
            };
            let own_task = (task.origin == TaskOrigin::Owner).then(|| Box::new(task.clone()));
            let (out_dir, task_version) = (self.parts.out_dir.clone(), Some(task.version));
            Job { out_dir, own_task, task_version, ..Job::planned(planned) }
        });
        let work = Work { inputs, parameters, ..work.clone() };
        let piece = PlannedWork {
            work,
            task_version: job.own_task.as_ref().map(|task| task.version),
            job: Some(job.id.clone()),
            verdict: Some(job.verdict.clone()),
            price: None,
            content,
            network: task.uses_network() && !job.state.is_end(),
            unmeasured: job.verdict.unmeasured.is_some() && !job.state.is_end(),
            unverified: None,
            cannot: None,
            same_as_before,
            stands: same_as_before.then_some(job.state),
            also: Vec::new(),
            see_also: None,
        };
        Ok((Draft { piece, job }, open))
    }
}

/// The files of a piece of work, the dataset first; what is `known` of them from a job of before.
pub(super) fn contents(
    path: &Path,
    dataset: &DatasetProfile,
    further: &[FurtherFile],
    known: Option<&Job>,
) -> Vec<Content> {
    let content = |path: &Path, of: &DatasetProfile, sha256| {
        let (path, bytes, modified_ns) = (path.to_owned(), of.bytes, of.modified_ns);
        Content { path, bytes, modified_ns, sha256 }
    };
    let beside = further.iter().map(|file| {
        let sha256 = known.and_then(|job| job.further_content.get(&file.name).copied());
        content(&file.source.path, &file.profile, sha256)
    });
    std::iter::once(content(path, dataset, known.and_then(|job| job.content))).chain(beside).collect()
}

/// Measures a file beside the dataset as the dataset is measured.
fn measured_beside(task: &TaskType, open: OpenFurther) -> Result<FurtherFile, JobError> {
    let OpenFurther { name, file } = open;
    match machine::profile_dataset(&file) {
        Ok(profile) => Ok(FurtherFile { name, profile, source: file.source }),
        Err(source) => Err(JobError::Further { name: task.called(&name).to_owned(), path: file.path, source }),
    }
}

/// What was chosen, with the files beside the dataset: they are parameters of the catalogue's own.
fn chosen(task: &TaskType, work: &Work) -> Parameters {
    let mut chosen = work.parameters.clone();
    for input in work.beside().filter(|input| !work.parameters.contains_key(&input.name)) {
        let named = input.path.as_ref().unwrap_or(&input.named).to_string_lossy().into_owned();
        match task.several(&input.name) {
            None => drop(chosen.entry(input.name.clone()).or_insert_with(|| named.into())),
            Some(_) => {
                let all = chosen.entry(input.name.clone()).or_insert_with(|| Vec::<String>::new().into());
                all.as_array_mut().into_iter().for_each(|all| all.push(named.clone().into()));
            }
        }
    }
    chosen
}

/// A run that is recorded tells which file it works on: its length and hash, and never its content. A run that is played
/// works on those files and on no others.
pub(super) fn note_dataset(tape: &Tape, open: &OpenDataset) -> Result<(), machine::ProbeError> {
    let of = format!("dataset {}", open.path.display());
    match tape {
        Tape::Off => return Ok(()),
        Tape::Recording(_) => {}
        Tape::Playing(player) => {
            // Whether it is the same file was looked at before the run began.
            let _: Option<Measure> = player.value_or_diverge(&of);
            return Ok(());
        }
    }
    let read = |source| machine::ProbeError::Read { what: None, source };
    let (bytes, sha256) = worker::hash(open.reopen().map_err(read)?, |_| {}).map_err(read)?;
    tape.note(&of, &Measure { bytes, sha256 });
    Ok(())
}

/// The estimate with what a person says beyond what is measured: that may only raise it.
fn raised(
    estimate: Estimate,
    task: &TaskType,
    on: WorkedOn<'_>,
    assumed: Assumed,
    history: &[domain::estimate::Measured],
) -> Estimate {
    let (mut raised, dataset) = (estimate, on.dataset);
    if let Some(bytes) = assumed.bytes.filter(|&b| b > dataset.bytes && dataset.bytes > 0) {
        let factor = bytes as f64 / dataset.bytes as f64;
        let grown = |n: u64| (n as f64 * factor) as u64;
        let larger = DatasetProfile {
            bytes,
            records: grown(dataset.records),
            residues: grown(dataset.residues),
            ..dataset.clone()
        };
        raised = estimator::estimate(task, WorkedOn { dataset: &larger, ..on }, history);
    }
    if let Some(seconds) = assumed.seconds.filter(|s| s.is_finite()) {
        raised.seconds = raised.seconds.raised_to(seconds);
    }
    Estimate {
        ram: raised.ram.raised_to(estimate.ram.low),
        seconds: raised.seconds.raised_to(estimate.seconds.low),
        learnt_from: estimate.learnt_from,
    }
}
