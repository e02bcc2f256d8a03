//! Everyday work on sequence files, and genes.

use serde_json::json;

use super::{
    Row,
    inputs::{LAMBDA, complement, fasta, genes, lambda, nu1, proteins, small_terminase},
    order::{Made, Order},
    reads, row,
};

/// What is filtered by names.
fn named() -> String {
    fasta([("x two words one", "ACGT"), ("y two words three", "ACGT"), ("z", "ACGT")])
}

/// The sequences whose headers fit a pattern.
pub fn named_like(pattern: &str) -> Order {
    Order::of("sequence_filter", "named.fasta", named()).choosing(json!({"pattern": pattern}))
}

/// Half of the proteins.
pub fn sample(seed: u64) -> Order {
    Order::of("sequence_sample", "proteins.faa", proteins()).choosing(json!({"share": 0.5, "seed": seed}))
}

fn deduplicated(one_strand: bool) -> Order {
    let twice = [
        ("one", nu1().to_owned()),
        ("same", nu1().to_owned()),
        ("other_strand", complement(nu1())),
        ("two", lambda()[1000..1500].to_owned()),
    ];
    Order::of("sequence_deduplicate", "twice.fna", fasta(twice)).choosing(json!({"one_strand": one_strand}))
}

/// Prodigal's table of genes and proteins, of the whole input.
pub fn gene_prediction(name: &str, content: impl AsRef<[u8]>) -> Order {
    Order::of("gene_prediction", name, content).choosing(json!({"procedure": "meta"}))
}

/// The genes of the phage as they are annotated.
fn genes_of_the_phage(made: &Made) {
    let table = made.table("genes.gff");
    let genes: Vec<_> = table.iter().map(|gene| [2, 3, 4, 6].map(|field| gene[field].as_str()).join(" ")).collect();
    let known = ["191 736", "711 2636", "2633 2839", "2836 4437", "4418 5737", "5747 5998"];
    assert_eq!(genes, known.map(|place| format!("CDS {place} +")));
    let proteins = made.fasta("proteins.faa");
    assert!(proteins[0].0.starts_with("lambda_1 "), "{}", proteins[0].0);
    assert_eq!(proteins[0].1.trim_end_matches('*'), small_terminase());
    assert_eq!((proteins.len(), made.fasta("genes.fna")[0].1.as_str()), (6, nu1()));
}

pub fn rows() -> Vec<Row> {
    let [reads, _] = reads::along_the_genome();
    let filtered = |chosen| Order::of("sequence_filter", "proteins.faa", proteins()).choosing(chosen);
    let translated = |chosen| Order::of("sequence_translate", "genes.fna", genes()).choosing(chosen);
    let turned = |content: &str| Order::of("sequence_reverse_complement", "genes.fna", content);
    vec![
        row(gene_prediction("lambda.fasta", LAMBDA), genes_of_the_phage),
        row(translated(json!({"genetic_code": "11", "trim": true})), |made| {
            assert_eq!(made.fasta("proteins.fasta")[0], ("nu1".to_owned(), small_terminase()));
        }),
        row(translated(json!({"frame": "6", "name_frame": true})), |made| {
            let names = made.headers("proteins.fasta");
            assert_eq!(names[..6], ["1", "2", "3", "-1", "-2", "-3"].map(|frame| format!("nu1_frame={frame}")));
            assert_eq!(names.len(), 18);
        }),
        row(turned(&genes()), |made| {
            let turned = made.fasta("reverse_complement.fasta");
            assert_eq!((&turned[0].1, turned[1].1.as_str()), (&complement(nu1()), nu1()));
        }),
        row(turned(">rna\nAACGUR\n").choosing(json!({"rna": true})), |made| {
            assert_eq!(made.text("reverse_complement.fasta"), ">rna\nYACGUU\n");
        }),
        row(filtered(json!({"min_length": 181, "max_length": 210})), |made| {
            let names = made.headers("filtered.fastx");
            assert_eq!((names.len(), names[0].as_str(), names[1].as_str()), (21, "terminase_small", "random0"));
        }),
        row(filtered(json!({"pattern": "^TERMINASE_(small|large)"})), |made| {
            assert_eq!(made.headers("filtered.fastx"), ["terminase_small", "terminase_large"]);
        }),
        // A pattern with spaces is one argument.
        row(named_like("two words (one|two)$"), |made| {
            assert_eq!(made.headers("filtered.fastx"), ["x two words one"]);
        }),
        row(named_like("^nobody$"), |made| assert_eq!(made.text("filtered.fastx"), "")),
        row(Order::of("sequence_subset", "reads.fastq", reads).choosing(json!({"count": 5})), |made| {
            let names: Vec<_> = made.reads("subset.fastx").into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["at_0", "at_250", "at_500", "at_750", "at_1000"]);
        }),
        row(sample(1), |made| assert_eq!(made.headers("sample.fastx").len(), 15)),
        row(deduplicated(false), |made| {
            assert_eq!(made.headers("unique.fastx"), ["one", "two"]);
            assert_eq!(made.text("duplicates.tsv"), "3\tone, same, other_strand\n");
        }),
        row(deduplicated(true), |made| {
            assert_eq!(made.headers("unique.fastx"), ["one", "other_strand", "two"]);
            assert_eq!(made.text("duplicates.tsv"), "2\tone, same\n");
        }),
        row(Order::of("sequence_deduplicate", "lambda.fasta", LAMBDA), |made| {
            assert_eq!(made.fasta("unique.fastx")[0].1, lambda());
            assert_eq!(made.names(), ["unique.fastx"], "without duplicates there is no table of them");
        }),
    ]
}
