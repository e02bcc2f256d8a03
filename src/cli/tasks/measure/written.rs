//! Figures written into a task file, its notes kept.

use std::path::Path;

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value, value};

use super::{Fit, Model};
use crate::cli::{
    CommandError,
    tasks::{
        kept::{self, Over, unwritten},
        wrong_file,
    },
};
use domain::task::{TaskOrigin, TaskType};
use guard::{
    config::plain_file,
    machine::catalogue::{MAX_FILE, read_task},
};

/// Digits of a coefficient: more were not measured.
const DIGITS: usize = 3;

/// Writes the model as the task's `[resources]`, in place of what was there; whole or not at all.
///
/// # Errors
/// A file that changed since it was read, or cannot be written.
pub(super) fn write(path: &Path, task: &TaskType, model: &Model) -> Result<(), CommandError> {
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let text = plain_file::text(path, MAX_FILE).map_err(unwritten)?;
    let there = read_task(file, &text, TaskOrigin::Owner).map_err(wrong_file)?;
    if there.version != task.version {
        return Err(
            CommandError::usage(format!("{} was changed meanwhile", path.display())).hint("try it again as it is now")
        );
    }
    let text = with_figures(&text, model)?;
    // What is written reads back, or is not written.
    read_task(file, &text, TaskOrigin::Owner).map_err(wrong_file)?;
    kept::write(path, &text, Over::Itself).map_err(unwritten)
}

fn with_figures(text: &str, model: &Model) -> Result<String, CommandError> {
    let mut document: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| CommandError::failed("tasks", e))?;
    let mut table = Table::new();
    table["ram"] = value(Value::InlineTable(terms(&model.ram, &model.names)));
    table["seconds"] = value(Value::InlineTable(terms(&model.seconds, &model.names)));
    table["spread"] = value(rounded(model.ram.spread().max(model.seconds.spread()).min(100.0)));
    table["source"] = value(model.source.as_str());
    document["resources"] = Item::Table(table);
    Ok(document.to_string())
}

fn terms(fit: &Fit, names: &[String]) -> InlineTable {
    let mut table = InlineTable::new();
    for (at, by) in &fit.terms {
        if let Some(name) = names.get(*at).filter(|_| *by > 0.0) {
            table.insert(name, rounded(*by).into());
        }
    }
    table
}

/// The number with so many digits.
fn rounded(number: f64) -> f64 {
    format!("{number:.*e}", DIGITS - 1).parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_and_notes_stay() {
        let text = "# my task\nname = \"x\"\n\n[resources]\nram = { constant = 1.0 }\n";
        let names = ["constant", "residues", "residues * database.residues"].map(str::to_owned).to_vec();
        let ram = Fit { terms: vec![(0, 1.23456e7), (1, 0.0)], scatter: 0.1 };
        let seconds = Fit { terms: vec![(0, 0.5), (2, 1.98765e-11)], scatter: 0.6 };
        let model = Model { names, ram, seconds, source: "measured".to_owned() };
        insta::assert_snapshot!(with_figures(text, &model).unwrap());
    }
}
