use std::path::Path;

use super::*;
use crate::machine::packed::gzip;
use crate::{
    machine::{catalogue::Catalogue, profile_dataset},
    policy::data::open_dataset,
};

fn judged(task: &str, bytes: &[u8], place: Place) -> Option<Impossible> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("data"), bytes).unwrap();
    let open = open_dataset(Path::new("data"), &[dir.path().to_owned()], &[]).unwrap();
    let catalogue = Catalogue::builtin().unwrap();
    match profile_dataset(&open) {
        Ok(profile) => impossible(catalogue.get(task).unwrap(), &Parameters::new(), &profile, &open, place),
        Err(error) => Some(Impossible::from(&error)),
    }
}

fn why(task: &str, bytes: &[u8]) -> (&'static str, String) {
    let found = judged(task, bytes, Place::Offload).unwrap();
    assert!(found.hint.is_some(), "{found:?}");
    (found.word, found.why)
}

/// A FASTA file of proteins of these lengths.
fn proteins(lengths: &[usize]) -> Vec<u8> {
    let mut text = Vec::new();
    for (i, &length) in lengths.iter().enumerate() {
        let sequence: Vec<u8> = b"MKTAYIAKQRLG".iter().copied().cycle().take(length).collect();
        text.extend_from_slice(format!(">p{i}\n").as_bytes());
        text.extend_from_slice(&sequence);
        text.push(b'\n');
    }
    text
}

fn folds(bytes: &[u8]) -> bool {
    judged(PROTEIN_FOLDING, bytes, Place::Offload).is_none()
}

#[test]
fn proteins_that_are_all_too_long_are_told_before_anything_is_sent() {
    let nothing = |total: &str| format!("data cannot be worked on: {total}");
    let one = nothing("the only sequence cannot be folded: it is empty or longer than 2,000 residues");
    assert_eq!(why(PROTEIN_FOLDING, &proteins(&[2_001])), ("nothing_to_fold", one.clone()));
    assert_eq!(why(PROTEIN_FOLDING, &gzip(&proteins(&[2_001]))).1, one);
    let three = nothing("none of the 3 sequences can be folded: they are empty or longer than 2,000 residues");
    assert_eq!(why(PROTEIN_FOLDING, &proteins(&[2_001, 5_000, 2_002])).1, three);
    assert_eq!(why(PROTEIN_FOLDING, b">a\n\n>b\n-\n>c\n*\n").0, "damaged", "a last header without residues");
    for bytes in [proteins(&[2_000]), proteins(&[2_001, 2_000]), proteins(&[30, 5_000]), gzip(&proteins(&[9_000, 1]))] {
        assert!(folds(&bytes));
    }
}

#[test]
fn a_mix_is_named_where_it_is_why_nothing_can_be_done() {
    let mut mixed: Vec<u8> = b">d\nACGTACGTTGCAACGTTAGCATCGATCGGATC\n".repeat(500);
    mixed.extend(proteins(&[40]));
    let (word, why) = why(PROTEIN_FOLDING, &mixed);
    assert!(word == "alphabet" && why.contains("both nucleotides (500 records"), "{why}");
    assert!(why.ends_with("protein (1 record)"), "{why}");
}

#[test]
fn files_larger_than_the_probe_reads_are_read_to_their_end() {
    // 20 MB of proteins of 2,001 residues: only reading all shows that there is none to fold.
    let mut long = proteins(&[2_001; 10_000]);
    assert!(long.len() > 16_000_000);
    assert_eq!(why(PROTEIN_FOLDING, &long).0, "nothing_to_fold");
    long.extend_from_slice(b">short\nMKTAYIAKQRLG\n");
    assert!(folds(&long), "the last one can be folded");
    long[200_000] = 1;
    let (word, why) = why(PROTEIN_FOLDING, &long);
    assert_eq!(word, "damaged");
    assert!(why.ends_with("line 200 holds the byte 0x01, which is no residue letter"), "{why}");
}

#[test]
fn compressed_files_are_read_only_so_far() {
    // 80 MB of content in one sequence after another that is too long, and one that is not behind them.
    let packed = gzip(&[proteins(&[2_001; 40_000]), proteins(&[30])].concat());
    assert!(packed.len() < 16_000_000);
    assert!(folds(&packed), "nothing is proved by what was read");
}

#[test]
fn what_is_no_dataset_for_the_task() {
    assert_eq!(
        why(PROTEIN_FOLDING, b">a\nACGTACGTACGT\n"),
        ("alphabet", "protein_folding takes protein sequences, and these are nucleotide".to_owned())
    );
    assert_eq!(
        why(PROTEIN_FOLDING, b"@r\nACGT\n+\nIIII\n"),
        ("format", "protein_folding takes FASTA, and this dataset is FASTQ".to_owned())
    );
    assert_eq!(judged("multiple_alignment", &gzip(b">a\nMKTAYI\n>b\nMKTAYL\n"), Place::Local), None, "it is unpacked");
    assert_eq!(why("sequence_stats", b"").0, "empty");
    assert_eq!(why("text_summary", b"\x7fELF\0").0, "format");
    assert_eq!(
        why("text_summary", b"... --- ...\n"),
        ("no_sentences", "data cannot be worked on: the text has no sentence to choose".to_owned())
    );
    assert_eq!(judged("text_summary", b"Proteins fold.\n", Place::Local), None);
    assert_eq!(judged("sequence_stats", b">a\nACGT\n", Place::Local), None);
    assert_eq!(why("sequence_stats", b">a\nACGT\n>b\n").0, "damaged");
}

#[test]
fn zeros_only_keep_a_dataset_from_being_sent() {
    let mut bytes = proteins(&[500; 40_000]);
    bytes.resize(bytes.len() * 2, 0);
    let found = judged("sequence_stats", &bytes, Place::Offload).unwrap();
    assert_eq!(found.word, "zeros");
    assert!(found.why.starts_with("data is not sent away: there are zeros within it"), "{found:?}");
    assert_eq!(judged("sequence_stats", &bytes, Place::Local), None);
}

#[test]
fn a_first_record_that_a_task_cannot_work_on_is_told_and_what_suits_another_task_too() {
    let told = |bytes: &[u8]| judged("peptide_folding", bytes, Place::Local).map(|found| (found.word, found.why));
    let begins = "peptide_folding works on the first record of data alone, and ";
    let wrong = |why: &str| Some(("first_record", format!("{begins}{why}")));
    assert_eq!(told(b">a\nYYDPETGTWY\n"), None);
    assert_eq!(told(&gzip(b">a\nyydpetgtwy*\n>b\nMK\n")), None);
    assert_eq!(told(&proteins(&[41, 10])), wrong("it has more than 40 residues"));
    assert_eq!(told(&proteins(&[4, 10])), wrong("it has 4 residues"));
    assert_eq!(told(b">a\nMKTXYLLKEWF\n"), wrong("its residue 4 is X, which is none of ACDEFGHIKLMNPQRSTVWY"));
    assert_eq!(told(b">a\nMKT--YLLKEWF\n"), wrong("it has gaps"));
    let also = |bytes: &[u8]| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("data"), bytes).unwrap();
        let open = open_dataset(Path::new("data"), &[dir.path().to_owned()], &[]).unwrap();
        let catalogue = Catalogue::builtin().unwrap();
        let other = catalogue.get("peptide_folding").unwrap();
        crate::machine::suits_too(other, &profile_dataset(&open).unwrap(), &open)
    };
    let suits = "this file suits peptide_folding too (Peptide folding (molecular dynamics)), which takes a first record of 5 to 40 residues";
    assert_eq!(also(&proteins(&[12, 500])).as_deref(), Some(suits));
    assert_eq!(also(&proteins(&[41])), None);
    assert_eq!(also(b"@r\nACGT\n+\nIIII\n"), None, "of another format");
}
