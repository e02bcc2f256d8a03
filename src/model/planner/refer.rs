//! Files and jobs that are meant without being named: the second one, the other one, both, all of them.

use crate::model::words;

/// Words that stand for one file that was not named.
const OTHER: [&str; 9] = [
    "another one",
    "another file",
    "other one",
    "other file",
    "other",
    "another",
    "next one",
    "next file",
    "remaining one",
];
/// Words that stand for several.
const REST: [&str; 10] = [
    "everything else",
    "the rest",
    "rest",
    "the others",
    "others",
    "all others",
    "all other",
    "other files",
    "remaining files",
    "remaining",
];
/// Words that stand for all there are.
const ALL: [&str; 18] = [
    "all files in this folder",
    "all files in the folder",
    "all the fasta files",
    "all fasta files",
    "all my fasta files",
    "all of my files",
    "everything",
    "all",
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
const BOTH: [&str; 7] =
    ["two fasta files", "two files", "the two", "both files", "both of them", "both of these", "both"];
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
    let groups: [&[&str]; 5] = [&OTHER, &REST, &ALL, &BOTH, &["do it for", "that too", "them"]];
    ordinal(&plain).is_some() || groups.iter().any(|phrases| words::says_any(&plain, phrases))
}

/// The words of `text` that refer to files, as far as they are heeded: beside a file's name, "all files" would be lost.
pub(super) fn said(text: &str, files: &[String]) -> Vec<String> {
    let plain = words::plain(text);
    let mut out: Vec<String> = Vec::new();
    for place in ORDINALS {
        out.extend(FILE.iter().map(|file| format!("{place} {file}")));
        if files.is_empty() && plain.trim_end().ends_with(place) {
            out.push(place.to_owned());
        }
    }
    let own = |phrases: &[&str]| phrases.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
    match files.len() {
        0 => out.extend([own(&OTHER), own(&REST), own(&ALL), own(&BOTH)].concat()),
        2 => out.extend(own(&BOTH)),
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
    if says(&["remaining one"]) && !used.is_empty() {
        return Some(one(unused));
    }
    if says(&REST) {
        let none = unused.is_empty() || used.is_empty();
        return Some(if none { Meant::OneOf(candidates.to_vec()) } else { Meant::These(unused) });
    }
    if says(&OTHER) {
        // Other than which? Only what was used already tells.
        return Some(if used.is_empty() { Meant::OneOf(candidates.to_vec()) } else { one(unused) });
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

/// Which jobs of a conversation a text means by their place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The one at this place, from 0.
    At(usize),
    /// The newest.
    Last,
    /// The two last.
    Both,
}

/// The place of a job that a question names: "what did the first one cost?", "cancel both".
pub(super) fn job_place(text: &str) -> Option<Place> {
    const JOB: [&str; 20] = [
        "one",
        "job",
        "fold",
        "folding",
        "run",
        "task",
        "search",
        "alignment",
        "summary",
        "result",
        "payment",
        "cost",
        "costs",
        "did",
        "was",
        "is",
        "of",
        "for",
        "on",
        "again",
    ];
    let plain = words::plain(text);
    if words::says_any(&plain, &BOTH) {
        return Some(Place::Both);
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.iter().enumerate().find_map(|(i, word)| {
        let place = ORDINALS.iter().position(|o| o == word)?;
        words.get(i + 1).is_none_or(|next| JOB.contains(next)).then_some(match place {
            place if place == ORDINALS.len() - 1 => Place::Last,
            place => Place::At(place),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_have_places_too() {
        for (text, expected) in [
            ("what did the first fold cost?", Some(Place::At(0))),
            ("and what did the first one cost?", Some(Place::At(0))),
            ("cancel the second one", Some(Place::At(1))),
            ("cancel the third", Some(Place::At(2))),
            ("cancel both", Some(Place::Both)),
            ("what came out of the last job?", Some(Place::Last)),
            ("what is the energy of the first protein?", None),
            ("what did it cost?", None),
        ] {
            assert_eq!(job_place(text), expected, "{text}");
        }
    }

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
        assert_eq!(of("and the remaining one?", &two, &["a.fa"], &["a.fa"]), these(&["b.fa"]));
        assert_eq!(of("fold all", &three, &[], &[]), these(&three));
        assert!(matches!(of("fold the other file", &["a.fa"], &[], &[]), Some(Meant::OneOf(_))));
        for (text, used) in [("the other one", &["a.fa"][..]), ("fold both", &[]), ("the fifth file", &[])] {
            assert!(matches!(of(text, &three, &[], used), Some(Meant::OneOf(_))), "{text}");
        }
        assert_eq!(of("fold the first 5 proteins", &two, &[], &[]), None);
        assert_eq!(of("fold it", &two, &[], &[]), None);
    }
}
