//! A result that came from elsewhere, checked: under this process's limits, within bounds of its own, against the dataset.
//!
//! Nothing that a provider may serve is a danger to the program itself: what makes this process end is a refusal there.

use std::{
    error::Error,
    io::{self, BufReader},
};

use super::{
    failure_of, full_disk, inputs,
    spec::{Accepted, CheckSpec, Checked, Failure},
    write,
};
use domain::{
    bounded::{self, BoundedError, Bounds},
    job::ResultFile,
    result::{self, RESULT_FILE, ResultDocument},
    units,
};
use science::{VerifyError, drawings, drawings_of};

/// The places of what is handed over.
pub(crate) const DOCUMENT: usize = 0;
pub(crate) const FETCHED: usize = 1;
pub(crate) const DATASET: usize = 2;

/// Checks the rules that a result must keep; then the document carries our job and our name of the dataset. Without a
/// dataset it is checked as far as it can be alone.
///
/// # Errors
/// What kept it from being checked, or from being written.
pub(super) fn run(spec: &CheckSpec) -> Result<Checked, Failure> {
    let mut document = match judged(spec)? {
        Ok(document) => document,
        Err(why) => return Ok(Checked::Wrong(why)),
    };
    let verified = match spec.has_dataset {
        true => {
            let dataset = inputs::open(DATASET).map_err(|e| failure_of(&e, "the dataset could not be opened"))?;
            science::verify(&document, dataset, &spec.folder)
        }
        false => science::verify_alone(&document),
    };
    match verified {
        Ok(()) => {}
        Err(VerifyError::Dataset { .. }) => return Ok(Checked::OtherDataset),
        Err(error) => {
            return match system_error(&error) {
                Some(source) => Err(failure_of(&source, "the dataset could not be read")),
                None => Ok(Checked::Wrong(error.to_string())),
            };
        }
    }
    // Drawings follow from the document: ours stand in the place of those that came, which anybody might have drawn.
    let ours = drawings_of(&document.task_type);
    document.files.retain(|file| !ours.contains(&file.name.as_str()));
    let drawn = drawings(&document, &spec.folder).map_err(|error| match full_disk(&error) {
        true => Failure::DiskFull,
        false => Failure::Task(error.to_string()),
    })?;
    document.files.extend(drawn.iter().cloned());
    document.job = spec.job.clone();
    document.dataset.path = spec.dataset_name.clone();
    let kept = write::document(&spec.folder, &document);
    let kept = kept.map_err(|e| failure_of(&e, &format!("{RESULT_FILE} cannot be written")))?;
    let warnings = document.clean_warnings();
    Ok(Checked::Right(Accepted { document: kept, drawn, summary: document.summary, warnings }))
}

/// The document, where it is within bounds, and of this job's task, dataset, parameters and files. The inner error is what
/// is wrong with it.
fn judged(spec: &CheckSpec) -> Result<Result<ResultDocument, String>, Failure> {
    let unreadable = |e: io::Error| failure_of(&e, &format!("{RESULT_FILE} cannot be read"));
    let fetched: Vec<ResultFile> = inputs::open(FETCHED)
        .and_then(|file| serde_json::from_reader(BufReader::new(file)).map_err(io::Error::from))
        .map_err(|e| failure_of(&e, "the list of what was fetched cannot be read"))?;
    let document = inputs::open(DOCUMENT).map_err(unreadable)?;
    let document: ResultDocument = match bounded::read(document, result::BOUNDS) {
        Ok(document) => document,
        Err(BoundedError::Read(error)) => return Err(unreadable(error)),
        Err(error @ BoundedError::TooLarge(_)) => return Ok(Err(format!("{RESULT_FILE}: {error}"))),
        Err(BoundedError::Json(error)) => {
            let why = units::clean(&error.to_string(), 200);
            return Ok(Err(format!("{RESULT_FILE} cannot be understood: {why}")));
        }
    };
    Ok(agrees(spec, &fetched, &document).map(|()| document))
}

fn agrees(spec: &CheckSpec, fetched: &[ResultFile], document: &ResultDocument) -> Result<(), String> {
    if document.task_type != spec.task_type {
        return Err(format!("it is of task {}, not {}", units::clean(&document.task_type, 60), spec.task_type));
    }
    if spec.sent.is_some_and(|sent| sent != document.dataset.sha256) {
        return Err("it is of another dataset".to_owned());
    }
    // Both lists are short by their bounds.
    if let Some(missing) = document.files.iter().find(|file| !fetched.contains(file)) {
        return Err(format!("its file {} is not among those fetched", units::clean(&missing.name, 60)));
    }
    if document.parameters != spec.parameters {
        return Err("it was made with other parameters".to_owned());
    }
    let summary = serde_json::to_vec(&document.summary).map_err(|e| e.to_string())?;
    let most = Bounds { bytes: result::SUMMARY_BYTES, ..result::BOUNDS };
    match bounded::from_slice::<serde::de::IgnoredAny>(&summary, most) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("its summary: {error}")),
    }
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
