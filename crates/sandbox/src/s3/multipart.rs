//! Uploads in parts.
//!
//! A part is a file in the upload's data folder and a record beside it. Completing copies nothing: the object's record
//! names the parts' files in their order.

use std::{collections::BTreeMap, fs, path::Path};

use crc_fast::{CrcAlgorithm::Crc64Nvme, checksum_combine};
use s3s::{
    S3Request, S3Response, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, Checksum, ChecksumAlgorithm,
        CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput,
        CreateMultipartUploadOutput, StreamingBlob, UploadPartInput, UploadPartOutput,
    },
    s3_error,
};

use super::{
    backend::{Backend, on_disk},
    conditions::may_write,
    disk::Bucket,
    files::{disk_error, read_all, read_json, write_json},
    incoming::{Claims, receive},
    object::full_object,
    record::{ObjectRecord, PartRecord, Piece, UploadRecord, crc64_text, described, now_ms},
};
use domain::ids;

/// S3's bound on part numbers.
const MAX_PARTS: i32 = 10_000;
/// Every part but the last is at least this long, bytes.
const MIN_PART: u64 = 5 << 20;

/// The records of the parts in a data folder, by number.
pub fn read_parts(folder: &Path) -> S3Result<BTreeMap<i32, PartRecord>> {
    Ok(read_all::<PartRecord>(folder)?.into_iter().map(|(_, part)| (part.number, part)).collect())
}

/// The parts that Complete names, checked: in order, there, as they were sent, and none but the last too small.
fn chosen(claimed: &[CompletedPart], there: &BTreeMap<i32, PartRecord>) -> S3Result<Vec<PartRecord>> {
    let mut parts: Vec<PartRecord> = Vec::with_capacity(claimed.len());
    for claim in claimed {
        let number = claim.part_number.unwrap_or(0);
        if parts.last().is_some_and(|before| before.number >= number) {
            return Err(s3_error!(InvalidPartOrder, "part {number} is out of order"));
        }
        if parts.last().is_some_and(|before| before.piece.bytes < MIN_PART) {
            return Err(s3_error!(EntityTooSmall, "every part but the last must have 5 MiB"));
        }
        let part =
            there.get(&number).filter(|part| claim.e_tag.as_ref().is_some_and(|tag| tag.strong_cmp(&part.etag())));
        let part = part.ok_or_else(|| s3_error!(InvalidPart, "part {number} is not there under this ETag"))?;
        if claim.checksum_crc64nvme.as_ref().is_some_and(|crc| *crc != crc64_text(part.crc64)) {
            return Err(s3_error!(InvalidPart, "part {number} has another checksum"));
        }
        parts.push(part.clone());
    }
    if parts.is_empty() {
        return Err(s3_error!(MalformedXML, "an object needs at least one part"));
    }
    Ok(parts)
}

/// A part's number, as far as there are such.
pub fn checked_number(number: i32) -> S3Result<i32> {
    match (1..=MAX_PARTS).contains(&number) {
        true => Ok(number),
        false => Err(s3_error!(InvalidArgument, "part numbers are 1 to {MAX_PARTS}")),
    }
}

impl Backend {
    pub(super) async fn begin(
        &self,
        input: CreateMultipartUploadInput,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let bucket = self.bucket(&input.bucket).await?;
        let record = UploadRecord { key: input.key.clone(), started_ms: now_ms(), described: described!(input) };
        let id = on_disk(move || {
            let data = bucket.new_data()?;
            let id = data.id().to_owned();
            bucket.open_upload(&id, &record)?;
            data.keep();
            Ok(id)
        })
        .await?;
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            checksum_algorithm: Some(ChecksumAlgorithm::from_static(ChecksumAlgorithm::CRC64NVME)),
            checksum_type: Some(full_object()),
            ..Default::default()
        }))
    }

    pub(super) async fn part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let number = checked_number(input.part_number)?;
        let claims = Claims {
            length: input.content_length,
            md5: input.content_md5,
            checksum: Checksum {
                checksum_crc32: input.checksum_crc32,
                checksum_crc32c: input.checksum_crc32c,
                checksum_crc64nvme: input.checksum_crc64nvme,
                checksum_sha1: input.checksum_sha1,
                checksum_sha256: input.checksum_sha256,
                checksum_type: None,
            },
            trailers: Claims::trailers(&request.headers, request.trailing_headers),
        };
        let bucket = self.bucket(&input.bucket).await?;
        let part = (input.key, input.upload_id, number);
        let (record, checksum) = self.take_part(bucket, part, input.body, &claims).await?;
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(record.etag()),
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            ..Default::default()
        }))
    }

    /// Takes in the part of that number of the upload of that key and id.
    pub(super) async fn take_part(
        &self,
        bucket: Bucket,
        (key, id, number): (String, String, i32),
        content: Option<StreamingBlob>,
        claims: &Claims,
    ) -> S3Result<(PartRecord, Checksum)> {
        let (bucket, folder, key, id) = on_disk(move || {
            bucket.upload(&id, &key)?;
            let folder = bucket.data(&id).map_err(disk_error)?;
            Ok((bucket, folder, key, id))
        })
        .await?;
        // A name of its own: the same part may be on its way twice.
        let file = format!("{number}-{}", ids::opaque(16));
        let received = receive(content, folder.path.join(&file), claims).await?;
        let record = PartRecord {
            number,
            piece: Piece { file, bytes: received.bytes },
            crc64: received.crc64,
            modified_ms: now_ms(),
        };
        let record = on_disk(move || {
            let _lock = bucket.lock(&key)?;
            let place = folder.path.join(format!("{number}.json"));
            // Completed or aborted meanwhile: this part came too late.
            if let Err(gone) = bucket.upload(&id, &key) {
                let _ = fs::remove_file(folder.path.join(&record.piece.file));
                return Err(gone);
            }
            let before: Option<PartRecord> = read_json(&place)?;
            write_json(&place, &record)?;
            if let Some(before) = before {
                let _ = fs::remove_file(folder.path.join(before.piece.file));
            }
            Ok(record)
        })
        .await?;
        Ok((record, received.checksum))
    }

    pub(super) async fn complete(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let bucket = self.bucket(&input.bucket).await?;
        let claimed = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let (key, id) = (input.key, input.upload_id);
        let record = on_disk(move || {
            let lock = bucket.lock(&key)?;
            let upload = bucket.upload(&id, &key)?;
            let folder = bucket.data(&id).map_err(disk_error)?;
            let parts = chosen(&claimed, &read_parts(&folder.path)?)?;
            let crc64 =
                parts.iter().fold(0, |crc, part| checksum_combine(Crc64Nvme, crc, part.crc64, part.piece.bytes));
            if input.checksum_crc64nvme.is_some_and(|crc| crc != crc64_text(crc64)) {
                return Err(s3_error!(BadDigest, "the object is not what its CRC64NVME says"));
            }
            let record = ObjectRecord {
                key,
                data: id,
                pieces: parts.into_iter().map(|part| part.piece).collect(),
                crc64,
                modified_ms: now_ms(),
                described: upload.described,
            };
            if input.mpu_object_size.is_some_and(|size| u64::try_from(size) != Ok(record.bytes())) {
                return Err(s3_error!(InvalidRequest, "the object is not as large as was said"));
            }
            let there = bucket.object(&record.key)?;
            may_write(there.as_ref(), input.if_match.as_ref(), input.if_none_match.as_ref())?;
            // The record makes it an object; ended between these two, the upload can be completed once more.
            bucket.commit(&lock, &record)?;
            bucket.close_upload(&lock, &record.data)?;
            tidy(&folder.path, &record);
            Ok(record)
        })
        .await?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, record.key)),
            bucket: Some(input.bucket),
            e_tag: Some(record.etag()),
            checksum_crc64nvme: Some(crc64_text(record.crc64)),
            checksum_type: Some(full_object()),
            key: Some(record.key),
            ..Default::default()
        }))
    }

    pub(super) async fn abort(
        &self,
        input: AbortMultipartUploadInput,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let bucket = self.bucket(&input.bucket).await?;
        on_disk(move || {
            let lock = bucket.lock(&input.key)?;
            bucket.upload(&input.upload_id, &input.key)?;
            let completed = bucket.object(&input.key)?.is_some_and(|object| object.data == input.upload_id);
            bucket.close_upload(&lock, &input.upload_id)?;
            if !completed {
                bucket.free(&input.upload_id);
            }
            Ok(())
        })
        .await?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}

/// Deletes what the object does not need: records of parts, and parts that were not chosen.
fn tidy(folder: &Path, record: &ObjectRecord) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let needed = record.pieces.iter().any(|piece| entry.file_name() == *piece.file.as_str());
        if !needed && let Err(error) = fs::remove_file(entry.path()) {
            tracing::debug!("a left part stays: {error}");
        }
    }
}
