//! The same work, done or begun before in this session, or paid for in any: it is taken up and not paid for again.

use super::{JobError, Workflow, lease};
use domain::{
    ids::RequestId,
    job::{Job, JobState},
    plan::Content,
    request::Work,
    task::{Parameters, TaskOrigin, TaskType},
    verdict::Place,
};
use guard::{
    machine,
    policy::data::{OpenDataset, OpenFurther},
};
use science::InputError;

impl Workflow {
    /// Whether a job, of whatever session, was begun at the provider and no process works on it any more: what is quoted or paid
    /// for already is taken up, and not bought again.
    fn is_left_behind(&self, job: &Job) -> bool {
        use JobState::{Fetched, Paid, PaymentIntended, PaymentSent, PaymentUnknown, ResultReady, Running};
        let paid = matches!(
            job.state,
            PaymentIntended | PaymentSent | PaymentUnknown | Paid | Running | ResultReady | Fetched
        );
        paid && job.place() == Place::Offload && lease::take(self.parts.ledger.home(), &job.id).is_ok()
    }

    /// The newest job of a session, or of the request that is planned, that did, or is doing, this task with these parameters on
    /// files of the same content. A file that changed is other work, whatever its name. Work that is to be done anew is only
    /// the same where it was begun under this very request.
    ///
    /// # Errors
    /// When the ledger or the file cannot be read.
    pub(super) async fn before(
        &self,
        (session, request): (&str, Option<&RequestId>),
        (work, task, parameters): (&Work, &TaskType, &Parameters),
        open: OpenDataset,
        beside: Vec<OpenFurther>,
    ) -> Result<(Option<Job>, OpenDataset, Vec<OpenFurther>), JobError> {
        let mut jobs = self.parts.ledger.jobs_alike(&task.name, session, request)?;
        jobs.retain(|job| {
            let own_version = (task.origin == TaskOrigin::Owner).then_some(task.version);
            let alike = job.parameters == *parameters
                && job.own_task.as_ref().map(|task| task.version) == own_version
                && job.verdict.dataset.bytes == open.bytes
                && job.profile == self.parts.profile;
            let stands = job.state == JobState::Done || !job.state.is_end();
            let of_request = request.is_some() && job.request.as_ref() == request;
            let own = of_request || job.session == session && !work.anew;
            alike && (own && stands || !work.anew && self.is_left_behind(job))
        });
        // Of a job whose file was not read to its end yet, what was measured may still be there to be read.
        let jobs: Vec<(Job, Option<OpenDataset>)> = jobs
            .into_iter()
            .map(|job| match job.content {
                Some(_) => (job, None),
                None => {
                    let open = self.parts.guard.reopen_dataset(&job).ok();
                    (job, open)
                }
            })
            .collect();
        let path = open.source.path.clone();
        let look = move || {
            for (job, as_planned) in jobs.into_iter().rev() {
                let measured = &job.verdict.dataset;
                let sha256 = match (job.content, &as_planned) {
                    (None, Some(as_planned)) if as_planned.source.path != open.source.path => {
                        Some(machine::sha256_of(as_planned)?)
                    }
                    (known, _) => known,
                };
                let before = Content {
                    path: job.source.path.clone(),
                    bytes: measured.bytes,
                    modified_ns: measured.modified_ns,
                    sha256,
                };
                if machine::same_content(&open, &before)? && same_beside(&beside, &job)? {
                    return Ok((Some(job), open, beside));
                }
            }
            Ok::<_, InputError>((None, open, beside))
        };
        let looked = tokio::task::spawn_blocking(look).await.map_err(|e| JobError::WrongDataset(e.to_string()))?;
        looked.map_err(|e| JobError::Read { path, source: std::io::Error::other(e) })
    }
}

/// Whether the files beside the dataset hold what they held when `job` was planned.
fn same_beside(beside: &[OpenFurther], job: &Job) -> Result<bool, InputError> {
    let measured = &job.verdict.further;
    if measured.len() != beside.len() {
        return Ok(false);
    }
    for (open, was) in beside.iter().zip(measured) {
        let before = Content {
            path: was.source.path.clone(),
            bytes: was.profile.bytes,
            modified_ns: was.profile.modified_ns,
            sha256: job.further_content.get(&was.name).copied(),
        };
        if open.name != was.name || !machine::same_content(&open.file, &before)? {
            return Ok(false);
        }
    }
    Ok(true)
}
