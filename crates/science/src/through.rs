//! A dataset read to its end as its task would read it, and hashed on the way.
//!
//! What is damaged anywhere in a file is found before it is sent or paid for, and told with its place. The scan and the
//! choice of sequences are those of the tasks themselves, so a file that is passed here is one that the task can read.

use std::{fmt, fs::File};

use super::{
    PROTEIN_FOLDING, ScienceError, TEXT_SUMMARY, choices, fold,
    input::{Content, Input, InputError},
    letters::Composition,
    scan::{Place, ScanError, Scanner, Visit},
    select::Selection,
    summary,
    text::Lines,
};
use domain::{
    dataset::{Alphabet, Compression, Format, Oddity},
    hash::Sha256,
    task::Parameters,
    units::count,
};

/// What a dataset was found to be that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Through {
    /// Of the file as it is on disk, compressed or not.
    pub sha256: Sha256,
    /// Bytes of the file as it is on disk.
    pub bytes: u64,
    /// How it is compressed; what follows is of its content.
    pub compression: Option<Compression>,
    /// What it is, by its content.
    pub format: Format,
    /// Sequences, reads, or lines of text; 0 for a binary file.
    pub records: u64,
    /// Residues over all records, or characters of text; 0 for a binary file.
    pub residues: u64,
    /// What the sequences are made of; `None` for text.
    pub alphabet: Option<Alphabet>,
    /// What is odd about it.
    pub oddities: Vec<Oddity>,
}

/// Why a dataset could not be read as its task reads it.
#[derive(Debug, thiserror::Error)]
pub struct ReadError {
    /// Why.
    #[source]
    pub why: ScienceError,
    /// Where, as far as it is a matter of one place.
    pub place: Option<Place>,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.why)?;
        let Some(Place { record, line, offset }) = self.place else { return Ok(()) };
        let mut parts = Vec::new();
        if record > 0 {
            parts.push(format!("record {}", count(record)));
        }
        // A scan's own sentence names the line already.
        let scan = matches!(self.why, ScienceError::Input(InputError::Scan(_)));
        if !scan {
            parts.push(format!("line {}", count(line)));
        }
        parts.push(format!("byte offset {}", count(offset)));
        let whole = scan || matches!(self.why, ScienceError::NotText);
        let found = if whole { "" } else { "what came before it ends in " };
        write!(f, " ({found}{})", parts.join(", "))
    }
}

impl ReadError {
    /// What the person can do about it.
    pub fn hint(&self) -> Option<String> {
        self.why.hint()
    }
}

/// Reads all of `file`, once and in constant memory: hashes its bytes, and reads its content as `task` would, which is of
/// the `format` that the probe found. `progress` is told the bytes read so far, never falling.
///
/// Text must be UTF-8 to its end, though a summary reads only the beginning of a long one. A binary file is only hashed.
/// Whether the file is still the one that was measured is for the caller to compare.
///
/// # Errors
/// A wrong parameter, a damaged record, compressed data that is damaged or cut off, zeros, text that is none, no protein that can be folded
/// where the task folds; the system's error. What follows the place is not read.
pub fn read_through(
    task: &str,
    parameters: &Parameters,
    format: Format,
    file: File,
    progress: &dyn Fn(u64),
) -> Result<Through, ReadError> {
    let whole = file.metadata().map_err(InputError::Read)?.len();
    let mut told = |part: f64| progress((part * whole as f64).round() as u64);
    let mut input = Input::new(file, &mut told)?;
    let said = choices::alphabet(parameters)?;
    let mut reader = Reader::new(task, said, format);
    let read = reader.read(&mut input, u64::MAX)?;
    let oddities = read.oddities.into_iter().chain(reader.oddities()).collect();
    let (format, records, residues, alphabet) = reader.finish(read.skipped)?;
    let (sha256, bytes) = input.finish_measured()?;
    let alphabet = alphabet.map(|by_letters| said.unwrap_or(by_letters));
    Ok(Through { sha256, bytes, compression: read.compression, format, records, residues, alphabet, oddities })
}

/// Reads at most about `most` bytes of the content, as [`read_through`] does, for what proves that `task` cannot work on
/// it. Without an error nothing is proved: the content may be longer.
///
/// # Errors
/// As [`read_through`], and a text without a sentence for a summary.
pub fn try_reading(
    task: &str,
    parameters: &Parameters,
    format: Format,
    file: File,
    most: u64,
) -> Result<(), ReadError> {
    let mut silent = |_| {};
    let mut input = Input::new(file, &mut silent)?;
    if task == TEXT_SUMMARY {
        return Ok(summary::has_sentences(&mut input)?);
    }
    let mut reader = Reader::new(task, choices::alphabet(parameters)?, format);
    let read = reader.read(&mut input, most)?;
    if read.ended { reader.finish(read.skipped).map(|_| ()) } else { Ok(()) }
}

impl From<ScienceError> for ReadError {
    /// An error that is no matter of one place.
    fn from(why: ScienceError) -> ReadError {
        ReadError { why, place: None }
    }
}

impl From<InputError> for ReadError {
    /// An error that is no matter of one place.
    fn from(why: InputError) -> ReadError {
        ScienceError::from(why).into()
    }
}

/// Counts what a scan shows.
#[derive(Debug, Default)]
struct Tally {
    records: u64,
    composition: Composition,
}

impl Visit for Tally {
    fn start(&mut self, _header: &[u8]) {}

    fn residues(&mut self, letters: &[u8]) {
        self.composition.add(letters);
    }

    fn end(&mut self) {
        self.composition.end();
        self.records += 1;
    }
}

/// What reading showed beside what a [`Reader`] counts.
#[derive(Debug, Default)]
struct Read {
    compression: Option<Compression>,
    oddities: Vec<Oddity>,
    /// Bytes before the content.
    skipped: u64,
    ended: bool,
}

/// How a task reads its dataset.
enum Reader {
    Sequences(Scanner, Tally),
    /// Which sequences could be folded; the first is enough.
    Fold(Scanner, Selection),
    Text(Lines),
    Bytes,
}

impl Reader {
    fn new(task: &str, said: Option<Alphabet>, format: Format) -> Reader {
        match format {
            Format::Fasta | Format::Fastq if task == PROTEIN_FOLDING => {
                Reader::Fold(Scanner::default(), Selection::new(1, said))
            }
            Format::Fasta | Format::Fastq => Reader::Sequences(Scanner::default(), Tally::default()),
            Format::Text => Reader::Text(Lines::default()),
            Format::Hmm | Format::Binary => Reader::Bytes,
        }
    }

    /// Reads up to about `most` bytes of the content.
    fn read(&mut self, input: &mut Input<'_>, most: u64) -> Result<Read, ReadError> {
        let mut content = input.content()?;
        let mut read = Read { compression: content.compression(), skipped: content.skipped(), ..Read::default() };
        if let Reader::Bytes = self {
            return Ok(read);
        }
        let text = matches!(self, Reader::Text(_));
        content.expect(|format| (format == Format::Text) == text && format != Format::Binary)?;
        let done = self.pieces(&mut content, most);
        read.oddities = content.oddities();
        let skipped = read.skipped;
        read.ended = done.map_err(|why| ReadError { why, place: self.place(skipped) })?;
        Ok(read)
    }

    /// Whether the content ended.
    fn pieces(&mut self, content: &mut Content<&mut Input<'_>>, most: u64) -> Result<bool, ScienceError> {
        while content.given() < most {
            let piece = content.next_piece()?;
            if piece.is_empty() {
                return Ok(true);
            }
            self.push(piece)?;
        }
        Ok(false)
    }

    fn push(&mut self, piece: &[u8]) -> Result<(), ScienceError> {
        match self {
            Reader::Sequences(scanner, tally) => scanner.push(piece, tally).map_err(InputError::Scan)?,
            Reader::Fold(scanner, selection) => scanner.push(piece, selection).map_err(InputError::Scan)?,
            Reader::Text(lines) => lines.push(piece).map_err(|_| ScienceError::NotText)?,
            Reader::Bytes => {}
        }
        Ok(())
    }

    /// Where the reading stands, behind so many bytes before the content; after an error, what is wrong.
    fn place(&self, skipped: u64) -> Option<Place> {
        let place = match self {
            Reader::Sequences(scanner, _) | Reader::Fold(scanner, _) => scanner.place(),
            Reader::Text(lines) => lines.place(),
            Reader::Bytes => return None,
        };
        Some(Place { offset: place.offset + skipped, ..place })
    }

    /// What was odd so far.
    fn oddities(&self) -> Vec<Oddity> {
        match self {
            Reader::Sequences(scanner, _) | Reader::Fold(scanner, _) => scanner.oddities(),
            Reader::Text(_) | Reader::Bytes => Vec::new(),
        }
    }

    /// The end of the content: format, records, residues, alphabet.
    fn finish(self, skipped: u64) -> Result<(Format, u64, u64, Option<Alphabet>), ReadError> {
        let place = self.place(skipped);
        let ended = |why: ScienceError| ReadError { why, place };
        let scanned = |e| match e {
            ScanError::Empty => InputError::Scan(e).into(),
            _ => ended(InputError::Scan(e).into()),
        };
        match self {
            Reader::Sequences(scanner, mut tally) => {
                let format = scanner.finish(&mut tally).map_err(scanned)?;
                Ok((format, tally.records, tally.composition.letters().total(), tally.composition.alphabet()))
            }
            Reader::Fold(scanner, mut selection) => {
                let format = scanner.finish(&mut selection).map_err(scanned)?;
                fold::foldable(&selection)?;
                Ok((format, selection.total, selection.composition.letters().total(), selection.composition.alphabet()))
            }
            Reader::Text(_) if place.is_some_and(|place| place.offset == 0) => Err(scanned(ScanError::Empty)),
            Reader::Text(lines) => {
                lines.finish().map_err(|_| ended(ScienceError::NotText))?;
                Ok((Format::Text, lines.lines(), lines.characters(), None))
            }
            Reader::Bytes => Ok((Format::Binary, 0, 0, None)),
        }
    }
}

#[cfg(test)]
mod tests;
