//! What can go wrong with storage, in one sentence each, and what to do about it. No error carries a secret.

use std::{io, path::PathBuf};

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use url::Url;

use cassette::{format::Broken, scrub::known::said};
use domain::units;
use guard::policy::refusal::Refusal;

/// Why storage did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Endpoint or bucket cannot be used as they are written.
    #[error("storage settings: {0}")]
    Settings(String),
    /// No answer: name, network, TLS or time.
    #[error("storage at {endpoint} cannot be reached: {cause}")]
    Unreachable {
        /// The server.
        endpoint: String,
        /// What failed.
        cause: String,
    },
    /// The server does not take the keys, or they may not do this.
    #[error("storage at {endpoint} does not accept the keys for bucket {bucket} ({code})")]
    Credentials {
        /// The server.
        endpoint: String,
        /// The bucket.
        bucket: String,
        /// S3's error code.
        code: String,
    },
    /// This machine's clock and the server's are too far apart for signatures.
    #[error("storage at {endpoint} says that this machine's clock is wrong")]
    Clock {
        /// The server.
        endpoint: String,
    },
    /// The bucket is in another region than the requests are signed for.
    #[error("bucket {bucket} at {endpoint} is in another region than AIOZ_S3_REGION says ({code}{}{told})", if told.is_empty() { "" } else { ": " })]
    Region {
        /// The server.
        endpoint: String,
        /// The bucket.
        bucket: String,
        /// S3's error code.
        code: String,
        /// What it said of it, cleaned.
        told: String,
    },
    /// There is no such bucket.
    #[error("there is no bucket {bucket} at {endpoint}")]
    NoBucket {
        /// The server.
        endpoint: String,
        /// The bucket.
        bucket: String,
    },
    /// There is no such object.
    #[error("there is no object {key} in bucket {bucket}")]
    NoObject {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// The server refused for another reason.
    #[error("storage at {endpoint} refused: {code}{}{message}", if message.is_empty() { "" } else { ": " })]
    Refused {
        /// The server.
        endpoint: String,
        /// S3's error code, or the HTTP status.
        code: String,
        /// What it said, cleaned.
        message: String,
    },
    /// What arrived is not what was sent, again and again.
    #[error("the upload of {key} arrived damaged: {what}")]
    Corrupt {
        /// The object's key.
        key: String,
        /// Which check failed.
        what: String,
    },
    /// The dataset is not as it was when it was measured.
    #[error(transparent)]
    Changed(#[from] Refusal),
    /// The dataset could not be read.
    #[error("{} could not be read: {source}", path.display())]
    Read {
        /// The dataset.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The dataset has no content.
    #[error("{} is empty: there is nothing to upload", path.display())]
    Empty {
        /// The dataset.
        path: PathBuf,
    },
    /// The dataset is above what an S3 object may hold.
    #[error("{} is too large for storage: an object holds {} at most", units::bytes(*bytes), units::bytes(super::plan::MAX_OBJECT))]
    TooLarge {
        /// Its size, bytes.
        bytes: u64,
    },
    /// A link may not live that long.
    #[error("a link to storage may live seven days at most, not {seconds} seconds")]
    Lifetime {
        /// What was asked for.
        seconds: u64,
    },
}

impl StorageError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            StorageError::Settings(_) => {
                "AIOZ_S3_ENDPOINT is an http or https address, AIOZ_BUCKET 3 to 63 of a-z, 0-9, dot and dash"
            }
            StorageError::Unreachable { .. } => {
                "check AIOZ_S3_ENDPOINT and the network; a job that was interrupted goes on with: agent jobs resume"
            }
            StorageError::Credentials { code, .. } if code == "AccessDenied" => {
                "the key is known, and lacks a right: on the bucket it needs ListBucket, and GetObject, PutObject, DeleteObject \
                 and AbortMultipartUpload on what is in it"
            }
            StorageError::Region { .. } => {
                "set AIOZ_S3_REGION to the bucket's region, which the provider's console shows"
            }
            StorageError::Credentials { .. } => {
                "check AIOZ_ACCESS_KEY and AIOZ_SECRET_KEY, and that the key may read and write the bucket"
            }
            StorageError::Clock { .. } => "set this machine's clock (on most systems: timedatectl set-ntp true)",
            StorageError::NoBucket { .. } => "make the bucket at the provider, or name an existing one in AIOZ_BUCKET",
            StorageError::Refused { .. } => "see the provider's status and quota; then: agent jobs resume",
            StorageError::Corrupt { .. } => "try again; if it stays, something between here and storage damages data",
            StorageError::Changed(refusal) => return refusal.hint.clone(),
            StorageError::TooLarge { .. } => "split the dataset",
            StorageError::NoObject { .. }
            | StorageError::Read { .. }
            | StorageError::Empty { .. }
            | StorageError::Lifetime { .. } => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether the server has said no more than an HTTP status, as answers to HEAD do.
    pub(super) fn is_bare(&self) -> bool {
        match self {
            StorageError::Credentials { code, .. }
            | StorageError::Refused { code, .. }
            | StorageError::Region { code, .. } => code.starts_with("HTTP "),
            _ => false,
        }
    }

    /// Whether the same may go well in a while, without any change here.
    pub fn is_passing(&self) -> bool {
        match self {
            StorageError::Unreachable { .. } => true,
            StorageError::Refused { code, .. } => is_passing_code(code),
            _ => false,
        }
    }

    /// Whether the server may be one that knows no CRC-64/NVME and said so.
    pub(super) fn may_be_about_checksums(&self) -> bool {
        const CODES: [&str; 10] = [
            "NotImplemented",
            "InvalidRequest",
            "InvalidArgument",
            "InvalidDigest",
            "InvalidHeader",
            "UnsupportedHeader",
            "MalformedXML",
            "BadRequest",
            "HTTP 400",
            "HTTP 501",
        ];
        matches!(self, StorageError::Refused { code, .. } if CODES.contains(&code.as_str()))
    }
}

/// Which server and bucket an error is about.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The server, without credentials, query or fragment.
    pub endpoint: Url,
    /// The bucket.
    pub bucket: String,
}

impl Place {
    pub fn new(endpoint: &Url, bucket: &str) -> Result<Place, StorageError> {
        let wrong = |why: &str| Err(StorageError::Settings(why.to_owned()));
        if !matches!(endpoint.scheme(), "http" | "https") || endpoint.host_str().is_none() {
            return wrong("the endpoint is not an http or https address");
        }
        if !endpoint.username().is_empty() || endpoint.password().is_some() {
            return wrong("the endpoint carries a user name; the keys have settings of their own");
        }
        if endpoint.query().is_some() || endpoint.fragment().is_some() {
            return wrong("the endpoint carries a query");
        }
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(letters) || bucket.contains("..") {
            return wrong("the bucket's name is not one that S3 allows");
        }
        Ok(Place { endpoint: endpoint.clone(), bucket: bucket.to_owned() })
    }

    /// The error in our words.
    pub fn error<E>(&self, error: SdkError<E, HttpResponse>) -> StorageError
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let endpoint = self.endpoint.to_string();
        let Some(response) = error.raw_response() else {
            return StorageError::Unreachable { endpoint, cause: causes(&error) };
        };
        let status = response.status().as_u16();
        let code = error.code().map_or_else(|| format!("HTTP {status}"), |c| units::clean(c, 60));
        let message = said(error.message().unwrap_or_default(), 200);
        let bucket = self.bucket.clone();
        match (code.as_str(), status) {
            ("RequestTimeTooSkewed", _) => StorageError::Clock { endpoint },
            (
                "AuthorizationHeaderMalformed"
                | "PermanentRedirect"
                | "TemporaryRedirect"
                | "InvalidRegion"
                | "IllegalLocationConstraintException",
                _,
            )
            | (_, 301 | 307) => StorageError::Region { endpoint, bucket, code, told: message },
            ("NoSuchBucket", _) => StorageError::NoBucket { endpoint, bucket },
            // Without a body, as answers to HEAD are; objects that are missing are sorted out before this.
            ("NotFound" | "HTTP 404", 404) => StorageError::NoBucket { endpoint, bucket },
            (_, 401 | 403) => StorageError::Credentials { endpoint, bucket, code },
            _ => StorageError::Refused { endpoint, code, message },
        }
    }
}

/// The innermost causes of an error that never got an answer, outermost first. The outer ones only say that it failed.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |e| e.source());
    last_two(chain.map(ToString::to_string))
}

/// The same of an exchange that came to nothing.
pub(super) fn innermost(broken: &Broken) -> String {
    last_two(broken.causes.iter().cloned())
}

fn last_two(causes: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<String> = causes.map(|text| units::clean(&text, 120)).filter(|t| !t.is_empty()).collect();
    texts.dedup();
    let inner = texts.len().saturating_sub(2);
    texts.split_off(inner).join(": ")
}

/// Whether the answer was that a thing is not there, and the thing is not the bucket of an object.
pub(super) fn is_not_found<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    error.raw_response().is_some_and(|r| r.status().as_u16() == 404)
        && matches!(error.code(), None | Some("NotFound" | "NoSuchKey"))
}

/// Whether the server says that the content is not what the checksum says.
pub(super) fn is_damage<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    const CODES: [&str; 4] =
        ["BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch", "IncompleteBody"];
    error.code().is_some_and(|code| CODES.contains(&code))
}

/// Whether the server answered that it did as it was asked, in a body that cannot be read: some send white space before the
/// XML while they are busy.
pub(super) fn is_unread<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    error.code().is_none() && error.raw_response().is_some_and(|r| r.status().is_success())
}

/// Whether the same request may go well in a while: the line broke, or the server is busy or ill.
pub(super) fn is_passing<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error.raw_response() {
        None => !matches!(error, SdkError::ConstructionFailure(_)),
        Some(response) => {
            let status = response.status().as_u16();
            error.code().is_some_and(is_passing_code) || matches!(status, 408 | 425 | 429 | 500 | 502..=504)
        }
    }
}

/// What S3 and its kin call troubles that pass.
fn is_passing_code(code: &str) -> bool {
    const CODES: [&str; 16] = [
        "SlowDown",
        "InternalError",
        "ServiceUnavailable",
        "RequestTimeout",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "RequestLimitExceeded",
        "OperationAborted",
        "HTTP 408",
        "HTTP 425",
        "HTTP 429",
        "HTTP 500",
        "HTTP 502",
        "HTTP 503",
        "HTTP 504",
    ];
    CODES.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
        let place = |endpoint: &str, bucket: &str| Place::new(&Url::parse(endpoint).unwrap(), bucket);
        assert!(place("http://127.0.0.1:9000", "data").is_ok());
        assert!(place("https://s3.example.org/base/", "my.bucket-1").is_ok());
        for (endpoint, bucket) in [
            ("ftp://s3.example.org", "data"),
            ("https://key:secret@s3.example.org", "data"),
            ("https://s3.example.org/?a=b", "data"),
            ("https://s3.example.org", "UPPER"),
            ("https://s3.example.org", "../x"),
            ("https://s3.example.org", "a"),
        ] {
            let error = place(endpoint, bucket).unwrap_err();
            assert!(error.hint().is_some());
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
