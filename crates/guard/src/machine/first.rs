//! The first record of a dataset, where a task works on that alone.

use crate::policy::data::OpenDataset;
use domain::{
    dataset::DatasetProfile,
    task::{FirstRecord, TaskType},
    units::{clean, count, counted},
};

use super::catalogue::check_dataset;

/// What is wrong with the first record of a dataset, in words that follow it; nothing where it is as it must be, and where it
/// cannot be read: whoever reads the whole file says why.
pub(super) fn wrong(first: &FirstRecord, open: &OpenDataset) -> Option<String> {
    let record = science::first_record(open.reopen().ok()?, first.max).ok()?;
    let residues = record.letters.len() as u64;
    let (found, letters) = (residues, &first.letters);
    if residues > first.max {
        return Some(format!("it has more than {} residues", count(first.max)));
    }
    if residues < first.min {
        return Some(format!("it has {}", counted(found, "residue", "residues")));
    }
    if record.gaps > 0 {
        return Some("it has gaps".to_owned());
    }
    let odd = record.letters.iter().position(|letter| !letters.as_bytes().contains(&letter.to_ascii_uppercase()))?;
    let letter = record.letters.get(odd).map(|&letter| char::from(letter).to_string()).unwrap_or_default();
    Some(format!("its residue {} is {}, which is none of {letters}", odd + 1, clean(&letter, 4)))
}

/// `5 to 40 residues of ACDEFGHIKLMNPQRSTVWY`.
pub(super) fn wanted(first: &FirstRecord) -> String {
    format!("{} to {} residues of {}", count(first.min), count(first.max), first.letters)
}

/// A sentence on another task that answers a like question, where the dataset suits that one as well.
pub fn suits_too(other: &TaskType, profile: &DatasetProfile, open: &OpenDataset) -> Option<String> {
    check_dataset(other, profile).ok()?;
    let takes = match &other.first {
        None => String::new(),
        Some(first) => match wrong(first, open) {
            Some(_) => return None,
            None => format!(", which takes a first record of {} to {} residues", count(first.min), count(first.max)),
        },
    };
    Some(format!("this file suits {} too ({}){takes}", other.name, other.title))
}
