//! The built-in tasks.

use std::{fs::File, path::Path};

use crate::domain::{result::ResultDocument, task::Parameters};

/// One run of a built-in task.
pub struct Run<'a> {
    /// The catalogue's name of the task.
    pub task: &'a str,
    /// The dataset.
    pub input: File,
    /// Its name, for the result.
    pub dataset_name: &'a str,
    /// The job, for the result.
    pub job: &'a str,
    /// Checked parameters.
    pub parameters: &'a Parameters,
    /// Where files of the result go.
    pub out_dir: &'a Path,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum ScienceError {
    /// No such built-in task.
    #[error("`{0}` is no built-in task")]
    NoSuchTask(String),
}

/// Runs a built-in task.
///
/// # Errors
/// [`ScienceError`].
pub fn run(run: Run<'_>, _progress: &mut dyn FnMut(f64)) -> Result<ResultDocument, ScienceError> {
    Err(ScienceError::NoSuchTask(run.task.to_owned()))
}
