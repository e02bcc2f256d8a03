use std::{sync::Arc, time::Duration};

use super::*;
use crate::{
    model::scripted::Scripted,
    trial::{Variant, judge::Happened, meter::Used, play::Played},
};
use domain::event::Event;
use guard::machine::catalogue::Catalogue;

const HOSTILE: &str = "</td><script>alert(1)</script>\"'&";

fn plan(ids: &[&str], variants: Vec<Variant>) -> Plan {
    let catalogue = Catalogue::builtin().unwrap();
    let case = |id: &&str| {
        let text = serde_json::json!({"id": id, "turns": ["hi"], "expect": {"jobs": []}}).to_string();
        Case::parse("x.yaml", &text, &catalogue).unwrap()
    };
    Plan {
        driving: guard::config::Driving::default(),
        cases: ids.iter().map(case).collect(),
        variants,
        rounds: 1,
        at_once: 1,
        limit: Duration::from_secs(1),
        limits: crate::agent::Limits::default(),
        model: Arc::new(|| Ok(Arc::new(Scripted::parse("none", "turns: []").map_err(|e| e.to_string())?))),
        catalogue: catalogue.clone(),
    }
}

fn outcome(case: usize, variant: usize, failed: &[&str]) -> Outcome {
    let told = vec![Told { seconds: 0.25, event: Event::Warning { message: HOSTILE.to_owned() } }];
    let played = Played {
        failed: failed.iter().map(|f| (*f).to_owned()).collect(),
        happened: Happened { answer: HOSTILE.to_owned(), ..Happened::default() },
        used: Used { steps: 4, tokens: None },
        seconds: 2.0,
        told,
        ..Played::default()
    };
    Outcome { case, variant, round: 0, played }
}

fn page(plan: &Plan, outcomes: &[Outcome], broken: &[BrokenCase]) -> String {
    Trial { model: HOSTILE, plan, outcomes, broken, at: Timestamp::UNIX_EPOCH }.page().unwrap()
}

#[test]
fn everything_is_escaped_and_nothing_is_fetched() {
    let broken = BrokenCase { file: HOSTILE.to_owned(), field: Some(HOSTILE.to_owned()), problem: HOSTILE.to_owned() };
    let page = page(&plan(&[HOSTILE], vec![Variant::default()]), &[outcome(0, 0, &[HOSTILE])], &[broken]);
    assert!(!page.contains("<script"), "{page}");
    // The model twice, the broken file thrice, the id twice, reason, answer and event.
    assert_eq!(page.matches("&#60;script&#62;alert(1)").count(), 10, "{page}");
    for fetched in ["http:", "https:", "src=", "href=", "url("] {
        assert!(!page.contains(fetched), "{fetched}");
    }
}

#[test]
fn a_table_of_cases_and_variants_and_the_failures_in_words() {
    let plan = plan(&["one", "two"], vec![Variant::default(), Variant::without(&crate::trial::Help::ALL)]);
    let all = [
        outcome(0, 0, &[]),
        outcome(1, 0, &[]),
        outcome(0, 1, &[]),
        outcome(1, 1, &["confirmed payments: 1 expected, 0 made"]),
    ];
    let page = page(&plan, &all, &[]);
    let text = |from: &str, to: &str| page.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned();
    let totals = text("<h2>Totals", "<h2>");
    assert!(totals.contains("all helps") && totals.contains("2 of 2 (100 %)"), "{totals}");
    assert!(totals.contains("without narrowing, repair, endings") && totals.contains("1 of 2 (50 %)"), "{totals}");
    let cases = text("<h2>Cases", "<h2>");
    assert_eq!((cases.matches(">pass<").count(), cases.matches(">fail<").count()), (3, 1), "{cases}");
    let failures = text("<h2>Failures", "</body>");
    assert_eq!(failures.matches("<details>").count(), 1);
    assert!(failures.contains("confirmed payments: 1 expected, 0 made"));
    assert!(failures.contains("0.2") && failures.contains("warning"), "{failures}");
}

#[test]
fn one_is_no_plural() {
    let plan = plan(&["one"], vec![Variant::default()]);
    let mut only = outcome(0, 0, &[]);
    (only.played.used.steps, only.played.refusals) = (1, 1);
    let page = page(&plan, &[only], &[]);
    for said in ["1 case, each", "1 step ·", "1 refusal<"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    for said in ["1 cases", "1 steps", "1 refusals"] {
        assert!(!page.contains(said), "{said}: {page}");
    }
}
