//! Fetching a task's dataset into its folder.

use std::{io, path::Path, time::Duration};

use backon::{ExponentialBuilder, Retryable as _};
use reqwest::Client;
use tokio::{fs::File, io::AsyncWriteExt as _};
use url::Url;

use domain::units;

/// How often a broken download is begun anew.
const RETRIES: usize = 3;

/// Why a dataset could not be fetched, in words for the task's owner.
#[derive(Debug, thiserror::Error)]
pub(super) enum DownloadError {
    #[error("the dataset's server answers HTTP {0}{hint}", hint = if *.0 == 403 { ": a presigned URL may have expired" } else { "" })]
    Status(u16),
    #[error("the dataset is larger than the {} this node takes", units::bytes(*.0))]
    TooLarge(u64),
    #[error("the dataset's server cannot be reached: {0}")]
    Broken(String),
    #[error("the node's disk is full")]
    DiskFull,
    #[error("the dataset could not be written: {0}")]
    Write(io::Error),
}

impl DownloadError {
    fn is_passing(&self) -> bool {
        matches!(self, DownloadError::Broken(_) | DownloadError::Status(429 | 500 | 502..=504))
    }
}

impl From<io::Error> for DownloadError {
    fn from(error: io::Error) -> DownloadError {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DownloadError::DiskFull,
            _ => DownloadError::Write(error),
        }
    }
}

/// The innermost cause: it says most, and holds no URL with a signature in it.
pub(super) fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    units::clean(&cause.to_string(), 160)
}

/// Streams `url` into the new file `to`, at most `cap` bytes; how many there were.
pub(super) async fn download(http: &Client, url: &Url, to: &Path, cap: u64) -> Result<u64, DownloadError> {
    let backoff =
        ExponentialBuilder::default().with_jitter().with_min_delay(Duration::from_millis(500)).with_max_times(RETRIES);
    (|| once(http, url, to, cap)).retry(backoff).when(DownloadError::is_passing).await
}

async fn once(http: &Client, url: &Url, to: &Path, cap: u64) -> Result<u64, DownloadError> {
    let broken = |e: reqwest::Error| DownloadError::Broken(cause(&e));
    let mut response = http.get(url.clone()).send().await.map_err(broken)?;
    if !response.status().is_success() {
        return Err(DownloadError::Status(response.status().as_u16()));
    }
    if response.content_length().is_some_and(|length| length > cap) {
        return Err(DownloadError::TooLarge(cap));
    }
    let mut file = File::create(to).await?;
    let mut bytes: u64 = 0;
    // A body that ends before its announced length is an error of the connection, so what arrives is whole.
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        bytes += chunk.len() as u64;
        if bytes > cap {
            return Err(DownloadError::TooLarge(cap));
        }
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok(bytes)
}
