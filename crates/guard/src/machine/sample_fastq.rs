//! FASTQ by sample.

use super::{
    ProbeError,
    counted::Counted,
    window::{Window, changes},
};
use domain::dataset::Format;
use science::Letters;

/// What the windows held.
#[derive(Default)]
pub(super) struct Sample {
    /// Bytes of whole reads, and of zeros.
    covered: u64,
    reads: u64,
    bases: u64,
    longest: u64,
    letters: Letters,
}

impl Sample {
    pub(super) fn add(&mut self, window: &Window<'_>) -> Result<(), ProbeError> {
        if window.bytes.iter().all(|&b| b == 0) {
            self.covered += window.bytes.len() as u64;
            return Ok(());
        }
        let mut lines: Vec<&[u8]> = window.bytes.split(|&b| b == b'\n').collect();
        // What follows the last line end is whole only where the file ends; an empty rest is no line.
        if !window.last || lines.last().is_some_and(|l| l.is_empty()) {
            lines.pop();
        }
        let Some(start) = (0..lines.len().min(8)).find(|&i| i >= usize::from(window.at > 0) && is_read(&lines, i))
        else {
            // Few lines are of reads longer than the window, which say nothing by themselves.
            if lines.iter().filter(|l| !trimmed(l).is_empty() && !l.contains(&0)).count() > 8 {
                return Err(changes("FASTQ", window.offset, "no read of four lines begins there"));
            }
            return Ok(());
        };
        let mut offset = window.offset + lines.iter().take(start).map(|l| l.len() as u64 + 1).sum::<u64>();
        let mut at = start;
        while let Some([header, bases, separator, qualities]) = lines.get(at..at + 4) {
            if !is_read(&lines, at) {
                if header.is_empty() || [header, bases, separator, qualities].iter().any(|l| l.contains(&0)) {
                    // Blank lines at the end, or the edge of a region of zeros.
                    return Ok(());
                }
                return Err(changes("FASTQ", offset, "a read of four lines was expected"));
            }
            let length = trimmed(bases).len() as u64;
            self.letters.add(&bases.iter().copied().filter(u8::is_ascii_alphabetic).collect::<Vec<_>>());
            let bytes = [header, bases, separator, qualities].iter().map(|l| l.len() as u64 + 1).sum::<u64>();
            self.covered += bytes;
            offset += bytes;
            self.reads += 1;
            self.bases += length;
            self.longest = self.longest.max(length);
            at += 4;
        }
        let rest = lines.get(at..).unwrap_or_default();
        if window.last && rest.iter().any(|l| !trimmed(l).is_empty()) {
            return Err(changes("FASTQ", offset, "the file ends within a read, so it seems cut off"));
        }
        Ok(())
    }

    pub(super) fn counted(&self, content: u64) -> Counted {
        let base = Counted { format: Format::Fastq, sampled: true, ..Counted::BINARY };
        if self.reads == 0 {
            // Not one whole read in any window: few and very long ones. Half of a read is bases.
            return Counted { records: 1, residues: content / 2, longest: content / 2, ..base };
        }
        let factor = content as f64 / self.covered.max(1) as f64;
        let grown = |n: u64| (n as f64 * factor).round() as u64;
        let alphabet = self.letters.alphabet();
        Counted { records: grown(self.reads), residues: grown(self.bases), longest: self.longest, alphabet, ..base }
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether the four lines from `at` are a read.
fn is_read(lines: &[&[u8]], at: usize) -> bool {
    let Some([header, bases, separator, qualities]) = lines.get(at..at + 4) else { return false };
    header.first() == Some(&b'@')
        && separator.first() == Some(&b'+')
        && trimmed(bases).len() == trimmed(qualities).len()
        && bases.iter().all(|b| b.is_ascii_alphabetic() || b"*-.~\r".contains(b))
}
