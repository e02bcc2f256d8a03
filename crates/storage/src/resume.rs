//! Multipart uploads that an earlier run left behind: gone on with where they fit, given up where they do not.

use std::collections::BTreeMap;

use aws_sdk_s3::types::CompletedPart;

use super::{Storage, digest::md5, plan::parts, upload::Job};

impl Storage {
    /// An upload of the same key that was interrupted, with those of its parts that are as they should be.
    ///
    /// Its metadata shows only once it is complete. A key belongs to one job and a job to one dataset, and what is complete
    /// is compared with the SHA-256 in any case.
    pub(super) async fn interrupted(&self, job: &Job<'_>) -> Option<(String, BTreeMap<i32, CompletedPart>)> {
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

    /// The upload's parts that hold what they should: by their CRC-64, or by their MD5 where a store lists no more.
    async fn good_parts(&self, job: &Job<'_>, upload: &str) -> Option<BTreeMap<i32, CompletedPart>> {
        let list = self.client.list_parts().bucket(&self.place.bucket).key(job.key).upload_id(upload);
        let mut pages = list.into_paginator().send();
        let mut listed = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.ok()?;
            listed
                .extend(page.parts.unwrap_or_default().into_iter().map(|part| (part.part_number().unwrap_or(0), part)));
        }
        let mut good = BTreeMap::new();
        for (part, crc) in parts(job.dataset.bytes, job.part_size).zip(&job.digest.parts) {
            let Some(theirs) = listed.get(&part.number) else { continue };
            if theirs.size() != Some(part.bytes as i64) {
                continue;
            }
            let same = match theirs.checksum_crc64_nvme() {
                Some(theirs) => theirs == crc.to_header(),
                None => {
                    let file = job.dataset.reopen().ok()?;
                    let md5 = tokio::task::spawn_blocking(move || md5(&file, part)).await.ok()?.ok()?;
                    theirs.e_tag().is_some_and(|tag| tag.trim_matches('"').eq_ignore_ascii_case(&hex::encode(md5)))
                }
            };
            if same {
                let done =
                    CompletedPart::builder().part_number(part.number).set_e_tag(theirs.e_tag().map(str::to_owned));
                let checksum = job.checksums.then(|| crc.to_header());
                good.insert(part.number, done.set_checksum_crc64_nvme(checksum).build());
            }
        }
        Some(good)
    }
}
