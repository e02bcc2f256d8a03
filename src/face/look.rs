//! Width and colours, and the few shapes that everything is printed in.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};
use console::{Style, Term};
use textwrap::{Options, WordSplitter, core::display_width};

/// Tables have one line, beneath their header.
const TABLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Between two columns of a table.
const GAP: usize = 2;
/// A long column narrower than this is no use.
const MIN_LONG: usize = 12;
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

    /// What `term` can show: its width, and colours where it is a terminal and NO_COLOR is not set.
    pub fn of(term: &Term, no_color: bool) -> Look {
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
        // A label that fills its column keeps its distance from the text.
        let room = LABEL.max(label.len() + 1);
        let first = if label.is_empty() { " ".repeat(hang) } else { format!("{label:<room$}") };
        let rest = " ".repeat(hang);
        let options = wrapped(self.width).initial_indent(&first).subsequent_indent(&rest);
        textwrap::wrap(&glued(text), options)
            .into_iter()
            .enumerate()
            .map(|(i, line)| {
                let line = line.replace(GLUE, " ");
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
        let text = glued(text);
        let lines = textwrap::wrap(&text, wrapped(self.width));
        lines.iter().map(|line| self.tone(tone, &line.replace(GLUE, " "))).collect()
    }

    /// A table that fits the width, or, where even that is too narrow, each row as a few lines.
    ///
    /// `right` names the columns of numbers; `long` the one that gives way: its cells wrap, the others stay whole.
    pub fn table(&self, header: &[&str], rows: Vec<Vec<String>>, right: &[usize], long: usize) -> Vec<String> {
        if !self.fits(header, &rows, long) {
            return self.cards(header, &rows);
        }
        let mut table = Table::new();
        table.load_style(TABLE).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(self.width).unwrap_or(u16::MAX)).force_no_tty();
        table.set_header(header.iter().map(Cell::new));
        for row in rows {
            table.add_row(row);
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 1));
            if index != long {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
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

    /// Whether such a table fits the width as a table.
    pub fn fits(&self, header: &[&str], rows: &[Vec<String>], long: usize) -> bool {
        let widest = |column: usize, name: &str| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| display_width(cell));
            cells.chain([display_width(name)]).max().unwrap_or_default()
        };
        let rigid: usize =
            header.iter().enumerate().filter(|(i, _)| *i != long).map(|(i, name)| widest(i, name) + GAP).sum();
        rigid + MIN_LONG <= self.width
    }

    /// A table's rows one below the other, for narrow terminals.
    fn cards(&self, header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
        let mut out = Vec::new();
        for row in rows {
            for (index, (name, cell)) in header.iter().zip(row).enumerate() {
                match index {
                    0 => out.push(self.tone(Tone::Strong, cell)),
                    _ if cell.is_empty() => {}
                    _ => out.push(format!("  {name}: {cell}")),
                }
            }
        }
        out
    }
}

/// Hashes and addresses are never broken, not even at a hyphen: they are there to be copied.
fn wrapped<'a>(width: usize) -> Options<'a> {
    Options::new(width.max(20)).break_words(false).word_splitter(WordSplitter::NoHyphenation)
}

/// Keeps two words on one line.
const GLUE: char = '\u{a0}';
/// What stays with the number before it.
const UNITS: [&str; 15] =
    ["B", "kB", "MB", "GB", "TB", "s", "min", "h", "days", "years", "GAS", "record", "records", "file", "files"];

/// `text` with each number and its unit as one word: a line never begins with `GAS`.
fn glued(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, word) in text.split(' ').enumerate() {
        let unit = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let after_number = out.chars().next_back().is_some_and(|c| c.is_ascii_digit());
        match after_number && UNITS.contains(&unit) {
            _ if index == 0 => {}
            true => out.push(GLUE),
            false => out.push(' '),
        }
        out.push_str(word);
    }
    out
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
    fn a_number_keeps_its_unit() {
        let look = Look::plain(24);
        assert_eq!(
            look.paragraph(Tone::Plain, "it takes about about 12 s (3 min 20 s)"),
            ["it takes about about", "12 s (3 min 20 s)"]
        );
        assert_eq!(look.paragraph(Tone::Plain, "  one  two 2 GAS, 3 files"), ["  one  two 2 GAS,", "3 files"]);
    }

    #[test]
    fn colours_only_where_they_are_wanted() {
        let (with, without) = (Look { width: 80, colour: true }, Look::plain(80));
        assert!(with.field("Job", Tone::Bad, "no").concat().contains("\u{1b}["));
        assert!(!without.field("Job", Tone::Bad, "no").concat().contains('\u{1b}'));
    }

    #[test]
    fn tables_fit() {
        let rows = || vec![vec!["a".to_owned(), "x".repeat(100)], vec!["b".to_owned(), "y".to_owned()]];
        for width in [40, 80] {
            for line in Look::plain(width).table(&["name", "text"], rows(), &[], 1) {
                assert!(display_width(&line) <= width, "{line}");
            }
        }
        let cards = Look::plain(20).table(
            &["job", "state", "x"],
            vec![vec!["j".into(), "planned".into(), String::new()]],
            &[],
            2,
        );
        assert_eq!(cards, ["j", "  state: planned"]);
    }
}
