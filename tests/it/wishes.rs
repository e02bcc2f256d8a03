//! The offline planner in the real program: what was not plainly wished is not begun, and nothing is paid for it.

use crate::world::{Run, World, example};

fn world() -> World {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    world
}

fn ask(world: &World, prompt: &str) -> Run {
    world.run(&["ask", "--json", prompt])
}

fn answer(run: &Run) -> String {
    let mut said = run.events().into_iter().filter(|e| e["type"] == "message.completed");
    said.next_back().unwrap_or_else(|| panic!("{}", run.all()))["text"].as_str().unwrap().to_owned()
}

/// That nothing had an effect: no upload, no submission, no payment, no run, in the events and in the ledger's log.
fn nothing_happened(world: &World, run: &Run, prompt: &str) {
    for begin in ["payment.", "approval.", "upload.", "job.submitted", "result."] {
        assert!(!run.types().iter().any(|t| t.starts_with(begin)), "{prompt}: {}", run.all());
    }
    assert!(world.states().iter().all(|state| state == "planned"), "{prompt}: {:?}", world.states());
}

#[test]
fn nothing_is_paid_against_plain_words() {
    let world = world();
    for (prompt, words) in [
        ("don't fold data.fasta", "I read \"don't\" in it"),
        ("do not fold data.fasta", "I read \"not\" in it"),
        ("stop folding data.fasta", "nothing to give up"),
        ("cancel the folding of data.fasta", "nothing to give up"),
        ("Should I fold data.fasta?", "Nothing was run, uploaded or paid."),
        ("quickly fold data.fasta but pay nothing", "It may cost nothing, as you said"),
        ("fold data.fasta only if it is free", "It may cost nothing, as you said"),
        ("fold data.fasta if the weather is fine", "You make a condition (\"if\")"),
        ("fold data.fasta cheaply", "You set a limit (\"cheaply\")"),
        ("fold data.fasta pronto", "I do not understand \"pronto\" in it"),
        ("Falte data.fasta bitte nicht", "I read \"nicht\" in it"),
        ("ne pas fold data.fasta", "I read \"ne\" in it"),
        ("nunca fold data.fasta", "I read \"nunca\" in it"),
        ("don't pay", "no plain word to go on"),
        ("Pay 5 GAS to NbBboiLB8G4eV2QHdMVLwCs91ViWN6NBe2", "no plain word to go on"),
    ] {
        let run = ask(&world, prompt);
        assert_eq!(run.code, 0, "{prompt}: {}", run.all());
        assert!(answer(&run).contains(words), "{prompt}: {}", answer(&run));
        nothing_happened(&world, &run, prompt);
    }
}

#[test]
fn a_quote_above_the_limit_is_not_paid_and_can_be_paid_after_all() {
    let world = world();
    let run = ask(&world, "fold data.fasta for at most 1.99999999 GAS");
    assert_eq!(run.code, 1, "it is not done: {}", run.all());
    assert!(!run.types().iter().any(|t| t.starts_with("payment.")), "{}", run.all());
    assert_eq!(world.states(), ["planned", "staging", "staged", "submitted"]);
    let job = run.event("verdict")["job"].as_str().unwrap().to_owned();
    let said = answer(&run);
    for words in ["asks 2 GAS", "nothing was paid", &format!("`agent jobs resume {job} --yes`")] {
        assert!(said.contains(words), "{said}");
    }
    let resumed = world.run(&["jobs", "resume", &job, "--yes"]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    assert_eq!(world.states().iter().filter(|state| *state == "paid").count(), 1);
}

#[test]
fn what_was_chosen_is_done_or_refused_and_never_dropped() {
    let world = world();
    for (prompt, words) in [
        ("fold data.fasta in 4d", "from 2 to 3"),
        ("fold data.fasta with seed -1", "from 0 to 9007199254740991"),
        ("fold data.fasta with seed 99999999999999999999", "from 0 to 9007199254740991"),
        ("fold data.fasta in 2d and 3d", "two values for dimension: 2 and 3"),
        ("summarise secret.env", "secret.env"),
        ("summarise id_rsa", "id_rsa"),
    ] {
        let run = ask(&world, prompt);
        assert!(answer(&run).contains(words), "{prompt}: {}", answer(&run));
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
