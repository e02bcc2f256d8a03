//! The same work, done or begun before in this session: it is taken up and not paid for again.

use super::{JobError, Workflow};
use crate::{
    domain::{
        job::{Job, JobState},
        request::Work,
        task::{Parameters, TaskType},
    },
    machine,
    policy::data::OpenDataset,
};

impl Workflow {
    /// The newest job of a session that did, or is doing, this task with these parameters on a file of the same content. A file
    /// that changed is other work, whatever its name.
    ///
    /// # Errors
    /// When the ledger or the file cannot be read.
    pub(super) async fn before(
        &self,
        session: &str,
        work: &Work,
        task: &TaskType,
        parameters: &Parameters,
        open: &OpenDataset,
    ) -> Result<Option<Job>, JobError> {
        if work.anew {
            return Ok(None);
        }
        let mut jobs = self.parts.ledger.jobs_of(session)?;
        jobs.retain(|job| {
            job.task_type == task.name
                && job.parameters == *parameters
                && job.verdict.dataset.bytes == open.bytes
                && job.profile == self.parts.profile
                && (job.state == JobState::Done || !job.state.is_end())
        });
        let mut hashed = None;
        for job in jobs.into_iter().rev() {
            let measured = &job.verdict.dataset;
            if job.source.path == open.source.path && measured.modified_ns == open.modified_ns {
                return Ok(Some(job));
            }
            let Some(content) = job.content else { continue };
            if hashed.is_none() {
                let file = open.reopen();
                let read = tokio::task::spawn_blocking(move || machine::sha256(file?)).await;
                let read = read.map_err(std::io::Error::other).flatten();
                hashed = Some(read.map_err(|source| JobError::Read { path: open.source.path.clone(), source })?);
            }
            if hashed == Some(content) {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }
}
