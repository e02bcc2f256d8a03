//! The first records of a file, as a file of their own.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
};

use domain::dataset::Format;
use science::{InputError, input::Content};

/// Why a sample could not be cut.
#[derive(Debug, thiserror::Error)]
pub enum CutError {
    /// The file.
    #[error(transparent)]
    Read(#[from] InputError),
    /// The sample.
    #[error("the sample could not be written: {0}")]
    Write(#[source] io::Error),
}

/// What counts records of a format as its bytes pass.
struct Counter {
    format: Format,
    begins: bool,
    lines: u64,
    records: u64,
    line: Vec<u8>,
}

impl Counter {
    /// Takes in one byte that stands at the beginning of a line or not; whether a record more than `most` begins with it.
    fn passes(&mut self, byte: u8, most: u64) -> bool {
        if self.begins {
            let new = match self.format {
                Format::Fasta => byte == b'>',
                Format::Fastq => self.lines.is_multiple_of(4),
                Format::Text => true,
                Format::Hmm => self.lines == 0 || self.line.starts_with(b"//"),
                Format::Binary => self.lines == 0,
            };
            self.line.clear();
            if new {
                if self.records == most {
                    return true;
                }
                self.records += 1;
            }
            self.lines += 1;
        }
        if self.line.len() < 2 {
            self.line.push(byte);
        }
        self.begins = byte == b'\n';
        false
    }
}

/// Writes at most `most` records of `source`, unpacked, to `path`; how many there were, and whether these are all. A binary file has one.
///
/// # Errors
/// A file that cannot be read, a disk that cannot be written.
pub fn cut(source: File, most: u64, path: &Path) -> Result<(u64, bool), CutError> {
    let mut content = Content::new(source)?;
    let format = content.format();
    let mut counter = Counter { format, begins: true, lines: 0, records: 0, line: Vec::new() };
    let mut out = BufWriter::new(File::create(path).map_err(CutError::Write)?);
    loop {
        let piece = content.next_piece()?;
        let end = piece.iter().position(|&byte| counter.passes(byte, most));
        let taken = piece.get(..end.unwrap_or(piece.len())).unwrap_or_default();
        out.write_all(taken).map_err(CutError::Write)?;
        if end.is_some() || piece.is_empty() {
            out.flush().map_err(CutError::Write)?;
            return Ok((counter.records, end.is_none()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_cut_between_records() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let cut = |text: &str, most| {
            std::fs::write(&from, text).unwrap();
            let (records, all) = cut(File::open(&from).unwrap(), most, &to).unwrap();
            (std::fs::read_to_string(&to).unwrap(), records, all)
        };
        let fasta = ">a\nAC\nGT\n>b\nA\n>c\nT\n";
        assert_eq!(cut(fasta, 2), (">a\nAC\nGT\n>b\nA\n".to_owned(), 2, false));
        assert_eq!(cut(fasta, 3), (fasta.to_owned(), 3, true));
        assert_eq!(cut(fasta, 9), (fasta.to_owned(), 3, true));
        assert_eq!(cut("@a\nAC\n+\n@@\n@b\nA\n+\nI\n", 1), ("@a\nAC\n+\n@@\n".to_owned(), 1, false));
        assert_eq!(cut("one\ntwo\n", 1), ("one\n".to_owned(), 1, false));
        let hmm = "HMMER3/f [3.3.2]\nNAME  a\nLENG  1\n//\nHMMER3/f [3.3.2]\nNAME  b\n//\n";
        assert_eq!(cut(hmm, 1).1, 1);
    }
}
