//! Every task of the catalogue that outside programs run, run for real on small inputs whose answers are known.
//!
//! The programs are those of tests/setup.sh: where one is missing, its tests fail.

mod comparisons;
mod damaged;
mod inputs;
mod order;
mod packed;
mod reads;
mod sequences;
mod values;

use std::collections::BTreeSet;

use compute::local::LocalError;
use domain::task::ResultFormat;
use guard::machine::catalogue::Catalogue;

pub use self::order::by_schema;
use self::order::{Made, Order};

/// Takes minutes and programs that Debian has not: it has tests of its own.
const ELSEWHERE: &str = "peptide_folding";

/// A run, and what is right of it.
struct Row {
    order: Order,
    answer: fn(&Made),
}

fn row(order: Order, answer: fn(&Made)) -> Row {
    Row { order, answer }
}

async fn are_right(rows: Vec<Row>) {
    for Row { order, answer } in rows {
        answer(&order.run().await);
    }
}

#[test]
fn every_task_is_tried() {
    let catalogue = Catalogue::builtin().unwrap();
    let outside = catalogue.iter().filter(|task| task.command().is_some() && task.name != ELSEWHERE);
    let wanted: BTreeSet<String> = outside.map(|task| task.name.clone()).collect();
    let rows = [comparisons::searches(), comparisons::families(), reads::rows(), sequences::rows()];
    let tried: BTreeSet<String> = rows.iter().flatten().map(|row| row.order.task.name.clone()).collect();
    assert_eq!(tried, wanted, "a task of the catalogue has no row with its answer, or a row is of none");
}

#[tokio::test]
async fn searches_find_what_is_alike_and_nothing_else() {
    are_right(comparisons::searches()).await;
}

#[tokio::test]
async fn families_are_aligned_clustered_and_joined_in_trees() {
    are_right(comparisons::families()).await;
}

#[tokio::test]
async fn reads_are_trimmed_and_mapped() {
    are_right(reads::rows()).await;
}

#[tokio::test]
async fn sequences_are_translated_turned_chosen_and_their_genes_found() {
    are_right(sequences::rows()).await;
}

#[tokio::test]
async fn the_same_seed_takes_the_same_sample() {
    let mut samples = Vec::new();
    for seed in [1, 1, 2] {
        samples.push(sequences::sample(seed).run().await.text("sample.fastx"));
    }
    assert_eq!(samples[0], samples[1]);
    assert_ne!(samples[0], samples[2]);
}

#[tokio::test]
async fn figures_are_those_of_the_report() {
    for (order, report, first) in [
        (reads::trimming(), "fastp.json", ("summary.before_filtering.total_reads", 42)),
        (reads::mapping(), "flagstat.json", ("QC-passed reads.total", 42)),
    ] {
        let made = order.run().await;
        let (report, figures) = (made.json(report), &made.outcome.document.summary["figures"]);
        assert_eq!(figures[first.0], first.1);
        for path in &order.task.show.figures {
            let there = report.pointer(&format!("/{}", path.replace('.', "/")));
            assert_eq!(Some(&figures[path]), there, "{path}");
        }
    }
}

#[tokio::test]
async fn each_file_of_a_result_is_checked() {
    for mut order in [reads::trimming(), reads::mapping()] {
        let right = order.task.check.clone();
        assert!(right.len() == 3 && !right.values().any(|format| *format == ResultFormat::Pdb));
        for file in right.keys() {
            order.task.check = right.clone();
            order.task.check.insert(file.clone(), ResultFormat::Pdb);
            let (error, _) = order.refused().await;
            let said = format!("the result {file} is not what it is to be");
            assert!(matches!(&error, LocalError::Task(why) if why.starts_with(&said)), "{error}");
        }
    }
}

#[tokio::test]
async fn programs_say_why_they_fail() {
    let unequal = inputs::fasta([("long", "MEVNKKQLADIF"), ("short", "MEVNKKQLADI"), ("third", "MEVNKKQLADIF")]);
    let twins = inputs::fasta([("twin", "MEVNKKQLADIF"), ("twin", "MEVNKKQLADIF"), ("third", "MEVNKKQLADIF")]);
    for (order, executable, how, said) in [
        (
            Order::of("gene_prediction", "lambda.fasta", inputs::LAMBDA),
            "prodigal",
            "exit code 10",
            "Sequence must be 20000 characters (only 6000 read)",
        ),
        (
            Order::of("phylogenetic_tree", "aligned.faa", unequal),
            "fasttree",
            "exit code 1",
            "Wrong number of characters for short: expected 12 but have 11 instead",
        ),
        (Order::of("phylogenetic_tree", "aligned.faa", twins), "fasttree", "exit code 1", "Non-unique name 'twin'"),
        (Order::of("sequence_reverse_complement", "rna.fasta", ">rna\nAACGUR\n"), "seqkit", "exit code 255", "U at 4"),
        (sequences::named_like("a("), "seqkit", "exit code 255", "error parsing regexp: missing closing )"),
    ] {
        let (error, _) = order.refused().await;
        let LocalError::Program { executable: program, how: code, said: reason } = &error else { panic!("{error}") };
        assert_eq!((program.as_str(), code.as_str()), (executable, how), "{error}");
        assert!(reason.contains(said), "{error}");
    }
}
