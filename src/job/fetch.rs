//! Fetching a result whose files the provider names with their checksums.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use url::Url;

use super::{Cancel, JobError, Remote, Workflow, answer, waiting::unless_stopped};
use domain::{
    event::Event,
    job::{Job, JobResult, JobState, ResultFile},
    units,
};
use guard::policy::{Refusal, Rule};
use storage::fetch::{self, FetchError, FetchPlan, fetch_on};

/// How often it is said how far a transfer is that takes its time.
const SHOWN_EVERY: Duration = Duration::from_secs(2);

impl Workflow {
    /// Fetches the result.
    pub(super) async fn fetch_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        match self.fetched(job, cancel).await? {
            Ok(result) => self.step(&job.id, JobState::Fetched, |job| job.result = Some(result)).map(|_| ()),
            Err(why) => self.bad_result(job, why),
        }
    }

    /// Fetches the result, as its model gives results.
    pub(super) async fn fetched(&self, job: &Job, cancel: &Cancel) -> Result<Result<JobResult, String>, JobError> {
        match self.task_of(job)?.remote.as_ref().filter(|remote| remote.is_unverifiable()) {
            Some(remote) => self.fetch_given(job, remote, cancel).await,
            None => self.fetch_files(job, cancel).await,
        }
    }

    /// Fetches every file of the result, each whole and checked or not at all. The inner error is what is wrong with the
    /// provider's list of them.
    async fn fetch_files(&self, job: &Job, cancel: &Cancel) -> Result<Result<JobResult, String>, JobError> {
        let remote = self.remote().await?;
        let files = match self.answered(remote, job, answer::files, cancel).await? {
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
        let allowed = self.result_servers(remote);
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
                fetched.push(self.fetch_stated(job, plan, cancel).await?);
            }
            Ok::<_, JobError>(())
        };
        // All files together have the time that one of their length has.
        tokio::time::timeout(limit, fetching).await.map_err(|_| FetchError::TooSlow { server, limit })??;
        let summary = serde_json::Value::Null;
        Ok(Ok(JobResult { folder, files: fetched, summary, unchecked: None, warnings: Vec::new() }))
    }

    /// Where results may be fetched from: the provider, the storage of the settings, and what the policy names.
    pub(super) fn result_servers(&self, remote: &Remote) -> Vec<Url> {
        let own = [Some(remote.provider.base()), remote.storage_origin.as_ref()].into_iter().flatten();
        own.chain(&self.parts.guard.policy().result_hosts).cloned().collect()
    }

    /// Fetches one file whose length the provider states.
    async fn fetch_stated(&self, job: &Job, plan: FetchPlan, cancel: &Cancel) -> Result<ResultFile, JobError> {
        match self.fetch_one(job, plan, cancel).await? {
            // The cap is the owner's for all files together, and was looked at before.
            Err(FetchError::TooLarge { max_bytes }) => Err(FetchError::Longer { stated: max_bytes }.into()),
            fetched => Ok(fetched?),
        }
    }

    /// Fetches one file. One that takes its time is told of, and left at a wish to stop.
    pub(super) async fn fetch_one(
        &self,
        job: &Job,
        plan: FetchPlan,
        cancel: &Cancel,
    ) -> Result<Result<ResultFile, FetchError>, JobError> {
        let (bytes, here) = (plan.max_bytes.max(1) as f64, AtomicU64::new(0));
        let progress = |so_far: u64, _| here.store(so_far, Ordering::Relaxed);
        let mut fetching = std::pin::pin!(fetch_on(self.tape(), plan, &progress));
        loop {
            let part = tokio::time::timeout(SHOWN_EVERY, &mut fetching);
            match unless_stopped(job, cancel, part).await? {
                Ok(fetched) => return Ok(fetched),
                Err(_) => {
                    let part = (here.load(Ordering::Relaxed) as f64 / bytes).min(1.0);
                    let (job, status) = (job.id.clone(), "fetching".to_owned());
                    self.emit(Event::JobStatus { job, status, progress: Some(part) });
                }
            }
        }
    }
}
