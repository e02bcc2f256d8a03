//! What a finished task found, in words. The numbers are the result's own; text in it is quoted as data.

use serde_json::Value;

use super::text;
use crate::domain::units::count;

/// What came out.
pub(super) fn explain(task: &str, content: &Value) -> String {
    let empty = Value::Null;
    let summary = content.pointer("/result/untrusted_data/summary").unwrap_or(&empty);
    let mut out = match task {
        "protein_folding" => folding(summary),
        "sequence_stats" => statistics(summary),
        "text_summary" => text_summary(summary),
        _ => table(task, summary),
    }
    .unwrap_or_else(|| listing(summary));
    for note in summary.get("notes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        out.push_str(&format!(" Note: {note}."));
    }
    if let Some(folder) = text(content, "/result/folder") {
        let space = if out.ends_with('\n') { "" } else { " " };
        out.push_str(&format!("{space}The files are in {folder}."));
    }
    out
}

fn number(summary: &Value, name: &str) -> Option<u64> {
    summary.get(name)?.as_u64()
}

fn some(n: u64, what: &str) -> String {
    format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" })
}

fn folding(summary: &Value) -> Option<String> {
    let sequences = number(summary, "sequences")?;
    let energy = summary.get("best_energy")?.as_i64()?;
    let best = text(summary, "/best_id").unwrap_or("the first");
    let lattice = if number(summary, "dimension") == Some(3) { "cubic (3D)" } else { "square (2D)" };
    let contacts = some(energy.unsigned_abs(), "contact");
    let mut out = format!(
        "{} folded on the {lattice} lattice. The best fold is {best} with energy {energy}: {contacts} between hydrophobic \
         residues that are no neighbours in the chain; lower is better.",
        if sequences == 1 { "One sequence was".to_owned() } else { format!("{} were", some(sequences, "sequence")) },
    );
    if let Some(mean) = summary.get("mean_energy").and_then(Value::as_f64).filter(|_| sequences > 1) {
        out.push_str(&format!(" The mean energy is {mean:.1}."));
    }
    match number(summary, "proven_optimal") {
        Some(0) | None => out.push_str(" Whether a lower energy exists is not known."),
        Some(n) if n == sequences => out.push_str(" No lower energy is possible."),
        Some(n) => out.push_str(&format!(" For {n} of them no lower energy is possible.")),
    }
    if let Some(seed) = number(summary, "seed") {
        out.push_str(&format!(" Seed {seed} gives the same folds again."));
    }
    Some(out)
}

fn statistics(summary: &Value) -> Option<String> {
    let sequences = number(summary, "sequences")?;
    let residues = number(summary, "residues")?;
    let mut out = format!("{} with {}.", some(sequences, "sequence"), some(residues, "residue"));
    if let (Some(min), Some(max)) = (number(summary, "min_length"), number(summary, "max_length")) {
        let mean = summary.get("mean_length").and_then(Value::as_f64);
        match mean {
            _ if min == max => out.push_str(&format!(" Each has a length of {}", count(min))),
            Some(mean) => {
                out.push_str(&format!(
                    " Lengths go from {} to {}, {} on average",
                    count(min),
                    count(max),
                    decimal(mean)
                ));
            }
            None => out.push_str(&format!(" Lengths go from {} to {}", count(min), count(max))),
        }
        out.push('.');
    }
    if let Some(n50) = number(summary, "n50") {
        out.push_str(&format!(" N50 is {}: half of all residues are in sequences at least that long.", count(n50)));
    }
    if let Some(gc) = summary.get("gc").and_then(Value::as_f64) {
        // A fraction in the result; people read percent.
        out.push_str(&format!(" GC content is {:.1} %.", gc * 100.0));
    }
    Some(out)
}

fn text_summary(summary: &Value) -> Option<String> {
    let words = text(summary, "/text")?;
    let picked = number(summary, "sentences").unwrap_or_default();
    let all = number(summary, "of_sentences").unwrap_or_default();
    Some(format!("The text in {} of its {}, quoted:\n\n{words}\n\n", some(picked, "sentence"), count(all)))
}

/// One decimal, with thousands marked: `90,000,000.5`.
fn decimal(value: f64) -> String {
    let shown = format!("{value:.1}");
    match shown.split_once('.').map(|(whole, part)| (whole.parse::<u64>(), part)) {
        Some((Ok(whole), part)) => format!("{}.{part}", count(whole)),
        _ => shown,
    }
}

/// What an outside program found, told by the lines it wrote. What a line is, is known of these programs alone.
fn table(task: &str, summary: &Value) -> Option<String> {
    let output = text(summary, "/output")?;
    let rows = number(summary, "lines")?.checked_sub(number(summary, "comment_lines")?)?;
    match (task, rows) {
        ("blast_search" | "hmm_search", 0) => Some(format!("No hits. The table in {output} has none.")),
        ("blast_search" | "hmm_search", hits) => {
            Some(format!("{}. The table is in {output}, a line for each.", some(hits, "hit")))
        }
        ("multiple_alignment", _) => {
            let aligned = some(number(summary, "header_lines")?, "sequence");
            Some(format!("{aligned} aligned. The alignment is in {output}, in FASTA."))
        }
        _ => None,
    }
}

/// Any other summary: name and value, plain ones only.
fn listing(summary: &Value) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (name, value) in summary.as_object().into_iter().flatten() {
        let shown = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        parts.push(format!("{} {shown}", name.replace('_', " ")));
    }
    match parts.is_empty() {
        true => "The result has no summary.".to_owned(),
        false => format!("{}.", parts.join(", ")),
    }
}
