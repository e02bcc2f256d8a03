//! What the parent tells a worker, and what the worker tells back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use domain::{
    hash::Sha256,
    job::ResultFile,
    path_text,
    task::{Parameters, TaskType},
};

/// The environment variable that carries an [`Assignment`] as JSON: others on the machine cannot read it, as they can arguments.
pub(crate) const SPEC_VARIABLE: &str = "AGENT_WORKER_SPEC";

/// The longest spec, bytes: Linux refuses a single variable above 128 KiB.
pub(crate) const MAX_SPEC: usize = 120 << 10;

/// What a worker is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Assignment {
    /// Run a task.
    Run(Box<Spec>),
    /// Check a result that came from elsewhere.
    Check(Box<CheckSpec>),
    /// Ask a program whether it has what a task needs of it.
    Probe(Box<ProbeSpec>),
    /// Become an outside program, within bubblewrap. A worker tells this to another that it starts itself.
    Enter(Box<Entry>),
}

/// What to become, and what must be there then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The program's file.
    #[serde(serialize_with = "path_text::serialize")]
    pub program: PathBuf,
    /// The name that it is called by.
    pub name: String,
    /// One by one.
    pub arguments: Vec<String>,
    /// The files that were bound.
    pub inputs: Vec<EntryInput>,
}

/// A file that was bound, and which one it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EntryInput {
    /// Where.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    /// The device that it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

/// One check, as its worker is told. Its files are open descriptors: the result document, the list of what was fetched as
/// JSON, and the dataset where there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CheckSpec {
    /// Written into the result.
    pub job: String,
    /// What it must be of.
    pub task_type: String,
    /// With what choices it must have been made.
    pub parameters: Parameters,
    /// The content that was sent.
    pub sent: Option<Sha256>,
    /// The dataset's name, for the result.
    pub dataset_name: String,
    /// Whether the dataset is handed over.
    pub has_dataset: bool,
    /// Where the document is; it is written anew there once it is accepted.
    #[serde(serialize_with = "path_text::serialize")]
    pub folder: PathBuf,
    /// Memory that the check may use, bytes.
    pub memory_limit: u64,
    /// CPU time that it may use, seconds.
    pub cpu_limit: u64,
}

/// One look at what a program has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProbeSpec {
    /// The program.
    pub executable: String,
    /// What it is asked by.
    pub arguments: Vec<String>,
    /// A folder for it alone.
    #[serde(serialize_with = "path_text::serialize")]
    pub folder: PathBuf,
    /// Memory that it may use, bytes.
    pub memory_limit: u64,
    /// CPU time that it may use, seconds.
    pub cpu_limit: u64,
}

/// What a program said of itself when it was asked whether it has what a task needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probed {
    /// It has that.
    Able,
    /// It has not. The last line of what it said, cleaned; empty where it said nothing.
    Unable(String),
    /// It gave no answer, and why.
    Unknown(String),
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// It is right, and carries our names.
    Right(Accepted),
    /// It was read whole and is wrong, or holds more than any result may.
    Wrong(String),
    /// What it was compared with is not the dataset that was sent.
    OtherDataset,
}

/// What is kept of a result that is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// The document as it lies in the folder now.
    pub document: ResultFile,
    /// The drawings that were made of it, in the place of any that came by these names.
    pub drawn: Vec<ResultFile>,
    /// What it comes to.
    pub summary: serde_json::Map<String, serde_json::Value>,
    /// What the program said though it ended well, cleaned.
    pub warnings: Vec<String>,
}

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
    /// The dataset's place in the folder that was named, where it is a file of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_place: Option<String>,
    /// The further files, in the order of their descriptors.
    pub further: Vec<SpecFile>,
    /// Where the result goes; it exists.
    #[serde(serialize_with = "path_text::serialize")]
    pub out_dir: PathBuf,
    /// What the run may write, bytes: each file of it, and all together.
    pub output_limit: u64,
    /// Memory that a process of the run may use, bytes.
    pub memory_limit: u64,
    /// CPU time that a process of the run may use, seconds: a backstop behind the parent's clock.
    pub cpu_limit: u64,
}

/// A further file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SpecFile {
    /// The parameter that names it; of several files of one input, a name of its own.
    pub name: String,
    /// The path as the person named it, for the result.
    pub path: String,
    /// Its place in the folder that was named, where it is a file of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
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
    /// The result was checked. The last line.
    Checked(Checked),
    /// The program was asked. The last line.
    Probed(Probed),
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
    /// It wrote more than it may.
    TooMuchOutput {
        /// The limit, bytes.
        limit: u64,
    },
    /// The disk is full.
    DiskFull,
    /// The outside program is not installed.
    MissingProgram {
        /// Its name.
        executable: String,
        /// The Debian package that has it, where the task says so.
        package: Option<String>,
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
