//! Put, get, head.

use std::ops::Range;

use s3s::{
    S3Request, S3Response, S3Result,
    dto::{
        Checksum, ChecksumMode, ChecksumType, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
        PutObjectInput, PutObjectOutput,
    },
};

use super::{
    backend::{Backend, on_disk},
    conditions::{Reading, may_write},
    incoming::{Claims, receive},
    outgoing,
    record::{ObjectRecord, Piece, crc64_text, described, now_ms, size, timestamp},
};

/// The name of the only piece of an object that came in one request.
const WHOLE: &str = "1";

/// The conditions of a read, which GET and HEAD have alike.
macro_rules! read_if {
    ($input:ident) => {
        Reading {
            if_match: $input.if_match,
            if_none_match: $input.if_none_match,
            modified_since: $input.if_modified_since,
            unmodified_since: $input.if_unmodified_since,
        }
    };
}

impl Backend {
    pub(super) async fn put(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
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
        let (bucket, data) = on_disk(move || bucket.new_data().map(|data| (bucket, data))).await?;
        let received = receive(input.body, data.file(WHOLE), &claims).await?;
        let record = ObjectRecord {
            key: input.key,
            data: data.id().to_owned(),
            pieces: vec![Piece { file: WHOLE.to_owned(), bytes: received.bytes }],
            crc64: received.crc64,
            modified_ms: now_ms(),
            described: described!(input),
        };
        let e_tag = record.etag();
        on_disk(move || {
            let lock = bucket.lock(&record.key)?;
            let there = bucket.object(&record.key)?;
            may_write(there.as_ref(), input.if_match.as_ref(), input.if_none_match.as_ref())?;
            bucket.commit(&lock, &record)?;
            data.keep();
            Ok(())
        })
        .await?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(e_tag),
            checksum_crc32: received.checksum.checksum_crc32,
            checksum_crc32c: received.checksum.checksum_crc32c,
            checksum_crc64nvme: received.checksum.checksum_crc64nvme,
            checksum_sha1: received.checksum.checksum_sha1,
            checksum_sha256: received.checksum.checksum_sha256,
            checksum_type: Some(full_object()),
            ..Default::default()
        }))
    }

    pub(super) async fn get(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket).await?;
        let (record, folder) = on_disk(move || bucket.held(&input.key)).await?;
        read_if!(input).may_read(&record)?;
        let all = record.bytes();
        let range = match input.range {
            Some(range) => range.check(all)?,
            None => 0..all,
        };
        let in_part = input.range.is_some();
        let wants_checksum = asks(input.checksum_mode.as_ref()) && !in_part;
        let etag = record.etag();
        let output = GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(size(range.end - range.start)),
            content_range: in_part.then(|| content_range(&range, all)),
            e_tag: Some(etag),
            last_modified: Some(timestamp(record.modified_ms)),
            checksum_crc64nvme: wants_checksum.then(|| crc64_text(record.crc64)),
            checksum_type: wants_checksum.then(full_object),
            body: Some(outgoing::stream(folder, &record.pieces, range)),
            content_type: record.described.content_type,
            content_encoding: record.described.content_encoding,
            content_disposition: record.described.content_disposition,
            content_language: record.described.content_language,
            cache_control: record.described.cache_control,
            metadata: Some(record.described.metadata),
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }

    pub(super) async fn head(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket).await?;
        let record = on_disk(move || bucket.existing(&input.key)).await?;
        read_if!(input).may_read(&record)?;
        let wants_checksum = asks(input.checksum_mode.as_ref());
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(size(record.bytes())),
            e_tag: Some(record.etag()),
            last_modified: Some(timestamp(record.modified_ms)),
            checksum_crc64nvme: wants_checksum.then(|| crc64_text(record.crc64)),
            checksum_type: wants_checksum.then(full_object),
            content_type: record.described.content_type,
            content_encoding: record.described.content_encoding,
            content_disposition: record.described.content_disposition,
            content_language: record.described.content_language,
            cache_control: record.described.cache_control,
            metadata: Some(record.described.metadata),
            ..Default::default()
        }))
    }
}

/// Every checksum here is of the whole object, never of its parts' checksums.
pub fn full_object() -> ChecksumType {
    ChecksumType::from_static(ChecksumType::FULL_OBJECT)
}

fn asks(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

fn content_range(range: &Range<u64>, all: u64) -> String {
    format!("bytes {}-{}/{all}", range.start, range.end.saturating_sub(1))
}
