//! The same work, done or begun before in this session: it is taken up and not paid for again.

use super::{JobError, Workflow};
use crate::{
    domain::{
        job::{Job, JobState},
        plan::Content,
        request::Work,
        task::{Parameters, TaskType},
    },
    machine,
    policy::data::OpenDataset,
    science::InputError,
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
        open: OpenDataset,
    ) -> Result<(Option<Job>, OpenDataset), JobError> {
        if work.anew {
            return Ok((None, open));
        }
        let mut jobs = self.parts.ledger.jobs_of(session)?;
        jobs.retain(|job| {
            job.task_type == task.name
                && job.parameters == *parameters
                && job.verdict.dataset.bytes == open.bytes
                && job.profile == self.parts.profile
                && (job.state == JobState::Done || !job.state.is_end())
        });
        let path = open.source.path.clone();
        let look = move || {
            for job in jobs.into_iter().rev() {
                let measured = &job.verdict.dataset;
                let before = Content {
                    path: job.source.path.clone(),
                    bytes: measured.bytes,
                    modified_ns: measured.modified_ns,
                    sha256: job.content,
                };
                if machine::same_content(&open, &before)? {
                    return Ok((Some(job), open));
                }
            }
            Ok::<_, InputError>((None, open))
        };
        let looked = tokio::task::spawn_blocking(look).await.map_err(|e| JobError::WrongDataset(e.to_string()))?;
        looked.map_err(|e| JobError::Read { path, source: std::io::Error::other(e) })
    }
}
