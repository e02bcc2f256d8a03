//! Accepting a result: what was fetched is looked at here, and judged by a worker with limits of its own. What cannot be read
//! and a check that broke off say nothing of the result.

use std::{fs::File, io, path::Path};

use compute::{
    local::{LocalError, ToCheck},
    worker,
};
use domain::{
    bounded::{self, BoundedError},
    hash::Sha256,
    job::{Job, JobResult},
    result::{self, RESULT_FILE, ResultOwner},
};
use guard::config::plain_file;

/// What kept a result from being checked.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct CheckError {
    what: String,
    #[source]
    source: io::Error,
}

impl CheckError {
    fn of(what: impl Into<String>) -> impl FnOnce(io::Error) -> CheckError {
        |source| CheckError { what: what.into(), source }
    }

    /// A check that ended without an answer.
    pub(super) fn broke_off(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CheckError {
        CheckError { what: "the check broke off".to_owned(), source: io::Error::other(why) }
    }

    /// What kept a worker from checking.
    pub(super) fn of_worker(error: LocalError) -> CheckError {
        let source = match error {
            LocalError::DiskFull => io::ErrorKind::StorageFull.into(),
            LocalError::System(why) | LocalError::Task(why) => io::Error::other(why),
            other => io::Error::other(other),
        };
        CheckError { what: "the check broke off".to_owned(), source }
    }

    /// Whether room on the disk is all that is missing.
    pub fn is_full_disk(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

/// Whether the fetched files are here as they were fetched. Our own document counts: it is written in the place of the
/// provider's just before the job is done.
///
/// # Errors
/// When they cannot be looked at.
pub(super) fn is_whole(job: &Job, result: &JobResult) -> Result<bool, CheckError> {
    for file in &result.files {
        let path = result.folder.join(&file.name);
        match std::fs::symlink_metadata(&path) {
            Ok(meta) if !meta.is_file() => return Ok(false),
            Ok(meta) if file.name != RESULT_FILE && meta.len() != file.bytes => return Ok(false),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(CheckError::of(format!("{} cannot be read", path.display()))(e)),
        }
        if file.name == RESULT_FILE && !is_fetched_or_ours(job, &path, file.sha256)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the document is the one that was fetched, or ours. Of neither more is in memory than a piece.
fn is_fetched_or_ours(job: &Job, path: &Path, fetched: Sha256) -> Result<bool, CheckError> {
    let cannot = |e: io::Error| CheckError::of(format!("{} cannot be read", path.display()))(e);
    let open = || plain_file::open(path).map_err(cannot);
    if sha256(open()?).map_err(cannot)? == fetched {
        return Ok(true);
    }
    match bounded::read::<ResultOwner>(open()?, result::BOUNDS) {
        Ok(owner) => Ok(owner.job == job.id.as_str()),
        Err(BoundedError::Read(error)) => Err(cannot(error)),
        Err(BoundedError::TooLarge(_) | BoundedError::Json(_)) => Ok(false),
    }
}

/// What a worker is to check. Without a dataset it checks the result as far as it can alone.
pub(super) fn to_check(job: &Job, result: &JobResult, dataset: Option<File>) -> ToCheck {
    ToCheck {
        job: job.id.to_string(),
        task_type: job.task_type.clone(),
        parameters: job.parameters.clone(),
        sent: job.staged.as_ref().map(|staged| staged.sha256),
        dataset_name: job.verdict.dataset.path.display().to_string(),
        folder: result.folder.clone(),
        files: result.files.clone(),
        dataset,
    }
}

/// The SHA-256 of a file from its start.
///
/// # Errors
/// When it cannot be read.
pub(super) fn sha256(file: File) -> io::Result<Sha256> {
    worker::hash(file, |_| {}).map(|(_, sha256)| sha256)
}
