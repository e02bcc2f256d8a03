//! Under which conditions a request is carried out: ETags and dates, as HTTP and S3 have them.

use s3s::{
    S3Result,
    dto::{ETagCondition, Timestamp},
    s3_error,
};

use super::record::{ObjectRecord, timestamp};

/// What a client asks of an object before it is read.
#[derive(Debug, Default)]
pub struct Reading {
    /// It is this one.
    pub if_match: Option<ETagCondition>,
    /// It is another than this one.
    pub if_none_match: Option<ETagCondition>,
    /// It is newer than this. Not looked at beside `if_none_match`.
    pub modified_since: Option<Timestamp>,
    /// It is no newer than this. Not looked at beside `if_match`.
    pub unmodified_since: Option<Timestamp>,
}

/// What a condition asks for does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unmet {
    /// It is another one.
    Changed,
    /// The client has it already.
    Known,
}

impl Reading {
    fn unmet(&self, record: &ObjectRecord) -> Option<Unmet> {
        let is = |tag: &ETagCondition| tag.as_etag().is_none_or(|tag| tag.weak_cmp(&record.etag()));
        // HTTP's dates have whole seconds.
        let modified = timestamp(record.modified_ms / 1000 * 1000);
        let newer = |than: &Timestamp| modified > *than;
        let changed = match (&self.if_match, &self.unmodified_since) {
            (Some(tag), _) => !is(tag),
            (None, Some(than)) => newer(than),
            (None, None) => false,
        };
        let known = match (&self.if_none_match, &self.modified_since) {
            (Some(tag), _) => is(tag),
            (None, Some(than)) => !newer(than),
            (None, None) => false,
        };
        changed.then_some(Unmet::Changed).or(known.then_some(Unmet::Known))
    }

    /// Refuses a read whose conditions do not hold.
    pub fn may_read(&self, record: &ObjectRecord) -> S3Result<()> {
        match self.unmet(record) {
            None => Ok(()),
            Some(Unmet::Changed) => Err(s3_error!(PreconditionFailed)),
            Some(Unmet::Known) => Err(s3_error!(NotModified)),
        }
    }

    /// Refuses to copy an object of which they do not hold.
    pub fn may_copy(&self, record: &ObjectRecord) -> S3Result<()> {
        match self.unmet(record) {
            None => Ok(()),
            Some(_) => Err(s3_error!(PreconditionFailed, "the source is not as its conditions want it")),
        }
    }
}

/// Refuses a write whose conditions do not hold of what is there now.
pub fn may_write(
    there: Option<&ObjectRecord>,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let is = |condition: &ETagCondition, record: &ObjectRecord| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(tag) => tag.strong_cmp(&record.etag()),
    };
    match (if_match, there) {
        (Some(_), None) => return Err(s3_error!(NoSuchKey, "there is no object that If-Match could match")),
        (Some(condition), Some(record)) if !is(condition, record) => return Err(s3_error!(PreconditionFailed)),
        _ => {}
    }
    match (if_none_match, there) {
        (Some(condition), Some(record)) if is(condition, record) => Err(s3_error!(PreconditionFailed)),
        _ => Ok(()),
    }
}
