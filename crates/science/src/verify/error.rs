//! Why a result is refused, in one sentence each.

use crate::{ScienceError, hp::WalkError, input::InputError, peptide::PeptideError};
use domain::hash::Sha256;

/// Why a result is not what it claims to be. Records count from 1.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The dataset could not be read again.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A folded peptide that is none.
    #[error(transparent)]
    Peptide(#[from] PeptideError),
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
    /// A file name that leads elsewhere, or means something to a program.
    #[error("the result names a file `{0}`, which no result may")]
    FileName(String),
    /// Names that are the same, or that only capitals tell apart.
    #[error("the result names a file twice")]
    Twice,
}
