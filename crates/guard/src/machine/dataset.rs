//! What a dataset is: its format, how many records of what length, and their alphabet.
//!
//! Files of up to 16 MB are read as a whole and by the same rules as the tasks read them, so what would make a task fail
//! makes the probe fail. Larger files are sampled in windows spread over them: a file of any size takes a few megabytes
//! of reading. Regions of zeros in large files (holes that were never written) count as no content; that there are some is
//! told, as no task reads such a file to its end.

use std::io::{BufReader, Read as _};

use flate2::bufread::MultiGzDecoder;

use super::{
    ProbeError,
    counted::Counted,
    extents::{Extent, FromStart, extents, read_at},
    sample, sniff, unreadable,
};
use crate::policy::data::OpenDataset;
use domain::dataset::{DatasetProfile, Format};
use science::{
    Counts, InputError,
    input::{GZIP, read_error},
    scan::{ScanError, Scanner},
    text::Lines,
};

/// Files up to this size are read as a whole, bytes.
const EXACT: u64 = 16_000_000;

/// Of compressed files at most so much is decompressed, bytes of content: small ones exactly, large ones as a sample.
const CONTENT_EXACT: u64 = 64_000_000;
const CONTENT_SAMPLE: u64 = 16_000_000;

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// Measures a dataset.
///
/// # Errors
/// An empty file; one that begins as FASTA, FASTQ or gzip and is damaged as far as was read; or the system's error. A
/// binary file is no error but a [`Format`].
pub fn profile_dataset(open: &OpenDataset) -> Result<DatasetProfile, ProbeError> {
    if open.bytes == 0 {
        return Err(ProbeError::Empty);
    }
    let mut head = vec![0; PIECE];
    let count = read_at(&open.file, &mut head, 0).map_err(unreadable)?;
    head.truncate(count);
    let gzip = head.starts_with(&GZIP);
    let small = open.bytes <= EXACT;
    let (counted, zeros) = if gzip {
        (compressed(open)?, false)
    } else {
        match sniff::format(&head, count as u64 == open.bytes) {
            Format::Binary => (Counted::BINARY, false),
            format if small => (whole(open, format)?, false),
            format => large(open, format)?,
        }
    };
    let Counted { format, records, residues, longest, alphabet, sampled } = counted;
    Ok(DatasetProfile {
        path: open.path.clone(),
        bytes: open.bytes,
        format,
        gzip,
        records,
        residues,
        longest,
        alphabet,
        sampled,
        zeros,
        modified_ns: open.modified_ns,
    })
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
            Counter::Text(lines) => Ok(!sniff::has_controls(piece) && lines.push(piece).is_ok()),
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

fn damaged(error: ScanError) -> ProbeError {
    ProbeError::Damaged(InputError::Scan(error))
}

/// Reads all of a small file.
fn whole(open: &OpenDataset, format: Format) -> Result<Counted, ProbeError> {
    let mut counter = Counter::new(format);
    let mut reader = FromStart::new(&open.file);
    let mut piece = vec![0; PIECE];
    loop {
        let count = reader.read(&mut piece).map_err(unreadable)?;
        if count == 0 {
            return counter.finish().map_err(damaged);
        }
        if !counter.push(piece.get(..count).unwrap_or_default()).map_err(damaged)? {
            return Ok(Counted::BINARY);
        }
    }
}

/// A large file: all that was ever written of it where that is little, else a sample; and whether zeros stand in it.
fn large(open: &OpenDataset, format: Format) -> Result<(Counted, bool), ProbeError> {
    // A second handle, as looking for holes moves the position.
    let written = match open.reopen() {
        Ok(file) => extents(&file, open.bytes),
        Err(_) => vec![Extent { start: 0, length: open.bytes }],
    };
    let content: u64 = written.iter().map(|e| e.length).sum();
    let holes = content < open.bytes;
    if content > EXACT {
        let (counted, zeros) = sample::large(open, format, &written)?;
        return Ok((counted, zeros || holes));
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
            if !counter.push(&text).map_err(damaged)? {
                return Ok((Counted::BINARY, holes));
            }
        }
    }
    // A record that a hole cuts off is no error here: what there is, is counted.
    let so_far = counter.so_far(format);
    Ok((counter.finish().unwrap_or(so_far), holes))
}

/// A compressed file: decompressed as a whole when it is small, else its beginning.
fn compressed(open: &OpenDataset) -> Result<Counted, ProbeError> {
    let limit = if open.bytes <= EXACT { CONTENT_EXACT } else { CONTENT_SAMPLE };
    let failed = |e| ProbeError::Damaged(read_error(e, true));
    let mut reader = MultiGzDecoder::new(BufReader::with_capacity(PIECE, FromStart::new(&open.file)));
    let mut piece = vec![0; PIECE];
    let (mut seen, mut begun) = (0, None);
    while seen < limit {
        let count = fill(&mut reader, &mut piece).map_err(failed)?;
        let text = piece.get(..count).unwrap_or_default();
        let ended = count < PIECE;
        let (format, counter) = begun.get_or_insert_with(|| {
            let format = sniff::format(text, ended);
            (format, Counter::new(format))
        });
        if *format == Format::Binary && count > 0 || !counter.push(text).map_err(damaged)? {
            return Ok(Counted::BINARY);
        }
        seen += count as u64;
        if ended {
            // Blank as it may be, an empty content is no FASTA; and no text either.
            return match begun {
                Some((_, counter)) if seen > 0 => counter.finish().map_err(damaged),
                _ => Err(ProbeError::Empty),
            };
        }
    }
    // How much compressed data the content came from.
    let raw = reader.get_ref();
    let consumed = raw.get_ref().offset - raw.buffer().len() as u64;
    let factor = open.bytes as f64 / consumed.max(1) as f64;
    Ok(begun.map_or(Counted::BINARY, |(format, counter)| counter.so_far(format).extrapolated(factor.max(1.0))))
}

/// Fills `buffer` unless the end comes first; how many bytes there were.
fn fill(reader: &mut impl std::io::Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..)
        && !rest.is_empty()
    {
        match reader.read(rest)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests;
