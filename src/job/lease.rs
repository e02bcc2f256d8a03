//! One process at a time works on a job.
//!
//! The lease is a locked file: the system takes the lock back when a process ends, however it ends.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::Path,
};

use domain::ids::JobId;

/// The right to advance one job; given back when dropped.
#[derive(Debug)]
pub struct Lease {
    _file: File,
}

/// Why there is no lease.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Another process works on the job.
    #[error("another process is working on {0}")]
    Taken(JobId),
    /// The lock file could not be used.
    #[error("the lock of {job} could not be taken: {source}")]
    File {
        /// The job.
        job: JobId,
        /// Why.
        source: io::Error,
    },
}

/// Takes the lease of `job`, without waiting.
///
/// # Errors
/// [`LeaseError::Taken`] while another process has it.
pub fn take(home: &Path, job: &JobId) -> Result<Lease, LeaseError> {
    let file_error = |source| LeaseError::File { job: job.clone(), source };
    let folder = home.join("locks");
    fs::create_dir_all(&folder).map_err(file_error)?;
    let path = folder.join(format!("{job}.lock"));
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(file_error)?;
    match file.try_lock() {
        Ok(()) => Ok(Lease { _file: file }),
        Err(TryLockError::WouldBlock) => Err(LeaseError::Taken(job.clone())),
        Err(TryLockError::Error(source)) => Err(file_error(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_one_and_comes_back() {
        let home = tempfile::tempdir().unwrap();
        let job = JobId::random();
        let lease = take(home.path(), &job).unwrap();
        assert!(matches!(take(home.path(), &job), Err(LeaseError::Taken(_))));
        assert!(take(home.path(), &JobId::random()).is_ok());
        drop(lease);
        assert!(take(home.path(), &job).is_ok());
    }
}
