//! Which sequences of a file are folded: the first so many that can be. The verifier selects by the same code.

use super::{letters::Composition, scan::Visit};
use domain::{dataset::Alphabet, units::clean};

/// Longer sequences are skipped: a fold of theirs would be far from good in any time that is reasonable.
pub const LONGEST: usize = 2_000;

/// Characters of an id at most.
const ID: usize = 80;

/// Bytes of a header that its first words are looked for in.
const HEADER: usize = 1_024;

/// A sequence to fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The header's first word, made safe to show; `sequence N` where the header is empty.
    pub(crate) id: String,
    /// Its letters.
    pub(crate) residues: String,
}

/// What a file of sequences holds for folding.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The sequences to fold, in the file's order.
    pub(crate) candidates: Vec<Candidate>,
    /// Sequences in the file.
    pub(crate) total: u64,
    /// Sequences of more than [`LONGEST`] residues.
    pub(crate) too_long: u64,
    /// Sequences without a residue.
    pub(crate) empty: u64,
    /// Sequences that are surely nucleotides, and left out unless a person says that all are proteins.
    pub(crate) nucleotides: u64,
    /// The name of the first of them.
    pub(crate) first_nucleotides: Option<String>,
    /// What the whole file is made of.
    pub(crate) composition: Composition,
    /// What a person says that it is made of.
    pub(crate) said: Option<Alphabet>,
    most: usize,
    header: Vec<u8>,
    residues: Vec<u8>,
}

impl Selection {
    /// Selects at most `most` of the sequences that it is shown.
    pub(crate) fn new(most: usize, said: Option<Alphabet>) -> Selection {
        Selection { most, said, ..Selection::default() }
    }

    /// Sequences that could be folded and are beyond the first `most`.
    pub(crate) fn left_out(&self) -> u64 {
        self.total - self.too_long - self.empty - self.nucleotides - self.candidates.len() as u64
    }

    /// The name of the current sequence.
    fn id(&self) -> String {
        let header = String::from_utf8_lossy(&self.header);
        let id = clean(header.split_whitespace().next().unwrap_or_default(), ID);
        if id.is_empty() { format!("sequence {}", self.total) } else { id }
    }

    fn is_full(&self) -> bool {
        self.candidates.len() >= self.most
    }
}

impl Visit for Selection {
    fn start(&mut self, header: &[u8]) {
        self.total += 1;
        self.residues.clear();
        self.header.clear();
        self.header.extend_from_slice(header.get(..HEADER.min(header.len())).unwrap_or_default());
    }

    fn residues(&mut self, letters: &[u8]) {
        self.composition.add(letters);
        // One more than the longest is kept, so that a sequence is seen to be too long and no more of it is held.
        let room = (LONGEST + 1).saturating_sub(self.residues.len()).min(letters.len());
        self.residues.extend_from_slice(letters.get(..room).unwrap_or_default());
    }

    fn end(&mut self) {
        let sure = self.composition.end();
        if self.said.is_none() && sure == Some(Alphabet::Nucleotide) {
            self.nucleotides += 1;
            if self.first_nucleotides.is_none() {
                self.first_nucleotides = Some(self.id());
            }
        } else if self.residues.is_empty() {
            self.empty += 1;
        } else if self.residues.len() > LONGEST {
            self.too_long += 1;
        } else if !self.is_full() {
            let residues = String::from_utf8_lossy(&self.residues).into_owned();
            self.candidates.push(Candidate { id: self.id(), residues });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Input, tests::file};

    #[test]
    fn the_first_that_can_be_folded_are_selected() {
        let long = "A".repeat(LONGEST + 1);
        let just = "A".repeat(LONGEST);
        let text = format!(">\u{1b}[31mred two\nGIV\n>\n>big\n{long}\n>  \n{just}\n>d\nMK\n>e\nMK\n");
        let mut progress = |_| {};
        let mut input = Input::new(file(text.as_bytes()), &mut progress).unwrap();
        let mut selection = Selection::new(3, None);
        input.scan(&mut selection).unwrap();
        let ids: Vec<_> = selection.candidates.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(ids, ["[31mred", "sequence 4", "d"]);
        assert_eq!((selection.total, selection.too_long, selection.empty, selection.left_out()), (6, 1, 1, 1));
    }
}
