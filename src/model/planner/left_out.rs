//! Files that a wish leaves out: "all files except b.fasta", "a.fasta, not b.fasta", "skip b.fasta".

use crate::model::words;

/// What stands directly before a file that is left out; the longer before the shorter.
const MARKS: [&str; 27] = [
    "but not",
    "and not",
    "except for",
    "except",
    "apart from",
    "other than",
    "excluding",
    "exclude",
    "instead of",
    "rather than",
    "leave out",
    "leaving out",
    "and skip",
    "and omit",
    "omitting",
    "omit",
    "skipping",
    "skip",
    "ignoring",
    "ignore",
    "without",
    "minus",
    "leave",
    "not",
    "all but",
    "everything but",
    "every file but",
];
/// Of these, those of which the last word alone leaves out, and the rest stays said.
const ALL_BUT: [&str; 3] = ["all but", "everything but", "every file but"];
/// What may stand between.
const BETWEEN: [&str; 4] = ["the file", "the", "file", "my"];

/// The text without what it leaves out, and the files that are left out.
pub(super) fn left_out(text: &str, files: &[String]) -> (String, Vec<String>) {
    let mut text = text.to_owned();
    let mut out: Vec<String> = Vec::new();
    let mut begins: Option<usize> = None;
    let mut names: Vec<&String> = files.iter().collect();
    names.sort_by_key(|name| text.find(name.as_str()));
    for name in names {
        let Some(at) = text.find(name.as_str()) else { continue };
        let before = text.get(..at).unwrap_or_default();
        let joined = begins.is_some_and(|from| {
            let between = before.get(from..).unwrap_or_default();
            ["and", "or", "nor"].contains(&words::plain(between).trim())
        });
        let from = match (mark(before), begins) {
            (Some(from), _) => from,
            (None, Some(from)) if joined => from,
            _ => continue,
        };
        let quote: &[char] = &['"', '\'', '`', '”', '’'];
        let mut rest = text.get(at + name.len()..).unwrap_or_default().trim_start_matches(quote);
        for word in [" alone", " out"] {
            rest = rest.strip_prefix(word).unwrap_or(rest);
        }
        let kept = text.get(..from).unwrap_or_default().trim_end().to_owned();
        begins = Some(kept.len());
        text = format!("{kept}{rest}");
        out.push(name.clone());
    }
    (text, out)
}

/// Where a mark begins that ends `before` a file.
fn mark(before: &str) -> Option<usize> {
    let quote: &[char] = &['"', '\'', '`', '“', '‘', ' ', ':'];
    let lower = before.to_ascii_lowercase();
    let mut said = lower.trim_end_matches(quote);
    if let Some(rest) = BETWEEN.iter().find_map(|word| said.strip_suffix(word)).filter(|rest| rest.ends_with(' ')) {
        said = rest.trim_end();
    }
    MARKS.iter().find_map(|mark| {
        let rest = said.strip_suffix(mark)?;
        let whole = rest.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let kept = if ALL_BUT.contains(mark) { mark.len() - " but".len() } else { 0 };
        whole.then_some(rest.len() + kept)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_no_part_of_the_wish() {
        let files = ["a.fasta".to_owned(), "b.fasta".to_owned(), "c.fasta".to_owned()];
        for (text, expected, out) in [
            ("Fold a.fasta but not b.fasta", "Fold a.fasta", vec!["b.fasta"]),
            ("Fold a.fasta, not b.fasta", "Fold a.fasta,", vec!["b.fasta"]),
            ("Fold everything but b.fasta", "Fold everything", vec!["b.fasta"]),
            ("Fold all files except b.fasta and c.fasta now", "Fold all files now", vec!["b.fasta", "c.fasta"]),
            ("Fold a.fasta, leave b.fasta alone", "Fold a.fasta,", vec!["b.fasta"]),
            ("Omit b.fasta and fold c.fasta", " and fold c.fasta", vec!["b.fasta"]),
            ("Fold a.fasta instead of \"b.fasta\".", "Fold a.fasta.", vec!["b.fasta"]),
            ("Do not fold a.fasta", "Do not fold a.fasta", vec![]),
            ("Fold a.fasta and b.fasta", "Fold a.fasta and b.fasta", vec![]),
        ] {
            assert_eq!(
                left_out(text, &files),
                (expected.to_owned(), out.into_iter().map(String::from).collect()),
                "{text}"
            );
        }
    }
}
