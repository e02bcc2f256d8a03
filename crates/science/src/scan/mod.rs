//! FASTA and FASTQ as a stream: any file in constant memory.
//!
//! A record is never held as a whole, so a chromosome, a file of one line or a hole of zeros costs no more memory than
//! a short read. What counts as a residue is a letter; gaps (`-`, `.`, `~`), stops (`*`) and spaces are passed over, and so
//! are lines of FASTA that begin with `;`. Sequences and qualities of FASTQ may stand on several lines.

mod error;
mod place;
#[cfg(test)]
mod tests;

pub use error::ScanError;
pub use place::Place;

use domain::{
    dataset::{Format, Oddity},
    units::clean,
};

/// Headers are cut after this many bytes.
const HEADER_BYTES: usize = 4096;

/// Characters of a record's name in a message.
const NAME: usize = 60;

/// Takes the records of a scan.
pub trait Visit {
    /// A record begins; `header` is its first line without the mark, at most 4,096 bytes of it.
    fn start(&mut self, header: &[u8]);
    /// Some of its residues: letters only, in one or many pieces.
    fn residues(&mut self, letters: &[u8]);
    /// So many gaps (`-`, `.`, `~`) stand between its residues.
    fn gaps(&mut self, _count: u64) {}
    /// Some of a read's qualities: `!` to `~`.
    fn qualities(&mut self, _qualities: &[u8]) {}
    /// The record is whole.
    fn end(&mut self);
}

/// Only counts: what is scanned is to be right.
#[derive(Debug, Default)]
pub struct Counted {
    /// Records so far.
    pub records: u64,
}

impl Visit for Counted {
    fn start(&mut self, _header: &[u8]) {}
    fn residues(&mut self, _letters: &[u8]) {}
    fn end(&mut self) {
        self.records += 1;
    }
}

/// Where in a record the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Nothing but blank lines so far.
    Begin,
    /// FASTA, at the start of a line.
    Line,
    /// FASTA, within a line of sequence.
    Sequence,
    /// Within a header.
    Header,
    /// FASTA, within a line that begins with `;`.
    Remark,
    /// FASTQ, where a read may begin.
    Read,
    /// FASTQ, in the sequence.
    Bases,
    /// FASTQ, at the start of the third line, or of more sequence.
    Separator,
    /// FASTQ, in the rest of the third line.
    Comment,
    /// FASTQ, in the qualities.
    Qualities,
}

/// A scan in progress; it is fed pieces of a file in order.
#[derive(Debug)]
pub struct Scanner {
    at: At,
    format: Format,
    record: u64,
    line: u64,
    /// Bytes taken so far; after an error, those before the byte that is wrong.
    offset: u64,
    header: Vec<u8>,
    /// Bytes of the current sequence (FASTQ) or its residues (FASTA).
    residues: u64,
    /// Gaps of the current sequence (FASTA).
    gaps: u64,
    qualities: u64,
    /// The line of the current record's header.
    header_line: u64,
    /// Whether the current read's sequence stands on more than one line; its qualities then may, too.
    wrapped: bool,
    comments: bool,
    blanks: bool,
}

/// Whether all bytes are of a kind, many of them looked at together: not one by one up to the first that is none.
fn all(bytes: &[u8], is: fn(&u8) -> bool) -> bool {
    bytes.chunks(64).all(|chunk| chunk.iter().fold(true, |all, byte| all & is(byte)))
}

impl Default for Scanner {
    fn default() -> Scanner {
        Scanner {
            at: At::Begin,
            format: Format::Fasta,
            record: 0,
            line: 1,
            offset: 0,
            header: Vec::new(),
            residues: 0,
            gaps: 0,
            qualities: 0,
            header_line: 0,
            wrapped: false,
            comments: false,
            blanks: false,
        }
    }
}

impl Scanner {
    /// Takes the next piece of the file.
    ///
    /// # Errors
    /// At the first byte that cannot be part of such a file.
    pub fn push(&mut self, mut bytes: &[u8], visit: &mut dyn Visit) -> Result<(), ScanError> {
        while let Some(&first) = bytes.first() {
            match self.at {
                At::Begin | At::Line | At::Read | At::Separator => {
                    let taken = self.line_start(first, visit)?;
                    self.offset += taken as u64;
                    bytes = bytes.get(taken..).unwrap_or_default();
                }
                _ => {
                    let end = memchr::memchr(b'\n', bytes);
                    let (part, rest) = match end {
                        Some(end) => (bytes.get(..end).unwrap_or_default(), bytes.get(end + 1..).unwrap_or_default()),
                        None => (bytes, &[][..]),
                    };
                    self.within(part, visit)?;
                    self.offset += part.len() as u64;
                    if end.is_some() {
                        self.line_end(visit)?;
                        self.offset += 1;
                    }
                    bytes = rest;
                }
            }
        }
        Ok(())
    }

    /// Where the scan stands; after an error, where the byte stands that is wrong.
    pub fn place(&self) -> Place {
        Place { record: self.record, line: self.line, offset: self.offset }
    }

    /// At the first byte of a line: how many bytes it took.
    fn line_start(&mut self, first: u8, visit: &mut dyn Visit) -> Result<usize, ScanError> {
        if first == 0 {
            return Err(ScanError::Zeros(self.line));
        }
        let blank = match first {
            b'\n' => true,
            b'\r' => false,
            b' ' | b'\t' if self.at == At::Begin => false,
            _ => {
                return self.record_start(first, visit);
            }
        };
        self.blanks |= matches!(first, b' ' | b'\t');
        if self.at == At::Separator && blank {
            return Err(ScanError::NoSeparator { line: self.line, byte: first });
        }
        self.line += u64::from(blank);
        Ok(1)
    }

    fn record_start(&mut self, first: u8, visit: &mut dyn Visit) -> Result<usize, ScanError> {
        let (line, byte) = (self.line, first);
        match (self.at, first) {
            (At::Begin, b'>') => self.at = At::Header,
            (At::Begin, b'@') => (self.at, self.format) = (At::Header, Format::Fastq),
            (At::Begin | At::Line, b';') => {
                (self.at, self.comments) = (At::Remark, true);
                return Ok(1);
            }
            (At::Begin, _) => return Err(ScanError::NotSequences(first)),
            (At::Line, b'>') => {
                visit.end();
                self.at = At::Header;
            }
            (At::Line, _) => {
                self.at = At::Sequence;
                return Ok(0);
            }
            (At::Read, b'@') => self.at = At::Header,
            (At::Read, _) => return Err(ScanError::NoRead { line, byte }),
            (_, b'+') => {
                self.at = At::Comment;
                return Ok(1);
            }
            // More of the sequence.
            (_, b'A'..=b'Z' | b'a'..=b'z' | b'*' | b'-' | b'.' | b'~') => {
                (self.at, self.wrapped) = (At::Bases, true);
                return Ok(0);
            }
            (_, _) => return Err(ScanError::NoSeparator { line, byte }),
        }
        self.record += 1;
        self.header.clear();
        (self.header_line, self.wrapped) = (line, false);
        (self.residues, self.gaps, self.qualities) = (0, 0, 0);
        Ok(1)
    }

    /// Part of a line, its end left out.
    fn within(&mut self, part: &[u8], visit: &mut dyn Visit) -> Result<(), ScanError> {
        match self.at {
            At::Header => {
                self.no_zeros(part)?;
                let room = HEADER_BYTES.saturating_sub(self.header.len()).min(part.len());
                self.header.extend_from_slice(part.get(..room).unwrap_or_default());
            }
            At::Sequence | At::Bases => self.letters(part, visit)?,
            At::Qualities => {
                let visible = part.strip_suffix(b"\r").unwrap_or(part);
                if !all(visible, u8::is_ascii_graphic)
                    && let Some(at) = visible.iter().position(|b| !b.is_ascii_graphic())
                {
                    self.offset += at as u64;
                    let byte = visible.get(at).copied().unwrap_or_default();
                    let line = self.line;
                    return Err(if byte == 0 { ScanError::Zeros(line) } else { ScanError::NoQuality { line, byte } });
                }
                self.qualities += visible.len() as u64;
                visit.qualities(visible);
            }
            At::Comment | At::Remark => self.no_zeros(part)?,
            _ => {}
        }
        Ok(())
    }

    fn no_zeros(&mut self, part: &[u8]) -> Result<(), ScanError> {
        let Some(at) = memchr::memchr(0, part) else { return Ok(()) };
        self.offset += at as u64;
        Err(ScanError::Zeros(self.line))
    }

    fn letters(&mut self, mut part: &[u8], visit: &mut dyn Visit) -> Result<(), ScanError> {
        let whole = part.len();
        while !part.is_empty() {
            // Most lines are letters to their end.
            let visible = part.strip_suffix(b"\r").unwrap_or(part);
            let run = match all(visible, u8::is_ascii_alphabetic) {
                true => visible.len(),
                false => part.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(part.len()),
            };
            let (letters, rest) = part.split_at(run);
            if !letters.is_empty() {
                visit.residues(letters);
                self.residues += letters.len() as u64;
            }
            let Some((&byte, rest)) = rest.split_first() else { break };
            match byte {
                b'\r' => {}
                b'*' => self.residues += u64::from(self.format == Format::Fastq),
                b'-' | b'.' | b'~' => {
                    // Alignments have long runs of them.
                    let more = rest.iter().take_while(|b| matches!(b, b'-' | b'.' | b'~')).count();
                    let count = more as u64 + 1;
                    visit.gaps(count);
                    match self.format {
                        Format::Fastq => self.residues += count,
                        _ => self.gaps += count,
                    }
                    part = rest.get(more..).unwrap_or_default();
                    continue;
                }
                b' ' | b'\t' if self.format == Format::Fasta => {}
                _ => {
                    self.offset += (whole - rest.len() - 1) as u64;
                    let line = self.line;
                    return Err(if byte == 0 { ScanError::Zeros(line) } else { ScanError::NoResidue { line, byte } });
                }
            }
            part = rest;
        }
        Ok(())
    }

    fn line_end(&mut self, visit: &mut dyn Visit) -> Result<(), ScanError> {
        self.at = match (self.at, self.format) {
            (At::Header, format) => {
                self.start(visit);
                if format == Format::Fastq { At::Bases } else { At::Line }
            }
            (At::Bases, _) => At::Separator,
            (At::Comment, _) => At::Qualities,
            (At::Qualities, _) if self.wrapped && self.qualities < self.residues => At::Qualities,
            (At::Qualities, _) => {
                self.read_end(visit)?;
                At::Read
            }
            (At::Remark, _) if self.record == 0 => At::Begin,
            _ => At::Line,
        };
        self.line += 1;
        Ok(())
    }

    fn start(&self, visit: &mut dyn Visit) {
        visit.start(self.header.strip_suffix(b"\r").unwrap_or(&self.header));
    }

    fn read_end(&self, visit: &mut dyn Visit) -> Result<(), ScanError> {
        let (line, residues, qualities) = (self.line, self.residues, self.qualities);
        if residues != qualities {
            return Err(ScanError::Qualities { line, residues, qualities });
        }
        visit.end();
        Ok(())
    }

    /// The first word of the current record's header, made safe to show.
    fn name(&self) -> String {
        let header = String::from_utf8_lossy(&self.header);
        clean(header.split_whitespace().next().unwrap_or_default(), NAME)
    }

    /// What was odd so far.
    pub fn oddities(&self) -> Vec<Oddity> {
        let comments = self.comments.then_some(Oddity::Comments);
        let blanks = self.blanks.then_some(Oddity::LeadingBlanks);
        comments.into_iter().chain(blanks).collect()
    }

    /// Residues so far of a FASTA record that has not ended; 0 between records.
    pub fn open_residues(&self) -> u64 {
        match (self.at, self.format) {
            (At::Line | At::Sequence | At::Remark, Format::Fasta) => self.residues,
            _ => 0,
        }
    }

    /// The end of the file: what it was.
    ///
    /// # Errors
    /// When there was nothing, or the last record is not whole.
    pub fn finish(self, visit: &mut dyn Visit) -> Result<Format, ScanError> {
        let line = self.line;
        let cut = |missing| Err(ScanError::CutFastq { line, missing });
        match (self.at, self.format) {
            (At::Begin, _) => return Err(ScanError::Empty),
            (At::Header, Format::Fastq) | (At::Bases, _) => return cut("sequence is whole"),
            (At::Separator | At::Comment, _) => return cut("qualities"),
            (At::Qualities, _) if self.qualities < self.residues => return cut("last qualities"),
            (At::Qualities, _) => self.read_end(visit)?,
            (At::Read, _) => {}
            (At::Remark, _) if self.record == 0 => return Err(ScanError::Empty),
            (At::Header, _) => return Err(ScanError::CutFasta(line)),
            (At::Line | At::Sequence | At::Remark, _) if self.residues == 0 && self.gaps == 0 => {
                return Err(ScanError::EmptyLast { line: self.header_line, name: self.name() });
            }
            (At::Line | At::Sequence | At::Remark, _) => visit.end(),
        }
        Ok(self.format)
    }
}
