//! A streamed body on its way to the parser of events: bounded, timed, and watched for its end mark.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};

use super::failure::cut;
use crate::model::ModelError;

/// The largest answer, bytes on the wire.
pub(super) const MAX_BODY: usize = 16 * 1024 * 1024;
/// The byte order mark of UTF-8, which a body may begin with: the parser of events panics at one.
pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";
/// The line that says that this was all, with the space and without.
const MARKS: [&[u8]; 2] = [b"data: [DONE]", b"data:[DONE]"];

/// How a response's body ended, told by the one who read it.
#[derive(Clone, Default)]
pub(super) struct Ended(Arc<Mutex<End>>);

#[derive(Default)]
struct End {
    reason: Option<ModelError>,
    marked: bool,
}

impl Ended {
    fn end(&self) -> MutexGuard<'_, End> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Why it ended before its end.
    pub(super) fn reason(&self) -> Option<ModelError> {
        self.end().reason.clone()
    }

    /// Whether the end was marked (`[DONE]`).
    pub(super) fn marked(&self) -> bool {
        self.end().marked
    }

    /// The end was marked, or there is nothing that could come after.
    pub(super) fn mark(&self) {
        self.end().marked = true;
    }
}

/// The body's pieces, until it passes its bound, nothing comes for too long, or it breaks.
pub(super) fn watched(
    stream: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
    idle: Duration,
    ended: Ended,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let start = (Box::pin(stream), 0usize, Lines::default(), false);
    futures::stream::unfold(start, move |(mut stream, seen, mut lines, over)| {
        let ended = ended.clone();
        async move {
            if over {
                return None;
            }
            let stop = |reason: ModelError| {
                let text = reason.to_string();
                ended.end().reason = Some(reason);
                Err(io::Error::other(text))
            };
            let mut seen = seen;
            let item = match tokio::time::timeout(idle, stream.next()).await {
                Err(_) => stop(ModelError::Stalled { after: idle }),
                Ok(None) => {
                    if lines.is_mark() {
                        ended.mark();
                    }
                    return None;
                }
                Ok(Some(Err(error))) => stop(cut(&error)),
                Ok(Some(Ok(bytes))) if seen + bytes.len() > MAX_BODY => {
                    stop(ModelError::Garbage { what: "an answer of more than 16 MB".to_owned() })
                }
                Ok(Some(Ok(bytes))) => {
                    seen += bytes.len();
                    if lines.pass(&bytes) {
                        ended.mark();
                    }
                    Ok(bytes)
                }
            };
            let over = item.is_err();
            Some((item, (stream, seen, lines, over)))
        }
    })
}

/// Looks for a line that is an end mark and nothing else: what a model says of one stands within a line.
#[derive(Default)]
struct Lines {
    /// The beginning of the line that is being read: no longer than it takes to tell that it is no mark.
    line: Vec<u8>,
}

impl Lines {
    /// Whether a mark came to its end in these bytes.
    fn pass(&mut self, bytes: &[u8]) -> bool {
        let mut marked = false;
        for byte in bytes {
            if matches!(byte, b'\n' | b'\r') {
                marked |= self.is_mark();
                self.line.clear();
            } else if self.line.len() <= MARKS[0].len() {
                self.line.push(*byte);
            }
        }
        marked
    }

    fn is_mark(&self) -> bool {
        MARKS.contains(&self.line.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_a_line_of_its_own_wherever_the_pieces_break() {
        for (body, marked) in [
            ("data: {}\n\ndata: [DONE]\n\n", true),
            ("data:[DONE]\r\n\r\n", true),
            ("data: [DONE]", true),
            ("data: {\"content\":\"data: [DONE]\"}\n\n", false),
            ("data: [DONE] and more\n\n", false),
            (": [DONE]\n\nid: [DONE]\n\n", false),
            ("xdata: [DONE]\n\n", false),
        ] {
            for size in 1..=body.len() {
                let mut lines = Lines::default();
                let passed = body.as_bytes().chunks(size).fold(false, |marked, piece| lines.pass(piece) | marked);
                assert_eq!(passed | lines.is_mark(), marked, "{body:?} by {size}");
            }
        }
    }
}
