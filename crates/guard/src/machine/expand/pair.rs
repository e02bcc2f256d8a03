//! Files that belong together by their names: the first and the second read of each fragment.
//!
//! What is told apart is the number alone: `s_R1.fastq` and `s_R2.fastq`, `s_R1_001.fastq.gz` and `s_R2_001.fastq.gz`, `s_1.fq`
//! and `s_2.fq`, `s.1.fq` and `s.2.fq`, in the same folder. An `R` says that a file is half of a pair; a bare number may be that
//! of a sample, so that it does only where the other one is there. Pure.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{NamedFile, shown};

/// So many names are told before the rest is counted.
const TOLD: usize = 3;

/// One piece of work, by the places of its files in what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Together {
    /// The file that the task's first input takes.
    pub first: usize,
    /// The other file of its pair.
    pub mate: Option<usize>,
}

/// Why names tell no pairs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPairs {
    /// A half that is there twice.
    #[error("`{}` is named twice, and one pair takes it", shown(file))]
    Twice {
        /// As it was named.
        file: PathBuf,
    },
    /// A third file that differs by its number alone.
    #[error(
        "`{}` and `{}` may be a pair, or files that are numbered: there is `{}` too",
        shown(first),
        shown(mate),
        shown(other)
    )]
    Numbered {
        /// The first.
        first: PathBuf,
        /// The second.
        mate: PathBuf,
        /// What is numbered like them.
        other: PathBuf,
    },
    /// Halves of one name that lie in two folders.
    #[error("`{}` and `{}` are called like a pair and lie in different folders", shown(first), shown(mate))]
    Apart {
        /// The first.
        first: PathBuf,
        /// The second.
        mate: PathBuf,
    },
    /// Second halves without a first.
    #[error("{} called like the second of a pair, and `{}` is not among the files", are(files), shown(missing))]
    NoFirst {
        /// As they were named.
        files: Vec<PathBuf>,
        /// What the first of the first one would be called.
        missing: PathBuf,
    },
    /// First halves without a second, where others have theirs or need it.
    #[error("{} called like the first of a pair, and `{}` is not among the files", are(files), shown(missing))]
    NoMate {
        /// As they were named.
        files: Vec<PathBuf>,
        /// What the second of the first one would be called.
        missing: PathBuf,
    },
    /// Files without a number, of a task that takes nothing but pairs.
    #[error("{} no half of a pair by name, and the task takes pairs alone", are(files))]
    NoHalf {
        /// As they were named.
        files: Vec<PathBuf>,
    },
}

impl NoPairs {
    /// What the person can do about it; `mate` is the parameter that takes the other file of a pair.
    pub fn hint(&self, mate: &str, required: bool) -> String {
        let by_hand = format!(
            "`--set {mate}=FILE` says the pair of one file by hand, and a sample sheet (`--sheet`) those of many"
        );
        let together = match self {
            NoPairs::Twice { .. } => return "name each file once".to_owned(),
            NoPairs::NoFirst { .. } | NoPairs::NoMate { .. } => "name both files of a pair together; ",
            NoPairs::NoHalf { .. } => "pairs are told by names such as s_R1.fastq and s_R2.fastq; ",
            NoPairs::Numbered { .. } | NoPairs::Apart { .. } => "",
        };
        let single = if required { "" } else { "; with `--single` each file is taken by itself" };
        format!("{together}{by_hand}{single}")
    }
}

/// `a`, `b` and 3 more are.
fn are(files: &[PathBuf]) -> String {
    let mut told: Vec<String> = files.iter().take(TOLD).map(|file| format!("`{}`", shown(file))).collect();
    let more = files.len().saturating_sub(TOLD);
    told.extend((more > 0).then(|| format!("{more} more")));
    match told.split_last() {
        Some((last, [])) => format!("{last} is"),
        Some((last, rest)) => format!("{} and {last} are", rest.join(", ")),
        None => String::new(),
    }
}

/// How a name tells which half a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Style {
    /// `_R1`.
    Read,
    /// `_1`.
    Number,
}

/// What is the same of two halves: folder and name without the number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Stem {
    style: Style,
    before: String,
    after: String,
}

/// The number in a name, and what stands around it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Marked {
    stem: Stem,
    number: String,
}

impl Marked {
    /// The name with another number.
    fn with(&self, number: &str) -> String {
        let trimmed = TRIMMED.replace('#', number);
        let after = self.stem.after.replacen(TRIMMED, &trimmed, 1);
        let before = match self.stem.before.strip_suffix(&format!("_#{VAL}_")) {
            Some(stem) => format!("{stem}_{number}{VAL}_"),
            None => self.stem.before.clone(),
        };
        format!("{before}{number}{after}")
    }
}

/// What Trim Galore writes before the number once more: `s_R1_val_1.fq.gz`.
const VAL: &str = "_val";
/// The same with the number's place.
const TRIMMED: &str = "_val_#";

/// The number that tells which half of a pair a file is, where its name has one: the last that stands behind an `R`, else the last
/// that stands before a dot or the end.
fn marked(name: &str) -> Option<Marked> {
    let digits_at = |at: usize| name.get(at..).map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let mut found: Option<(Style, usize, usize)> = None;
    for (at, separator) in name.char_indices().filter(|(_, c)| matches!(c, '_' | '.' | '-')) {
        let behind = at + separator.len_utf8();
        let is_read = name.get(behind..).is_some_and(|rest| rest.starts_with(['R', 'r']));
        let (style, from) = if is_read { (Style::Read, behind + 1) } else { (Style::Number, behind) };
        let count = digits_at(from);
        let next = name.get(from + count..).and_then(|rest| rest.chars().next());
        let ends = match style {
            Style::Read => next.is_none_or(|c| !c.is_alphanumeric()),
            Style::Number => separator != '-' && next.is_none_or(|c| c == '.'),
        };
        let better = found.is_none_or(|(known, ..)| style <= known);
        if count > 0 && ends && better {
            found = Some((style, from, from + count));
        }
    }
    let (style, from, to) = found?;
    let number = name.get(from..to)?.to_owned();
    let (mut before, mut after) = (name.get(..from)?.to_owned(), name.get(to..)?.to_owned());
    let again = format!("{VAL}_{number}");
    if let Some(rest) = after.strip_prefix(&again).filter(|rest| rest.is_empty() || rest.starts_with('.')) {
        after = format!("{TRIMMED}{rest}");
    }
    if let Some(stem) = before.strip_suffix(&format!("_{number}{VAL}_")) {
        before = format!("{stem}_#{VAL}_");
    }
    Some(Marked { stem: Stem { style, before, after }, number })
}

/// The files of one name.
#[derive(Debug, Default)]
struct Halves {
    first: Vec<usize>,
    second: Vec<usize>,
    other: Vec<usize>,
}

/// What belongs together of `files`, in the order of the first ones; each file is in exactly one piece of work. `path` is where a
/// file lies and `named` what it is called in what is told. `required`: whether a file may not stand by itself.
///
/// # Errors
/// Names that leave it open.
pub fn pairs(files: &[NamedFile], required: bool) -> Result<Vec<Together>, NoPairs> {
    let folder_of = |file: &NamedFile| file.path.parent().unwrap_or(Path::new("")).to_owned();
    let mark_of = |file: &NamedFile| file.path.file_name().and_then(|name| name.to_str()).and_then(marked);
    let named = |place: usize| files.get(place).map(|file| file.named.clone()).unwrap_or_default();
    let mut all: BTreeMap<(Stem, PathBuf), Halves> = BTreeMap::new();
    let mut marks = Vec::with_capacity(files.len());
    for (place, file) in files.iter().enumerate() {
        let mark = mark_of(file);
        if let Some(mark) = &mark {
            let halves = all.entry((mark.stem.clone(), folder_of(file))).or_default();
            match mark.number.as_str() {
                "1" => halves.first.push(place),
                "2" => halves.second.push(place),
                _ => halves.other.push(place),
            }
        }
        marks.push(mark);
    }
    let mut mate_of: BTreeMap<usize, usize> = BTreeMap::new();
    let mut lone: BTreeMap<Stem, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for ((stem, _), halves) in &all {
        match (halves.first.as_slice(), halves.second.as_slice(), halves.other.first()) {
            ([first, ..], [mate, ..], Some(other)) => {
                return Err(NoPairs::Numbered { first: named(*first), mate: named(*mate), other: named(*other) });
            }
            ([first], [mate], None) => {
                mate_of.insert(*first, *mate);
            }
            ([_, twice, ..], [_, ..], None) | ([_], [_, twice, ..], None) => {
                return Err(NoPairs::Twice { file: named(*twice) });
            }
            // A number beside others is that of a sample.
            (_, _, Some(_)) if stem.style == Style::Number => {}
            (first, second, _) => {
                let (firsts, seconds) = lone.entry(stem.clone()).or_default();
                firsts.extend(first);
                seconds.extend(second);
            }
        }
    }
    let (mut no_first, mut no_mate) = (Vec::new(), Vec::new());
    for (stem, (firsts, seconds)) in &lone {
        if let (Some(first), Some(mate)) = (firsts.first(), seconds.first()) {
            return Err(NoPairs::Apart { first: named(*first), mate: named(*mate) });
        }
        let others_have = !mate_of.is_empty() || required;
        no_first.extend(seconds.iter().copied().filter(|_| stem.style == Style::Read || others_have));
        no_mate.extend(firsts.iter().copied().filter(|_| others_have));
    }
    no_first.sort_unstable();
    no_mate.sort_unstable();
    // In the same folder with the other number.
    let missing = |place: usize, number: &str| {
        let name = marks.get(place).and_then(Option::as_ref).map(|mark| mark.with(number)).unwrap_or_default();
        named(place).with_file_name(name)
    };
    let all_named = |places: &[usize]| places.iter().map(|place| named(*place)).collect();
    if let Some(place) = no_first.first() {
        return Err(NoPairs::NoFirst { files: all_named(&no_first), missing: missing(*place, "1") });
    }
    if let Some(place) = no_mate.first() {
        return Err(NoPairs::NoMate { files: all_named(&no_mate), missing: missing(*place, "2") });
    }
    let mates: std::collections::BTreeSet<usize> = mate_of.values().copied().collect();
    let together: Vec<Together> = (0..files.len())
        .filter(|place| !mates.contains(place))
        .map(|first| Together { first, mate: mate_of.get(&first).copied() })
        .collect();
    let by_themselves: Vec<usize> = together.iter().filter(|one| one.mate.is_none()).map(|one| one.first).collect();
    if required && !by_themselves.is_empty() {
        return Err(NoPairs::NoHalf { files: all_named(&by_themselves) });
    }
    Ok(together)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn files(names: &[&str]) -> Vec<NamedFile> {
        names.iter().map(|name| NamedFile { named: name.into(), path: Path::new("/w").join(name) }).collect()
    }

    /// `a+b c`: what belongs together.
    fn told(names: &[&str]) -> String {
        let name = |place: usize| names[place].to_owned();
        match pairs(&files(names), false) {
            Ok(all) => {
                let one =
                    |t: &Together| t.mate.map_or(name(t.first), |mate| format!("{}+{}", name(t.first), name(mate)));
                all.iter().map(one).collect::<Vec<_>>().join(" ")
            }
            Err(why) => why.to_string(),
        }
    }

    #[test]
    fn pairs_are_told_by_the_number_in_their_names() {
        for (names, expected) in [
            (&["a_R1.fq", "a_R2.fq"][..], "a_R1.fq+a_R2.fq"),
            (&["a_R2_001.fastq.gz", "a_R1_001.fastq.gz"], "a_R1_001.fastq.gz+a_R2_001.fastq.gz"),
            (&["a_1.fq", "b_1.fq", "a_2.fq", "b_2.fq"], "a_1.fq+a_2.fq b_1.fq+b_2.fq"),
            (&["a.1.fq", "a.2.fq", "a.r1.fq", "a.r2.fq"], "a.1.fq+a.2.fq a.r1.fq+a.r2.fq"),
            (&["a_R1_val_1.fq.gz", "a_R2_val_2.fq.gz"], "a_R1_val_1.fq.gz+a_R2_val_2.fq.gz"),
            (&["a_1_val_1.fq", "a_2_val_2.fq"], "a_1_val_1.fq+a_2_val_2.fq"),
            (&["a_R1_1.fq", "a_R2_1.fq", "a_R1_2.fq", "a_R2_2.fq"], "a_R1_1.fq+a_R2_1.fq a_R1_2.fq+a_R2_2.fq"),
            (&["a_R1_L001.fq", "a_R2_L001.fq"], "a_R1_L001.fq+a_R2_L001.fq"),
            (&["SRR7_1.fq.gz", "SRR7_2.fq.gz", "SRR7.fq.gz"], "SRR7_1.fq.gz+SRR7_2.fq.gz SRR7.fq.gz"),
            (&["x/a_1.fq", "y/a_1.fq", "y/a_2.fq", "x/a_2.fq"], "x/a_1.fq+x/a_2.fq y/a_1.fq+y/a_2.fq"),
            // By themselves.
            (&["a_R1.fq"], "a_R1.fq"),
            (&["a_2.fq"], "a_2.fq"),
            (&["a_1.fq", "b_2.fq"], "a_1.fq b_2.fq"),
            (&["a_2.fq", "a_3.fq"], "a_2.fq a_3.fq"),
            (&["a_R10.fq", "a_R20.fq", "1.fq", "2.fq", "a1.fq", "a2.fq"], "a_R10.fq a_R20.fq 1.fq 2.fq a1.fq a2.fq"),
            (&["a_1.fq", "a_1.fq"], "a_1.fq a_1.fq"),
            (&["a_01.fq", "a_02.fq"], "a_01.fq a_02.fq"),
        ] {
            assert_eq!(told(names), expected, "{names:?}");
        }
    }

    #[test]
    fn what_the_names_leave_open_is_told_in_a_sentence() {
        let cases: &[&[&str]] = &[
            &["a_R1.fq", "a_R2.fq", "a_R1.fq"],
            &["a_1.fq", "a_2.fq", "a_3.fq"],
            &["x/a_R1.fq", "y/a_R2.fq"],
            &["x/a_1.fq", "y/a_2.fq"],
            &["a_R2.fq.gz"],
            &["a_R1.fq.gz", "a_R2.fq"],
            &["a_R1_val_1.fq", "b_R1_val_1.fq", "b_R2_val_2.fq"],
            &["a_1.fq", "a_2.fq", "b_2.fq"],
            &["a_R1.fq", "a_R2.fq", "b_R1.fq", "c_R1.fq", "d_R1.fq", "e_R1.fq"],
        ];
        let all: Vec<String> = cases
            .iter()
            .map(|names| {
                let why = pairs(&files(names), false).unwrap_err();
                format!("{}\n  {why}\n  hint: {}", names.join(" "), why.hint("reads_2", false))
            })
            .collect();
        insta::assert_snapshot!(all.join("\n"));
        let required = |names: &[&str]| {
            let why = pairs(&files(names), true).unwrap_err();
            format!("{why}; {}", why.hint("reads_2", true))
        };
        insta::assert_snapshot!([required(&["a_R1.fq"]), required(&["a.fq", "b_R1.fq", "b_R2.fq"])].join("\n"));
    }

    fn name() -> impl Strategy<Value = String> {
        let folder = prop_oneof![Just(""), Just("x/"), Just("y/")];
        let stem = prop_oneof![Just("a"), Just("b"), Just("a_1"), Just("a_R2"), Just("ä")];
        let mark = prop_oneof![
            Just(""),
            Just("_R1"),
            Just("_R2"),
            Just("_R3"),
            Just("_1"),
            Just("_2"),
            Just("_3"),
            Just(".1"),
            Just(".2"),
            Just("-r1"),
            Just("-r2"),
            Just("_R1_001"),
            Just("_R2_001"),
            Just("_R1_val_1"),
            Just("_R2_val_2")
        ];
        let end = prop_oneof![Just(".fq"), Just(".fastq.gz"), Just("")];
        (folder, stem, mark, end).prop_map(|(folder, stem, mark, end)| format!("{folder}{stem}{mark}{end}"))
    }

    proptest! {
        /// Of any names: no file is lost, none is used twice, a pair lies in one folder and differs by 1 and 2 alone; and the order
        /// in which files are named decides nothing but the order of the work.
        #[test]
        fn each_file_is_in_one_piece_of_work(names in prop::collection::vec(name(), 0..12), required in any::<bool>()) {
            let given: Vec<&str> = names.iter().map(String::as_str).collect();
            let found = pairs(&files(&given), required);
            let turned: Vec<&str> = given.iter().rev().copied().collect();
            prop_assert_eq!(found.is_ok(), pairs(&files(&turned), required).is_ok());
            if let Ok(all) = found {
                let mut used: Vec<usize> = all.iter().flat_map(|one| std::iter::once(one.first).chain(one.mate)).collect();
                used.sort_unstable();
                prop_assert_eq!(used, (0..names.len()).collect::<Vec<_>>());
                for one in &all {
                    let Some(mate) = one.mate else {
                        prop_assert!(!required);
                        continue;
                    };
                    let (first, mate) = (given[one.first], given[mate]);
                    let differ: BTreeSet<(char, char)> =
                        first.chars().zip(mate.chars()).filter(|(a, b)| a != b).collect();
                    prop_assert_eq!(first.len(), mate.len());
                    prop_assert_eq!(differ, BTreeSet::from([('1', '2')]));
                    prop_assert_eq!(Path::new(first).parent(), Path::new(mate).parent());
                }
            }
        }

        /// Any text is a name.
        #[test]
        fn no_name_is_too_odd(names in prop::collection::vec("[-_.Rr12_val#\\PC]{0,12}", 0..4)) {
            let given: Vec<&str> = names.iter().map(String::as_str).collect();
            let _ = pairs(&files(&given), false);
        }
    }
}
