//! A result document as lines. What it holds came from a provider: it is data, shown cleaned and bounded.

use serde_json::Value;

use super::{
    look::{Look, Tone},
    text::plain_lines,
};
use crate::domain::{
    result::{Fold, ResultDocument},
    units::{clean, count},
};

/// Rows of a table before the rest is only counted.
const MAX_ROWS: usize = 20;
/// Fields of a summary.
const MAX_FIELDS: usize = 16;
/// The summary's field that holds a caveat.
const CAVEAT: &str = "caveat";
/// Lines of a drawing.
const MAX_DRAWING: usize = 60;

/// How a fold is drawn: the fold, and how wide it may be.
pub type Draw = fn(&Fold, usize) -> Option<String>;

/// The lines of a result: a table of energies and the best fold, or the summary.
pub fn lines(document: &ResultDocument, look: &Look, draw: Draw) -> Vec<String> {
    let mut out = look.field("Result", Tone::Good, &headline(document));
    let folds: Vec<Fold> =
        document.records.iter().filter_map(|record| serde_json::from_value(record.clone()).ok()).collect();
    if !folds.is_empty() && folds.len() == document.records.len() {
        out.extend(fold_lines(&folds, look, draw));
    } else {
        out.extend(summary(document, look));
    }
    out.extend(caveat(document, look));
    out
}

fn headline(document: &ResultDocument) -> String {
    let program = &document.program;
    let seed = program.seed.map(|s| format!(", seed {s}")).unwrap_or_default();
    let records = match document.records.len() {
        1 => "1 record".to_owned(),
        n => format!("{} records", count(n as u64)),
    };
    let task = clean(&document.task_type, 60);
    format!("{task}: {records}, by {} {}{seed}", clean(&program.name, 60), clean(&program.version, 40))
}

fn fold_lines(folds: &[Fold], look: &Look, draw: Draw) -> Vec<String> {
    let rows = folds.iter().take(MAX_ROWS).map(|fold| {
        vec![clean(&fold.id, 40), count(fold.length), format!("{}D", fold.dimension), fold.energy.to_string()]
    });
    let mut out = look.table(&["sequence", "length", "lattice", "energy"], rows.collect(), &[1, 3], 0);
    if folds.len() > MAX_ROWS {
        out.push(look.line(Tone::Dim, &format!("… and {} more in result.json", folds.len() - MAX_ROWS)));
    }
    let best = folds.iter().min_by_key(|fold| fold.energy);
    if let Some((fold, picture)) = best.and_then(|fold| Some((fold, draw(fold, look.width)?))) {
        out.push(String::new());
        out.push(look.line(Tone::Strong, &format!("Best fold: {}, energy {}", clean(&fold.id, 40), fold.energy)));
        out.extend(plain_lines(&picture).lines().take(MAX_DRAWING).map(str::to_owned));
    }
    out
}

/// What is honest to say beside the result.
fn caveat(document: &ResultDocument, look: &Look) -> Vec<String> {
    let text = document.summary.get(CAVEAT).and_then(Value::as_str);
    text.map(|t| look.field("Caveat", Tone::Dim, &clean(t, 600))).unwrap_or_default()
}

fn summary(document: &ResultDocument, look: &Look) -> Vec<String> {
    document
        .summary
        .iter()
        .filter(|(key, _)| key.as_str() != CAVEAT)
        .take(MAX_FIELDS)
        .flat_map(|(key, value)| {
            let text = match value {
                Value::String(text) => clean(text, 600),
                Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), count),
                Value::Null => "none".to_owned(),
                other => clean(&other.to_string(), 200),
            };
            look.more(Tone::Plain, &format!("{}: {text}", clean(&key.replace('_', " "), 40)))
        })
        .collect()
}
