//! What a dataset is: its format, how many records of what length, and their alphabet.
//!
//! Files of up to 16 MB are read as a whole and by the same rules as the tasks read them, so what would make a task fail
//! makes the probe fail. Larger files are sampled in windows spread over them: a file of any size takes a few megabytes
//! of reading. Regions of zeros in large files (holes that were never written) count as no content; that there are some is
//! told, as no task reads such a file to its end.

use super::{
    ProbeError,
    counted::Counted,
    extents::{Extent, FromStart, extents, read_at},
    sample, unreadable,
};
use crate::policy::data::OpenDataset;
use domain::dataset::{DatasetProfile, Format, Oddity};
use science::{
    Counts, InputError,
    input::{Content, has_controls},
    scan::{ScanError, Scanner},
    text::Lines,
};

/// Files up to this size are read as a whole, bytes.
const EXACT: u64 = 16_000_000;

/// Of compressed files at most so much is unpacked, bytes of content: small ones exactly, large ones as a sample.
const CONTENT_EXACT: u64 = 64_000_000;
const CONTENT_SAMPLE: u64 = 16_000_000;

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// Measures a dataset.
///
/// # Errors
/// An empty file; one that begins as FASTA, FASTQ or compressed data and is damaged as far as was read; or the system's
/// error. A binary file is no error but a [`Format`], with a name where it has one.
pub fn profile_dataset(open: &OpenDataset) -> Result<DatasetProfile, ProbeError> {
    if open.bytes == 0 {
        return Err(ProbeError::Empty);
    }
    let mut content = Content::new(FromStart::new(&open.file)).map_err(damaged)?;
    let (format, foreign, compression) = (content.format(), content.foreign(), content.compression());
    let Measured { counted, zeros, mut oddities } = if format == Format::Binary {
        Measured::of(Counted::BINARY)
    } else if compression.is_some() {
        compressed(open, &mut content)?
    } else if open.bytes <= EXACT {
        whole(&mut content)?
    } else {
        large(open, format)?
    };
    for oddity in content.oddities() {
        if !oddities.contains(&oddity) {
            oddities.push(oddity);
        }
    }
    let Counted { format, records, residues, longest, alphabet, sampled } = counted;
    Ok(DatasetProfile {
        path: open.path.clone(),
        bytes: open.bytes,
        format,
        compression,
        foreign,
        oddities,
        records,
        residues,
        longest,
        alphabet,
        sampled,
        zeros,
        modified_ns: open.modified_ns,
    })
}

/// What was found in a dataset.
struct Measured {
    counted: Counted,
    /// Whether zeros stand in it.
    zeros: bool,
    oddities: Vec<Oddity>,
}

impl Measured {
    fn of(counted: Counted) -> Measured {
        Measured { counted, zeros: false, oddities: Vec::new() }
    }
}

/// Counts pieces of content, by its format.
enum Counter {
    Sequences(Box<(Scanner, Counts)>),
    Text(Lines),
}

impl Counter {
    fn new(format: Format) -> Counter {
        match format {
            Format::Fasta | Format::Fastq => Counter::Sequences(Box::default()),
            Format::Text | Format::Binary => Counter::Text(Lines::default()),
        }
    }

    /// False when it is no text after all.
    fn push(&mut self, piece: &[u8]) -> Result<bool, ScanError> {
        match self {
            Counter::Sequences(both) => both.0.push(piece, &mut both.1).map(|()| true),
            Counter::Text(lines) => Ok(!has_controls(piece) && lines.push(piece).is_ok()),
        }
    }

    /// What was counted in a file that was read to its end.
    fn finish(self) -> Result<Counted, ScanError> {
        match self {
            Counter::Sequences(both) => {
                let (scanner, mut counts) = *both;
                let format = scanner.finish(&mut counts)?;
                Ok(Counted::sequences(format, &counts))
            }
            Counter::Text(lines) => Ok(lines.finish().map_or(Counted::BINARY, |()| Counted::text(&lines))),
        }
    }

    /// What was odd so far.
    fn oddities(&self) -> Vec<Oddity> {
        match self {
            Counter::Sequences(both) => both.0.oddities(),
            Counter::Text(_) => Vec::new(),
        }
    }

    /// What was counted so far, in the middle of a file.
    fn so_far(&self, format: Format) -> Counted {
        match self {
            Counter::Sequences(both) => {
                let (ended, open) = (Counted::sequences(format, &both.1), both.0.open_residues());
                match ended.records {
                    // A chromosome on one line: no record has ended yet.
                    0 if open > 0 => Counted { records: 1, residues: open, longest: open, ..ended },
                    _ => Counted { longest: ended.longest.max(open), ..ended },
                }
            }
            Counter::Text(lines) => Counted::text(lines),
        }
    }
}

fn scan_failed(error: ScanError) -> ProbeError {
    damaged(InputError::Scan(error))
}

fn damaged(error: InputError) -> ProbeError {
    match error {
        InputError::Read(source) => unreadable(source),
        error => ProbeError::Damaged(error),
    }
}

/// Reads all of a small file.
fn whole(content: &mut Content<FromStart<'_>>) -> Result<Measured, ProbeError> {
    let mut counter = Counter::new(content.format());
    loop {
        let piece = content.next().map_err(damaged)?;
        if piece.is_empty() {
            let oddities = counter.oddities();
            let counted = counter.finish().map_err(scan_failed)?;
            return Ok(Measured { counted, zeros: false, oddities });
        }
        if !counter.push(piece).map_err(scan_failed)? {
            return Ok(Measured::of(Counted::BINARY));
        }
    }
}

/// A large file: all that was ever written of it where that is little, else a sample; and whether zeros stand in it.
fn large(open: &OpenDataset, format: Format) -> Result<Measured, ProbeError> {
    // A second handle, as looking for holes moves the position.
    let written = match open.reopen() {
        Ok(file) => extents(&file, open.bytes),
        Err(_) => vec![Extent { start: 0, length: open.bytes }],
    };
    let content: u64 = written.iter().map(|e| e.length).sum();
    let holes = content < open.bytes;
    if content > EXACT {
        let (counted, zeros) = sample::large(open, format, &written)?;
        return Ok(Measured { zeros: zeros || holes, ..Measured::of(counted) });
    }
    let mut counter = Counter::new(format);
    let mut piece = vec![0; PIECE];
    for Extent { start, length } in written {
        let mut at = 0;
        while at < length {
            let count = read_at(&open.file, &mut piece, start + at).map_err(unreadable)?;
            let inside = usize::try_from(length - at).unwrap_or(count).min(count);
            if inside == 0 {
                break;
            }
            at += inside as u64;
            // The last block of a stretch is filled up with zeros.
            let text: Vec<u8> = piece.iter().take(inside).copied().filter(|&b| b != 0).collect();
            if !counter.push(&text).map_err(scan_failed)? {
                return Ok(Measured { zeros: holes, ..Measured::of(Counted::BINARY) });
            }
        }
    }
    // A record that a hole cuts off is no error here: what there is, is counted.
    let (so_far, oddities) = (counter.so_far(format), counter.oddities());
    Ok(Measured { counted: counter.finish().unwrap_or(so_far), zeros: holes, oddities })
}

/// A compressed file: unpacked as a whole when it is small, else its beginning.
fn compressed(open: &OpenDataset, content: &mut Content<FromStart<'_>>) -> Result<Measured, ProbeError> {
    let limit = if open.bytes <= EXACT { CONTENT_EXACT } else { CONTENT_SAMPLE };
    let format = content.format();
    let mut counter = Counter::new(format);
    while content.given() < limit {
        let piece = content.next().map_err(damaged)?;
        if piece.is_empty() {
            // Blank as it may be, an empty content is no FASTA; and no text either.
            if content.given() == 0 {
                return Err(ProbeError::Empty);
            }
            let oddities = counter.oddities();
            let counted = counter.finish().map_err(scan_failed)?;
            return Ok(Measured { counted, zeros: false, oddities });
        }
        if !counter.push(piece).map_err(scan_failed)? {
            return Ok(Measured::of(Counted::BINARY));
        }
    }
    // How much compressed data the content came from.
    let factor = open.bytes as f64 / content.taken().max(1) as f64;
    let counted = counter.so_far(format).extrapolated(factor.max(1.0));
    Ok(Measured { counted, zeros: false, oddities: counter.oddities() })
}

#[cfg(test)]
mod tests;
