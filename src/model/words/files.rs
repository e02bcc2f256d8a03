//! The files that a text names.

use super::{Word, plain, says_any, words};
use crate::domain::ids::JobId;

/// Endings of files that people compute on.
const ENDINGS: [&str; 28] = [
    "fasta", "fa", "fna", "faa", "ffn", "frn", "fas", "fastq", "fq", "txt", "md", "rst", "csv", "tsv", "gz", "zst",
    "bz2", "xz", "json", "gb", "gbk", "embl", "sam", "hmm", "aln", "sto", "log", "text",
];

/// The datasets that a text names, in order, each once. `known` are names of files that exist.
pub fn files(text: &str, known: &[String]) -> Vec<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    // Longest first, so that `my data.fasta` is found before `data.fasta`.
    let mut names: Vec<&String> = known.iter().filter(|k| !k.is_empty()).collect();
    names.sort_by_key(|k| std::cmp::Reverse(k.len()));
    let mut left = text.to_owned();
    for name in names {
        while let Some(at) = whole_word(&left, name) {
            found.push((at, name.clone()));
            left.replace_range(at..at + name.len(), &" ".repeat(name.len()));
        }
    }
    for word in words(&left) {
        if names_a_file(&word) {
            let at = left.find(&word.text).or_else(|| left.find(word.text.split(' ').next()?)).unwrap_or(left.len());
            found.push((at, word.text));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    let mut out: Vec<String> = Vec::new();
    for (_, name) in found {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// Whether a text names a file as the place where something is to be saved: "fold a.fa and save it to out.json".
pub fn is_target(text: &str, file: &str) -> bool {
    const SAVING: [&str; 6] = ["save", "write", "store", "put", "export", "output"];
    const INTO: [&str; 3] = ["to", "into", "as"];
    let before = plain(whole_word(text, file).and_then(|at| text.get(..at)).unwrap_or_default());
    says_any(&before, &SAVING) && before.split_whitespace().last().is_some_and(|word| INTO.contains(&word))
}

/// Where `name` stands in `text`, not as a part of a longer name.
pub(super) fn whole_word(text: &str, name: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    text.match_indices(name).map(|(at, _)| at).find(|&at| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let mut after = text.get(at + name.len()..).unwrap_or_default().chars();
        let next = after.next();
        // A full stop ends a sentence; a dot before a letter goes on with the name.
        let goes_on = match next {
            Some('.') => after.next().is_some_and(char::is_alphanumeric),
            Some(c) => part(c),
            None => false,
        };
        before.is_none_or(|c| !part(c)) && !goes_on
    })
}

fn names_a_file(word: &Word) -> bool {
    let text = word.text.as_str();
    if text.is_empty() || text.contains("://") || text.chars().any(char::is_control) || text.parse::<JobId>().is_ok() {
        return false;
    }
    let path_like =
        text.starts_with('/') || text.starts_with("./") || text.starts_with("../") || text.starts_with("~/");
    has_data_ending(text) || (path_like && text.len() > 2) || (word.quoted && text.contains('/') && !text.contains(' '))
}

/// Words that look like a file of any kind: `secret.env`, `runs/7`, `.env`, `id_rsa`. Not for telling what is a dataset; a person
/// who names such a thing means it, and the guard says what may be read.
pub fn path_like(text: &str) -> Vec<String> {
    let like = |word: &Word| {
        let text = word.text.as_str();
        let ending = text.rsplit_once('.').is_some_and(|(stem, end)| {
            end.len() >= 2 && end.chars().all(char::is_alphanumeric) && stem.chars().all(|c| !c.is_whitespace())
        });
        let abbreviation = matches!(text, "e.g" | "i.e" | "and/or")
            || text.contains("=")
            || text.contains("://")
            || text.parse::<f64>().is_ok();
        let readable = !text.chars().any(char::is_control) && text.parse::<JobId>().is_err();
        readable && !abbreviation && (ending || text.contains('/') || text.contains('_') || text.starts_with('.'))
    };
    let mut out: Vec<String> = Vec::new();
    for word in words(text).into_iter().filter(like) {
        if !out.contains(&word.text) {
            out.push(word.text);
        }
    }
    out
}

/// Whether a file's name ends as data files do.
pub fn has_data_ending(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, end)| {
        ENDINGS.contains(&end.to_ascii_lowercase().as_str()) && stem.chars().any(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        files(text, &["my data.fasta".to_owned(), "reads".to_owned()])
    }

    #[test]
    fn what_is_named_like_a_file_is_one() {
        for (text, expected) in [
            ("summarize secret.env", vec!["secret.env"]),
            ("summarise ~/.ssh/id_rsa, please", vec!["~/.ssh/id_rsa"]),
            ("stats of id_rsa and .env", vec!["id_rsa", ".env"]),
            ("fold x.pdb.", vec!["x.pdb"]),
            ("fold it, e.g. in 2.5 hours. Now.", vec![]),
            ("see https://example.org/x", vec![]),
        ] {
            assert_eq!(path_like(text), expected, "{text}");
        }
    }

    #[test]
    fn a_file_to_save_to_is_told_from_one_to_compute_on() {
        for (text, target) in [
            ("fold a.fa and save the result to out.json", true),
            ("write the stats of a.fa into out.json", true),
            ("apply folding to out.json", false),
            ("write a summary of out.json", false),
            ("fold a.fa", false),
        ] {
            assert_eq!(is_target(text, "out.json"), target, "{text}");
        }
    }

    #[test]
    fn finds_the_files_that_people_name() {
        for (text, expected) in [
            ("Run protein folding on data.fasta", vec!["data.fasta"]),
            ("Fold data.fasta, please.", vec!["data.fasta"]),
            ("(see examples/data.fasta)", vec!["examples/data.fasta"]),
            ("fold \"other data.fasta\" now", vec!["other data.fasta"]),
            ("fold 'a b/c d.fa'.", vec!["a b/c d.fa"]),
            ("fold other\\ data.fasta now", vec!["other data.fasta"]),
            ("fold my data.fasta now", vec!["my data.fasta"]),
            ("fold my data.fasta and data.fasta", vec!["my data.fasta", "data.fasta"]),
            ("stats of reads", vec!["reads"]),
            ("compare a.fa and b.fa and a.fa", vec!["a.fa", "b.fa"]),
            ("What is data.fasta's GC content?", vec!["data.fasta"]),
            ("stats of /data/run1", vec!["/data/run1"]),
            ("stats of ../x.fq.gz!", vec!["../x.fq.gz"]),
            ("fold this 5 GB FASTA", vec![]),
            ("e.g. fold it, i.e. in 2.5 hours and/or so.", vec![]),
            ("see https://example.org/data.fasta", vec![]),
            ("don't do 'that'", vec![]),
            ("resume job-7k3q9dm2", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(named(text), expected, "{text}");
        }
    }
}
