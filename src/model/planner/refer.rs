//! Files that are meant without being named: the second one, the other one, both, all of them.

use crate::model::words;

/// Words that stand for one file that was not named.
const OTHER: [&str; 5] = ["other", "another", "next one", "next file", "remaining"];
/// Words that stand for several.
const REST: [&str; 5] = ["the rest", "the others", "all others", "all other", "other files"];
/// Words that stand for all there are.
const ALL: [&str; 10] = [
    "all files",
    "all the files",
    "all of them",
    "every file",
    "each file",
    "each of them",
    "these files",
    "all my files",
    "all fasta",
    "all of these",
];
/// Words that stand for two.
const BOTH: [&str; 1] = ["both"];
/// Places in a list.
const ORDINALS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "last"];
/// What follows a place when a file is meant: "the first 5 proteins" is no first file.
const FILE: [&str; 6] = ["file", "one", "dataset", "fasta", "fastq", "too"];

/// Which files are meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// These, for certain.
    These(Vec<String>),
    /// One of these, and it is not plain which.
    OneOf(Vec<String>),
}

/// Whether a text stands on what was said before.
pub(super) fn refers(text: &str) -> bool {
    let plain = words::plain(text);
    let groups: [&[&str]; 5] = [&OTHER, &REST, &ALL, &BOTH, &["the same", "do it for", "that too", "them"]];
    ordinal(&plain).is_some() || groups.iter().any(|phrases| words::says_any(&plain, phrases))
}

/// The words of `text` that refer to files, as far as they are heeded: beside a file's name, "all files" would be lost.
pub(super) fn said(text: &str, files: &[String]) -> Vec<&'static str> {
    const PLACES: [&str; 36] = [
        "first file",
        "first one",
        "first dataset",
        "first fasta",
        "first fastq",
        "first too",
        "second file",
        "second one",
        "second dataset",
        "second fasta",
        "second fastq",
        "second too",
        "third file",
        "third one",
        "third dataset",
        "third fasta",
        "third fastq",
        "third too",
        "fourth file",
        "fourth one",
        "fourth dataset",
        "fourth fasta",
        "fourth fastq",
        "fourth too",
        "fifth file",
        "fifth one",
        "fifth dataset",
        "fifth fasta",
        "fifth fastq",
        "fifth too",
        "last file",
        "last one",
        "last dataset",
        "last fasta",
        "last fastq",
        "last too",
    ];
    let mut out: Vec<&'static str> = PLACES.to_vec();
    let plain = words::plain(text);
    let at_end = |place: &&&'static str| plain.trim_end().ends_with(**place);
    out.extend(ORDINALS.iter().filter(at_end));
    match files.len() {
        0 => out.extend(OTHER.iter().chain(&REST).chain(&ALL).chain(&BOTH).copied()),
        2 => out.extend(BOTH),
        _ => {}
    }
    out
}

/// The files that `text` means among the `candidates`. `named` are those that the person named last, `used` those that the task
/// was done on already.
pub(super) fn meant(text: &str, candidates: &[String], named: &[String], used: &[String]) -> Option<Meant> {
    let plain = words::plain(text);
    let says = |phrases: &[&str]| words::says_any(&plain, phrases);
    let unused: Vec<String> = candidates.iter().filter(|c| !used.contains(c)).cloned().collect();
    let one = |files: Vec<String>| if files.len() == 1 { Meant::These(files) } else { Meant::OneOf(files) };
    if says(&REST) {
        return Some(if unused.is_empty() { Meant::OneOf(candidates.to_vec()) } else { Meant::These(unused) });
    }
    if says(&OTHER) {
        return Some(one(if unused.is_empty() { candidates.to_vec() } else { unused }));
    }
    if says(&BOTH) {
        let both = if named.len() == 2 { named } else { candidates };
        return Some(if both.len() == 2 { Meant::These(both.to_vec()) } else { Meant::OneOf(both.to_vec()) });
    }
    if says(&ALL) {
        return Some(if candidates.is_empty() { Meant::OneOf(Vec::new()) } else { Meant::These(candidates.to_vec()) });
    }
    let place = ordinal(&plain)?;
    // After the first of two, whichever it was, the second is the other.
    if place == 1 && named.len() < 2 && unused.len() == 1 && !used.is_empty() {
        return Some(Meant::These(unused));
    }
    let list = if named.len() >= 2 { named } else { candidates };
    let file = if place == ORDINALS.len() - 1 { list.last() } else { list.get(place) };
    Some(file.map_or_else(|| Meant::OneOf(list.to_vec()), |file| Meant::These(vec![file.clone()])))
}

/// The place in a list that a text names, from 0; the highest is the last.
fn ordinal(plain: &str) -> Option<usize> {
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.iter().enumerate().find_map(|(i, word)| {
        let place = ORDINALS.iter().position(|o| o == word)?;
        words.get(i + 1).is_none_or(|next| FILE.contains(next)).then_some(place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, candidates: &[&str], named: &[&str], used: &[&str]) -> Option<Meant> {
        let own = |files: &[&str]| files.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>();
        meant(text, &own(candidates), &own(named), &own(used))
    }

    fn these(files: &[&str]) -> Option<Meant> {
        Some(Meant::These(files.iter().map(|f| (*f).to_owned()).collect()))
    }

    #[test]
    fn what_people_mean_without_a_name() {
        let two = ["a.fa", "b.fa"];
        let three = ["a.fa", "b.fa", "c.fa"];
        assert_eq!(of("and the second file?", &two, &["a.fa"], &["a.fa"]), these(&["b.fa"]));
        assert_eq!(of("and the second one?", &two, &["b.fa"], &["b.fa"]), these(&["a.fa"]));
        assert_eq!(of("and the second?", &three, &[], &[]), these(&["b.fa"]));
        assert_eq!(of("the second file", &three, &["c.fa", "a.fa"], &["c.fa"]), these(&["a.fa"]));
        assert_eq!(of("now the last one", &three, &[], &[]), these(&["c.fa"]));
        assert_eq!(of("the other one too", &two, &["a.fa"], &["a.fa"]), these(&["b.fa"]));
        assert_eq!(of("and the rest", &three, &["a.fa"], &["a.fa"]), these(&["b.fa", "c.fa"]));
        assert_eq!(of("fold both", &two, &[], &[]), these(&two));
        assert_eq!(of("stats of all files", &three, &[], &[]), these(&three));
        for (text, used) in [("the other one", &["a.fa"][..]), ("fold both", &[]), ("the fifth file", &[])] {
            assert!(matches!(of(text, &three, &[], used), Some(Meant::OneOf(_))), "{text}");
        }
        assert_eq!(of("fold the first 5 proteins", &two, &[], &[]), None);
        assert_eq!(of("fold it", &two, &[], &[]), None);
    }
}
