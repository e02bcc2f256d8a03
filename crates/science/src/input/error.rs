//! Why a dataset could not be read, in one sentence each.

use std::io;

use crate::scan::ScanError;
use domain::{
    dataset::{Compression, Foreign},
    units::{bytes, count},
};

/// Why a dataset could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The system's own error.
    #[error("the dataset could not be read: {0}")]
    Read(#[source] io::Error),
    /// Compressed data that ends before its end.
    #[error("the file ends in the middle of its {0} stream: it seems cut off")]
    Cut(Compression),
    /// Compressed data that is none.
    #[error("its {kind} data is damaged: {why}")]
    Damaged {
        /// What it begins as.
        kind: Compression,
        /// What is wrong.
        why: String,
    },
    /// Something else stands behind compressed data.
    #[error("behind its {kind} data, at byte {} of the file, stands something that is no {kind}", count(*at))]
    Behind {
        /// What it begins as.
        kind: Compression,
        /// Where the rest begins, bytes.
        at: u64,
    },
    /// Compressed data that takes more memory than it is given.
    #[error("unpacking its {kind} data takes more than {} of memory", bytes(*most))]
    Memory {
        /// What it is.
        kind: Compression,
        /// What it is given, bytes.
        most: u64,
    },
    /// Zstandard with a dictionary of its own.
    #[error("its zstd data was made with a dictionary that is not in the file")]
    Dictionary,
    /// A kind of file that is told apart and not read.
    #[error("the file is {}", .0.name())]
    Foreign(Foreign),
    /// Not FASTA or FASTQ.
    #[error(transparent)]
    Scan(#[from] ScanError),
}

impl InputError {
    /// What the person can do about it.
    pub fn hint(&self) -> String {
        match self {
            InputError::Read(_) => "check that the file can be read and its disk is well".to_owned(),
            InputError::Cut(_)
            | InputError::Scan(ScanError::CutFasta(_) | ScanError::CutFastq { .. } | ScanError::Zeros(_)) => {
                "download or copy the file again".to_owned()
            }
            InputError::Damaged { kind, .. } | InputError::Behind { kind, .. } => {
                format!("test the file with `{kind} -t`, and download it again")
            }
            InputError::Memory { kind: Compression::Zstd, .. } => {
                "unpack it where there is more memory: `zstd -d --long=31 -c FILE > NEW`".to_owned()
            }
            InputError::Memory { kind, .. } => {
                format!("unpack it where there is more memory: `{kind} -dc < FILE > NEW`")
            }
            InputError::Dictionary => "unpack it with its dictionary: `zstd -d -D DICTIONARY -c FILE > NEW`".to_owned(),
            InputError::Foreign(foreign) => foreign.hint(),
            InputError::Scan(ScanError::EmptyLast { .. }) => {
                "if that record is meant to be empty, take its header out; else download or copy the file again"
                    .to_owned()
            }
            InputError::Scan(
                ScanError::NoRead { .. } | ScanError::NoSeparator { .. } | ScanError::Qualities { .. },
            ) => "write each read on four lines: header, sequence, `+`, qualities".to_owned(),
            InputError::Scan(ScanError::NoResidue { byte: b'#', .. }) => {
                "take the lines that begin with `#` out: `grep -v '^#' FILE > NEW`".to_owned()
            }
            InputError::Scan(_) => "look at that place of the file, or make it anew".to_owned(),
        }
    }
}
