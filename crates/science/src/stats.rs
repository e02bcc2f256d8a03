//! `sequence_stats`: how many sequences of what length, N50 and GC, in one pass and constant memory.

use serde_json::{Map, Value, json};

use domain::dataset::Alphabet;

use super::{
    input::{Input, InputError, Scanned},
    lengths::{Bar, Lengths},
    letters::Composition,
    scan::Visit,
};

/// Said of files with too many different lengths.
pub(crate) const NOTE: &str = "more than 65,536 different lengths: N50 is right to within one part in 256";

/// What one pass over a file of sequences counts.
#[derive(Debug, Default)]
pub struct Counts {
    /// Of each sequence.
    pub lengths: Lengths,
    /// Of all sequences together.
    pub composition: Composition,
    /// Gaps within sequences.
    pub gaps: u64,
    /// Qualities of FASTQ.
    pub qualities: Qualities,
    current: u64,
}

/// How many bases were called how well; qualities are Phred's, written from `!` on (Cock et al., NAR 38:1767, 2010).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Qualities {
    all: u64,
    /// With a quality of at least 5, 10, and so on up to 40.
    at_least: [u64; STEPS],
}

/// The highest quality that a character can stand for.
const HIGHEST: u64 = 93;
/// Qualities are counted in ranges that are so wide, and so many but for the lowest.
const STEP: u8 = 5;
const STEPS: usize = 8;

impl Qualities {
    fn add(&mut self, qualities: &[u8]) {
        let at_least = |least: u8| -> u64 {
            // So few at a time that their number fits a byte, of which a processor adds many at once.
            let few = |part: &[u8]| u64::from(part.iter().fold(0_u8, |sum, &quality| sum + u8::from(quality >= least)));
            qualities.chunks(128).map(few).sum()
        };
        self.all += qualities.len() as u64;
        for (least, count) in (1..).zip(&mut self.at_least) {
            *count += at_least(b'!' + STEP * least);
        }
    }

    /// How many bases have a quality of at least this, which is one of the ranges' lowest.
    fn from(&self, least: u8) -> u64 {
        match usize::from(least / STEP).checked_sub(1) {
            Some(range) => self.at_least.get(range).copied().unwrap_or(0),
            None => self.all,
        }
    }

    /// How many bases have which quality; empty ranges at either end are left out. None where there are no qualities.
    pub fn histogram(&self) -> Option<Vec<Bar>> {
        let lowest = |range: usize| STEP * range as u8;
        let bars = (0..=STEPS).map(|range| {
            let (from, next) = (lowest(range), lowest(range + 1));
            let (above, to) = match range {
                STEPS => (0, HIGHEST),
                _ => (self.from(next), u64::from(next) - 1),
            };
            Bar { from: from.into(), to, count: self.from(from) - above }
        });
        let bars: Vec<Bar> = bars.collect();
        let used = |bar: &Bar| bar.count > 0;
        let (first, last) = (bars.iter().position(used)?, bars.iter().rposition(used)?);
        bars.get(first..=last).map(<[Bar]>::to_vec)
    }

    /// The share of bases with a quality of at least 20, and of at least 30; none where there are no qualities.
    pub fn shares(&self) -> Option<(f64, f64)> {
        let share = |n: u64| n as f64 / self.all as f64;
        (self.all > 0).then(|| (share(self.from(20)), share(self.from(30))))
    }
}

impl Visit for Counts {
    fn start(&mut self, _header: &[u8]) {
        self.current = 0;
    }

    fn residues(&mut self, letters: &[u8]) {
        self.current += letters.len() as u64;
        self.composition.add(letters);
    }

    fn gaps(&mut self, count: u64) {
        self.gaps += count;
    }

    fn qualities(&mut self, qualities: &[u8]) {
        self.qualities.add(qualities);
    }

    fn end(&mut self) {
        self.composition.end();
        self.lengths.add(self.current);
    }
}

/// The one record of the result, and its summary.
pub(crate) fn stats(input: &mut Input<'_>) -> Result<(Value, Map<String, Value>), InputError> {
    let mut counts = Counts::default();
    let Scanned { format, compression, oddities } = input.scan(&mut counts)?;
    let (lengths, letters) = (&counts.lengths, counts.composition.letters());
    let alphabet = letters.alphabet();
    let nucleotides = alphabet == Some(Alphabet::Nucleotide);
    let [q1, median, q3] = lengths.quartiles();
    let ((n50, l50), (n90, _)) = (lengths.n(50), lengths.n(90));
    let (q20, q30) = counts.qualities.shares().unzip();
    let record = json!({
        "sequences": lengths.sequences(),
        "residues": lengths.residues(),
        "min_length": lengths.shortest(),
        "q1_length": q1,
        "median_length": median,
        "q3_length": q3,
        "max_length": lengths.longest(),
        "mean_length": lengths.mean(),
        "n50": n50,
        "l50": l50,
        "n90": n90,
        "gc": letters.gc().filter(|_| nucleotides),
        "n": nucleotides.then(|| letters.unknown()),
        "gaps": counts.gaps,
        "q20": q20,
        "q30": q30,
        "lengths": lengths.histogram(),
        "qualities": counts.qualities.histogram(),
    });
    let mut summary = figures(&record);
    summary.insert("format".to_owned(), json!(format));
    summary.insert("compression".to_owned(), json!(compression));
    summary.insert("alphabet".to_owned(), json!(alphabet));
    if !lengths.is_exact() {
        summary.insert("note".to_owned(), json!(NOTE));
    }
    if !oddities.is_empty() {
        summary.insert("oddities".to_owned(), json!(oddities));
    }
    if let Some(doubt) = counts.composition.doubt() {
        summary.insert("doubt".to_owned(), json!(doubt));
    }
    Ok((record, summary))
}

/// The record's figures that are numbers, in the order in which people are shown them.
const FIGURES: [&str; 16] = [
    "sequences",
    "residues",
    "min_length",
    "q1_length",
    "median_length",
    "q3_length",
    "max_length",
    "mean_length",
    "n50",
    "l50",
    "n90",
    "gc",
    "n",
    "gaps",
    "q20",
    "q30",
];

/// What the summary takes from the record.
pub(crate) fn figures(record: &Value) -> Map<String, Value> {
    FIGURES.into_iter().map(|name| (name.to_owned(), record.get(name).cloned().unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::{file, gzip};

    fn of(bytes: &[u8]) -> Value {
        stats(&mut Input::new(file(bytes), &mut |_| {}).unwrap()).unwrap().0
    }

    #[test]
    fn a_small_file_by_hand() {
        let fasta = b">a\nACGT\nACGT\n>b\nGGGG\n>c\nAC\n";
        let expected = json!({
            "sequences": 3, "residues": 14, "min_length": 2, "q1_length": 3.0, "median_length": 4.0, "q3_length": 6.0,
            "max_length": 8, "mean_length": 14.0 / 3.0, "n50": 8, "l50": 1, "n90": 2, "gc": 9.0 / 14.0, "n": 0, "gaps": 0,
            "q20": null, "q30": null,
            "lengths": [
                {"from": 2, "to": 2, "count": 1}, {"from": 3, "to": 3, "count": 0}, {"from": 4, "to": 4, "count": 1},
                {"from": 5, "to": 5, "count": 0}, {"from": 6, "to": 6, "count": 0}, {"from": 7, "to": 7, "count": 0},
                {"from": 8, "to": 8, "count": 1},
            ],
            "qualities": null,
        });
        assert_eq!(of(fasta), expected);
        assert_eq!(of(&gzip(fasta)), expected);
        let reads = of(b"@a\nACGTACGT\n+\nIIIIIIII\n@b\nGGGG\n+\n5555\n@c\nAC\n+\n4!\n");
        let mut with_qualities = expected;
        with_qualities["q20"] = json!(12.0 / 14.0);
        with_qualities["q30"] = json!(8.0 / 14.0);
        let bars = [
            (0, 4, 1),
            (5, 9, 0),
            (10, 14, 0),
            (15, 19, 1),
            (20, 24, 4),
            (25, 29, 0),
            (30, 34, 0),
            (35, 39, 0),
            (40, 93, 8),
        ];
        with_qualities["qualities"] =
            bars.iter().map(|(from, to, count)| json!({"from": from, "to": to, "count": count})).collect();
        assert_eq!(reads, with_qualities);
        let aligned = of(b">a\nAC--GTNN..\n>b\n~~~~\n");
        assert_eq!((&aligned["n"], &aligned["gaps"], &aligned["residues"]), (&json!(2), &json!(8), &json!(6)));
    }

    #[test]
    fn proteins_have_no_gc() {
        assert_eq!(of(b">insulin B\nFVNQHLCGSHLVEALYLVCGERGFFYTPKT\n")["gc"], Value::Null);
    }
}
