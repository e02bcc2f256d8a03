use proptest::prelude::*;
use textwrap::core::display_width;

use super::*;
use crate::face::sample_plans::{self, HOSTS, at_widths, impossible, local, offloaded, planned};
use domain::{
    cost::{Charge, NanoDollars},
    money::Datoshi,
    network::{MAINNET, Network, SANDBOX, TESTNET},
    plan::PriceSource,
    request::{Bounds, Locality, Spend, Until},
};

fn seen(plan: &Plan) -> String {
    at_widths(|look| super::plan(plan, look))
}

fn at_80(plan: &Plan) -> String {
    super::plan(plan, &Look::plain(80)).join("\n")
}

#[test]
fn one_free_local_work() {
    insta::assert_snapshot!(seen(&sample_plans::one_local()));
}

#[test]
fn one_offload_in_the_sandbox() {
    insta::assert_snapshot!(seen(&sample_plans::one_in_the_sandbox()));
}

#[test]
fn one_offload_on_mainnet() {
    insta::assert_snapshot!(seen(&sample_plans::one_on_mainnet()));
}

#[test]
fn four_files_mixed() {
    insta::assert_snapshot!(seen(&sample_plans::mixed()));
}

#[test]
fn a_thousand_works() {
    insta::assert_snapshot!(seen(&sample_plans::thousand()));
}

#[test]
fn nothing_possible() {
    insta::assert_snapshot!(seen(&sample_plans::nothing_possible()));
}

#[test]
fn one_that_cannot_be_done_and_one_that_was_done_before() {
    let why = "S1-3 has 4,000 residues, and protein_folding folds at most 400";
    let cannot = impossible("long.fasta", why, Some("split it, or choose fewer records"));
    let mut done = offloaded("old.fasta", Network(SANDBOX), PriceSource::Quoted);
    done.same_as_before = true;
    let begun = done.clone();
    done.price = None;
    let plans = [cannot, done, begun].map(|piece| planned(vec![piece], Bounds::default(), None, HOSTS));
    insta::assert_snapshot!(plans.map(|plan| at_80(&plan)).join("\n\n"));
}

#[test]
fn other_names_of_the_same_work_are_told() {
    let mut piece = offloaded("a.fasta", Network(SANDBOX), PriceSource::Quoted);
    piece.also = vec!["copy.fasta".into(), "./a.fasta".into()];
    for pieces in [vec![piece.clone()], vec![piece, local("sequence_stats", "b.fasta", 1)]] {
        let said = at_80(&planned(pieces, Bounds::default(), None, HOSTS));
        assert!(said.contains("Same       copy.fasta and ./a.fasta: the same work as a.fasta, done once"), "{said}");
    }
}

/// The same file with other parameters: rows say what differs, and only that.
#[test]
fn a_sweep_over_a_parameter() {
    let piece = |seed: i64| {
        let mut piece = offloaded("data.fasta", Network(TESTNET), PriceSource::Owners);
        piece.work.parameters.insert("seed".into(), seed.into());
        piece
    };
    let bounds = Bounds { spend: Spend::Nothing, place: Locality::Here, until: Until::Quote };
    insta::assert_snapshot!(at_80(&planned((1..=3).map(piece).collect(), bounds, None, HOSTS)));
}

/// What the provider charges in a unit of its own, what a person assumes, and the part that is worked on.
#[test]
fn what_is_charged_otherwise_and_what_is_assumed() {
    let mut piece = offloaded("data.fasta", Network(TESTNET), PriceSource::Listed);
    if let Some(price) = &mut piece.price {
        (price.fees, price.beside) = (Datoshi::ZERO, Some(Charge::new(NanoDollars::new(20_000_000), "$")));
    }
    piece.work.assumed.bytes = Some(5_000_000_000);
    piece.work.assumed.seconds = Some(7200.0);
    piece.work.anew = true;
    if let Some(verdict) = &mut piece.verdict {
        verdict.part = Some(3);
    }
    insta::assert_snapshot!(at_80(&planned(vec![piece], Bounds::default(), None, HOSTS)));
}

#[test]
fn one_line_for_what_is_free_and_stays_here() {
    let look = Look::plain(80);
    assert_eq!(
        brief(&sample_plans::one_local(), &look),
        ["sequence_stats on examples/reads.fasta (1.0 MB, 6 records) runs on this machine:", "free, about 12 s."]
    );
    let bound = Bounds { until: Until::Plan, ..Bounds::default() };
    let stops = planned(vec![local("sequence_stats", "a.fasta", 1)], bound, None, HOSTS);
    assert_eq!(brief(&stops, &look), plan(&stops, &look));
    let offloads = sample_plans::one_in_the_sandbox();
    assert_eq!(brief(&offloads, &look), plan(&offloads, &look));
}

#[test]
fn real_money_is_said_and_play_money_is_not_called_so() {
    assert!(at_80(&sample_plans::one_on_mainnet()).contains("on mainnet: real money"));
    let sandbox = at_80(&sample_plans::one_in_the_sandbox());
    assert!(!sandbox.contains("real money") && sandbox.contains("nothing leaves this machine"), "{sandbox}");
}

/// What comes from outside cannot move the cursor, hide a line or begin one of its own.
#[test]
fn nothing_a_terminal_obeys_is_printed() {
    let bad = "x\u{1b}[2J\u{202e}\r\nPaid to    nobody\u{7}";
    let mut one = offloaded(bad, Network(MAINNET), PriceSource::Quoted);
    one.work.task = bad.into();
    one.work.parameters.insert(bad.into(), bad.into());
    if let Some(price) = &mut one.price {
        (price.recipient, price.beside) = (bad.into(), Some(Charge::new(NanoDollars::new(1), bad)));
    }
    if let Some(verdict) = &mut one.verdict {
        verdict.reasons.iter_mut().for_each(|reason| reason.why = bad.into());
    }
    let two = impossible(bad, bad, Some(bad));
    for pieces in [vec![one.clone()], vec![two.clone()], vec![one, two]] {
        for line in plan(&planned(pieces, Bounds::default(), Some(bad), bad), &Look::plain(120)) {
            assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
            assert!(!line.starts_with("Paid to    nobody"), "{line:?}");
        }
    }
}

fn piece() -> impl Strategy<Value = PlannedWork> {
    let name = "[a-z_]{1,40}(/[a-z_]{1,40}){0,2}\\.fasta";
    (name, 0..5u8, 0..3i64).prop_map(|(name, kind, seed)| match kind {
        0 => local("sequence_stats", &name, 1_000),
        1 => local("a_task_whose_name_is_rather_long", &name, 5_000_000_000),
        2 => impossible(&name, "it is text and holds no sequences", None),
        kind => {
            let mut piece = offloaded(&name, Network(MAINNET), PriceSource::Quoted);
            piece.work.parameters.insert("seed".into(), seed.into());
            piece.same_as_before = kind == 4;
            piece
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is planned: it fits the width, no name or word is broken, it stays short, and no piece goes uncounted.
    #[test]
    fn any_plan_fits(pieces in proptest::collection::vec(piece(), 2..60), width in 60usize..=120) {
        let n = pieces.len();
        let plan = planned(pieces, Bounds::default(), None, HOSTS);
        let lines = super::plan(&plan, &Look::plain(width));
        prop_assert!(lines.iter().all(|line| display_width(line) <= width || line.split_whitespace().count() <= 2), "{lines:#?}");
        let all = lines.join(" ");
        let counted = all.contains(&n.to_string());
        prop_assert!(counted);
        prop_assert!(lines.len() < 70, "{lines:#?}");
        let table: Vec<&String> = lines.iter().skip_while(|line| !line.starts_with("file ")).skip(2).take_while(|line| !line.is_empty()).collect();
        let told: usize = table.iter().map(|line| match line.strip_prefix("and ") {
            Some(more) => more.split(' ').next().unwrap().parse::<usize>().unwrap(),
            None => 1,
        }).sum();
        prop_assert!(table.is_empty() || told == n, "{told} of {n}: {lines:#?}");
    }
}
