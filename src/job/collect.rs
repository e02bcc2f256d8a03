//! Waiting for the provider, fetching the result, accepting it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{
    Cancel, JobError, Remote, Workflow,
    check::{self, CheckError},
    local::fetched_event,
    waiting::{Waiting, unless_stopped},
};
use compute::{
    aioz::{ComputeError, TaskDetail, TaskStatus},
    local::{LocalError, ToCheck},
    worker::{Accepted, Checked},
};
use domain::{
    event::Event,
    hash::Sha256,
    job::{Job, JobResult, JobState, ResultFile},
    quote::QuoteSource,
    result::{self, RESULT_FILE},
    units,
};
use guard::policy::{Refusal, Rule};
use storage::fetch::{self, FetchError, FetchPlan, fetch_on};

/// Keys have about 60 requests a minute at AIOZ: between two looks of one job, each other job that is waited for gets this.
const EACH_LOOK: Duration = Duration::from_millis(1200);
/// How often it is said how far a transfer is that takes its time.
const SHOWN_EVERY: Duration = Duration::from_secs(2);
/// A result has at most this many files.
const MAX_FILES: usize = 1000;

/// One file of a result as the provider names it: nothing of it is believed unchecked. What is missing may come yet.
#[derive(Debug, Deserialize)]
struct Named {
    name: Option<String>,
    url: Option<Url>,
    bytes: Option<u64>,
    sha256: Option<Sha256>,
}

/// The same, whole.
#[derive(Debug, PartialEq)]
struct RemoteFile {
    name: String,
    url: Url,
    bytes: u64,
    sha256: Sha256,
}

/// What a provider's answer is, where a result is asked for.
#[derive(Debug, PartialEq)]
enum Answer {
    /// The whole result.
    Files(Vec<RemoteFile>),
    /// Not all of it yet; what is missing.
    Incomplete(String),
    /// Something that can never be right.
    Wrong(String),
}

impl Workflow {
    /// Waits until the provider is done. Waiting costs nothing but time; leaving it harms nothing. A provider that gives no
    /// answer is waited for as well, for as long as the owner's patience lasts: the job is paid for.
    pub(super) async fn await_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        let remote = self.remote().await?;
        let task = provider_task(job)?;
        let states_terms = job.quote.as_ref().is_some_and(|q| q.source == QuoteSource::Provider);
        let mut announced = !(job.state == JobState::Paid && states_terms);
        let mut waiting = Waiting::begun(self.waited());
        let mut state = job.state;
        loop {
            self.hear(remote, job, &task, &mut waiting).await;
            if !announced {
                announced = self.announce(remote, job, &mut waiting, cancel).await;
            }
            let Some(detail) = self.look(remote, job, &task, &mut waiting, cancel).await? else { continue };
            if state == JobState::Paid && detail.status == TaskStatus::Computing {
                state = self.step(&job.id, JobState::Running, |_| {})?.state;
                waiting.changed(self.waited());
            }
            if let Some(end) = ending(&detail) {
                let (to, failure) = end;
                self.step(&job.id, to, |job| job.failure = failure)?;
                return Ok(());
            }
            if let TaskStatus::Other(name) = &detail.status
                && waiting.is_news(name)
            {
                let message = format!("{}: the provider says `{name}`, which is not known here: waiting on", job.id);
                self.emit(Event::Warning { message });
            }
            if waiting.hears_nothing(self.waited()) && waiting.is_news("no webhook") {
                let message = format!("{}: no webhook has come: the provider is asked instead", job.id);
                self.emit(Event::Warning { message });
            }
            self.told(&Job { state, ..job.clone() }, detail.progress);
            self.pause(job, &mut waiting, None, cancel).await?;
        }
    }

    /// The task as it stands. `None` where the provider gives no answer and is to be asked again; the pause is over then.
    async fn look(
        &self,
        remote: &Remote,
        job: &Job,
        task: &str,
        waiting: &mut Waiting,
        cancel: &Cancel,
    ) -> Result<Option<TaskDetail>, JobError> {
        let provider = self.provider(remote, cancel);
        let error = match unless_stopped(job, cancel, provider.detail(task)).await? {
            Ok(detail) => {
                waiting.heard(self.waited());
                return Ok(Some(detail));
            }
            Err(error) => error,
        };
        let patience = self.parts.guard.policy().patience.outage_seconds;
        // A page in the place of an answer is what an outage looks like behind a gateway.
        let passing = error.is_passing() || matches!(error, ComputeError::Garbage(_));
        if !passing || waiting.is_over(self.waited(), patience) {
            return Err(error.into());
        }
        if waiting.is_news("silence") {
            let long = units::seconds(patience as f64);
            let message = format!("{}: {error}; it is asked again for {long}, as the job is paid for", job.id);
            self.emit(Event::Warning { message });
        }
        let asked = match error {
            ComputeError::RateLimited { retry_after } => retry_after,
            _ => None,
        };
        self.pause(job, waiting, asked, cancel).await?;
        Ok(None)
    }

    /// Until the next look. Whoever else waits with the same key, in this program or another, has their looks between ours.
    async fn pause(
        &self,
        job: &Job,
        waiting: &mut Waiting,
        asked: Option<Duration>,
        cancel: &Cancel,
    ) -> Result<(), JobError> {
        let others = self.parts.ledger.count_waited_for(&self.parts.profile)?.saturating_sub(1);
        let asked = Some(asked.unwrap_or_default().max(EACH_LOOK.saturating_mul(others)));
        let pause = waiting.pause(self.waited(), asked);
        tokio::select! {
            () = self.tape().sleep(pause) => Ok(()),
            () = waiting.word() => Ok(()),
            () = cancel.cancelled() => Err(JobError::Interrupted(job.id.clone())),
        }
    }

    fn waited(&self) -> Timestamp {
        self.tape().now("waiting for a provider")
    }

    /// Fetches the result.
    pub(super) async fn fetch_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        match self.fetch_files(job, cancel).await? {
            Ok(result) => self.step(&job.id, JobState::Fetched, |job| job.result = Some(result)).map(|_| ()),
            Err(why) => self.bad_result(job, why),
        }
    }

    /// The files of the result, once the provider names them whole. A provider may say that it is done before its answers
    /// hold all of it: what is incomplete is not wrong, and is looked at again for as long as the owner's patience lasts.
    async fn named(
        &self,
        remote: &Remote,
        job: &Job,
        cancel: &Cancel,
    ) -> Result<Result<Vec<RemoteFile>, String>, JobError> {
        let task = provider_task(job)?;
        let mut silence = Waiting::begun(self.waited());
        // Not heard of until it is whole.
        let mut waiting = Waiting::begun(self.waited());
        loop {
            let Some(detail) = self.look(remote, job, &task, &mut silence, cancel).await? else { continue };
            let missing = match answer(&detail) {
                Answer::Files(files) => return Ok(Ok(files)),
                Answer::Wrong(why) => return Ok(Err(why)),
                Answer::Incomplete(missing) => missing,
            };
            let patience = self.parts.guard.policy().patience.incomplete_result_seconds;
            if waiting.is_over(self.waited(), patience) {
                return Err(JobError::Incomplete { job: job.id.clone(), missing });
            }
            if waiting.is_news("incomplete") {
                let long = units::seconds(patience as f64);
                let message = format!("{}: the result is not all there yet ({missing}): waiting up to {long}", job.id);
                self.emit(Event::Warning { message });
            }
            self.pause(job, &mut waiting, None, cancel).await?;
        }
    }

    /// Fetches every file of the result, each whole and checked or not at all. The inner error is what is wrong with the
    /// provider's list of them.
    async fn fetch_files(&self, job: &Job, cancel: &Cancel) -> Result<Result<JobResult, String>, JobError> {
        let remote = self.remote().await?;
        let files = match self.named(remote, job, cancel).await? {
            Ok(files) => files,
            Err(why) => return Ok(Err(why)),
        };
        let policy = self.parts.guard.policy();
        let cap = policy.max_result_bytes;
        let total = files.iter().try_fold(0u64, |sum, f| sum.checked_add(f.bytes)).unwrap_or(u64::MAX);
        if total > cap {
            let why = format!("the result has {}, more than the {} allowed", units::bytes(total), units::bytes(cap));
            return Err(Refusal::new(Rule::ResultSize, why).hint("raise `max_result_bytes` in policy.toml").into());
        }
        let folder = self.make_out_dir(job)?;
        fetch::remove_abandoned(&folder);
        let own = [remote.provider.base().clone(), remote.storage_origin.clone()];
        let allowed: Vec<Url> = own.into_iter().chain(policy.result_hosts.iter().cloned()).collect();
        let mut fetched = Vec::new();
        let limit = fetch::time_limit(total);
        let server = files.first().map(|file| file.url.origin().ascii_serialization()).unwrap_or_default();
        let fetching = async {
            for file in files {
                let plan = FetchPlan {
                    url: file.url,
                    allowed: allowed.clone(),
                    headers: Default::default(),
                    max_bytes: file.bytes,
                    time_limit: limit,
                    expect_sha256: Some(file.sha256),
                    to: folder.join(&file.name),
                };
                fetched.push(self.fetch_one(job, plan, cancel).await?);
            }
            Ok::<_, JobError>(())
        };
        // All files together have the time that one of their length has.
        tokio::time::timeout(limit, fetching).await.map_err(|_| FetchError::TooSlow { server, limit })??;
        let summary = serde_json::Value::Null;
        Ok(Ok(JobResult { folder, files: fetched, summary, unchecked: None, warnings: Vec::new() }))
    }

    /// Fetches one file. One that takes its time is told of, and left at a wish to stop.
    async fn fetch_one(&self, job: &Job, plan: FetchPlan, cancel: &Cancel) -> Result<ResultFile, JobError> {
        let (bytes, here) = (plan.max_bytes.max(1) as f64, AtomicU64::new(0));
        let progress = |so_far: u64, _| here.store(so_far, Ordering::Relaxed);
        let mut fetching = std::pin::pin!(fetch_on(self.tape(), plan, &progress));
        let fetched = loop {
            let part = tokio::time::timeout(SHOWN_EVERY, &mut fetching);
            match unless_stopped(job, cancel, part).await? {
                Ok(fetched) => break fetched,
                Err(_) => {
                    let part = (here.load(Ordering::Relaxed) as f64 / bytes).min(1.0);
                    let (job, status) = (job.id.clone(), "fetching".to_owned());
                    self.emit(Event::JobStatus { job, status, progress: Some(part) });
                }
            }
        };
        match fetched {
            // The cap is the owner's for all files together, and was looked at before.
            Err(FetchError::TooLarge { max_bytes }) => Err(FetchError::Longer { stated: max_bytes }.into()),
            fetched => Ok(fetched?),
        }
    }

    /// Checks the result against the dataset, puts our names into it, and accepts it. What only keeps it from being checked
    /// leaves the job where it is.
    pub(super) async fn accept_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        let Some(mut result) = job.result.clone() else {
            return self.bad_result(job, "nothing was fetched".to_owned());
        };
        let (of, fetched) = (job.clone(), result.clone());
        if !checking(job, move || check::is_whole(&of, &fetched)).await? {
            // What was paid for is still at the provider.
            result = match self.fetch_files(job, cancel).await? {
                Ok(again) => again,
                Err(why) => return self.bad_result(job, why),
            };
            let again = result.clone();
            self.parts.ledger.learn(&job.id, |job| job.result = Some(again))?;
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
            let others = result.files.iter().filter(|f| f.name != RESULT_FILE).cloned();
            let files = std::iter::once(accepted.document).chain(others).collect();
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

/// What a task's answer says of the result: `result.json` is among its files, and each has a plain name.
fn answer(detail: &TaskDetail) -> Answer {
    let incomplete = |missing: &str| Answer::Incomplete(missing.to_owned());
    match &detail.status {
        TaskStatus::Success => {}
        // Whoever says so after a success takes the result back.
        TaskStatus::Failed | TaskStatus::Canceled => {
            let said = detail.error.clone().or_else(|| detail.message.clone()).unwrap_or_default();
            return Answer::Wrong(format!("the provider says that the task is {} now: {said}", detail.status.as_str()));
        }
        status => return Answer::Incomplete(format!("the provider says that the task is {} again", status.as_str())),
    }
    let files = match detail.result.as_ref().and_then(|result| result.get("files")) {
        None | Some(Value::Null) => return incomplete("it names no files"),
        Some(files) => files.clone(),
    };
    let named: Vec<Named> = match serde_json::from_value(files) {
        Ok(named) => named,
        Err(error) => return Answer::Wrong(format!("the provider's list of files cannot be read: {error}")),
    };
    if named.len() > MAX_FILES {
        return Answer::Wrong(format!("the provider names {} files, more than {MAX_FILES}", named.len()));
    }
    let mut files = Vec::new();
    for Named { name, url, bytes, sha256 } in named {
        let Some(name) = name else { return incomplete("a file has no name") };
        if !result::is_file_name(&name) {
            let odd = units::clean(&name, 60);
            return Answer::Wrong(format!("the provider names a file `{odd}`, which is no plain name"));
        }
        match (url, bytes, sha256) {
            (Some(url), Some(bytes), Some(sha256)) => files.push(RemoteFile { name, url, bytes, sha256 }),
            (None, ..) => return Answer::Incomplete(format!("{name} has no address")),
            (_, None, _) => return Answer::Incomplete(format!("{name} has no size")),
            (.., None) => return Answer::Incomplete(format!("{name} has no SHA-256")),
        }
    }
    let names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
    match () {
        () if !result::are_distinct(names.iter().copied()) => {
            Answer::Wrong("the provider names a file twice".to_owned())
        }
        () if files.iter().any(|f| f.name == RESULT_FILE && f.bytes > result::BOUNDS.bytes) => {
            let most = units::bytes(result::BOUNDS.bytes);
            Answer::Wrong(format!("{RESULT_FILE} is larger than the {most} that any result document may have"))
        }
        () if !names.contains(&RESULT_FILE) => Answer::Incomplete(format!("{RESULT_FILE} is not among its files")),
        () => Answer::Files(files),
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

#[cfg(test)]
mod tests;
