//! How a file is cut into parts.

use super::StorageError;

/// Bytes of a part: large enough for fast lines, small enough that a broken one costs little.
pub const PART: u64 = 16 << 20;
/// S3 takes this many parts at most.
const MAX_PARTS: u64 = 10_000;
/// An S3 object holds this much at most: 5 TiB.
pub const MAX_OBJECT: u64 = 5 << 40;

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// From 1, as S3 counts.
    pub number: i32,
    /// Where it begins, bytes.
    pub offset: u64,
    /// How long it is, bytes.
    pub bytes: u64,
}

/// The bytes of each part but the last: 16 MiB, and more once that would make too many parts.
///
/// # Errors
/// [`StorageError::TooLarge`] above 5 TiB.
pub fn part_size(bytes: u64) -> Result<u64, StorageError> {
    if bytes > MAX_OBJECT {
        return Err(StorageError::TooLarge { bytes });
    }
    Ok(PART.max(bytes.div_ceil(MAX_PARTS).next_multiple_of(1 << 20)))
}

/// The parts of a file of that size, in order. The same size gives the same parts.
pub fn parts(bytes: u64, part_size: u64) -> impl Iterator<Item = Part> {
    (1..).zip((0..bytes).step_by(part_size as usize)).map(move |(number, offset)| Part {
        number,
        offset,
        bytes: part_size.min(bytes - offset),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_file() {
        for bytes in [1, PART - 1, PART, PART + 1, 5_000_000_000, 200_000_000_000, MAX_OBJECT] {
            let size = part_size(bytes).unwrap();
            let mut end = 0;
            let mut last = 0;
            for part in parts(bytes, size) {
                assert_eq!((part.offset, part.number), (end, last + 1));
                end += part.bytes;
                last = part.number;
            }
            assert_eq!(end, bytes);
            assert!((1..=10_000).contains(&last), "{bytes}: {last} parts");
        }
        assert!(part_size(MAX_OBJECT + 1).is_err());
    }
}
