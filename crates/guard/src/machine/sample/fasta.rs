//! FASTA by sample: headers are counted, and residues in whatever is no header.

use super::{Density, Look, Margins, ProbeError, Seen, changes, longest, whole};
use crate::machine::counted::Counted;
use domain::dataset::{Doubt, Format};
use science::Letters;

/// What the looks held together.
#[derive(Default)]
pub(super) struct Sample {
    letters: Letters,
    /// Whether lines began with `;`.
    pub(super) comments: bool,
}

impl Sample {
    pub(super) fn look(&mut self, look: &Look<'_>) -> Result<Seen, ProbeError> {
        let mut seen = Seen { at: look.at, length: look.bytes.len() as u64, ..Seen::default() };
        let (mut position, mut current) = (look.at, 0);
        // Which line the look begins in: of a header its rest is passed over.
        let line_before = look.before.rsplit(|&b| b == b'\n').next().unwrap_or_default();
        for (index, line) in look.bytes.split(|&b| b == b'\n').enumerate() {
            let begun = if index == 0 { line_before } else { &[] };
            // Where no line end came before it in as many bytes, it is a long line of sequence.
            let known = begun.len() < look.before.len() || look.before.len() as u64 == look.at;
            match (begun.first().or(line.first()), begun.is_empty()) {
                (Some(b'>'), true) => {
                    // The file's first header is known, and counted apart.
                    seen.units += u64::from(look.at > 0 || index > 0);
                    seen.first = seen.first.or(Some(position));
                    (seen.last, current) = (Some(position), 0);
                }
                (Some(b';'), true) => self.comments = true,
                (Some(b'>' | b';'), false) if known => {}
                _ => match count_letters(line) {
                    Ok(found) => {
                        line.split(|b| !b.is_ascii_alphabetic()).for_each(|run| self.letters.add(run));
                        seen.residues += found;
                        current += found;
                        seen.longest = seen.longest.max(current);
                    }
                    // The rest of a header that is longer than what was looked at before.
                    Err(b' '..=b'~') if index == 0 && !known => {}
                    Err(byte) => {
                        let why = format!("a line of sequence holds the byte 0x{byte:02x}");
                        return Err(changes("FASTA", position, &why));
                    }
                },
            }
            position += line.len() as u64 + 1;
        }
        Ok(seen)
    }

    pub(super) fn counted(&self, content: u64, seen: &[Seen]) -> Counted {
        let headers = Density::of(content, seen, 1.0, |look| look.units);
        let letters = Density::of(content, seen, 1.0, |look| look.residues);
        let known: u64 = seen.iter().map(|look| look.units).sum();
        let records = headers.likely + 1.0;
        let mut margin = headers.margin(known);
        (margin.low, margin.high) = (margin.low + 1, margin.high + 1);
        let share = letters.likely / content.max(1) as f64;
        let (likely, of_longest) = longest(seen, content, records, letters.likely, share);
        let mut residues = letters.margin(seen.iter().map(|look| look.residues).sum());
        residues.high = residues.high.min(content);
        Counted {
            format: Format::Fasta,
            records: whole(records),
            residues: whole(letters.likely).min(content),
            longest: likely.min(whole(letters.likely)).max(of_longest.low),
            alphabet: self.letters.alphabet(),
            doubt: (!self.letters.is_sure()).then_some(Doubt::Unsure),
            margins: Some(Margins { records: margin, residues, longest: of_longest }),
        }
    }
}

/// The letters of a line of sequence; zeros, gaps, stops and spaces are passed over. The first byte that is none of these
/// is an error.
fn count_letters(line: &[u8]) -> Result<u64, u8> {
    let known = |b: &u8| b.is_ascii_alphabetic() || b"*-.~ \t\r\0".contains(b);
    match line.iter().find(|b| !known(b)) {
        Some(&byte) => Err(byte),
        None => Ok(line.iter().filter(|b| b.is_ascii_alphabetic()).count() as u64),
    }
}
