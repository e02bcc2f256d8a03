//! Running a job on this machine.

use super::{Cancel, JobError, Workflow};
use compute::local::LocalError;
use domain::{
    dataset::DatasetProfile,
    estimate::{Estimate, Measured, WorkedOn},
    event::Event,
    job::{Job, JobResult, JobState},
    result::{RESULT_FILE, STDERR_FILE},
    task::TaskType,
    units,
    verdict::time_limit,
};
use guard::{
    machine::estimator,
    policy::{
        Refusal,
        data::{OpenDataset, OpenFurther},
    },
};

impl Workflow {
    /// Runs the job in a worker process with limits; afterwards it is done or failed. Running again is safe: it has no
    /// effect outside its own folder.
    pub(super) async fn local_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        let task = self.task_of(job)?;
        self.check_there(task).await?;
        let guard = &self.parts.guard;
        let files = (guard.reopen_dataset(job)?, guard.reopen_further(job)?);
        if job.state == JobState::Planned {
            tokio::select! {
                searched = self.search_for_secrets(job, &files.0, &files.1) => searched?,
                () = cancel.cancelled() => return Err(JobError::Interrupted(job.id.clone())),
            }
        }
        let limits = job.verdict.limits();
        let permit = guard.permit_local_run(&guard.mandate(job)?, job, files, limits, &*self.parts.sink)?;
        let out_dir = self.make_out_dir(job)?;
        let running = match job.state {
            JobState::Running => job.clone(),
            _ => {
                self.tell_notes(job);
                self.step(&job.id, JobState::Running, |_| {})?
            }
        };
        let progress = |part: f64| self.told(&running, Some(part));
        match self.parts.runner.run(permit, task, &out_dir, &progress, cancel.watch()).await {
            Ok(outcome) => {
                self.remember(job, task, Took { seconds: outcome.seconds, ram: outcome.max_rss as f64, whole: true })?;
                let document = outcome.document;
                let warnings = document.clean_warnings();
                self.warn(job, &warnings);
                let content = document.dataset.sha256;
                let further = document.inputs.into_iter().map(|input| (input.name, input.sha256)).collect();
                let (files, summary) = (outcome.files, document.summary.into());
                let result = JobResult { folder: out_dir, files, summary, unchecked: None, warnings };
                self.emit(fetched_event(job, &result));
                self.step(&job.id, JobState::Done, |job| {
                    job.content = Some(content);
                    job.further_content = further;
                    job.result = Some(result);
                })?;
                Ok(())
            }
            Err(LocalError::Canceled) => {
                self.step(&job.id, JobState::Canceled, |job| job.failure = Some("stopped by a person".to_owned()))?;
                Err(JobError::Interrupted(job.id.clone()))
            }
            Err(error) => {
                // Ended at a limit, it needs at least that much: what is planned next knows.
                match error {
                    LocalError::TimedOut { limit } => {
                        self.remember(job, task, Took { seconds: limit as f64, ram: 0.0, whole: false })?;
                    }
                    LocalError::OutOfMemory { limit } => {
                        self.remember(job, task, Took { seconds: 0.0, ram: limit as f64, whole: false })?;
                    }
                    _ => {}
                }
                self.step(&job.id, JobState::JobFailed, |job| job.failure = Some(error.to_string()))?;
                match error {
                    LocalError::TimedOut { .. } | LocalError::OutOfMemory { .. } => {
                        let hint = self.after_limit(job, task)?;
                        Err(JobError::Limit { limit: error, hint })
                    }
                    LocalError::Program { ref said, .. } if !said.is_empty() => {
                        let messages = out_dir.join(STDERR_FILE);
                        Err(JobError::Program { job: job.id.clone(), failed: error, messages })
                    }
                    error => Err(error.into()),
                }
            }
        }
    }

    /// Searches all files for secrets before anything reads them: what comes of them is shown to models.
    async fn search_for_secrets(
        &self,
        job: &Job,
        dataset: &OpenDataset,
        further: &[OpenFurther],
    ) -> Result<(), JobError> {
        let all = std::iter::once(dataset).chain(further.iter().map(|further| &further.file));
        let searches = all.map(|file| Ok((file.bytes, file.search()?))).collect::<Result<Vec<_>, Refusal>>()?;
        // One after the other: what is told never falls.
        let whole = all_bytes(dataset, further);
        let search = move |tell: &dyn Fn(u64)| {
            let mut before = 0;
            searches.into_iter().try_for_each(|(bytes, search)| {
                search.run(&|now| tell(before + now))?;
                before += bytes;
                Ok(())
            })
        };
        let searched: Result<(), Refusal> = self.told_of_bytes(job, whole, search).await?;
        if let Err(refusal) = searched {
            self.step(&job.id, JobState::Refused, |job| job.failure = Some(refusal.why.clone()))?;
            return Err(refusal.into());
        }
        Ok(())
    }

    /// Says what is odd or in doubt about the files: nobody was shown a plan of what is free.
    fn tell_notes(&self, job: &Job) {
        let further = job.verdict.further.iter().map(|file| &file.profile);
        for profile in std::iter::once(&job.verdict.dataset).chain(further) {
            for note in profile.notes() {
                self.emit(Event::Warning { message: format!("{}: {note}", profile.path.display()) });
            }
        }
    }

    /// What the run took corrects the next estimate; what it took until it was ended is the least that its files need.
    fn remember(&self, job: &Job, task: &TaskType, took: Took) -> Result<(), JobError> {
        let part = worked_on(job, task);
        let on = WorkedOn { dataset: &part, further: &job.verdict.further, parameters: &job.parameters };
        let model = estimator::estimate(task, on, &[]);
        let run = Measured {
            model_seconds: model.seconds.likely,
            seconds: took.seconds,
            model_ram: model.ram.likely,
            ram: took.ram,
            ended_on: (!took.whole).then(|| on.files()),
        };
        Ok(self.parts.ledger.record_measured(&task.measured_as(), &run)?)
    }

    /// What a person can do whose run was ended at a limit. The run is in the history by now, so what the next plan comes to is
    /// known: no hint leads to the same end again.
    fn after_limit(&self, job: &Job, task: &TaskType) -> Result<String, JobError> {
        let verdict = &job.verdict;
        let next = estimate(job, task, &self.parts.ledger.measured(&task.measured_as())?);
        let (available, longest) = (verdict.machine.available_ram, verdict.thresholds.max_local_seconds);
        let too_large = next.ram.likely > available as f64;
        let too_long = next.seconds.likely > longest;
        let smaller = match task.files().next() {
            Some((file, _)) if task.called(file) == *file => {
                format!("take fewer sequences at a time, or a smaller `{file}`")
            }
            Some(_) => "take fewer or smaller files".to_owned(),
            None => "take a part of the dataset".to_owned(),
        };
        let takes_further = task.remote.as_ref().map(|remote| remote.slots.is_some());
        let leaves = takes_further.is_some_and(|takes| takes || verdict.further.is_empty());
        let (ram, time) = (next.ram.likely.max(0.0) as u64, units::seconds(next.seconds.likely));
        Ok(match (too_large || too_long, leaves) {
            (true, true) => format!(
                "{smaller}; or ask again: from this run it is known to be too much for this machine, so it is planned for the provider, with its price"
            ),
            (true, false) if too_large => format!(
                "{smaller}, or run it on a machine with more memory: after this run it is thought to need {} of RAM, and {} is available here",
                units::bytes(ram),
                units::bytes(available)
            ),
            (true, false) => format!(
                "{smaller}; or set `max_local_seconds` in policy.toml above {}: after this run it is thought to take {time}, and may then take as long",
                next.seconds.likely.ceil()
            ),
            (false, _) => format!(
                "{smaller}; or ask again: after this run it is thought to take {time} and {} of RAM, and may take up to {} next time",
                units::bytes(ram),
                units::seconds(time_limit(&next) as f64)
            ),
        })
    }
}

/// Bytes of a dataset and of what lies beside it.
fn all_bytes(dataset: &OpenDataset, further: &[OpenFurther]) -> u64 {
    dataset.bytes + further.iter().map(|further| further.file.bytes).sum::<u64>()
}

/// What a run took: of one that was ended at a limit (not `whole`), that limit. Zero is not known.
struct Took {
    seconds: f64,
    ram: f64,
    whole: bool,
}

/// What of its dataset a job works on.
fn worked_on(job: &Job, task: &TaskType) -> DatasetProfile {
    let whole = estimator::together(task, &job.verdict.dataset, &job.verdict.further);
    estimator::worked_on(task, &whole, &job.parameters)
}

/// What a job needs, by what is known of its files and of earlier runs.
fn estimate(job: &Job, task: &TaskType, history: &[Measured]) -> Estimate {
    let part = worked_on(job, task);
    let on = WorkedOn { dataset: &part, further: &job.verdict.further, parameters: &job.parameters };
    estimator::estimate(task, on, history)
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
