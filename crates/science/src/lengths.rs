//! The distribution of sequence lengths in bounded memory.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// So many different lengths are kept exactly; beyond, lengths share buckets a 256th of their size wide.
const DISTINCT: usize = 65_536;

/// Bars of the histogram at most.
const BARS: u64 = 20;

/// Sequences of like length.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    sequences: u64,
    residues: u64,
}

/// One bar of a histogram: how many sequences have a length of `from` to `to`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Shortest length of the bar, residues.
    pub from: u64,
    /// Longest length of the bar, residues.
    pub to: u64,
    /// Sequences.
    pub count: u64,
}

/// Lengths, counted.
#[derive(Debug, Clone, Default)]
pub struct Lengths {
    buckets: BTreeMap<u64, Bucket>,
    rounded: bool,
    sequences: u64,
    residues: u64,
    shortest: Option<u64>,
    longest: u64,
}

/// The length whose bucket `length` falls into: its nine leading bits.
fn rounded(length: u64) -> u64 {
    let spare = (64 - length.leading_zeros()).saturating_sub(9);
    length >> spare << spare
}

impl Lengths {
    /// Counts a sequence.
    pub fn add(&mut self, length: u64) {
        self.sequences += 1;
        self.residues += length;
        self.shortest = Some(self.shortest.map_or(length, |s| s.min(length)));
        self.longest = self.longest.max(length);
        let key = if self.rounded { rounded(length) } else { length };
        let bucket = self.buckets.entry(key).or_default();
        bucket.sequences += 1;
        bucket.residues += length;
        if !self.rounded && self.buckets.len() > DISTINCT {
            self.rounded = true;
            for (length, exact) in std::mem::take(&mut self.buckets) {
                let bucket = self.buckets.entry(rounded(length)).or_default();
                bucket.sequences += exact.sequences;
                bucket.residues += exact.residues;
            }
        }
    }

    /// Sequences counted.
    pub fn sequences(&self) -> u64 {
        self.sequences
    }

    /// Residues of all sequences.
    pub fn residues(&self) -> u64 {
        self.residues
    }

    /// The shortest length; 0 when there are no sequences.
    pub fn shortest(&self) -> u64 {
        self.shortest.unwrap_or(0)
    }

    /// The longest length.
    pub fn longest(&self) -> u64 {
        self.longest
    }

    /// The mean length; 0 when there are no sequences.
    pub fn mean(&self) -> f64 {
        if self.sequences == 0 { 0.0 } else { self.residues as f64 / self.sequences as f64 }
    }

    /// The N statistic of a percentage, N50 for 50: the length such that sequences at least as long hold so much of all
    /// residues; and how many sequences that takes at least, the longest first (L50). Miller et al., Genomics 95:315 (2010).
    ///
    /// Exact unless [`Lengths::is_exact`] says otherwise; then right to within one part in 256.
    pub fn n(&self, percent: u64) -> (u64, u64) {
        let wanted = (u128::from(self.residues) * u128::from(percent)).div_ceil(100);
        let (mut residues, mut sequences) = (0_u128, 0);
        for bucket in self.buckets.values().rev() {
            let here = u128::from(bucket.residues);
            if residues + here >= wanted && bucket.sequences > 0 && bucket.residues > 0 {
                let length = bucket.residues / bucket.sequences;
                let more = (wanted - residues).div_ceil(u128::from(length.max(1)));
                return (length, sequences + u64::try_from(more).unwrap_or(bucket.sequences).min(bucket.sequences));
            }
            residues += here;
            sequences += bucket.sequences;
        }
        (0, 0)
    }

    /// The lower quartile, the median and the upper quartile: hinges, that is medians of the lower and the upper half, which
    /// share the median where the number of sequences is odd (Tukey, Exploratory Data Analysis, 1977). Zeros when there are
    /// no sequences; exact unless [`Lengths::is_exact`] says otherwise.
    pub fn quartiles(&self) -> [f64; 3] {
        let all = self.sequences;
        let half = all.div_ceil(2);
        [self.median(0, half), self.median(0, all), self.median(all - half, half)]
    }

    /// The median of `count` lengths in rising order, from the one with the number `from` on.
    fn median(&self, from: u64, count: u64) -> f64 {
        if count == 0 {
            return 0.0;
        }
        let (low, high) = (from + (count - 1) / 2, from + count / 2);
        (self.length_at(low) + self.length_at(high)) / 2.0
    }

    /// The length with this number in rising order, from 0.
    fn length_at(&self, number: u64) -> f64 {
        let mut seen = 0;
        for bucket in self.buckets.values() {
            seen += bucket.sequences;
            if seen > number {
                return bucket.residues as f64 / bucket.sequences as f64;
            }
        }
        0.0
    }

    /// Whether every length is kept as it is.
    pub fn is_exact(&self) -> bool {
        !self.rounded
    }

    /// A histogram of at most 20 bars over all lengths. Bars are equally wide where the longest is at most 50 times the
    /// shortest, and double in width otherwise. Empty bars at either end are left out.
    pub fn histogram(&self) -> Vec<Bar> {
        if self.sequences == 0 {
            return Vec::new();
        }
        let (low, high) = (self.shortest(), self.longest);
        let mut bars =
            if high <= low.max(1).saturating_mul(50) { equal_bars(low, high) } else { doubling_bars(low, high) };
        for (&length, bucket) in &self.buckets {
            // A shared bucket is named by its lower end, which may lie below the shortest sequence in it.
            let length = length.clamp(low, high);
            if let Some(bar) = bars.iter_mut().find(|b| (b.from..=b.to).contains(&length)) {
                bar.count += bucket.sequences;
            }
        }
        let used = |b: &Bar| b.count > 0;
        let first = bars.iter().position(used).unwrap_or(0);
        let last = bars.iter().rposition(used).map_or(0, |l| l + 1);
        bars.get(first..last).map(<[Bar]>::to_vec).unwrap_or_default()
    }
}

fn equal_bars(low: u64, high: u64) -> Vec<Bar> {
    let width = (high - low + 1).div_ceil(BARS);
    (0..BARS)
        .map(|i| low + i * width)
        .take_while(|&from| from <= high)
        .map(|from| Bar { from, to: (from + width - 1).min(high), count: 0 })
        .collect()
}

fn doubling_bars(low: u64, high: u64) -> Vec<Bar> {
    // As many doublings as fit: the first bar takes what is too short for them.
    let doublings = (64 - high.leading_zeros()).min(BARS as u32 - 1);
    let mut bars = Vec::new();
    let mut to = high;
    for _ in 0..doublings {
        if to <= low {
            break;
        }
        let from = to.div_ceil(2).max(low + 1);
        bars.push(Bar { from, to, count: 0 });
        to = from - 1;
    }
    bars.push(Bar { from: low, to, count: 0 });
    bars.reverse();
    bars
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(lengths: &[u64]) -> Lengths {
        let mut counted = Lengths::default();
        lengths.iter().for_each(|&l| counted.add(l));
        counted
    }

    #[test]
    fn figures_of_a_small_set() {
        let lengths = counted(&[2, 2, 2, 3, 3, 4, 8, 8]);
        assert_eq!((lengths.sequences(), lengths.residues(), lengths.n(50).0), (8, 32, 8));
        assert_eq!((lengths.shortest(), lengths.longest(), lengths.mean()), (2, 8, 4.0));
        assert_eq!(counted(&[]).n(50), (0, 0));
        assert_eq!(counted(&[0, 0]).n(50), (0, 0));
        assert_eq!(counted(&[5, 5]).histogram(), [Bar { from: 5, to: 5, count: 2 }]);
        assert!(counted(&[]).histogram().is_empty());
    }

    #[test]
    fn many_lengths_stay_bounded_and_n50_stays_close() {
        let mut lengths = Lengths::default();
        for i in 0..200_000_u64 {
            lengths.add(1_000 + i * 37);
        }
        assert!(!lengths.is_exact());
        assert!(lengths.buckets.len() < 10_000, "{}", lengths.buckets.len());
        // Half of the residues lie in lengths above max / sqrt 2, as lengths are spread evenly from about 0.
        let expected = 200_000.0 * 37.0 / 2_f64.sqrt();
        let off = lengths.n(50).0 as f64 / expected;
        assert!((0.99..1.01).contains(&off), "{off}");
    }

    proptest! {
        #[test]
        fn n50_and_histogram_agree_with_their_definitions(lengths in prop::collection::vec(prop_oneof![0_u64..50, 0_u64..1_000_000], 1..60)) {
            let counted = counted(&lengths);
            let mut sorted = lengths.clone();
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            let total: u64 = sorted.iter().sum();
            let mut seen = 0;
            let n50 = sorted.iter().find(|&&l| { seen += l; seen * 2 >= total }).copied().unwrap_or(0);
            let l50 = sorted.iter().position(|&l| l == n50).unwrap_or(0);
            let (found, sequences) = counted.n(50);
            prop_assert_eq!(found, n50);
            if total > 0 {
                let held: u64 = sorted.iter().take(sequences as usize).sum();
                prop_assert!(held * 2 >= total && sequences as usize > l50);
                let fewer: u64 = sorted.iter().take(sequences as usize - 1).sum();
                prop_assert!(fewer * 2 < total);
            }
            let mut rising = lengths.clone();
            rising.sort_unstable();
            let middle = |part: &[u64]| (part[(part.len() - 1) / 2] + part[part.len() / 2]) as f64 / 2.0;
            let half = rising.len().div_ceil(2);
            let hinges = [middle(&rising[..half]), middle(&rising), middle(&rising[rising.len() - half..])];
            prop_assert_eq!(counted.quartiles(), hinges);
            let bars = counted.histogram();
            prop_assert!(bars.len() <= BARS as usize);
            prop_assert_eq!(bars.iter().map(|b| b.count).sum::<u64>(), lengths.len() as u64);
            prop_assert!(bars.windows(2).all(|w| w[0].to + 1 == w[1].from));
            prop_assert!(bars.iter().all(|b| b.from <= b.to));
        }
    }
}
