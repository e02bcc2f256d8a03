//! Drawings of results as SVG, made of the result document alone: whoever has the document has the same drawing, to the last byte.
//!
//! | file | of |
//! | --- | --- |
//! | `fold.svg` | the fold of lowest energy of `protein_folding` |
//! | `lengths.svg` | how many sequences have which length, of `sequence_stats` |
//! | `qualities.svg` | how many bases have which quality, of `sequence_stats` of reads |
//!
//! A drawing has a title and a description for those who do not see it, and colours of its own where a page is dark.

mod bars;
mod fold;

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;
use svg::{
    Document,
    node::element::{Description, Rectangle, Style, Title},
};

use crate::{Bar, PROTEIN_FOLDING, SEQUENCE_STATS, ScienceError, output::Output};
use domain::{
    job::ResultFile,
    result::{Fold, ResultDocument},
    units::clean,
};

/// The names of the drawings that are made of a task's results. Of other tasks, files that are called so are files like any other.
pub fn drawings_of(task: &str) -> &'static [&'static str] {
    match task {
        PROTEIN_FOLDING => &[FOLD],
        SEQUENCE_STATS => &[LENGTHS, QUALITIES],
        _ => &[],
    }
}

const FOLD: &str = "fold.svg";
const LENGTHS: &str = "lengths.svg";
const QUALITIES: &str = "qualities.svg";

/// More bars than any histogram of ours has are not drawn.
const MOST_BARS: usize = 32;

/// Characters of a name in a drawing.
const NAME: usize = 60;

/// Colours that are told apart also by those who see few of them, on light pages and on dark ones.
const STYLE: &str = "\
.page{fill:#ffffff}.ink{fill:#1f2937}.line{stroke:#6b7280;fill:none}.mark{fill:#b45309;stroke:#b45309}\
.hollow{fill:#ffffff;stroke:#4b5563}text{font-family:sans-serif}\
@media(prefers-color-scheme:dark){.page{fill:#111827}.ink{fill:#e5e7eb}.line{stroke:#9ca3af}\
.mark{fill:#f59e0b;stroke:#f59e0b}.hollow{fill:#111827;stroke:#d1d5db}}";

/// Writes the drawings of a result into `folder`, in the place of what has their names there; none of a task that has none, and
/// none of a record that is not what the task makes.
///
/// # Errors
/// When one cannot be written.
pub fn drawings(document: &ResultDocument, folder: &Path) -> Result<Vec<ResultFile>, ScienceError> {
    let drawn = match document.task_type.as_str() {
        PROTEIN_FOLDING => vec![(FOLD, lowest(&document.records).and_then(|fold| fold::drawn(&fold)))],
        SEQUENCE_STATS => {
            let record = document.records.first();
            let bars =
                |name: &str| read::<Vec<Bar>>(record?.get(name)?).filter(|bars| (1..=MOST_BARS).contains(&bars.len()));
            vec![
                (LENGTHS, bars("lengths").map(|lengths| bars::drawn(&lengths, &bars::LENGTHS))),
                (QUALITIES, bars("qualities").map(|qualities| bars::drawn(&qualities, &bars::QUALITIES))),
            ]
        }
        _ => Vec::new(),
    };
    let written = drawn.into_iter().filter_map(|(name, drawing)| Some((name, drawing?)));
    written
        .map(|(name, drawing)| {
            let mut output = Output::create(folder, name)?;
            output.write(&format!("{drawing}\n"))?;
            output.finish()
        })
        .collect()
}

/// The fold of lowest energy, the first of equals.
fn lowest(records: &[Value]) -> Option<Fold> {
    let energy = |record: &&Value| record.get("energy").and_then(Value::as_i64);
    let mut found: Option<(&Value, i64)> = None;
    for record in records {
        if let Some(energy) = energy(&record).filter(|energy| found.is_none_or(|(_, least)| *energy < least)) {
            found = Some((record, energy));
        }
    }
    read(found?.0)
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

/// An empty drawing of that size with its title and description.
fn page(width: f64, height: f64, title: &str, description: &str) -> Document {
    Document::new()
        .set("viewBox", format!("0 0 {width} {height}"))
        .set("width", width)
        .set("height", height)
        .set("role", "img")
        .set("aria-labelledby", "title description")
        .add(Title::new(clean(title, 200)).set("id", "title"))
        .add(Description::new().set("id", "description").add(svg::node::Text::new(clean(description, 1_000))))
        .add(Style::new(STYLE))
        .add(Rectangle::new().set("class", "page").set("width", width).set("height", height))
}

/// A place in a drawing, with the digits that are drawn.
fn at(place: f64) -> f64 {
    (place * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
