//! Which columns of a plan's table the width has room for. No word is ever broken: a name that is too long is shortened in its
//! middle, and a column that finds no room is left out.

use textwrap::core::display_width;

use super::{super::look::Look, rows::Row};

/// Between two columns.
const GAP: usize = 2;
/// The file's name has at least so much room where it needs it.
const NAME: usize = 24;
/// Names of tasks and what was chosen are cut to this.
const SHORT: usize = 28;

/// A column: its name, what stands in it, and whether it is made of numbers.
struct Column {
    name: &'static str,
    cell: fn(&Row) -> &str,
    right: bool,
}

/// All of them, in their order.
const ALL: [Column; 7] = [
    Column { name: "file", cell: |row| &row.file, right: false },
    Column { name: "task", cell: |row| &row.task, right: false },
    Column { name: "with", cell: |row| &row.with, right: false },
    Column { name: "size", cell: |row| &row.size, right: true },
    Column { name: "where", cell: |row| &row.place, right: false },
    Column { name: "time", cell: |row| &row.time, right: true },
    Column { name: "GAS", cell: |row| &row.gas, right: true },
];

/// Columns in the order in which they give way.
const GIVE_WAY: [&str; 4] = ["time", "size", "with", "task"];

/// The table; columns in `without` say the same in every row and are left out.
pub fn table(rows: &[Row], without: &[&str], look: &Look) -> Vec<String> {
    let told = |column: &&Column| rows.iter().any(|row| !(column.cell)(row).is_empty());
    let mut columns: Vec<&Column> = ALL.iter().filter(|c| !without.contains(&c.name)).filter(told).collect();
    let wanted = width(ALL.first(), rows).min(NAME);
    for name in GIVE_WAY {
        if room(&columns, rows, look) >= wanted {
            break;
        }
        columns.retain(|column| column.name != name);
    }
    let room = room(&columns, rows, look).max(1);
    let cells = |row: &Row| -> Vec<String> {
        let cut = |column: &&Column| middle((column.cell)(row), if column.name == "file" { room } else { SHORT });
        columns.iter().map(cut).collect()
    };
    let header: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let right: Vec<usize> =
        columns.iter().enumerate().filter(|(_, column)| column.right).map(|(index, _)| index).collect();
    look.table(&header, rows.iter().map(cells).collect(), &right, 0)
}

/// What is left for the file's name.
fn room(columns: &[&Column], rows: &[Row], look: &Look) -> usize {
    let others = columns.iter().filter(|column| column.name != "file");
    let taken: usize = others.map(|column| width(Some(column), rows).min(SHORT) + GAP).sum();
    look.width.saturating_sub(taken + GAP)
}

fn width(column: Option<&Column>, rows: &[Row]) -> usize {
    let Some(column) = column else { return 0 };
    rows.iter()
        .map(|row| display_width((column.cell)(row)))
        .chain([display_width(column.name)])
        .max()
        .unwrap_or_default()
}

/// `text` in at most `width` columns. What is left out is left out of the middle: names of files differ most at their ends.
pub fn middle(text: &str, width: usize) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let fits = |chars: &mut dyn Iterator<Item = char>, most: usize| -> Vec<char> {
        let mut used = 0;
        chars
            .take_while(|c| {
                used += display_width(c.encode_utf8(&mut [0; 4]));
                used <= most
            })
            .collect()
    };
    let front: String = fits(&mut text.chars(), room / 3).into_iter().collect();
    let back: String = fits(&mut text.chars().rev(), room - room / 3).into_iter().rev().collect();
    format!("{front}…{back}")
}
