//! Why a scan ended early, in one sentence each.

/// Why bytes are no FASTA or FASTQ. Lines count from 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum ScanError {
    /// No byte, or blank lines only.
    #[error("the file is empty")]
    Empty,
    /// Neither `>` nor `@` at the start.
    #[error("the file is neither FASTA nor FASTQ: it begins with {}", shown(*.0))]
    NotSequences(u8),
    /// A zero byte, as in a binary file or in a hole that was never written.
    #[error("line {0} holds zero bytes: the file is binary, or part of it was never written")]
    Zeros(u64),
    /// Something that is no residue.
    #[error("line {line} holds {}, which is no residue letter", shown(*byte))]
    NoResidue {
        /// Which line.
        line: u64,
        /// What it holds.
        byte: u8,
    },
    /// The last header of a FASTA file has no end.
    #[error("the file ends within the header on line {0}: it seems cut off")]
    CutFasta(u64),
    /// The last record of a FASTA file is a header and nothing more.
    #[error(
        "the last record, `{name}` on line {line}, has a header and no sequence: it is empty, or the file is cut off there"
    )]
    EmptyLast {
        /// The line of its header.
        line: u64,
        /// The first word of its header.
        name: String,
    },
    /// The last read of a FASTQ file is not whole.
    #[error("the file ends on line {line}, before the read's {missing}: it seems cut off")]
    CutFastq {
        /// The last line.
        line: u64,
        /// What is missing.
        missing: &'static str,
    },
    /// A FASTQ record that does not begin with `@`.
    #[error("line {line} should begin a read with `@` and begins with {}; reads must have four lines each", shown(*byte))]
    NoRead {
        /// Which line.
        line: u64,
        /// What it begins with.
        byte: u8,
    },
    /// The third line of a read does not begin with `+`.
    #[error("line {line} should begin with `+` and begins with {}; reads must have four lines each", shown(*byte))]
    NoSeparator {
        /// Which line.
        line: u64,
        /// What it begins with.
        byte: u8,
    },
    /// A read whose qualities are not as many as its residues.
    #[error("the read that ends on line {line} has {residues} residues and {qualities} qualities")]
    Qualities {
        /// The line of the qualities.
        line: u64,
        /// Bytes of its sequence.
        residues: u64,
        /// Bytes of its qualities.
        qualities: u64,
    },
    /// A quality outside `!` to `~`.
    #[error("line {line} holds {}, which is no quality", shown(*byte))]
    NoQuality {
        /// Which line.
        line: u64,
        /// What it holds.
        byte: u8,
    },
}

fn shown(byte: u8) -> String {
    match byte {
        b' ' => "a space".to_owned(),
        b'!'..=b'~' => format!("`{}`", char::from(byte)),
        _ => format!("the byte 0x{byte:02x}"),
    }
}
