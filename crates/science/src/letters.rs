//! Counts of residue letters: the alphabet and the GC share follow from them.

use domain::dataset::{Alphabet, Doubt};

/// The share of A, C, G, T, U and N from which letters are taken as nucleotides. Proteins have about a quarter of them.
const NUCLEOTIDE_SHARE: f64 = 0.9;

/// IUPAC's letters for one or several nucleotides, as primers have them.
const NUCLEOTIDES: &[u8] = b"ACGTUNRYKMSWBDHV";

/// The share from which letters that are all of that code are taken as nucleotides. Fourteen of twenty amino acids have
/// such a letter too.
const DEGENERATE_SHARE: f64 = 0.6;

/// How often each letter occurs, upper and lower case together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letters([u64; 32]);

impl Letters {
    /// Counts more letters; what is no letter must have been left out.
    pub fn add(&mut self, letters: &[u8]) {
        let mut current = Current::default();
        current.add(letters);
        self.join(&current.take());
    }

    fn join(&mut self, more: &Letters) {
        self.0.iter_mut().zip(more.0).for_each(|(sum, more)| *sum += more);
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
    /// Nucleotides when at least nine in ten are A, C, G, T, U or N, or when all are of IUPAC's code for nucleotides
    /// (NC-IUB 1985) and most are these; else amino acids.
    pub fn alphabet(&self) -> Option<Alphabet> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let (known, total) = (self.of(b"ACGTUN") as f64, total as f64);
        let degenerate = self.of(NUCLEOTIDES) == self.total() && known >= DEGENERATE_SHARE * total;
        let nucleotides = known >= NUCLEOTIDE_SHARE * total || degenerate;
        Some(if nucleotides { Alphabet::Nucleotide } else { Alphabet::Protein })
    }

    /// Whether the letters could hardly be of the other alphabet: all four bases occur in a dozen letters or more, or
    /// letters that no nucleotide has.
    pub fn is_sure(&self) -> bool {
        let has = |letters: &[u8]| self.of(letters) > 0;
        match self.alphabet() {
            None => false,
            Some(Alphabet::Nucleotide) => self.total() >= 12 && has(b"A") && has(b"C") && has(b"G") && has(b"TU"),
            Some(Alphabet::Protein) => self.total() > self.of(NUCLEOTIDES),
        }
    }

    /// The share of G and C among A, C, G, T and U; `None` where there are none of these.
    pub fn gc(&self) -> Option<f64> {
        let known = self.of(b"ACGTU");
        (known > 0).then(|| self.of(b"GC") as f64 / known as f64)
    }

    /// How many are N.
    pub fn unknown(&self) -> u64 {
        self.of(b"N")
    }
}

/// Letters while they are counted: many at a time, record by record.
///
/// Two tables, as equal letters in a row would wait for each other's sum in one.
#[derive(Debug, Clone, Default)]
struct Current([u64; 32], [u64; 32]);

impl Current {
    fn add(&mut self, letters: &[u8]) {
        let mut pairs = letters.chunks_exact(2);
        for pair in &mut pairs {
            if let [a, b] = pair {
                // The lower five bits number the letters; masked, they are always below 32.
                self.0[usize::from(a & 31)] += 1;
                self.1[usize::from(b & 31)] += 1;
            }
        }
        for a in pairs.remainder() {
            self.0[usize::from(a & 31)] += 1;
        }
    }

    fn take(&mut self) -> Letters {
        let Current(mut sums, other) = std::mem::take(self);
        sums.iter_mut().zip(other).for_each(|(sum, more)| *sum += more);
        Letters(sums)
    }
}

/// What the records of a file are made of.
#[derive(Debug, Clone, Default)]
pub struct Composition {
    current: Current,
    whole: Letters,
    records: u64,
    nucleotide: u64,
    protein: u64,
    /// The first record that is surely of nucleotides, from 1.
    first: u64,
}

impl Composition {
    /// Counts more letters of the current record.
    pub fn add(&mut self, letters: &[u8]) {
        self.current.add(letters);
    }

    /// The record is whole: what it surely is.
    pub fn end(&mut self) -> Option<Alphabet> {
        let letters = self.current.take();
        self.whole.join(&letters);
        self.records += 1;
        let sure = letters.alphabet().filter(|_| letters.is_sure());
        match sure {
            Some(Alphabet::Nucleotide) => {
                self.nucleotide += 1;
                self.first = if self.first == 0 { self.records } else { self.first };
            }
            Some(Alphabet::Protein) => self.protein += 1,
            None => {}
        }
        sure
    }

    /// Letters of all records that have ended.
    pub fn letters(&self) -> &Letters {
        &self.whole
    }

    /// What the file is made of, by all its letters.
    pub fn alphabet(&self) -> Option<Alphabet> {
        self.whole.alphabet()
    }

    /// What is in doubt about that.
    pub fn doubt(&self) -> Option<Doubt> {
        let (nucleotide, protein, first) = (self.nucleotide, self.protein, self.first);
        match self.whole.alphabet() {
            _ if nucleotide > 0 && protein > 0 => Some(Doubt::Mixed { nucleotide, protein, first }),
            Some(_) if nucleotide == 0 && protein == 0 && !self.whole.is_sure() => Some(Doubt::Unsure),
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
        let primers = letters("AGAGTTTGATCMTGGCTCAGGTGYCAGCMGCCGCGGTAAGGACTACNVGGGTWTCTAAT");
        assert_eq!((primers.alphabet(), primers.is_sure()), (Some(Alphabet::Nucleotide), true));
        assert_eq!(letters("GTGYCAGCMGCCGCGGTAABWSRY").alphabet(), Some(Alphabet::Nucleotide));
        assert_eq!(letters("MKTAYIAKQR").alphabet(), Some(Alphabet::Protein));
        assert!(letters("MKTAYIAKQR").is_sure() && letters("HPHPPH").is_sure());
        for doubtful in ["GAGAGAGAGAGA", "AAAAAAAAAAAAAAAAAAAA", "GGGG", "ACGT", "MSDKTA"] {
            assert!(!letters(doubtful).is_sure(), "{doubtful}");
        }
        assert_eq!(letters("HPHPPH").alphabet(), Some(Alphabet::Protein));
        assert_eq!(letters("").alphabet(), None);
        assert_eq!(letters("AAAAA").total(), 5);
    }
}
