//! Probes of this machine and of datasets, the task catalogue, and the estimator.
//!
//! What a job needs and where it fits is drawn from these alone, never from what a model says.

pub mod catalogue;
mod cgroup;
pub mod containers;
mod counted;
mod dataset;
pub mod estimator;
pub mod expand;
mod extents;
mod first;
mod hmm;
mod host;
pub mod identity;
pub mod impossible;
mod parameters;
pub mod programs;
mod room;
mod sample;
mod sniff;
mod supposed;

pub use dataset::profile_dataset;
pub use first::suits_too;
pub use host::probe_machine;
pub use identity::{Compared, hold_the_same, sha256_of};
pub use impossible::{Impossible, impossible, impossible_with};
pub use parameters::check_parameters;
pub use room::{Room, no_room, unpacked_bytes};
pub use supposed::Supposed;

use science::InputError;

/// Why a probe has no answer. A probe that fails is a refusal.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The system's own error.
    #[error("{}", self.told_of("the dataset"))]
    Read {
        /// What, where it is not the file.
        what: Option<&'static str>,
        /// The system's error.
        source: std::io::Error,
    },
    /// The system does not say how much memory there is.
    #[error("this system does not say how much memory it has")]
    NoMemory,
    /// No byte.
    #[error("{}", self.told_of("the dataset"))]
    Empty,
    /// It begins as FASTA or FASTQ, or as gzip, and is not.
    #[error("{}", self.told_of("the dataset"))]
    Damaged(#[source] InputError),
    /// A sample of it is not what its beginning is.
    #[error("{}", self.told_of("the dataset"))]
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
    /// The same of a file of that name.
    pub fn told_of(&self, file: &str) -> String {
        match self {
            ProbeError::Read { what, source } => format!("{} could not be read: {source}", what.unwrap_or(file)),
            ProbeError::NoMemory => "this system does not say how much memory it has".to_owned(),
            ProbeError::Empty => format!("{file} is empty"),
            // There is nothing wrong with it.
            ProbeError::Damaged(error @ (InputError::Memory { .. } | InputError::Dictionary)) => {
                format!("{file} cannot be read here: {error}")
            }
            ProbeError::Damaged(error) => format!("{file} is damaged: {error}"),
            ProbeError::Changes { begins, near, why } => {
                format!("{file} begins as {begins} and is something else near byte {near}: {why}")
            }
        }
    }

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
    ProbeError::Read { what: None, source }
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
