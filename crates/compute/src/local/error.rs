//! Why a run on this machine gave no result, and what to do about it.

use domain::units;

/// What is said of a program that said nothing.
const SILENT: &str = " and gave no reason: it wrote nothing to its standard error";

/// Why a run gave no result. Text in it that came from a program or a dataset is cleaned, and is data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// It wanted more memory than it may have.
    #[error("the run needed more than the {} of memory it may use", units::bytes(*limit))]
    OutOfMemory {
        /// The limit, bytes.
        limit: u64,
    },
    /// It wrote more than it may.
    #[error("the run wrote more than the {} it may, or too many files", units::bytes(*limit))]
    TooMuchOutput {
        /// The limit, bytes.
        limit: u64,
    },
    /// It took longer than it may.
    #[error("the run took longer than the {} it may take", units::seconds(*limit as f64))]
    TimedOut {
        /// The limit, seconds.
        limit: u64,
    },
    /// A person gave it up.
    #[error("the run was canceled")]
    Canceled,
    /// The outside program is not installed.
    #[error("the program `{executable}` is not installed")]
    MissingProgram {
        /// Its name.
        executable: String,
        /// The Debian package that has it, where the task says so.
        package: Option<String>,
    },
    /// The outside program failed.
    #[error("`{executable}` failed ({how}){}{said}", if said.is_empty() { SILENT } else { ": " })]
    Program {
        /// Its name.
        executable: String,
        /// `exit code 1`, `signal 11`.
        how: String,
        /// The end of its standard error, cleaned.
        said: String,
    },
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// The task said why it cannot.
    #[error("{0}")]
    Task(String),
    /// The child process died without a word.
    #[error("the run ended without a result ({how}){}{said}", if said.is_empty() { "" } else { ": " })]
    Crashed {
        /// `exit code 101`, `signal 9`.
        how: String,
        /// The end of its standard error, cleaned.
        said: String,
    },
    /// The child process could not be started, or its result not be read.
    #[error("the run could not be made: {0}")]
    System(String),
}

impl LocalError {
    /// What a person can do next.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            LocalError::MissingProgram { package, .. } => install(package.as_deref()),
            LocalError::Program { said, .. } if said.is_empty() => {
                "look for what the program may not take: odd letters, empty records, names that occur twice".into()
            }
            LocalError::DiskFull => "free some space where AGENT_HOME lies, or name another folder with --out".into(),
            LocalError::TooMuchOutput { .. } => {
                "look for what makes its output so long; `max_result_bytes` in policy.toml is the limit".into()
            }
            LocalError::Crashed { how, .. } if how == "signal 9" => {
                "the system ended it, most often because memory ran out; close other programs and try again".into()
            }
            LocalError::Crashed { .. } => "run it again; should it happen again, the dataset brings it about".into(),
            // What helps after a limit depends on the job.
            LocalError::OutOfMemory { .. } | LocalError::TimedOut { .. } => return None,
            // Where its messages lie depends on the job too.
            LocalError::Program { .. } => return None,
            LocalError::Canceled | LocalError::Task(_) | LocalError::System(_) => return None,
        })
    }
}

/// How a missing program comes to be there.
fn install(package: Option<&str>) -> String {
    match package {
        Some(package) => format!("install it: sudo apt-get install {package}"),
        None => "install it, so that it is on PATH".to_owned(),
    }
}
