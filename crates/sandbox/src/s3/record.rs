//! What is remembered of objects, uploads and parts: small JSON files.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use s3s::dto::{ETag, Timestamp};
use serde::{Deserialize, Serialize};

/// A file of an object's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Its name in the data folder.
    pub file: String,
    /// Bytes.
    pub bytes: u64,
}

/// What a request that makes an object says of it: S3's three such requests have the same fields, in types of their own.
macro_rules! described {
    ($input:ident) => {
        $crate::s3::record::Described {
            metadata: $input.metadata.unwrap_or_default(),
            content_type: $input.content_type,
            content_encoding: $input.content_encoding,
            content_disposition: $input.content_disposition,
            content_language: $input.content_language,
            cache_control: $input.cache_control,
        }
    };
}
pub(super) use described;

/// What a client said of an object when it made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// Its `x-amz-meta-` fields.
    pub metadata: HashMap<String, String>,
    /// Its media type.
    pub content_type: Option<String>,
    /// Its `Content-Encoding`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// Its `Content-Disposition`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// Its `Content-Language`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    /// Its `Cache-Control`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
}

/// An object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ObjectRecord {
    /// Its key.
    pub key: String,
    /// The data folder that holds its content.
    pub data: String,
    /// Its content, in order.
    pub pieces: Vec<Piece>,
    /// CRC-64/NVME of all.
    pub crc64: u64,
    /// Milliseconds since 1970.
    pub modified_ms: u64,
    /// What the client said.
    pub described: Described,
}

impl ObjectRecord {
    /// Bytes.
    pub fn bytes(&self) -> u64 {
        self.pieces.iter().map(|p| p.bytes).sum()
    }

    /// Names this content, and no other that the key ever had. Not an MD5, and shaped so that nobody takes it for one.
    pub fn etag(&self) -> ETag {
        ETag::Strong(format!("{}-{}", self.data, self.pieces.len()))
    }
}

/// An upload in parts that is neither completed nor aborted. Its id is the name of its data folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UploadRecord {
    /// The key it is for.
    pub key: String,
    /// Milliseconds since 1970.
    pub started_ms: u64,
    /// What the client said.
    pub described: Described,
}

/// A part of an upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartRecord {
    /// From 1 to 10,000.
    pub number: i32,
    /// Its content.
    pub piece: Piece,
    /// Of its content.
    pub crc64: u64,
    /// Milliseconds since 1970.
    pub modified_ms: u64,
}

impl PartRecord {
    /// Names this content of the part, and no other it ever had.
    pub fn etag(&self) -> ETag {
        ETag::Strong(self.piece.file.clone())
    }
}

/// Now, in milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// As S3 writes times.
pub fn timestamp(ms: u64) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_millis(ms))
}

/// As S3 writes a CRC-64.
pub fn crc64_text(crc64: u64) -> String {
    STANDARD.encode(crc64.to_be_bytes())
}

/// As S3 counts bytes.
pub fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
