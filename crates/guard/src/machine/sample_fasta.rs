//! FASTA by sample.
//!
//! Headers and residues are counted per byte looked at. The first header of the file lies in the first window for sure
//! and is counted apart, or files with few long records (genomes) would seem to have many.

use super::{
    ProbeError,
    counted::Counted,
    window::{Window, changes, count_letters},
};
use domain::dataset::Format;
use science::Letters;

/// What the windows held.
#[derive(Default)]
pub(super) struct Sample {
    /// Bytes looked at, zeros too.
    covered: u64,
    /// Headers but the file's first.
    headers: u64,
    residues: u64,
    letters: Letters,
    /// The most residues seen of one record, whole or not.
    longest: u64,
    /// The last header seen, and whether a whole window without one followed.
    last_header: Option<u64>,
    clear: bool,
    /// The longest stretch between two headers with at least one whole window without headers between them, bytes.
    stretch: u64,
}

impl Sample {
    pub(super) fn add(&mut self, window: &Window<'_>) -> Result<(), ProbeError> {
        // A window begins within a line that may be a header or sequence: it is passed over, unless there is no other.
        let partial =
            if window.at == 0 { 0 } else { window.bytes.iter().position(|&b| b == b'\n').map_or(0, |p| p + 1) };
        let body = window.bytes.get(partial..).unwrap_or_default();
        self.covered += body.len() as u64;
        let mut position = window.at + partial as u64;
        let mut current = 0;
        let mut any = false;
        for line in body.split(|&b| b == b'\n') {
            if line.first() == Some(&b'>') {
                self.headers += u64::from(self.last_header.is_some() || window.at > 0);
                self.between(position);
                (self.last_header, self.clear, any) = (Some(position), false, true);
                current = 0;
            } else {
                let near = window.offset + (position - window.at);
                let found = count_letters(line, &mut self.letters).map_err(|byte| {
                    changes("FASTA", near, &format!("a line of sequence holds the byte 0x{byte:02x}"))
                })?;
                self.residues += found;
                current += found;
                self.longest = self.longest.max(current);
            }
            position += line.len() as u64 + 1;
        }
        if body.iter().all(|&b| b == 0) {
            // Nothing is there, and nothing can be said of what lies between the headers on its two sides.
            (self.last_header, self.clear) = (None, false);
        } else if !any {
            self.clear = true;
        }
        if window.last {
            self.between(position);
        }
        Ok(())
    }

    /// Notes the stretch from the last header to one at `position`, or to the end.
    fn between(&mut self, position: u64) {
        if let (Some(last), true) = (self.last_header, self.clear) {
            self.stretch = self.stretch.max(position - last);
        }
    }

    pub(super) fn counted(&self, content: u64) -> Counted {
        let factor = content as f64 / self.covered.max(1) as f64;
        let records = self.headers as f64 * factor + 1.0;
        let residues = self.residues as f64 * factor;
        let density = self.residues as f64 / self.covered.max(1) as f64;
        // Between two headers far apart there may be others that no window saw. The longest of N records whose lengths
        // scatter as chance cuts would have them is about 1 + ln N times the mean.
        let chance = residues / records * (1.0 + records.ln());
        let unseen = (self.stretch as f64 * density).min(chance);
        Counted {
            format: Format::Fasta,
            records: records.round() as u64,
            residues: residues.round() as u64,
            longest: self.longest.max(unseen.round() as u64),
            alphabet: self.letters.alphabet(),
            sampled: true,
        }
    }
}
