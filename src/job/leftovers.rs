//! What a job leaves at provider and storage, and taking it away: when it is given up, and when it has ended.

use super::{JobError, Remote, Workflow, offload::object_key, strangers::further_key};
use compute::aioz::{Aioz, ComputeError};
use domain::{
    event::Event,
    ids::JobId,
    job::{Job, JobState},
    verdict::Place,
};

impl Workflow {
    /// Takes a job back from provider and storage, before anything was paid for it. What is gone there already is as well.
    ///
    /// # Errors
    /// P-STATE where the provider counts the task as paid; whatever storage and provider say.
    pub(super) async fn clear_remote(&self, job: &Job) -> Result<(), JobError> {
        let remote = self.remote().await?;
        if let Some(id) = &job.provider_job {
            self.unpaid_elsewhere(remote, job, id).await?;
            cancel_task(&self.provider_unstopped(remote), id).await?;
        }
        self.remove_copy(remote, job).await
    }

    /// After the end of a job: the copy of its dataset has served. A paid job that failed keeps it, as what the owner shows
    /// the provider. What cannot be taken away now is named, and is no failure of the job.
    pub(super) async fn clear_away(&self, job: &Job) {
        if !leaves_something(job) || job.state == JobState::PaidButFailed {
            return;
        }
        // A record of an earlier version knows nothing of this.
        if !self.tape().look("whether what is left is taken away", || self.tape().player().is_none()) {
            return;
        }
        if let Err(error) = self.clear(job).await {
            self.tell_leftover(job, &error);
        }
    }

    /// Names what could not be taken away.
    pub(super) fn tell_leftover(&self, job: &Job, error: &JobError) {
        let at = job.data_url().map(|url| format!(" ({url})")).unwrap_or_default();
        let message = format!(
            "what was sent of {}'s dataset may still be on storage{at}: {error}; `agent jobs cancel --all-leftovers` removes it",
            job.id
        );
        self.emit(Event::Warning { message });
    }

    /// Takes away what every job that has ended left, whatever its end; the jobs whose leftovers are gone now, and what could
    /// not be taken away.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn clear_all(&self) -> Result<(Vec<JobId>, Vec<(JobId, JobError)>), JobError> {
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for job in self.parts.ledger.jobs()? {
            if job.profile == self.parts.profile && job.state.is_end() && leaves_something(&job) {
                match self.clear(&job).await {
                    Ok(()) => gone.push(job.id),
                    Err(error) => kept.push((job.id, error)),
                }
            }
        }
        Ok((gone, kept))
    }

    async fn clear(&self, job: &Job) -> Result<(), JobError> {
        let remote = self.remote().await?;
        let unpaid = job.tx_hash.is_none() && job.state != JobState::Done;
        if let (Some(task), true) = (&job.provider_job, unpaid) {
            cancel_task(&self.provider_unstopped(remote), task).await?;
        }
        self.remove_copy(remote, job).await
    }

    async fn remove_copy(&self, remote: &Remote, job: &Job) -> Result<(), JobError> {
        // An upload that was cut short has left parts under the same key.
        let key = job.staged.as_ref().map_or_else(|| object_key(job), |staged| staged.key.clone());
        let further = job.verdict.further.iter().map(|file| further_key(job, &file.name));
        let on_storage = job.staged.as_ref().is_none_or(|staged| staged.lies.is_storage());
        if let Some(storage) = &remote.storage {
            for key in std::iter::once(key).filter(|_| on_storage).chain(further) {
                storage.remove(&key).await?;
            }
        }
        // Those that are staged, and those of which nobody knows what became of them.
        let staged = job.all_staged().filter_map(|staged| staged.lies.link());
        let mut left = Ok(());
        for link in staged.chain(job.begun_uploads.iter().map(String::as_str)) {
            // One that stays keeps no other from being taken away.
            left = self.provider_unstopped(remote).delete_upload(link).await.and(left);
        }
        left?;
        self.parts.ledger.learn(&job.id, |job| job.cleared = true)?;
        Ok(())
    }
}

/// Whether something of a job may lie at provider or storage: its content is known right before it is sent.
fn leaves_something(job: &Job) -> bool {
    job.place() == Place::Offload && (job.staged.is_some() || job.content.is_some()) && !job.cleared
}

async fn cancel_task(provider: &Aioz, task: &str) -> Result<(), JobError> {
    match provider.cancel(task).await {
        Ok(()) | Err(ComputeError::NoTask(_) | ComputeError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
