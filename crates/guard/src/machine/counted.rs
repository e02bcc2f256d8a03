//! What reading a dataset, or a part of it, counted.

use domain::dataset::{Alphabet, Format};
use science::{Counts, text::Lines};

/// What was counted, or extrapolated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counted {
    pub(super) format: Format,
    pub(super) records: u64,
    pub(super) residues: u64,
    pub(super) longest: u64,
    pub(super) alphabet: Option<Alphabet>,
    pub(super) sampled: bool,
}

impl Counted {
    pub(super) const BINARY: Counted =
        Counted { format: Format::Binary, records: 0, residues: 0, longest: 0, alphabet: None, sampled: false };

    /// What a scan of sequences counted.
    pub(super) fn sequences(format: Format, counts: &Counts) -> Counted {
        let (lengths, alphabet) = (&counts.lengths, counts.letters.alphabet());
        let (records, residues, longest) = (lengths.sequences(), lengths.residues(), lengths.longest());
        Counted { format, records, residues, longest, alphabet, sampled: false }
    }

    /// What the lines of a text came to.
    pub(super) fn text(lines: &Lines) -> Counted {
        let (records, residues, longest) = (lines.lines(), lines.characters(), lines.longest());
        Counted { format: Format::Text, records, residues, longest, alphabet: None, sampled: false }
    }

    /// As if the rest of the file were like the part that was read.
    pub(super) fn extrapolated(self, factor: f64) -> Counted {
        let grown = |n: u64| (n as f64 * factor).round() as u64;
        let residues = grown(self.residues);
        if self.records == 1 {
            // One record for as far as was read: the rest is taken to be more of it, which asks for the most memory.
            return Counted { residues, longest: residues, sampled: true, ..self };
        }
        Counted { records: grown(self.records), residues, sampled: true, ..self }
    }
}
