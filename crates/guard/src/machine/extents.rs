//! Where a file has content: sparse files have holes that take no disk and read as zeros.

use std::{fs::File, io};

use rustix::fs::{SeekFrom, seek};

/// A stretch of a file that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Where it begins, bytes.
    pub(super) start: u64,
    /// How long it is, bytes.
    pub(super) length: u64,
}

/// Files in more pieces than this are taken as one: finding them all would take longer than it saves.
const MOST: usize = 4_096;

/// The written stretches of a file of `bytes` bytes, in order. One stretch over all of it where the file system cannot
/// say. Moves the position of `file`.
pub(super) fn extents(file: &File, bytes: u64) -> Vec<Extent> {
    let whole = vec![Extent { start: 0, length: bytes }];
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes {
        let start = match seek(file, SeekFrom::Data(at)) {
            Ok(start) => start,
            // Nothing but a hole up to the end.
            Err(rustix::io::Errno::NXIO) => break,
            Err(_) => return whole,
        };
        let Ok(end) = seek(file, SeekFrom::Hole(start)) else { return whole };
        let end = end.min(bytes);
        if end <= start || found.len() >= MOST {
            return whole;
        }
        found.push(Extent { start, length: end - start });
        at = end;
    }
    found
}

/// Reads up to `buffer.len()` bytes at `offset`, without moving the file's position; how many there were.
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::os::unix::fs::FileExt as _;
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..)
        && !rest.is_empty()
    {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// Reads a file from its start, leaving its position alone.
pub(super) struct FromStart<'f> {
    file: &'f File,
    /// Bytes read so far.
    pub(super) offset: u64,
}

impl<'f> FromStart<'f> {
    pub(super) fn new(file: &'f File) -> FromStart<'f> {
        FromStart { file, offset: 0 }
    }
}

impl io::Read for FromStart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use std::os::unix::fs::FileExt as _;
        let count = self.file.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// Reads what was written of a file, one stretch after the other, leaving its position alone.
pub(super) struct Written<'f> {
    file: &'f File,
    extents: &'f [Extent],
    /// Bytes of the first stretch that were read.
    read: u64,
}

impl<'f> Written<'f> {
    pub(super) fn new(file: &'f File, extents: &'f [Extent]) -> Written<'f> {
        Written { file, extents, read: 0 }
    }

    /// Where in the file the content's byte `at` lies, and how many bytes follow it without a hole.
    pub(super) fn place(extents: &[Extent], mut at: u64) -> (u64, u64) {
        for extent in extents {
            if at < extent.length {
                return (extent.start + at, extent.length - at);
            }
            at -= extent.length;
        }
        (0, 0)
    }
}

impl io::Read for Written<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use std::os::unix::fs::FileExt as _;
        while let Some((extent, rest)) = self.extents.split_first().filter(|_| !buffer.is_empty()) {
            let room = usize::try_from(extent.length - self.read).unwrap_or(usize::MAX).min(buffer.len());
            let part = buffer.get_mut(..room).unwrap_or_default();
            let count = if room == 0 { 0 } else { self.file.read_at(part, extent.start + self.read)? };
            if count > 0 {
                self.read += count as u64;
                return Ok(count);
            }
            (self.extents, self.read) = (rest, 0);
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn holes_are_left_out() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[b'A'; 10_000]).unwrap();
        file.set_len(1 << 30).unwrap();
        let extents = extents(&file, 1 << 30);
        assert_eq!(extents[0].start, 0);
        // A file system without holes reports the whole; both are right.
        let content: u64 = extents.iter().map(|e| e.length).sum();
        assert!((10_000..=1 << 30).contains(&content));
    }

    #[test]
    fn content_is_placed_and_read_around_holes() {
        let written = [Extent { start: 0, length: 10 }, Extent { start: 100, length: 5 }];
        let place = |at| Written::place(&written, at);
        assert_eq!((place(0), place(9), place(10), place(15)), ((0, 10), (9, 1), (100, 5), (0, 0)));
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..200).collect();
        file.write_all(&bytes).unwrap();
        let mut read = Vec::new();
        io::Read::read_to_end(&mut Written::new(&file, &written), &mut read).unwrap();
        assert_eq!(read, [&bytes[..10], &bytes[100..105]].concat());
    }

    #[test]
    fn a_file_of_one_hole_has_no_content_or_is_one_stretch() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(1 << 20).unwrap();
        let found = extents(&file, 1 << 20);
        assert!(found.is_empty() || found == [Extent { start: 0, length: 1 << 20 }]);
    }
}
