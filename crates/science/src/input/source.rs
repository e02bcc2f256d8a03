//! Bytes as they are on disk, with a look ahead.

use std::io::{self, BufRead, Read};

/// Bytes read at a time.
const PIECE: usize = 128 * 1024;

/// A buffered reader that can look at what comes next, and keeps the system's own error apart from a decoder's.
pub(super) struct Source<R> {
    inner: R,
    buffer: Box<[u8]>,
    /// The bytes of the buffer that were not taken yet.
    start: usize,
    end: usize,
    /// Bytes that came from below.
    filled: u64,
    /// Whether somebody asked for more than there is.
    pub(super) ran_out: bool,
    failed: Option<io::Error>,
}

impl<R: Read> Source<R> {
    pub(super) fn new(inner: R) -> Source<R> {
        let buffer = vec![0; PIECE].into_boxed_slice();
        Source { inner, buffer, start: 0, end: 0, filled: 0, ran_out: false, failed: None }
    }

    /// Bytes that were taken.
    pub(super) fn taken(&self) -> u64 {
        self.filled - (self.end - self.start) as u64
    }

    /// The system's error that reading ended in, if it was one.
    pub(super) fn failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// The next bytes, at least `most` of them unless the end comes first; they stay.
    pub(super) fn peek(&mut self, most: usize) -> io::Result<&[u8]> {
        if self.end - self.start < most {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            while self.end < most.min(PIECE) && self.more()? > 0 {}
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// Reads more behind what is there; how much it was.
    fn more(&mut self) -> io::Result<usize> {
        loop {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.inner.read(room) {
                Ok(count) => {
                    self.end += count;
                    self.filled += count as u64;
                    return Ok(count);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    let kind = e.kind();
                    self.failed = Some(e);
                    return Err(kind.into());
                }
            }
        }
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.ran_out |= self.more()? == 0;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // Large pieces need not pass through the buffer.
        if self.start == self.end && into.len() >= PIECE {
            return match self.inner.read(into) {
                Ok(count) => {
                    self.filled += count as u64;
                    self.ran_out |= count == 0;
                    Ok(count)
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => Err(e),
                Err(e) => {
                    let kind = e.kind();
                    self.failed = Some(e);
                    Err(kind.into())
                }
            };
        }
        let ready = self.fill_buf()?;
        let count = ready.len().min(into.len());
        if let (Some(into), Some(ready)) = (into.get_mut(..count), ready.get(..count)) {
            into.copy_from_slice(ready);
        }
        self.consume(count);
        Ok(count)
    }
}
