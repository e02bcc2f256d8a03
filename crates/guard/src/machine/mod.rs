//! Probes of this machine and of datasets, the task catalogue, and the estimator.
//!
//! What a job needs and where it fits is drawn from these alone, never from what a model says.

pub mod catalogue;
mod cgroup;
mod counted;
mod dataset;
pub mod estimator;
pub mod expand;
mod extents;
mod host;
pub mod identity;
pub mod impossible;
mod parameters;
pub mod programs;
mod sample;
mod sniff;
mod supposed;

pub use dataset::profile_dataset;
pub use host::probe_machine;
pub use identity::{same_content, sha256_of};
pub use impossible::{Impossible, impossible};
pub use parameters::check_parameters;
pub use supposed::Supposed;

use science::InputError;

/// Why a probe has no answer. A probe that fails is a refusal.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The system's own error.
    #[error("{what} could not be read: {source}")]
    Read {
        /// What.
        what: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// The system does not say how much memory there is.
    #[error("this system does not say how much memory it has")]
    NoMemory,
    /// No byte.
    #[error("the dataset is empty")]
    Empty,
    /// It begins as FASTA or FASTQ, or as gzip, and is not.
    #[error("the dataset is damaged: {0}")]
    Damaged(#[source] InputError),
    /// A sample of it is not what its beginning is.
    #[error("the dataset begins as {begins} and is something else near byte {near}: {why}")]
    Changes {
        /// What it begins as.
        begins: &'static str,
        /// Where it is not.
        near: u64,
        /// What was found.
        why: String,
    },
}

impl ProbeError {
    /// What the person can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            ProbeError::Read { .. } => "check that the file can be read and its disk is well",
            ProbeError::NoMemory => "mount /proc",
            ProbeError::Empty => "check the name, and whether its download finished",
            ProbeError::Damaged(error) => return Some(error.hint()),
            ProbeError::Changes { .. } => "look at that place of the file, or make it anew",
        };
        Some(hint.to_owned())
    }
}

fn unreadable(source: std::io::Error) -> ProbeError {
    ProbeError::Read { what: "the dataset", source }
}

#[cfg(test)]
mod packed {
    use std::io::Write as _;

    /// These bytes, compressed.
    pub fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }
}
