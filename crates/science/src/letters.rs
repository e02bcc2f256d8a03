//! Counts of residue letters: the alphabet and the GC share follow from them.

use domain::dataset::Alphabet;

/// The share of A, C, G, T, U and N from which letters are taken as nucleotides. Proteins have about a quarter of them.
const NUCLEOTIDE_SHARE: f64 = 0.9;

/// How often each letter occurs, upper and lower case together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letters([u64; 32]);

impl Letters {
    /// Counts more letters; what is no letter must have been left out.
    pub fn add(&mut self, letters: &[u8]) {
        // Two tables, as equal letters in a row would wait for each other's sum in one.
        let mut other = [0_u64; 32];
        let mut pairs = letters.chunks_exact(2);
        for pair in &mut pairs {
            if let [a, b] = pair {
                // The lower five bits number the letters; masked, they are always below 32.
                self.0[usize::from(a & 31)] += 1;
                other[usize::from(b & 31)] += 1;
            }
        }
        for a in pairs.remainder() {
            self.0[usize::from(a & 31)] += 1;
        }
        for (sum, more) in self.0.iter_mut().zip(other) {
            *sum += more;
        }
    }

    /// All letters.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    fn of(&self, letters: &[u8]) -> u64 {
        letters.iter().map(|l| self.0[usize::from(l & 31)]).sum()
    }

    /// What the letters are; `None` when there are none.
    ///
    /// Nucleotides when at least nine in ten are A, C, G, T, U or N, else amino acids.
    pub fn alphabet(&self) -> Option<Alphabet> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let nucleotides = self.of(b"ACGTUN") as f64 >= NUCLEOTIDE_SHARE * total as f64;
        Some(if nucleotides { Alphabet::Nucleotide } else { Alphabet::Protein })
    }

    /// The share of G and C among A, C, G, T and U; `None` for proteins and where there are none of these.
    pub fn gc(&self) -> Option<f64> {
        let known = self.of(b"ACGTU");
        match self.alphabet() {
            Some(Alphabet::Nucleotide) if known > 0 => Some(self.of(b"GC") as f64 / known as f64),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> Letters {
        let mut letters = Letters::default();
        letters.add(text.as_bytes());
        letters
    }

    #[test]
    fn alphabet_and_gc_follow_from_the_counts() {
        assert_eq!(letters("ACGTacgtN").gc(), Some(0.5));
        assert_eq!(letters("GGGCA").gc(), Some(0.8));
        assert_eq!(letters("ACGU").alphabet(), Some(Alphabet::Nucleotide));
        assert_eq!(letters("NNN").gc(), None);
        assert_eq!(letters("MKTAYIAKQR").alphabet(), Some(Alphabet::Protein));
        assert_eq!(letters("MKTAYIAKQR").gc(), None);
        assert_eq!(letters("HPHPPH").alphabet(), Some(Alphabet::Protein));
        assert_eq!(letters("").alphabet(), None);
        assert_eq!(letters("AAAAA").total(), 5);
    }
}
