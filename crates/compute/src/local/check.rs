//! Checking a result that came from elsewhere, in a worker with limits of its own.

use std::{
    fs::File,
    io::{Seek as _, Write as _},
    path::PathBuf,
};

use tokio::sync::watch;

use super::{Limits, LocalError, Runner, cpu_limit, last_word, no_word, system};
use crate::worker::{
    Checked,
    spec::{Assignment, CheckSpec, Line},
};
use domain::{hash::Sha256, job::ResultFile, result::RESULT_FILE, task::Parameters, units};
use guard::config::plain_file;

/// Memory of a check, bytes: a document at its bounds takes about half of it.
const MEMORY: u64 = 1 << 30;
/// Time of a check, seconds: the dataset is read once, however long it is.
const SECONDS: u64 = 6 * 60 * 60;

/// A result to check, and what it must be.
#[derive(Debug)]
pub struct ToCheck {
    /// Written into the result.
    pub job: String,
    /// The catalogue's name of the task.
    pub task_type: String,
    /// The choices that were asked for.
    pub parameters: Parameters,
    /// The content that was sent.
    pub sent: Option<Sha256>,
    /// The dataset's name, for the result.
    pub dataset_name: String,
    /// Where the result is.
    pub folder: PathBuf,
    /// What was fetched of it.
    pub files: Vec<ResultFile>,
    /// What it is checked against; without it, it is checked as far as it can be alone.
    pub dataset: Option<File>,
}

impl Runner {
    /// Checks a result in a worker, whatever its document holds; one that is right is written anew with our names. A `true` on
    /// `cancel` ends the check.
    ///
    /// # Errors
    /// What kept it from being checked, which says nothing of the result. A check that needs more memory than any result may
    /// is no error: the result is wrong.
    pub async fn check(&self, result: ToCheck, cancel: watch::Receiver<bool>) -> Result<Checked, LocalError> {
        let document = plain_file::open(&result.folder.join(RESULT_FILE)).map_err(system)?;
        let mut files = vec![document, listed(&result.files).map_err(system)?];
        let has_dataset = result.dataset.is_some();
        files.extend(result.dataset);
        let spec = CheckSpec {
            job: result.job,
            task_type: result.task_type,
            parameters: result.parameters,
            sent: result.sent,
            dataset_name: result.dataset_name,
            has_dataset,
            folder: result.folder.canonicalize().map_err(system)?,
            memory_limit: MEMORY,
            cpu_limit: cpu_limit(SECONDS),
        };
        let limits = Limits { memory: MEMORY, seconds: SECONDS };
        let end = self.follow(&Assignment::Check(Box::new(spec)), files, limits, &|_| {}, cancel).await?;
        match last_word(end, limits) {
            Ok(Line::Checked(checked)) => Ok(checked),
            Ok(_) => Err(no_word()),
            Err(LocalError::OutOfMemory { limit }) => {
                Ok(Checked::Wrong(format!("it cannot be checked within {} of memory", units::bytes(limit))))
            }
            Err(error) => Err(error),
        }
    }
}

/// What was fetched, in a file without a name: there may be more of it than fits beside the rest.
fn listed(files: &[ResultFile]) -> std::io::Result<File> {
    let mut list = tempfile::tempfile()?;
    list.write_all(&serde_json::to_vec(files)?)?;
    list.rewind()?;
    Ok(list)
}
