//! What reading a dataset, or a part of it, counted.

use domain::dataset::{Alphabet, Doubt, Format, Margin, Margins};
use science::{Counts, text::Lines};

/// What was counted, or extrapolated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counted {
    pub(super) format: Format,
    pub(super) records: u64,
    pub(super) residues: u64,
    pub(super) longest: u64,
    pub(super) alphabet: Option<Alphabet>,
    pub(super) doubt: Option<Doubt>,
    /// How far off the counts may be, where they are extrapolated.
    pub(super) margins: Option<Margins>,
}

impl Counted {
    pub(super) const BINARY: Counted = Counted {
        format: Format::Binary,
        records: 0,
        residues: 0,
        longest: 0,
        alphabet: None,
        doubt: None,
        margins: None,
    };

    /// What a scan of sequences counted.
    pub(super) fn sequences(format: Format, counts: &Counts) -> Counted {
        let (lengths, composition) = (&counts.lengths, &counts.composition);
        let (alphabet, doubt) = (composition.alphabet(), composition.doubt());
        let (records, residues, longest) = (lengths.sequences(), lengths.residues(), lengths.longest());
        Counted { format, records, residues, longest, alphabet, doubt, margins: None }
    }

    /// What the lines of a text came to.
    pub(super) fn text(lines: &Lines) -> Counted {
        let (records, residues, longest) = (lines.lines(), lines.characters(), lines.longest());
        Counted { format: Format::Text, records, residues, longest, alphabet: None, doubt: None, margins: None }
    }

    /// As if the rest of the content, of which `seen` bytes were read, were like that part: likely `factor` times as much.
    ///
    /// Nothing is known of the rest. At least it is empty, and at most it is [`WORST`] times as long as is likely, of
    /// records that are as short as records can be, or of one.
    pub(super) fn extrapolated(self, seen: u64, factor: f64) -> Counted {
        let grown = |n: u64| (n as f64 * factor).round() as u64;
        let rest = (seen as f64 * (factor - 1.0) * WORST).ceil() as u64;
        let shortest = match self.format {
            Format::Fasta => 5,
            Format::Fastq => 8,
            Format::Text | Format::Hmm | Format::Binary => 1,
        };
        // Half of a read is qualities.
        let letters = if self.format == Format::Fastq { rest / 2 } else { rest };
        let margins = Margins {
            records: Margin { low: self.records, high: self.records.saturating_add(rest / shortest) },
            residues: Margin { low: self.residues, high: self.residues.saturating_add(letters) },
            longest: Margin { low: self.longest, high: self.longest.saturating_add(letters) },
        };
        let residues = grown(self.residues);
        let counted = Counted { records: grown(self.records), residues, margins: Some(margins), ..self };
        match self.records {
            // One record for as far as was read: the rest is taken to be more of it, which asks for the most memory.
            1 => Counted { records: 1, longest: residues, ..counted },
            _ => counted,
        }
    }
}

/// How much longer the content behind a part may be than the part's own compression lets expect.
const WORST: f64 = 8.0;
