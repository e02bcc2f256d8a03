//! Multipart uploads that an earlier run left behind: gone on with where they fit, given up where they do not.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedPart};

use super::{Storage, plan::parts, upload::Job};

impl Storage {
    /// An upload of the same key that was interrupted, with those of its parts that are as they should be.
    ///
    /// Only an upload with a CRC-64 for each part is gone on with. Its metadata shows only once it is complete; a key
    /// belongs to one job and a job to one dataset, and what is complete is compared with the SHA-256 in any case.
    pub(super) async fn interrupted(&self, job: &Job<'_>) -> Option<(String, BTreeMap<i32, CompletedPart>)> {
        if !job.checksums {
            return None;
        }
        for upload in self.open_uploads(job.key).await {
            match self.good_parts(job, &upload).await {
                Some(there) if !there.is_empty() => return Some((upload, there)),
                _ => self.abandon(job.key, &upload).await,
            }
        }
        None
    }

    /// Gives up every open upload of this key; what cannot be given up now is left to the store's own clean-up.
    pub(super) async fn abandon_all(&self, key: &str) {
        for upload in self.open_uploads(key).await {
            self.abandon(key, &upload).await;
        }
    }

    pub(super) async fn abandon(&self, key: &str, upload: &str) {
        let abort = self.client.abort_multipart_upload().bucket(&self.place.bucket).key(key).upload_id(upload);
        if let Err(error) = abort.send().await {
            tracing::debug!("an upload of {key} could not be given up: {}", self.place.error(error));
        }
    }

    /// The ids of the key's open uploads. A store that cannot list them has none that could be gone on with.
    async fn open_uploads(&self, key: &str) -> Vec<String> {
        let list = self.client.list_multipart_uploads().bucket(&self.place.bucket).prefix(key).send().await;
        let Ok(list) = list else { return Vec::new() };
        let ours = list.uploads().iter().filter(|upload| upload.key() == Some(key));
        ours.filter_map(|upload| upload.upload_id().map(str::to_owned)).collect()
    }

    /// The upload's parts whose size and CRC-64 are ours; `None` when it carries no such checksums.
    async fn good_parts(&self, job: &Job<'_>, upload: &str) -> Option<BTreeMap<i32, CompletedPart>> {
        let expected: BTreeMap<i32, (i64, String)> = parts(job.dataset.bytes, job.part_size)
            .zip(&job.digest.parts)
            .map(|(part, crc)| (part.number, (part.bytes as i64, crc.to_header())))
            .collect();
        let mut good = BTreeMap::new();
        let mut pages =
            self.client.list_parts().bucket(&self.place.bucket).key(job.key).upload_id(upload).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.ok()?;
            if page.checksum_algorithm().is_some_and(|a| *a != ChecksumAlgorithm::Crc64Nvme) {
                return None;
            }
            for part in page.parts() {
                let (Some(number), Some(crc)) = (part.part_number(), part.checksum_crc64_nvme()) else { continue };
                let Some((bytes, ours)) = expected.get(&number) else { continue };
                if part.size() == Some(*bytes) && crc == ours {
                    let done = CompletedPart::builder().part_number(number).set_e_tag(part.e_tag().map(str::to_owned));
                    good.insert(number, done.checksum_crc64_nvme(crc).build());
                }
            }
        }
        Some(good)
    }
}
