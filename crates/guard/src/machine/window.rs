//! One look into a large file.

use super::ProbeError;
use science::Letters;

/// One look into the file.
pub(super) struct Window<'b> {
    /// Where it lies in what was written: bytes from its start, holes left out.
    pub(super) at: u64,
    /// The same in the file, for messages.
    pub(super) offset: u64,
    /// What is there.
    pub(super) bytes: &'b [u8],
    /// Whether it ends where the content ends.
    pub(super) last: bool,
}

/// An error about something found in a window.
pub(super) fn changes(begins: &'static str, near: u64, why: &str) -> ProbeError {
    ProbeError::Changes { begins, near, why: why.to_owned() }
}

/// Counts the letters of a line of sequence; zeros, gaps, stops and spaces are passed over. The first byte that is none
/// of these is an error.
pub(super) fn count_letters(line: &[u8], letters: &mut Letters) -> Result<u64, u8> {
    let mut count = 0;
    for run in line.split(|b| !b.is_ascii_alphabetic()) {
        letters.add(run);
        count += run.len() as u64;
    }
    let known = |b: &u8| b.is_ascii_alphabetic() || b"*-.~ \t\r\0".contains(b);
    match line.iter().find(|b| !known(b)) {
        Some(&byte) => Err(byte),
        None => Ok(count),
    }
}
