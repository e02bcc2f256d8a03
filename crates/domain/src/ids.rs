//! Names of jobs, sessions and calls.

use std::{fmt, str::FromStr};

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

/// Crockford's base 32: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn random_text(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())])).collect()
}

/// Why a text is no job id.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("`{0}` is not a job id: they look like job-7k3q9dm2")]
pub struct JobIdError(pub String);

/// Our name for one job: `job-` and eight random characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

impl JobId {
    /// What every id looks like, as a pattern of JSON Schema.
    pub const PATTERN: &str = "^job-[0-9a-hjkmnp-tv-z]{8}$";

    /// A fresh id; the ledger's unique index makes sure of it.
    pub fn random() -> JobId {
        JobId(format!("job-{}", random_text(8)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobId {
    type Err = JobIdError;
    fn from_str(text: &str) -> Result<JobId, JobIdError> {
        let wrong = || JobIdError(text.chars().filter(|c| !c.is_control()).take(40).collect());
        let tail = text.strip_prefix("job-").ok_or_else(wrong)?;
        if tail.len() == 8 && tail.bytes().all(|b| ALPHABET.contains(&b)) {
            Ok(JobId(text.to_owned()))
        } else {
            Err(wrong())
        }
    }
}

impl TryFrom<String> for JobId {
    type Error = JobIdError;
    fn try_from(text: String) -> Result<JobId, JobIdError> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> String {
        id.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no request id.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("`{0}` is not a request id: they look like req-7k3q9dm2")]
pub struct RequestIdError(pub String);

/// Our name for one request: `req-` and eight random characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

impl RequestId {
    /// A fresh id; the ledger's primary key makes sure of it.
    pub fn random() -> RequestId {
        RequestId(format!("req-{}", random_text(8)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = RequestIdError;
    fn from_str(text: &str) -> Result<RequestId, RequestIdError> {
        match text.strip_prefix("req-") {
            Some(tail) if tail.len() == 8 && tail.bytes().all(|b| ALPHABET.contains(&b)) => {
                Ok(RequestId(text.to_owned()))
            }
            _ => Err(RequestIdError(text.chars().filter(|c| !c.is_control()).take(40).collect())),
        }
    }
}

impl TryFrom<String> for RequestId {
    type Error = RequestIdError;
    fn try_from(text: String) -> Result<RequestId, RequestIdError> {
        text.parse()
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> String {
        id.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One run of the program that a person talks to: `ses-` and eight random characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub String);

impl SessionId {
    /// A fresh id.
    pub fn random() -> SessionId {
        SessionId(format!("ses-{}", random_text(8)))
    }
}

/// Why a text is no session id.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error(
    "`{0}` is not a session id: it is `ses-` and eight digits or small letters without i, l, o and u, such as ses-7k3q9dm2"
)]
pub struct SessionIdError(pub String);

impl FromStr for SessionId {
    type Err = SessionIdError;
    fn from_str(text: &str) -> Result<SessionId, SessionIdError> {
        match text.strip_prefix("ses-") {
            Some(tail) if tail.len() == 8 && tail.bytes().all(|b| ALPHABET.contains(&b)) => {
                Ok(SessionId(text.to_owned()))
            }
            _ => Err(SessionIdError(text.chars().filter(|c| !c.is_control()).take(40).collect())),
        }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An opaque random text of `length` characters, for idempotency keys and references.
pub fn opaque(length: usize) -> String {
    random_text(length)
}
