use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::machine::packed::gzip;
use crate::policy::data::open_dataset;
use domain::dataset::Alphabet;

/// As if files of more than a megabyte were too large to be read as a whole.
fn sampled(folder: &Path) -> Result<DatasetProfile, ProbeError> {
    measured(&open_dataset(Path::new("data"), &[folder.to_owned()], &[]).unwrap(), 1_000_000)
}

fn probe_file(folder: &Path, name: &str) -> Result<DatasetProfile, ProbeError> {
    profile_dataset(&open_dataset(Path::new(name), &[folder.to_owned()], &[]).unwrap())
}

fn probe(bytes: &[u8]) -> Result<DatasetProfile, ProbeError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data"), bytes).unwrap();
    probe_file(folder.path(), "data")
}

/// Format, gzip, records, residues, longest, alphabet, sampled.
type Short = (Format, bool, u64, u64, u64, Option<Alphabet>, bool);

fn short(p: &DatasetProfile) -> Short {
    (p.format, p.compression.is_some(), p.records, p.residues, p.longest, p.alphabet, p.sampled)
}

/// Deterministic letters.
fn sequence(length: usize, seed: usize) -> String {
    (0..length).map(|i| char::from(b"MKTAYIAKQRLG"[(i * 7 + seed * 5 + i / 11) % 12])).collect()
}

/// A FASTA file of `records` proteins of `from..to` residues in lines of 60, about as large as it says.
fn proteins(to: &mut impl std::io::Write, records: usize, lengths: std::ops::Range<usize>) -> (u64, u64) {
    let (mut residues, mut longest) = (0, 0);
    for i in 0..records {
        let length = lengths.start + (i * 7919) % (lengths.end - lengths.start);
        residues += length as u64;
        longest = longest.max(length as u64);
        writeln!(to, ">protein_{i} some description").unwrap();
        for line in sequence(length, i).as_bytes().chunks(60) {
            to.write_all(line).unwrap();
            to.write_all(b"\n").unwrap();
        }
    }
    (residues, longest)
}

fn near(found: u64, expected: u64, percent: u64) {
    let off = found.abs_diff(expected) * 100;
    assert!(off <= expected * percent, "{found} is not within {percent} % of {expected}");
}

#[test]
fn small_files_are_counted_exactly() {
    let fasta = b">a\nMKTAYI\n>b\nMKTAYIAKQR\nLG\n";
    let expected = (Format::Fasta, false, 2, 18, 12, Some(Alphabet::Protein), false);
    assert_eq!(short(&probe(fasta).unwrap()), expected);
    let packed = (Format::Fasta, true, 2, 18, 12, Some(Alphabet::Protein), false);
    assert_eq!(short(&probe(&gzip(fasta)).unwrap()), packed);
    let fastq = b"@r1\nACGT\n+\nIIII\n@r2\nAC\n+\nII";
    let expected = (Format::Fastq, false, 2, 6, 4, Some(Alphabet::Nucleotide), false);
    assert_eq!(short(&probe(fastq).unwrap()), expected);
    let text = "Un café.\nDeux.\n\nTrois";
    let expected = (Format::Text, false, 4, 18, 8, None, false);
    assert_eq!(short(&probe(text.as_bytes()).unwrap()), expected);
    assert_eq!(short(&probe(&gzip(text.as_bytes())).unwrap()), (Format::Text, true, 4, 18, 8, None, false));
    let binary = (Format::Binary, false, 0, 0, 0, None, false);
    assert_eq!(short(&probe(b"\x7fELF\x01\x02\0\0").unwrap()), binary);
    assert_eq!(short(&probe(&gzip(b"\x7fELF\x01\x02\0\0")).unwrap()), (Format::Binary, true, 0, 0, 0, None, false));
}

#[test]
fn what_is_wrong_is_told_with_a_hint() {
    let error = |bytes: &[u8]| {
        let error = probe(bytes).unwrap_err();
        (error.to_string(), error.hint().unwrap())
    };
    assert_eq!(
        error(b""),
        ("the dataset is empty".to_owned(), "check the name, and whether its download finished".to_owned())
    );
    assert_eq!(error(&gzip(b"")).0, "the dataset is empty");
    assert_eq!(
        error(b"@r1\nACGT\n+\nII"),
        (
            "the dataset is damaged: the file ends on line 4, before the read's last qualities: it seems cut off"
                .to_owned(),
            "download or copy the file again".to_owned()
        )
    );
    assert_eq!(
        error(b">header\n\x01\x02\x03\xff"),
        (
            "the dataset is damaged: line 2 holds the byte 0x01, which is no residue letter".to_owned(),
            "look at that place of the file, or make it anew".to_owned()
        )
    );
    assert!(error(b">header\nMKT\0\0\0\0").0.contains("line 2 holds zero bytes"));
    let packed = gzip(">a\nMKTAYIAKQR\n".repeat(5000).as_bytes());
    assert_eq!(
        error(&packed[..packed.len() - 20]),
        (
            "the dataset is damaged: the file ends in the middle of its gzip stream: it seems cut off".to_owned(),
            "download or copy the file again".to_owned()
        )
    );
    assert_eq!(
        error(&packed[..4]).0,
        "the dataset is damaged: the file ends in the middle of its gzip stream: it seems cut off"
    );
    let (said, hint) = error(b"@r1\nAC\n+\nII\n@r2\nAC\nIIII\n@r3\nAC\n+\nII\n");
    assert!(said.contains("line 8 should begin with `+`") && hint.starts_with("write each read on four lines"));
}

#[test]
fn large_files_are_sampled_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut out = BufWriter::new(File::create(folder.path().join("data")).unwrap());
    let (residues, longest) = proteins(&mut out, 60_000, 100..700);
    out.flush().unwrap();
    let profile = sampled(folder.path()).unwrap();
    assert!(profile.sampled);
    near(profile.records, 60_000, 3);
    near(profile.residues, residues, 2);
    near(profile.longest, longest, 5);
    let margins = profile.margins.unwrap();
    assert!(margins.records.holds(60_000) && margins.residues.holds(residues) && margins.longest.holds(longest));
    assert!(margins.records.high - margins.records.low < 3_000, "{margins:?}");
    assert_eq!(profile.alphabet, Some(Alphabet::Protein));
}

#[test]
fn what_lies_behind_the_unpacked_part_of_a_compressed_file_is_within_the_margins() {
    let folder = tempfile::tempdir().unwrap();
    let mut held = 0;
    for seed in 0..100 {
        // An assembly, the long ones first or the short ones.
        let made = sample::tests::sorted(&mut ChaCha8Rng::seed_from_u64(seed), seed % 2 == 0);
        std::fs::write(folder.path().join("data"), gzip(&made.bytes)).unwrap();
        let open = open_dataset(Path::new("data"), &[folder.path().to_owned()], &[]).unwrap();
        let part = measured(&open, 100_000).unwrap();
        let margins = part.margins.unwrap();
        let holds = margins.records.holds(made.records)
            && margins.residues.holds(made.residues)
            && margins.longest.holds(made.longest);
        held += u64::from(holds);
        let whole = profile_dataset(&open).unwrap();
        assert_eq!((whole.records, whole.residues, whole.longest), (made.records, made.residues, made.longest));
        assert!(part.at_most().residues >= part.residues && part.at_least().records <= part.records);
    }
    assert!(held >= 95, "{held} of 100");
}

#[test]
fn a_genome_of_few_long_records() {
    let folder = tempfile::tempdir().unwrap();
    let mut out = BufWriter::new(File::create(folder.path().join("data")).unwrap());
    for chromosome in 0..4 {
        writeln!(out, ">chr{chromosome}").unwrap();
        for _ in 0..100_000 {
            writeln!(out, "{}", "ACGT".repeat(15)).unwrap();
        }
    }
    out.flush().unwrap();
    let profile = sampled(folder.path()).unwrap();
    assert!((1..=40).contains(&profile.records), "{}", profile.records);
    near(profile.residues, 24_000_000, 1);
    assert!((1_000_000..=24_200_000).contains(&profile.longest), "{}", profile.longest);
    assert_eq!(profile.alphabet, Some(Alphabet::Nucleotide));
}

#[test]
fn one_line_of_twenty_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = b">one\n".to_vec();
    text.resize(20_000_000, b'A');
    std::fs::write(folder.path().join("data"), text).unwrap();
    let profile = sampled(folder.path()).unwrap();
    assert_eq!(profile.records, 1);
    near(profile.residues, 20_000_000, 1);
    near(profile.longest, 20_000_000, 1);
}

#[test]
fn large_reads_are_sampled_and_their_end_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let mut reads = Vec::new();
    // Qualities may begin with `@`, and separators with the header again.
    let (bases, qualities) = ("ACGT".repeat(25), format!("@{}", "I".repeat(99)));
    for i in 0..80_000 {
        writeln!(reads, "@read.{i}\n{bases}\n+read.{i}\n{qualities}").unwrap();
    }
    let path = folder.path().join("data");
    std::fs::write(&path, &reads).unwrap();
    let profile = sampled(folder.path()).unwrap();
    assert_eq!((profile.format, profile.longest, profile.sampled), (Format::Fastq, 100, true));
    near(profile.records, 80_000, 2);
    near(profile.residues, 8_000_000, 2);
    std::fs::write(&path, &reads[..reads.len() - 150]).unwrap();
    let error = sampled(folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("the file ends within a read, so it seems cut off"), "{error}");
    let middle = reads.len() / 2;
    (middle..middle + 800_000).for_each(|i| reads[i] = if i % 50 == 0 { b'\n' } else { b'x' });
    std::fs::write(&path, &reads).unwrap();
    let error = sampled(folder.path()).unwrap_err();
    assert!(error.to_string().starts_with("the dataset begins as FASTQ and is something else near byte "), "{error}");
}

#[test]
fn large_text_compressed_and_binary_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let text = "Une phrase de café, toujours la même.\n".repeat(500_000);
    std::fs::write(&path, &text).unwrap();
    let profile = sampled(folder.path()).unwrap();
    assert_eq!((profile.format, profile.longest, profile.sampled), (Format::Text, 37, true));
    near(profile.records, 500_000, 1);
    let mut damaged = text.clone().into_bytes();
    damaged[9_000_000..9_900_000].fill(7);
    std::fs::write(&path, &damaged).unwrap();
    assert_eq!(sampled(folder.path()).unwrap().format, Format::Binary);
    // Compressed to a small file, read to its limit: 100 MB of content.
    // A chromosome on one line, which no sample sees the end of.
    let packed = gzip(format!(">chr1\n{}\n", "ACGTACCAGT".repeat(7_200_000)).as_bytes());
    std::fs::write(&path, packed).unwrap();
    let profile = sampled(folder.path()).unwrap();
    assert!(profile.compression.is_some() && profile.sampled && profile.records == 1, "{profile:?}");
    assert!((60_000_000..90_000_000).contains(&profile.longest) && profile.residues == profile.longest, "{profile:?}");
    let packed = gzip(">a\nMKTAYIAKQR\n".repeat(7_200_000).as_bytes());
    std::fs::write(&path, packed).unwrap();
    let profile = sampled(folder.path()).unwrap();
    assert!(profile.compression.is_some() && profile.sampled && profile.longest == 10);
    near(profile.records, 7_200_000, 5);
}

#[test]
fn binary_after_a_fasta_head_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    proteins(&mut bytes, 5_000, 100..700);
    bytes.resize(30_000_000, 0x81);
    std::fs::write(folder.path().join("data"), bytes).unwrap();
    let error = sampled(folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("the dataset begins as FASTA and is something else near byte "), "{error}");
    assert!(error.ends_with("holds the byte 0x81"), "{error}");
}

#[test]
fn sparse_files_of_five_gigabytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    // A head of 1 MB and a hole: what was written is counted.
    let mut file = File::create(&path).unwrap();
    let (residues, longest) = proteins(&mut file, 3_000, 100..500);
    file.set_len(5_000_000_000).unwrap();
    let profile = probe_file(folder.path(), "data").unwrap();
    assert_eq!((profile.bytes, profile.format), (5_000_000_000, Format::Fasta));
    near(profile.records, 3_000, 1);
    near(profile.residues, residues, 1);
    near(profile.longest, longest, 1);
    assert!(profile.zeros, "no task reads it to its end");
    // More than is read as a whole, in two places.
    use std::io::{Seek as _, SeekFrom};
    let mut more = Vec::new();
    let (further, _) = proteins(&mut more, 60_000, 100..700);
    file.seek(SeekFrom::Start(3_000_000_001)).unwrap();
    file.write_all(&more).unwrap();
    let exact = probe_file(folder.path(), "data").unwrap();
    assert!(!exact.sampled && exact.zeros);
    assert_eq!((exact.records, exact.residues), (63_000, residues + further));
    let profile = sampled(folder.path()).unwrap();
    assert!(profile.sampled && profile.zeros);
    let margins = profile.margins.unwrap();
    assert!(margins.records.holds(63_000) && margins.residues.holds(residues + further), "{profile:?}");
    // Nothing but a hole.
    let file = File::create(&path).unwrap();
    file.set_len(5_000_000_000).unwrap();
    assert_eq!(probe_file(folder.path(), "data").unwrap().format, Format::Binary);
    drop(file);
}

#[test]
fn zeros_that_were_written_count_as_no_content() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    let (residues, _) = proteins(&mut bytes, 60_000, 100..700);
    bytes.resize(bytes.len() * 2, 0);
    std::fs::write(folder.path().join("data"), bytes).unwrap();
    let profile = sampled(folder.path()).unwrap();
    let margins = profile.margins.unwrap();
    assert!(margins.records.holds(60_000) && margins.residues.holds(residues), "{profile:?}");
    assert!(profile.zeros, "as no task passes over them");
    let exact = probe_file(folder.path(), "data").unwrap();
    assert_eq!((exact.records, exact.residues, exact.zeros), (60_000, residues, true));
    std::fs::write(folder.path().join("data"), ">a\nMKTAYIAKQR\n".repeat(2_000_000)).unwrap();
    assert!(!sampled(folder.path()).unwrap().zeros);
}

proptest! {
    /// Any bytes at all end in a profile or in one error.
    #[test]
    fn never_panics(bytes in prop::collection::vec(prop_oneof![Just(b'>'), Just(b'@'), Just(b'\n'), Just(b'+'), Just(b'A'), Just(0x1f), Just(0x8b), any::<u8>()], 1..200)) {
        if let Ok(profile) = probe(&bytes) {
            prop_assert_eq!(profile.bytes, bytes.len() as u64);
            prop_assert!(profile.longest <= profile.residues);
        }
    }
}
