//! The built-in tasks: a file in, a result document out.
//!
//! - `sequence_stats`: figures of a FASTA or FASTQ file ([`scan`] reads it in constant memory)
//! - `protein_folding`: folds in the HP lattice model ([`hp`]), which [`verify`] checks in linear time
//! - `text_summary`: the sentences of a text that say most
//!
//! Beside them the check of an outside program's results: [`peptide`] for `peptide_folding`.

mod choices;
mod draw;
mod drawings;
mod first;
mod fold;
pub mod hp;
pub mod input;
mod lengths;
mod letters;
mod output;
pub mod peptide;
pub mod scan;
mod select;
mod sentences;
mod stats;
mod summary;
pub mod text;
mod through;
mod verify;

use std::{fs::File, io, path::Path};

pub use choices::{LARGEST_SEED, alphabet};
pub use draw::draw;
pub use drawings::{drawings, drawings_of};
pub use first::{FirstRecord, first_record};
pub use fold::CAVEAT;
pub use input::InputError;
pub use lengths::{Bar, Lengths};
pub use letters::{Composition, Letters};
pub use select::LONGEST;
pub use stats::Counts;
pub use through::{ReadError, Through, read_through, try_reading};
pub use verify::{VerifyError, verify, verify_alone};

use choices::FoldChoices;
use domain::{
    dataset::Format,
    hash::Sha256,
    result::{ResultDataset, ResultDocument, ResultProgram},
    task::Parameters,
    units::count,
};
use input::{Content, Input};

/// The names of the built-in tasks, as the catalogue has them.
pub const SEQUENCE_STATS: &str = "sequence_stats";
/// See [`SEQUENCE_STATS`].
pub const PROTEIN_FOLDING: &str = "protein_folding";
/// The task of the catalogue whose results [`peptide`] checks; an outside program runs it.
pub const PEPTIDE_FOLDING: &str = "peptide_folding";
/// See [`SEQUENCE_STATS`].
pub const TEXT_SUMMARY: &str = "text_summary";

/// Why a built-in task made no result.
#[derive(Debug, thiserror::Error)]
pub enum ScienceError {
    /// Not one of the built-in tasks.
    #[error("`{0}` is no built-in task")]
    UnknownTask(String),
    /// The dataset could not be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A parameter outside its limits.
    #[error("the parameter `{name}` must be {wanted}")]
    Parameter {
        /// Which one.
        name: &'static str,
        /// What it may be.
        wanted: String,
    },
    /// A protein is wanted.
    #[error("the sequences are nucleotides (DNA or RNA), and folding takes proteins: translate them first")]
    Nucleotides,
    /// A protein is wanted, and the letters leave open whether it is one.
    #[error(
        "by their letters the sequences are taken as nucleotides (DNA or RNA), and folding takes proteins; they could be either"
    )]
    MaybeNucleotides,
    /// Sequences, but none that can be folded.
    #[error("{} or longer than {} residues", none_folds(*total), count(LONGEST as u64))]
    NothingToFold {
        /// Sequences in the file.
        total: u64,
    },
    /// What was selected is no HP sequence.
    #[error(transparent)]
    Search(#[from] hp::SearchError),
    /// Not text.
    #[error("the dataset is not UTF-8 text")]
    NotText,
    /// Text without words.
    #[error("the text has no sentence to choose")]
    NoSentences,
    /// A result file could not be written.
    #[error("the result file {name} could not be written: {source}")]
    Write {
        /// Its name.
        name: &'static str,
        /// The system's error.
        source: io::Error,
    },
}

/// How a sentence begins that says that nothing can be folded.
fn none_folds(total: u64) -> String {
    match total {
        1 => "the only sequence cannot be folded: it is empty".to_owned(),
        _ => format!("none of the {} sequences can be folded: they are empty", count(total)),
    }
}

impl ScienceError {
    /// A short word for it that stays the same.
    pub fn word(&self) -> &'static str {
        match self {
            ScienceError::UnknownTask(_) => "unknown_task",
            ScienceError::Input(InputError::Read(_)) => "unreadable",
            ScienceError::Input(InputError::Foreign(_)) => "format",
            ScienceError::Input(InputError::Memory { .. } | InputError::Dictionary) => "compressed",
            ScienceError::Input(_) => "damaged",
            ScienceError::Parameter { .. } => "parameter",
            ScienceError::Nucleotides | ScienceError::MaybeNucleotides => "nucleotides",
            ScienceError::NothingToFold { .. } | ScienceError::Search(_) => "nothing_to_fold",
            ScienceError::NotText => "not_text",
            ScienceError::NoSentences => "no_sentences",
            ScienceError::Write { .. } => "unwritable",
        }
    }

    /// What the person can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            ScienceError::Input(error) => return Some(error.hint()),
            ScienceError::NothingToFold { .. } | ScienceError::Search(_) => {
                "name a file with shorter proteins, or cut out the domains that are to be folded"
            }
            ScienceError::NotText => "save it as UTF-8 text, or name another file",
            ScienceError::NoSentences => "name a text with whole sentences",
            ScienceError::UnknownTask(_) | ScienceError::Parameter { .. } => "`agent tasks` shows what there is",
            ScienceError::Write { .. } => "check that the folder is yours and the disk is not full",
            ScienceError::MaybeNucleotides => "if they are proteins, say so: --set alphabet=protein",
            // The sentence says it: translate them first.
            ScienceError::Nucleotides => return None,
        };
        Some(hint.to_owned())
    }
}

/// One run of a built-in task.
#[derive(Debug)]
pub struct Run<'a> {
    /// The task's name in the catalogue.
    pub task: &'a str,
    /// The dataset, open; it is read from its first byte.
    pub input: File,
    /// How the result names the dataset.
    pub dataset_name: &'a str,
    /// How the result names the job.
    pub job: &'a str,
    /// What was chosen; what is missing has the catalogue's default.
    pub parameters: &'a Parameters,
    /// Where further result files go; it must exist.
    pub out_dir: &'a Path,
}

/// Runs a built-in task; `progress` is told the part that is done (0 to 1, never falling).
///
/// The caller writes the document itself as `result.json`.
///
/// # Errors
/// One precise sentence for whatever is wrong with dataset, parameters or disk.
pub fn run(run: Run<'_>, progress: &mut dyn FnMut(f64)) -> Result<ResultDocument, ScienceError> {
    let Run { task, input, dataset_name, job, parameters, out_dir } = run;
    let name = program_name(task).unwrap_or(task);
    let document = |sha256, records, summary, seed| ResultDocument {
        job: job.to_owned(),
        task_type: task.to_owned(),
        dataset: ResultDataset { path: dataset_name.to_owned(), sha256 },
        inputs: Vec::new(),
        parameters: parameters.clone(),
        records,
        summary,
        files: Vec::new(),
        program: ResultProgram {
            name: name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            isolation: None,
            image: None,
        },
        verified: true,
        warnings: Vec::new(),
    };
    let mut document = match task {
        SEQUENCE_STATS => {
            let mut input = Input::new(input, progress)?;
            let (record, summary) = stats::stats(&mut input)?;
            document(input.finish()?, vec![record], summary, None)
        }
        TEXT_SUMMARY => {
            let wanted = choices::sentences(parameters)?;
            let mut input = Input::new(input, progress)?;
            let (records, summary) = summary::summarise(&mut input, wanted)?;
            document(input.finish()?, records, summary, None)
        }
        PROTEIN_FOLDING => {
            let choices = FoldChoices::of(parameters)?;
            // Reading is next to nothing beside folding: a hundredth of the whole.
            let mut reading = |part: f64| progress(part / 100.0);
            let mut input = Input::new(input, &mut reading)?;
            let selection = fold::selected(&mut input, &choices)?;
            let sha256 = input.finish()?;
            let mut folding = |part: f64| progress(0.01 + 0.99 * part);
            let folds = fold::folds(&selection.candidates, &choices.settings, &mut folding)?;
            let records = folds.iter().map(|f| serde_json::json!(f)).collect();
            let summary = fold::summary(&folds, &selection, &choices);
            let mut document = document(sha256, records, summary, Some(choices.settings.seed));
            document.files.push(fold::write_drawings(&folds, out_dir)?);
            document
        }
        other => return Err(ScienceError::UnknownTask(domain::units::clean(other, 60))),
    };
    document.files.extend(drawings(&document, out_dir)?);
    Ok(document)
}

/// The SHA-256 of a file as it is on disk, from its first byte.
///
/// # Errors
/// When it cannot be read.
pub fn sha256(file: File) -> Result<Sha256, InputError> {
    Input::new(file, &mut |_| {})?.finish()
}

/// Reads sequences to their end; their format and how many they are, or none where the content is empty.
///
/// # Errors
/// What is no FASTA or FASTQ, or damaged anywhere.
pub fn sequences_in(file: File) -> Result<Option<(Format, u64)>, InputError> {
    let empty = Content::new(file.try_clone().map_err(InputError::Read)?)?.next_piece()?.is_empty();
    let mut told = |_| {};
    let mut input = Input::new(file, &mut told)?;
    let mut counted = scan::Counted::default();
    match empty {
        true => Ok(None),
        false => input.scan(&mut counted).map(|scanned| Some((scanned.format, counted.records))),
    }
}

/// Reads a file of sequences to its end, once: its checksum and bytes as it is on disk, and how many records it holds.
///
/// # Errors
/// As [`sequences_in`].
pub fn counted(file: File) -> Result<(Sha256, u64, u64), InputError> {
    let mut told = |_| {};
    let mut input = Input::new(file, &mut told)?;
    let mut counted = scan::Counted::default();
    input.scan(&mut counted)?;
    let (sha256, bytes) = input.finish_measured()?;
    Ok((sha256, bytes, counted.records))
}

/// How the results of a built-in task name the program that made them.
fn program_name(task: &str) -> Option<&'static str> {
    match task {
        SEQUENCE_STATS => Some("sequence-stats"),
        PROTEIN_FOLDING => Some("hp-replica-exchange"),
        TEXT_SUMMARY => Some("sumbasic"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
