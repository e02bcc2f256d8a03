//! Staging a dataset on storage, and submitting the job to the provider.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{Cancel, JobError, Workflow};
use crate::{
    cassette,
    compute::aioz::ComputeError,
    domain::{
        event::{Event, QuoteShown},
        job::{Job, JobState},
        money::Amount,
        quote::Quote,
        task::{ParameterKind, TaskType},
    },
};

/// How long the provider may read the dataset: as long as S3 allows, as a job may wait for its payment.
const LINK_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Workflow {
    /// Uploads the dataset under the job's own key. An upload that was cut short is made again, or found whole.
    pub(super) async fn stage_step(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        remote_model(self.task(&job.task_type)?, job)?;
        let guard = &self.parts.guard;
        let dataset = guard.reopen_dataset(job)?;
        let permit = guard.permit_upload(&guard.mandate(job)?, job, dataset, object_key(job), &*self.parts.sink)?;
        self.parts.guard.check_readable(job, &*self.parts.sink)?;
        let remote = self.remote().await?;
        if job.state == JobState::Planned {
            self.step(&job.id, JobState::Staging, |_| {})?;
        }
        // A part that is tried again is no news.
        let told = AtomicU64::new(u64::MAX);
        let progress = |bytes, total| {
            if told.swap(bytes, Ordering::Relaxed) != bytes {
                self.emit(Event::UploadProgress { job: job.id.clone(), bytes, total });
            }
        };
        let uploaded = tokio::select! {
            uploaded = remote.storage.upload(permit, &progress) => uploaded,
            () = cancel.cancelled() => return Err(JobError::Interrupted(job.id.clone())),
        };
        let staged = uploaded?;
        self.emit(Event::UploadCompleted {
            job: job.id.clone(),
            url: staged.url.clone(),
            sha256: staged.sha256,
            bytes: staged.bytes,
        });
        self.step(&job.id, JobState::Staged, |job| {
            job.content = Some(staged.sha256);
            job.staged = Some(staged);
        })?;
        Ok(())
    }

    /// Submits under the job's idempotency key and writes the provider's quote down. Taken again, it finds the same task.
    pub(super) async fn submit_step(&self, job: &Job) -> Result<(), JobError> {
        let remote = self.remote().await?;
        let model = remote_model(self.task(&job.task_type)?, job)?;
        let guard = &self.parts.guard;
        let permit = guard.permit_submit(&guard.mandate(job)?, job, &model)?;
        let url = remote.storage.presign_get(&permit.effect().key, LINK_LIFETIME).await?;
        let provider_job = match remote.provider.submit(permit, url).await {
            Ok(id) => id,
            Err(error) if error.is_final() => {
                self.step(&job.id, JobState::JobFailed, |job| job.failure = Some(error.to_string()))?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        let task = remote.provider.detail(&provider_job).await?;
        let bytes = job.verdict.dataset.bytes;
        let quote = remote.price.quote_of(&task, bytes, &job.idempotency_key, cassette::now("a quote"))?;
        let shown = quote_shown(&quote);
        self.step(&job.id, JobState::Submitted, |job| {
            job.provider_job = Some(provider_job.clone());
            job.quote = Some(quote);
        })?;
        self.emit(Event::JobSubmitted { job: job.id.clone(), job_id: provider_job, quote: shown });
        Ok(())
    }

    /// Takes a job back from provider and storage. What is gone there already is as well.
    pub(super) async fn clear_remote(&self, job: &Job) -> Result<(), JobError> {
        let remote = self.remote().await?;
        if let Some(id) = &job.provider_job {
            self.unpaid_elsewhere(remote, job, id).await?;
            match remote.provider.cancel(id).await {
                Ok(()) | Err(ComputeError::NoTask(_) | ComputeError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(staged) = &job.staged {
            remote.storage.remove(&staged.key).await?;
        }
        Ok(())
    }
}

/// The dataset's key: the job's own, and nothing of the file's name, which may say more than its owner wants.
fn object_key(job: &Job) -> String {
    format!("datasets/{}", job.id)
}

/// The model at the provider.
pub(super) fn remote_model(task: &TaskType, job: &Job) -> Result<String, JobError> {
    let second_file = task
        .parameters
        .iter()
        .any(|(name, spec)| matches!(spec.kind, ParameterKind::File { .. }) && job.parameters.contains_key(name));
    if second_file {
        let why = format!("{} works on a second file, which is not sent to a provider", task.name);
        return Err(JobError::NotRemote(why));
    }
    task.remote_model
        .clone()
        .ok_or_else(|| JobError::NotRemote(format!("the catalogue names no provider's model for {}", task.name)))
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
