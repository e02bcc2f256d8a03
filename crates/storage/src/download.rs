//! A download in progress: what is on disk, what was hashed, and how to go on.

use std::{fs::File, io, path::PathBuf, time::Duration};

use reqwest::{
    Method, Request, Response, StatusCode,
    header::{self, HeaderMap, HeaderValue},
    redirect::Policy,
};
use sha2::{Digest as _, Sha256 as Hasher};
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use url::Url;

use super::{
    error::{causes, innermost},
    fetch::{FetchError, write_error},
};
use cassette::{
    Tape,
    format::{Broken, Part},
    line::{Line, http_client},
    public,
};
use domain::hash::Sha256;

/// Redirects followed for one request.
const MAX_REDIRECTS: usize = 5;

/// What a download may do.
pub struct Limits {
    pub url: Url,
    pub allowed: Vec<Url>,
    pub public: Vec<Url>,
    pub headers: HeaderMap,
    pub max_bytes: u64,
    pub to: PathBuf,
    pub folder: PathBuf,
}

/// A download in progress.
pub struct Download {
    line: Line,
    /// The way to servers that strangers name, where there are any.
    public: Option<Line>,
    limits: Limits,
    out: tokio::fs::File,
    sha: Hasher,
    /// Bytes on disk and hashed.
    here: u64,
    /// What the server called this version of the content, if it is fit to go on with.
    version: Option<HeaderValue>,
}

impl Download {
    /// A download into an empty file, in a run on this tape.
    pub fn on(tape: &Tape, limits: Limits, out: File) -> Result<Download, FetchError> {
        let client = || {
            http_client()
                .redirect(Policy::none())
                .connect_timeout(Duration::from_secs(10))
                .read_timeout(Duration::from_secs(60))
        };
        let failed = |e: reqwest::Error| FetchError::Client(causes(&e));
        let line = Line::on(tape, Part::Results, || client().build()).map_err(failed)?;
        let public = match limits.public.is_empty() {
            true => None,
            false => Some(Line::on(tape, Part::Results, || public::only(client()).build()).map_err(failed)?),
        };
        let out = tokio::fs::File::from_std(out);
        Ok(Download { line, public, limits, out, sha: Hasher::new(), here: 0, version: None })
    }

    /// The content's hash and its bytes.
    pub fn finish(self) -> (Sha256, u64) {
        (Sha256(self.sha.finalize().into()), self.here)
    }

    /// Fetches what is missing.
    pub async fn go_on(&mut self, progress: &(dyn Fn(u64, Option<u64>) + Send + Sync)) -> Result<(), FetchError> {
        let mut response = self.request().await?;
        let server = server(response.url());
        let encoding = response.headers().get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
        if let Some(encoding) = encoding.filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            let encoding = domain::units::clean(encoding, 40);
            return Err(FetchError::Packed { server, encoding });
        }
        self.align(&response, &server).await?;
        let rest = response.content_length();
        let total = rest.map(|rest| self.here.saturating_add(rest));
        if total.is_some_and(|total| total > self.limits.max_bytes) {
            return Err(FetchError::TooLarge { max_bytes: self.limits.max_bytes });
        }
        self.room_for(rest.unwrap_or(0))?;
        progress(self.here, total);
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => {
                    // What came before is good: put it down, so that the next try goes on from here.
                    self.flush().await?;
                    return Err(FetchError::Unreachable { server, cause: innermost(&error.into()) });
                }
            };
            let after = self.here.saturating_add(chunk.len() as u64);
            if after > self.limits.max_bytes {
                return Err(FetchError::TooLarge { max_bytes: self.limits.max_bytes });
            }
            let written = self.out.write_all(&chunk).await;
            written.map_err(|e| self.cannot_write(e))?;
            self.sha.update(&chunk);
            self.here = after;
            progress(self.here, total);
        }
        self.flush().await
    }

    /// The way to where a URL leads, if anybody may be asked there.
    fn way(&self, url: &Url) -> Result<&Line, FetchError> {
        let is_one_of = |servers: &[Url]| servers.iter().any(|one| one.origin() == url.origin());
        if is_one_of(&self.limits.allowed) {
            return Ok(&self.line);
        }
        match self.public.as_ref().filter(|_| is_one_of(&self.limits.public)) {
            None => Err(FetchError::Foreign { server: server(url) }),
            Some(_) if !public::may_be(url) => Err(FetchError::Private { server: server(url) }),
            Some(line) => Ok(line),
        }
    }

    /// The first answer that is no redirect. Every server on the way must be an allowed one.
    async fn request(&self) -> Result<Response, FetchError> {
        let first = &self.limits.url;
        let mut url = first.clone();
        for _ in 0..=MAX_REDIRECTS {
            let (line, server) = (self.way(&url)?, server(&url));
            let mut request = Request::new(Method::GET, url.clone());
            let headers = request.headers_mut();
            if url.origin() == first.origin() {
                headers.extend(self.limits.headers.clone());
            }
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if self.here > 0
                && let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", self.here))
            {
                headers.insert(header::RANGE, range);
                if let Some(version) = &self.version {
                    headers.insert(header::IF_RANGE, version.clone());
                }
            }
            let unreachable = |e: Broken| match e.cause() {
                public::NOWHERE => FetchError::Private { server: server.clone() },
                _ => FetchError::Unreachable { server: server.clone(), cause: innermost(&e) },
            };
            let answer = line.send(request).await.map_err(unreachable)?;
            if !answer.status().is_redirection() {
                return Ok(answer);
            }
            let to =
                answer.headers().get(header::LOCATION).and_then(|v| v.to_str().ok()).and_then(|v| url.join(v).ok());
            url = to.ok_or_else(|| FetchError::Refused { server, status: answer.status().as_u16() })?;
        }
        Err(FetchError::Circles { server: server(first) })
    }

    /// Makes what is on disk fit the answer: kept when the answer goes on from it, thrown away when it starts anew.
    async fn align(&mut self, answer: &Response, server: &str) -> Result<(), FetchError> {
        let status = answer.status();
        let goes_on = status == StatusCode::PARTIAL_CONTENT
            && answer.headers().get(header::CONTENT_RANGE).and_then(range_start) == Some(self.here);
        if goes_on && self.here > 0 {
            return Ok(());
        }
        if self.here > 0 {
            self.restart().await.map_err(|e| self.cannot_write(e))?;
            if status != StatusCode::OK {
                // A range that cannot be had, or another one: ask again from the start.
                let cause = format!("the server answered {} to a request to go on", status.as_u16());
                return Err(FetchError::Unreachable { server: server.to_owned(), cause });
            }
        }
        if status != StatusCode::OK {
            return Err(FetchError::Refused { server: server.to_owned(), status: status.as_u16() });
        }
        // A weak tag does not promise the same bytes.
        let tag = answer.headers().get(header::ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
        self.version = tag.cloned();
        Ok(())
    }

    async fn restart(&mut self) -> io::Result<()> {
        self.out.set_len(0).await?;
        self.out.rewind().await?;
        self.sha = Hasher::new();
        self.here = 0;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), FetchError> {
        self.out.flush().await.map_err(|e| self.cannot_write(e))
    }

    /// Refuses a file that the disk has no room for, before the first byte of it.
    fn room_for(&self, bytes: u64) -> Result<(), FetchError> {
        match rustix::fs::statvfs(&self.limits.folder) {
            Ok(disk) if disk.f_bavail.saturating_mul(disk.f_frsize) < bytes => {
                Err(FetchError::DiskFull { folder: self.limits.folder.clone() })
            }
            // A file system that does not know says so when it is written to.
            _ => Ok(()),
        }
    }

    fn cannot_write(&self, source: io::Error) -> FetchError {
        write_error(source, &self.limits.to, &self.limits.folder)
    }
}

/// Scheme, host and port: all that is shown of a link.
pub(super) fn server(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The first byte of `bytes 5-9/10`.
fn range_start(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_server_of_a_link_is_shown() {
        let url = Url::parse("https://user:pw@s3.example.org:8443/b/k?X-Amz-Signature=secret").unwrap();
        assert_eq!(server(&url), "https://s3.example.org:8443");
    }

    #[test]
    fn ranges_are_read() {
        assert_eq!(range_start(&HeaderValue::from_static("bytes 5-9/10")), Some(5));
        assert_eq!(range_start(&HeaderValue::from_static("bytes */10")), None);
        assert_eq!(range_start(&HeaderValue::from_static("5-9/10")), None);
    }
}
