//! One process at a time works on a job, and one of a home hears webhooks.
//!
//! The lease is a locked file: the system takes the lock back when a process ends, however it ends.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::Path,
};

use domain::ids::JobId;

/// A right that one process has; given back when dropped.
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
    let lease = lock(home, job.as_str()).map_err(|source| LeaseError::File { job: job.clone(), source })?;
    lease.ok_or_else(|| LeaseError::Taken(job.clone()))
}

/// The right to hear webhooks for all waiting processes of this home; `None` while another process has it.
///
/// # Errors
/// The lock file could not be used.
pub fn webhooks(home: &Path) -> io::Result<Option<Lease>> {
    lock(home, "webhooks")
}

/// The lock of this name; `None` while another process has it.
fn lock(home: &Path, name: &str) -> io::Result<Option<Lease>> {
    let folder = home.join("locks");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{name}.lock"));
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lease { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(source),
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
        let hears = webhooks(home.path()).unwrap();
        assert!(hears.is_some() && webhooks(home.path()).unwrap().is_none());
    }
}
