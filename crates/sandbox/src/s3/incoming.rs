//! A body on its way to disk: checked, with constant memory, and holes kept as holes.

use std::{fs::File, io, os::unix::fs::FileExt as _, path::PathBuf};

use axum::http::{HeaderMap, StatusCode};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::StreamExt as _;
use s3s::{
    S3Error, S3ErrorCode, S3Result, TrailingHeaders,
    checksum::ChecksumHasher,
    crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256},
    dto::{Checksum, StreamingBlob},
    s3_error,
};
use tempfile::TempPath;

use super::files::disk_error;

/// How much is gathered before it is written, bytes.
const GATHER: usize = 1 << 20;
/// S3 takes this much in one request at most: 5 GiB.
pub const MAX_BODY: u64 = 5 << 30;

/// What a client says its content is.
#[derive(Debug, Default)]
pub struct Claims {
    /// Bytes.
    pub length: Option<i64>,
    /// Base 64.
    pub md5: Option<String>,
    /// By algorithm, base 64.
    pub checksum: Checksum,
    /// Headers that come after the body, and which they will be.
    pub trailers: Option<(TrailingHeaders, Vec<String>)>,
}

impl Claims {
    /// The trailers that a request announces.
    pub fn trailers(headers: &HeaderMap, trailing: Option<TrailingHeaders>) -> Option<(TrailingHeaders, Vec<String>)> {
        let names = headers.get_all("x-amz-trailer").iter().filter_map(|v| v.to_str().ok());
        let names = names.flat_map(|v| v.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect();
        trailing.map(|trailing| (trailing, names))
    }

    fn hasher(&self) -> ChecksumHasher {
        let announced = |name: &str| self.trailers.as_ref().is_some_and(|(_, names)| names.iter().any(|n| n == name));
        let wants = |claim: &Option<String>, name: &str| claim.is_some() || announced(name);
        let sum = &self.checksum;
        ChecksumHasher {
            crc32: wants(&sum.checksum_crc32, "x-amz-checksum-crc32").then(Crc32::new),
            crc32c: wants(&sum.checksum_crc32c, "x-amz-checksum-crc32c").then(Crc32c::new),
            sha1: wants(&sum.checksum_sha1, "x-amz-checksum-sha1").then(Sha1::new),
            sha256: wants(&sum.checksum_sha256, "x-amz-checksum-sha256").then(Sha256::new),
            // Always: it is what is remembered.
            crc64nvme: None,
        }
    }

    /// Compares what was said, before and after the body, with what came.
    fn check(&self, found: &Received) -> S3Result<()> {
        if self.length.is_some_and(|length| u64::try_from(length) != Ok(found.bytes)) {
            return Err(s3_error!(IncompleteBody, "the body is not as long as its Content-Length"));
        }
        let said = |claim: &Option<String>, name: &str| {
            let trailer = |(trailing, _): &(TrailingHeaders, Vec<String>)| {
                trailing.read(|h| h.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)).flatten()
            };
            claim.clone().or_else(|| self.trailers.as_ref().and_then(trailer))
        };
        let (ours, theirs) = (&found.checksum, &self.checksum);
        for (claim, found, name) in [
            (&theirs.checksum_crc64nvme, &ours.checksum_crc64nvme, "x-amz-checksum-crc64nvme"),
            (&theirs.checksum_crc32, &ours.checksum_crc32, "x-amz-checksum-crc32"),
            (&theirs.checksum_crc32c, &ours.checksum_crc32c, "x-amz-checksum-crc32c"),
            (&theirs.checksum_sha1, &ours.checksum_sha1, "x-amz-checksum-sha1"),
            (&theirs.checksum_sha256, &ours.checksum_sha256, "x-amz-checksum-sha256"),
        ] {
            if said(claim, name).is_some_and(|said| Some(&said) != found.as_ref()) {
                return Err(s3_error!(BadDigest, "the content is not what {name} says"));
            }
        }
        if self.md5.is_some() && self.md5 != found.md5 {
            return Err(s3_error!(BadDigest, "the content is not what Content-MD5 says"));
        }
        Ok(())
    }
}

/// What came.
#[derive(Debug)]
pub struct Received {
    /// Bytes.
    pub bytes: u64,
    /// CRC-64/NVME.
    pub crc64: u64,
    /// In S3's words; the CRC-64 always, the others where they were claimed.
    pub checksum: Checksum,
    md5: Option<String>,
}

/// Writes the body to a new file at `path` and compares it with the claims. A file that fails them is not left, nor one
/// whose sender went away.
pub async fn receive(body: Option<StreamingBlob>, path: PathBuf, claims: &Claims) -> S3Result<Received> {
    let at = path.clone();
    let file = tokio::task::spawn_blocking(move || File::create_new(at)).await;
    let file = file.map_err(io::Error::other).flatten().map_err(disk_error)?;
    let unless_whole = TempPath::try_from_path(path).map_err(disk_error)?;
    let writer = Writer {
        file,
        bytes: 0,
        crc64: Crc64Nvme::new(),
        hasher: claims.hasher(),
        md5: claims.md5.is_some().then(Md5::new),
    };
    let received = copy(body, writer).await?;
    claims.check(&received)?;
    unless_whole.keep().map_err(|e| disk_error(e.error))?;
    Ok(received)
}

async fn copy(body: Option<StreamingBlob>, mut writer: Writer) -> S3Result<Received> {
    let mut gathered = Vec::new();
    let mut held = 0;
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|e| body_error(&*e))?;
            held += chunk.len();
            gathered.push(chunk);
            if held >= GATHER {
                held = 0;
                writer = on_disk(writer, std::mem::take(&mut gathered)).await?;
            }
        }
    }
    let writer = on_disk(writer, gathered).await?;
    let finish = tokio::task::spawn_blocking(move || writer.finish()).await;
    finish.map_err(io::Error::other).flatten().map_err(disk_error)
}

async fn on_disk(mut writer: Writer, chunks: Vec<Bytes>) -> S3Result<Writer> {
    let written = tokio::task::spawn_blocking(move || {
        for chunk in chunks {
            writer.write(&chunk)?;
        }
        Ok(writer)
    });
    let writer = written.await.map_err(io::Error::other).flatten().map_err(disk_error)?;
    if writer.bytes > MAX_BODY {
        return Err(s3_error!(EntityTooLarge, "one request may bring 5 GiB at most"));
    }
    Ok(writer)
}

/// A body that broke: off in the middle, or with a signature that does not fit.
fn body_error(error: &(dyn std::error::Error + Send + Sync + 'static)) -> S3Error {
    let text = error.to_string();
    if text.contains("Sha256Mismatch") {
        let code = S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into());
        let mut damaged = S3Error::with_message(code, "the content is not what x-amz-content-sha256 says");
        damaged.set_status_code(StatusCode::BAD_REQUEST);
        return damaged;
    }
    if text.contains("SignatureMismatch") {
        return s3_error!(SignatureDoesNotMatch, "the signature of a piece of the body does not fit");
    }
    s3_error!(IncompleteBody, "the body ended early")
}

/// A file being written, front to end.
struct Writer {
    file: File,
    bytes: u64,
    crc64: Crc64Nvme,
    hasher: ChecksumHasher,
    md5: Option<Md5>,
}

impl Writer {
    fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.crc64.update(chunk);
        self.hasher.update(chunk);
        if let Some(md5) = &mut self.md5 {
            md5.update(chunk);
        }
        // What is zero is left out: the file's length makes a hole of it.
        if !is_zero(chunk) {
            self.file.write_all_at(chunk, self.bytes)?;
        }
        self.bytes += chunk.len() as u64;
        Ok(())
    }

    fn finish(self) -> io::Result<Received> {
        self.file.set_len(self.bytes)?;
        let crc64 = u64::from_be_bytes(self.crc64.finalize());
        let mut checksum = self.hasher.finalize();
        checksum.checksum_crc64nvme = Some(super::record::crc64_text(crc64));
        let md5 = self.md5.map(|md5| STANDARD.encode(md5.finalize()));
        Ok(Received { bytes: self.bytes, crc64, checksum, md5 })
    }
}

/// Compared with zeros block by block, which is as fast as memory is.
fn is_zero(chunk: &[u8]) -> bool {
    static ZEROS: [u8; 4096] = [0; 4096];
    chunk.chunks(ZEROS.len()).all(|block| ZEROS.starts_with(block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_told_from_content() {
        assert!(is_zero(&[0; 10_000]));
        let mut almost = vec![0; 10_000];
        almost[9_999] = 1;
        assert!(!is_zero(&almost));
    }
}
