//! Text as a stream: its lines and characters, and where it stops being text.

use super::scan::Place;

/// Counts the lines of a UTF-8 text; it is fed pieces in order, cut anywhere.
#[derive(Debug, Default)]
pub struct Lines {
    ended: u64,
    characters: u64,
    longest: u64,
    /// Characters of the line that has not ended, and whether there is one.
    current: u64,
    open: bool,
    /// Bytes before what is pending.
    offset: u64,
    /// The beginning of a character that a piece ended in: at most three bytes.
    pending: Vec<u8>,
}

/// Bytes that are no text: no UTF-8, or zeros. [`Lines::place`] says where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoText;

impl Lines {
    /// Counts more text.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), NoText> {
        self.pending.extend_from_slice(piece);
        let bytes = std::mem::take(&mut self.pending);
        let (valid, broken) = match std::str::from_utf8(&bytes) {
            Ok(_) => (bytes.len(), false),
            // A character that is only cut off has no length yet.
            Err(e) => (e.valid_up_to(), e.error_len().is_some()),
        };
        let (text, rest) = bytes.split_at(valid);
        if let Some(zero) = memchr::memchr(0, text) {
            self.count(text.get(..zero).unwrap_or_default());
            return Err(NoText);
        }
        self.count(text);
        if broken {
            return Err(NoText);
        }
        self.pending = rest.to_vec();
        Ok(())
    }

    fn count(&mut self, text: &[u8]) {
        self.offset += text.len() as u64;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text) {
            self.line(text.get(start..end).unwrap_or_default());
            self.ended += 1;
            (self.current, self.open) = (0, false);
            start = end + 1;
        }
        self.line(text.get(start..).unwrap_or_default());
    }

    /// Counts more of the line that has not ended.
    fn line(&mut self, part: &[u8]) {
        let characters = part.iter().filter(|&byte| byte & 0xc0 != 0x80).count() as u64;
        self.characters += characters;
        self.current += characters;
        self.longest = self.longest.max(self.current);
        self.open |= !part.is_empty();
    }

    /// The end of the text.
    pub fn finish(&self) -> Result<(), NoText> {
        if self.pending.is_empty() { Ok(()) } else { Err(NoText) }
    }

    /// Lines, the one that has not ended among them.
    pub fn lines(&self) -> u64 {
        self.ended + u64::from(self.open)
    }

    /// Characters of all lines, their ends left out.
    pub fn characters(&self) -> u64 {
        self.characters
    }

    /// Characters of the longest line.
    pub fn longest(&self) -> u64 {
        self.longest
    }

    /// Where the counting stands; after an error, where the byte stands that is no text.
    pub fn place(&self) -> Place {
        Place { record: 0, line: self.ended + 1, offset: self.offset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_counted_the_same_in_any_pieces() {
        let text = "é€𝄞\nab\n𝄞𝄞𝄞".as_bytes();
        for size in 1..text.len() {
            let mut lines = Lines::default();
            text.chunks(size).for_each(|piece| lines.push(piece).unwrap());
            assert_eq!((lines.lines(), lines.characters(), lines.longest()), (3, 8, 3));
            assert_eq!(lines.finish(), Ok(()));
            assert_eq!(lines.place().offset, text.len() as u64);
        }
    }

    #[test]
    fn what_is_no_text_is_told_with_its_place_in_any_pieces() {
        for (text, line, offset) in
            [(&b"a\nb\xffc\n"[..], 2, 3), (b"a\n\n\0", 3, 3), (b"caf\xc3\n", 1, 3), ("ab\n€".as_bytes(), 2, 3)]
        {
            let text = if text.ends_with("€".as_bytes()) { &text[..text.len() - 1] } else { text };
            for size in 1..=text.len() {
                let mut lines = Lines::default();
                let read = text.chunks(size).try_for_each(|piece| lines.push(piece)).and_then(|()| lines.finish());
                assert_eq!(read, Err(NoText), "{text:?} in pieces of {size}");
                assert_eq!(lines.place(), Place { record: 0, line, offset }, "{text:?} in pieces of {size}");
            }
        }
    }
}
