//! What kind of file it is, from its first bytes.

use std::{
    fs::OpenOptions,
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use flate2::read::MultiGzDecoder;
use rustix::fs::OFlags;

use domain::dataset::Format;
use science::input::GZIP;

/// How much of a file is looked at to tell what it is, bytes.
const HEAD: usize = 16 * 1024;

/// The format that the file at `path` begins as, decompressed where it is gzip.
///
/// # Errors
/// When it cannot be read.
pub(super) fn file(path: &Path) -> io::Result<Format> {
    // What is a pipe by now is not waited for.
    let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    let mut head = Vec::new();
    file.take(HEAD as u64).read_to_end(&mut head)?;
    let whole = head.len() < HEAD;
    if !head.starts_with(&GZIP) {
        return Ok(format(&head, whole));
    }
    let mut content = Vec::new();
    // The compressed data is cut off where the head ends: what came before counts.
    let ended = MultiGzDecoder::new(head.as_slice()).take(HEAD as u64).read_to_end(&mut content).is_ok();
    Ok(format(&content, ended && whole && content.len() < HEAD))
}

/// The format that `head` begins; `whole` when it is the entire file.
///
/// FASTA begins with `>`; FASTQ with `@` and, two lines on, `+`. Blank lines before them are passed over. Text is UTF-8
/// without control characters.
pub(super) fn format(head: &[u8], whole: bool) -> Format {
    let start = head.iter().position(|b| !matches!(b, b'\n' | b'\r')).unwrap_or(head.len());
    let body = head.get(start..).unwrap_or_default();
    match body.first() {
        Some(b'>') => Format::Fasta,
        Some(b'@') if is_read(body, whole) => Format::Fastq,
        _ if is_text(head, whole) => Format::Text,
        _ => Format::Binary,
    }
}

/// Whether a read may begin here: after a header, lines of residues up to one that begins with `+`, or that lies beyond
/// the bytes at hand. Reads of more than four lines count too, so that the scan can say what is wrong with them.
fn is_read(body: &[u8], whole: bool) -> bool {
    let mut lines = body.split(|&b| b == b'\n').skip(1);
    let residues = |line: &[u8]| line.iter().all(|b| b.is_ascii_alphabetic() || b"*-.~\r".contains(b));
    let Some(first) = lines.next() else { return !whole && !body.contains(&0) };
    if !residues(first) {
        return false;
    }
    match lines.find(|line| !residues(line)) {
        Some(line) => line.first() == Some(&b'+'),
        // Cut off within its sequence, or a sequence longer than the bytes at hand; many lines of words are neither.
        None => body.iter().filter(|&&b| b == b'\n').count() <= 2,
    }
}

/// Whether bytes are UTF-8 text without control characters but for line ends, tabs and form feeds.
pub(super) fn is_text(bytes: &[u8], whole: bool) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        // A character may be cut where the bytes at hand end.
        Err(e) => !whole && e.error_len().is_none(),
    };
    valid && !has_controls(bytes)
}

/// Whether there are control characters but for line ends, tabs and form feeds.
pub(super) fn has_controls(bytes: &[u8]) -> bool {
    bytes.iter().any(|&b| (b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t' | 0x0c)) || b == 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_by_their_bytes() {
        let of = |text: &str| format(text.as_bytes(), true);
        assert_eq!(of(">a\nAC\n"), Format::Fasta);
        assert_eq!(of("\n\r\n>a\nAC\n"), Format::Fasta);
        assert_eq!(of("@r\nACGT\n+\nIIII\n"), Format::Fastq);
        assert_eq!(of("@r\nACGT"), Format::Fastq, "cut off, and the scan will say so");
        assert_eq!(of("@reader, look at this\nand that\n"), Format::Text);
        assert_eq!(of("@r\nACGT\nACGT\n+\nIIII\n"), Format::Fastq, "in more than four lines");
        assert_eq!(of("@mention"), Format::Text);
        assert_eq!(of("@a\nfew\nwords\neach\n"), Format::Text);
        assert_eq!(of("Café.\n"), Format::Text);
        assert_eq!(format("Café".as_bytes().split_last().unwrap().1, false), Format::Text, "a character cut in two");
        assert_eq!(format("Café".as_bytes().split_last().unwrap().1, true), Format::Binary);
        assert_eq!(format(b"\x7fELF\x02", true), Format::Binary);
        assert_eq!(format(&[0; 100], false), Format::Binary);
    }
}
