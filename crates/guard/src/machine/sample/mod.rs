//! Large files by sample, with how far off it may be.
//!
//! Looks are spread over the content at random, one in each of so many stretches of equal length, and one at either end;
//! then more are placed where neighbours differ most, as in an assembly that is sorted by length. What lies between two
//! looks is taken to go from what the one shows to what the other shows. The margins are meant to hold the truth in 95 of
//! 100 files; where they are wide, that is what the looks can say.
//!
//! | file | holds |
//! | --- | --- |
//! | `density.rs` | from what stands in the looks to what stands in the whole, with its margin |
//! | `fasta.rs`, `fastq.rs`, `lines.rs` | what one look shows of each format |

mod density;
mod fasta;
mod fastq;
mod lines;

use std::io;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{ProbeError, counted::Counted, unreadable};
use density::Density;
use domain::dataset::{Format, Margin, Margins, Oddity};
use science::input::{MARK, end_lines, has_controls};

/// How a sample is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looks {
    /// Looks that are spread evenly.
    pub(super) spread: usize,
    /// Looks that are then placed where neighbours differ most.
    pub(super) more: usize,
    /// Bytes of each.
    pub(super) length: usize,
}

/// 24 MB of a file in 768 places.
pub(super) const LOOKS: Looks = Looks { spread: 512, more: 256, length: 32 * 1024 };

/// Reads content at an offset into a buffer; how many bytes there were.
pub(super) type ReadAt<'r> = &'r dyn Fn(u64, &mut [u8]) -> io::Result<usize>;

/// So many bytes before a look tell which line it begins in; headers are hardly ever longer.
const BEFORE: u64 = 1_024;

/// One look.
struct Look<'b> {
    /// Bytes of content before it.
    at: u64,
    /// What is there, its line ends as every reader has them.
    bytes: &'b [u8],
    /// What stands before it, at most [`BEFORE`] bytes.
    before: &'b [u8],
    /// Whether it ends where the content ends.
    last: bool,
}

/// What a look shows, whatever the format: where its line or record ends first and last, and counts.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    at: u64,
    length: u64,
    /// What is counted: headers, line ends.
    units: u64,
    residues: u64,
    /// Where the first and the last unit stand, bytes of content.
    first: Option<u64>,
    last: Option<u64>,
    /// The longest record that the look proves, residues.
    longest: u64,
    /// Whether there is nothing but zeros.
    blank: bool,
}

/// One look of each format.
enum Sample {
    Fasta(fasta::Sample),
    Fastq(fastq::Sample),
    Text,
}

/// What a sample showed.
pub(super) struct Sampled {
    pub(super) counted: Counted,
    /// Whether zeros were seen.
    pub(super) zeros: bool,
    pub(super) oddities: Vec<Oddity>,
}

/// Extrapolates from looks at `content` bytes, of which there are more than the looks take; `seed` says where they are.
///
/// # Errors
/// What is not of the format that the content begins as; the system's error.
pub(super) fn sample(
    content: u64,
    format: Format,
    looks: Looks,
    seed: u64,
    read: ReadAt<'_>,
) -> Result<Sampled, ProbeError> {
    let mut taking = Taking {
        content,
        read,
        length: looks.length,
        buffer: vec![0; looks.length + BEFORE as usize],
        zeros: false,
        sample: match format {
            Format::Fasta => Sample::Fasta(fasta::Sample::default()),
            Format::Fastq => Sample::Fastq(fastq::Sample::default()),
            _ => Sample::Text,
        },
    };
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ content);
    let length = looks.length as u64;
    let room = content.saturating_sub(length);
    let mut seen = Vec::with_capacity(looks.spread + looks.more);
    let spread = looks.spread as u64;
    for index in 0..spread {
        let (from, to) = (room / spread * index, room / spread * (index + 1));
        let at = match index {
            0 => 0,
            _ if index + 1 == spread => room,
            _ => rng.random_range(from..to.max(from + 1)),
        };
        match taking.look(at)? {
            Some(look) => seen.push(look),
            None => return Ok(taking.found(Counted::BINARY)),
        }
    }
    for _ in 0..looks.more {
        let Some(index) = density::widest(&seen, length) else { break };
        let Some([a, b]) = seen.get(index..index + 2) else { break };
        let at = (a.at + a.length).midpoint(b.at);
        match taking.look(at.min(room))? {
            Some(look) => seen.insert(index + 1, look),
            None => return Ok(taking.found(Counted::BINARY)),
        }
    }
    let counted = match &taking.sample {
        Sample::Fasta(sample) => sample.counted(content, &seen),
        Sample::Fastq(sample) => sample.counted(content, &seen),
        Sample::Text => lines::counted(content, &seen),
    };
    Ok(taking.found(counted))
}

/// A sample being taken.
struct Taking<'r> {
    content: u64,
    read: ReadAt<'r>,
    /// Bytes of a look.
    length: usize,
    buffer: Vec<u8>,
    zeros: bool,
    sample: Sample,
}

impl Taking<'_> {
    /// Looks at one place; `None` where it is no text after all.
    fn look(&mut self, at: u64) -> Result<Option<Seen>, ProbeError> {
        let before = usize::try_from(at.min(BEFORE)).unwrap_or(0);
        let room = self.buffer.get_mut(..before + self.length).unwrap_or_default();
        let count = (self.read)(at - before as u64, room).map_err(unreadable)?;
        let bytes = room.get_mut(..count).unwrap_or_default();
        end_lines(bytes, false);
        let (before, bytes) = bytes.split_at_checked(before).unwrap_or_default();
        let last = at + bytes.len() as u64 >= self.content;
        let length = bytes.len() as u64;
        // What stands before the first header is passed over as the scan does it.
        let bytes = if at == 0 { bytes.strip_prefix(MARK).unwrap_or(bytes).trim_ascii_start() } else { bytes };
        let look = Look { at, bytes, before, last };
        self.zeros |= look.bytes.contains(&0);
        if look.bytes.iter().all(|&byte| byte == 0) {
            return Ok(Some(Seen { at, length, blank: true, ..Seen::default() }));
        }
        match &mut self.sample {
            Sample::Fasta(sample) => sample.look(&look).map(Some),
            Sample::Fastq(sample) => sample.look(&look).map(Some),
            Sample::Text if has_controls(look.bytes) => Ok(None),
            Sample::Text => Ok(lines::look(&look)),
        }
    }

    fn found(&self, counted: Counted) -> Sampled {
        let oddities = match &self.sample {
            Sample::Fasta(sample) if sample.comments => vec![Oddity::Comments],
            _ => Vec::new(),
        };
        Sampled { counted, zeros: self.zeros, oddities }
    }
}

/// An error about something found in a look.
fn changes(begins: &'static str, near: u64, why: &str) -> ProbeError {
    ProbeError::Changes { begins, near, why: why.to_owned() }
}

/// The longest record: at least what was seen, at most what fits between two that were seen, and likely no longer than the
/// longest of so many whose lengths scatter as chance cuts would have them, which is about 1 + ln N times the mean (the
/// largest of N exponential variables; Devroye, Non-Uniform Random Variate Generation, 1986).
fn longest(seen: &[Seen], content: u64, records: f64, residues: f64, share: f64) -> (u64, Margin) {
    let known = seen.iter().map(|look| look.longest).max().unwrap_or(0);
    let (mut widest, mut clear) = (0, 0);
    // From the last unit before a gap to the first behind it; where a look lies between without any, one record is likely.
    let (mut from, mut between) = (0, false);
    for look in seen {
        if look.blank {
            continue;
        }
        match (look.first, look.last) {
            (Some(first), Some(last)) => {
                let stretch = first.saturating_sub(from);
                widest = widest.max(stretch);
                clear = clear.max(if between { stretch } else { 0 });
                (from, between) = (last, false);
            }
            _ => between = true,
        }
    }
    let stretch = content.saturating_sub(from);
    widest = widest.max(stretch);
    clear = clear.max(if between { stretch } else { 0 });
    let chance = residues / records.max(1.0) * (1.0 + records.max(1.0).ln());
    let unseen = (clear as f64 * share).min(chance);
    let likely = known.max(unseen.round() as u64);
    // A stretch of bytes holds no more residues than bytes.
    (likely, Margin { low: known, high: widest.max(likely) })
}

fn whole(value: f64) -> u64 {
    if value.is_finite() && value > 0.0 { value.round() as u64 } else { 0 }
}

#[cfg(test)]
pub(super) mod tests;
