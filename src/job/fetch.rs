//! Fetching a result: files that the provider names, with their checksums where it states any.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use url::Url;

use super::{
    Cancel, JobError, Remote, Workflow,
    answer::{self, RemoteFile},
    waiting::unless_stopped,
};
use domain::{
    event::Event,
    hash::Sha256,
    job::{Job, JobResult, JobState, ResultFile},
    units,
};
use guard::policy::{Refusal, Rule};
use storage::fetch::{self, FetchError, FetchPlan, fetch_on};

/// A file that is to be fetched.
pub(super) struct Wanted {
    /// Where it is. May carry a signature: it is shown nowhere.
    pub url: Url,
    /// What it is called here.
    pub name: String,
    /// Its bytes and checksum, where the provider states them.
    pub stated: Option<(u64, Sha256)>,
}

/// Servers that files may be fetched from, each its scheme, host and port.
pub(super) struct Servers {
    /// The provider's and those that the owner names.
    pub allowed: Vec<Url>,
    /// Those of the task's file, which may be a stranger's: at public addresses alone.
    pub public: Vec<Url>,
}

impl Servers {
    /// Whether a file may be fetched from where its address leads, as far as that shows.
    pub fn has(&self, url: &Url) -> bool {
        self.allowed.iter().chain(&self.public).any(|server| server.origin() == url.origin())
    }
}

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
        let cap = self.parts.guard.policy().max_result_bytes;
        let total = files.iter().try_fold(0u64, |sum, f| sum.checked_add(f.bytes)).unwrap_or(u64::MAX);
        if total > cap {
            let why = format!("the result has {}, more than the {} allowed", units::bytes(total), units::bytes(cap));
            return Err(Refusal::new(Rule::ResultSize, why).hint("raise `max_result_bytes` in policy.toml").into());
        }
        let folder = self.make_out_dir(job)?;
        let wanted = files.into_iter().map(|RemoteFile { name, url, bytes, sha256 }| Wanted {
            url,
            name,
            stated: Some((bytes, sha256)),
        });
        let from = Servers { allowed: self.result_servers(remote), public: Vec::new() };
        let files = self.fetch_all(job, wanted.collect(), from, &folder, cancel).await?;
        let summary = serde_json::Value::Null;
        Ok(Ok(JobResult { folder, files, summary, unchecked: None, warnings: Vec::new() }))
    }

    /// The files of a result, one after another: each as it is stated, or those of which nothing is stated together within the
    /// owner's cap. All of them have the time that one of their length has.
    ///
    /// # Errors
    /// D-SIZE for files that are larger together than the owner's cap; whatever keeps one from being fetched.
    pub(super) async fn fetch_all(
        &self,
        job: &Job,
        files: Vec<Wanted>,
        from: Servers,
        folder: &Path,
        cancel: &Cancel,
    ) -> Result<Vec<ResultFile>, JobError> {
        let cap = self.parts.guard.policy().max_result_bytes;
        let stated = |file: &Wanted| file.stated.map(|(bytes, _)| bytes);
        let total = files.iter().map(stated).try_fold(0u64, |sum, bytes| sum.checked_add(bytes?));
        let limit = fetch::time_limit(total.unwrap_or(cap));
        let server = files.first().map(|file| file.url.origin().ascii_serialization()).unwrap_or_default();
        fetch::remove_abandoned(folder);
        let (mut fetched, mut left) = (Vec::new(), cap);
        let fetching = async {
            for Wanted { url, name, stated } in files {
                let plan = FetchPlan {
                    url,
                    allowed: from.allowed.clone(),
                    public: from.public.clone(),
                    headers: Default::default(),
                    max_bytes: stated.map_or(left, |(bytes, _)| bytes),
                    time_limit: limit,
                    expect_sha256: stated.map(|(_, sha256)| sha256),
                    to: folder.join(&name),
                };
                let file = match (self.fetch_one(job, plan, cancel).await?, stated) {
                    (Err(FetchError::TooLarge { .. }), Some((stated, _))) => {
                        return Err(FetchError::Longer { stated }.into());
                    }
                    (Err(FetchError::TooLarge { .. }), None) => return Err(above_cap(job, cap).into()),
                    (file, _) => file?,
                };
                left = left.saturating_sub(file.bytes);
                fetched.push(file);
            }
            Ok::<_, JobError>(())
        };
        tokio::time::timeout(limit, fetching).await.map_err(|_| FetchError::TooSlow { server, limit })??;
        Ok(fetched)
    }

    /// Where results may be fetched from: the provider, the storage of the settings, and what the policy names.
    pub(super) fn result_servers(&self, remote: &Remote) -> Vec<Url> {
        let own = [Some(remote.provider.base()), remote.storage_origin.as_ref()].into_iter().flatten();
        own.chain(&self.parts.guard.policy().result_hosts).cloned().collect()
    }

    /// Fetches one file. One that takes its time is told of, and left at a wish to stop.
    async fn fetch_one(
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

/// Refuses files of unknown length that are more than the owner wants. They stay where they are.
fn above_cap(job: &Job, cap: u64) -> Refusal {
    let why = format!("the files of the result have more than the {} allowed", units::bytes(cap));
    let hint = format!("raise `max_result_bytes` in policy.toml; then `agent jobs resume {}`", job.id);
    Refusal::new(Rule::ResultSize, why).hint(hint)
}
