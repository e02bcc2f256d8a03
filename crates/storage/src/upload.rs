//! Staging a dataset: measured first, sent as it was measured, looked at afterwards.
//!
//! Interrupted at any instant, it is simply done again: what is already there under the right checksum is not sent.

use std::{os::fd::AsRawFd as _, time::Duration};

use aws_sdk_s3::types::ChecksumMode;

use super::{
    Storage, StorageError,
    body::Tally,
    digest::{Digest, digest},
    error::is_not_found,
    plan::{Part, part_size},
};
use domain::{hash::Sha256, job::Staged};
use guard::policy::{
    data::OpenDataset,
    permit::{Permit, Upload},
    refusal::{Refusal, Rule},
};

/// The metadata field that carries the content's SHA-256.
pub(super) const SHA256_FIELD: &str = "sha256";
/// How often progress is told while bytes flow.
const TICK: Duration = Duration::from_millis(200);

const CHANGED_HINT: &str = "ask again once nothing writes to the file, so that the job is planned on it as it is then";

/// Told bytes sent and bytes in all.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// An object that is there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub bytes: u64,
    pub sha256: Option<Sha256>,
    pub crc64: Option<String>,
}

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
    /// [`StorageError::Changed`] when the file is not as it was opened; others as they say. Nothing is left behind then,
    /// unless the server can no longer be reached.
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

        let staged = Staged { url: self.address(&key), sha256: digest.sha256, bytes, key };
        let wanted = |found: &Found| found.bytes == bytes && found.sha256 == Some(digest.sha256);
        if self.found(&staged.key).await?.as_ref().is_some_and(wanted) {
            progress(bytes, bytes);
            return Ok(staged);
        }
        let path = format!("/proc/self/fd/{}", dataset.file.as_raw_fd());
        let mut job = Job {
            dataset: &dataset,
            path,
            key: &staged.key,
            digest: &digest,
            part_size,
            checksums: true,
            tally: Tally::default(),
        };
        let mut sent = self.send(&job, progress).await;
        if sent.as_ref().is_err_and(StorageError::may_be_about_checksums) {
            tracing::warn!("{} may not know CRC-64/NVME: sending without checksums", self.place.endpoint);
            job = Job { checksums: false, tally: Tally::default(), ..job };
            sent = self.send(&job, progress).await;
        }
        sent?;
        job.unchanged()?;
        self.verify(&job).await?;
        progress(bytes, bytes);
        Ok(staged)
    }

    /// The object under `key`.
    pub(super) async fn found(&self, key: &str) -> Result<Option<Found>, StorageError> {
        let head = self.client.head_object().bucket(&self.place.bucket).key(key).checksum_mode(ChecksumMode::Enabled);
        match head.send().await {
            Ok(object) => Ok(Some(Found {
                bytes: object.content_length().and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
                sha256: object.metadata().and_then(|m| m.get(SHA256_FIELD)).and_then(|text| text.parse().ok()),
                crc64: object.checksum_crc64_nvme().map(str::to_owned),
            })),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(self.place.error(error)),
        }
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

    /// Looks at what is there now: the last word on what storage holds.
    async fn verify(&self, job: &Job<'_>) -> Result<(), StorageError> {
        let damaged = |what: &str| StorageError::Corrupt { key: job.key.to_owned(), what: what.to_owned() };
        let found = self.found(job.key).await?.ok_or_else(|| damaged("it is not there"))?;
        if found.bytes != job.dataset.bytes {
            return Err(damaged("its size differs"));
        }
        // Stores may leave our field or the checksum out, but may not change them.
        if found.sha256.is_some_and(|sha| sha != job.digest.sha256) {
            return Err(damaged("it belongs to other content"));
        }
        if found.crc64.is_some_and(|crc| crc != job.digest.crc64.to_header()) {
            return Err(damaged("its CRC-64 differs"));
        }
        Ok(())
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
