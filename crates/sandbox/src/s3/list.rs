//! Listings: objects, open uploads, parts.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use s3s::{
    S3Response, S3Result,
    dto::{
        ChecksumAlgorithm, CommonPrefix, EncodingType, ListMultipartUploadsInput, ListMultipartUploadsOutput,
        ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, ListPartsInput, ListPartsOutput,
        MultipartUpload, Object, ObjectStorageClass, Part,
    },
    s3_error,
};

use super::{
    backend::{Backend, on_disk},
    files::disk_error,
    multipart::read_parts,
    object::full_object,
    record::{ObjectRecord, crc64_text, size, timestamp},
};

/// S3's page.
const PAGE: i32 = 1000;

/// A line of a listing: an object, or all keys that share a beginning up to the delimiter.
#[derive(Debug)]
enum Line {
    Object(Box<ObjectRecord>),
    Prefix,
}

/// The listing of what comes after the name `after`, in the order of its names.
fn lines(objects: Vec<ObjectRecord>, prefix: &str, delimiter: Option<&str>, after: &str) -> BTreeMap<String, Line> {
    let mut lines = BTreeMap::new();
    for object in objects.into_iter().filter(|object| object.key.as_str() > after) {
        let Some(rest) = object.key.strip_prefix(prefix) else { continue };
        match delimiter.filter(|d| !d.is_empty()).and_then(|d| rest.find(d).map(|at| at + d.len())) {
            Some(end) => lines.insert(format!("{prefix}{}", rest.get(..end).unwrap_or(rest)), Line::Prefix),
            None => lines.insert(object.key.clone(), Line::Object(Box::new(object))),
        };
    }
    // All that shares a beginning with the page before stood there.
    lines.remove(after);
    lines
}

/// How many lines the client wants at most.
fn page(asked: Option<i32>) -> usize {
    usize::try_from(asked.unwrap_or(PAGE).clamp(0, PAGE)).unwrap_or(0)
}

/// What a listing is asked for.
struct Asked {
    prefix: String,
    delimiter: Option<String>,
    /// The name after which it begins.
    after: String,
    max: usize,
    /// Whether names are shown as URLs have them.
    as_url: bool,
}

impl Asked {
    fn shown(&self, name: &str) -> String {
        if self.as_url { url::form_urlencoded::byte_serialize(name.as_bytes()).collect() } else { name.to_owned() }
    }
}

/// A page of a listing.
struct Page {
    contents: Vec<Object>,
    prefixes: Vec<CommonPrefix>,
    /// The name that it ends with, where there is more.
    next: Option<String>,
}

fn is_url(encoding: Option<&EncodingType>) -> bool {
    encoding.is_some_and(|e| e.as_str() == EncodingType::URL)
}

impl Backend {
    async fn page(&self, bucket: &str, asked: &Asked) -> S3Result<Page> {
        let bucket = self.bucket(bucket).await?;
        let objects = on_disk(move || bucket.objects()).await?;
        let mut page = Page { contents: Vec::new(), prefixes: Vec::new(), next: None };
        let mut last = None;
        for (name, line) in lines(objects, &asked.prefix, asked.delimiter.as_deref(), &asked.after) {
            if page.contents.len() + page.prefixes.len() == asked.max {
                page.next = last;
                break;
            }
            match line {
                Line::Prefix => page.prefixes.push(CommonPrefix { prefix: Some(asked.shown(&name)) }),
                Line::Object(object) => page.contents.push(Object {
                    key: Some(asked.shown(&name)),
                    size: Some(size(object.bytes())),
                    e_tag: Some(object.etag()),
                    last_modified: Some(timestamp(object.modified_ms)),
                    storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
                    ..Default::default()
                }),
            }
            last = Some(name);
        }
        Ok(page)
    }

    pub(super) async fn list_from_token(&self, input: ListObjectsV2Input) -> S3Result<S3Response<ListObjectsV2Output>> {
        // A token is the name that the page before ended with.
        let after = match &input.continuation_token {
            Some(token) => URL_SAFE_NO_PAD.decode(token).ok().and_then(|name| String::from_utf8(name).ok()),
            None => Some(input.start_after.clone().unwrap_or_default()),
        };
        let asked = Asked {
            prefix: input.prefix.unwrap_or_default(),
            delimiter: input.delimiter,
            after: after.ok_or_else(|| s3_error!(InvalidArgument, "the continuation token is not one of ours"))?,
            max: page(input.max_keys),
            as_url: is_url(input.encoding_type.as_ref()),
        };
        let page = self.page(&input.bucket, &asked).await?;
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(asked.shown(&asked.prefix)),
            delimiter: asked.delimiter.as_deref().map(|d| asked.shown(d)),
            start_after: input.start_after.as_deref().map(|name| asked.shown(name)),
            continuation_token: input.continuation_token,
            encoding_type: input.encoding_type,
            max_keys: Some(asked.max as i32),
            key_count: Some((page.contents.len() + page.prefixes.len()) as i32),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.map(|name| URL_SAFE_NO_PAD.encode(name)),
            contents: Some(page.contents),
            common_prefixes: Some(page.prefixes),
            ..Default::default()
        }))
    }

    pub(super) async fn list_from_marker(&self, input: ListObjectsInput) -> S3Result<S3Response<ListObjectsOutput>> {
        let asked = Asked {
            prefix: input.prefix.unwrap_or_default(),
            delimiter: input.delimiter,
            after: input.marker.unwrap_or_default(),
            max: page(input.max_keys),
            as_url: is_url(input.encoding_type.as_ref()),
        };
        let page = self.page(&input.bucket, &asked).await?;
        Ok(S3Response::new(ListObjectsOutput {
            name: Some(input.bucket),
            prefix: Some(asked.shown(&asked.prefix)),
            delimiter: asked.delimiter.as_deref().map(|d| asked.shown(d)),
            marker: Some(asked.shown(&asked.after)),
            encoding_type: input.encoding_type,
            max_keys: Some(asked.max as i32),
            is_truncated: Some(page.next.is_some()),
            next_marker: page.next.map(|name| asked.shown(&name)),
            contents: Some(page.contents),
            common_prefixes: Some(page.prefixes),
            ..Default::default()
        }))
    }

    pub(super) async fn list_uploads(
        &self,
        input: ListMultipartUploadsInput,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let bucket = self.bucket(&input.bucket).await?;
        let open = on_disk(move || bucket.uploads()).await?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = (input.key_marker.clone().unwrap_or_default(), input.upload_id_marker.clone().unwrap_or_default());
        let mut open: Vec<_> = open
            .into_iter()
            .map(|(id, upload)| (upload.key, id, upload.started_ms))
            .filter(|(key, id, _)| key.starts_with(&prefix) && (key, id) > (&after.0, &after.1))
            .collect();
        open.sort_unstable();
        let max = page(input.max_uploads);
        let truncated = open.len() > max;
        open.truncate(max);
        let last = open.last().filter(|_| truncated).cloned();
        let uploads = open.into_iter().map(|(key, id, started_ms)| MultipartUpload {
            key: Some(key),
            upload_id: Some(id),
            initiated: Some(timestamp(started_ms)),
            checksum_algorithm: Some(ChecksumAlgorithm::from_static(ChecksumAlgorithm::CRC64NVME)),
            checksum_type: Some(full_object()),
            ..Default::default()
        });
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: input.prefix,
            max_uploads: Some(max as i32),
            is_truncated: Some(truncated),
            next_key_marker: last.as_ref().map(|(key, ..)| key.clone()),
            next_upload_id_marker: last.map(|(_, id, _)| id),
            uploads: Some(uploads.collect()),
            ..Default::default()
        }))
    }

    pub(super) async fn parts(&self, input: ListPartsInput) -> S3Result<S3Response<ListPartsOutput>> {
        let bucket = self.bucket(&input.bucket).await?;
        let (key, id) = (input.key.clone(), input.upload_id.clone());
        let there = on_disk(move || {
            bucket.upload(&id, &key)?;
            read_parts(&bucket.data(&id).map_err(disk_error)?.path)
        })
        .await?;
        let after = input.part_number_marker.unwrap_or(0);
        let max = page(input.max_parts);
        let mut rest = there.into_values().filter(|part| part.number > after);
        let parts: Vec<Part> = rest
            .by_ref()
            .take(max)
            .map(|part| Part {
                part_number: Some(part.number),
                size: Some(size(part.piece.bytes)),
                e_tag: Some(part.etag()),
                checksum_crc64nvme: Some(crc64_text(part.crc64)),
                last_modified: Some(timestamp(part.modified_ms)),
                ..Default::default()
            })
            .collect();
        let truncated = rest.next().is_some();
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            max_parts: Some(max as i32),
            is_truncated: Some(truncated),
            next_part_number_marker: parts.last().filter(|_| truncated).and_then(|part| part.part_number),
            parts: Some(parts),
            checksum_algorithm: Some(ChecksumAlgorithm::from_static(ChecksumAlgorithm::CRC64NVME)),
            checksum_type: Some(full_object()),
            ..Default::default()
        }))
    }
}
