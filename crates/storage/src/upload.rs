//! Staging a dataset: measured first, sent as it was measured, looked at afterwards.
//!
//! Interrupted at any instant, it is simply done again: what is already there under the right checksum is not sent.

use std::{os::fd::AsRawFd as _, time::Duration};

use super::{
    Storage, StorageError,
    body::Tally,
    digest::{Digest, digest},
    held::Held,
    plan::{Part, part_size},
};
use domain::job::{LiesAt, Staged, StagedCheck};
use guard::policy::{
    data::OpenDataset,
    permit::{Permit, Upload},
    refusal::{Refusal, Rule},
};

/// How often all is sent, when what the store holds in the end is something else.
const ROUNDS: usize = 2;
/// How often progress is told while bytes flow.
const TICK: Duration = Duration::from_millis(200);

const CHANGED_HINT: &str = "ask again once nothing writes to the file, so that the job is planned on it as it is then";

/// Told bytes sent and bytes in all.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// What is being staged.
pub(super) struct Job<'a> {
    /// The open file.
    pub dataset: &'a OpenDataset,
    /// The same by name, so that each part reads through a handle of its own.
    pub path: String,
    /// Where it goes.
    pub key: &'a str,
    /// What it contains.
    pub digest: &'a Digest,
    /// Bytes of a part.
    pub part_size: u64,
    /// Whether the store is told CRC-64/NVME checksums; some know none.
    pub checksums: bool,
    /// What was sent so far.
    pub tally: Tally,
}

impl Job<'_> {
    /// Refuses when the file is not as it was measured.
    pub fn unchanged(&self) -> Result<(), StorageError> {
        if self.tally.changed() {
            // Its size and time may say nothing of it.
            let why = format!("{} changed while it was being sent", self.dataset.path.display());
            return Err(StorageError::Changed(Refusal::new(Rule::DataChanged, why).hint(CHANGED_HINT)));
        }
        Ok(self.dataset.unchanged_since(self.dataset.bytes, self.dataset.modified_ns)?)
    }
}

impl Storage {
    /// Uploads the permitted dataset from its open file, and answers once it is on storage, whole and checked.
    ///
    /// Sends nothing when the same content is already there, and only the missing parts when an earlier upload was
    /// interrupted. `progress` is told bytes done and bytes in all.
    ///
    /// # Errors
    /// [`StorageError::Changed`] when the file is not as it was opened; others as they say. Nothing is left behind then, but
    /// after a trouble that passes ([`StorageError::is_passing`]): what was sent by then is gone on with.
    pub async fn upload(&self, permit: Permit<Upload>, progress: Progress<'_>) -> Result<Staged, StorageError> {
        let Upload { dataset, key, .. } = permit.spend();
        let bytes = dataset.bytes;
        if bytes == 0 {
            return Err(StorageError::Empty { path: dataset.path });
        }
        let part_size = part_size(bytes)?;
        dataset.unchanged_since(bytes, dataset.modified_ns)?;
        let digest = measure(&dataset, part_size).await?;
        dataset.unchanged_since(bytes, dataset.modified_ns)?;

        let path = format!("/proc/self/fd/{}", dataset.file.as_raw_fd());
        let job = Job {
            dataset: &dataset,
            path,
            key: &key,
            digest: &digest,
            part_size,
            checksums: true,
            tally: Tally::default(),
        };
        let (check, etag) = self.staged(job, progress).await?;
        progress(bytes, bytes);
        let (url, lies) = (self.address(&key), LiesAt::Storage);
        Ok(Staged { url, sha256: digest.sha256, bytes, check: Some(check), etag, key, lies })
    }

    /// Sends what is not there, until the store holds it; how that is known, and the tag of the object.
    async fn staged(
        &self,
        mut job: Job<'_>,
        progress: Progress<'_>,
    ) -> Result<(StagedCheck, Option<String>), StorageError> {
        if let Some(found) = self.found(job.key).await?
            && found.sha256 == Some(job.digest.sha256)
        {
            match self.held(&job, &found).await? {
                Held::Whole(check) => return Ok((check, found.etag)),
                Held::Damaged(what) => tracing::warn!("{} is on storage, and {what}: it is sent again", job.key),
            }
            self.remove(job.key).await?;
        }
        let mut round = 1;
        loop {
            let mut sent = self.send(&job, progress).await;
            if job.checksums && sent.as_ref().is_err_and(StorageError::may_be_about_checksums) {
                tracing::warn!("{} may not know CRC-64/NVME: sending without checksums", self.place.endpoint);
                job = Job { checksums: false, tally: Tally::default(), ..job };
                sent = self.send(&job, progress).await;
            }
            let damage = match sent {
                Ok(()) => {
                    job.unchanged()?;
                    match self.found(job.key).await? {
                        None => self.damaged(&job, "it is not there"),
                        Some(found) => match self.held(&job, &found).await? {
                            Held::Whole(check) => return Ok((check, found.etag)),
                            Held::Damaged(what) => self.damaged(&job, what),
                        },
                    }
                }
                Err(error @ StorageError::Corrupt { .. }) => error,
                Err(error) => return Err(error),
            };
            // What is there is of no use to anybody, and a later run would have to tell it from the right one.
            self.remove(job.key).await?;
            if round == ROUNDS {
                return Err(damage);
            }
            tracing::warn!("{damage}: it is sent again");
            job.tally.restart();
            round += 1;
        }
    }

    fn damaged(&self, job: &Job<'_>, what: &str) -> StorageError {
        StorageError::Corrupt { key: job.key.to_owned(), what: what.to_owned() }
    }

    /// Sends all, telling progress meanwhile.
    async fn send(&self, job: &Job<'_>, progress: Progress<'_>) -> Result<(), StorageError> {
        let total = job.dataset.bytes;
        let work = async {
            let only = Part { number: 1, offset: 0, bytes: total };
            if total <= job.part_size { self.put(job, only).await } else { self.send_parts(job).await }
        };
        tokio::pin!(work);
        let mut ticker = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = ticker.tick() => progress(job.tally.sent().min(total), total),
            }
        }
    }
}

/// Reads the whole file once for its checksums, off the runtime's threads.
async fn measure(dataset: &OpenDataset, part_size: u64) -> Result<Digest, StorageError> {
    let cannot = |source| StorageError::Read { path: dataset.path.clone(), source };
    let file = dataset.reopen().map_err(cannot)?;
    let bytes = dataset.bytes;
    let read = tokio::task::spawn_blocking(move || digest(file, bytes, part_size)).await;
    read.map_err(std::io::Error::other).flatten().map_err(|source| match source.kind() {
        // Shorter than it was when it was opened.
        std::io::ErrorKind::UnexpectedEof => match dataset.unchanged_since(bytes, dataset.modified_ns) {
            Err(changed) => StorageError::Changed(changed),
            Ok(()) => cannot(source),
        },
        _ => cannot(source),
    })
}
