//! Any text at all: no panic, the same reading again, no wider bounds, and no time that grows faster than the text.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{super::*, talk::Talk};
use domain::request::{Locality, Spend, Until};

const FILES: [&str; 6] =
    ["a.fasta", "contigs.fa", "my data (v2).fasta", "notes.txt", "samples/x.fastq", "samples/y.fastq"];

/// Words that the grammar knows, in any order, with signs and numbers between.
fn sentence() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "fold",
        "stats of",
        "blast",
        "summarise",
        "a.fasta",
        "contigs.fa",
        "notes.txt",
        "samples/",
        "*.fa",
        "'my data (v2).fasta'",
        "not",
        "don't",
        "pay",
        "upload",
        "free",
        "at most",
        "less than",
        "2 GAS",
        "half a GAS",
        "budget",
        "5 euros",
        "here",
        "and",
        "again",
        "the same for",
        "it",
        "both",
        "the rest",
        "all but",
        "yes",
        "no",
        "but",
        "if",
        "would",
        "?",
        ",",
        ".",
        "\n",
        ":",
        "seed 7",
        "seed=8",
        "3D",
        "another seed",
        "in two sentences",
        "quickly",
        "the second one",
        "what",
        "cost",
        "please",
        "cancel",
        "AlphaFold",
        "job-7k3q9dm2",
        ">x\nMKV\n",
        "@r\nAC\n+\nII\n",
        "MKVLAAGIVGAFLLWQ",
        "\"",
        "'",
        "折り",
        "exit",
        "thanks",
        "N50",
    ]);
    prop::collection::vec(prop_oneof![9 => known.prop_map(str::to_owned), 1 => "\\PC{0,8}"], 0..14)
        .prop_map(|all| all.join(" "))
}

fn limit(spend: Spend) -> u64 {
    spend.limit().map_or(u64::MAX, |most| most.datoshi())
}

proptest! {
    /// Whatever is said, and whatever was said before, is read, and read the same again.
    #[test]
    fn any_text_is_read(first in "\\PC{0,60}", turns in prop::collection::vec(prop_oneof![sentence(), "(?s).{0,80}"], 1..4)) {
        let mut talk = Talk::new(&FILES);
        for said in std::iter::once(&first).chain(&turns) {
            prop_assert_eq!(talk.read(said), talk.read(said));
            talk.says(said);
        }
    }

    /// What names no task and no file of its own stands on the last request, and is never wider than that one.
    #[test]
    fn what_amends_never_widens(said in sentence(), here in any::<bool>(), most in 0u64..5) {
        let mut talk = Talk::new(&FILES);
        let place = if here { " here" } else { "" };
        talk.says(&format!("fold a.fasta in 3D{place} for at most {most} GAS"));
        let last = talk.last.clone().unwrap().bounds;
        let scene = Scene { tasks: &talk.tasks, files: &talk.files, folders: &talk.folders, ..Scene::default() };
        let alone = read(&said, &scene);
        if let (Reading::Work(proposal), false) = (talk.read(&said), matches!(alone, Reading::Work(_))) {
            prop_assert!(limit(proposal.bounds.spend) <= limit(last.spend), "{said}: {:?}", proposal.bounds);
            prop_assert!(last.place == Locality::Anywhere || proposal.bounds.place == Locality::Here, "{said}");
            prop_assert!(!proposal.work.is_empty(), "{said}");
        }
    }

    /// With a negation of the order, a question or a condition, work that is paid for stops at its plan.
    #[test]
    fn a_doubt_about_paid_work_is_a_plan(doubt in prop::sample::select(vec![
        "do not {}", "never {}", "please don't {} yet", "should I {}?", "{}?", "what would it cost to {}", "if it is worth it, {}",
        "{} unless you are busy", "do not {} for at most 2 GAS", "I wonder whether to {}", "why would anybody {}", "{} but wait for me", "is it possible to {}",
    ]), order in prop::sample::select(vec!["fold a.fasta", "fold a.fasta and contigs.fa in 3D", "run protein folding on a.fasta with seed 7"])) {
        let reading = Talk::new(&FILES).read(&doubt.replace("{}", order));
        let Reading::Work(proposal) = reading else { panic!("{doubt}: {reading:?}") };
        prop_assert_eq!(proposal.bounds.until, Until::Plan, "{}", doubt);
    }

    /// A word that the grammar does not know, anywhere in a clause that orders, stops paid work at its plan; after the order's clause
    /// it stops nothing.
    #[test]
    fn a_word_that_is_not_known_is_a_plan(word in "[bcdfghj]{7}[xz]{3}", form in prop::sample::select(vec![
        "{} fold a.fasta", "fold {} a.fasta", "fold a.fasta {}", "fold a.fasta {} contigs.fa", "fold a.fasta, {} contigs.fa",
        "fold a.fasta, but {}", "{}, fold a.fasta", "fold a.fasta with seed 7 {} for at most 2 GAS", "fold a.fasta for at most 2 GAS {}",
        "fold a.fasta effort {}", "fold a.fasta, seed {}", "fold a.fasta {}=7",
    ]), free in prop::sample::select(vec![
        "fold a.fasta, {}", "fold a.fasta. {} for me", "fold a.fasta for {}", "fold a.fasta and {}", "Fold a.fasta, I need it for my {}",
    ])) {
        let until = |form: &str| match Talk::new(&FILES).read(&form.replace("{}", &word)) {
            Reading::Work(proposal) => (proposal.bounds.until, proposal.unread.join("; ")),
            other => panic!("{form}: {other:?}"),
        };
        let (stops, told) = until(form);
        prop_assert!(stops == Until::Plan && told.contains(word.as_str()), "{}: {}", form, told);
        prop_assert_eq!(until(free), (Until::Done, String::new()), "{}", free);
    }

    /// An amount of GAS that is named as a limit is held to the last digit, wherever it stands.
    #[test]
    fn limits_are_exact(datoshi in 1u64..10_000_000_000, form in prop::sample::select(vec![
        "fold a.fasta for at most {}", "for no more than {} fold a.fasta", "fold a.fasta, budget {}.", "fold a.fasta, max {} please",
        "fold a.fasta but don't spend more than {}", "fold a.fasta; {} is fine", "spend up to {} to fold a.fasta in 3D",
    ])) {
        let most = domain::money::Datoshi::new(datoshi).unwrap();
        let Reading::Work(proposal) = Talk::new(&FILES).read(&form.replace("{}", &most.to_string())) else { panic!("{form}") };
        prop_assert_eq!(proposal.bounds.spend, Spend::AtMost(most));
        prop_assert_eq!(proposal.bounds.until, Until::Done);
    }
}

/// A megabyte of whatever could make a reader go back and forth takes no longer than a short time; what grew with the square of
/// its length would take minutes.
#[test]
fn a_megabyte_is_read_in_linear_time() {
    let mut talk = Talk::new(&FILES);
    talk.says("fold a.fasta in 3D");
    for piece in [
        "fold the data ",
        ",,,,",
        "a.fasta, ",
        "*/",
        "\"'„`",
        "at most 2 GAS ",
        "not pay ",
        "x",
        "1",
        "1.2.",
        "1e",
        ">a\nACGT\n",
        "@a\nAC\n+\nII\n",
        ">\n",
        "ACGTACGTACGTACGTA ",
        "abcdefgh.fasta ",
        "seed=1 ",
        "折a",
        " ",
        "\\ ",
        "all but a.fasta and ",
        "=",
        "-",
    ] {
        let began = Instant::now();
        let reading = talk.read(&piece.repeat((1 << 20) / piece.len()));
        assert!(began.elapsed() < Duration::from_secs(10), "{piece:?}: {:?}", began.elapsed());
        assert!(!matches!(reading, Reading::Yes | Reading::Leave), "{piece:?}");
    }
}
