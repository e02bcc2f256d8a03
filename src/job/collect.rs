//! Waiting for the provider, fetching the result, accepting it.

use std::{path::Path, time::Duration};

use serde::Deserialize;
use url::Url;

use super::{
    Cancel, JobError, Remote, Workflow,
    check::{self, CheckError, Checked},
    local::fetched_event,
};
use cassette::Tape;
use compute::aioz::{TaskDetail, TaskStatus};
use domain::{
    event::Event,
    hash::Sha256,
    job::{Job, JobResult, JobState, ResultFile},
    quote::QuoteSource,
    result::RESULT_FILE,
    units,
};
use guard::policy::{Refusal, Rule};
use storage::fetch::{FetchPlan, fetch_on};

/// Between two looks at a task that has just been paid; it grows to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// AIOZ asks for a look about every five seconds.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A result has at most this many files.
const MAX_FILES: usize = 1000;

/// One file of a result as the provider names it: nothing of it is believed unchecked.
#[derive(Debug, Deserialize)]
struct RemoteFile {
    name: String,
    url: Url,
    bytes: u64,
    sha256: Sha256,
}

impl Workflow {
    /// Waits until the provider is done. Waiting costs nothing but time; leaving it harms nothing.
    pub(super) async fn await_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        let remote = self.remote().await?;
        let task = provider_task(job)?;
        let states_terms = job.quote.as_ref().is_some_and(|q| q.source == QuoteSource::Provider);
        if job.state == JobState::Paid && states_terms {
            self.announce(remote, job).await?;
        }
        let mut pause = FIRST_PAUSE;
        let mut state = job.state;
        loop {
            let detail = remote.provider.detail(&task).await?;
            if state == JobState::Paid && detail.status == TaskStatus::Computing {
                state = self.step(&job.id, JobState::Running, |_| {})?.state;
            }
            if let Some(end) = ending(&detail) {
                let (to, failure) = end;
                self.step(&job.id, to, |job| job.failure = failure)?;
                return Ok(());
            }
            self.told(&Job { state, ..job.clone() }, detail.progress);
            tokio::select! {
                () = self.tape().sleep(pause) => pause = (pause * 3 / 2).min(LONGEST_PAUSE),
                () = cancel.cancelled() => return Err(JobError::Interrupted(job.id.clone())),
            }
        }
    }

    /// Fetches the result.
    pub(super) async fn fetch_step(&self, job: &Job) -> Result<(), JobError> {
        match self.fetch_files(job).await? {
            Ok(result) => self.step(&job.id, JobState::Fetched, |job| job.result = Some(result)).map(|_| ()),
            Err(why) => self.bad_result(job, why),
        }
    }

    /// Fetches every file of the result, each whole and checked or not at all. The inner error is what is wrong with the
    /// provider's list of them.
    async fn fetch_files(&self, job: &Job) -> Result<Result<JobResult, String>, JobError> {
        let remote = self.remote().await?;
        let detail = remote.provider.detail(&provider_task(job)?).await?;
        let files = match named_files(&detail) {
            Ok(files) => files,
            Err(why) => return Ok(Err(why)),
        };
        let cap = self.parts.guard.policy().max_result_bytes;
        let total = files.iter().try_fold(0u64, |sum, f| sum.checked_add(f.bytes)).unwrap_or(u64::MAX);
        if total > cap {
            let why = format!("the result has {}, more than the {} allowed", units::bytes(total), units::bytes(cap));
            return Err(Refusal::new(Rule::ResultSize, why).hint("raise `max_result_bytes` in policy.toml").into());
        }
        let folder = self.make_out_dir(job)?;
        let mut fetched = Vec::new();
        for file in files {
            fetched.push(fetch_one(self.tape(), remote, file, &folder).await?);
        }
        let summary = serde_json::Value::Null;
        Ok(Ok(JobResult { folder, files: fetched, summary, unchecked: None }))
    }

    /// Checks the result against the dataset, puts our names into it, and accepts it. What only keeps it from being checked
    /// leaves the job where it is.
    pub(super) async fn accept_step(&self, job: &Job) -> Result<(), JobError> {
        let Some(mut result) = job.result.clone() else {
            return self.bad_result(job, "nothing was fetched".to_owned());
        };
        let (of, fetched) = (job.clone(), result.clone());
        if !checking(job, move || check::is_whole(&of, &fetched)).await? {
            // What was paid for is still at the provider.
            result = match self.fetch_files(job).await? {
                Ok(again) => again,
                Err(why) => return self.bad_result(job, why),
            };
            let again = result.clone();
            self.parts.ledger.learn(&job.id, |job| job.result = Some(again))?;
        }
        match self.check_result(job, &result).await? {
            Ok(accepted) => {
                self.emit(fetched_event(job, &accepted));
                self.step(&job.id, JobState::Done, |job| job.result = Some(accepted))?;
                Ok(())
            }
            Err(why) => self.bad_result(job, why),
        }
    }

    /// The result, checked against the dataset on this machine, or as it was sent where that is another by now; alone
    /// where the dataset is gone from both. The inner error is what is wrong with it.
    async fn check_result(&self, job: &Job, result: &JobResult) -> Result<Result<JobResult, String>, JobError> {
        let against = |dataset, unchecked: Option<String>| {
            let (of, result) = (job.clone(), result.clone());
            checking(job, move || check::check(&of, &result, dataset, unchecked))
        };
        let named = job.verdict.dataset.path.display();
        let here = match self.parts.guard.open_source(job) {
            Ok(open) => match against(Some(open.file), None).await? {
                Checked::Right(accepted) => return Ok(Ok(accepted)),
                Checked::Wrong(why) => return Ok(Err(why)),
                Checked::OtherDataset => format!("{named} changed since it was sent"),
            },
            Err(refusal) => format!("{named} can no longer be read here ({})", refusal.why),
        };
        let sent = self.sent_dataset(job).await?;
        let (message, unchecked) = if sent.is_some() {
            (format!("{here}: the result is checked against the copy on storage"), None)
        } else {
            let what = format!("{here}, and its copy on storage is gone: the result was checked without its dataset");
            (what.clone(), Some(what))
        };
        self.emit(Event::Warning { message });
        Ok(match against(sent, unchecked).await? {
            Checked::Right(accepted) => Ok(accepted),
            Checked::Wrong(why) => Err(why),
            Checked::OtherDataset => Err("it is of another dataset".to_owned()),
        })
    }

    fn bad_result(&self, job: &Job, why: String) -> Result<(), JobError> {
        self.step(&job.id, JobState::PaidButFailed, |job| {
            job.failure = Some(format!("the result was refused: {why}"))
        })?;
        Err(JobError::BadResult { job: job.id.clone(), why })
    }
}

/// The state and the reason that an ended task means; `None` while it has not ended.
fn ending(detail: &TaskDetail) -> Option<(JobState, Option<String>)> {
    let failed = |what: &str| {
        let why =
            detail.error.clone().or_else(|| detail.message.clone()).unwrap_or_else(|| "no reason given".to_owned());
        Some((JobState::PaidButFailed, Some(format!("the provider {what}: {why}"))))
    };
    match detail.status {
        TaskStatus::Success => Some((JobState::ResultReady, None)),
        TaskStatus::Failed => failed("failed"),
        TaskStatus::Canceled => failed("canceled it"),
        _ => None,
    }
}

fn provider_task(job: &Job) -> Result<String, JobError> {
    job.provider_job.clone().ok_or_else(|| {
        Refusal::new(Rule::JobState, format!("{} was never submitted: it is {}", job.id, job.state)).into()
    })
}

/// The files that a task names, `result.json` among them, each with a plain name.
fn named_files(detail: &TaskDetail) -> Result<Vec<RemoteFile>, String> {
    let files = detail.result.as_ref().and_then(|r| r.get("files")).cloned();
    let files = files.ok_or("the provider names no files")?;
    let files: Vec<RemoteFile> =
        serde_json::from_value(files).map_err(|e| format!("the provider's list of files cannot be read: {e}"))?;
    if files.len() > MAX_FILES {
        return Err(format!("the provider names {} files, more than {MAX_FILES}", files.len()));
    }
    let plain = |name: &str| {
        !name.is_empty()
            && name.len() <= 200
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    if let Some(odd) = files.iter().find(|f| !plain(&f.name)) {
        return Err(format!("the provider names a file `{}`, which is no plain name", units::clean(&odd.name, 60)));
    }
    let mut names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() != files.len() || !names.contains(&RESULT_FILE) {
        return Err(format!("the provider's files do not hold {RESULT_FILE} once"));
    }
    Ok(files)
}

async fn fetch_one(tape: &Tape, remote: &Remote, file: RemoteFile, folder: &Path) -> Result<ResultFile, JobError> {
    let plan = FetchPlan {
        url: file.url,
        allowed: vec![remote.provider.base().clone(), remote.storage_origin.clone()],
        headers: Default::default(),
        max_bytes: file.bytes,
        expect_sha256: Some(file.sha256),
        to: folder.join(&file.name),
    };
    Ok(fetch_on(tape, plan, &|_, _| {}).await?)
}

/// Work on files, off the runtime's threads.
async fn checking<T: Send + 'static>(
    job: &Job,
    work: impl FnOnce() -> Result<T, CheckError> + Send + 'static,
) -> Result<T, JobError> {
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(CheckError::broke_off(e)));
    done.map_err(|source| JobError::Unchecked { job: job.id.clone(), source })
}
