use std::{cell::RefCell, io::Write as _};

use proptest::prelude::*;

use super::*;
use crate::{
    Run, SEQUENCE_STATS,
    input::tests::{file, gzip},
    run,
};
use domain::task::Parameters;

/// Larger than any window of the probe, bytes.
const LARGE: usize = 20_000_000;

fn through(task: &str, format: Format, bytes: &[u8]) -> Result<Through, ReadError> {
    read_through(task, &Parameters::new(), format, file(bytes), &|_| {})
}

fn wrong(format: Format, bytes: &[u8]) -> String {
    through(SEQUENCE_STATS, format, bytes).unwrap_err().to_string()
}

/// Reads of 100 bases, about [`LARGE`] bytes of them; how many.
fn reads() -> (Vec<u8>, u64) {
    let mut reads = Vec::with_capacity(LARGE + 1_000);
    let mut count = 0;
    while reads.len() < LARGE {
        count += 1;
        let (bases, qualities) = ("ACGT".repeat(25), "I".repeat(100));
        writeln!(reads, "@read.{count:06}\n{bases}\n+\n{qualities}").unwrap();
    }
    (reads, count)
}

/// Proteins of 50 residues, about [`LARGE`] bytes of them; how many.
fn proteins() -> (Vec<u8>, u64) {
    let mut proteins = Vec::with_capacity(LARGE + 1_000);
    let mut count = 0;
    while proteins.len() < LARGE {
        count += 1;
        writeln!(proteins, ">protein.{count:06}\nMKTAYIAKQRLGMKTAYIAKQRLGM\nMKTAYIAKQRLGMKTAYIAKQRLGM").unwrap();
    }
    (proteins, count)
}

#[test]
fn a_whole_file_is_hashed_and_counted_in_one_pass() {
    let (plain, count) = reads();
    let told = RefCell::new(Vec::new());
    let found = read_through(SEQUENCE_STATS, &Parameters::new(), Format::Fastq, file(&plain), &|bytes| {
        told.borrow_mut().push(bytes)
    })
    .unwrap();
    let expected = Through {
        sha256: Sha256::of(&plain),
        bytes: plain.len() as u64,
        compression: None,
        format: Format::Fastq,
        records: count,
        residues: count * 100,
        alphabet: Some(Alphabet::Nucleotide),
        oddities: Vec::new(),
    };
    assert_eq!(found, expected);
    let told = told.into_inner();
    assert!(told.is_sorted() && told.last() == Some(&(plain.len() as u64)), "{:?}", told.last());
    let packed = gzip(&plain);
    let inside = Through {
        sha256: Sha256::of(&packed),
        bytes: packed.len() as u64,
        compression: Some(Compression::Gzip),
        ..expected
    };
    assert_eq!(through(SEQUENCE_STATS, Format::Fastq, &packed).unwrap(), inside);
    let text = through("text_summary", Format::Text, "Une.\nÉté\n".as_bytes()).unwrap();
    assert_eq!((text.format, text.records, text.residues, text.alphabet), (Format::Text, 2, 7, None));
    let bytes = through("other", Format::Binary, b"\x7fELF\0\xff").unwrap();
    assert_eq!((bytes.sha256, bytes.bytes, bytes.records), (Sha256::of(b"\x7fELF\0\xff"), 6, 0));
}

#[test]
fn damage_at_the_far_end_is_told_with_its_place() {
    let (mut reads, count) = reads();
    let length = reads.len();
    // One quality less in the last read.
    let mut short = reads.clone();
    short.remove(length - 5);
    assert_eq!(
        wrong(Format::Fastq, &short),
        format!(
            "the read that ends on line {} has 100 residues and 99 qualities (record {}, byte offset {})",
            count * 4,
            units(count),
            units(length as u64 - 2)
        )
    );
    assert_eq!(
        wrong(Format::Fastq, &reads[..length - 40]),
        format!(
            "the file ends on line {}, before the read's last qualities: it seems cut off (record {}, byte offset {})",
            count * 4,
            units(count),
            units(length as u64 - 40)
        )
    );
    reads[length - 150] = b'!';
    assert_eq!(
        wrong(Format::Fastq, &reads),
        format!(
            "line {} holds `!`, which is no residue letter (record {}, byte offset {})",
            count * 4 - 2,
            units(count),
            units(length as u64 - 150)
        )
    );
    assert!(wrong(Format::Fastq, &gzip(&reads)).ends_with(&format!("byte offset {})", units(length as u64 - 150))));
    let error = through(SEQUENCE_STATS, Format::Fastq, &reads).unwrap_err();
    let place = Place { record: count, line: count * 4 - 2, offset: length as u64 - 150 };
    assert_eq!((error.place, error.why.word()), (Some(place), "damaged"));
    assert_eq!(error.hint().as_deref(), Some("look at that place of the file, or make it anew"));
}

#[test]
fn zeros_anywhere_end_the_reading() {
    let (mut proteins, count) = proteins();
    let length = proteins.len();
    // A hole behind the last record, as a broken download leaves it.
    let hole = file(&proteins);
    hole.set_len(length as u64 + 5_000_000).unwrap();
    let error = read_through(SEQUENCE_STATS, &Parameters::new(), Format::Fasta, hole, &|_| {}).unwrap_err();
    let expected = format!(
        "line {} holds zero bytes: the file is binary, or part of it was never written (record {}, byte offset {})",
        count * 3 + 1,
        units(count),
        units(length as u64)
    );
    assert_eq!((error.to_string(), error.hint().as_deref()), (expected, Some("download or copy the file again")));
    proteins[length - 1_000] = 0;
    assert!(wrong(Format::Fasta, &proteins).contains("holds zero bytes"));
    for reads in
        ["@a\0\nA\n+\nI\n", "@a\n\0\n+\nI\n", "@a\nA\n+\0\nI\n", "@a\nA\n+\n\0\n", "@a\nA\n\0+\nI\n", "@a\nA\n+\nI\n\0"]
    {
        let error = wrong(Format::Fastq, reads.as_bytes());
        let offset = reads.find('\0').unwrap();
        assert!(error.contains("holds zero bytes") && error.ends_with(&format!("byte offset {offset})")), "{error}");
    }
}

#[test]
fn compressed_data_that_is_cut_off_or_damaged() {
    let (reads, count) = reads();
    let packed = gzip(&reads);
    let cut = wrong(Format::Fastq, &packed[..packed.len() - 12]);
    let begins =
        "the file ends in the middle of its gzip stream: it seems cut off (what came before it ends in record ";
    assert!(cut.starts_with(begins) && cut.contains(", line ") && cut.contains(", byte offset "), "{cut}");
    // Its checksum at the very end: everything before it was read.
    let mut damaged = packed.clone();
    let last = damaged.len() - 6;
    damaged[last] ^= 0xff;
    let error = through(SEQUENCE_STATS, Format::Fastq, &damaged).unwrap_err();
    assert!(error.to_string().starts_with("its gzip data is damaged"), "{error}");
    let end = Place { record: count, line: count * 4 + 1, offset: reads.len() as u64 };
    assert_eq!(error.place, Some(end));
    assert_eq!(error.hint().as_deref(), Some("test the file with `gzip -t`, and download it again"));
}

#[test]
fn text_is_text_to_its_end() {
    let mut text = "Une phrase de café, toujours la même.\n".repeat(LARGE / 40).into_bytes();
    let found = through("text_summary", Format::Text, &text).unwrap();
    assert_eq!((found.records, found.sha256), (LARGE as u64 / 40, Sha256::of(&text)));
    let at = text.len() - 3;
    text[at] = 0xff;
    let error = through("text_summary", Format::Text, &text).unwrap_err();
    let expected = format!("the dataset is not UTF-8 text (line {}, byte offset {})", units(500_000), units(at as u64));
    assert_eq!((error.to_string(), error.why.word()), (expected, "not_text"));
    let cut = through("text_summary", Format::Text, b"caf\xc3").unwrap_err();
    assert_eq!(cut.to_string(), "the file is text in Latin-1 or another encoding that is not UTF-8");
    assert_eq!(through("text_summary", Format::Text, b"").unwrap_err().to_string(), "the file is empty");
    assert_eq!(wrong(Format::Fasta, b"\n\n"), "the file is empty");
}

#[test]
fn what_cannot_be_folded_is_found_at_the_end() {
    let long = format!(">a\n{}\n", "MKTAYIAKQR".repeat(201)).repeat(10_000);
    let error = through(PROTEIN_FOLDING, Format::Fasta, long.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "none of the 10,000 sequences can be folded: they are empty or longer than 2,000 residues"
    );
    let found = through(PROTEIN_FOLDING, Format::Fasta, format!("{long}>b\nMKT\n").as_bytes()).unwrap();
    assert_eq!((found.records, found.residues), (10_001, 20_100_003));
    assert_eq!(through(PROTEIN_FOLDING, Format::Fasta, b">a\nACGTACGT\n").unwrap_err().why.word(), "nucleotides");
    assert!(through(SEQUENCE_STATS, Format::Fasta, long.as_bytes()).is_ok(), "statistics are made of them");
}

fn units(n: u64) -> String {
    count(n)
}

/// Pieces of files as people have them, and odd bytes between.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b">a b\nMKTAYI\nAK-Q*\n".to_vec()),
        Just(b">\nACGT\r\n".to_vec()),
        Just(b"@r\nACGT\n+\nII@I\n".to_vec()),
        prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'>'), Just(0), Just(0xff), any::<u8>()], 0..3),
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// What is read through the task can work on, with the same figures; what is not, the task refuses for the same reason.
    #[test]
    fn it_agrees_with_the_task(bytes in content(), packed in any::<bool>(), fold in any::<bool>()) {
        let bytes = if packed { gzip(&bytes) } else { bytes };
        let out = tempfile::tempdir().unwrap();
        let parameters: Parameters = serde_json::json!({"effort": "quick", "max_sequences": 1}).as_object().unwrap().clone();
        let task = if fold { PROTEIN_FOLDING } else { SEQUENCE_STATS };
        let work = Run { task, input: file(&bytes), dataset_name: "d", job: "j", parameters: &parameters, out_dir: out.path() };
        match (through(task, Format::Fasta, &bytes), run(work, &mut |_| {})) {
            (Ok(found), Ok(document)) => {
                prop_assert_eq!(found.sha256, document.dataset.sha256);
                prop_assert_eq!(found.bytes, bytes.len() as u64);
                let total = if fold { &document.summary["total"] } else { &document.summary["sequences"] };
                prop_assert_eq!(Some(found.records), total.as_u64());
                if !fold {
                    prop_assert_eq!(Some(found.residues), document.summary["residues"].as_u64());
                    prop_assert_eq!(serde_json::json!(found.format), document.summary["format"].clone());
                    prop_assert_eq!(serde_json::json!(found.alphabet), document.summary["alphabet"].clone());
                }
            }
            (Err(error), Err(task)) => {
                prop_assert_eq!(error.why.to_string(), task.to_string());
                if let Some(place) = error.place {
                    prop_assert!(packed || place.offset <= bytes.len() as u64);
                }
            }
            (found, task) => prop_assert!(false, "{found:?} and {task:?}"),
        }
    }
}
