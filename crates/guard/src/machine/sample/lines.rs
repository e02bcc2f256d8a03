//! Text by sample.

use super::{Density, Look, Margins, Seen, longest, whole};
use crate::machine::counted::Counted;
use domain::dataset::Format;
use science::input::is_text;

/// What one look shows; `None` where it is no text.
pub(super) fn look(look: &Look<'_>) -> Option<Seen> {
    // It may begin within a character of up to four bytes.
    let start = match look.at {
        0 => 0,
        _ => look.bytes.iter().take(3).take_while(|&&b| b & 0xc0 == 0x80).count(),
    };
    let text = look.bytes.get(start..).unwrap_or_default();
    if !is_text(text, look.last) {
        return None;
    }
    let mut seen = Seen { at: look.at, length: look.bytes.len() as u64, ..Seen::default() };
    let mut position = look.at + start as u64;
    for (index, line) in text.split(|&b| b == b'\n').enumerate() {
        if index > 0 {
            seen.units += 1;
            seen.first = seen.first.or(Some(position - 1));
            seen.last = Some(position - 1);
        }
        let characters = line.iter().filter(|&b| b & 0xc0 != 0x80).count() as u64;
        seen.residues += characters;
        seen.longest = seen.longest.max(characters);
        position += line.len() as u64 + 1;
    }
    Some(seen)
}

pub(super) fn counted(content: u64, seen: &[Seen]) -> Counted {
    let ends = Density::of(content, seen, 1.0, |look| look.units);
    let characters = Density::of(content, seen, 1.0, |look| look.residues);
    let records = ends.likely.max(1.0);
    let mut margin = ends.margin(seen.iter().map(|look| look.units).sum());
    // The last line may have no end.
    (margin.low, margin.high) = (margin.low.max(1), margin.high + 1);
    let mut residues = characters.margin(seen.iter().map(|look| look.residues).sum());
    residues.high = residues.high.min(content);
    let share = characters.likely / content.max(1) as f64;
    let (likely, of_longest) = longest(seen, content, records, characters.likely, share);
    Counted {
        format: Format::Text,
        records: whole(records),
        residues: whole(characters.likely).min(content),
        longest: likely.min(whole(characters.likely)).max(of_longest.low),
        alphabet: None,
        doubt: None,
        margins: Some(Margins { records: margin, residues, longest: of_longest }),
    }
}
