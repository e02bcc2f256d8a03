//! Files of `tests/data/odd`, read or named for what they are.

use super::*;
use crate::{SEQUENCE_STATS, TEXT_SUMMARY, Through, read_through, stats::stats};
use domain::{dataset::Foreign, task::Parameters};

fn odd(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../tests/data/odd/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn through(bytes: &[u8]) -> Result<Through, String> {
    read_through(SEQUENCE_STATS, &Parameters::new(), Format::Fasta, file(bytes), &|_| {}).map_err(|e| e.to_string())
}

#[test]
fn what_is_odd_is_read_as_what_it_holds() {
    use Compression::{Bzip2, Gzip, Xz, Zstd};
    use Oddity::{ByteOrderMark, CarriageReturns, Comments, LeadingBlanks, NoEndMarker, TrailingZeros};
    let cases: [(&str, Option<Compression>, &[Oddity]); 12] = [
        ("crlf.fasta", None, &[]),
        ("cr.fasta", None, &[CarriageReturns]),
        ("bom.fasta", None, &[ByteOrderMark]),
        ("semicolon.fasta", None, &[Comments]),
        ("no-final-newline.fasta", None, &[]),
        ("two words (1).fasta", None, &[]),
        ("blank-first.fasta", None, &[LeadingBlanks]),
        ("dna.fasta.bz2", Some(Bzip2), &[]),
        ("dna.fasta.xz", Some(Xz), &[]),
        ("dna.fasta.zst", Some(Zstd), &[]),
        ("padded.fasta.gz", Some(Gzip), &[TrailingZeros]),
        ("cut-at-block.fasta.gz", Some(Gzip), &[NoEndMarker]),
    ];
    for (name, compression, oddities) in cases {
        let bytes = odd(name);
        let mut silent = |_| {};
        let (record, summary) = stats(&mut Input::new(file(&bytes), &mut silent).unwrap()).unwrap();
        let found = through(&bytes).unwrap();
        assert_eq!(
            (found.compression, found.oddities.as_slice(), found.records),
            (compression, oddities, record["sequences"].as_u64().unwrap()),
            "{name}"
        );
        if name != "cut-at-block.fasta.gz" && name != "padded.fasta.gz" {
            assert_eq!(
                (&record["sequences"], &record["residues"], &record["n50"]),
                (&3.into(), &22.into(), &14.into())
            );
            assert_eq!(record["gc"], 0.6, "{name}");
        }
        assert_eq!(summary.get("oddities").is_some(), !oddities.is_empty());
    }
    let wrapped =
        read_through(SEQUENCE_STATS, &Parameters::new(), Format::Fastq, file(&odd("wrapped.fastq")), &|_| {}).unwrap();
    assert_eq!((wrapped.records, wrapped.residues), (2, 10));
    let returns: Vec<u8> = odd("wrapped.fastq").iter().map(|&b| if b == b'\n' { b'\r' } else { b }).collect();
    let read = read_through(SEQUENCE_STATS, &Parameters::new(), Format::Fastq, file(&returns), &|_| {}).unwrap();
    assert_eq!((read.records, read.residues, read.oddities), (2, 10, vec![CarriageReturns]));
}

#[test]
fn what_is_not_read_is_named_with_what_to_do() {
    let named = [
        ("dna.fasta.gz.gz", "gzip within gzip", "unpack it once: `gzip -dc < FILE > NEW`"),
        ("dna.tar.gz", "a tar archive", "`tar -xf FILE`"),
        ("dna.zip", "a zip archive", "`unzip FILE`"),
        ("utf16.fasta", "UTF-16 text", "`iconv -f UTF-16 -t UTF-8 FILE > NEW`"),
        ("hash.fasta", "FASTA behind lines that begin with `#`, from line 1 on", "`grep -v '^#' FILE > NEW`"),
    ];
    for (name, is, hint) in named {
        let error =
            read_through(SEQUENCE_STATS, &Parameters::new(), Format::Fasta, file(&odd(name)), &|_| {}).unwrap_err();
        assert_eq!((error.to_string(), error.why.word()), (format!("the file is {is}"), "format"), "{name}");
        assert!(error.hint().unwrap().contains(hint), "{name}: {:?}", error.hint());
    }
    let latin =
        read_through(TEXT_SUMMARY, &Parameters::new(), Format::Text, file(&odd("latin1.txt")), &|_| {}).unwrap_err();
    assert_eq!(latin.to_string(), "the file is text in Latin-1 or another encoding that is not UTF-8");
    let foreign = |bytes: &[u8]| Content::new(bytes).unwrap().foreign();
    for (bytes, expected) in [
        (&b"BAM\x01\0\0\0\0"[..], Foreign::Bam),
        (b"CRAM\x03\0", Foreign::Cram),
        (b"@SQ\tSN:chr1\tLN:100\nr1\t0\tchr1\t1\t60\t4M\t*\t0\t0\tACGT\tIIII\n", Foreign::Sam),
        (b"##fileformat=VCFv4.2\n", Foreign::Vcf),
        (b"LOCUS       AB000001 100 bp DNA\n", Foreign::GenBank),
        (b"\n<!DOCTYPE html>\n<html>", Foreign::Html),
        (b">\0a\0\n\0A\0C\0", Foreign::Utf16Be),
        (b"7z\xbc\xaf\x27\x1c\0\x04", Foreign::SevenZip),
        (b"; old\nACGT\nACGT\n", Foreign::OldFasta),
    ]
    .map(|(bytes, kind)| if kind == Foreign::Utf16Be { (&b"\0>\0a\0\n\0A\0C"[..], kind) } else { (bytes, kind) })
    {
        assert_eq!(foreign(bytes), Some(expected));
        let packed = gzip(bytes);
        assert_eq!(foreign(&packed), Some(expected), "packed");
    }
    for (inner, outer) in [("dna.fasta.xz", Compression::Xz), ("dna.fasta.zst", Compression::Zstd)] {
        assert_eq!(foreign(&gzip(&odd(inner))), Some(Foreign::Twice(Compression::Gzip, outer)));
    }
    // A README is text, whatever a quotation in it looks like.
    let readme = Content::new(&b"# Title\n\n> A quotation\n"[..]).unwrap();
    assert_eq!(readme.format(), Format::Text);
    assert!(
        through(&odd("last-empty.fasta")).unwrap_err().starts_with("the last record, `s4` on line 8, has a header")
    );
    assert_eq!(through(&odd("gap-last.fasta")).unwrap().records, 4, "gaps are a sequence");
}

/// The content of `bytes`, or what is wrong with them.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, InputError> {
    unpacked_from(bytes)
}

fn unpacked_from(from: impl Read) -> Result<Vec<u8>, InputError> {
    let mut content = Content::new(from)?;
    let mut out = Vec::new();
    loop {
        let piece = content.next_piece()?;
        if piece.is_empty() {
            return Ok(out);
        }
        out.extend_from_slice(piece);
    }
}

#[test]
fn what_is_cut_off_or_damaged_is_found_wherever_it_is() {
    let plain = unpacked(&odd("reads.fasta.gz")).unwrap();
    assert_eq!(plain.len(), 390_000);
    for (name, kind) in
        [("gz", Compression::Gzip), ("bz2", Compression::Bzip2), ("xz", Compression::Xz), ("zst", Compression::Zstd)]
    {
        let packed = odd(&format!("reads.fasta.{name}"));
        assert_eq!(unpacked(&packed).unwrap(), plain, "{name}");
        for length in (kind.magic().len()..packed.len()).step_by(293).chain([packed.len() - 1]) {
            let error = unpacked(&packed[..length]).expect_err(name);
            assert!(matches!(error, InputError::Cut(of) if of == kind), "{name} cut at {length}: {error}");
            assert_eq!(
                error.to_string(),
                format!("the file ends in the middle of its {kind} stream: it seems cut off")
            );
        }
        for at in (20..packed.len() - 30).step_by(977) {
            let mut damaged = packed.clone();
            damaged[at] ^= 0x55;
            let error = match unpacked(&damaged) {
                // Bits that nothing hangs on.
                Ok(content) => {
                    assert!(content == plain, "{name} damaged at {at}");
                    continue;
                }
                Err(error) => error,
            };
            let known = matches!(
                error,
                InputError::Damaged { .. }
                    | InputError::Cut(_)
                    | InputError::Memory { .. }
                    | InputError::Behind { .. }
                    | InputError::Dictionary
            );
            assert!(known, "{name} damaged at {at}: {error}");
        }
        // Streams one after the other, with zeros behind them, and with something else.
        let twice = [packed.as_slice(), &packed].concat();
        assert_eq!(unpacked(&twice).unwrap().len(), 780_000, "{name}");
        assert_eq!(unpacked(&[packed.as_slice(), &[0; 1_024]].concat()).unwrap(), plain, "{name}");
        let error = unpacked(&[packed.as_slice(), b"more"].concat()).expect_err("more");
        let known = matches!(error, InputError::Behind { kind: of, at } if of == kind && at == packed.len() as u64);
        assert!(known || kind == Compression::Xz && matches!(error, InputError::Damaged { .. }), "{error}");
    }
}

#[test]
fn memory_is_bounded_whatever_a_file_says() {
    for (name, kind) in [("window.fasta.zst", Compression::Zstd), ("dictionary.fasta.xz", Compression::Xz)] {
        let error = unpacked(&odd(name)).expect_err(name);
        assert!(matches!(error, InputError::Memory { kind: of, .. } if of == kind), "{error}");
        assert!(error.to_string().ends_with("takes more than 134.2 MB of memory"), "{error}");
    }
    // Frames that are passed over stand before and between the others.
    let zst = odd("dna.fasta.zst");
    let skipped = [b"\x50\x2a\x4d\x18\x03\0\0\0abc".as_slice(), &zst].concat();
    assert_eq!(unpacked(&skipped).unwrap(), unpacked(&zst).unwrap());
    assert!(matches!(unpacked(&skipped[..9]).unwrap_err(), InputError::Cut(Compression::Zstd)));
}

#[test]
fn line_ends_are_the_same_in_any_pieces() {
    /// Gives a few bytes at a time.
    struct Slow<'b>(&'b [u8], usize);
    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(into.len());
            let (now, rest) = self.0.split_at(count);
            into[..count].copy_from_slice(now);
            self.0 = rest;
            Ok(count)
        }
    }
    let text = b"\xef\xbb\xbf>a\rAC\r\nGT\r\r>b\nA\r";
    for size in 1..text.len() {
        let mut content = Content::new(Slow(text, size)).unwrap();
        let mut out = Vec::new();
        loop {
            let piece = content.next_piece().unwrap();
            if piece.is_empty() {
                break;
            }
            out.extend_from_slice(piece);
        }
        assert_eq!(out, b">a\nAC\r\nGT\n\n>b\nA\n", "in pieces of {size}");
        assert_eq!(content.oddities(), [Oddity::ByteOrderMark, Oddity::CarriageReturns]);
    }
    // An error of the system stays one, within compressed data too.
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::NotConnected.into())
        }
    }
    for name in ["gz", "bz2", "xz", "zst"] {
        let packed = odd(&format!("reads.fasta.{name}"));
        // Some of the decoders give nothing of so little.
        let error = unpacked_from(packed[..2_000].chain(Broken)).unwrap_err();
        assert!(matches!(error, InputError::Read(ref e) if e.kind() == io::ErrorKind::NotConnected), "{name}: {error}");
    }
}
