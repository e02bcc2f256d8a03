//! The check of a result against its dataset: linear, and for folds exact.
//!
//! Finding a fold is hard, checking one is not. So a provider's work need not be believed: every record is recomputed
//! from the dataset but for the walk, and the walk's energy is counted again. What cannot be checked is that no better
//! fold exists.

use std::{collections::HashSet, fmt, fs::File};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    ScienceError,
    choices::{self, FoldChoices},
    fold,
    hp::{self, WalkError},
    input::{Input, InputError},
    lengths::Bar,
    select::Selection,
    stats, summary,
};
use crate::domain::{
    dataset::{Alphabet, Format},
    hash::Sha256,
    result::{Fold, RESULT_FILE, ResultDocument},
    units::clean,
};

/// Why a result is not what it claims to be. Records count from 1.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The dataset could not be read again.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Another dataset was worked on.
    #[error("the result is of a dataset with the checksum {claimed}, and this dataset has {found}")]
    Dataset {
        /// In the document.
        claimed: Sha256,
        /// Of the file.
        found: Sha256,
    },
    /// Parameters or a dataset that the task cannot have worked on.
    #[error("the result cannot come from this task: {0}")]
    Impossible(#[source] ScienceError),
    /// A record that is not as the task's records are.
    #[error("record {at} is not as records of this task are: {why}")]
    Shape {
        /// Which record.
        at: usize,
        /// What is wrong with it.
        why: String,
    },
    /// More or fewer records than the dataset makes.
    #[error("the result has {found} records, and this dataset makes {expected}")]
    Count {
        /// In the document.
        found: usize,
        /// By the dataset.
        expected: usize,
    },
    /// A field that the dataset or the parameters contradict.
    #[error("record {at}: {field} is {found}, and should be {expected}")]
    Field {
        /// Which record.
        at: usize,
        /// Which of its fields.
        field: &'static str,
        /// In the document, shortened.
        found: String,
        /// By the dataset, shortened.
        expected: String,
    },
    /// A walk that is no fold.
    #[error("record {at}: {why}")]
    Walk {
        /// Which record.
        at: usize,
        /// Why it is none.
        #[source]
        why: WalkError,
    },
    /// An entry of the summary that the records contradict.
    #[error("the summary's {field} is {found}, and should be {expected}")]
    Summary {
        /// Which entry.
        field: String,
        /// In the document, shortened.
        found: String,
        /// By the records.
        expected: String,
    },
    /// Another program, version or seed than such a result can have.
    #[error("the result does not say by which program, version and seed it was made")]
    Program,
    /// A file name that leads elsewhere or stands twice.
    #[error("the result names a file `{0}`, which no result may")]
    FileName(String),
}

/// Checks `document` against the dataset that it claims to be of.
///
/// For `protein_folding` all but the optimality of the folds is recomputed, and for `text_summary` everything. For
/// `sequence_stats` the figures must fit each other; for outside programs only the dataset's checksum and the file names
/// are checked. Where anything is recomputed the summary may hold nothing else: it is what people and models read first.
/// Whether the parameters are those that were asked
/// for is for the caller to compare.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(document: &ResultDocument, dataset: File) -> Result<(), VerifyError> {
    file_names(document)?;
    let mut silent = |_| {};
    let mut input = Input::new(dataset, &mut silent)?;
    match document.task_type.as_str() {
        super::PROTEIN_FOLDING => {
            let choices = FoldChoices::of(&document.parameters).map_err(VerifyError::Impossible)?;
            let selection = fold::selected(&mut input, &choices);
            // Said first: another dataset explains everything else.
            same_dataset(document, input)?;
            folds(document, &selection.map_err(VerifyError::Impossible)?, &choices)
        }
        super::SEQUENCE_STATS => {
            same_dataset(document, input)?;
            program(document, None)?;
            figures(document)
        }
        super::TEXT_SUMMARY => {
            let wanted = choices::sentences(&document.parameters).map_err(VerifyError::Impossible)?;
            // No more than a few megabytes are worked on, so doing it again is cheap.
            let again = summary::summarise(&mut input, wanted);
            same_dataset(document, input)?;
            let (records, summary) = again.map_err(VerifyError::Impossible)?;
            program(document, None)?;
            same_records(document, &records)?;
            same_summary(document, &summary)
        }
        _ => same_dataset(document, input),
    }
}

fn same_dataset(document: &ResultDocument, input: Input<'_>) -> Result<(), VerifyError> {
    let (claimed, found) = (document.dataset.sha256, input.finish()?);
    if claimed == found { Ok(()) } else { Err(VerifyError::Dataset { claimed, found }) }
}

fn file_names(document: &ResultDocument) -> Result<(), VerifyError> {
    let mut seen = HashSet::from([RESULT_FILE]);
    for file in &document.files {
        let name = file.name.as_str();
        let plain = !name.is_empty()
            && !name.starts_with('.')
            && name.len() <= 200
            && !name.contains(['/', '\\'])
            && !name.contains(char::is_control);
        if !plain || !seen.insert(name) {
            return Err(VerifyError::FileName(clean(name, 60)));
        }
    }
    Ok(())
}

fn folds(document: &ResultDocument, selection: &Selection, choices: &FoldChoices) -> Result<(), VerifyError> {
    let (found, expected) = (document.records.len(), selection.candidates.len());
    if found != expected {
        return Err(VerifyError::Count { found, expected });
    }
    let mut folds = Vec::with_capacity(expected);
    for (i, (record, candidate)) in document.records.iter().zip(&selection.candidates).enumerate() {
        let at = i + 1;
        let fold: Fold =
            serde_json::from_value(record.clone()).map_err(|e| VerifyError::Shape { at, why: shown(&e) })?;
        let hp = hp::to_hp(&candidate.residues);
        same(at, "id", &fold.id, &candidate.id)?;
        same(at, "length", &fold.length, &(hp.len() as u64))?;
        same(at, "dimension", &fold.dimension, &choices.settings.dimension)?;
        same(at, "hp", &fold.hp, &hp)?;
        let energy = hp::energy_of(&hp, &fold.walk, fold.dimension).map_err(|why| VerifyError::Walk { at, why })?;
        same(at, "energy", &fold.energy, &energy)?;
        folds.push(fold);
    }
    same_summary(document, &fold::summary(&folds, selection, choices))?;
    program(document, Some(choices.settings.seed))
}

/// Nothing is missing in the summary, nothing is different, and nothing is in it that the task does not say.
fn same_summary(document: &ResultDocument, expected: &Map<String, Value>) -> Result<(), VerifyError> {
    for (field, expected) in expected {
        let found = document.summary.get(field).unwrap_or(&Value::Null);
        if !alike(found, expected) {
            return Err(summary_error(field, found, expected));
        }
    }
    match document.summary.iter().find(|(field, _)| !expected.contains_key(*field)) {
        Some((field, found)) => Err(summary_error(field, found, &"left out")),
        None => Ok(()),
    }
}

fn summary_error(field: &str, found: &impl fmt::Display, expected: &impl fmt::Display) -> VerifyError {
    VerifyError::Summary { field: clean(field, 40), found: shown(found), expected: shown(expected) }
}

fn same_records(document: &ResultDocument, expected: &[Value]) -> Result<(), VerifyError> {
    if document.records.len() != expected.len() {
        return Err(VerifyError::Count { found: document.records.len(), expected: expected.len() });
    }
    match document.records.iter().zip(expected).position(|(found, expected)| !alike(found, expected)) {
        Some(i) => Err(VerifyError::Shape { at: i + 1, why: "the dataset makes another".to_owned() }),
        None => Ok(()),
    }
}

/// The program's name and seed are what this task has; its version is free, as long as it is one.
fn program(document: &ResultDocument, seed: Option<u64>) -> Result<(), VerifyError> {
    let program = &document.program;
    let version = !program.version.is_empty()
        && program.version.len() <= 40
        && program.version.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b));
    let name = super::program_name(&document.task_type);
    if Some(program.name.as_str()) != name || program.seed != seed || !version {
        return Err(VerifyError::Program);
    }
    Ok(())
}

fn same<T: PartialEq + fmt::Display>(
    at: usize,
    field: &'static str,
    found: &T,
    expected: &T,
) -> Result<(), VerifyError> {
    if found == expected {
        return Ok(());
    }
    Err(VerifyError::Field { at, field, found: shown(found), expected: shown(expected) })
}

/// Text from a document, fit for a message.
fn shown(value: &impl fmt::Display) -> String {
    clean(&value.to_string(), 60)
}

/// Equality of values; numbers that are not whole may differ in their last digits, as readers of JSON round them.
fn alike(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(a), Value::Number(b)) if b.is_f64() => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1e-9),
            _ => false,
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && b.iter().all(|(name, b)| a.get(name).is_some_and(|a| alike(a, b)))
        }
        _ => found == expected,
    }
}

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
    #[serde(rename = "gzip")]
    _gzip: bool,
    #[serde(rename = "alphabet")]
    _alphabet: Option<Alphabet>,
    note: Option<String>,
}

fn figures(document: &ResultDocument) -> Result<(), VerifyError> {
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
        .map_err(|e| summary_error("rest", &e, &"format, gzip, alphabet"))?;
    if let Some(note) = kinds.note.filter(|note| note != stats::NOTE) {
        return Err(summary_error("note", &note, &stats::NOTE));
    }
    expected.extend(others);
    same_summary(document, &expected)
}
