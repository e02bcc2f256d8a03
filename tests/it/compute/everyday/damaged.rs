//! Inputs that programs would read in part and call it well: they are refused before anything runs.

use compute::local::LocalError;

use super::{
    inputs::{LAMBDA, lambda, read},
    order::Order,
};

fn reads(count: usize) -> String {
    (0..count).map(|n| read(&format!("read{n}"), &lambda()[100 * n..100 * n + 80], 'I')).collect()
}

fn orders(first: &str, second: Option<&str>) -> [Order; 2] {
    ["read_trimming", "read_mapping"].map(|task| {
        let order = Order::of(task, "reads_1.fastq", first);
        let order = if task == "read_mapping" { order.with("reference", "lambda.fasta", LAMBDA) } else { order };
        match second {
            Some(second) => order.with("reads_2", "reads_2.fastq", second),
            None => order,
        }
    })
}

/// Refused with all of these words, and nothing is left.
async fn is_refused(first: &str, second: Option<&str>, words: &[&str]) {
    for order in orders(first, second) {
        let (error, left) = order.refused().await;
        let LocalError::Task(said) = &error else { panic!("{error}") };
        assert!(words.iter().all(|words| said.contains(words)), "{}: {said}", order.task.name);
        assert!(!said.contains('\n') && left.is_empty(), "{said}: {left:?}");
    }
}

#[tokio::test]
async fn damaged_reads_are_refused() {
    let whole = reads(4);
    // In the second read, so that the first could be taken for all there is.
    let short = whole.replacen("IIII\n@read2", "III\n@read2", 1);
    let cut = &whole[..whole.len() - 40];
    let unnamed = whole.replacen("\n@read1", "\nread1", 1);
    for (damaged, words) in [
        (short.as_str(), "the read that ends on line 8 has 80 residues and 79 qualities"),
        (cut, "it seems cut off"),
        (unnamed.as_str(), "line 5 should begin a read with `@`"),
    ] {
        assert_ne!(damaged, whole);
        is_refused(damaged, None, &["`reads`", words]).await;
        is_refused(&whole, Some(damaged), &["`reads_2`", words]).await;
    }
}

#[tokio::test]
async fn files_of_different_length_are_no_pair() {
    for (first, second) in [(4, 3), (3, 4)] {
        let words = format!("`reads_2` holds {second} records and the first file {first}");
        is_refused(&reads(first), Some(&reads(second)), &[words.as_str(), "no pair"]).await;
    }
}
