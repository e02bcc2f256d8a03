//! Neo's binary form: little-endian integers, counts of variable length, bytes with their length in front.

/// Why bytes are not what they should be.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum WireError {
    /// The bytes end too soon.
    #[error("the bytes end after {at}, where {want} more are due")]
    Short {
        /// How many bytes were read.
        at: usize,
        /// How many more were wanted.
        want: usize,
    },
    /// A count or length above its limit.
    #[error("{what} is {got}, and at most {limit} is allowed")]
    Large {
        /// What was counted.
        what: &'static str,
        /// The count.
        got: u64,
        /// The limit.
        limit: u64,
    },
    /// A count written with more bytes than it needs: two encodings of one transaction would be two hashes.
    #[error("a count is not written in its shortest form")]
    Padded,
    /// Bytes after the end.
    #[error("{0} bytes follow the end")]
    Trailing(usize),
}

/// Reads front to back; never panics.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(WireError::Short { at: self.at, want: count })?;
        self.at += count;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let at = self.at;
        self.take(N)?.try_into().map_err(|_| WireError::Short { at, want: N })
    }

    /// One byte.
    ///
    /// # Errors
    /// At the end.
    pub fn byte(&mut self) -> Result<u8, WireError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Four bytes, little-endian.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn u32(&mut self) -> Result<u32, WireError> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes, little-endian, signed.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn i64(&mut self) -> Result<i64, WireError> {
        self.array().map(i64::from_le_bytes)
    }

    /// A count of at most `limit`, in its shortest form.
    ///
    /// # Errors
    /// Too few bytes, a padded form, a count above the limit.
    pub fn count(&mut self, what: &'static str, limit: usize) -> Result<usize, WireError> {
        let (got, least) = match self.byte()? {
            0xfd => (u64::from(u16::from_le_bytes(self.array()?)), 0xfd),
            0xfe => (u64::from(self.u32()?), 0x1_0000),
            0xff => (u64::from_le_bytes(self.array()?), 0x1_0000_0000),
            small => (u64::from(small), 0),
        };
        if got < least {
            return Err(WireError::Padded);
        }
        let large = WireError::Large { what, got, limit: limit as u64 };
        usize::try_from(got).ok().filter(|got| *got <= limit).ok_or(large)
    }

    /// Bytes with their length in front, at most `limit` of them.
    ///
    /// # Errors
    /// As for [`Reader::count`] and [`Reader::take`].
    pub fn bytes(&mut self, what: &'static str, limit: usize) -> Result<&'a [u8], WireError> {
        let length = self.count(what, limit)?;
        self.take(length)
    }

    /// Makes sure that nothing is left.
    ///
    /// # Errors
    /// When bytes are left.
    pub fn end(&self) -> Result<(), WireError> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            left => Err(WireError::Trailing(left)),
        }
    }
}

/// Writes a count in its shortest form.
pub fn write_count(out: &mut Vec<u8>, count: usize) {
    match count as u64 {
        small @ 0..0xfd => out.push(small as u8),
        medium @ 0xfd..0x1_0000 => {
            out.push(0xfd);
            out.extend((medium as u16).to_le_bytes());
        }
        large @ 0x1_0000..0x1_0000_0000 => {
            out.push(0xfe);
            out.extend((large as u32).to_le_bytes());
        }
        huge => {
            out.push(0xff);
            out.extend(huge.to_le_bytes());
        }
    }
}

/// Writes bytes with their length in front.
pub fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_count(out, bytes.len());
    out.extend(bytes);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn counts_round_trip_in_one_form_only() {
        for count in [0, 1, 0xfc, 0xfd, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000] {
            let mut out = Vec::new();
            write_count(&mut out, count);
            let mut reader = Reader::new(&out);
            assert_eq!(reader.count("it", usize::MAX).unwrap(), count);
            reader.end().unwrap();
        }
        for padded in [&[0xfd, 0xfc, 0][..], &[0xfe, 0xff, 0xff, 0, 0], &[0xff, 1, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(Reader::new(padded).count("it", usize::MAX), Err(WireError::Padded));
        }
        assert_eq!(Reader::new(&[17]).count("it", 16), Err(WireError::Large { what: "it", got: 17, limit: 16 }));
    }

    #[test]
    fn a_length_beyond_the_end_is_an_error() {
        assert_eq!(Reader::new(&[5, 1, 2]).bytes("it", 9), Err(WireError::Short { at: 1, want: 5 }));
        assert_eq!(Reader::new(&[0]).u32(), Err(WireError::Short { at: 0, want: 4 }));
    }
}
