//! The dataset as it was sent: what accepting a result rests on, before money is spent on it and after.

use std::{fs::File, time::Duration};

use super::{JobError, Remote, Workflow, check};
use domain::{
    job::{Job, Staged},
    task::remote::RemoteModel,
};
use guard::policy::{Refusal, Rule};
use storage::{
    StorageError,
    fetch::{self, FetchError, FetchPlan, fetch_on},
};

/// How long a link to our own copy lives: we are its only reader.
const LINK_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

impl Workflow {
    /// Refuses to pay for a result that could not be checked: the dataset must be here and on storage as it was sent.
    ///
    /// # Errors
    /// D-CHANGED; what keeps it from being looked at.
    pub(super) async fn worth_paying(&self, remote: &Remote, job: &Job) -> Result<(), JobError> {
        let Some(staged) = &job.staged else { return Ok(()) };
        let is_stranger = self.task_of(job)?.remote.as_ref().is_some_and(RemoteModel::is_unverifiable);
        let named = job.verdict.dataset.path.display();
        let refused = |why: String, first: &str| {
            let hint = format!("{first}`agent jobs cancel {}` gives the job up; then ask again", job.id);
            Refusal::new(Rule::DataChanged, format!("{why}, and nothing was paid")).hint(hint)
        };
        if is_stranger {
            // What comes of it is not checked against the file here: what it is worked out from lies elsewhere.
            for staged in job.all_staged() {
                if !is_there(remote, staged).await? {
                    let why = format!(
                        "a copy of what was sent of {named} is gone or is another by now, so the provider could not work on it"
                    );
                    return Err(refused(why, "").into());
                }
            }
            return Ok(());
        }
        let back = format!("put it back as it was, then `agent jobs resume {}`; or ", job.id);
        let open = self.parts.guard.open_source(job).map_err(|refusal| {
            refused(
                format!("{named} can no longer be read, so its result could not be checked ({})", refusal.why),
                &back,
            )
        })?;
        let measured = &job.verdict.dataset;
        let as_measured = open.unchanged_since(measured.bytes, measured.modified_ns).is_ok();
        // Another time alone says nothing: a file that was only touched, or copied back, has the content that was sent.
        let same = as_measured
            || open.bytes == staged.bytes && {
                let read = tokio::task::spawn_blocking(move || check::sha256(open.file)).await;
                let read = read.map_err(std::io::Error::other).flatten();
                read.map_err(|source| JobError::Read { path: job.source.path.clone(), source })? == staged.sha256
            };
        if !same {
            let why = format!("{named} changed since it was sent, so its result could not be checked");
            return Err(refused(why, &back).into());
        }
        if !is_there(remote, staged).await? {
            let why = format!(
                "the copy of {named} on storage is gone or is another by now, so the provider could not work on it"
            );
            return Err(refused(why, "").into());
        }
        Ok(())
    }

    /// The copy on storage, whole and checked, in a file that has no name; `None` where there is none any more.
    ///
    /// # Errors
    /// What keeps it from being fetched.
    pub(super) async fn sent_dataset(&self, job: &Job) -> Result<Option<File>, JobError> {
        let Some(staged) = &job.staged else { return Ok(None) };
        let remote = self.remote().await?;
        let (Some(storage), Some(origin)) = (&remote.storage, &remote.storage_origin) else { return Ok(None) };
        if !is_there(remote, staged).await? {
            return Ok(None);
        }
        let home = self.parts.ledger.home();
        let write = |source| JobError::Write { path: home.to_owned(), source };
        let folder = tempfile::Builder::new().prefix("sent-").tempdir_in(home).map_err(write)?;
        let to = folder.path().join("dataset");
        let plan = FetchPlan {
            url: storage.presign_get(&staged.key, LINK_LIFETIME).await?,
            allowed: vec![origin.clone()],
            public: Vec::new(),
            headers: Default::default(),
            max_bytes: staged.bytes,
            time_limit: fetch::time_limit(staged.bytes),
            expect_sha256: Some(staged.sha256),
            to: to.clone(),
        };
        match fetch_on(self.tape(), plan, &|_, _| {}).await {
            Ok(_) => Ok(Some(File::open(to).map_err(write)?)),
            Err(FetchError::WrongContent { .. } | FetchError::TooLarge { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether storage still has the object that was sent. What lies elsewhere is not looked at.
async fn is_there(remote: &Remote, staged: &Staged) -> Result<bool, JobError> {
    let Some(storage) = remote.storage.as_ref().filter(|_| staged.lies.is_storage()) else { return Ok(true) };
    match storage.holds(staged).await {
        Err(StorageError::NoBucket { .. } | StorageError::NoObject { .. }) => Ok(false),
        holds => Ok(holds?),
    }
}
