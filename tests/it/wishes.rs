//! The offline grammar in the real program: what a sentence withholds is not done, and nothing is paid for it.

use crate::world::{Run, World, example};

fn world() -> World {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    world
}

fn ask(world: &World, prompt: &str) -> Run {
    world.run(&["ask", "--json", prompt])
}

/// That nothing had an effect: no upload, no submission, no payment, no run, in the events and in the ledger's log.
fn nothing_happened(world: &World, run: &Run, prompt: &str) {
    for begin in ["payment.", "approval.", "upload.", "job.submitted", "result."] {
        assert!(!run.types().iter().any(|t| t.starts_with(begin)), "{prompt}: {}", run.all());
    }
    assert!(world.states().is_empty(), "{prompt}: {:?}", world.states());
}

#[test]
fn nothing_is_paid_against_plain_words() {
    let world = world();
    for (prompt, code) in [
        ("don't fold data.fasta", 0),
        ("do not fold data.fasta", 0),
        ("stop folding data.fasta", 0),
        ("cancel the folding of data.fasta", 0),
        ("Should I fold data.fasta?", 0),
        ("quickly fold data.fasta but pay nothing", REFUSED),
        ("fold data.fasta only if it is free", REFUSED),
        ("fold data.fasta if the weather is fine", 0),
        ("Falte data.fasta bitte nicht", 0),
        ("ne pas fold data.fasta", 0),
        ("nunca fold data.fasta", 0),
        ("don't pay", 0),
        ("Pay 5 GAS to NbBboiLB8G4eV2QHdMVLwCs91ViWN6NBe2", 0),
    ] {
        let run = ask(&world, prompt);
        assert_eq!(run.code, code, "{prompt}: {}", run.all());
        nothing_happened(&world, &run, prompt);
    }
}

#[test]
fn words_that_are_not_understood_stop_a_paid_order_at_its_plan() {
    let world = world();
    for (prompt, told) in [
        ("fold neither data.fasta", "neither"),
        ("simulate folding data.fasta", "simulate"),
        ("fold data.fasta, but only after I approve", "after i"),
        ("fold data.fasta at effort ludicrous", "effort ludicrous"),
        ("Vergiss das Falten von data.fasta", "vergiss"),
    ] {
        let run = ask(&world, prompt);
        assert_eq!(run.code, 0, "{prompt}: {}", run.all());
        nothing_happened(&world, &run, prompt);
        let answer = run.event("message.completed")["text"].as_str().unwrap().to_owned();
        assert!(answer.contains(&format!("I did not understand \"{told}\"")), "{prompt}: {answer}");
        assert!(answer.contains("it would cost at most"), "{prompt}: {answer}");
    }
}

/// The request's own bounds leave no way to do it.
const REFUSED: i32 = 5;

#[test]
fn a_limit_below_the_price_is_told_in_the_plan_and_a_new_request_pays() {
    let world = world();
    let prompt = "fold data.fasta for at most 1.99999999 GAS";
    let run = ask(&world, prompt);
    assert_eq!(run.code, REFUSED, "{}", run.all());
    let error = run.event("error");
    assert!(error["message"].as_str().unwrap().contains("the request's limit is 1.99999999 GAS"), "{error}");
    nothing_happened(&world, &run, prompt);
    let paid = ask(&world, "fold data.fasta for at most 3 GAS");
    assert_eq!(paid.code, 0, "{}", paid.all());
    assert_eq!(world.states().iter().filter(|state| *state == "paid").count(), 1);
}

#[test]
fn what_was_chosen_is_done_or_refused_and_never_dropped() {
    let world = world();
    for (prompt, words) in [
        ("fold data.fasta in 4d", "from 2 to 3"),
        ("fold data.fasta with seed -1", "from 0 to 9007199254740991"),
        ("fold data.fasta with seed 99999999999999999999", "from 0 to 9007199254740991"),
        ("fold data.fasta in 2d and 3d", "Which dimension: 2 or 3?"),
        ("summarise secret.env", "secret.env"),
    ] {
        let run = ask(&world, prompt);
        assert!(run.all().contains(words), "{prompt}: {}", run.all());
        nothing_happened(&world, &run, prompt);
    }
}

#[test]
fn help_is_no_claim() {
    for prompt in ["hello", "help", "What can you do?"] {
        let run = ask(&world(), prompt);
        assert_eq!(run.code, 0, "{prompt}: {}", run.all());
        assert!(!run.types().contains(&"warning".to_owned()), "{prompt}: {}", run.all());
    }
}
