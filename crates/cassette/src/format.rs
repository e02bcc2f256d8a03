//! The file's format: JSON Lines, one entry a line, versioned by its first.
//!
//! Entries are never changed once a version was released; what is added later is optional to read.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use domain::{event::Event, hash::Sha256, request::Bounds, units};

/// The version of the format that this program writes, and the newest it reads.
pub const VERSION: u32 = 2;
/// A body larger than this is not kept: its length and hash are, bytes.
pub const MAX_KEPT: usize = 8 << 20;

/// A part of the world outside that a run talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The language model.
    Model,
    /// The S3 store.
    Storage,
    /// The compute provider.
    Provider,
    /// The Neo nodes.
    Chain,
    /// Result files, from the provider or from storage.
    Results,
}

impl Part {
    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Part::Model => "model",
            Part::Storage => "storage",
            Part::Provider => "provider",
            Part::Chain => "chain",
            Part::Results => "results",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub what: What,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum What {
    /// The first line: what was started.
    Start(Box<Start>),
    /// What a person said.
    Input {
        /// Their words.
        text: String,
    },
    /// Something that the run took from outside and that is no exchange: a time, a random number, a probe, a signature.
    Value {
        /// What it is.
        of: String,
        /// It.
        value: Value,
    },
    /// A request goes out.
    Asked(Asked),
    /// Its answer has come, or will not.
    Answered(Box<Answered>),
    /// What was told to the person, or to the program that asked.
    Event {
        /// As with `--json`. Kept as it was written: a later version may know other events.
        event: Value,
    },
    /// The last line of a run that came to its end.
    End {
        /// The process's exit code.
        exit_code: u8,
    },
}

impl What {
    /// An event, as it is kept.
    pub fn told(event: &Event) -> What {
        // Every event is plain data with text keys, which always serialises.
        What::Event { event: serde_json::to_value(event).unwrap_or_default() }
    }
}

/// What was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// [`VERSION`].
    pub cassette: u32,
    /// This program's version.
    pub program: String,
    /// `ask` or `chat`.
    pub command: String,
    /// The flags that change what may happen.
    pub flags: Vec<String>,
    /// Where, for how much, how far.
    pub bounds: Bounds,
    /// The working folder.
    pub folder: String,
    /// The home folder.
    pub home: String,
    /// Where results go instead of the home folder.
    #[serde(default)]
    pub out: Option<String>,
    /// The settings, without secrets, by name.
    pub settings: BTreeMap<String, String>,
    /// Of everything in `prompts/`, of the tools' schemas and of the catalogue of tasks, each by its name.
    pub built: BTreeMap<String, Sha256>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Ties the answer to it; from 1.
    pub id: u64,
    /// Who is asked.
    pub part: Part,
    /// The HTTP method; `TURN` for a model.
    pub method: String,
    /// The address; the model's name for a model.
    pub target: String,
    /// The headers that say something.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What is sent.
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Answered {
    /// Of this request.
    pub id: u64,
    /// The HTTP status; nothing where no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The headers that the program reads.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What came.
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
    /// What was sent, where it went out as a stream: datasets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Measure>,
    /// Why no answer came, or why it broke off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Broken>,
}

/// Length and hash of bytes that are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Length.
    pub bytes: u64,
    /// Of all.
    pub sha256: Sha256,
}

/// A body, as much of it as is kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// A value of the program's own, not bytes from a wire.
    Json(Value),
    /// Bytes that are UTF-8.
    Text(String),
    /// Bytes that are not.
    Base64(String),
    /// Bytes that are too many to be kept.
    Omitted(Measure),
    /// A stream; what it was is told with the answer.
    Stream {
        /// Its length.
        bytes: u64,
    },
}

impl Body {
    /// Bytes, kept where they are not too many.
    pub fn of(bytes: &[u8]) -> Body {
        if bytes.is_empty() {
            return Body::Empty;
        }
        if bytes.len() > MAX_KEPT {
            return Body::Omitted(Measure { bytes: bytes.len() as u64, sha256: Sha256::of(bytes) });
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Body::Text(text.to_owned()),
            Err(_) => Body::Base64(STANDARD.encode(bytes)),
        }
    }

    /// The bytes; nothing for those that were not kept, or are not from a wire.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Body::Empty => Some(Vec::new()),
            Body::Text(text) => Some(text.clone().into_bytes()),
            Body::Base64(text) => STANDARD.decode(text).ok(),
            Body::Json(_) | Body::Omitted(_) | Body::Stream { .. } => None,
        }
    }

    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        match self {
            Body::Empty => 0,
            Body::Json(value) => value.to_string().len() as u64,
            Body::Text(text) => text.len() as u64,
            Body::Base64(text) => STANDARD.decode(text).map_or(0, |bytes| bytes.len() as u64),
            Body::Omitted(measure) => measure.bytes,
            Body::Stream { bytes } => *bytes,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Body::Empty
    }

    /// For people: the text of it, or what is known of it.
    pub fn shown(&self) -> String {
        match self {
            Body::Empty => String::new(),
            Body::Json(value) => serde_json::to_string_pretty(value).unwrap_or_default(),
            Body::Text(text) => match serde_json::from_str::<Value>(text) {
                Ok(value @ (Value::Object(_) | Value::Array(_))) => {
                    serde_json::to_string_pretty(&value).unwrap_or_default()
                }
                _ => text.clone(),
            },
            Body::Base64(_) => format!("{} that are no text", units::bytes(self.len())),
            Body::Omitted(m) => format!("{}, not kept; SHA-256 {}", units::bytes(m.bytes), m.sha256),
            Body::Stream { bytes } => format!("{} of a file, not kept", units::bytes(*bytes)),
        }
    }
}

/// Why an exchange came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Broken {
    /// Whether nothing was sent: no connection, or no request that could be made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsent: bool,
    /// Whether it took too long.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// What failed, and what made it fail, outermost first, without addresses.
    pub causes: Vec<String>,
}

impl Broken {
    /// The innermost cause, which says most.
    pub fn cause(&self) -> &str {
        self.causes.last().map_or("it failed", String::as_str)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.causes.join(": "))
    }
}

impl std::error::Error for Broken {}

impl From<reqwest::Error> for Broken {
    fn from(error: reqwest::Error) -> Broken {
        // An address may hold a signature or a key.
        let error = error.without_url();
        let (unsent, late) = (error.is_connect() || error.is_builder(), error.is_timeout());
        let mut causes = vec![error.to_string()];
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            causes.push(next.to_string());
            cause = next.source();
        }
        Broken { unsent, late, causes }
    }
}
