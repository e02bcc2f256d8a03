//! Staging a dataset on storage, and submitting the job to the provider.

use super::{Cancel, JobError, Workflow};
use domain::{
    event::{Event, QuoteShown},
    hash::Sha256,
    job::{Job, JobState, LiesAt},
    money::Amount,
    quote::Quote,
    task::{TaskType, remote::RemoteModel},
    verdict::OffloadRule,
};
use guard::policy::{Refusal, Rule, data::OpenDataset};

/// Nobody waits for fewer bytes than these to be looked through, about a second's.
const LONG: u64 = 100_000_000;

impl Workflow {
    /// Uploads the dataset under the job's own key. An upload that was cut short is made again, or found whole.
    pub(super) async fn stage_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        let task = self.task_of(job)?;
        let model = remote_model(task, job)?;
        let guard = &self.parts.guard;
        let dataset = guard.reopen_dataset(job)?;
        let permit = guard.permit_upload(&guard.mandate(job)?, job, dataset, object_key(job), &*self.parts.sink)?;
        self.parts.guard.check_readable(job, &*self.parts.sink)?;
        let content = tokio::select! {
            content = self.read_to_its_end(job, &permit.effect().dataset) => content?,
            () = cancel.cancelled() => return Err(JobError::Interrupted(job.id.clone())),
        };
        let further = guard.reopen_further(job)?;
        self.search_further(job, &further, cancel).await?;
        self.make_out_dir(job)?;
        let remote = self.remote().await?;
        if job.state == JobState::Planned {
            self.step(&job.id, JobState::Staging, |_| {})?;
        }
        let format = job.verdict.dataset.format;
        let job = &self.job(&job.id)?;
        let staged = self.send((remote, &model), job, (&task.input, format), permit, cancel).await?;
        if staged.sha256 != content {
            let why = format!("{} changed while it was sent", job.verdict.dataset.path.display());
            return Err(Refusal::new(Rule::DataChanged, why).hint("resume the job once nothing writes to it").into());
        }
        let further = self.send_further((remote, &model), job, further, cancel).await?;
        for staged in std::iter::once(&staged).chain(further.values()).filter(|one| one.lies != LiesAt::Request) {
            self.emit(Event::UploadCompleted {
                job: job.id.clone(),
                url: staged.url.clone(),
                sha256: staged.sha256,
                bytes: staged.bytes,
                check: staged.check,
            });
        }
        self.step(&job.id, JobState::Staged, |job| {
            job.content = Some(staged.sha256);
            job.staged = Some(staged);
            job.further_content = further.iter().map(|(name, one)| (name.clone(), one.sha256)).collect();
            job.further_staged = further;
            let staged: Vec<String> = job.all_staged().filter_map(|one| one.lies.link().map(str::to_owned)).collect();
            job.begun_uploads.retain(|link| !staged.contains(link));
        })?;
        Ok(())
    }

    /// Ends a job whose files may not be sent: as refused before any was, else as one that could not be staged.
    pub(super) fn not_staged(&self, job: &Job, why: &str) -> Result<(), JobError> {
        let end = if job.state == JobState::Planned { JobState::Refused } else { JobState::StageFailed };
        self.step(&job.id, end, |job| job.failure = Some(why.to_owned()))?;
        Ok(())
    }

    /// Reads all of the dataset as its task would, and hashes it: what is damaged at its far end is found before it is sent or
    /// paid for. Beside that all of it is searched for secrets. Once it was read it is not read again.
    async fn read_to_its_end(&self, job: &Job, dataset: &OpenDataset) -> Result<Sha256, JobError> {
        if let Some(content) = job.content {
            return Ok(content);
        }
        let read = |source| JobError::Read { path: job.source.path.clone(), source };
        let file = dataset.reopen().map_err(read)?;
        let (task, parameters) = (job.task_type.clone(), job.parameters.clone());
        let format = job.verdict.dataset.format;
        let search = dataset.search()?;
        let searching = tokio::task::spawn_blocking(move || search.run(&|_| {}));
        let reading = move |tell: &dyn Fn(u64)| science::read_through(&task, &parameters, format, file, tell);
        let done = self.told_of_bytes(job, dataset.bytes, reading).await?;
        let through = match done {
            Ok(through) => through,
            Err(error) => {
                let why = format!("{} cannot be used: {error}", job.verdict.dataset.path.display());
                self.not_staged(job, &why)?;
                let refusal = Refusal::new(Rule::ProbeFailed, format!("{why}; nothing was sent or paid"));
                return Err(match error.hint() {
                    Some(hint) => refusal.hint(hint),
                    None => refusal,
                }
                .into());
            }
        };
        if let Err(refusal) = searching.await.map_err(|e| read(std::io::Error::other(e)))? {
            self.not_staged(job, &refusal.why)?;
            return Err(refusal.into());
        }
        dataset.unchanged_since(job.verdict.dataset.bytes, job.verdict.dataset.modified_ns)?;
        self.parts.ledger.learn(&job.id, |job| job.content = Some(through.sha256))?;
        Ok(through.sha256)
    }

    /// Does what may take long on a thread of its own, and tells how many of `whole` bytes it has come to, where there are so many
    /// that somebody waits for it. Left, it goes on without being heard.
    pub(super) async fn told_of_bytes<T: Send + 'static>(
        &self,
        job: &Job,
        whole: u64,
        work: impl FnOnce(&dyn Fn(u64)) -> T + Send + 'static,
    ) -> Result<T, JobError> {
        let (tell, mut told) = tokio::sync::watch::channel(0_u64);
        let mut working = tokio::task::spawn_blocking(move || {
            work(&|bytes| {
                tell.send_replace(bytes);
            })
        });
        loop {
            tokio::select! {
                done = &mut working => {
                    let path = job.source.path.clone();
                    return done.map_err(|e| JobError::Read { path, source: std::io::Error::other(e) });
                }
                Ok(()) = told.changed(), if whole >= LONG => {
                    let part = *told.borrow_and_update() as f64 / whole.max(1) as f64;
                    let (job, status) = (job.id.clone(), "checking".to_owned());
                    self.emit(Event::JobStatus { job, status, progress: Some(part) });
                }
            }
        }
    }

    /// Submits under the job's idempotency key and writes the provider's quote down. Taken again, it finds the same task.
    pub(super) async fn submit_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        let remote = self.remote().await?;
        let provider = self.provider(remote, cancel);
        let task = self.task_of(job)?;
        let model = remote_model(task, job)?;
        let guard = &self.parts.guard;
        let mandate = guard.mandate(job)?;
        // Submitting is what it charges for: what it takes is looked at as late as can be.
        let charge = match model.is_unverifiable() || mandate.charge(job).is_some() {
            true => self.charge_now(&provider, &model.model).await?,
            false => None,
        };
        let permit = guard.permit_submit(&mandate, job, task, &model, charge.as_ref());
        let permit = permit.map_err(|refusal| self.said(job, refusal.into()))?;
        let handover = self.handover(remote, task, job).await?;
        let provider_job = match provider.submit(permit, handover).await {
            Ok(id) => id,
            Err(error) if error.is_final() => {
                self.step(&job.id, JobState::JobFailed, |job| job.failure = Some(error.to_string()))?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        let detail = provider.detail(&provider_job).await?;
        let bytes = job.verdict.dataset.bytes;
        let quote = remote.price.quote_of(&detail, bytes, &job.idempotency_key, self.tape().now("a quote"))?;
        let shown = quote_shown(&quote);
        self.step(&job.id, JobState::Submitted, |job| {
            job.provider_job = Some(provider_job.clone());
            job.quote = Some(quote);
            job.charged = charge.map(Into::into);
        })?;
        self.emit(Event::JobSubmitted { job: job.id.clone(), job_id: provider_job, quote: shown });
        Ok(())
    }
}

/// How the keys of all datasets begin.
pub const DATASETS: &str = "datasets/";

/// The dataset's key: the job's own, and nothing of the file's name, which may say more than its owner wants.
pub fn object_key(job: &Job) -> String {
    format!("{DATASETS}{}", job.id)
}

/// The model at the provider.
pub(super) fn remote_model(task: &TaskType, job: &Job) -> Result<RemoteModel, JobError> {
    if task.works_on_a_folder() {
        return Err(neither(task, job, "a folder is not sent to a provider"));
    }
    let has_keys = task.remote.as_ref().is_some_and(|remote| remote.slots.is_some());
    if let Some((file, _)) = task.files().find(|(name, _)| !has_keys && job.parameters.contains_key(*name)) {
        let called = task.called(file);
        let stays = match called == *file {
            true => format!("its `{file}` is not sent to a provider"),
            false => format!("several files of `{called}` are not sent to a provider"),
        };
        return Err(neither(task, job, &stays));
    }
    task.remote.clone().ok_or_else(|| neither(task, job, "the catalogue names no provider's model for it"))
}

/// A job that does not fit this machine and cannot leave it. What helps depends on what it has too much of.
fn neither(task: &TaskType, job: &Job, stays: &str) -> JobError {
    let reasons: Vec<&str> = job.verdict.reasons.iter().map(|reason| reason.why.as_str()).collect();
    let why = format!("{} does not fit this machine ({}), and {stays}", task.name, reasons.join("; "));
    let smaller = match task.files().next() {
        Some((file, _)) if task.called(file) == *file => format!("take fewer sequences or a smaller `{file}`"),
        Some(_) => "take fewer or smaller files".to_owned(),
        None => "take a part of the dataset".to_owned(),
    };
    let hints = job.verdict.rules().into_iter().map(|rule| match rule {
        OffloadRule::Ram => "it runs on a machine with more memory".to_owned(),
        OffloadRule::Time => "raise `max_local_seconds` in policy.toml if it may run that long here".to_owned(),
        OffloadRule::Size => "raise `max_local_bytes` in policy.toml if it may be that large here".to_owned(),
        OffloadRule::Half => "raise `max_ram_percent` in policy.toml if it may be that large here".to_owned(),
        OffloadRule::Model => "no model of this kind runs here".to_owned(),
    });
    let hint = std::iter::once(smaller).chain(hints).collect::<Vec<_>>().join("; ");
    JobError::NotRemote { why, hint }
}

/// A quote as events show it.
pub fn quote_shown(quote: &Quote) -> QuoteShown {
    QuoteShown {
        amount: Amount::from(quote.amount),
        recipient: quote.recipient.address(),
        network: quote.network,
        reference: quote.reference.clone(),
        expires_at: quote.expires_at,
    }
}
