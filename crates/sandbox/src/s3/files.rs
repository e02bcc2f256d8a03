//! Small files: read whole, written whole or not at all.

use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use serde::{Serialize, de::DeserializeOwned};

/// Characters of an id: 120 bits.
pub const ID_LENGTH: usize = 24;

/// Whether a text has the form of an id; only such a one may become part of a path.
pub fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// A disk error as a client sees it: a full disk says so and is not tried again, other texts stay here.
pub fn disk_error(error: io::Error) -> S3Error {
    if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        let mut full = S3Error::with_message(S3ErrorCode::Custom("DiskFull".into()), "the disk is full");
        full.set_status_code(axum::http::StatusCode::INSUFFICIENT_STORAGE);
        return full;
    }
    tracing::warn!("the sandbox's storage cannot use its folder: {error}");
    s3_error!(error, InternalError, "the folder cannot be used")
}

/// The names in a folder.
pub fn names(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// The JSON file at `path`, `None` when it is not there.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> S3Result<Option<T>> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|e| disk_error(e.into())),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(disk_error(e)),
    }
}

/// Every JSON file in a folder, with its name without the ending.
pub fn read_all<T: DeserializeOwned>(folder: &Path) -> S3Result<Vec<(String, T)>> {
    let mut all = Vec::new();
    for name in names(folder).map_err(disk_error)? {
        let Some(stem) = name.strip_suffix(".json") else { continue };
        // Gone since it was listed: it is no more.
        if let Some(record) = read_json(&folder.join(&name))? {
            all.push((stem.to_owned(), record));
        }
    }
    Ok(all)
}

/// Writes a JSON file whole or not at all.
pub fn write_json(path: &Path, value: &impl Serialize) -> S3Result<()> {
    let write = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(path);
        let mut fresh = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
        serde_json::to_writer(&mut fresh, value)?;
        fresh.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(disk_error)
}
