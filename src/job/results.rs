//! Where the result of a job goes: looked at before anything is sent or paid, and made before it is needed.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use rustix::fs::Access;

use super::{JobError, Workflow};
use compute::local::forget_run;
use domain::{
    ids::JobId,
    job::{Job, JobState},
};

/// The folder of a job's result, which need not be there; `home` is the agent's.
pub fn results_folder(job: &Job, home: &Path) -> PathBuf {
    let parent = job.out_dir.clone().unwrap_or_else(|| home.join("results"));
    parent.join(job.id.as_str())
}

impl Workflow {
    /// The folder that a person named for results, or that the request that is taken up goes on with.
    pub fn results_folder(&self) -> Option<&Path> {
        self.parts.out_dir.as_deref()
    }

    /// The folder of the job's result.
    pub(super) fn out_dir(&self, job: &Job) -> PathBuf {
        results_folder(job, self.parts.ledger.home())
    }

    /// The folder of the job's result, made and tried.
    ///
    /// # Errors
    /// When it cannot be made, or nothing can be written into it.
    pub(super) fn make_out_dir(&self, job: &Job) -> Result<PathBuf, JobError> {
        let folder = self.out_dir(job);
        // A file can be made on a full disk, and nothing written into it.
        let made = fs::create_dir_all(&folder).and_then(|()| tempfile::tempfile_in(&folder)?.write_all(&[0]));
        made.map_err(|source| JobError::Results { job: Some(job.id.clone()), folder: folder.clone(), source })?;
        Ok(folder)
    }

    /// Whether the job's result can be put where it is to go, as far as can be told without making anything.
    ///
    /// # Errors
    /// When a file is in the way, or nothing may be written there.
    pub(super) fn check_out_dir(&self, job: &Job) -> Result<(), JobError> {
        let folder = self.out_dir(job);
        let known = self.parts.ledger.job(&job.id).is_ok().then(|| job.id.clone());
        may_be_made(&folder).map_err(|source| JobError::Results { job: known, folder, source })
    }

    /// A job as it is taken up: a folder that a person names now is where its result goes, unless that is there already.
    pub(super) fn to_out_dir(&self, job: Job) -> Job {
        match &self.parts.out_dir {
            Some(folder) if awaits_result(&job) => Job { out_dir: Some(folder.clone()), ..job },
            _ => job,
        }
    }

    /// Notes the folder that a person names now with a job of the ledger.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub(super) fn note_out_dir(&self, job: Job) -> Result<Job, JobError> {
        let named = self.to_out_dir(job.clone());
        if named.out_dir == job.out_dir {
            return Ok(job);
        }
        // What a run here kept lies where the result was to go, and nobody comes back for it.
        forget_run(&self.out_dir(&job));
        Ok(self.parts.ledger.learn(&job.id, |job| job.out_dir.clone_from(&named.out_dir))?)
    }
}

/// Whether a job's result is still to come.
pub(super) fn awaits_result(job: &Job) -> bool {
    !job.state.is_end() && job.state != JobState::Fetched
}

/// The error that making and writing `folder` would meet.
fn may_be_made(folder: &Path) -> io::Result<()> {
    // What is there may be a link that leads nowhere: that is in the way too.
    let there = folder.ancestors().find(|at| fs::symlink_metadata(at).is_ok()).unwrap_or(Path::new("/"));
    if !fs::metadata(there)?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, format!("{} is not a folder", there.display())));
    }
    rustix::fs::access(there, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| io::Error::new(io::Error::from(error).kind(), format!("{}: {error}", there.display())))
}

/// What to do where the results folder of a job, or of one that is only planned, cannot be used.
pub(super) fn hint(job: Option<&JobId>) -> String {
    match job {
        None => "name another folder with --out, one that is yours to write".to_owned(),
        Some(job) => format!("make it writable, or put the result elsewhere: `agent jobs resume {job} --out DIR`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_made_is_told_before_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "").unwrap();
        std::os::unix::fs::symlink("nowhere", at("link")).unwrap();
        for good in ["", "new", "new/er"] {
            may_be_made(&at(good)).unwrap();
        }
        assert!(!at("new").exists(), "nothing is made");
        for (bad, why) in [("file", "is not a folder"), ("file/x", "is not a folder"), ("link/x", "No such file")] {
            let error = may_be_made(&at(bad)).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
