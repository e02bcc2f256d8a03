//! A file's content as every reader has it: unpacked, without its byte order mark, lines ended by `\n`.

use std::io::Read;

use super::{
    InputError,
    kind::{MARK, kind},
    unpack::Unpacked,
};
use domain::dataset::{Compression, Foreign, Format, Oddity};

/// Bytes read at a time.
const PIECE: usize = 128 * 1024;

/// By so many bytes of content it is told what a file is.
const HEAD: usize = 64 * 1024;

/// The content of a file, piece by piece.
///
/// A carriage return that no `\n` follows is a line end of its own, and becomes `\n`; one before `\n` stays. So offsets
/// are those of the decompressed file, but for the byte order mark.
pub struct Content<R: Read> {
    unpacked: Unpacked<R>,
    format: Format,
    foreign: Option<Foreign>,
    buffer: Box<[u8]>,
    /// Bytes of the buffer that were read and not given yet.
    ready: usize,
    /// Bytes of the mark that were passed over.
    skipped: u64,
    /// Whether a carriage return was held back from the last piece, until it is known what follows it.
    held: bool,
    /// Whether one ended a line.
    returns: bool,
    /// Whether all was read; where it ended in an error, which.
    ended: bool,
    failed: Option<InputError>,
    given: u64,
}

impl<R: Read> Content<R> {
    /// Begins to read `inner`, and tells what it is.
    ///
    /// # Errors
    /// When nothing at all can be read of it. An error behind its first bytes comes from [`Content::next_piece`].
    pub fn new(inner: R) -> Result<Content<R>, InputError> {
        let unpacked = Unpacked::new(inner)?;
        let mut content = Content {
            unpacked,
            format: Format::Binary,
            foreign: None,
            buffer: vec![0; PIECE].into_boxed_slice(),
            ready: 0,
            skipped: 0,
            held: false,
            returns: false,
            ended: false,
            failed: None,
            given: 0,
        };
        while content.ready < HEAD && !content.ended {
            content.fill();
        }
        if content.ready == 0
            && let Some(error) = content.failed.take()
        {
            return Err(error);
        }
        let head = content.buffer.get(..content.ready).unwrap_or_default();
        // It is told by its lines as they will be given; a copy, as pieces are ended when they are given.
        let mut ended;
        let head = if memchr::memchr(b'\r', head).is_some() {
            ended = head.to_vec();
            end_lines(&mut ended, content.ended);
            &ended
        } else {
            head
        };
        (content.format, content.foreign) = kind(head, content.ended, content.unpacked.compression());
        if head.starts_with(MARK) {
            content.skipped = MARK.len() as u64;
            content.buffer.copy_within(MARK.len()..content.ready, 0);
            content.ready -= MARK.len();
        }
        Ok(content)
    }

    /// What its content is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What it is beyond its format, where nothing here reads it.
    pub fn foreign(&self) -> Option<Foreign> {
        self.foreign
    }

    /// How it is compressed.
    pub fn compression(&self) -> Option<Compression> {
        self.unpacked.compression()
    }

    /// What was odd about it, as far as it was read.
    pub fn oddities(&self) -> Vec<Oddity> {
        let mark = (self.skipped > 0).then_some(Oddity::ByteOrderMark);
        let returns = self.returns.then_some(Oddity::CarriageReturns);
        mark.into_iter().chain(returns).chain(self.unpacked.oddities().iter().copied()).collect()
    }

    /// Bytes before the content that [`Content::next_piece`] gives: those of a byte order mark.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Bytes of content that were given so far.
    pub fn given(&self) -> u64 {
        self.given
    }

    /// Bytes of the file, as it is on disk, that the content so far came from.
    pub fn taken(&self) -> u64 {
        self.unpacked.taken()
    }

    /// Refuses what is of no format that `wanted` takes and has a name of its own.
    ///
    /// # Errors
    /// [`InputError::Foreign`].
    pub fn expect(&self, wanted: impl Fn(Format) -> bool) -> Result<(), InputError> {
        match self.foreign {
            Some(foreign) if !wanted(self.format) => Err(InputError::Foreign(foreign)),
            _ => Ok(()),
        }
    }

    /// The next piece of the content; empty at its end.
    ///
    /// # Errors
    /// Compressed data that is damaged or cut off; the system's error.
    pub fn next_piece(&mut self) -> Result<&[u8], InputError> {
        if std::mem::take(&mut self.held)
            && let Some(first) = self.buffer.first_mut()
        {
            (*first, self.ready) = (b'\r', 1);
        }
        while self.ready < 2 && !self.ended {
            self.fill();
        }
        if self.ready == 0
            && let Some(error) = self.failed.take()
        {
            return Err(error);
        }
        let read = self.buffer.get_mut(..self.ready).unwrap_or_default();
        self.returns |= end_lines(read, self.ended);
        self.held = !self.ended && read.last() == Some(&b'\r');
        let count = read.len() - usize::from(self.held);
        self.given += count as u64;
        self.ready = 0;
        Ok(self.buffer.get(..count).unwrap_or_default())
    }

    /// Reads once more behind what is there.
    fn fill(&mut self) {
        let Content { unpacked, buffer, ready, .. } = self;
        match unpacked.read(buffer.get_mut(*ready..).unwrap_or_default()) {
            Ok(0) => self.ended = true,
            Ok(count) => *ready += count,
            Err(error) => (self.ended, self.failed) = (true, Some(error)),
        }
    }
}

/// Makes a line end of each carriage return that no `\n` follows, whether there was one; the last byte is one only where
/// nothing follows at all.
pub fn end_lines(piece: &mut [u8], ended: bool) -> bool {
    let mut any = false;
    let mut from = 0;
    while let Some(found) = piece.get(from..).and_then(|rest| memchr::memchr(b'\r', rest)) {
        let at = from + found;
        let alone = match piece.get(at + 1) {
            Some(next) => *next != b'\n',
            None => ended,
        };
        if alone && let Some(byte) = piece.get_mut(at) {
            (*byte, any) = (b'\n', true);
        }
        from = at + 1;
    }
    any
}
