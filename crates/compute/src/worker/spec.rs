//! What the parent tells a worker, and what the worker tells back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use domain::{
    path_text,
    task::{Parameters, TaskType},
};

/// The environment variable that carries a [`Spec`] as JSON: others on the machine cannot read it, as they can arguments.
pub(crate) const SPEC_VARIABLE: &str = "AGENT_WORKER_SPEC";

/// The longest spec, bytes: Linux refuses a single variable above 128 KiB.
pub(crate) const MAX_SPEC: usize = 120 << 10;

/// One run, as its worker is told. Its files are open descriptors, the dataset's first: see [`super::inputs`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// Written into the result.
    pub job: String,
    /// What to run.
    pub task: TaskType,
    /// With what choices.
    pub parameters: Parameters,
    /// The dataset's name, for the result.
    pub dataset_name: String,
    /// The further files, in the order of their descriptors.
    pub further: Vec<SpecFile>,
    /// Where the result goes; it exists.
    #[serde(serialize_with = "path_text::serialize")]
    pub out_dir: PathBuf,
    /// Memory that a process of the run may use, bytes.
    pub memory_limit: u64,
    /// CPU time that a process of the run may use, seconds: a backstop behind the parent's clock.
    pub cpu_limit: u64,
}

/// A further file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SpecFile {
    /// The parameter that names it.
    pub name: String,
    /// The path as the person named it, for the result.
    pub path: String,
}

/// One line on the worker's standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// Nothing new; the write fails when the parent is gone, and then the run ends.
    Alive,
    /// How far it is, 0 to 1.
    Progress(f64),
    /// The result is written. The last line.
    Done(Measure),
    /// There is none. The last line.
    Failed(Failure),
}

/// What a run took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Wall-clock time, seconds.
    pub seconds: f64,
    /// The largest resident set, bytes.
    pub max_rss: u64,
}

/// Why a run has no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Failure {
    /// It asked for more memory than it may have.
    OutOfMemory,
    /// The disk is full.
    DiskFull,
    /// The outside program is not installed.
    MissingProgram {
        /// Its name.
        executable: String,
        /// The Debian package that has it.
        package: String,
    },
    /// The outside program failed.
    Program {
        /// Its name.
        executable: String,
        /// `exit code 1`, `signal 11`.
        how: String,
        /// The end of its standard error, cleaned.
        said: String,
    },
    /// The task itself said why.
    Task(String),
}
