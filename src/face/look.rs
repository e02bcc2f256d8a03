//! Width and colours, and the few shapes that everything is printed in.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use console::Style;
use textwrap::{Options, WordSplitter, core::display_width};

/// Tables have one line, beneath their header.
const TABLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Where the second column begins.
const LABEL: usize = 11;
/// Narrower than this, continuation lines begin further left.
const NARROW: usize = 60;

/// How lines are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns.
    pub width: usize,
    /// Whether colours may be used.
    pub colour: bool,
}

/// What a piece of text means; its colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// What a person looks for first.
    Strong,
    /// What a person rarely needs.
    Dim,
    /// It went well.
    Good,
    /// Look here.
    Care,
    /// It did not go well.
    Bad,
}

impl Look {
    /// Plain text of `width` columns.
    pub fn plain(width: usize) -> Look {
        Look { width, colour: false }
    }

    /// What standard output is: its width, and colours where it is a terminal and NO_COLOR is not set.
    pub fn of_stdout(no_color: bool) -> Look {
        let term = console::Term::stdout();
        let known = term.is_term().then(|| usize::from(term.size().1));
        Look { width: known.unwrap_or(80).clamp(20, 120), colour: known.is_some() && !no_color }
    }

    /// `text` in the colour of `tone`.
    pub fn tone(&self, tone: Tone, text: &str) -> String {
        if !self.colour || tone == Tone::Plain || text.is_empty() {
            return text.to_owned();
        }
        let style = match tone {
            Tone::Plain => Style::new(),
            Tone::Strong => Style::new().bold(),
            Tone::Dim => Style::new().dim(),
            Tone::Good => Style::new().green(),
            Tone::Care => Style::new().yellow(),
            Tone::Bad => Style::new().red(),
        };
        style.force_styling(true).apply_to(text).to_string()
    }

    /// A label and what it says, wrapped beneath itself.
    pub fn field(&self, label: &str, tone: Tone, text: &str) -> Vec<String> {
        self.laid_out(label, tone, text)
    }

    /// What follows a field, beneath its second column.
    pub fn more(&self, tone: Tone, text: &str) -> Vec<String> {
        self.laid_out("", tone, text)
    }

    fn laid_out(&self, label: &str, tone: Tone, text: &str) -> Vec<String> {
        let narrow = self.width < NARROW;
        let inner = label.len() - label.trim_start().len();
        let hang = if narrow { inner + 2 } else { LABEL };
        let first = if label.is_empty() { " ".repeat(hang) } else { format!("{label:<LABEL$}") };
        let rest = " ".repeat(hang);
        let options = wrapped(self.width).initial_indent(&first).subsequent_indent(&rest);
        textwrap::wrap(text, options)
            .into_iter()
            .enumerate()
            .map(|(i, line)| {
                let indent = if i == 0 { &first } else { &rest };
                let body = line.strip_prefix(indent.as_str()).unwrap_or(&line);
                let label = if i == 0 && !label.is_empty() { self.tone(Tone::Strong, indent) } else { indent.clone() };
                format!("{label}{}", self.tone(tone, body)).trim_end().to_owned()
            })
            .collect()
    }

    /// One line in `tone`, cut to the width.
    pub fn line(&self, tone: Tone, text: &str) -> String {
        self.tone(tone, &cut(text, self.width))
    }

    /// A paragraph in `tone`, wrapped.
    pub fn paragraph(&self, tone: Tone, text: &str) -> Vec<String> {
        textwrap::wrap(text, wrapped(self.width)).into_iter().map(|line| self.tone(tone, &line)).collect()
    }

    /// A table that fits the width. `right` names the columns of numbers.
    pub fn table(&self, header: &[&str], rows: Vec<Vec<String>>, right: &[usize]) -> Vec<String> {
        let mut table = Table::new();
        table.load_style(TABLE).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(self.width).unwrap_or(120)).force_no_tty();
        table.set_header(header.iter().map(|h| Cell::new(h)));
        for row in rows {
            table.add_row(row);
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if right.contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut lines: Vec<String> = table.lines().map(|l| l.trim_end().to_owned()).collect();
        if let Some(head) = lines.first_mut() {
            *head = self.tone(Tone::Strong, head);
        }
        lines
    }
}

/// Hashes and addresses are never broken, not even at a hyphen: they are there to be copied.
fn wrapped<'a>(width: usize) -> Options<'a> {
    Options::new(width.max(20)).break_words(false).word_splitter(WordSplitter::NoHyphenation)
}

/// `text` in at most `width` columns; what was cut off is marked.
pub fn cut(text: &str, width: usize) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if display_width(&out) + display_width(c.encode_utf8(&mut [0; 4])) >= width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_wrap_beneath_themselves_and_hashes_stay_whole() {
        let look = Look::plain(30);
        assert_eq!(
            look.field("Verdict", Tone::Plain, "offload, as the dataset is large"),
            ["Verdict    offload, as the", "  dataset is large"]
        );
        let hash = "0x0123456789012345678901234567890123456789";
        assert!(look.more(Tone::Plain, &format!("tx {hash}")).iter().any(|l| l.trim() == hash));
        assert!(Look::plain(80).field("Job", Tone::Plain, "a b").concat().starts_with("Job        a b"));
    }

    #[test]
    fn colours_only_where_they_are_wanted() {
        let (with, without) = (Look { width: 80, colour: true }, Look::plain(80));
        assert!(with.field("Job", Tone::Bad, "no").concat().contains("\u{1b}["));
        assert!(!without.field("Job", Tone::Bad, "no").concat().contains('\u{1b}'));
    }

    #[test]
    fn tables_fit() {
        let rows = vec![vec!["a".to_owned(), "x".repeat(100)], vec!["b".to_owned(), "y".to_owned()]];
        for line in Look::plain(40).table(&["name", "text"], rows, &[]) {
            assert!(display_width(&line) <= 40, "{line}");
        }
    }
}
