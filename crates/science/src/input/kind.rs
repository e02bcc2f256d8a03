//! What a file is, by the first bytes of its content and never by its name.

use domain::dataset::{Compression, Foreign, Format};

/// UTF-8's byte order mark.
pub const MARK: &[u8] = b"\xef\xbb\xbf";

/// First bytes of kinds that are not read, where nothing else begins like that.
const MAGIC: [(&[u8], Foreign); 16] = [
    (b"PK\x03\x04", Foreign::Zip),
    (b"PK\x05\x06", Foreign::Zip),
    (b"7z\xbc\xaf\x27\x1c", Foreign::SevenZip),
    (b"Rar!\x1a\x07", Foreign::Rar),
    (b"LZIP", Foreign::Lzip),
    (b"\x04\x22\x4d\x18", Foreign::Lz4),
    (b"\x1f\x9d", Foreign::Compress),
    (b"BAM\x01", Foreign::Bam),
    (b"CRAM", Foreign::Cram),
    (b"BCF\x02", Foreign::Bcf),
    (b"%PDF-", Foreign::Pdf),
    (b"\x89HDF\r\n\x1a\n", Foreign::Hdf5),
    // Before UTF-16, whose mark its own begins with.
    (b"\xff\xfe\0\0", Foreign::Utf32),
    (b"\0\0\xfe\xff", Foreign::Utf32),
    (b"\xff\xfe", Foreign::Utf16),
    (b"\xfe\xff", Foreign::Utf16),
];

/// First bytes of kinds of text. SAM's are its header lines (SAM specification, section 1.3).
const TEXTS: [(&[u8], Foreign); 8] = [
    (b"@HD\t", Foreign::Sam),
    (b"@SQ\t", Foreign::Sam),
    (b"@RG\t", Foreign::Sam),
    (b"@PG\t", Foreign::Sam),
    (b"@CO\t", Foreign::Sam),
    (b"##fileformat=VCF", Foreign::Vcf),
    (b"LOCUS   ", Foreign::GenBank),
    (b"ID   ", Foreign::Embl),
];

/// How a file of HMMER's profiles begins (HMMER User's Guide, "File formats").
const HMMER: &[u8] = b"HMMER3/";

/// Where a tar archive has its magic (POSIX ustar), bytes.
const USTAR: std::ops::Range<usize> = 257..262;

/// So many bytes tell UTF-16 that does not say it.
const PAIRS: usize = 64;

/// What the content is that begins with `head`, which is all of it where `whole`; `outer` is what it came out of. A kind
/// that is not read has a name beside its format.
pub(super) fn kind(head: &[u8], whole: bool, outer: Option<Compression>) -> (Format, Option<Foreign>) {
    if let (Some(outer), Some(inner)) = (outer, Compression::of(head)) {
        return (Format::Binary, Some(Foreign::Twice(outer, inner)));
    }
    if let Some((_, foreign)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return (Format::Binary, Some(*foreign));
    }
    if is_lzma(head) {
        return (Format::Binary, Some(Foreign::Lzma));
    }
    if head.get(USTAR) == Some(b"ustar") {
        return (Format::Binary, Some(Foreign::Tar));
    }
    if let Some(foreign) = unmarked_utf16(head) {
        return (Format::Binary, Some(foreign));
    }
    let head = head.strip_prefix(MARK).unwrap_or(head);
    let format = format(head, whole);
    let foreign = match format {
        Format::Fasta | Format::Fastq | Format::Hmm => None,
        Format::Text => text(head),
        Format::Binary => is_latin1(head).then_some(Foreign::Latin1),
    };
    (format, foreign)
}

/// Whether it is LZMA's old format, which has no magic: the properties that its programs write, a dictionary of whole
/// 64 KiB, and a size that is not known (all ones) or below 256 GiB (the LZMA specification's "lzma file format"; the bounds
/// are those of xz itself).
fn is_lzma(head: &[u8]) -> bool {
    let [0x5d, 0, 0, _, _, size @ ..] = head else { return false };
    match size.first_chunk() {
        Some(size) => matches!(u64::from_le_bytes(*size), u64::MAX | 1..=0x3f_ffff_ffff),
        None => false,
    }
}

/// The format that `head` begins.
///
/// FASTA begins with `>`; FASTQ with `@` and, behind lines of residues, `+`; profiles with their format and its version. Blanks and lines that begin with `;` before
/// them are passed over. Text is UTF-8 without control characters.
fn format(head: &[u8], whole: bool) -> Format {
    let body = behind(head, b';');
    match body.first() {
        Some(b'>') => Format::Fasta,
        Some(b'@') if is_read(body, whole) => Format::Fastq,
        _ if head.starts_with(HMMER) && is_text(head, whole) => Format::Hmm,
        _ if is_text(head, whole) => Format::Text,
        _ => Format::Binary,
    }
}

/// What follows blanks and lines that begin with `mark`.
fn behind(mut head: &[u8], mark: u8) -> &[u8] {
    loop {
        let blanks = head.iter().take_while(|b| matches!(b, b'\n' | b'\r' | b' ' | b'\t')).count();
        head = head.get(blanks..).unwrap_or_default();
        if head.first() != Some(&mark) {
            return head;
        }
        let end = head.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(head.len());
        head = head.get(end..).unwrap_or_default();
    }
}

fn is_residues(line: &[u8]) -> bool {
    line.iter().all(|b| b.is_ascii_alphabetic() || b"*-.~\r".contains(b))
}

/// Whether a read may begin here: after a header, lines of residues up to one that begins with `+`, or that lies beyond
/// the bytes at hand.
fn is_read(body: &[u8], whole: bool) -> bool {
    let mut lines = body.split(|&b| b == b'\n').skip(1);
    let Some(first) = lines.next() else { return !whole && !body.contains(&0) };
    if !is_residues(first) {
        return false;
    }
    match lines.find(|line| !is_residues(line)) {
        Some(line) => line.first() == Some(&b'+'),
        // Cut off within its sequence, or a sequence longer than the bytes at hand; many lines of words are neither.
        None => body.iter().filter(|&&b| b == b'\n').count() <= 2,
    }
}

/// What kind of text it is, where it is one of those that are known and hold no sequences that can be read.
fn text(head: &[u8]) -> Option<Foreign> {
    if let Some((_, foreign)) = TEXTS.iter().find(|(begins, _)| head.starts_with(begins)) {
        return Some(*foreign);
    }
    let begins = |word: &[u8]| head.trim_ascii_start().get(..word.len()).is_some_and(|h| h.eq_ignore_ascii_case(word));
    if begins(b"<!doctype html") || begins(b"<html") {
        return Some(Foreign::Html);
    }
    if head.first() == Some(&b'#') && behind(head, b'#').first() == Some(&b'>') {
        return Some(Foreign::HashFasta);
    }
    let body = behind(head, b';');
    let line = body.split(|&b| b == b'\n').next().unwrap_or_default();
    (head.trim_ascii_start().first() == Some(&b';') && !line.is_empty() && is_residues(line))
        .then_some(Foreign::OldFasta)
}

/// UTF-16 of Latin letters, known by every other byte being zero.
fn unmarked_utf16(head: &[u8]) -> Option<Foreign> {
    let pairs = head.get(..PAIRS.min(head.len() & !1)).unwrap_or_default().chunks_exact(2);
    if pairs.len() < 2 {
        return None;
    }
    let all = |low: usize| pairs.clone().all(|p| p.get(low).is_some_and(|&b| b != 0) && p.get(1 - low) == Some(&0));
    match (all(0), all(1)) {
        (true, _) => Some(Foreign::Utf16Le),
        (_, true) => Some(Foreign::Utf16Be),
        _ => None,
    }
}

/// Whether it is text in one byte a character: no controls, and mostly ASCII.
fn is_latin1(head: &[u8]) -> bool {
    let ascii = head.iter().filter(|b| b.is_ascii()).count();
    !head.is_empty() && !has_controls(head) && ascii * 10 >= head.len() * 7
}

/// Whether bytes are UTF-8 text without control characters but for line ends, tabs and form feeds; `whole` when they are
/// all there is, so that no character is cut off at their end.
pub fn is_text(bytes: &[u8], whole: bool) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        // A character may be cut where the bytes at hand end.
        Err(e) => !whole && e.error_len().is_none(),
    };
    valid && !has_controls(bytes)
}

/// Whether there are control characters but for line ends, tabs and form feeds.
pub fn has_controls(bytes: &[u8]) -> bool {
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
        assert_eq!(of("HMMER3/f [3.3.2 | Nov 2020]\nNAME  x\n"), Format::Hmm);
        assert_eq!(of("HMMER is a program.\n"), Format::Text);
        assert_eq!(of("@a\nfew\nwords\neach\n"), Format::Text);
        assert_eq!(of("Café.\n"), Format::Text);
        assert_eq!(format("Café".as_bytes().split_last().unwrap().1, false), Format::Text, "a character cut in two");
        assert_eq!(format("Café".as_bytes().split_last().unwrap().1, true), Format::Binary);
        assert_eq!(format(b"\x7fELF\x02", true), Format::Binary);
        assert_eq!(format(&[0; 100], false), Format::Binary);
    }
}
