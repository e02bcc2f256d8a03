//! Profiles of HMMER 3: how many, of how many states.
//!
//! The format is lines; each profile has one `LENG` line with its number of match states (HMMER User's Guide, "File formats").

use super::{counted::Counted, extents::FromStart};
use crate::policy::data::OpenDataset;
use domain::dataset::Format;
use science::{InputError, input::Content};

/// As much of the content is read, bytes; what lies beyond is taken to be like it. Pfam as a whole has some 1.5 GB.
const READ: u64 = 64_000_000;
/// As much of a line is looked at, bytes.
const LINE: usize = 40;

/// Counts the profiles of a file that begins as one: records are profiles, residues their states.
pub(super) fn count(open: &OpenDataset, content: &mut Content<FromStart<'_>>) -> Result<Counted, InputError> {
    let mut counted = Counted { format: Format::Hmm, ..Counted::BINARY };
    let (mut line, mut seen) = (Vec::with_capacity(LINE), 0);
    while seen < READ {
        let piece = content.next_piece()?;
        if piece.is_empty() {
            return Ok(counted);
        }
        seen += piece.len() as u64;
        for part in piece.split_inclusive(|&b| b == b'\n') {
            line.extend(part.iter().take(LINE.saturating_sub(line.len())));
            if part.ends_with(b"\n") {
                if let Some(states) = states(&line) {
                    counted.records += 1;
                    counted.residues = counted.residues.saturating_add(states);
                    counted.longest = counted.longest.max(states);
                }
                line.clear();
            }
        }
    }
    // What is compressed is not sampled further: no program that takes profiles reads it.
    let factor = if content.compression().is_some() { 1.0 } else { open.bytes as f64 / seen.max(1) as f64 };
    Ok(counted.extrapolated(seen, factor.max(1.0)))
}

/// The states of a profile, on the one line that tells them.
fn states(line: &[u8]) -> Option<u64> {
    std::str::from_utf8(line.strip_prefix(b"LENG ")?).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{machine::profile_dataset, policy::data::open_dataset};

    #[test]
    fn profiles_are_counted_with_their_states() {
        let dir = tempfile::tempdir().unwrap();
        let profile = |length: u32| {
            format!("HMMER3/f [3.3.2 | Nov 2020]\nNAME  fam\nLENG  {length}\nALPH  amino\nHMM  A C\n//\n")
        };
        std::fs::write(dir.path().join("x.hmm"), profile(120) + &profile(80)).unwrap();
        let open = open_dataset(Path::new("x.hmm"), &[dir.path().to_owned()], &[]).unwrap();
        let found = profile_dataset(&open).unwrap();
        assert_eq!((found.format, found.records, found.residues, found.longest), (Format::Hmm, 2, 200, 120));
        assert!(!found.sampled);
    }

    #[test]
    fn of_a_large_file_only_the_beginning_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let one = format!("HMMER3/f\nLENG  100\n{}//\n", "x".repeat(9_976) + "\n");
        std::fs::write(dir.path().join("x.hmm"), one.repeat(8_000)).unwrap();
        let open = open_dataset(Path::new("x.hmm"), &[dir.path().to_owned()], &[]).unwrap();
        let found = profile_dataset(&open).unwrap();
        assert!(found.sampled && (7_900..=8_100).contains(&found.records), "{found:?}");
        assert!((790_000..=810_000).contains(&found.residues), "{found:?}");
    }
}
