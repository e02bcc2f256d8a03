//! Copying: an object, or a part out of one.
//!
//! Content never changes once it is an object's, so that a copy of an object is a link to its files: it takes no time and
//! no room.

use std::{fs, ops::Range};

use s3s::{
    S3Response, S3Result,
    dto::{
        CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopyPartResult, CopySource, MetadataDirective,
        UploadPartCopyInput, UploadPartCopyOutput,
    },
    s3_error,
};

use super::{
    backend::{Backend, on_disk},
    conditions::Reading,
    data::DataFolder,
    files::disk_error,
    incoming::{Claims, MAX_BODY},
    multipart::checked_number,
    object::full_object,
    outgoing,
    record::{ObjectRecord, crc64_text, described, now_ms, timestamp},
};

/// The conditions on what is copied, which whole copies and copied parts have alike.
macro_rules! copied_if {
    ($input:ident) => {
        Reading {
            if_match: $input.copy_source_if_match,
            if_none_match: $input.copy_source_if_none_match,
            modified_since: $input.copy_source_if_modified_since,
            unmodified_since: $input.copy_source_if_unmodified_since,
        }
    };
}

impl Backend {
    /// The object that is copied, with its content held.
    async fn source(&self, source: &CopySource, reading: Reading) -> S3Result<(ObjectRecord, DataFolder)> {
        let CopySource::Bucket { bucket, key, version_id } = source else {
            return Err(s3_error!(NotImplemented, "there are no access points here"));
        };
        if version_id.as_deref().is_some_and(|version| version != "null") {
            return Err(s3_error!(NoSuchVersion, "objects have no versions here"));
        }
        let (bucket, key) = (self.bucket(bucket).await?, key.to_string());
        let (record, folder) = on_disk(move || bucket.held(&key)).await?;
        reading.may_copy(&record)?;
        Ok((record, folder))
    }

    pub(super) async fn copy(&self, input: CopyObjectInput) -> S3Result<S3Response<CopyObjectOutput>> {
        let (source, from) = self.source(&input.copy_source, copied_if!(input)).await?;
        if source.bytes() > MAX_BODY {
            return Err(s3_error!(InvalidRequest, "one request copies 5 GiB at most: copy it in parts"));
        }
        let anew = input.metadata_directive.is_some_and(|said| said.as_str() == MetadataDirective::REPLACE);
        let onto_itself = matches!(&input.copy_source, CopySource::Bucket { bucket, key, .. }
            if **bucket == *input.bucket && **key == *input.key);
        if onto_itself && !anew {
            return Err(s3_error!(InvalidRequest, "a copy onto itself must change something: replace its metadata"));
        }
        let described = match anew {
            false => source.described,
            true => described!(input),
        };
        let (bucket, key) = (self.bucket(&input.bucket).await?, input.key);
        let record = on_disk(move || {
            let data = bucket.new_data()?;
            for piece in &source.pieces {
                fs::hard_link(from.path.join(&piece.file), data.file(&piece.file)).map_err(disk_error)?;
            }
            let record = ObjectRecord { key, data: data.id().to_owned(), modified_ms: now_ms(), described, ..source };
            let lock = bucket.lock(&record.key)?;
            bucket.commit(&lock, &record)?;
            data.keep();
            Ok(record)
        })
        .await?;
        let result = CopyObjectResult {
            e_tag: Some(record.etag()),
            last_modified: Some(timestamp(record.modified_ms)),
            checksum_crc64nvme: Some(crc64_text(record.crc64)),
            checksum_type: Some(full_object()),
            ..Default::default()
        };
        Ok(S3Response::new(CopyObjectOutput { copy_object_result: Some(result), ..Default::default() }))
    }

    pub(super) async fn copy_part(&self, input: UploadPartCopyInput) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let number = checked_number(input.part_number)?;
        let (source, from) = self.source(&input.copy_source, copied_if!(input)).await?;
        let range = match &input.copy_source_range {
            Some(text) => range_of(text, source.bytes())?,
            None => 0..source.bytes(),
        };
        if range.end - range.start > MAX_BODY {
            return Err(s3_error!(InvalidRequest, "one request copies 5 GiB at most"));
        }
        let content = outgoing::stream(from, &source.pieces, range);
        let bucket = self.bucket(&input.bucket).await?;
        let part = (input.key, input.upload_id, number);
        let (record, _) = self.take_part(bucket, part, Some(content), &Claims::default()).await?;
        let result = CopyPartResult {
            e_tag: Some(record.etag()),
            last_modified: Some(timestamp(record.modified_ms)),
            checksum_crc64nvme: Some(crc64_text(record.crc64)),
            ..Default::default()
        };
        Ok(S3Response::new(UploadPartCopyOutput { copy_part_result: Some(result), ..Default::default() }))
    }
}

/// `bytes=FIRST-LAST`: here both must be said, and be there.
fn range_of(text: &str, all: u64) -> S3Result<Range<u64>> {
    let ends = text.strip_prefix("bytes=").and_then(|ends| ends.split_once('-'));
    let (first, last): (u64, u64) = ends
        .and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)))
        .filter(|(first, last)| first <= last)
        .ok_or_else(|| s3_error!(InvalidArgument, "x-amz-copy-source-range is bytes=FIRST-LAST"))?;
    if last >= all {
        return Err(s3_error!(InvalidRange, "the source has {all} bytes"));
    }
    Ok(first..last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_to_copy_has_both_ends_within_the_source() {
        assert_eq!(range_of("bytes=0-9", 10).unwrap(), 0..10);
        assert_eq!(range_of("bytes=9-9", 10).unwrap(), 9..10);
        for bad in ["bytes=0-10", "bytes=5-4", "bytes=5-", "bytes=-5", "0-9", "bytes=0-18446744073709551615"] {
            assert!(range_of(bad, 10).is_err(), "{bad}");
        }
    }
}
