//! The check of a result against its dataset: linear, and for folds exact.
//!
//! Finding a fold is hard, checking one is not. So a provider's work need not be believed: every record is recomputed
//! from the dataset but for the walk, and the walk's energy is counted again. What cannot be checked is that no better
//! fold exists.

mod error;
mod figures;

use std::{fmt, fs::File, path::Path};

use serde_json::{Map, Value};

pub use error::VerifyError;

use super::{
    choices::{self, FoldChoices},
    fold, hp,
    input::Input,
    peptide,
    select::Selection,
    summary,
};
use domain::{
    result::{self, Fold, RESULT_FILE, ResultDocument},
    units::clean,
};

/// Checks `document` against the dataset that it claims to be of; its files lie in `folder`.
///
/// For `protein_folding` all but the optimality of the folds is recomputed, and for `text_summary` everything. For
/// `sequence_stats` the figures must fit each other; for outside programs only the dataset's checksum and the file names
/// are checked. Where anything is recomputed the summary may hold nothing else: it is what people and models read first.
/// Whether the parameters are those that were asked for is for the caller to compare.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(document: &ResultDocument, dataset: File, folder: &Path) -> Result<(), VerifyError> {
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
            figures::figures(document)
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
        super::PEPTIDE_FOLDING => {
            let sequence = peptide::first_of(&mut input);
            same_dataset(document, input)?;
            Ok(peptide::verify_files(&sequence?, folder)?)
        }
        _ => same_dataset(document, input),
    }
}

/// Checks `document` as far as that can be done without its dataset: the names of its files, and for `sequence_stats` that
/// the figures fit each other.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_alone(document: &ResultDocument) -> Result<(), VerifyError> {
    file_names(document)?;
    match document.task_type.as_str() {
        super::SEQUENCE_STATS => {
            program(document, None)?;
            figures::figures(document)
        }
        _ => Ok(()),
    }
}

fn same_dataset(document: &ResultDocument, input: Input<'_>) -> Result<(), VerifyError> {
    let (claimed, found) = (document.dataset.sha256, input.finish()?);
    if claimed == found { Ok(()) } else { Err(VerifyError::Dataset { claimed, found }) }
}

fn file_names(document: &ResultDocument) -> Result<(), VerifyError> {
    let names = || document.files.iter().map(|file| file.name.as_str());
    if let Some(odd) = names().find(|name| !result::is_file_name(name)) {
        return Err(VerifyError::FileName(clean(odd, 60)));
    }
    if !result::are_distinct(names().chain([RESULT_FILE])) {
        return Err(VerifyError::Twice);
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
