//! Which sequences of a file are folded: the first so many that can be. The verifier selects by the same code.

use super::{letters::Letters, scan::Visit};
use domain::units::clean;

/// Longer sequences are skipped: a fold of theirs would be far from good in any time that is reasonable.
pub const LONGEST: usize = 2_000;

/// Characters of an id at most.
const ID: usize = 80;

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
    /// Letters of the whole file.
    pub(crate) letters: Letters,
    most: usize,
    id: String,
    residues: Vec<u8>,
}

impl Selection {
    /// Selects at most `most` of the sequences that it is shown.
    pub(crate) fn new(most: usize) -> Selection {
        Selection { most, ..Selection::default() }
    }

    /// Sequences that could be folded and are beyond the first `most`.
    pub(crate) fn left_out(&self) -> u64 {
        self.total - self.too_long - self.empty - self.candidates.len() as u64
    }

    fn is_full(&self) -> bool {
        self.candidates.len() >= self.most
    }
}

impl Visit for Selection {
    fn start(&mut self, header: &[u8]) {
        self.total += 1;
        self.residues.clear();
        if self.is_full() {
            return;
        }
        let header = String::from_utf8_lossy(header);
        let id = clean(header.split_whitespace().next().unwrap_or_default(), ID);
        self.id = if id.is_empty() { format!("sequence {}", self.total) } else { id };
    }

    fn residues(&mut self, letters: &[u8]) {
        self.letters.add(letters);
        // One more than the longest is kept, so that a sequence is seen to be too long and no more of it is held.
        let room = (LONGEST + 1).saturating_sub(self.residues.len()).min(letters.len());
        self.residues.extend_from_slice(letters.get(..room).unwrap_or_default());
    }

    fn end(&mut self) {
        if self.residues.is_empty() {
            self.empty += 1;
        } else if self.residues.len() > LONGEST {
            self.too_long += 1;
        } else if !self.is_full() {
            let residues = String::from_utf8_lossy(&self.residues).into_owned();
            self.candidates.push(Candidate { id: self.id.clone(), residues });
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
        let mut selection = Selection::new(3);
        input.scan(&mut selection).unwrap();
        let ids: Vec<_> = selection.candidates.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(ids, ["[31mred", "sequence 4", "d"]);
        assert_eq!((selection.total, selection.too_long, selection.empty, selection.left_out()), (6, 1, 1, 1));
    }
}
