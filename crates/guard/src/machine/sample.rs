//! Large files by sample: windows spread evenly over what was written of them.

use super::{
    ProbeError,
    counted::Counted,
    extents::{Extent, read_at},
    sample_fasta, sample_fastq, unreadable,
    window::Window,
};
use crate::policy::data::OpenDataset;
use domain::dataset::Format;
use science::input::{end_lines, is_text};

/// How many windows, and how large each is (bytes): 4 MiB in all.
const WINDOWS: u64 = 64;
const WINDOW: u64 = 64 * 1024;

/// Extrapolates from a sample, and tells whether zeros were seen in it; `written` is where the file has content, in total
/// more than the windows.
pub(super) fn large(open: &OpenDataset, format: Format, written: &[Extent]) -> Result<(Counted, bool), ProbeError> {
    let content: u64 = written.iter().map(|e| e.length).sum();
    let mut fasta = sample_fasta::Sample::default();
    let mut fastq = sample_fastq::Sample::default();
    let mut text = Text::default();
    let mut zeros = false;
    let mut buffer = vec![0; WINDOW as usize];
    for index in 0..WINDOWS {
        let at = (content - WINDOW) / (WINDOWS - 1) * index;
        let at = if index == WINDOWS - 1 { content - WINDOW } else { at };
        let (offset, room) = placed(written, at);
        let wanted = usize::try_from(room.min(WINDOW)).unwrap_or(0);
        let count = read_at(&open.file, buffer.get_mut(..wanted).unwrap_or_default(), offset).map_err(unreadable)?;
        // As every reader has it; but for where a window begins and ends, that is what it is in the file.
        end_lines(buffer.get_mut(..count).unwrap_or_default(), false);
        let bytes = buffer.get(..count).unwrap_or_default();
        zeros |= bytes.contains(&0);
        let window = Window { at, offset, bytes, last: at + count as u64 >= content };
        match format {
            Format::Fasta => fasta.add(&window)?,
            Format::Fastq => fastq.add(&window)?,
            _ if !text.add(&window) => return Ok((Counted::BINARY, zeros)),
            _ => {}
        }
    }
    let counted = match format {
        Format::Fasta => fasta.counted(content),
        Format::Fastq => fastq.counted(content),
        _ => text.counted(content),
    };
    Ok((counted, zeros))
}

/// Where in the file the content's byte `at` lies, and how many bytes follow it without a hole.
fn placed(written: &[Extent], mut at: u64) -> (u64, u64) {
    for extent in written {
        if at < extent.length {
            return (extent.start + at, extent.length - at);
        }
        at -= extent.length;
    }
    (0, 0)
}

/// Lines of text.
#[derive(Default)]
struct Text {
    covered: u64,
    lines: u64,
    characters: u64,
    longest: u64,
}

impl Text {
    /// False when the window is no text.
    fn add(&mut self, window: &Window<'_>) -> bool {
        self.covered += window.bytes.len() as u64;
        if window.bytes.iter().all(|&b| b == 0) {
            return true;
        }
        // The window may begin within a character of up to four bytes.
        let start = window.bytes.iter().take(3).take_while(|&&b| b & 0xc0 == 0x80).count();
        let text = window.bytes.get(start..).unwrap_or_default();
        if !is_text(text, window.last) {
            return false;
        }
        for (i, line) in text.split(|&b| b == b'\n').enumerate() {
            let characters = line.iter().filter(|&b| b & 0xc0 != 0x80).count() as u64;
            self.lines += u64::from(i > 0);
            self.characters += characters;
            self.longest = self.longest.max(characters);
        }
        true
    }

    fn counted(&self, content: u64) -> Counted {
        let factor = content as f64 / self.covered.max(1) as f64;
        let grown = |n: u64| (n as f64 * factor).round() as u64;
        Counted {
            format: Format::Text,
            records: grown(self.lines).max(1),
            residues: grown(self.characters),
            longest: self.longest,
            alphabet: None,
            sampled: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn windows_are_placed_around_holes() {
        let written = [Extent { start: 0, length: 10 }, Extent { start: 100, length: 5 }];
        assert_eq!(placed(&written, 0), (0, 10));
        assert_eq!(placed(&written, 9), (9, 1));
        assert_eq!(placed(&written, 10), (100, 5));
        assert_eq!(placed(&written, 15), (0, 0));
    }

    proptest! {
        /// Windows of any content are counted or refused, and the counts are no more than the content allows.
        #[test]
        fn any_window_is_counted_or_refused(
            windows in prop::collection::vec(
                prop::collection::vec(prop_oneof![Just(b'>'), Just(b'\n'), Just(b'@'), Just(b'+'), Just(b'A'), Just(0), any::<u8>()], 0..80),
                1..5,
            ),
        ) {
            let content = 10_000;
            let (mut fasta, mut fastq, mut text) =
                (sample_fasta::Sample::default(), sample_fastq::Sample::default(), Text::default());
            for (i, bytes) in windows.iter().enumerate() {
                let at = i as u64 * 100;
                let window = Window { at, offset: at, bytes, last: i + 1 == windows.len() };
                let _ = fasta.add(&window);
                let _ = fastq.add(&window);
                let _ = text.add(&window);
            }
            for counted in [fasta.counted(content), fastq.counted(content), text.counted(content)] {
                prop_assert!(counted.residues <= content && counted.sampled);
                prop_assert!(counted.longest <= content);
            }
        }
    }
}
