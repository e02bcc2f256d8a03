//! Sanity of `sequence_stats`: figures that bind each other.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{VerifyError, alike, same_summary, shown, summary_error};
use crate::{lengths::Bar, stats};
use domain::{
    dataset::{Alphabet, Compression, Format, Oddity},
    result::ResultDocument,
};

/// The record of `sequence_stats`, as far as its figures bind each other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stats {
    sequences: u64,
    residues: u64,
    min_length: u64,
    max_length: u64,
    mean_length: f64,
    n50: u64,
    gc: Option<f64>,
    lengths: Vec<Bar>,
}

/// The summary of `sequence_stats` beside the record's own figures.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinds {
    #[serde(rename = "format")]
    _format: Format,
    #[serde(rename = "compression")]
    _compression: Option<Compression>,
    #[serde(rename = "alphabet")]
    _alphabet: Option<Alphabet>,
    note: Option<String>,
    #[serde(default, rename = "oddities")]
    _oddities: Vec<Oddity>,
}

/// Whether the figures fit each other, and the summary has them and nothing else but format and alphabet.
pub(super) fn figures(document: &ResultDocument) -> Result<(), VerifyError> {
    let [record] = document.records.as_slice() else {
        return Err(VerifyError::Count { found: document.records.len(), expected: 1 });
    };
    let wrong = |why: &str| VerifyError::Shape { at: 1, why: why.to_owned() };
    let s: Stats = serde_json::from_value(record.clone()).map_err(|e| wrong(&shown(&e)))?;
    let inside = |n: u64| (s.min_length..=s.max_length).contains(&n);
    if !(inside(s.n50) || s.residues == 0) || !inside(s.mean_length.floor() as u64) {
        return Err(wrong("N50 or the mean lies outside the lengths"));
    }
    if !alike(&(s.mean_length * s.sequences as f64).into(), &(s.residues as f64).into()) {
        return Err(wrong("the mean length is not residues over sequences"));
    }
    if s.gc.is_some_and(|gc| !(0.0..=1.0).contains(&gc)) {
        return Err(wrong("the GC share is not between 0 and 1"));
    }
    if s.lengths.iter().try_fold(0_u64, |sum, bar| sum.checked_add(bar.count)) != Some(s.sequences) {
        return Err(wrong("the histogram does not add up to the sequences"));
    }
    let mut expected = stats::figures(record);
    let others = document.summary.iter().filter(|(name, _)| !expected.contains_key(*name));
    let others: Map<String, Value> = others.map(|(name, value)| (name.clone(), value.clone())).collect();
    let kinds: Kinds = serde_json::from_value(others.clone().into())
        .map_err(|e| summary_error("rest", &e, &"format, compression, alphabet"))?;
    if let Some(note) = kinds.note.filter(|note| note != stats::NOTE) {
        return Err(summary_error("note", &note, &stats::NOTE));
    }
    expected.extend(others);
    same_summary(document, &expected)
}
