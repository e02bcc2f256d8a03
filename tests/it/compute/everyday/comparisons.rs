//! Searches, alignments, clusters and trees.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::json;

use super::{
    Row,
    inputs::{
        AMINO_ACIDS, LAMBDA, changed, changed_proteins, fasta, genes, lambda, large_terminase, proteins, random,
        small_terminase, to_alanine,
    },
    order::{Made, Order},
    row,
};

/// Query, subject, and where the hit begins and ends in each.
fn hits(made: &Made) -> Vec<String> {
    let table = made.table("hits.tsv");
    table.iter().map(|hit| [0, 1, 6, 7, 8, 9].map(|field| hit[field].as_str()).join(" ")).collect()
}

/// That many of the table's hits are the same letter by letter.
fn identical(made: &Made) -> usize {
    made.table("hits.tsv").iter().filter(|hit| hit[2].parse::<f64>() == Ok(100.0)).count()
}

fn of_proteins(task: &str) -> Order {
    Order::of(task, "queries.faa", changed_proteins()).with("database", "proteins.faa", proteins())
}

fn of_genes(task: &str) -> Order {
    Order::of(task, "genes.fna", genes()).with("database", "proteins.faa", proteins())
}

fn of_nucleotides(content: String, mode: &str) -> Order {
    let order = Order::of("blastn_search", "genes.fna", content).with("database", "lambda.fasta", LAMBDA);
    order.choosing(json!({"mode": mode}))
}

/// The gene lies on both strands of the protein's gene.
fn both_strands_of_the_protein(made: &Made) {
    assert_eq!(hits(made), ["nu1 terminase_small 1 543 1 181", "nu1_other_strand terminase_small 546 4 1 181"]);
    assert_eq!(identical(made), 2);
}

fn both_strands_of_the_genome(made: &Made) {
    assert_eq!(hits(made), ["nu1 lambda 1 546 191 736", "nu1_other_strand lambda 1 546 736 191"]);
    assert_eq!(identical(made), 2);
}

fn nothing(made: &Made) {
    assert_eq!(made.text("hits.tsv"), "");
    assert_eq!(made.outcome.document.summary["lines"], 0);
}

/// The search of the task that programs with spaces in their paths are tried with.
pub fn blast() -> Order {
    of_proteins("blast_search")
}

/// What it finds.
pub const BLAST_HITS: &str = "changed\tterminase_small\t76.111\t180\t43\t0\t2\t181\t2\t181\t2.50e-99\t275\n";

pub fn searches() -> Vec<Row> {
    let primer = || fasta([("primer", &lambda()[1000..1020])]);
    vec![
        row(blast(), |made| assert_eq!(made.text("hits.tsv"), BLAST_HITS)),
        row(blast().choosing(json!({"evalue": 1e-200, "max_hits": 1})), nothing),
        row(of_proteins("diamond_search").choosing(json!({"sensitivity": "sensitive"})), |made| {
            let found = made.table("hits.tsv");
            assert_eq!((found.len(), found[0][0].as_str(), found[0][1].as_str()), (1, "changed", "terminase_small"));
        }),
        // It is for what is alike in nine of ten residues: nothing found is no failure.
        row(of_proteins("diamond_search").choosing(json!({"sensitivity": "fast"})), nothing),
        row(of_genes("blastx_search"), both_strands_of_the_protein),
        row(of_genes("diamond_blastx"), both_strands_of_the_protein),
        row(of_nucleotides(genes(), "megablast"), both_strands_of_the_genome),
        row(of_nucleotides(genes(), "blastn"), both_strands_of_the_genome),
        row(of_nucleotides(primer(), "blastn-short"), |made| {
            assert_eq!(hits(made), ["primer lambda 1 20 1001 1020"]);
        }),
        row(of_nucleotides(primer(), "megablast"), nothing),
        row(Order::of("hmm_search", "proteins.faa", proteins()).with("profile", "nu1.hmm", profile()), |made| {
            let table = made.table("hits.tbl");
            let names: Vec<_> = table.iter().map(|line| line[0].split(' ').next().unwrap()).collect();
            assert_eq!(names, ["terminase_small"]);
        }),
    ]
}

/// The profile of the small protein's family, by HMMER itself.
fn profile() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (aligned, profile) = (folder.path().join("aligned.faa"), folder.path().join("nu1.hmm"));
    std::fs::write(&aligned, fasta(members("nu1", &small_terminase()))).unwrap();
    let made = Command::new("hmmbuild").args(["--amino", "-n", "nu1"]).args([&profile, &aligned]).output();
    let made = made.unwrap_or_else(|e| panic!("hmmbuild: {e}: tests/setup.sh installs it"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::read(profile).unwrap()
}

/// Three proteins of one family, the first as it is.
fn members(name: &str, protein: &str) -> Vec<(String, String)> {
    let member = |n: usize| match n {
        0 => protein.to_owned(),
        n => changed(protein, 20, n, to_alanine),
    };
    (0..3).map(|n| (format!("{name}_{n}"), member(n))).collect()
}

fn clustering(method: &str) -> Order {
    let families =
        [("small", small_terminase()), ("large", large_terminase()), ("third", random(102, AMINO_ACIDS, 150))];
    let all = families.iter().flat_map(|(name, protein)| members(name, protein));
    Order::of("sequence_clustering", "families.faa", fasta(all)).choosing(json!({"method": method}))
}

fn three_families(made: &Made) {
    let mut clusters: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let table = made.table("clusters_cluster.tsv");
    for line in &table {
        clusters.entry(line[0].clone()).or_default().insert(line[1].clone());
    }
    assert_eq!(table.len(), 9);
    let found: BTreeSet<_> = clusters.values().cloned().collect();
    let family = |name: &str| (0..3).map(|n| format!("{name}_{n}")).collect::<BTreeSet<_>>();
    assert_eq!(found, BTreeSet::from(["small", "large", "third"].map(family)));
    let representatives: BTreeSet<_> = made.headers("clusters_rep_seq.fasta").into_iter().collect();
    assert_eq!(representatives, clusters.into_keys().collect());
    assert_eq!(made.names().len(), 2, "what else the program writes is not kept: {:?}", made.names());
}

/// Two pairs, far from each other.
fn pairs(sequence: &str, change: fn(char) -> char) -> String {
    let far = changed(sequence, 5, 0, change);
    let near = |sequence: &str, offset| changed(sequence, 50, offset, change);
    fasta([("a1", near(sequence, 1)), ("a2", near(sequence, 2)), ("b1", near(&far, 3)), ("b2", near(&far, 4))])
}

fn other_base(base: char) -> char {
    match base {
        'A' => 'C',
        'C' => 'A',
        'G' => 'T',
        _ => 'G',
    }
}

fn other_residue(residue: char) -> char {
    if residue == 'W' { 'G' } else { 'W' }
}

/// One inner branch of that length and full support parts `a1` and `a2` from the others.
fn parts_the_pairs(made: &Made, length: f64) {
    let tree = made.text("tree.nwk");
    let parted = tree.split_once("('a1':").and_then(|(_, from)| from.split_once(")1.000:"));
    let (within, behind) = parted.unwrap_or_else(|| panic!("{tree}"));
    assert!(within.contains(",'a2':") && !within.contains('b'), "{tree}");
    let branch: f64 = behind.split([',', ')']).next().unwrap().parse().unwrap();
    assert!((branch - length).abs() < 0.01, "{tree}");
    assert!(tree.contains("'b1':") && tree.contains("'b2':"), "{tree}");
}

fn alignment(refinement: u32) -> Order {
    let protein = small_terminase();
    let (head, tail) = protein.split_at(120);
    let without = format!("{}{}", &protein[..60], &protein[70..]);
    let all = [("whole", protein.clone()), ("without", without), ("longer", format!("{head}WWWWW{tail}"))];
    Order::of("multiple_alignment", "family.faa", fasta(all)).choosing(json!({"refinement": refinement}))
}

fn gaps_where_residues_are_missing(made: &Made) {
    let protein = small_terminase();
    let (head, tail) = protein.split_at(120);
    let rows = [
        ("whole", format!("{head}-----{tail}")),
        ("without", format!("{}{}{}-----{tail}", &head[..60], "-".repeat(10), &head[70..])),
        ("longer", format!("{head}WWWWW{tail}")),
    ];
    assert_eq!(made.fasta("alignment.fasta"), rows.map(|(name, row)| (name.to_owned(), row)));
}

pub fn families() -> Vec<Row> {
    let (bases, residues) = (pairs(&lambda()[..400], other_base), pairs(&large_terminase()[..300], other_residue));
    vec![
        row(alignment(0), gaps_where_residues_are_missing),
        row(alignment(2), gaps_where_residues_are_missing),
        row(clustering("easy-cluster"), three_families),
        row(clustering("easy-linclust"), three_families),
        row(Order::of("nucleotide_tree", "aligned.fna", bases), |made| parts_the_pairs(made, 0.279)),
        row(Order::of("phylogenetic_tree", "aligned.faa", residues), |made| parts_the_pairs(made, 0.306)),
    ]
}
