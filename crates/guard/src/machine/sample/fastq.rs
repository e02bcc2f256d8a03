//! FASTQ by sample: a read has four lines, so a quarter of the line ends are reads, however long they are.

use super::{Density, Look, Margin, Margins, ProbeError, Seen, changes, longest, whole};
use crate::machine::counted::Counted;
use domain::dataset::{Doubt, Format};
use science::Letters;

/// What the looks held together.
#[derive(Default)]
pub(super) struct Sample {
    letters: Letters,
    /// Whole reads that were seen, and what they have beside bases and qualities: header, separator, line ends.
    reads: u64,
    beside: u64,
}

/// Lines of a read.
const LINES: usize = 4;

impl Sample {
    pub(super) fn look(&mut self, look: &Look<'_>) -> Result<Seen, ProbeError> {
        let ends: Vec<u64> = memchr::memchr_iter(b'\n', look.bytes).map(|at| look.at + at as u64).collect();
        let mut seen = Seen {
            at: look.at,
            length: look.bytes.len() as u64,
            units: ends.len() as u64,
            first: ends.first().copied(),
            last: ends.last().copied(),
            ..Seen::default()
        };
        let mut lines: Vec<&[u8]> = look.bytes.split(|&b| b == b'\n').collect();
        // No header is so long: part of a line of bases or qualities, of a read at least as long.
        let part = lines.iter().map(|line| line.len()).max().unwrap_or(0);
        seen.longest = if part > HEADER { part as u64 } else { 0 };
        // What follows the last line end is whole only where the file ends; an empty rest is no line.
        if !look.last || lines.last().is_some_and(|l| l.is_empty()) {
            lines.pop();
        }
        let begin = usize::from(look.at > 0);
        let Some(start) = (begin..lines.len().min(2 * LINES + begin)).find(|&i| is_read(&lines, i)) else {
            // Few lines are of reads longer than the look, which say nothing by themselves.
            if lines.iter().filter(|l| !trimmed(l).is_empty() && !l.contains(&0)).count() > 2 * LINES {
                return Err(changes("FASTQ", look.at, "no read of four lines begins there"));
            }
            return Ok(seen);
        };
        let mut at = start;
        let mut offset = look.at + lines.iter().take(start).map(|l| l.len() as u64 + 1).sum::<u64>();
        while let Some([header, bases, separator, qualities]) = lines.get(at..at + LINES) {
            if !is_read(&lines, at) {
                if header.is_empty() || [header, bases, separator, qualities].iter().any(|l| l.contains(&0)) {
                    // Blank lines at the end, or the edge of a region of zeros.
                    return Ok(seen);
                }
                return Err(changes("FASTQ", offset, "a read of four lines was expected"));
            }
            let length = trimmed(bases).len() as u64;
            bases.split(|b| !b.is_ascii_alphabetic()).for_each(|run| self.letters.add(run));
            let bytes = [header, bases, separator, qualities].iter().map(|l| l.len() as u64 + 1).sum::<u64>();
            offset += bytes;
            self.reads += 1;
            self.beside += bytes - 2 * length;
            seen.longest = seen.longest.max(length);
            at += LINES;
        }
        let rest = lines.get(at..).unwrap_or_default();
        if look.last && rest.iter().any(|l| !trimmed(l).is_empty()) {
            return Err(changes("FASTQ", offset, "the file ends within a read, so it seems cut off"));
        }
        Ok(seen)
    }

    pub(super) fn counted(&self, content: u64, seen: &[Seen]) -> Counted {
        // The ends around a separator come together, and so do those around a header.
        let ends = Density::of(content, seen, 2.0, |look| look.units);
        let known: u64 = seen.iter().map(|look| look.units).sum();
        let lines = LINES as f64;
        let records = (ends.likely / lines).max(1.0);
        let margin = ends.margin(known);
        let margin = Margin { low: (margin.low / LINES as u64).max(1), high: margin.high / LINES as u64 + 1 };
        // Not one whole read: their headers are not known, and next to nothing beside them.
        let beside = if self.reads == 0 { lines + 60.0 } else { self.beside as f64 / self.reads as f64 };
        let of = |reads: f64| ((content as f64 - reads * beside) / 2.0).max(0.0);
        // Headers differ by the digits of their numbers: a twentieth of what stands beside the bases.
        let doubt = records * beside / 40.0;
        let blank = seen.iter().filter(|look| look.blank).map(|look| look.length).sum::<u64>() as f64;
        let covered = seen.iter().map(|look| look.length).sum::<u64>().max(1) as f64;
        let filled = 1.0 - blank / covered;
        let residues = of(records) * filled;
        let low = of(margin.high as f64) * filled - doubt;
        let high = of(margin.low as f64) * if blank > 0.0 { 1.0 } else { filled } + doubt;
        let (likely, of_longest) = longest(seen, content, records, residues, 1.0);
        Counted {
            format: Format::Fastq,
            records: whole(records),
            residues: whole(residues),
            longest: likely.min(whole(residues)).max(of_longest.low),
            alphabet: self.letters.alphabet(),
            doubt: (!self.letters.is_sure()).then_some(Doubt::Unsure),
            margins: Some(Margins {
                records: margin,
                residues: Margin { low: whole(low), high: whole(high) },
                longest: of_longest,
            }),
        }
    }
}

/// Longer lines than this are no headers.
const HEADER: usize = 4_096;

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether the four lines from `at` are a read.
fn is_read(lines: &[&[u8]], at: usize) -> bool {
    let Some([header, bases, separator, qualities]) = lines.get(at..at + LINES) else { return false };
    header.first() == Some(&b'@')
        && separator.first() == Some(&b'+')
        && trimmed(bases).len() == trimmed(qualities).len()
        && bases.iter().all(|b| b.is_ascii_alphabetic() || b"*-.~\r".contains(b))
}
