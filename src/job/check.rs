//! The check of a result that was fetched: what it must be, and what only kept it from being looked at.
//!
//! Only a result that was read whole and is wrong ends a paid job. A disk that is full, a file that cannot be read and a
//! check that broke off say nothing of the result.

use std::{error::Error, fs::File, io, io::Write as _, path::Path};

use compute::worker;
use domain::{
    hash::Sha256,
    job::{Job, JobResult, ResultFile},
    result::{RESULT_FILE, ResultDocument},
    units,
};
use guard::config::plain_file;
use science::VerifyError;

/// What a check came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Checked {
    /// It is right, and carries our names.
    Right(JobResult),
    /// It was read whole and is wrong.
    Wrong(String),
    /// What it was compared with is not the dataset that was sent.
    OtherDataset,
}

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

    /// The blocking task of a check ended without an answer.
    pub(super) fn broke_off(why: impl Into<Box<dyn Error + Send + Sync>>) -> CheckError {
        CheckError { what: "the check broke off".to_owned(), source: io::Error::other(why) }
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
        if file.name == RESULT_FILE {
            let text = read(&path)?;
            let ours = || serde_json::from_slice::<ResultDocument>(&text).is_ok_and(|d| d.job == job.id.as_str());
            if Sha256::of(&text) != file.sha256 && !ours() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Checks the rules that a result must keep; then the document carries our job and our name of the dataset. Without a
/// dataset it is checked as far as it can be alone; `unchecked` says so in the result.
///
/// # Errors
/// What kept it from being checked, or from being written.
pub(super) fn check(
    job: &Job,
    result: &JobResult,
    dataset: Option<File>,
    unchecked: Option<String>,
) -> Result<Checked, CheckError> {
    let path = result.folder.join(RESULT_FILE);
    let mut document = match judged(job, result, &read(&path)?) {
        Ok(document) => document,
        Err(why) => return Ok(Checked::Wrong(why)),
    };
    let verified = match dataset {
        Some(dataset) => science::verify(&document, dataset),
        None => science::verify_alone(&document),
    };
    match verified {
        Ok(()) => {}
        Err(VerifyError::Dataset { .. }) => return Ok(Checked::OtherDataset),
        Err(error) => {
            return match system_error(&error) {
                Some(source) => Err(CheckError { what: "the dataset could not be read".to_owned(), source }),
                None => Ok(Checked::Wrong(error.to_string())),
            };
        }
    }
    document.job = job.id.to_string();
    document.dataset.path = job.verdict.dataset.path.display().to_string();
    let ours = write(&path, &document).map_err(CheckError::of(format!("{} cannot be written", path.display())))?;
    let others = result.files.iter().filter(|f| f.name != RESULT_FILE).cloned();
    let files = std::iter::once(ours).chain(others).collect();
    let (folder, warnings, summary) = (result.folder.clone(), document.clean_warnings(), document.summary.into());
    Ok(Checked::Right(JobResult { folder, files, summary, unchecked, warnings }))
}

/// The document, where it is of this job's task, dataset, parameters and files.
fn judged(job: &Job, result: &JobResult, text: &[u8]) -> Result<ResultDocument, String> {
    let document: ResultDocument =
        serde_json::from_slice(text).map_err(|e| format!("{RESULT_FILE} cannot be understood: {e}"))?;
    if document.task_type != job.task_type {
        return Err(format!("it is of task {}, not {}", units::clean(&document.task_type, 60), job.task_type));
    }
    if job.staged.as_ref().is_some_and(|s| s.sha256 != document.dataset.sha256) {
        return Err("it is of another dataset".to_owned());
    }
    if let Some(missing) = document.files.iter().find(|f| !result.files.iter().any(|have| have == *f)) {
        return Err(format!("its file {} is not among those fetched", units::clean(&missing.name, 60)));
    }
    if document.parameters != job.parameters {
        return Err("it was made with other parameters".to_owned());
    }
    Ok(document)
}

fn read(path: &Path) -> Result<Vec<u8>, CheckError> {
    let read = || {
        let mut text = Vec::new();
        io::Read::read_to_end(&mut plain_file::open(path)?, &mut text)?;
        Ok(text)
    };
    read().map_err(CheckError::of(format!("{} cannot be read", path.display())))
}

fn write(path: &Path, document: &ResultDocument) -> io::Result<ResultFile> {
    let text = serde_json::to_vec_pretty(document)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&text)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(ResultFile { name: RESULT_FILE.to_owned(), bytes: text.len() as u64, sha256: Sha256::of(&text) })
}

/// The system's error among the causes of one, where it is what went wrong.
fn system_error(error: &(dyn Error + 'static)) -> Option<io::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<io::Error>() {
            return Some(io::Error::new(found.kind(), found.to_string()));
        }
        cause = error.source();
    }
    None
}

/// The SHA-256 of a file from its start.
///
/// # Errors
/// When it cannot be read.
pub(super) fn sha256(file: File) -> io::Result<Sha256> {
    worker::hash(file, |_| {}).map(|(_, sha256)| sha256)
}
