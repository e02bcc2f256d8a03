//! Places in files.

/// Where in the content of a file something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The record that it stands in or after, from 1; 0 before the first. Text has none.
    pub record: u64,
    /// The line, from 1.
    pub line: u64,
    /// The bytes before it. In a compressed file they are those of the decompressed content.
    pub offset: u64,
}
