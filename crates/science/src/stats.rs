//! `sequence_stats`: how many sequences of what length, N50 and GC, in one pass and constant memory.

use serde_json::{Map, Value, json};

use super::{
    input::{Input, InputError, Scanned},
    lengths::Lengths,
    letters::Letters,
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
    pub letters: Letters,
    current: u64,
}

impl Visit for Counts {
    fn start(&mut self, _header: &[u8]) {
        self.current = 0;
    }

    fn residues(&mut self, letters: &[u8]) {
        self.current += letters.len() as u64;
        self.letters.add(letters);
    }

    fn end(&mut self) {
        self.lengths.add(self.current);
    }
}

/// The one record of the result, and its summary.
pub(crate) fn stats(input: &mut Input<'_>) -> Result<(Value, Map<String, Value>), InputError> {
    let mut counts = Counts::default();
    let Scanned { format, compression, oddities } = input.scan(&mut counts)?;
    let (lengths, letters) = (&counts.lengths, &counts.letters);
    let record = json!({
        "sequences": lengths.sequences(),
        "residues": lengths.residues(),
        "min_length": lengths.shortest(),
        "max_length": lengths.longest(),
        "mean_length": lengths.mean(),
        "n50": lengths.n50(),
        "gc": letters.gc(),
        "lengths": lengths.histogram(),
    });
    let mut summary = figures(&record);
    summary.insert("format".to_owned(), json!(format));
    summary.insert("compression".to_owned(), json!(compression));
    summary.insert("alphabet".to_owned(), json!(letters.alphabet()));
    if !lengths.is_exact() {
        summary.insert("note".to_owned(), json!(NOTE));
    }
    if !oddities.is_empty() {
        summary.insert("oddities".to_owned(), json!(oddities));
    }
    Ok((record, summary))
}

/// What the summary takes from the record.
pub(crate) fn figures(record: &Value) -> Map<String, Value> {
    ["sequences", "residues", "min_length", "max_length", "mean_length", "n50", "gc"]
        .into_iter()
        .map(|name| (name.to_owned(), record.get(name).cloned().unwrap_or_default()))
        .collect()
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
            "sequences": 3, "residues": 14, "min_length": 2, "max_length": 8, "mean_length": 14.0 / 3.0,
            "n50": 8, "gc": 9.0 / 14.0,
            "lengths": [
                {"from": 2, "to": 2, "count": 1}, {"from": 3, "to": 3, "count": 0}, {"from": 4, "to": 4, "count": 1},
                {"from": 5, "to": 5, "count": 0}, {"from": 6, "to": 6, "count": 0}, {"from": 7, "to": 7, "count": 0},
                {"from": 8, "to": 8, "count": 1},
            ],
        });
        assert_eq!(of(fasta), expected);
        assert_eq!(of(&gzip(fasta)), expected);
        assert_eq!(of(b"@a\nACGTACGT\n+\nIIIIIIII\n@b\nGGGG\n+\nIIII\n@c\nAC\n+\nII\n"), expected);
    }

    #[test]
    fn proteins_have_no_gc() {
        assert_eq!(of(b">insulin B\nFVNQHLCGSHLVEALYLVCGERGFFYTPKT\n")["gc"], Value::Null);
    }
}
