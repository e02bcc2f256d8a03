//! What a dataset is: its format, how many records of what length, and their alphabet.
//!
//! Files are read as a whole, by the same reader as the tasks', wherever that takes no more than a few seconds; so what
//! would make a task fail makes the probe fail. Larger ones are sampled, and the counts have margins. Regions of zeros in
//! large files (holes that were never written) count as no content; that there are some is told, as no task reads such a
//! file to its end.

use std::io::Read;

use super::{
    ProbeError,
    counted::Counted,
    extents::{Extent, FromStart, Written, extents, read_at},
    hmm,
    sample::{self, Sampled},
    unreadable,
};
use crate::policy::data::OpenDataset;
use domain::dataset::{Compression, DatasetProfile, Format, Oddity};
use science::{
    Counts, InputError,
    input::{Content, has_controls},
    scan::{ScanError, Scanner},
    text::Lines,
};

/// In files up to this size zeros are damage, bytes; in larger ones they are regions that were never written.
const SMALL: u64 = 16_000_000;

/// So much content is read as a whole, bytes: 0.6 s of FASTA at the 1.6 GB/s that were measured on one core from memory,
/// and 2 s from a disk of 500 MB/s.
const READ: u64 = 1_000_000_000;

/// How many bytes of content are unpacked in two or three seconds on one core, by the rates of [`super::estimator`], which were measured
/// on reads of DNA.
fn unpacked_soon(compression: Compression) -> u64 {
    match compression {
        Compression::Gzip | Compression::Zstd => 600_000_000,
        Compression::Xz => 200_000_000,
        Compression::Bzip2 => 80_000_000,
    }
}

/// Of larger compressed files so much is unpacked, bytes of content.
const CONTENT_SAMPLE: u64 = 64_000_000;

/// Measures a dataset.
///
/// # Errors
/// An empty file; one that begins as FASTA, FASTQ or compressed data and is damaged as far as was read; or the system's
/// error. A binary file is no error but a [`Format`], with a name where it has one.
pub fn profile_dataset(open: &OpenDataset) -> Result<DatasetProfile, ProbeError> {
    measured(open, READ)
}

/// As [`profile_dataset`], reading as a whole what has no more content than `most` bytes.
fn measured(open: &OpenDataset, most: u64) -> Result<DatasetProfile, ProbeError> {
    if open.bytes == 0 {
        return Err(ProbeError::Empty);
    }
    let mut content = Content::new(FromStart::new(&open.file)).map_err(damaged)?;
    let (format, foreign, compression) = (content.format(), content.foreign(), content.compression());
    let Measured { counted, zeros, mut oddities } = match compression {
        _ if format == Format::Binary => Measured::of(Counted::BINARY),
        _ if format == Format::Hmm => Measured::of(hmm::count(open, &mut content).map_err(damaged)?),
        Some(compression) => compressed(open, &mut content, unpacked_soon(compression).min(most))?,
        None if open.bytes <= SMALL.min(most) => counted(&mut content, None)?,
        None => large(open, format, most)?,
    };
    for oddity in content.oddities() {
        if !oddities.contains(&oddity) {
            oddities.push(oddity);
        }
    }
    let Counted { format, records, residues, longest, alphabet, doubt, margins } = counted;
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
        doubt,
        sampled: margins.is_some(),
        margins,
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
            Format::Text | Format::Hmm | Format::Binary => Counter::Text(Lines::default()),
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

/// Reads all of a content. With `regions` zeros are passed over, and a record that they cut off is no error: what there is,
/// is counted. It tells whether there are some beside those that are seen.
fn counted<R: Read>(content: &mut Content<R>, regions: Option<bool>) -> Result<Measured, ProbeError> {
    let format = content.format();
    let mut counter = Counter::new(format);
    let mut zeros = regions == Some(true);
    loop {
        let piece = content.next_piece().map_err(damaged)?;
        if piece.is_empty() {
            break;
        }
        let taken = if regions.is_some() && memchr::memchr(0, piece).is_some() {
            zeros = true;
            let filled: Vec<u8> = piece.iter().copied().filter(|&byte| byte != 0).collect();
            counter.push(&filled)
        } else {
            counter.push(piece)
        };
        if !taken.map_err(scan_failed)? {
            return Ok(Measured { zeros, ..Measured::of(Counted::BINARY) });
        }
    }
    let (so_far, oddities) = (counter.so_far(format), counter.oddities());
    let counted = match counter.finish() {
        Err(_) if zeros => so_far,
        ended => ended.map_err(scan_failed)?,
    };
    Ok(Measured { counted, zeros, oddities })
}

/// A large file: all that was ever written of it where that is read soon, else a sample.
fn large(open: &OpenDataset, format: Format, most: u64) -> Result<Measured, ProbeError> {
    // A second handle, as looking for holes moves the position.
    let written = match open.reopen() {
        Ok(file) => extents(&file, open.bytes),
        Err(_) => vec![Extent { start: 0, length: open.bytes }],
    };
    let content: u64 = written.iter().map(|e| e.length).sum();
    let holes = content < open.bytes;
    if content <= most {
        let mut all = Content::new(Written::new(&open.file, &written)).map_err(damaged)?;
        return counted(&mut all, Some(holes));
    }
    let read = |at: u64, into: &mut [u8]| {
        let (offset, room) = Written::place(&written, at);
        let wanted = usize::try_from(room).unwrap_or(usize::MAX).min(into.len());
        read_at(&open.file, into.get_mut(..wanted).unwrap_or_default(), offset)
    };
    let Sampled { counted, zeros, oddities } = sample::sample(content, format, sample::LOOKS, open.bytes, &read)?;
    Ok(Measured { counted, zeros: zeros || holes, oddities })
}

/// A compressed file: unpacked as a whole where it holds no more than `most` bytes, else its beginning.
fn compressed(open: &OpenDataset, content: &mut Content<FromStart<'_>>, most: u64) -> Result<Measured, ProbeError> {
    // Hardly anything is less than halved: what cannot be read to its end soon anyway is not read for as long.
    let limit = if open.bytes > most / 2 { most.min(CONTENT_SAMPLE) } else { most };
    let format = content.format();
    let mut counter = Counter::new(format);
    while content.given() < limit {
        let piece = content.next_piece().map_err(damaged)?;
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
    let counted = counter.so_far(format).extrapolated(content.given(), factor.max(1.0));
    Ok(Measured { counted, zeros: false, oddities: counter.oddities() })
}

#[cfg(test)]
mod tests;
