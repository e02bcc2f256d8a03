//! Which tasks of the catalogue a person's words name, and what they chose for them.

use serde_json::Value;

use super::words;
use crate::domain::task::{ParameterKind, Parameters, TaskType};

/// The tasks that a text names, in the order they are named, each once.
///
/// A phrase within a longer phrase of another task does not count: "summary of the text" is no "summary".
pub fn tasks_in<'t>(text: &str, tasks: &'t [TaskType]) -> Vec<&'t TaskType> {
    let plain = words::plain(text);
    let mut found: Vec<(usize, usize, &TaskType)> = Vec::new();
    for task in tasks {
        let name = task.name.replace('_', " ");
        for phrase in task.asked_as.iter().chain(std::iter::once(&name)) {
            if let Some((start, end)) = place_of(&plain, phrase) {
                found.push((start, end, task));
            }
        }
    }
    let inside = |a: &(usize, usize, &TaskType), b: &(usize, usize, &TaskType)| {
        b.0 <= a.0 && a.1 <= b.1 && (b.1 - b.0) > (a.1 - a.0) && a.2.name != b.2.name
    };
    let mut kept: Vec<_> = found.iter().filter(|a| !found.iter().any(|b| inside(a, b))).collect();
    kept.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
    let mut out: Vec<&TaskType> = Vec::new();
    for (_, _, task) in kept {
        if !out.iter().any(|t| t.name == task.name) {
            out.push(task);
        }
    }
    out
}

/// Where a phrase stands in plain text as whole words; its last word may be inflected: folds, folded, folding.
fn place_of(plain: &str, phrase: &str) -> Option<(usize, usize)> {
    let phrase = words::plain(phrase);
    let stem = phrase.trim_end();
    if stem.trim().is_empty() {
        return None;
    }
    plain.match_indices(stem).find_map(|(at, _)| {
        let rest = plain.get(at + stem.len()..)?;
        let tail = rest.split(' ').next().unwrap_or_default();
        matches!(tail, "" | "s" | "es" | "d" | "ed" | "ing" | "ings").then(|| (at, at + stem.len() + tail.len()))
    })
}

/// How many jobs a text asks for, as far as its words tell: at least one.
pub fn wanted(text: &str, files: usize, tasks: &[TaskType]) -> usize {
    let named = tasks_in(text, tasks);
    let takes_files = named.iter().any(|t| !file_parameters(t).is_empty());
    let files = if takes_files { 1 } else { files.max(1) };
    files.max(named.len()).max(1)
}

/// The names of a task's parameters that are files.
pub fn file_parameters(task: &TaskType) -> Vec<&str> {
    let files = task.parameters.iter().filter(|(_, spec)| matches!(spec.kind, ParameterKind::File { .. }));
    files.map(|(name, _)| name.as_str()).collect()
}

/// What a text chooses for a task; what it does not mention is left to the defaults.
pub fn parameters_in(text: &str, task: &TaskType) -> Parameters {
    let plain = words::plain(text);
    let mut out = Parameters::new();
    for (name, spec) in &task.parameters {
        let value = match &spec.kind {
            ParameterKind::Integer { .. } => integer(&plain, name).map(Value::from),
            ParameterKind::Choice { values, .. } => choice(&plain, values).map(Value::from),
            ParameterKind::File { .. } => None,
        };
        if let Some(value) = value {
            out.insert(name.clone(), value);
        }
    }
    out
}

/// A number said for a parameter: by its name, or in the ways people say these.
fn integer(plain: &str, name: &str) -> Option<i64> {
    let said = name.replace('_', " ");
    let last = said.rsplit(' ').next().unwrap_or_default();
    match name {
        "dimension" => dimension(plain),
        "max_sequences" => ["sequence", "protein", "record"].iter().find_map(|unit| words::number_before(plain, unit)),
        _ => words::number_after(plain, last).or_else(|| words::number_before(plain, last.trim_end_matches('s'))),
    }
}

fn dimension(plain: &str) -> Option<i64> {
    const THREE: [&str; 8] =
        ["3d", "3 d", "three d", "three dimension", "three dimensions", "three dimensional", "cubic", "3 dimensions"];
    const TWO: [&str; 8] =
        ["2d", "2 d", "two d", "two dimension", "two dimensions", "two dimensional", "square lattice", "2 dimensions"];
    if words::says_any(plain, &THREE) {
        Some(3)
    } else if words::says_any(plain, &TWO) {
        Some(2)
    } else {
        words::number_after(plain, "dimension").or_else(|| words::number_after(plain, "dimensions"))
    }
}

/// One of a parameter's words, or a common word for it.
fn choice(plain: &str, values: &[String]) -> Option<String> {
    const SAME: [(&str, &str); 6] = [
        ("quickly", "quick"),
        ("fast", "quick"),
        ("thoroughly", "thorough"),
        ("carefully", "thorough"),
        ("deep", "thorough"),
        ("exhaustive", "thorough"),
    ];
    if let Some(value) = values.iter().find(|v| words::says(plain, v)) {
        return Some(value.clone());
    }
    let meant = SAME.iter().find(|(word, value)| words::says(plain, word) && values.iter().any(|v| v == value));
    meant.map(|(_, value)| (*value).to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::machine::catalogue::Catalogue;

    fn tasks() -> Vec<TaskType> {
        Catalogue::builtin().unwrap().iter().cloned().collect()
    }

    #[test]
    fn tasks_are_found_in_plain_words() {
        let tasks = tasks();
        for (text, expected) in [
            ("Run protein folding on data.fasta", vec!["protein_folding"]),
            ("Please FOLD the proteins in data.fasta in 3D!", vec!["protein_folding"]),
            ("what do these proteins look like folded", vec!["protein_folding"]),
            ("How many sequences are in reads.fastq?", vec!["sequence_stats"]),
            ("sequence_stats of a.fa", vec!["sequence_stats"]),
            ("Give me the N50 and GC content", vec!["sequence_stats"]),
            ("summarise notes.txt in 3 sentences", vec!["text_summary"]),
            ("Summarizes notes.txt", vec!["text_summary"]),
            ("blast query.fasta against db.fasta", vec!["blast_search"]),
            ("hmmsearch globins.hmm in x.fasta", vec!["hmm_search"]),
            ("align the sequences with MAFFT", vec!["multiple_alignment"]),
            ("stats of a.fa and then fold it", vec!["sequence_stats", "protein_folding"]),
            ("train a neural network", vec![]),
            ("open the folder", vec![]),
            ("hello", vec![]),
        ] {
            let found: Vec<&str> = tasks_in(text, &tasks).iter().map(|t| t.name.as_str()).collect();
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(wanted("stats of a.fa and then fold it", 1, &tasks), 2);
        assert_eq!(wanted("fold a.fa and b.fa", 2, &tasks), 2);
        assert_eq!(wanted("blast a.fa against b.fa", 2, &tasks), 1);
        assert_eq!(wanted("hello", 0, &tasks), 1);
    }

    #[test]
    fn choices_are_found_and_not_invented() {
        let tasks = tasks();
        let chosen =
            |task: &str, text: &str| Value::Object(parameters_in(text, tasks.iter().find(|t| t.name == task).unwrap()));
        assert_eq!(chosen("protein_folding", "fold data.fasta"), json!({}));
        assert_eq!(
            chosen("protein_folding", "Fold the first 5 proteins in 3D with seed 7, thoroughly"),
            json!({"dimension": 3, "seed": 7, "max_sequences": 5, "effort": "thorough"})
        );
        assert_eq!(
            chosen("protein_folding", "quick 2-D fold, seed=12"),
            json!({"dimension": 2, "seed": 12, "effort": "quick"})
        );
        assert_eq!(chosen("text_summary", "sum up notes.txt in three sentences"), json!({"sentences": 3}));
        assert_eq!(chosen("sequence_stats", "stats in 3D with seed 4"), json!({}));
    }
}
