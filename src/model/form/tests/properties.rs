//! Rules under random input: nothing widens, nothing is made up, nothing panics.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use domain::{
    request::{Locality, Spend, Until},
    strategies::bounds,
    task::ParameterKind,
};

const FILES: [&str; 3] = ["data.fasta", "b 2.fasta", "x/notes.txt"];

/// A file, a number or a word, real or not.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        proptest::sample::select(&["data.fasta", "b 2.fasta", "not listed", "dta.fasta", "quick", "1e-5", "7"][..])
            .prop_map(Value::from),
        (-3i64..40).prop_map(Value::from),
        (0u32..4000).prop_map(|n| serde_json::from_str(&format!("{}.{:03}", n / 1000, n % 1000)).unwrap()),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
    ]
}

fn piece() -> impl Strategy<Value = Value> {
    let task = proptest::sample::select(
        &[
            "sequence_stats",
            "protein_folding",
            "text_summary",
            "blast_search",
            "hmm_search",
            "multiple_alignment",
            "docking",
        ][..],
    );
    let name = proptest::sample::select(
        &["dimension", "seed", "effort", "sentences", "database", "evalue", "max_hits", "pay"][..],
    );
    let set = proptest::collection::vec((name, value()), 0..4);
    (task, proptest::collection::vec(value(), 0..4), set).prop_map(|(task, files, set)| {
        let set: Vec<Value> = set.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        json!({"task": task, "files": files, "set": set, "database": "data.fasta"})
    })
}

/// An object, with any of its fields left out.
fn object() -> impl Strategy<Value = Value> {
    let asks = proptest::sample::select(&["work", "information", "other"][..]);
    let until = proptest::sample::select(&["plan", "quote", "done"][..]);
    let fields = (asks, until, proptest::collection::vec(piece(), 0..3), value(), any::<bool>());
    (fields, proptest::collection::vec(any::<bool>(), 5)).prop_map(|((asks, until, work, gas, here), left)| {
        let fields = [
            ("asks_for", json!(asks)),
            ("until", json!(until)),
            ("work", json!(work)),
            ("max_gas", gas),
            ("here_only", json!(here)),
        ];
        fields
            .into_iter()
            .zip(left)
            .filter(|(_, left)| !left)
            .map(|((name, value), _)| (name.to_owned(), value))
            .collect()
    })
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(answer in "[\\PC{}\\[\\]\":,]{0,80}", said in "\\PC{0,40}") {
        let (tasks, files) = (tasks(), names(&FILES));
        let _ = read(&answer, &Heard { said: &said, last: None }, &Offered { tasks: &tasks, files: &files });
    }

    #[test]
    fn nothing_widens_and_nothing_is_made_up(object in object(), flags in bounds(), said in "(fold|stats of) (data.fasta|dta.fasta|it) (7|1.5|quick|)") {
        let (tasks, files) = (tasks(), names(&FILES));
        let offered = Offered { tasks: &tasks, files: &files };
        let Ok(proposal) = read(&object.to_string(), &Heard { said: &said, last: None }, &offered) else { return Ok(()) };
        // Beside what the flags say.
        let both = flags.narrowed(proposal.bounds);
        prop_assert!(both.until <= flags.until);
        prop_assert!(both.place == Locality::Here || flags.place == Locality::Anywhere);
        if let Some(most) = flags.spend.limit() {
            prop_assert!(both.spend.limit().is_some_and(|limit| limit <= most));
        }
        // Beyond the plan goes only what is asked for as work, and says how far.
        if proposal.bounds.until > Until::Plan {
            prop_assert_eq!(&object["asks_for"], "work");
            prop_assert_eq!(&object["until"], proposal.bounds.until.as_str());
        }
        if let Spend::AtMost(limit) = proposal.bounds.spend {
            prop_assert!(said.contains(&limit.gas_string()), "{} in {}", limit, said);
        }
        for work in &proposal.work {
            let task = offered.task(&work.task).unwrap();
            for input in &work.inputs {
                let file = input.named.to_str().unwrap();
                prop_assert!(files.iter().any(|f| f == file) || said.contains(file), "{}", file);
            }
            for (name, value) in &work.parameters {
                let is_file = matches!(task.parameters[name].kind, ParameterKind::File { .. });
                prop_assert!(!is_file);
                let text = value.as_str().map_or(value.to_string(), str::to_owned);
                prop_assert!(said.contains(&text), "{} in {}", text, said);
            }
        }
    }

    /// What is written of a proposal is read as the same proposal.
    #[test]
    fn what_is_written_is_read_back(object in object(), said in "(fold|stats of) (data.fasta|it) (7|1.5|quick|)") {
        let (tasks, files) = (tasks(), names(&FILES));
        let offered = Offered { tasks: &tasks, files: &files };
        let heard = Heard { said: &said, last: None };
        let Ok(one) = read(&object.to_string(), &heard, &offered) else { return Ok(()) };
        let proposed = Proposal { without_file: Vec::new(), ..one.clone() };
        let two = read(&proposed.object(&tasks), &heard, &offered).unwrap();
        prop_assert_eq!((two.asks_for, two.bounds, two.answers, two.dropped), (one.asks_for, one.bounds, one.answers, vec![]));
        let key = |work: &Work| (work.task.clone(), work.inputs.clone(), json!(work.parameters).to_string());
        let (mut before, mut after): (Vec<_>, Vec<_>) = (one.work.iter().map(key).collect(), two.work.iter().map(key).collect());
        before.sort_by(|a, b| format!("{a:?}").cmp(&format!("{b:?}")));
        after.sort_by(|a, b| format!("{a:?}").cmp(&format!("{b:?}")));
        prop_assert_eq!(before, after);
    }
}
