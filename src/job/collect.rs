//! Waiting for the provider, fetching the result, checking it.

use std::{fs::File, io::Write as _, path::Path, time::Duration};

use serde::Deserialize;
use url::Url;

use super::{Cancel, JobError, Remote, Workflow, local::fetched_event};
use crate::{
    cassette,
    compute::aioz::{TaskDetail, TaskStatus},
    domain::{
        hash::Sha256,
        job::{Job, JobResult, JobState, ResultFile},
        quote::QuoteSource,
        result::{RESULT_FILE, ResultDocument},
        units,
    },
    policy::{Refusal, Rule},
    science,
    storage::fetch::{FetchPlan, fetch},
};

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
                () = cassette::sleep(pause) => pause = (pause * 3 / 2).min(LONGEST_PAUSE),
                () = cancel.cancelled() => return Err(JobError::Interrupted(job.id.clone())),
            }
        }
    }

    /// Fetches every file of the result, each whole and checked or not at all.
    pub(super) async fn fetch_step(&self, job: &Job) -> Result<(), JobError> {
        let remote = self.remote().await?;
        let detail = remote.provider.detail(&provider_task(job)?).await?;
        let files = match named_files(&detail) {
            Ok(files) => files,
            Err(why) => return self.bad_result(job, why),
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
            fetched.push(fetch_one(remote, file, &folder).await?);
        }
        let summary = serde_json::Value::Null;
        let result = JobResult { folder, files: fetched, summary };
        self.step(&job.id, JobState::Fetched, |job| job.result = Some(result))?;
        Ok(())
    }

    /// Checks the result against the dataset, puts our names into it, and accepts it.
    pub(super) async fn accept_step(&self, job: &Job) -> Result<(), JobError> {
        let Some(result) = job.result.clone() else {
            return self.bad_result(job, "nothing was fetched".to_owned());
        };
        let dataset = self.parts.guard.reopen_dataset(job)?;
        let checked = {
            let (job, result) = (job.clone(), result.clone());
            tokio::task::spawn_blocking(move || check(&job, &result, dataset.file)).await
        };
        match checked.unwrap_or_else(|e| Err(e.to_string())) {
            Ok(accepted) => {
                self.emit(fetched_event(job, &accepted));
                self.step(&job.id, JobState::Done, |job| job.result = Some(accepted))?;
                Ok(())
            }
            Err(why) => self.bad_result(job, why),
        }
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

async fn fetch_one(remote: &Remote, file: RemoteFile, folder: &Path) -> Result<ResultFile, JobError> {
    let plan = FetchPlan {
        url: file.url,
        allowed: vec![remote.provider.base().clone(), remote.storage_origin.clone()],
        headers: Default::default(),
        max_bytes: file.bytes,
        expect_sha256: Some(file.sha256),
        to: folder.join(&file.name),
    };
    Ok(fetch(plan, &|_, _| {}).await?)
}

/// The rules a result must keep; then the document carries our job and our name of the dataset.
fn check(job: &Job, result: &JobResult, dataset: File) -> Result<JobResult, String> {
    let path = result.folder.join(RESULT_FILE);
    let text = std::fs::read(&path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    let mut document: ResultDocument =
        serde_json::from_slice(&text).map_err(|e| format!("{RESULT_FILE} cannot be read: {e}"))?;
    if document.task_type != job.task_type {
        return Err(format!("it is of task {}, not {}", units::clean(&document.task_type, 60), job.task_type));
    }
    if job.staged.as_ref().is_some_and(|s| s.sha256 != document.dataset.sha256) {
        return Err("it is of another dataset".to_owned());
    }
    if let Some(missing) = document.files.iter().find(|f| !result.files.iter().any(|have| have == *f)) {
        return Err(format!("its file {} is not among those fetched", units::clean(&missing.name, 60)));
    }
    if document.parameters != job.parameters {
        return Err("it was made with other parameters".to_owned());
    }
    science::verify(&document, dataset).map_err(|e| e.to_string())?;
    document.job = job.id.to_string();
    document.dataset.path = job.verdict.dataset.path.display().to_string();
    let ours = write_document(&path, &document).map_err(|e| format!("{} cannot be written: {e}", path.display()))?;
    let others = result.files.iter().filter(|f| f.name != RESULT_FILE).cloned();
    let files = std::iter::once(ours).chain(others).collect();
    Ok(JobResult { folder: result.folder.clone(), files, summary: document.summary.into() })
}

fn write_document(path: &Path, document: &ResultDocument) -> std::io::Result<ResultFile> {
    let text = serde_json::to_vec_pretty(document)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&text)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(ResultFile { name: RESULT_FILE.to_owned(), bytes: text.len() as u64, sha256: Sha256::of(&text) })
}
