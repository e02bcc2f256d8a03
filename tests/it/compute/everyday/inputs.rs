//! Sequences of which the answers are known: the first genes of phage lambda, what is made of them, and letters at random.

use std::{fmt::Display, sync::LazyLock};

use crate::oracle::Draw;

/// The first 6,000 bases of the phage's genome, as FASTA.
pub const LAMBDA: &str = include_str!("../../../data/lambda.fasta");
/// The standard genetic code: amino acids by bases in the order of [`BASES`].
const CODE: &[u8; 64] = b"FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG";
const BASES: &str = "TCAG";
/// The letters of proteins.
pub const AMINO_ACIDS: &str = "ARNDCQEGHILKMFPSTWYV";

static GENOME: LazyLock<String> = LazyLock::new(|| LAMBDA.lines().skip(1).collect());

/// The bases of [`LAMBDA`].
pub fn lambda() -> &'static str {
    &GENOME
}

/// The gene nu1: bases 191 to 736.
pub fn nu1() -> &'static str {
    &lambda()[190..736]
}

/// Its protein, of 181 residues.
pub fn small_terminase() -> String {
    translated(nu1()).trim_end_matches('*').to_owned()
}

/// The protein of gene A, bases 711 to 2636, which begins with GTG: 641 residues.
pub fn large_terminase() -> String {
    let all = translated(&lambda()[710..2636]);
    format!("M{}", all[1..].trim_end_matches('*'))
}

fn translated(bases: &str) -> String {
    let amino_acid = |codon: &[u8]| {
        let at = codon.iter().fold(0, |at, base| 4 * at + BASES.find(char::from(*base)).unwrap());
        char::from(CODE[at])
    };
    bases.as_bytes().chunks_exact(3).map(amino_acid).collect()
}

/// The other strand.
pub fn complement(bases: &str) -> String {
    let other = |base: char| match base {
        'A' => 'T',
        'T' => 'A',
        'C' => 'G',
        'G' => 'C',
        other => other,
    };
    bases.chars().rev().map(other).collect()
}

/// Letters at random, the same for the same seed.
pub fn random(seed: u64, letters: &str, length: usize) -> String {
    let mut draw = Draw(seed);
    let letters = letters.as_bytes();
    (0..length).map(|_| char::from(letters[draw.below(letters.len() as u64) as usize])).collect()
}

/// A sequence in which each letter at `offset` of every `step` is another.
pub fn changed(sequence: &str, step: usize, offset: usize, change: fn(char) -> char) -> String {
    sequence.chars().enumerate().map(|(at, c)| if at % step == offset { change(c) } else { c }).collect()
}

pub fn to_alanine(_: char) -> char {
    'A'
}

pub fn fasta<N: Display, S: Display>(records: impl IntoIterator<Item = (N, S)>) -> String {
    records.into_iter().map(|(name, sequence)| format!(">{name}\n{sequence}\n")).collect()
}

/// One read of FASTQ, all of one quality.
pub fn read(name: &str, bases: &str, quality: char) -> String {
    format!("@{name}\n{bases}\n+\n{}\n", String::from(quality).repeat(bases.len()))
}

/// Both proteins, and twenty that nothing is like.
pub fn proteins() -> String {
    let random = (0..20).map(|n| (format!("random{n}"), random(n, AMINO_ACIDS, 200)));
    let known = [("terminase_small".to_owned(), small_terminase()), ("terminase_large".to_owned(), large_terminase())];
    fasta(known.into_iter().chain(random))
}

/// The small protein with a quarter of its residues changed, and one that is like nothing.
pub fn changed_proteins() -> String {
    let changed = changed(&small_terminase(), 4, 0, to_alanine);
    fasta([("changed", changed), ("nothing", random(100, AMINO_ACIDS, 150))])
}

/// A gene, the same on the other strand, and one that is like nothing.
pub fn genes() -> String {
    fasta([("nu1", nu1().to_owned()), ("nu1_other_strand", complement(nu1())), ("nothing", random(101, "ACGT", 400))])
}
