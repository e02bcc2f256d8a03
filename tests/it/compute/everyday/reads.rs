//! Trimming and mapping of reads.

use std::process::Command;

use serde_json::json;

use super::{
    Row,
    inputs::{LAMBDA, complement, fasta, lambda, random, read},
    order::{Made, Order},
    row,
};

/// The adapters of Illumina's TruSeq libraries.
const ADAPTERS: [&str; 2] = ["AGATCGGAAGAGCACACGTCTGAACTCCAGTCA", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT"];

fn strand(bases: &str, side: usize) -> String {
    if side == 0 { bases.to_owned() } else { complement(bases) }
}

/// Both files of twenty fragments of 60 bases, which are read on into the adapters, and of one that is read badly.
pub fn with_adapters() -> [String; 2] {
    [0, 1].map(|side| {
        let pair = |n: usize| {
            let bases = strand(&lambda()[100 * n..100 * n + 60], side) + ADAPTERS[side];
            read(&format!("pair{n}"), &bases[..90], 'I')
        };
        let good: String = (0..20).map(pair).collect();
        good + &read("bad", &strand(&lambda()[3000..3090], side), '#')
    })
}

/// Both files of twenty fragments of 300 bases, one at every 250 bases, and of one from elsewhere.
pub fn along_the_genome() -> [String; 2] {
    [0, 1].map(|side| {
        let pair = |n: usize| {
            let at = 250 * n + 200 * side;
            read(&format!("at_{}", 250 * n), &strand(&lambda()[at..at + 100], side), 'I')
        };
        let known: String = (0..20).map(pair).collect();
        known + &read("foreign", &random(200 + side as u64, "ACGT", 100), 'I')
    })
}

pub fn trimming() -> Order {
    let [first, second] = with_adapters();
    Order::of("read_trimming", "reads_1.fastq", first).with("reads_2", "reads_2.fastq", second)
}

pub fn mapping() -> Order {
    let [first, second] = along_the_genome();
    let order = Order::of("read_mapping", "reads_1.fastq", first).with("reads_2", "reads_2.fastq", second);
    order.with("reference", "lambda.fasta", LAMBDA)
}

/// Twenty reads of 60 bases: the adapters are gone, and the bad read is.
pub fn clean(made: &Made, file: &str) -> Vec<(String, String)> {
    let reads = made.reads(file);
    assert_eq!(reads.len(), 20, "{file}");
    assert!(reads.iter().all(|(name, bases)| bases.len() == 60 && name != "bad"), "{file}");
    reads
}

fn both_are_trimmed(made: &Made) {
    let first = clean(made, "clean.fastq.gz");
    let second = clean(made, "clean_2.fastq.gz");
    assert_eq!(first[0], ("pair0".to_owned(), lambda()[..60].to_owned()));
    assert_eq!(second[0], ("pair0".to_owned(), complement(&lambda()[..60])));
    let report = made.json("fastp.json");
    assert_eq!(report["summary"]["before_filtering"]["total_reads"], 42);
    assert_eq!(report["summary"]["after_filtering"]["total_reads"], 40);
    assert_eq!(report["filtering_result"]["low_quality_reads"], 2);
    assert_eq!(report["adapter_cutting"]["adapter_trimmed_reads"], 40);
}

fn all_but_one_are_mapped(made: &Made) {
    assert_eq!(made.outcome.document.summary["output"], "flagstat.json");
    let passed = &made.json("flagstat.json")["QC-passed reads"];
    let counts = ["total", "mapped", "properly paired"].map(|count| passed[count].as_u64().unwrap());
    assert_eq!((counts, passed["primary mapped %"].as_f64()), ([42, 40, 40], Some(95.24)));
    assert!(made.names().contains(&"mapped.bam.bai"));

    let viewed = Command::new("samtools").arg("view").arg(made.path("mapped.bam")).output();
    let viewed = viewed.unwrap_or_else(|e| panic!("samtools: {e}: tests/setup.sh installs it"));
    let text = String::from_utf8(viewed.stdout).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let (known, foreign) = lines.split_at(40);
    assert_eq!(
        foreign.iter().map(|line| (line[0], line[1])).collect::<Vec<_>>(),
        [("foreign", "77"), ("foreign", "141")]
    );
    let place = |line: &Vec<&str>| line[3].parse::<usize>().unwrap();
    assert!(known.is_sorted_by_key(place), "{text}");
    for line in known {
        let (is_first, at) = (line[1].parse::<u16>().unwrap() & 64 > 0, line[0].strip_prefix("at_").unwrap());
        let begins = at.parse::<usize>().unwrap() + if is_first { 1 } else { 201 };
        assert_eq!((place(line), line[2]), (begins, "lambda"), "{line:?}");
    }
}

pub fn rows() -> Vec<Row> {
    let [first, _] = with_adapters();
    let adapters = fasta([("adapter", ADAPTERS[0])]);
    vec![
        row(trimming(), both_are_trimmed),
        row(
            Order::of("read_trimming", "reads.fastq", first)
                .with("adapters", "adapters.fasta", adapters)
                .choosing(json!({"min_length": 50, "cut_tail": true, "trim_poly_g": true})),
            |made| {
                clean(made, "clean.fastq.gz");
                assert_eq!(made.names(), ["fastp.json", "clean.fastq.gz"]);
            },
        ),
        row(mapping(), all_but_one_are_mapped),
    ]
}
