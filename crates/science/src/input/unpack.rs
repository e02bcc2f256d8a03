//! What is inside a file: decompressed by what its first bytes say it is, streams and members one after the other.
//!
//! Memory is bounded whatever a file says: gzip needs 32 KiB and bzip2 a few megabytes at most, and of xz and zstd no
//! more than [`MOST_MEMORY`] is taken.

use std::io::{self, BufRead as _, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use super::{InputError, source::Source};
use domain::dataset::{Compression, Oddity};

/// The largest dictionary or window that is allowed to xz or zstd, bytes: that of `xz -9` twice, and of `zstd --long`.
const MOST_MEMORY: u32 = 128 * 1024 * 1024;

/// What xz needs beside its dictionary, bytes.
const XZ_BESIDE: u32 = 1024 * 1024;

/// A file's content.
pub(super) struct Unpacked<R: Read> {
    decoder: Decoder<R>,
    compression: Option<Compression>,
    oddities: Vec<Oddity>,
}

/// The reader of each kind. `Between` is where one stream has ended, and another may follow.
enum Decoder<R: Read> {
    Plain(Source<R>),
    Between(Compression, Source<R>),
    Gzip(Box<GzDecoder<Source<R>>>, Member),
    Bzip2(BzDecoder<Source<R>>),
    Xz(Box<XzReader<Source<R>>>),
    Zstd(Box<FrameDecoder>, Source<R>),
    /// Nothing more comes, after an end or an error.
    Over(u64),
}

/// What is known of a gzip member.
#[derive(Debug, Clone, Copy, Default)]
struct Member {
    /// Whether it is a block of BGZF: its header has the field `BC` (SAM specification, section 4.1).
    block: bool,
    /// Whether it is empty, as the block that ends BGZF is.
    empty: bool,
}

impl<R: Read> Unpacked<R> {
    /// Begins to read; what it is compressed by is known from then on.
    pub(super) fn new(inner: R) -> Result<Unpacked<R>, InputError> {
        let mut source = Source::new(inner);
        let compression = match source.peek(Compression::MAGIC) {
            Ok(head) => Compression::of(head),
            Err(e) => return Err(InputError::Read(source.failure().unwrap_or(e))),
        };
        let decoder = match compression {
            Some(compression) => Decoder::Between(compression, source),
            None => Decoder::Plain(source),
        };
        Ok(Unpacked { decoder, compression, oddities: Vec::new() })
    }

    /// What it is compressed by.
    pub(super) fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// What was odd about the compressed data as far as it was read.
    pub(super) fn oddities(&self) -> &[Oddity] {
        &self.oddities
    }

    /// Bytes of the file that were taken so far.
    pub(super) fn taken(&self) -> u64 {
        match &self.decoder {
            Decoder::Plain(source) | Decoder::Between(_, source) | Decoder::Zstd(_, source) => source.taken(),
            Decoder::Gzip(decoder, _) => decoder.get_ref().taken(),
            Decoder::Bzip2(decoder) => decoder.get_ref().taken(),
            Decoder::Xz(decoder) => decoder.inner().taken(),
            Decoder::Over(taken) => *taken,
        }
    }

    /// The next bytes of the content; 0 at its end.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<usize, InputError> {
        loop {
            let over = Decoder::Over(self.taken());
            // Taken out, so that one decoder can become another; put back below unless it failed.
            match std::mem::replace(&mut self.decoder, over) {
                Decoder::Over(_) => return Ok(0),
                Decoder::Plain(mut source) => {
                    let count = loop {
                        match source.read(into) {
                            Ok(count) => break count,
                            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                            Err(e) => return Err(InputError::Read(source.failure().unwrap_or(e))),
                        }
                    };
                    self.decoder = Decoder::Plain(source);
                    return Ok(count);
                }
                Decoder::Between(kind, source) => {
                    if !self.next_stream(kind, source, Member::default())? {
                        return Ok(0);
                    }
                }
                Decoder::Gzip(mut decoder, mut member) => match decoder.read(into) {
                    Ok(0) => {
                        if !self.next_stream(Compression::Gzip, decoder.into_inner(), member)? {
                            return Ok(0);
                        }
                    }
                    Ok(count) => {
                        member.empty = false;
                        self.decoder = Decoder::Gzip(decoder, member);
                        return Ok(count);
                    }
                    Err(e) => return Err(failed(Compression::Gzip, e, &mut decoder.into_inner())),
                },
                Decoder::Bzip2(mut decoder) => match decoder.read(into) {
                    Ok(0) => {
                        if !self.next_stream(Compression::Bzip2, decoder.into_inner(), Member::default())? {
                            return Ok(0);
                        }
                    }
                    Ok(count) => {
                        self.decoder = Decoder::Bzip2(decoder);
                        return Ok(count);
                    }
                    Err(e) => return Err(failed(Compression::Bzip2, e, &mut decoder.into_inner())),
                },
                // It goes on to further streams by itself.
                Decoder::Xz(mut decoder) => match decoder.read(into) {
                    Ok(0) => {
                        self.decoder = Decoder::Over(decoder.inner().taken());
                        return Ok(0);
                    }
                    Ok(count) => {
                        self.decoder = Decoder::Xz(decoder);
                        return Ok(count);
                    }
                    Err(e) => return Err(failed(Compression::Xz, e, decoder.inner_mut())),
                },
                Decoder::Zstd(mut frame, mut source) => match zstd_piece(&mut frame, &mut source, into)? {
                    0 => {
                        if !self.next_stream(Compression::Zstd, source, Member::default())? {
                            return Ok(0);
                        }
                    }
                    count => {
                        self.decoder = Decoder::Zstd(frame, source);
                        return Ok(count);
                    }
                },
            }
        }
    }

    /// Begins the stream that comes next; `false` where none does. `before` is the gzip member that has ended.
    fn next_stream(&mut self, kind: Compression, mut source: Source<R>, before: Member) -> Result<bool, InputError> {
        let begun = source.taken() > 0;
        let head = match source.peek(Compression::MAGIC) {
            Ok(head) => head,
            Err(e) => return Err(InputError::Read(source.failure().unwrap_or(e))),
        };
        if Compression::of(head) != Some(kind) {
            let cut = !head.is_empty() && kind.magic().starts_with(head);
            if begun && (head.is_empty() || head.first() == Some(&0)) {
                return self.end(kind, source, before).map(|()| false);
            }
            // Of the file's first stream the magic was seen already.
            return Err(if cut { InputError::Cut(kind) } else { InputError::Behind { kind, at: source.taken() } });
        }
        self.decoder = match kind {
            Compression::Gzip => {
                let decoder = GzDecoder::new(source);
                let block = decoder.header().and_then(|h| h.extra()).is_some_and(|extra| has_field(extra, *b"BC"));
                Decoder::Gzip(Box::new(decoder), Member { block, empty: true })
            }
            Compression::Bzip2 => Decoder::Bzip2(BzDecoder::new(source)),
            Compression::Xz => {
                let most = (MOST_MEMORY + XZ_BESIDE) / 1024;
                Decoder::Xz(Box::new(XzReader::new_mem_limit(source, true, most)))
            }
            Compression::Zstd => match zstd_frame(source)? {
                (Some(frame), source) => Decoder::Zstd(Box::new(frame), source),
                (None, source) => Decoder::Between(kind, source),
            },
        };
        Ok(true)
    }

    /// Behind the last stream: zeros, which tapes and copies of whole blocks leave, and nothing else.
    fn end(&mut self, kind: Compression, mut source: Source<R>, last: Member) -> Result<(), InputError> {
        let ended_at = source.taken();
        loop {
            let at = source.taken();
            let rest = match source.fill_buf() {
                Ok(rest) => rest,
                Err(e) => return Err(InputError::Read(source.failure().unwrap_or(e))),
            };
            if let Some(zeros) = rest.iter().position(|&byte| byte != 0) {
                return Err(InputError::Behind { kind, at: at + zeros as u64 });
            }
            match rest.len() {
                0 => break,
                count => source.consume(count),
            }
        }
        if source.taken() > ended_at {
            self.oddities.push(Oddity::TrailingZeros);
        }
        if last.block && !last.empty {
            self.oddities.push(Oddity::NoEndMarker);
        }
        self.decoder = Decoder::Over(source.taken());
        Ok(())
    }
}

/// What a decoder's error means: the system's own, data that ends too early, or data that is damaged.
fn failed<R: Read>(kind: Compression, error: io::Error, source: &mut Source<R>) -> InputError {
    if let Some(system) = source.failure() {
        return InputError::Read(system);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => InputError::Cut(kind),
        io::ErrorKind::OutOfMemory => InputError::Memory { kind, most: MOST_MEMORY.into() },
        _ if source.ran_out => InputError::Cut(kind),
        _ => InputError::Damaged { kind, why: error.to_string() },
    }
}

/// Whether the extra field of a gzip header has a part of this name.
fn has_field(mut extra: &[u8], name: [u8; 2]) -> bool {
    while let [a, b, low, high, rest @ ..] = extra {
        if [*a, *b] == name {
            return true;
        }
        extra = rest.get(usize::from(u16::from_le_bytes([*low, *high]))..).unwrap_or_default();
    }
    false
}

/// The zstd frame that begins here; `None` where it was one to be passed over.
fn zstd_frame<R: Read>(mut source: Source<R>) -> Result<(Option<FrameDecoder>, Source<R>), InputError> {
    let kind = Compression::Zstd;
    let mut frame = FrameDecoder::new();
    frame.set_max_window_size(MOST_MEMORY.into());
    match frame.reset(&mut source) {
        Ok(()) => Ok((Some(frame), source)),
        Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
            let passed = io::copy(&mut source.by_ref().take(length.into()), &mut io::sink());
            match passed {
                Ok(passed) if passed < u64::from(length) => Err(InputError::Cut(kind)),
                Ok(_) => Ok((None, source)),
                Err(e) => Err(InputError::Read(source.failure().unwrap_or(e))),
            }
        }
        Err(error) => Err(zstd_failed(error, &mut source)),
    }
}

/// More of a frame's content; 0 at its end, where its checksum must be right.
fn zstd_piece<R: Read>(frame: &mut FrameDecoder, source: &mut Source<R>, into: &mut [u8]) -> Result<usize, InputError> {
    let kind = Compression::Zstd;
    // A block at a time: no more than the window and one block is ever held.
    while frame.can_collect() == 0 && !frame.is_finished() {
        if let Err(error) = frame.decode_blocks(&mut *source, BlockDecodingStrategy::UptoBlocks(1)) {
            return Err(zstd_failed(error, source));
        }
    }
    let count = frame.read(into).map_err(|e| InputError::Damaged { kind, why: e.to_string() })?;
    if count == 0
        && let Some(stated) = frame.get_checksum_from_data()
        && frame.get_calculated_checksum() != Some(stated)
    {
        return Err(InputError::Damaged { kind, why: "its checksum is not that of its content".to_owned() });
    }
    Ok(count)
}

fn zstd_failed<R: Read>(error: FrameDecoderError, source: &mut Source<R>) -> InputError {
    let kind = Compression::Zstd;
    match error {
        FrameDecoderError::WindowSizeTooBig { .. } => InputError::Memory { kind, most: MOST_MEMORY.into() },
        FrameDecoderError::DictNotProvided { .. } => InputError::Dictionary,
        error => failed(kind, io::Error::other(error.to_string()), source),
    }
}
