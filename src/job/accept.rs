//! Accepting a result: checked against its dataset, or, of a stranger's model, taken as it is.

use super::{
    Cancel, JobError, Workflow,
    check::{self, CheckError},
    local::fetched_event,
    waiting::unless_stopped,
};
use compute::{
    local::{LocalError, ToCheck},
    worker::{Accepted, Checked},
};
use domain::{
    event::Event,
    job::{Job, JobResult, JobState, ResultFile},
    result::RESULT_FILE,
    task::remote::RemoteModel,
};

impl Workflow {
    /// Checks the result against the dataset, puts our names into it, and accepts it. What only keeps it from being checked
    /// leaves the job where it is.
    pub(super) async fn accept_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        let Some(mut result) = job.result.clone() else {
            return self.bad_result(job, "nothing was fetched".to_owned());
        };
        let (of, fetched) = (job.clone(), result.clone());
        if !checking(job, move || check::is_whole(&of, &fetched)).await? {
            // What was paid for is still at the provider.
            result = match self.fetched(job, cancel).await? {
                Ok(again) => again,
                Err(why) => return self.bad_result(job, why),
            };
            let again = result.clone();
            self.parts.ledger.learn(&job.id, |job| job.result = Some(again))?;
        }
        if self.task_of(job)?.remote.as_ref().is_some_and(RemoteModel::is_unverifiable) {
            self.emit(fetched_event(job, &result));
            self.step(&job.id, JobState::Done, |job| job.result = Some(result))?;
            return Ok(());
        }
        match self.check_result(job, &result, cancel).await? {
            Ok(accepted) => {
                self.warn(job, &accepted.warnings);
                self.emit(fetched_event(job, &accepted));
                self.step(&job.id, JobState::Done, |job| job.result = Some(accepted))?;
                Ok(())
            }
            Err(why) => self.bad_result(job, why),
        }
    }

    /// The result, checked against the dataset on this machine, or as it was sent where that is another by now; alone
    /// where the dataset is gone from both. The inner error is what is wrong with it.
    async fn check_result(
        &self,
        job: &Job,
        result: &JobResult,
        cancel: &Cancel,
    ) -> Result<Result<JobResult, String>, JobError> {
        let against = |dataset| self.judged(check::to_check(job, result, dataset), job, cancel);
        let accepted = |accepted: Accepted, unchecked: Option<String>| {
            let ours: Vec<ResultFile> = std::iter::once(accepted.document).chain(accepted.drawn).collect();
            let drawing = |name: &str| science::drawings_of(&job.task_type).contains(&name);
            let others = result.files.iter().filter(|f| f.name != RESULT_FILE && !drawing(&f.name)).cloned();
            let files = ours.into_iter().chain(others).collect();
            let (folder, warnings) = (result.folder.clone(), accepted.warnings);
            JobResult { folder, files, summary: accepted.summary.into(), unchecked, warnings }
        };
        let named = job.verdict.dataset.path.display();
        let here = match self.parts.guard.open_source(job) {
            Ok(open) => match against(Some(open.file)).await? {
                Checked::Right(right) => return Ok(Ok(accepted(right, None))),
                Checked::Wrong(why) => return Ok(Err(why)),
                Checked::OtherDataset => format!("{named} changed since it was sent"),
            },
            Err(refusal) => format!("{named} can no longer be read here ({})", refusal.why),
        };
        let sent = unless_stopped(job, cancel, self.sent_dataset(job)).await??;
        let (message, unchecked) = if sent.is_some() {
            (format!("{here}: the result is checked against the copy on storage"), None)
        } else {
            let what = format!("{here}, and its copy on storage is gone: the result was checked without its dataset");
            (what.clone(), Some(what))
        };
        self.emit(Event::Warning { message });
        Ok(match against(sent).await? {
            Checked::Right(right) => Ok(accepted(right, unchecked)),
            Checked::Wrong(why) => Err(why),
            Checked::OtherDataset => Err("it is of another dataset".to_owned()),
        })
    }

    /// A worker's word on a result.
    async fn judged(&self, result: ToCheck, job: &Job, cancel: &Cancel) -> Result<Checked, JobError> {
        match self.parts.runner.check(result, cancel.watch()).await {
            Err(LocalError::Canceled) => Err(JobError::Interrupted(job.id.clone())),
            Err(error) => Err(JobError::Unchecked { job: job.id.clone(), source: CheckError::of_worker(error) }),
            Ok(checked) => Ok(checked),
        }
    }

    pub(super) fn bad_result(&self, job: &Job, why: String) -> Result<(), JobError> {
        self.step(&job.id, JobState::PaidButFailed, |job| {
            job.failure = Some(format!("the result was refused: {why}"))
        })?;
        Err(JobError::BadResult { job: job.id.clone(), why })
    }
}

/// Work on files, off the runtime's threads.
async fn checking<T: Send + 'static>(
    job: &Job,
    work: impl FnOnce() -> Result<T, CheckError> + Send + 'static,
) -> Result<T, JobError> {
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(CheckError::broke_off(e)));
    done.map_err(|source| JobError::Unchecked { job: job.id.clone(), source })
}
