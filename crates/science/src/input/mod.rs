//! A dataset being read: hashed as it is on disk, unpacked, metered, in constant memory.
//!
//! | file | holds |
//! | --- | --- |
//! | `source.rs` | bytes as they are on disk, with a look ahead |
//! | `unpack.rs` | gzip, bzip2, xz and zstd, stream after stream |
//! | `kind.rs` | what a file is, by its first bytes |
//! | `content.rs` | the content as every reader has it: the probe, the tasks, and the check before an upload |

mod content;
mod error;
mod kind;
mod source;
mod unpack;

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek as _},
};

use sha2::Digest as _;

pub use content::{Content, end_lines};
pub use error::InputError;
pub use kind::{MARK, has_controls, is_text};

use super::scan::{Scanner, Visit};
use domain::{
    dataset::{Compression, Format, Oddity},
    hash::Sha256,
};

/// Bytes read at a time.
const PIECE: usize = 128 * 1024;

/// What a scan of a whole dataset found it to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// FASTA or FASTQ.
    pub(crate) format: Format,
    /// How it was compressed.
    pub(crate) compression: Option<Compression>,
    /// What was odd about it.
    pub(crate) oddities: Vec<Oddity>,
}

/// A dataset from its first byte on.
pub(crate) struct Input<'p> {
    file: File,
    hash: sha2::Sha256,
    bytes: u64,
    read: u64,
    told: u64,
    progress: &'p mut dyn FnMut(f64),
}

impl<'p> Input<'p> {
    /// Reads `file` from its start; `progress` is told the part that was read (0 to 1).
    pub(crate) fn new(mut file: File, progress: &'p mut dyn FnMut(f64)) -> Result<Input<'p>, InputError> {
        // Whoever opened the file may have read from it. A pipe cannot be rewound and has not been.
        match file.rewind() {
            Err(e) if e.kind() != io::ErrorKind::NotSeekable => return Err(InputError::Read(e)),
            _ => {}
        }
        let bytes = file.metadata().map_err(InputError::Read)?.len();
        Ok(Input { file, hash: sha2::Sha256::new(), bytes, read: 0, told: 0, progress })
    }

    /// What is inside.
    pub(crate) fn content(&mut self) -> Result<Content<&mut Input<'p>>, InputError> {
        Content::new(self)
    }

    /// Scans the whole content as FASTA or FASTQ.
    pub(crate) fn scan(&mut self, visit: &mut dyn Visit) -> Result<Scanned, InputError> {
        let mut scanner = Scanner::default();
        let mut content = self.content()?;
        content.expect(|format| matches!(format, Format::Fasta | Format::Fastq))?;
        loop {
            let piece = content.next_piece()?;
            if piece.is_empty() {
                break;
            }
            scanner.push(piece, visit)?;
        }
        let oddities = content.oddities().into_iter().chain(scanner.oddities()).collect();
        Ok(Scanned { compression: content.compression(), oddities, format: scanner.finish(visit)? })
    }

    /// Reads what is left and returns the checksum of the whole file as it is on disk.
    pub(crate) fn finish(self) -> Result<Sha256, InputError> {
        self.finish_measured().map(|(sha256, _)| sha256)
    }

    /// As [`Input::finish`], with the bytes that were read from first to last.
    pub(crate) fn finish_measured(mut self) -> Result<(Sha256, u64), InputError> {
        io::copy(&mut BufReader::with_capacity(PIECE, &mut self), &mut io::sink()).map_err(InputError::Read)?;
        Ok((Sha256(self.hash.finalize().into()), self.read))
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        self.read += count as u64;
        // Told at each hundredth: readers of progress are slower than reading.
        let hundredth = self.read.saturating_mul(100) / self.bytes.max(1);
        if hundredth > self.told {
            self.told = hundredth;
            (self.progress)((self.read as f64 / self.bytes.max(1) as f64).min(1.0));
        }
        Ok(count)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write as _;

    use super::*;

    mod odd;

    /// A file of these bytes, open for reading.
    pub(crate) fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    /// The bytes, compressed.
    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    struct Nobody;

    impl Visit for Nobody {
        fn start(&mut self, _: &[u8]) {}
        fn residues(&mut self, _: &[u8]) {}
        fn end(&mut self) {}
    }

    fn scan(bytes: &[u8]) -> Result<(Scanned, Sha256), InputError> {
        let mut progress = |_| {};
        let mut input = Input::new(file(bytes), &mut progress)?;
        let scanned = input.scan(&mut Nobody)?;
        Ok((scanned, input.finish()?))
    }

    #[test]
    fn the_checksum_is_that_of_the_file_and_not_of_its_content() {
        let plain = b">a\nACGT\n";
        let (scanned, hash) = scan(plain).unwrap();
        let expected = Scanned { format: Format::Fasta, compression: None, oddities: Vec::new() };
        assert_eq!((&scanned, hash), (&expected, Sha256::of(plain)));
        // Two members, as bgzip and `cat a.gz b.gz` make them.
        let packed = [gzip(plain), gzip(b">b\nAC\n")].concat();
        let (scanned, hash) = scan(&packed).unwrap();
        let expected = Scanned { compression: Some(Compression::Gzip), ..expected };
        assert_eq!((scanned, hash), (expected, Sha256::of(&packed)));
    }

    #[test]
    fn progress_rises_to_one() {
        let mut told = Vec::new();
        let mut progress = |p| told.push(p);
        let text = ">a\nACGTTGCA\n".repeat(100_000);
        let mut input = Input::new(file(text.as_bytes()), &mut progress).unwrap();
        input.scan(&mut Nobody).unwrap();
        input.finish().unwrap();
        assert!(told.is_sorted() && told.len() <= 100);
        assert_eq!(told.last(), Some(&1.0));
    }
}
