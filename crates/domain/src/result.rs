//! `result.json`: what a finished run leaves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{bounded::Bounds, hash::Sha256, job::ResultFile, task::Parameters, units};

/// The name of the result document in a job's folder.
pub const RESULT_FILE: &str = "result.json";

/// A result has at most this many files, whoever made it.
pub const MOST_FILES: usize = 1000;

/// The files of what outside programs write to their standard output and standard error.
pub const STDOUT_FILE: &str = "stdout.txt";
/// See [`STDOUT_FILE`].
pub const STDERR_FILE: &str = "stderr.txt";
/// What stands in the place of a version where a program tells none.
pub const NO_VERSION: &str = "not told by the program";
/// The names in a job's folder that are no program's and no provider's to give.
pub const OUR_FILES: [&str; 3] = [RESULT_FILE, STDOUT_FILE, STDERR_FILE];

/// What a result document may hold, whoever wrote it: twice and more what the largest task makes, which is ten thousand folds of
/// six fields each.
pub const BOUNDS: Bounds = Bounds { bytes: 128 << 20, depth: 32, values: 250_000 };

/// What its summary may have, bytes of JSON: it is kept in the ledger, and shown to people and models.
pub const SUMMARY_BYTES: u64 = 256 << 10;

/// The result document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
    pub records: Vec<serde_json::Value>,
    /// What a person wants to know first.
    pub summary: serde_json::Map<String, serde_json::Value>,
    /// Further files beside this one.
    pub files: Vec<ResultFile>,
    /// What made it.
    pub program: ResultProgram,
    /// Whether it was checked against its dataset or a checksum; false for what a stranger's model gave.
    #[serde(default = "checked", skip_serializing_if = "is_checked")]
    pub verified: bool,
    /// What the program said on its standard error though it ended well: lines, cleaned, the first [`MAX_WARNINGS`] of them.
    /// Before them, where it ran without isolation, the line that says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A result of which nothing else is said is a checked one.
fn checked() -> bool {
    true
}

fn is_checked(verified: &bool) -> bool {
    *verified
}

/// What is said of a result that nobody can verify.
pub const NOT_VERIFIABLE: &str = "not verifiable: the provider gives no checksum";

/// As many lines of a program's own messages are kept in the document; `stderr.txt` beside it has all.
pub const MAX_WARNINGS: usize = 20;
/// Characters of each that are kept.
pub const WARNING_WIDTH: usize = 200;
/// How the warning begins that is not the program's own: it ran without isolation.
pub const NOT_ISOLATED: &str = "not isolated: ";

impl ResultDocument {
    /// The warnings as people may read them, whoever wrote the document.
    pub fn clean_warnings(&self) -> Vec<String> {
        // Beside the program's own: that it was not isolated, and that there are more.
        let lines = self.warnings.iter().take(MAX_WARNINGS + 2).map(|line| units::clean(line, WARNING_WIDTH));
        lines.filter(|line| !line.is_empty()).collect()
    }
}

/// Whether a result may have a file of that name: one part of a path, in letters that mean nothing to a shell or a terminal, neither
/// hidden nor an option to a program that is given it.
pub fn is_file_name(name: &str) -> bool {
    name.len() <= 200
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Whether all names are told apart also where capitals are not told from small letters.
pub fn are_distinct<'a>(names: impl IntoIterator<Item = &'a str>) -> bool {
    let mut seen = std::collections::HashSet::new();
    names.into_iter().all(|name| seen.insert(name.to_ascii_lowercase()))
}

/// Whose a result document is: all that is read of one that is only to be known again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ResultOwner {
    /// The job.
    pub job: String,
}

/// A further file of a result, such as the database of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultDataset {
    /// The path as the person named it, or the name at the provider.
    pub path: String,
    /// Of the content that was worked on.
    pub sha256: Sha256,
}

/// What made a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultProgram {
    /// Program or built-in algorithm.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The seed of a random search.
    pub seed: Option<u64>,
    /// What kept an outside program apart from the machine it ran on, such as `bubblewrap`; nothing where nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
    /// The container image that it came from, by name and id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
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
