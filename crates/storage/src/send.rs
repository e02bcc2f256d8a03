//! Sending: one PUT for a small file, parts side by side for a large one.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_s3::{
    config::{Builder, http::HttpResponse, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
    types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart},
};
use backon::{BackoffBuilder as _, ExponentialBuilder, Retryable as _};
use futures::{StreamExt as _, TryStreamExt as _};

use super::{
    Storage, StorageError,
    body::part_body,
    digest::Crc64,
    error::{is_damage, is_passing, is_unread},
    held::SHA256_FIELD,
    plan::{Part, parts},
    upload::Job,
};

/// How long a request is tried again for troubles that pass, all pauses together.
const PATIENCE: Duration = Duration::from_secs(300);
/// Parts on their way at once.
const AT_ONCE: usize = 8;
/// How often a part that arrives damaged is sent.
const TRIES: usize = 3;
/// The slowest line that is waited for, bytes a second for each part: a bound on hanging, not a goal.
const SLOWEST: u64 = 8 << 10;
/// The slowest store that is waited for while it puts parts together, bytes a second.
const SLOWEST_STORE: u64 = 10 << 20;

impl Storage {
    /// Sends a small file in one request.
    pub(super) async fn put(&self, job: &Job<'_>, part: Part) -> Result<(), StorageError> {
        let crc = job.digest.crc64;
        let checksum = job.checksums.then(|| crc.to_header());
        let answer = self
            .resend(job, part, crc, |body| {
                let put = self.client.put_object().bucket(&self.place.bucket).key(job.key).body(body);
                let put = put.metadata(SHA256_FIELD, job.digest.sha256.to_string()).content_length(part.bytes as i64);
                let put = put.set_checksum_crc64_nvme(checksum.clone()).customize().disable_payload_signing();
                put.config_override(patience(part.bytes / SLOWEST)).send()
            })
            .await?;
        same(job, answer.checksum_crc64_nvme(), crc)
    }

    /// Sends a large file in parts, going on with an interrupted upload where there is one.
    pub(super) async fn send_parts(&self, job: &Job<'_>) -> Result<(), StorageError> {
        if let Some((upload, there)) = self.interrupted(job).await {
            match self.finish(job, &upload, there).await {
                Ok(()) => return Ok(()),
                // What is there is gone on with next time.
                Err(error) if error.is_passing() => return Err(error),
                Err(error @ StorageError::Changed(_)) => {
                    self.abandon(job.key, &upload).await;
                    return Err(error);
                }
                // What an earlier run left may be unfit in ways that only show now.
                Err(error) => {
                    tracing::warn!("an interrupted upload of {} cannot be gone on with: {error}", job.key);
                    self.abandon(job.key, &upload).await;
                    job.tally.restart();
                }
            }
        }
        let upload = self.begin(job).await?;
        let sent = self.finish(job, &upload, BTreeMap::new()).await;
        if sent.as_ref().is_err_and(|error| !error.is_passing()) {
            self.abandon(job.key, &upload).await;
        }
        sent
    }

    async fn begin(&self, job: &Job<'_>) -> Result<String, StorageError> {
        let mut create = self.client.create_multipart_upload().bucket(&self.place.bucket).key(job.key);
        create = create.metadata(SHA256_FIELD, job.digest.sha256.to_string());
        if job.checksums {
            create = create.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).checksum_type(ChecksumType::FullObject);
        }
        let answer = self.patiently(|| create.clone().send()).await.map_err(|e| self.place.error(e))?;
        answer.upload_id.ok_or_else(|| StorageError::Refused {
            endpoint: self.place.endpoint.to_string(),
            code: "an upload without an id".to_owned(),
            message: String::new(),
        })
    }

    /// Sends the parts that are not there and puts all together.
    async fn finish(
        &self,
        job: &Job<'_>,
        upload: &str,
        mut there: BTreeMap<i32, CompletedPart>,
    ) -> Result<(), StorageError> {
        let (kept, missing): (Vec<_>, Vec<_>) = parts(job.dataset.bytes, job.part_size)
            .zip(job.digest.parts.iter().copied())
            .partition(|(part, _)| there.contains_key(&part.number));
        job.tally.skip(kept.iter().map(|(part, _)| part.bytes).sum());
        let mut sent = futures::stream::iter(missing)
            .map(|(part, crc)| async move {
                let done = self.send_part(job, upload, part, crc).await?;
                Ok::<_, StorageError>((part.number, done))
            })
            .buffer_unordered(AT_ONCE);
        while let Some((number, part)) = sent.try_next().await? {
            there.insert(number, part);
        }
        let all = CompletedMultipartUpload::builder().set_parts(Some(there.into_values().collect())).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.place.bucket).key(job.key);
        let complete = complete
            .upload_id(upload)
            .multipart_upload(all)
            .set_checksum_type(job.checksums.then_some(ChecksumType::FullObject))
            .set_checksum_crc64_nvme(job.checksums.then(|| job.digest.crc64.to_header()));
        // Some stores copy all parts together before they answer.
        let seconds = job.dataset.bytes / SLOWEST_STORE;
        let completed = self.patiently(|| complete.clone().customize().config_override(patience(seconds)).send()).await;
        match completed {
            Ok(answer) => same(job, answer.checksum_crc64_nvme(), job.digest.crc64),
            // Completed by a request whose answer was lost, or could not be read; what is there is looked at next.
            Err(error) if error.code() == Some("NoSuchUpload") || is_unread(&error) => Ok(()),
            Err(error) => Err(self.failure(job, error)),
        }
    }

    async fn send_part(
        &self,
        job: &Job<'_>,
        upload: &str,
        part: Part,
        crc: Crc64,
    ) -> Result<CompletedPart, StorageError> {
        let checksum = job.checksums.then(|| crc.to_header());
        let answer = self
            .resend(job, part, crc, |body| {
                let put = self.client.upload_part().bucket(&self.place.bucket).key(job.key).upload_id(upload);
                let put = put.part_number(part.number).content_length(part.bytes as i64).body(body);
                let put = put.set_checksum_crc64_nvme(checksum.clone()).customize().disable_payload_signing();
                put.config_override(patience(part.bytes / SLOWEST)).send()
            })
            .await?;
        same(job, answer.checksum_crc64_nvme(), crc)?;
        let done = CompletedPart::builder().part_number(part.number).set_e_tag(answer.e_tag);
        Ok(done.set_checksum_crc64_nvme(checksum).build())
    }

    /// Sends a request that changes nothing when it comes twice, and again for troubles that pass.
    async fn patiently<T, E, F>(&self, send: impl FnMut() -> F) -> Result<T, SdkError<E, HttpResponse>>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        send.retry(pauses()).when(is_passing).sleep(self.tape.sleeper()).await
    }

    /// Sends a part, and again when it arrived damaged, and for minutes when connections break or the server is busy.
    async fn resend<T, E, F>(
        &self,
        job: &Job<'_>,
        part: Part,
        crc: Crc64,
        send: impl Fn(ByteStream) -> F,
    ) -> Result<T, StorageError>
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut tries = 1;
        let mut pauses = pauses().build();
        loop {
            let body = part_body(&job.path, part, crc, &job.tally).await.map_err(|source| {
                let unreadable = StorageError::Read { path: job.dataset.path.clone(), source };
                job.unchanged().err().unwrap_or(unreadable)
            })?;
            match send(body).await {
                Ok(answer) => return Ok(answer),
                Err(error) if is_damage(&error) && tries < TRIES => {
                    tracing::warn!("part {} of {} arrived damaged, sending it again", part.number, job.key);
                    tries += 1;
                }
                Err(error) => match pauses.next() {
                    Some(pause) if is_passing(&error) => {
                        job.unchanged()?;
                        let why = self.place.error(error);
                        tracing::warn!("part {} of {} is sent again: {why}", part.number, job.key);
                        self.tape.sleep(pause).await;
                    }
                    _ => return Err(self.failure(job, error)),
                },
            }
        }
    }

    /// What the failure of a request with content means.
    fn failure<E>(&self, job: &Job<'_>, error: SdkError<E, HttpResponse>) -> StorageError
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        // A file that changes makes requests fail in many ways; that it changed is what there is to say.
        if let Err(changed) = job.unchanged() {
            return changed;
        }
        if is_damage(&error) {
            let what = format!("{} says {}", self.place.endpoint, error.code().unwrap_or_default());
            return StorageError::Corrupt { key: job.key.to_owned(), what };
        }
        self.place.error(error)
    }
}

/// Fails when the store says that it holds other content than was sent. A store that says nothing is believed.
fn same(job: &Job<'_>, theirs: Option<&str>, ours: Crc64) -> Result<(), StorageError> {
    match theirs {
        Some(theirs) if theirs != ours.to_header() => Err(StorageError::Corrupt {
            key: job.key.to_owned(),
            what: "the CRC-64 that storage found differs from ours".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Between two tries, until [`PATIENCE`] is used up.
fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(15))
        .without_max_times()
        .with_total_delay(Some(PATIENCE))
}

/// Waits this many seconds longer than usual for an answer.
fn patience(seconds: u64) -> Builder {
    let timeouts = TimeoutConfig::builder().read_timeout(Duration::from_secs(60 + seconds)).build();
    aws_sdk_s3::Config::builder().timeout_config(timeouts)
}
