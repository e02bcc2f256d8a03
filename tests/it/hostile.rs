//! An attacker's tries, each beside a benign twin that must succeed: a guard that refuses everything fails here as one that
//! lets everything pass does.
//!
//! The main run plays every third of each class; `make torture` plays all.

mod files;
mod folder;
mod model;
mod shown;
mod words;

/// A try of an attacker, or its twin.
pub struct Case {
    pub name: String,
    pub is_attack: bool,
    /// What went wrong: the attacker got what they wanted, or the twin did not.
    pub play: Box<dyn Fn() -> Result<(), String>>,
}

impl Case {
    pub fn attack(name: impl Into<String>, play: impl Fn() -> Result<(), String> + 'static) -> Case {
        Case { name: name.into(), is_attack: true, play: Box::new(play) }
    }

    pub fn twin(name: impl Into<String>, play: impl Fn() -> Result<(), String> + 'static) -> Case {
        Case { name: name.into(), is_attack: false, play: Box::new(play) }
    }
}

/// An error with what was seen, where it is not so.
pub fn must(holds: bool, seen: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(seen()) }
}

type Class = (&'static str, fn() -> Vec<Case>);

const CLASSES: [Class; 6] = [
    ("calls of a model", model::calls),
    ("bounds of a person against a model", model::bounds),
    ("files that a model names", files::named),
    ("orders that stand in files", words::orders),
    ("names and texts on the terminal", shown::texts),
    ("settings of a stranger's folder", folder::settings),
];

/// Plays every `step`th attack of a class, and every `step`th twin; the first of each always.
fn play(step: usize) {
    let mut failed = Vec::new();
    for (class, cases) in CLASSES {
        let (attacks, twins): (Vec<Case>, Vec<Case>) = cases().into_iter().partition(|case| case.is_attack);
        assert!(!attacks.is_empty() && !twins.is_empty(), "{class}: attacks and twins");
        let played: Vec<&Case> = attacks.iter().step_by(step).chain(twins.iter().step_by(step)).collect();
        let before = failed.len();
        failed.extend(played.iter().filter_map(|case| {
            let why = (case.play)().err()?;
            let what = if case.is_attack { "an attack succeeded" } else { "its twin did not" };
            Some(format!("{class}: {what}: {}: {why}", case.name))
        }));
        let bad = failed.len() - before;
        println!(
            "{class}: {} of {} held ({} attacks and {} twins in all)",
            played.len() - bad,
            played.len(),
            attacks.len(),
            twins.len()
        );
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn attacks_fail_and_their_twins_succeed() {
    play(3);
}

#[test]
#[ignore = "all of them: minutes; `make torture`"]
fn all_attacks_fail_and_all_twins_succeed() {
    play(1);
}
