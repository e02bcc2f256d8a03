//! Inputs that are compressed, and names that programs could misread, change nothing in the results.

use std::process::Command;

use serde_json::Value;

use super::{
    comparisons::{BLAST_HITS, blast},
    inputs::{LAMBDA, changed_proteins, proteins},
    order::{Made, Order},
    reads::{clean, with_adapters},
    sequences::gene_prediction,
};

/// The content as a program of that name compresses it.
fn packed(program: &str, content: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    std::fs::write(&plain, content).unwrap();
    let made = Command::new(program).args(["-q", "-c"]).arg(&plain).output();
    let made = made.unwrap_or_else(|e| panic!("{program}: {e}: tests/setup.sh installs it"));
    assert!(made.status.success(), "{program}: {}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

/// The reads and their counts; the report also has the names of files.
fn trimmed(made: &Made, files: &[&str]) -> (Vec<Vec<(String, String)>>, Value, Value) {
    let report = made.json("fastp.json");
    let reads = files.iter().map(|file| clean(made, file)).collect();
    (reads, report["summary"].clone(), report["filtering_result"].clone())
}

/// fastp reads gzip itself, and decides by the name: what is called otherwise would be no reads at all to it.
#[tokio::test]
async fn a_program_that_reads_gzip_gets_it_by_a_name_that_says_so() {
    let [first, second] = with_adapters();
    let adapters = |order: Order| order.with("adapters", "a.fasta", ">a\nAGATCGGAAGAGCACACGTCTGAACTCCAGTCA\n");
    let file = ["clean.fastq.gz"];
    let plain = trimmed(&adapters(Order::of("read_trimming", "reads.fastq", &first)).run().await, &file);
    for (program, names) in [
        ("gzip", &["reads.fastq.gz", "reads.fastq", "READS.FASTQ.GZ", "my reads.fastq.gz", "reads.fastq.bz2"][..]),
        ("bzip2", &["reads.fastq.bz2", "reads.fastq"]),
        ("xz", &["reads.fastq.xz"]),
        ("zstd", &["reads.fastq.zst", "reads.fastq.gz"]),
    ] {
        for name in names {
            let made = adapters(Order::of("read_trimming", name, packed(program, &first))).run().await;
            assert!(trimmed(&made, &file) == plain, "{program} {name}: {}", made.json("fastp.json")["summary"]);
            assert_eq!(made.outcome.document.dataset.path, *name);
        }
    }

    // Two files that would get one name.
    let files = ["clean.fastq.gz", "clean_2.fastq.gz"];
    let both = |order: Order, name: &str, second: &[u8]| order.with("reads_2", name, second);
    let order = both(Order::of("read_trimming", "r1.fastq", &first), "r2.fastq", second.as_bytes());
    let plain = trimmed(&order.run().await, &files);
    for (first_program, first_name, second_program, second_name) in
        [("gzip", "r.fastq", "gzip", "r.fastq.gz"), ("xz", "r.fastq.xz", "bzip2", "r.fastq.bz2")]
    {
        let order = Order::of("read_trimming", first_name, packed(first_program, &first));
        let made = both(order, second_name, &packed(second_program, &second)).run().await;
        assert!(trimmed(&made, &files) == plain, "{first_name} {second_name}");
    }
}

#[tokio::test]
async fn a_program_that_reads_no_compression_gets_plain_files() {
    let files = |made: &Made| ["genes.gff", "proteins.faa", "genes.fna"].map(|file| made.text(file));
    let plain = files(&gene_prediction("lambda.fasta", LAMBDA).run().await);
    for (program, ending) in [("gzip", ".gz"), ("bzip2", ".bz2"), ("xz", ".xz"), ("zstd", ".zst"), ("gzip", "")] {
        let name = format!("lambda.fasta{ending}");
        let made = gene_prediction(&name, packed(program, LAMBDA)).run().await;
        assert_eq!(files(&made), plain, "{program} {name}");
    }
}

/// BLAST takes a path with a space for two.
#[tokio::test]
async fn spaces_in_names_of_files_and_folders_are_no_ends_of_names() {
    let order = Order::of("blast_search", "my queries.faa", changed_proteins());
    let order = order.with("database", "all my proteins.faa", proteins()).into_folder("results of mine");
    let made = order.run().await;
    assert_eq!(made.text("hits.tsv"), BLAST_HITS);
    let document = &made.outcome.document;
    assert_eq!(
        (document.dataset.path.as_str(), document.inputs[0].path.as_str()),
        ("my queries.faa", "all my proteins.faa")
    );
    assert_eq!(blast().into_folder("-out").run().await.text("hits.tsv"), BLAST_HITS);
}
