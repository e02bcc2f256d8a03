//! Which datasets a person can mean: an enumeration for the model, where it is certain that nothing else can be meant.
//!
//! What a person typed is always among them. As soon as their words may name something that is not known here (a path, a
//! folder, a name with an ending of its own) there is no enumeration, and the guard alone decides.

use std::path::Path;

use super::prompt::Seen;
use crate::model::words;

/// More names than these are no help.
const MOST: usize = 40;
/// Words after which a folder may be meant.
const PLACES: [&str; 7] = ["folder", "folders", "directory", "directories", "subfolder", "path", "elsewhere"];
/// Words that mean files beside those that are named with them.
const OTHERS: [&str; 18] = [
    "everything",
    "other",
    "others",
    "rest",
    "remaining",
    "all",
    "every",
    "each",
    "both",
    "first",
    "second",
    "third",
    "last",
    "next",
    "files",
    "same",
    "too",
    "also",
];

/// The datasets that can be meant by `prompt`, after `earlier` words of the same person; `None` when that is not certain.
pub fn meant<'t>(
    prompt: &str,
    earlier: impl Iterator<Item = &'t str>,
    seen: &Seen,
    folder: &Path,
) -> Option<Vec<String>> {
    if !seen.whole {
        return None;
    }
    let known: Vec<String> = seen.files.iter().map(|f| f.path.clone()).collect();
    let now = named(prompt, &known, folder)?;
    let alone = !now.is_empty() && !words::says_any(&words::plain(prompt), &OTHERS);
    let mut out = now;
    if !alone {
        for text in earlier {
            out.extend(named(text, &known, folder)?);
        }
        out.extend(known);
        let mut once: Vec<String> = Vec::new();
        out.retain(|name| {
            !once.contains(name) && {
                once.push(name.clone());
                true
            }
        });
    }
    (!out.is_empty() && out.len() <= MOST).then_some(out)
}

/// The files that a text names; `None` when it may name something else.
fn named(text: &str, known: &[String], folder: &Path) -> Option<Vec<String>> {
    if words::says_any(&words::plain(text), &PLACES) {
        return None;
    }
    let mut out = words::files(text, known);
    for word in words::words(text) {
        let word = word.text.as_str();
        let part = |name: &String| name == word || name.split_whitespace().any(|piece| piece == word);
        if out.iter().any(part) || word.len() > 200 {
            continue;
        }
        // `data.xyz`, `runs/7`, `~/x`: whatever it is, it is no plain word.
        let inner_dot = word.trim_end_matches('.').contains('.') && word.parse::<f64>().is_err();
        let abbreviation = matches!(word, "e.g" | "i.e" | "etc");
        if word.contains(['/', '\\', '~']) || (inner_dot && !abbreviation) {
            return None;
        }
        let path = folder.join(word);
        if path.is_dir() {
            return None;
        }
        if path.is_file() {
            out.push(word.to_owned());
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::prompt;

    fn meant_by(prompt: &str, earlier: &[&str]) -> Option<Vec<String>> {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.fasta", "b.fasta", "reads", "my data.fa"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(dir.path().join("runs")).unwrap();
        meant(prompt, earlier.iter().copied(), &prompt::seen_in(dir.path()), dir.path())
    }

    #[test]
    fn only_what_can_be_meant_and_always_what_was_typed() {
        let all = ["a.fasta", "b.fasta", "my data.fa"];
        for (prompt, expected) in [
            ("Run protein folding on a.fasta", vec!["a.fasta"]),
            ("fold a.fasta with seed 2.5, please.", vec!["a.fasta"]),
            ("fold none.fasta", vec!["none.fasta"]),
            ("stats of /data/x.fasta", vec!["/data/x.fasta"]),
            ("stats of reads", vec!["reads"]),
            ("fold my data.fa", vec!["my data.fa"]),
            ("fold it", all.to_vec()),
            ("hi, who are you?", all.to_vec()),
            ("and the other one?", all.to_vec()),
            ("a.fasta and all others", all.to_vec()),
        ] {
            assert_eq!(meant_by(prompt, &[]).unwrap(), expected, "{prompt}");
        }
        let both = meant_by("and the second file?", &["fold none.fasta"]).unwrap();
        assert_eq!(both, ["none.fasta", "a.fasta", "b.fasta", "my data.fa"]);
    }

    #[test]
    fn what_may_be_anything_is_not_narrowed() {
        for prompt in ["fold the one in runs", "fold sample.xyz", "fold runs/7", "the fasta in that folder"] {
            assert_eq!(meant_by(prompt, &[]), None, "{prompt}");
        }
        assert_eq!(meant_by("fold it", &["look into the folder next door"]), None);
        let nothing = tempfile::tempdir().unwrap();
        assert_eq!(meant("fold it", std::iter::empty(), &prompt::seen_in(nothing.path()), nothing.path()), None);
    }
}
