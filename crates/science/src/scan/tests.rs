use proptest::prelude::*;

use super::*;

/// Collects the records of a scan.
#[derive(Debug, Default, PartialEq, Eq)]
struct Records(Vec<(String, String, bool)>);

impl Visit for Records {
    fn start(&mut self, header: &[u8]) {
        self.0.push((String::from_utf8_lossy(header).into_owned(), String::new(), false));
    }
    fn residues(&mut self, letters: &[u8]) {
        self.0.last_mut().unwrap().1.push_str(std::str::from_utf8(letters).unwrap());
    }
    fn end(&mut self) {
        self.0.last_mut().unwrap().2 = true;
    }
}

fn scan(bytes: &[u8], piece: usize) -> Result<(Format, Vec<(String, String)>), ScanError> {
    let (mut scanner, mut records) = (Scanner::default(), Records::default());
    for piece in bytes.chunks(piece.max(1)) {
        scanner.push(piece, &mut records)?;
    }
    let format = scanner.finish(&mut records)?;
    assert!(records.0.iter().all(|r| r.2), "every record that began has ended");
    Ok((format, records.0.into_iter().map(|(h, s, _)| (h, s)).collect()))
}

fn error(text: &str) -> String {
    let whole = scan(text.as_bytes(), usize::MAX).expect_err(text);
    assert_eq!(scan(text.as_bytes(), 1).expect_err(text), whole, "the same in pieces");
    whole.to_string()
}

#[test]
fn records_of_both_formats() {
    let fasta = ">a first\r\nACgt\r\n-AC*\r\n\r\n>b\n>c\nA C\n";
    let pairs = |p: &[(&str, &str)]| p.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    let expected = (Format::Fasta, pairs(&[("a first", "ACgtAC"), ("b", ""), ("c", "AC")]));
    assert_eq!(scan(fasta.as_bytes(), 1), Ok(expected.clone()));
    assert_eq!(scan(fasta.as_bytes(), 4096), Ok(expected));
    let fastq = "\n@a\nACGT\n+\nII@I\n@b x\n\n+b x\n\n\n@c\nN.\n+\n!~";
    let expected = (Format::Fastq, pairs(&[("a", "ACGT"), ("b x", ""), ("c", "N")]));
    assert_eq!(scan(fastq.as_bytes(), 1), Ok(expected.clone()));
    assert_eq!(scan(fastq.as_bytes(), 4096), Ok(expected));
}

#[test]
fn what_is_wrong_is_told_in_one_sentence() {
    assert_eq!(error(""), "the file is empty");
    assert_eq!(error("\r\n\n"), "the file is empty");
    assert_eq!(error("hello"), "the file is neither FASTA nor FASTQ: it begins with `h`");
    assert_eq!(error("\x01"), "the file is neither FASTA nor FASTQ: it begins with the byte 0x01");
    assert_eq!(error(">a\nAC\0"), "line 2 holds zero bytes: the file is binary, or part of it was never written");
    assert!(error(">a\nAC\n\0\0").starts_with("line 3 holds zero bytes"));
    assert!(error(">a\0b\nAC\n").starts_with("line 1 holds zero bytes"));
    assert_eq!(error(">a\nAC\nA1\n"), "line 3 holds `1`, which is no residue letter");
    assert_eq!(error(">a\nA\u{e9}\n"), "line 2 holds the byte 0xc3, which is no residue letter");
    assert_eq!(error(">a\nAC\n>b"), "the file ends within the header on line 3: it seems cut off");
    let empty =
        "the last record, `b` on line 3, has a header and no sequence: it is empty, or the file is cut off there";
    for end in ["", "\n\n", "; no more\n", "*\n"] {
        assert_eq!(error(&format!(">a\nAC\n>b two\n{end}")), empty);
    }
    assert_eq!(error("@a\nACGT\n+\nII"), "the file ends on line 4, before the read's last qualities: it seems cut off");
    assert_eq!(error("@a\nACGT\n"), "the file ends on line 3, before the read's qualities: it seems cut off");
    assert_eq!(error("@a\nACG"), "the file ends on line 2, before the read's sequence is whole: it seems cut off");
    assert_eq!(error("@a\nACGT\n+\nIII\n"), "the read that ends on line 4 has 4 residues and 3 qualities");
    assert_eq!(
        error("@a\nAC\n!T\n+\nIIII\n"),
        "line 3 should begin with `+` and begins with `!`; reads must have four lines each"
    );
    assert_eq!(error("@a\nAC\nGT\n+\nIII\nII\n"), "the read that ends on line 6 has 4 residues and 5 qualities");
    assert!(error("@a\nAC\nGT\n+\nII\nI\n").contains("before the read's last qualities"));
    assert!(error("@a\nAC\n+\nII\nb\n").starts_with("line 5 should begin a read with `@`"));
    assert_eq!(error("@a\nAC\n+\nI\x07\n"), "line 4 holds the byte 0x07, which is no quality");
}

#[test]
fn comments_blanks_and_wrapped_reads_are_read() {
    let pairs = |p: &[(&str, &str)]| p.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    let odd = "; made long ago\n \t\n\n;\n  >a\nAC\n;GG\nGT\n>b\n--\n;\n";
    let wrapped = "@a\nAC\nGT\n+\n@I\n+I\n@b\nACG\n+b\nIII\n@c\nA\nC\n+\nI\nI";
    for piece in [1, 7, 4096] {
        let expected = (Format::Fasta, pairs(&[("a", "ACGT"), ("b", "")]));
        assert_eq!(scan(odd.as_bytes(), piece), Ok(expected));
        let expected = (Format::Fastq, pairs(&[("a", "ACGT"), ("b", "ACG"), ("c", "AC")]));
        assert_eq!(scan(wrapped.as_bytes(), piece), Ok(expected));
    }
    let mut scanner = Scanner::default();
    scanner.push(odd.as_bytes(), &mut Records::default()).unwrap();
    assert_eq!(scanner.oddities(), [Oddity::Comments, Oddity::LeadingBlanks]);
    assert_eq!(error("; only this\n"), "the file is empty");
}

#[test]
fn long_headers_are_cut_and_cost_no_memory() {
    let text = format!(">{}\nAC\n", "h".repeat(100_000));
    let (_, records) = scan(text.as_bytes(), 1000).unwrap();
    assert_eq!(records[0].0.len(), HEADER_BYTES);
    assert_eq!(records[0].1, "AC");
}

proptest! {
    /// On well-formed files the scan agrees with the field's own parser, however the file is cut into pieces.
    #[test]
    fn agrees_with_needletail(
        records in prop::collection::vec(("[a-z]{1,8}( [ -~]{0,9})?", prop::collection::vec("[A-Za-z]{1,30}", 1..4)), 1..8),
        fastq in any::<bool>(), windows in any::<bool>(), last_end in any::<bool>(), piece in 1_usize..50,
    ) {
        let end = if windows { "\r\n" } else { "\n" };
        let mut text = String::new();
        for (header, lines) in &records {
            let sequence = lines.concat();
            text += &if fastq {
                format!("@{header}{end}{sequence}{end}+{end}{}{end}", "I".repeat(sequence.len()))
            } else {
                format!(">{header}{end}{}{end}", lines.join(end))
            };
        }
        let text = if last_end { &text[..] } else { text.trim_end_matches(['\r', '\n']) };
        let (_, ours) = scan(text.as_bytes(), piece).unwrap();
        let mut reader = needletail::parse_fastx_reader(text.as_bytes()).unwrap();
        let mut theirs = Vec::new();
        while let Some(record) = reader.next() {
            let record = record.unwrap();
            let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
            theirs.push((text(record.id()), text(&record.seq())));
        }
        prop_assert_eq!(ours, theirs);
    }

    /// Any bytes at all end in records or in one error.
    #[test]
    fn never_panics(bytes in prop::collection::vec(prop_oneof![Just(b'>'), Just(b'@'), Just(b'\n'), Just(b'+'), Just(b'A'), any::<u8>()], 0..200), piece in 1_usize..20) {
        let whole = scan(&bytes, usize::MAX);
        prop_assert_eq!(scan(&bytes, piece), whole);
    }
}
