//! Running a job on this machine.

use std::time::Duration;

use super::{Cancel, JobError, Workflow};
use compute::local::LocalError;
use domain::{
    estimate::Measured,
    event::Event,
    job::{Job, JobResult, JobState},
    result::RESULT_FILE,
    task::TaskType,
};
use guard::machine::{catalogue, estimator};

/// A run may take this many times its pessimistic estimate before it is ended.
const PATIENCE: f64 = 4.0;
/// And at least this long, seconds.
const SHORTEST_LIMIT: f64 = 600.0;

impl Workflow {
    /// Runs the job in a worker process with limits; afterwards it is done or failed. Running again is safe: it has no
    /// effect outside its own folder.
    pub(super) async fn local_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        let task = self.task(&job.task_type)?;
        if let Some(missing) = catalogue::missing_program(task) {
            return Err(JobError::MissingProgram {
                task: task.name.clone(),
                executable: missing.executable,
                package: missing.package,
            });
        }
        let guard = &self.parts.guard;
        let dataset = guard.reopen_dataset(job)?;
        let time_limit = (job.verdict.estimate.seconds.high * PATIENCE).clamp(SHORTEST_LIMIT, 86_400.0);
        let limits = (job.verdict.machine.available_ram, Duration::from_secs_f64(time_limit).as_secs());
        let permit =
            guard.permit_local_run(&guard.mandate(job)?, job, dataset, limits.0, limits.1, &*self.parts.sink)?;
        let out_dir = self.make_out_dir(job)?;
        let running = match job.state {
            JobState::Running => job.clone(),
            _ => self.step(&job.id, JobState::Running, |_| {})?,
        };
        let progress = |part: f64| self.told(&running, Some(part));
        match self.parts.runner.run(permit, task, &out_dir, &progress, cancel.watch()).await {
            Ok(outcome) => {
                self.remember(job, task, outcome.seconds, outcome.max_rss)?;
                let content = outcome.document.dataset.sha256;
                let (files, summary) = (outcome.files, outcome.document.summary.into());
                let result = JobResult { folder: out_dir, files, summary, unchecked: None };
                self.emit(fetched_event(job, &result));
                self.step(&job.id, JobState::Done, |job| {
                    job.content = Some(content);
                    job.result = Some(result);
                })?;
                Ok(())
            }
            Err(LocalError::Canceled) => {
                self.step(&job.id, JobState::Canceled, |job| job.failure = Some("stopped by a person".to_owned()))?;
                Err(JobError::Interrupted(job.id.clone()))
            }
            Err(error) => {
                self.step(&job.id, JobState::JobFailed, |job| job.failure = Some(error.to_string()))?;
                Err(error.into())
            }
        }
    }

    /// What the run took corrects the next estimate.
    fn remember(&self, job: &Job, task: &TaskType, seconds: f64, max_rss: u64) -> Result<(), JobError> {
        let part = estimator::worked_on(task, &job.verdict.dataset, &job.parameters);
        let model = estimator::estimate(task, &part, &[]);
        let run =
            Measured { model_seconds: model.seconds.likely, seconds, model_ram: model.ram.likely, ram: max_rss as f64 };
        Ok(self.parts.ledger.record_measured(&task.name, &run)?)
    }
}

/// The event of a result that is here and whole.
pub(super) fn fetched_event(job: &Job, result: &JobResult) -> Event {
    let document = result.files.iter().find(|f| f.name == RESULT_FILE);
    Event::ResultFetched {
        job: job.id.clone(),
        path: result.folder.join(RESULT_FILE).display().to_string(),
        bytes: document.map_or(0, |f| f.bytes),
        sha256: document.map_or(domain::hash::Sha256([0; 32]), |f| f.sha256),
    }
}
