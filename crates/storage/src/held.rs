//! What storage holds, and how that is known: by the store's own CRC-64, by an ETag that is an MD5, or by reading the
//! object back. Not every store knows CRC-64/NVME, and one that does not says nothing when a byte is another on its way.

use aws_sdk_s3::types::ChecksumMode;
use md5::{Digest as _, Md5};
use sha2::Sha256 as Hasher;

use super::{Storage, StorageError, digest::md5, error::is_not_found, plan::parts, upload::Job};
use cassette::Tape;
use domain::{hash::Sha256, job::StagedCheck};

/// The metadata field that carries the content's SHA-256.
pub(super) const SHA256_FIELD: &str = "sha256";
/// How often an object is read from its beginning, when the line breaks.
const READS: usize = 3;

/// An object that is there, as the store tells of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub bytes: u64,
    /// Of our metadata: what was meant to be there.
    pub sha256: Option<Sha256>,
    /// Of the whole object.
    pub crc64: Option<String>,
    pub etag: Option<String>,
}

/// What an object is, beside what was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// The same, known by this.
    Whole(StagedCheck),
    /// Something else, in words.
    Damaged(&'static str),
}

impl Storage {
    /// The object under `key`.
    pub(super) async fn found(&self, key: &str) -> Result<Option<Found>, StorageError> {
        let head = self.client.head_object().bucket(&self.place.bucket).key(key).checksum_mode(ChecksumMode::Enabled);
        match head.send().await {
            Ok(object) => Ok(Some(Found {
                bytes: object.content_length().and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
                sha256: object.metadata().and_then(|m| m.get(SHA256_FIELD)).and_then(|text| text.parse().ok()),
                // With a dash it is a checksum of the parts' checksums, and says nothing of ours.
                crc64: object.checksum_crc64_nvme().filter(|crc| !crc.contains('-')).map(str::to_owned),
                etag: object.e_tag().map(|tag| tag.trim_matches('"').to_owned()),
            })),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(match self.place.error(error) {
                first if first.is_bare() => self.can_list().await.err().unwrap_or(first),
                first => first,
            }),
        }
    }

    /// Whether the object is what was sent: the last word on what storage holds.
    ///
    /// # Errors
    /// When the dataset or the object cannot be read.
    pub(super) async fn held(&self, job: &Job<'_>, found: &Found) -> Result<Held, StorageError> {
        if found.bytes != job.dataset.bytes {
            return Ok(Held::Damaged("its size differs"));
        }
        // Stores may leave our field or the checksum out, but may not change them.
        if found.sha256.is_some_and(|sha| sha != job.digest.sha256) {
            return Ok(Held::Damaged("it belongs to other content"));
        }
        if let Some(crc) = &found.crc64 {
            return Ok(match *crc == job.digest.crc64.to_header() {
                true => Held::Whole(StagedCheck::Crc64Nvme),
                false => Held::Damaged("its CRC-64 differs"),
            });
        }
        // A tag may be anything: one that is not our MD5 says nothing, and one that is says all.
        if let Some(tag) = found.etag.as_deref().filter(|tag| could_be_md5(tag))
            && tag.eq_ignore_ascii_case(&md5_tag(job, tag.contains('-')).await?)
        {
            return Ok(Held::Whole(StagedCheck::Md5));
        }
        tracing::info!("{} tells no checksum of {}: reading it back", self.place.endpoint, job.key);
        Ok(match self.read_back(job.key).await? == job.digest.sha256 {
            true => Held::Whole(StagedCheck::ReadBack),
            false => Held::Damaged("what is read back differs"),
        })
    }

    /// The SHA-256 of what the store gives for `key`. A record keeps that alone, and not the content.
    async fn read_back(&self, key: &str) -> Result<Sha256, StorageError> {
        let read = match &self.tape {
            Tape::Playing(_) => Err("the record does not say".to_owned()),
            _ => self.tape.aside(self.content(key)).await.map_err(|error| error.to_string()),
        };
        let read = self.tape.draw(&format!("what storage holds under {key}"), || read);
        read.map_err(|cause| StorageError::Unreachable { endpoint: self.place.endpoint.to_string(), cause })
    }

    async fn content(&self, key: &str) -> Result<Sha256, StorageError> {
        let mut reads = 1;
        loop {
            let object = self.client.get_object().bucket(&self.place.bucket).key(key).send().await;
            let mut body = object.map_err(|error| self.place.error(error))?.body;
            let mut sha = Hasher::new();
            let broken = loop {
                match body.next().await {
                    Some(Ok(bytes)) => sha.update(&bytes),
                    Some(Err(error)) => break error,
                    None => return Ok(Sha256(sha.finalize().into())),
                }
            };
            if reads == READS {
                let cause = broken.to_string();
                return Err(StorageError::Unreachable { endpoint: self.place.endpoint.to_string(), cause });
            }
            reads += 1;
        }
    }
}

/// Whether a tag has the form of an MD5, or of the MD5 of the MD5s of parts.
fn could_be_md5(tag: &str) -> bool {
    let (digest, parts) = tag.split_once('-').unwrap_or((tag, "1"));
    digest.len() == 32 && digest.bytes().all(|b| b.is_ascii_hexdigit()) && parts.parse::<u32>().is_ok()
}

/// The tag that S3 gives the dataset when it arrives whole, or in its parts.
async fn md5_tag(job: &Job<'_>, in_parts: bool) -> Result<String, StorageError> {
    let unreadable = |source| StorageError::Read { path: job.dataset.path.clone(), source };
    let file = job.dataset.reopen().map_err(unreadable)?;
    let (bytes, part_size) = (job.dataset.bytes, if in_parts { job.part_size } else { job.dataset.bytes });
    let read = tokio::task::spawn_blocking(move || {
        parts(bytes, part_size).map(|part| md5(&file, part)).collect::<std::io::Result<Vec<[u8; 16]>>>()
    });
    let digests = read.await.map_err(std::io::Error::other).flatten().map_err(unreadable)?;
    Ok(match (in_parts, digests.as_slice()) {
        (false, [only]) => hex::encode(only),
        (_, all) => format!("{}-{}", hex::encode(Md5::digest(all.concat())), all.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_other_forms_are_no_md5() {
        let md5 = "25f9e794323b453885f5181f1b624d0b";
        for tag in [md5.to_owned(), format!("{md5}-3"), md5.to_uppercase()] {
            assert!(could_be_md5(&tag), "{tag}");
        }
        for tag in ["", "fa63bsqaed7rppmakxks7ddb-1", "25f9-1", &format!("{md5}-x"), &format!("{md5}00")] {
            assert!(!could_be_md5(tag), "{tag}");
        }
    }
}
