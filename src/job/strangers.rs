//! Models with keys of their own, as all are at AIOZ: what can be said before anything is sent, and how their files travel.

use std::{
    collections::BTreeMap,
    io::Read as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{Cancel, JobError, Remote, Workflow, waiting::unless_stopped};
use compute::aioz::{Handed, Handover, MOST_UPLOADED, UploadError, is_text_of, mime};
use domain::{
    dataset::{DatasetProfile, Format},
    event::Event,
    hash::Sha256,
    job::{Job, JobState, LiesAt, Staged},
    plan::{PlannedWork, Unverified},
    task::{
        TaskType,
        remote::{Accept, RemoteModel, Slots},
    },
    units,
};
use guard::policy::{
    Refusal, Rule,
    data::{OpenDataset, OpenFurther},
    mandate,
    permit::{Permit, Upload},
};

/// How long the provider may read a file: as long as S3 allows, as a job may wait for its payment.
const LINK_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// What a file may have that travels as text within the submit, bytes.
const MOST_TEXT: u64 = 100_000;

/// How it stands with a result of this model; nothing where results have checksums. `said`: a person takes it, beforehand.
pub(super) fn acceptance(remote: &RemoteModel, said: bool) -> Option<Unverified> {
    match (remote.is_unverifiable(), remote.accept) {
        (false, _) => None,
        (true, Accept::Unverified) => Some(Unverified::Task),
        (true, Accept::Checksum) if said => Some(Unverified::Flag),
        (true, Accept::Checksum) => Some(Unverified::Asked),
    }
}

impl Workflow {
    /// Whether a person said of this very job before that they take a result which nobody can verify.
    pub(super) fn was_taken(&self, job: &Job) -> bool {
        self.parts.guard.mandate(job).is_ok_and(|mandate| mandate.takes_unverified(job))
    }

    /// What is known to fail of sending a job to this model: files that it does not take or that cannot travel, and a result that
    /// nobody takes.
    ///
    /// # Errors
    /// The first of these; Q-UNVERIFIED.
    pub(super) async fn possible_there(
        &self,
        task: &TaskType,
        remote: &RemoteModel,
        job: &Job,
        piece: &mut PlannedWork,
    ) -> Result<(), JobError> {
        piece.work.unverified |= self.parts.takes_unverified;
        piece.unverified = acceptance(remote, piece.work.unverified || self.was_taken(job));
        let begun = !matches!(job.state, JobState::Planned | JobState::Staging | JobState::Staged);
        let own_storage = self.pricing().await?.own_storage;
        let Some(slots) = remote.slots.as_ref().filter(|_| !begun) else {
            return match own_storage || begun {
                true => Ok(()),
                false => Err(no_storage()),
            };
        };
        let further = job.verdict.further.iter().map(|file| (file.name.as_str(), &file.profile));
        for (name, profile) in std::iter::once((task.input.as_str(), &job.verdict.dataset)).chain(further) {
            suits(slots, name, profile, own_storage)?;
        }
        match piece.unverified {
            Some(Unverified::Asked) if !self.parts.approver.reads_plans() => {
                Err(mandate::unverified(&task.name).into())
            }
            _ => Ok(()),
        }
    }

    /// Sends one file to where its model takes it from.
    pub(super) async fn send(
        &self,
        (remote, model): (&Remote, &RemoteModel),
        job: &Job,
        (name, format): (&str, Format),
        permit: Permit<Upload>,
        cancel: &Cancel,
    ) -> Result<Staged, JobError> {
        let slots = model.slots.as_ref();
        if slots.is_some_and(|slots| slots.is_text(name)) {
            let Upload { dataset, .. } = permit.spend();
            let text = text_of(&dataset)?;
            let (sha256, bytes) = (Sha256::of(text.as_bytes()), text.len() as u64);
            let (key, url) = (String::new(), remote.provider.base().to_string());
            return Ok(Staged { key, url, sha256, bytes, check: None, etag: None, lies: LiesAt::Request });
        }
        let Some(storage) = &remote.storage else {
            if slots.is_none() {
                return Err(no_storage());
            }
            let mime = mime::of_file(&permit.effect().dataset.path, format);
            let place = remote.provider.upload_place(permit.effect(), &mime);
            let place = unless_stopped(job, cancel, place).await??;
            // Before a byte goes out: whatever becomes of this program, what may lie there can be taken away.
            let link = place.link().to_owned();
            self.parts.ledger.learn(&job.id, |job| job.begun_uploads.push(link))?;
            return Ok(unless_stopped(job, cancel, remote.provider.upload(permit, place)).await??);
        };
        // A part that is tried again is no news.
        let told = AtomicU64::new(u64::MAX);
        let progress = |bytes, total| {
            if told.swap(bytes, Ordering::Relaxed) != bytes {
                self.emit(Event::UploadProgress { job: job.id.clone(), bytes, total });
            }
        };
        Ok(unless_stopped(job, cancel, storage.upload(permit, &progress)).await??)
    }

    /// The further files of a job, sent; what each holds was searched for secrets before.
    pub(super) async fn send_further(
        &self,
        outside: (&Remote, &RemoteModel),
        job: &Job,
        further: Vec<OpenFurther>,
        cancel: &Cancel,
    ) -> Result<BTreeMap<String, Staged>, JobError> {
        let guard = &self.parts.guard;
        let mut staged = BTreeMap::new();
        for file in further {
            let (name, key) = (file.name.clone(), further_key(job, &file.name));
            let measured = job.verdict.further.iter().find(|measured| measured.name == name);
            let format = measured.map_or(Format::Binary, |measured| measured.profile.format);
            let permit = guard.permit_upload_further(&guard.mandate(job)?, job, file, key, &*self.parts.sink)?;
            let one = self.send(outside, job, (&name, format), permit, cancel).await?;
            staged.insert(name, one);
        }
        Ok(staged)
    }

    /// Searches the further files for secrets to their ends, unless a person stops it.
    pub(super) async fn search_further(
        &self,
        job: &Job,
        further: &[OpenFurther],
        cancel: &Cancel,
    ) -> Result<(), JobError> {
        for file in further {
            let search = file.file.search()?;
            let path = file.file.path.clone();
            // Left, it reads on without being heard.
            let searching = tokio::task::spawn_blocking(move || search.run(&|_| {}));
            let searched = unless_stopped(job, cancel, searching).await?;
            let searched = searched.map_err(|e| JobError::Read { path, source: std::io::Error::other(e) })?;
            if let Err(refusal) = searched {
                self.not_staged(job, &refusal.why)?;
                return Err(refusal.into());
            }
        }
        Ok(())
    }

    /// The files of a staged job as its model is handed them.
    pub(super) async fn handover(&self, remote: &Remote, task: &TaskType, job: &Job) -> Result<Handover, JobError> {
        let mut files = BTreeMap::new();
        let staged = job.staged.iter().map(|staged| (&task.input, staged)).chain(&job.further_staged);
        for (name, staged) in staged {
            let handed = match &staged.lies {
                LiesAt::Storage => {
                    let storage = remote.storage.as_ref().ok_or_else(no_storage)?;
                    Handed::Link(storage.presign_get(&staged.key, LINK_LIFETIME).await?)
                }
                LiesAt::Provider { link } => Handed::Link(link.parse().map_err(|_| no_storage())?),
                LiesAt::Request => Handed::Text(self.same_text(task, job, name, staged)?),
            };
            files.insert(name.clone(), handed);
        }
        // A file of the job's own is told by its address; text may be that of another job.
        let is_text = files.values().all(|file| matches!(file, Handed::Text(_)));
        let taken = if is_text { self.parts.ledger.provider_jobs_but(&job.id)? } else { Default::default() };
        Ok(Handover { files, taken })
    }

    /// A text that travels within the submit, as it was when it was staged.
    fn same_text(&self, task: &TaskType, job: &Job, name: &str, staged: &Staged) -> Result<String, JobError> {
        let guard = &self.parts.guard;
        let open = match name == task.input {
            true => guard.reopen_dataset(job)?,
            false => {
                let all = guard.reopen_further(job)?.into_iter();
                let file = all.map(|file| (file.name, file.file)).find(|(known, _)| known == name);
                file.map(|(_, file)| file).ok_or_else(|| changed(Path::new(name)))?
            }
        };
        let text = text_of(&open)?;
        if is_text_of(&text, staged) { Ok(text) } else { Err(changed(&open.path)) }
    }
}

/// The key of a further file: the job's own, beneath the name that the task gives it.
pub(super) fn further_key(job: &Job, name: &str) -> String {
    format!("{}-{name}", super::offload::object_key(job))
}

/// Whether a model takes a file like this, and it can travel.
fn suits(slots: &Slots, name: &str, file: &DatasetProfile, own_storage: bool) -> Result<(), JobError> {
    let path = file.path.display();
    let no = |why: String, hint: &str| Err(JobError::NotRemote { why, hint: hint.to_owned() });
    if slots.is_text(name) {
        return match file.bytes > MOST_TEXT {
            true => no(
                format!(
                    "{path} has {}, and the model takes it as text, of at most {}",
                    units::bytes(file.bytes),
                    units::bytes(MOST_TEXT)
                ),
                "take a part of it",
            ),
            false => Ok(()),
        };
    }
    let types = slots.mime.get(name).map(Vec::as_slice).unwrap_or_default();
    let is = mime::of_file(&file.path, file.format);
    if !mime::fits(&is, types) {
        let wanted = types.join(" or ");
        return no(
            format!("`{name}` is to be {wanted}, and {path} is {is}"),
            "name another file; what it is, the ending of its name says",
        );
    }
    if !own_storage && file.bytes > MOST_UPLOADED {
        let (has, most) = (units::bytes(file.bytes), units::bytes(MOST_UPLOADED));
        return no(
            format!("{path} has {has}, and the provider's own storage takes {most} at most"),
            "configure storage of your own: AIOZ_BUCKET, AIOZ_ACCESS_KEY and AIOZ_SECRET_KEY",
        );
    }
    Ok(())
}

/// The text of a file that travels as such.
fn text_of(dataset: &OpenDataset) -> Result<String, JobError> {
    let path: PathBuf = dataset.path.clone();
    let read = |source| JobError::Read { path: path.clone(), source };
    let mut bytes = Vec::new();
    dataset.reopen().map_err(read)?.take(MOST_TEXT + 1).read_to_end(&mut bytes).map_err(read)?;
    dataset.unchanged_since(dataset.bytes, dataset.modified_ns)?;
    let is_long = bytes.len() as u64 > MOST_TEXT;
    String::from_utf8(bytes).ok().filter(|_| !is_long).ok_or_else(|| {
        let why =
            format!("{} is no text of at most {}, as the model takes it", path.display(), units::bytes(MOST_TEXT));
        JobError::NotRemote { why, hint: "name a text file in UTF-8".to_owned() }
    })
}

fn changed(path: &Path) -> JobError {
    let why = format!("{} changed since it was to be sent", path.display());
    Refusal::new(Rule::DataChanged, why).hint("ask again, so that the job is planned on it as it is now").into()
}

/// What keeps work from leaving a machine that has no storage of its own.
fn no_storage() -> JobError {
    JobError::Setup {
        message: "no storage is configured, and only AIOZ's own models take files from the provider's".to_owned(),
        hint: Some("set AIOZ_BUCKET, AIOZ_ACCESS_KEY and AIOZ_SECRET_KEY".to_owned()),
    }
}

impl From<UploadError> for JobError {
    fn from(error: UploadError) -> JobError {
        match error {
            UploadError::Compute(error) => error.into(),
            UploadError::Changed(name) => changed(Path::new(&name)),
            UploadError::Read { name, source } => JobError::Read { path: name.into(), source },
            error @ (UploadError::TooLarge { .. } | UploadError::Refused { .. }) => JobError::Setup {
                message: error.to_string(),
                hint: Some(
                    "`agent jobs resume` tries again; or configure storage of your own with AIOZ_BUCKET".to_owned(),
                ),
            },
        }
    }
}
