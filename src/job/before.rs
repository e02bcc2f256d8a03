//! The same work, done or begun before in this session, or paid for in any: it is taken up and not paid for again.

use super::{JobError, Workflow, lease, verify};
use domain::{
    ids::RequestId,
    job::{Job, JobState},
    plan::Content,
    request::Work,
    task::{ParameterKind, Parameters, TaskOrigin, TaskType},
    verdict::Place,
};
use guard::{
    machine::{self, Compared},
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
    /// the same where it was begun under this very request, whose jobs are taken up wherever they stand, but for runs on this machine
    /// that came to no good end. Where work that is done is to be skipped, a job of any session is, whose files have the same checksums and whose result is whole.
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
        let of_size = (task.name.as_str(), open.bytes);
        let jobs = self.parts.ledger.jobs_alike(of_size, session, request, work.skip_done)?;
        let own_version = (task.origin == TaskOrigin::Owner).then_some(task.version);
        let alike = |job: &Job| {
            same_chosen(task, &job.parameters, parameters)
                && job.own_task.as_ref().map(|task| task.version) == own_version
                && job.profile == self.parts.profile
                // What a file of a folder is called there is part of what the program sees.
                && job.source.place() == open.source.place()
        };
        let jobs = jobs.into_iter().filter(alike).filter_map(|job| {
            let stands = job.state == JobState::Done || !job.state.is_end();
            let of_request = request.is_some() && job.request.as_ref() == request;
            // What ran here and came to no good end costs nothing to be run again.
            let own = of_request && (stands || job.place() == Place::Offload);
            let own = own || job.session == session && !work.anew && stands;
            let taken = own || !work.anew && self.is_left_behind(&job);
            let is_done = || work.skip_done && job.state == JobState::Done && job.task_version == Some(task.version);
            let why = if taken {
                Why::TakenUp
            } else if is_done() {
                Why::Done
            } else {
                return None;
            };
            // Of a job whose file was not read to its end yet, what was measured may still be there to be read.
            let as_planned = job.content.is_none().then(|| self.parts.guard.reopen_dataset(&job).ok()).flatten();
            Some(Earlier { job, why, as_planned })
        });
        let jobs: Vec<Earlier> = jobs.collect();
        let path = open.source.path.clone();
        let look = move || {
            let found = {
                let dataset = Compared::new(&open);
                let beside: Vec<(&str, Compared<'_>)> =
                    beside.iter().map(|further| (further.name.as_str(), Compared::new(&further.file))).collect();
                let same = |earlier: &Earlier| match earlier.why {
                    Why::TakenUp => earlier.is_same(&dataset, &beside),
                    Why::Done => earlier.did_same(&dataset, &beside),
                };
                let mut found = None;
                for earlier in jobs.into_iter().rev() {
                    if same(&earlier)? {
                        found = Some(earlier.job);
                        break;
                    }
                }
                found
            };
            Ok::<_, InputError>((found, open, beside))
        };
        let looked = tokio::task::spawn_blocking(look).await.map_err(|e| JobError::WrongDataset(e.to_string()))?;
        looked.map_err(|e| JobError::Read { path, source: std::io::Error::other(e) })
    }
}

/// Why a job of before may do instead.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It is this session's or this request's, or is paid for and left behind.
    TakenUp,
    /// It is done, whoever had it done.
    Done,
}

/// A job that may have done the same.
struct Earlier {
    job: Job,
    why: Why,
    /// Its dataset, where its checksum is not known.
    as_planned: Option<OpenDataset>,
}

impl Earlier {
    /// Whether these files hold what its files held when it was planned.
    fn is_same(&self, dataset: &Compared<'_>, beside: &[(&str, Compared<'_>)]) -> Result<bool, InputError> {
        let measured = &self.job.verdict.dataset;
        let mut before = Content {
            path: self.job.source.path.clone(),
            bytes: measured.bytes,
            modified_ns: measured.modified_ns,
            sha256: self.job.content,
        };
        if dataset.is(&before)? {
            return same_beside(beside, &self.job);
        }
        let Some(as_planned) = &self.as_planned else { return Ok(false) };
        before.sha256 = Some(machine::sha256_of(as_planned)?);
        Ok(dataset.is(&before)? && same_beside(beside, &self.job)?)
    }

    /// Whether it worked on files with the checksums of these, and what it left is whole.
    fn did_same(&self, dataset: &Compared<'_>, beside: &[(&str, Compared<'_>)]) -> Result<bool, InputError> {
        let job = &self.job;
        let Some(content) = job.content else { return Ok(false) };
        if beside.len() != job.verdict.further.len() || !dataset.has(content)? {
            return Ok(false);
        }
        for (name, file) in beside {
            let Some(content) = job.further_content.get(*name) else { return Ok(false) };
            if !file.has(*content)? {
                return Ok(false);
            }
        }
        let findings = verify::files(job);
        Ok(!findings.is_empty() && findings.iter().all(|finding| finding.ok == Some(true)))
    }
}

/// Whether the same was chosen, but for files, which are compared by what they hold.
pub(super) fn same_chosen(task: &TaskType, one: &Parameters, two: &Parameters) -> bool {
    let is_file =
        |name: &str| matches!(task.parameters.get(name).map(|spec| &spec.kind), Some(ParameterKind::File { .. }));
    let values = |all: &Parameters| all.keys().filter(|name| !is_file(name)).count();
    let same = |(name, value): (&String, &serde_json::Value)| match is_file(name) {
        true => two.contains_key(name),
        false => two.get(name) == Some(value),
    };
    one.len() == two.len() && values(one) == values(two) && one.iter().all(same)
}

/// Whether the files beside the dataset hold what they held when `job` was planned.
fn same_beside(beside: &[(&str, Compared<'_>)], job: &Job) -> Result<bool, InputError> {
    let measured = &job.verdict.further;
    if measured.len() != beside.len() {
        return Ok(false);
    }
    for ((name, file), was) in beside.iter().zip(measured) {
        let before = Content {
            path: was.source.path.clone(),
            bytes: was.profile.bytes,
            modified_ns: was.profile.modified_ns,
            sha256: job.further_content.get(&was.name).copied(),
        };
        if *name != was.name || !file.is(&before)? {
            return Ok(false);
        }
    }
    Ok(true)
}
