//! A dataset being read: hashed as it is on disk, decompressed, metered, in constant memory.

use std::{
    fs::File,
    io::{self, BufReader, Cursor, Read, Seek as _},
};

use flate2::bufread::MultiGzDecoder;
use sha2::Digest as _;

use super::scan::{ScanError, Scanner, Visit};
use domain::{dataset::Format, hash::Sha256};

/// Bytes read at a time.
const PIECE: usize = 128 * 1024;

/// The first bytes of gzip.
pub const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why a dataset could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The system's own error.
    #[error("the dataset could not be read: {0}")]
    Read(#[source] io::Error),
    /// Compressed data that ends before its end.
    #[error("the compressed data ends too early: the file seems cut off")]
    CutGzip,
    /// Compressed data that is no gzip.
    #[error("the compressed data is damaged: {0}")]
    BadGzip(String),
    /// Not FASTA or FASTQ.
    #[error(transparent)]
    Scan(#[from] ScanError),
}

impl InputError {
    /// What the person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            InputError::Read(_) => "check that the file can be read and its disk is well",
            InputError::CutGzip
            | InputError::Scan(ScanError::CutFasta(_) | ScanError::CutFastq { .. } | ScanError::Zeros(_)) => {
                "download or copy the file again"
            }
            InputError::BadGzip(_) => "test the file with `gzip -t`, and download it again",
            InputError::Scan(
                ScanError::NoRead { .. } | ScanError::NoSeparator { .. } | ScanError::Qualities { .. },
            ) => "write each read on four lines: header, sequence, `+`, qualities",
            InputError::Scan(_) => "look at that place of the file, or make it anew",
        }
    }
}

/// Sorts an error of a reader: gzip's own errors from the system's.
pub fn read_error(error: io::Error, gzip: bool) -> InputError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof if gzip => InputError::CutGzip,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput if gzip => InputError::BadGzip(error.to_string()),
        _ => InputError::Read(error),
    }
}

/// What a scan of a whole dataset found it to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// FASTA or FASTQ.
    pub(crate) format: Format,
    /// Whether it was gzip-compressed.
    pub(crate) gzip: bool,
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

    /// What is inside, decompressed where it is gzip; whether it is.
    pub(crate) fn content(&mut self) -> Result<(Box<dyn Read + '_>, bool), InputError> {
        let mut head = Vec::new();
        self.by_ref().take(2).read_to_end(&mut head).map_err(InputError::Read)?;
        let gzip = head == GZIP;
        let whole = Cursor::new(head).chain(self);
        let reader: Box<dyn Read> =
            if gzip { Box::new(MultiGzDecoder::new(BufReader::with_capacity(PIECE, whole))) } else { Box::new(whole) };
        Ok((reader, gzip))
    }

    /// Scans the whole content as FASTA or FASTQ.
    pub(crate) fn scan(&mut self, visit: &mut dyn Visit) -> Result<Scanned, InputError> {
        let mut scanner = Scanner::default();
        let (gzip, _) = self.pieces(u64::MAX, &mut |piece| Ok::<_, InputError>(scanner.push(piece, visit)?))?;
        Ok(Scanned { format: scanner.finish(visit)?, gzip })
    }

    /// Gives the content to `take`, piece by piece, until it ends or at least `most` bytes of it were given; whether it is
    /// gzip, and whether it ended.
    pub(crate) fn pieces<E: From<InputError>>(
        &mut self,
        most: u64,
        take: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(bool, bool), E> {
        let (mut reader, gzip) = self.content()?;
        let mut piece = vec![0; PIECE];
        let mut given = 0;
        while given < most {
            let count = match reader.read(&mut piece) {
                Ok(0) => return Ok((gzip, true)),
                Ok(count) => count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(read_error(e, gzip).into()),
            };
            take(piece.get(..count).unwrap_or_default())?;
            given += count as u64;
        }
        Ok((gzip, false))
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
        assert_eq!((scanned, hash), (Scanned { format: Format::Fasta, gzip: false }, Sha256::of(plain)));
        // Two members, as bgzip and `cat a.gz b.gz` make them.
        let packed = [gzip(plain), gzip(b">b\nAC\n")].concat();
        let (scanned, hash) = scan(&packed).unwrap();
        assert_eq!((scanned, hash), (Scanned { format: Format::Fasta, gzip: true }, Sha256::of(&packed)));
    }

    #[test]
    fn damaged_compression_is_told_apart() {
        let packed = gzip(">a\nACGTTGCA\n".repeat(1000).as_bytes());
        let error = |bytes: &[u8]| scan(bytes).unwrap_err().to_string();
        assert_eq!(error(&packed[..packed.len() / 2]), "the compressed data ends too early: the file seems cut off");
        assert_eq!(error(&packed[..1]), "the file is neither FASTA nor FASTQ: it begins with the byte 0x1f");
        assert_eq!(error(&packed[..5]), "the compressed data ends too early: the file seems cut off");
        let mut damaged = packed.clone();
        let last = damaged.len() - 6;
        damaged[last] ^= 0xff;
        assert!(error(&damaged).starts_with("the compressed data is damaged"), "{}", error(&damaged));
        assert_eq!(error(&gzip(b"")), "the file is empty");
        assert_eq!(error(b""), "the file is empty");
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
