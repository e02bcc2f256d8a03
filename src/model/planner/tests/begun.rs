//! What is begun and what is not: names of files that read like words, looks at what was done, remarks, questions of
//! ability, data to be fetched, files that are left out, and yeses.

use super::{follow::Bench, *};

/// What is said turn by turn, and the work that is begun, as task and file.
const TALKS: &[(&[&str], &str)] = &[
    // Names of files are no words.
    (&["Stats of fold.fasta"], "sequence_stats fold.fasta"),
    (&["Sequence statistics of folding/a.fasta"], "sequence_stats folding/a.fasta"),
    (&["How many sequences are in \"fold all files.fasta\"?"], "sequence_stats fold all files.fasta"),
    (&["Fold cancel.fasta"], "protein_folding cancel.fasta"),
    (&["Fold \"dry run.fasta\""], "protein_folding dry run.fasta"),
    (&["fold.fasta"], ""),
    // A look at what was done is no second job.
    (&["Fold a.fasta", "The folding please"], "protein_folding a.fasta"),
    (&["Fold a.fasta", "I want the fold"], "protein_folding a.fasta"),
    (&["Fold a.fasta", "Get me the fold"], "protein_folding a.fasta"),
    (&["Fold a.fasta", "What about seed 1?"], "protein_folding a.fasta"),
    (&["Fold a.fasta", "Fold it with seed 2"], "protein_folding a.fasta, protein_folding a.fasta"),
    (&["Fold a.fasta", "Run it again"], "protein_folding a.fasta, protein_folding a.fasta"),
    (&["Stats of a.fasta", "Give me the N50 again"], "sequence_stats a.fasta"),
    (&["Stats of a.fasta", "Also the GC content please"], "sequence_stats a.fasta"),
    (&["Stats of a.fasta", "Count the sequences"], "sequence_stats a.fasta"),
    (&["Stats of a.fasta", "What is the N50?"], "sequence_stats a.fasta"),
    (
        &["Stats of a.fasta", "Fold b.fasta", "What were the statistics again?"],
        "sequence_stats a.fasta, protein_folding b.fasta",
    ),
    // Nor are a remark and a question about it.
    (&["Fold a.fasta", "What about the first protein?", "ok"], "protein_folding a.fasta"),
    (&["Fold a.fasta", "That was quick", "ok"], "protein_folding a.fasta"),
    (&["Fold a.fasta", "Is it in 3D?", "yes"], "protein_folding a.fasta"),
    (&["Fold a.fasta", "Would it be better in 3D?", "ok"], "protein_folding a.fasta"),
    (&["Fold a.fasta", "How many proteins were folded?", "ok"], "protein_folding a.fasta"),
    // A yes is said to what was offered.
    (&["My colleague wants to fold a.fasta", "yes"], ""),
    (&["I already folded a.fasta", "yes"], ""),
    (&["Gladly fold a.fasta", "ok"], ""),
    (&["Gladly fold a.fasta", "yes"], "protein_folding a.fasta"),
    (&["Gladly fold a.fasta and b.fasta", "yes"], "protein_folding a.fasta, protein_folding b.fasta"),
    (&["Fold a.fasta", "Don't run it again", "ok"], "protein_folding a.fasta"),
    (&["What is protein folding?", "ok"], ""),
    (&["How do I fold a.fasta?", "ok"], ""),
    (&["Imagine we folded a.fasta. What would come out?", "ok"], ""),
    (&["Would folding a.fasta fit here?", "What would it cost?", "OK, do it"], "protein_folding a.fasta"),
    // Whether it can be done is no wish, and neither is data for it.
    (&["Can you fold proteins?"], ""),
    (&["Could you do folding?"], ""),
    (&["Can you fold a.fasta?"], "protein_folding a.fasta"),
    (&["Get a.fasta for protein folding"], ""),
    (&["I need a.fasta for protein folding"], ""),
    (&["Fold a.fasta using b.fasta"], ""),
    (&["Fold a.fasta against b.fasta"], ""),
    // What is left out.
    (&["Fold a.fasta but not b.fasta"], "protein_folding a.fasta"),
    (&["Fold a.fasta, leave b.fasta alone"], "protein_folding a.fasta"),
    (&["Fold a.fasta instead of b.fasta"], "protein_folding a.fasta"),
    // Plain orders.
    (&["Plese fold a.fasta"], "protein_folding a.fasta"),
    (&["Run protien folding on a.fasta asap"], "protein_folding a.fasta"),
    (&["a.fasta needs to be folded"], "protein_folding a.fasta"),
    (&["a.fasta: protein folding"], "protein_folding a.fasta"),
    (&["Fold the 2 files a.fasta and b.fasta"], "protein_folding a.fasta, protein_folding b.fasta"),
    (&["Predict the protein structures in a.fasta, please."], "protein_folding a.fasta"),
    (&["Submit a.fasta to AIOZ for protein folding"], "protein_folding a.fasta"),
    (&["Fold a.fasta for at most 1 GAS", "OK, 2 GAS is fine, go ahead"], "protein_folding a.fasta"),
];

#[tokio::test]
async fn what_is_begun_is_what_was_wished() {
    let mut wrong: Vec<String> = Vec::new();
    for (prompts, expected) in TALKS {
        let names = [
            "a.fasta",
            "b.fasta",
            "fold.fasta",
            "folding/a.fasta",
            "fold all files.fasta",
            "cancel.fasta",
            "dry run.fasta",
        ];
        let mut bench = Bench::new(&names.map(|name| (name, 148)));
        let mut answer = String::new();
        for prompt in *prompts {
            answer = bench.turn(prompt).await;
        }
        let begun: Vec<String> = bench.begun_tasks();
        if begun.join(", ") != *expected {
            wrong.push(format!("{prompts:?}: {begun:?}: {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_slip_in_a_name_names_the_only_file_near_it() {
    for (prompt, near) in [("Fold a.fsata", true), ("Fold x.fasta", false), ("Fold zebra.fasta", false)] {
        let (bench, answer) = Bench::says(&[prompt]).await;
        assert_eq!(answer.contains("near name here is a.fasta"), near, "{prompt}: {answer}");
        assert!(bench.jobs.is_empty(), "{prompt}");
    }
}

#[tokio::test]
async fn the_rest_is_folded_and_the_price_is_shown_where_it_is_asked_for() {
    let (bench, answer) = Bench::says(&["Fold all files, omit b.fasta"]).await;
    assert_eq!(bench.begun(), ["a.fasta", "c.fasta"], "{answer}");
    let mut bench = Bench::abc();
    let answer = bench.turn("Fold a.fasta, but ask me before you pay").await;
    assert!(bench.paid == 0 && answer.contains("would cost 2 GAS"), "{answer}");
    let answer = bench.turn("Okay, go ahead").await;
    assert_eq!((bench.begun(), bench.paid), (vec!["a.fasta"], 1), "{answer}");
}

#[tokio::test]
async fn a_question_is_answered_of_the_job_that_it_names() {
    for (question, words) in [
        ("How much did the folding cost?", "2 GAS"),
        ("Did you pay for the folding?", "2 GAS"),
        ("What came out of the folding?", "Protein folding (HP lattice model) of a.fasta"),
        ("Why did the folding go to the provider?", "model-heavy"),
    ] {
        let (_, answer) = Bench::says(&["Fold a.fasta", "Stats of b.fasta", question]).await;
        assert!(answer.contains(words) && !answer.contains("b.fasta"), "{question}: {answer}");
    }
    for (question, words) in [
        ("What did I pay?", "2 GAS"),
        ("tx?", "0x0"),
        ("Which address received the payment?", PROVIDER),
        ("Where did you save it?", "job-aaaaaaaa"),
        ("Which colour has it?", "paid 2 GAS"),
    ] {
        let (bench, answer) = Bench::says(&["Fold a.fasta", question]).await;
        assert!(answer.contains(words) && bench.paid == 1, "{question}: {answer}");
    }
}
