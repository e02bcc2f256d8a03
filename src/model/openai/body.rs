//! A streamed body on its way to the parser of events: bounded, timed, and watched for its end mark.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
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

    /// It cannot be read, and this is why.
    pub(super) fn fail(&self, reason: ModelError) {
        self.end().reason = Some(reason);
    }

    /// The end was marked, or there is nothing that could come after.
    pub(super) fn mark(&self) {
        self.end().marked = true;
    }
}

/// So much is passed on between two looks whether anything else wants to go on, bytes.
const AT_ONCE: usize = 64 * 1024;

/// The body, a line at a time, until it passes its bound, nothing comes for too long, or it breaks. The parser of events goes
/// through all that it holds for each line and each piece, so that it is never given more than a line.
pub(super) fn watched(
    stream: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
    idle: Duration,
    ended: Ended,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let start =
        Watched { stream: Box::pin(stream), seen: 0, marks: Marked::default(), lines: Cut::default(), passed: 0 };
    futures::stream::unfold(Some(start), move |watched| {
        let ended = ended.clone();
        async move {
            let mut watched = watched?;
            match watched.line(idle, &ended).await {
                Ok(Some(line)) => Some((Ok(line), Some(watched))),
                Ok(None) => None,
                Err(reason) => {
                    let text = reason.to_string();
                    ended.end().reason = Some(reason);
                    Some((Err(io::Error::other(text)), None))
                }
            }
        }
    })
}

struct Watched<S> {
    stream: S,
    seen: usize,
    marks: Marked,
    lines: Cut,
    passed: usize,
}

impl<S: Stream<Item = reqwest::Result<Bytes>> + Unpin> Watched<S> {
    /// The next line with its end; the last one may have none.
    async fn line(&mut self, idle: Duration, ended: &Ended) -> Result<Option<Bytes>, ModelError> {
        loop {
            if let Some(line) = self.lines.next() {
                self.passed += line.len();
                if self.passed > AT_ONCE {
                    self.passed = 0;
                    tokio::task::yield_now().await;
                }
                return Ok(Some(line));
            }
            match tokio::time::timeout(idle, self.stream.next()).await {
                Err(_) => return Err(ModelError::Stalled { after: idle }),
                Ok(None) => {
                    if self.marks.is_mark() {
                        ended.mark();
                    }
                    return Ok(self.lines.last());
                }
                Ok(Some(Err(error))) => return Err(cut(&error)),
                Ok(Some(Ok(bytes))) => {
                    self.seen += bytes.len();
                    if self.seen > MAX_BODY {
                        return Err(ModelError::Garbage { what: "an answer of more than 16 MB".to_owned() });
                    }
                    if self.marks.pass(&bytes) {
                        ended.mark();
                    }
                    self.lines.take(bytes);
                }
            }
        }
    }
}

/// Pieces cut into lines. A line feed behind a carriage return is a piece of its own: the parser waits for it.
#[derive(Default)]
struct Cut {
    /// What came and was not looked through.
    rest: Bytes,
    /// The beginning of a line whose end has not come.
    begun: BytesMut,
}

impl Cut {
    fn take(&mut self, piece: Bytes) {
        self.rest = piece;
    }

    fn next(&mut self) -> Option<Bytes> {
        match self.rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(at) => {
                let line = self.rest.split_to(at + 1);
                if self.begun.is_empty() {
                    return Some(line);
                }
                self.begun.extend_from_slice(&line);
                Some(self.begun.split().freeze())
            }
            None => {
                self.begun.extend_from_slice(&self.rest);
                self.rest.clear();
                None
            }
        }
    }

    fn last(&mut self) -> Option<Bytes> {
        Some(self.begun.split().freeze()).filter(|rest| !rest.is_empty())
    }
}

/// Looks for a line that is an end mark and nothing else: what a model says of one stands within a line.
#[derive(Default)]
struct Marked {
    /// The beginning of the line that is being read: no longer than it takes to tell that it is no mark.
    line: Vec<u8>,
}

impl Marked {
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
                let mut lines = Marked::default();
                let passed = body.as_bytes().chunks(size).fold(false, |marked, piece| lines.pass(piece) | marked);
                assert_eq!(passed | lines.is_mark(), marked, "{body:?} by {size}");
            }
        }
    }

    #[test]
    fn a_body_is_cut_into_lines_wherever_its_pieces_break() {
        let body = "data: a\r\n\r\n: é\rdata: b\n\n\nlast";
        for size in 1..=body.len() {
            let mut cut = Cut::default();
            let mut lines = Vec::new();
            for piece in body.as_bytes().chunks(size) {
                cut.take(Bytes::copy_from_slice(piece));
                lines.extend(std::iter::from_fn(|| cut.next()));
            }
            lines.extend(cut.last());
            let lines: Vec<_> = lines.iter().map(|line| std::str::from_utf8(line).unwrap()).collect();
            let whole = ["data: a\r", "\n", "\r", "\n", ": é\r", "data: b\n", "\n", "\n", "last"];
            assert_eq!(lines, whole, "by {size}");
        }
    }
}
