//! Which tasks of the catalogue a person's words name, and what they chose for them.

mod choices;

pub use choices::{Choice, choices};

use super::words;
use crate::domain::task::{ParameterKind, TaskType};

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

#[cfg(test)]
mod tests {
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
}
