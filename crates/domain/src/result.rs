//! `result.json`: what a finished run leaves.

use serde::{Deserialize, Serialize};

use super::{hash::Sha256, job::ResultFile, task::Parameters, units};

/// The name of the result document in a job's folder.
pub const RESULT_FILE: &str = "result.json";

/// The result document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultDocument {
    /// The job; the provider writes its own task id and the client puts ours.
    pub job: String,
    /// The catalogue's name of the task.
    pub task_type: String,
    /// What was worked on.
    pub dataset: ResultDataset,
    /// The further files that were worked on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<ResultInput>,
    /// With what choices.
    pub parameters: Parameters,
    /// One object a record; their fields depend on the task.
    pub records: Vec<serde_json::Value>,
    /// What a person wants to know first.
    pub summary: serde_json::Map<String, serde_json::Value>,
    /// Further files beside this one.
    pub files: Vec<ResultFile>,
    /// What made it.
    pub program: ResultProgram,
    /// What the program said on its standard error though it ended well: lines, cleaned, the first [`MAX_WARNINGS`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// As many lines of a program's own messages are kept in the document; `stderr.txt` beside it has all.
pub const MAX_WARNINGS: usize = 20;
/// Characters of each that are kept.
pub const WARNING_WIDTH: usize = 200;

impl ResultDocument {
    /// The warnings as people may read them, whoever wrote the document.
    pub fn clean_warnings(&self) -> Vec<String> {
        let lines = self.warnings.iter().take(MAX_WARNINGS + 1).map(|line| units::clean(line, WARNING_WIDTH));
        lines.filter(|line| !line.is_empty()).collect()
    }
}

/// A further file of a result, such as the database of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultInput {
    /// The parameter that names it.
    pub name: String,
    /// The path as the person named it.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// Of the content that was worked on.
    pub sha256: Sha256,
}

/// The dataset of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultDataset {
    /// The path as the person named it, or the name at the provider.
    pub path: String,
    /// Of the content that was worked on.
    pub sha256: Sha256,
}

/// What made a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultProgram {
    /// Program or built-in algorithm.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The seed of a random search.
    pub seed: Option<u64>,
}

/// One fold of `protein_folding`: a self-avoiding walk on a lattice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fold {
    /// The sequence's id: the header's first word.
    pub id: String,
    /// Residues.
    pub length: u64,
    /// 2 or 3.
    pub dimension: u8,
    /// Minus the number of H-H contacts off the chain.
    pub energy: i64,
    /// One letter a step, length - 1 of them: R/L = x, U/D = y, F/B = z.
    pub walk: String,
    /// The sequence in the HP alphabet.
    pub hp: String,
}
