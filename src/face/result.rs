//! A result document as lines. What it holds came from a provider: it is data, shown cleaned and bounded.

use serde_json::Value;

use super::{
    look::{Look, Tone},
    plan::words,
    text::plain_lines,
};
use domain::{
    result::{Fold, NO_VERSION, ResultDocument},
    units::{clean, count},
};
use science::Bar;

/// Rows of a table before the rest is only counted.
const MAX_ROWS: usize = 20;
/// Bars of a histogram.
const MAX_BARS: usize = 40;
/// Fields of a summary.
const MAX_FIELDS: usize = 24;
/// The summary's field that holds a caveat.
const CAVEAT: &str = "caveat";
/// The summary's field that holds sentences to be read beside it.
const NOTES: &str = "notes";
/// The summary's field that says how many sequences were worked on.
const SEQUENCES: &str = "sequences";
/// Lines of a drawing.
const MAX_DRAWING: usize = 60;

/// How a fold is drawn: the fold, and how wide it may be.
pub type Draw = fn(&Fold, usize) -> Option<String>;

/// The lines of a result: energies and the best fold, or the summary and a histogram. `file` is what it is of, where it is one of
/// several.
pub fn lines(document: &ResultDocument, file: Option<&str>, look: &Look, draw: Draw) -> Vec<String> {
    let mut out = look.field("Result", Tone::Good, &headline(document, file));
    let folds: Vec<Fold> =
        document.records.iter().filter_map(|record| serde_json::from_value(record.clone()).ok()).collect();
    if !folds.is_empty() && folds.len() == document.records.len() {
        out.extend(fold_lines(&folds, look, draw));
    } else {
        out.extend(summary(document, look));
        out.extend(histogram(document, look));
    }
    out.extend(notes(document, look));
    out
}

fn headline(document: &ResultDocument, file: Option<&str>) -> String {
    let program = &document.program;
    let seed = program.seed.map(|s| format!(", seed {s}")).unwrap_or_default();
    // Some tasks write one record over all sequences.
    let sequences = document.summary.get(SEQUENCES).and_then(Value::as_u64).filter(|_| document.records.len() == 1);
    let (n, unit) = sequences.map_or((document.records.len() as u64, "record"), |n| (n, "sequence"));
    let task = clean(&document.task_type, 60);
    // What other programs write is in their own files, and is not counted here.
    let records = match n {
        0 => String::new(),
        n => format!("{} {unit}{}, ", count(n), if n == 1 { "" } else { "s" }),
    };
    let of = file.map(|file| format!(" on {}", clean(file, words::MAX))).unwrap_or_default();
    let version = match program.version.as_str() {
        NO_VERSION => String::new(),
        version => format!(" {}", clean(version, 40)),
    };
    format!("{task}{of}: {records}by {}{version}{seed}", clean(&program.name, 60))
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
        out.push(look.line(Tone::Dim, "● hydrophobic  ○ polar"));
    }
    out
}

/// What is honest to say beside the result.
fn notes(document: &ResultDocument, look: &Look) -> Vec<String> {
    let notes = document.summary.get(NOTES).and_then(Value::as_array).into_iter().flatten();
    let mut out: Vec<String> = notes
        .filter_map(Value::as_str)
        .take(MAX_FIELDS)
        .flat_map(|note| look.field("Note", Tone::Dim, &clean(note, 400)))
        .collect();
    let caveat = document.summary.get(CAVEAT).and_then(Value::as_str);
    out.extend(caveat.map(|text| look.field("Caveat", Tone::Dim, &clean(text, 600))).unwrap_or_default());
    out
}

fn summary(document: &ResultDocument, look: &Look) -> Vec<String> {
    document
        .summary
        .iter()
        .filter(|(key, value)| ![CAVEAT, NOTES].contains(&key.as_str()) && !value.is_null())
        .take(MAX_FIELDS)
        .flat_map(|(key, value)| {
            let text = match value {
                Value::String(text) => clean(text, 2000),
                Value::Number(number) => match (number.as_u64(), number.as_f64()) {
                    (Some(whole), _) => count(whole),
                    (None, Some(part)) => format!("{part:.2}"),
                    (None, None) => number.to_string(),
                },
                Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
                other => clean(&other.to_string(), 200),
            };
            look.more(Tone::Plain, &format!("{}: {text}", clean(&key.replace('_', " "), 40)))
        })
        .collect()
}

/// The histogram of lengths in the first record, where there is one.
fn histogram(document: &ResultDocument, look: &Look) -> Vec<String> {
    let lengths = document.records.first().and_then(|record| record.get("lengths")).cloned();
    let bars: Vec<Bar> = lengths.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
    let Some(most) = bars.iter().map(|bar| bar.count).max().filter(|most| *most > 0) else { return Vec::new() };
    let name = |bar: &Bar| match (bar.from, bar.to) {
        (from, to) if from == to => count(from),
        (from, to) => format!("{}-{}", count(from), count(to)),
    };
    let filled = bars.iter().filter(|bar| bar.count > 0);
    let names = filled.clone().map(|bar| name(bar).len()).max().unwrap_or_default();
    let counts = count(most).len();
    let room = look.width.saturating_sub(names + counts + 6).clamp(4, 40) as u64;
    let mut out = look.field("Lengths", Tone::Plain, "residues, and how many sequences have so many");
    let mut gap = false;
    for bar in bars.iter().take(MAX_BARS) {
        if bar.count == 0 {
            gap = true;
            continue;
        }
        if std::mem::take(&mut gap) {
            out.push(look.line(Tone::Dim, &format!("  {:>names$}", "…")));
        }
        // At least one mark for what is there at all.
        let long = u128::from(bar.count) * u128::from(room) / u128::from(most);
        let marks = usize::try_from(long).unwrap_or_default().max(1);
        out.push(format!("  {:>names$}  {:>counts$}  {}", name(bar), count(bar.count), "█".repeat(marks)));
    }
    if bars.len() > MAX_BARS {
        out.push(look.line(Tone::Dim, &format!("  … and {} more in result.json", bars.len() - MAX_BARS)));
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn statistics_with_their_histogram() {
        let document: ResultDocument = serde_json::from_value(json!({
            "job": "j", "task_type": "sequence_stats",
            "dataset": {"path": "a.fasta", "sha256": "01".repeat(32)},
            "parameters": {},
            "records": [{"lengths": [
                {"from": 1, "to": 9, "count": 4000}, {"from": 10, "to": 19, "count": 0}, {"from": 20, "to": 29, "count": 1},
            ]}],
            "summary": {"sequences": 4001, "mean_length": 7.123456, "gc": null, "gzip": false, "text": "a\u{1b}[2Jb"},
            "files": [],
            "program": {"name": "sequence_stats", "version": "0.1.0", "seed": null},
        }))
        .unwrap();
        let at = |width| lines(&document, None, &Look::plain(width), |_, _| None).join("\n");
        insta::assert_snapshot!(format!("{}\n\n{}", at(80), at(40)));
    }
}
