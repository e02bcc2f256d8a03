//! Sanity of `sequence_stats`: figures that bind each other.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{VerifyError, alike, same_summary, shown, summary_error};
use crate::{lengths::Bar, stats};
use domain::{
    dataset::{Alphabet, Compression, Doubt, Format, Oddity},
    result::ResultDocument,
};

/// The record of `sequence_stats`, as far as its figures bind each other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stats {
    sequences: u64,
    residues: u64,
    min_length: u64,
    q1_length: f64,
    median_length: f64,
    q3_length: f64,
    max_length: u64,
    mean_length: f64,
    n50: u64,
    l50: u64,
    n90: u64,
    gc: Option<f64>,
    n: Option<u64>,
    #[serde(rename = "gaps")]
    _gaps: u64,
    q20: Option<f64>,
    q30: Option<f64>,
    lengths: Vec<Bar>,
    /// Results of earlier versions have none.
    #[serde(default)]
    qualities: Option<Vec<Bar>>,
}

/// The summary of `sequence_stats` beside the record's own figures.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinds {
    #[serde(rename = "format")]
    _format: Format,
    #[serde(rename = "compression")]
    _compression: Option<Compression>,
    alphabet: Option<Alphabet>,
    #[serde(default, rename = "doubt")]
    _doubt: Option<Doubt>,
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
    let quartiles = [s.min_length as f64, s.q1_length, s.median_length, s.q3_length, s.max_length as f64];
    if !quartiles.is_sorted() {
        return Err(wrong("the quartiles are not in order, or lie outside the lengths"));
    }
    if s.n90 > s.n50 || s.l50 > s.sequences || s.n.is_some_and(|n| n > s.residues) {
        return Err(wrong("N90, L50 or the number of N is more than can be"));
    }
    if [s.gc, s.q20, s.q30].into_iter().flatten().any(|share| !(0.0..=1.0).contains(&share)) || s.q30 > s.q20 {
        return Err(wrong("the share of GC, Q20 or Q30 is not between 0 and 1, or Q30 is more than Q20"));
    }
    if s.lengths.iter().try_fold(0_u64, |sum, bar| sum.checked_add(bar.count)) != Some(s.sequences) {
        return Err(wrong("the histogram does not add up to the sequences"));
    }
    if let Some(bars) = &s.qualities {
        let from = |least: u64| {
            let mut above = bars.iter().filter(|bar| bar.from >= least);
            above.try_fold(0_u64, |sum, bar| sum.checked_add(bar.count)).map(|sum| sum as f64)
        };
        let share = |least: u64| Some(from(least)? / from(0).filter(|all| *all > 0.0)?);
        let agrees = |stated: Option<f64>, least| match (stated, share(least)) {
            (Some(stated), Some(share)) => alike(&stated.into(), &share.into()),
            _ => false,
        };
        if !agrees(s.q20, 20) || !agrees(s.q30, 30) {
            return Err(wrong("Q20 or Q30 is not what the histogram of qualities comes to"));
        }
    }
    let mut expected = stats::figures(record);
    let others = document.summary.iter().filter(|(name, _)| !expected.contains_key(*name));
    let others: Map<String, Value> = others.map(|(name, value)| (name.clone(), value.clone())).collect();
    let kinds: Kinds = serde_json::from_value(others.clone().into())
        .map_err(|e| summary_error("rest", &e, &"format, compression, alphabet"))?;
    if let Some(note) = kinds.note.as_ref().filter(|note| *note != stats::NOTE) {
        return Err(summary_error("note", note, &stats::NOTE));
    }
    if kinds.alphabet != Some(Alphabet::Nucleotide) && (s.gc.is_some() || s.n.is_some()) {
        return Err(wrong("the GC share and the number of N are of nucleotides only"));
    }
    expected.extend(others);
    same_summary(document, &expected)
}
