//! What people see of an output: how many lines, how many of them are comments or FASTA headers, and the first.

use serde_json::{Map, Value, json};

use domain::units;

/// Lines of output that are shown in the summary.
const FIRST_LINES: usize = 10;
/// Characters of each that are shown.
const LINE_WIDTH: usize = 200;

#[derive(Default)]
pub(super) struct Shown {
    lines: u64,
    comments: u64,
    headers: u64,
    open: bool,
    first: Vec<Vec<u8>>,
}

impl Shown {
    /// Takes in the next piece of it.
    pub fn take(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|&b| b == b'\n') {
            if !self.open {
                self.lines += 1;
                self.comments += u64::from(part.starts_with(b"#"));
                self.headers += u64::from(part.starts_with(b">"));
                if self.first.len() < FIRST_LINES {
                    self.first.push(Vec::new());
                }
            }
            if self.lines <= FIRST_LINES as u64
                && let Some(line) = self.first.last_mut()
            {
                let room = (4 * LINE_WIDTH).saturating_sub(line.len());
                line.extend(part.iter().take(room));
            }
            self.open = !part.ends_with(b"\n");
        }
    }

    /// The summary of the output of that name.
    pub fn summary(self, output: &str, bytes: u64) -> Map<String, Value> {
        let first = self.first.iter().map(|line| units::clean(&String::from_utf8_lossy(line), LINE_WIDTH));
        let summary = json!({
            "output": output, "bytes": bytes, "lines": self.lines, "comment_lines": self.comments,
            "header_lines": self.headers, "first_lines": first.collect::<Vec<_>>(),
        });
        summary.as_object().cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_shows_the_first_lines_however_they_are_cut() {
        let text = (0..30).map(|i| format!("line {i}\n")).collect::<String>() + "last";
        for size in [1, 7, 1000] {
            let mut shown = Shown::default();
            text.as_bytes().chunks(size).for_each(|piece| shown.take(piece));
            let summary = shown.summary("x", 9);
            assert_eq!(summary["lines"], 31);
            assert_eq!(summary["first_lines"].as_array().unwrap().len(), 10);
            assert_eq!(summary["first_lines"][9], "line 9");
        }
    }

    #[test]
    fn comments_and_headers_are_counted() {
        let mut shown = Shown::default();
        [">a", "\nAC#>\n", "#", " x\n>b\nAC\n"].iter().for_each(|piece| shown.take(piece.as_bytes()));
        let summary = shown.summary("x", 9);
        assert_eq!(
            (&summary["lines"], &summary["comment_lines"], &summary["header_lines"]),
            (&5.into(), &1.into(), &2.into())
        );
    }
}
