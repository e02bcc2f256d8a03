//! What a form that a model filled in comes to: held to what was said before, to what there is, and to what the program knows.

use std::sync::{Arc, Mutex};

use crate::{
    agent::{
        by_form::ByForm,
        by_grammar::KnowState,
        prompt,
        propose::{Heard, Propose as _, Proposed},
    },
    model::{
        ChatModel, ChatRequest, ChatTurn, Delta, ModelError,
        grammar::{Fact, State},
    },
};
use domain::{
    money::Datoshi,
    request::{Bounds, Locality, Origin, Request, Spend, Until, Work},
};
use guard::machine::catalogue::Catalogue;

/// A model that fills the form in like this, whatever is asked.
struct Fills(String);

#[async_trait::async_trait]
impl ChatModel for Fills {
    fn name(&self) -> String {
        "fills".to_owned()
    }

    async fn turn(&self, _: &ChatRequest, _: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        Ok(ChatTurn { text: self.0.clone(), ..ChatTurn::default() })
    }
}

/// A program that answers with the name of what was asked.
struct Knows;

#[async_trait::async_trait]
impl KnowState for Knows {
    async fn state(&self, _: bool) -> State {
        unreachable!("the answer is given without it")
    }

    async fn answer(&self, fact: &Fact) -> String {
        format!("state knows: {}", fact.name())
    }
}

/// An object with this work, of which it asks so.
fn object(asks_for: &str, task: &str, file: &str, max_gas: &str) -> String {
    let set = if task == "protein_folding" { r#", "set": []"# } else { "" };
    format!(
        r#"{{"asks_for": "{asks_for}", "until": "done", "work": [{{"task": "{task}", "files": ["{file}"]{set}}}], "max_gas": {max_gas}, "here_only": false}}"#
    )
}

const NO_WORK: &str = r#"{"asks_for": "other", "until": "plan", "work": [], "max_gas": null, "here_only": false}"#;

/// What comes of it in a folder with `a.fasta`, `b.fasta` and `samples/s.fastq`.
async fn comes_to(said: &str, object: &str, last: Option<&Request>) -> Proposed {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("samples")).unwrap();
    for file in ["a.fasta", "b.fasta", "samples/s.fastq"] {
        std::fs::write(folder.path().join(file), ">a\nMKV\n").unwrap();
    }
    let front = ByForm::new(Arc::new(Fills(object.to_owned())), Arc::new(Knows));
    let tasks: Vec<_> = Catalogue::builtin().unwrap().iter().cloned().collect();
    let (files, folders) = prompt::seen_below(folder.path());
    let heard = Heard { said, last, files: &files, folders: &folders, jobs: &[], tasks: &tasks, room: None };
    front.propose(&heard).await.proposed.unwrap()
}

/// The same in a line: the work, how far and for how much it goes, and what is noted.
async fn brief(said: &str, object: &str, last: Option<&Request>) -> String {
    match comes_to(said, object, last).await {
        Proposed::Work(p) => {
            let work: Vec<String> =
                p.work.iter().map(|work| format!("{} {}", work.task, work.dataset().display())).collect();
            let here = if p.bounds.place == Locality::Here { ", here" } else { "" };
            let spend = p.bounds.spend.limit().map_or(String::new(), |limit| format!(", at most {limit}"));
            let answers = if p.answers { ", if free" } else { "" };
            let here = if p.inherits { format!("{here}, inherited") } else { here.to_owned() };
            let first = p.first.map_or(String::new(), |first| format!("[{first}] "));
            format!(
                "{first}{} -> {}{here}{spend}{answers} ({})",
                work.join(" + "),
                p.bounds.until.as_str(),
                p.notes.join("; ")
            )
        }
        Proposed::Words(words) => words,
        Proposed::Talk { .. } => "talk".to_owned(),
        Proposed::Leave => "leave".to_owned(),
    }
}

fn before(spend: Spend, place: Locality) -> Request {
    let bounds = Bounds { spend, place, until: Until::Done };
    Request::new(Origin::Grammar, bounds, vec![Work::new("protein_folding", "a.fasta", Default::default())], None)
}

#[tokio::test]
async fn a_limit_and_a_place_of_before_hold_for_what_follows() {
    let one = before(Spend::at_most(Datoshi::from_gas(1)), Locality::Anywhere);
    let fold = |max: &str| object("work", "protein_folding", "b.fasta", max);
    assert_eq!(
        brief("the same for b.fasta", &fold("null"), Some(&one)).await,
        "protein_folding b.fasta -> done, inherited, at most 1 GAS (at most 1 GAS, as before)"
    );
    assert_eq!(
        brief("the same for b.fasta, for at most 3 GAS", &fold("3"), Some(&one)).await,
        "protein_folding b.fasta -> done, at most 3 GAS ()",
        "another limit was said"
    );
    assert_eq!(
        brief("the same for b.fasta with seed 5", &fold("5"), Some(&one)).await,
        "protein_folding b.fasta -> done, at most 1 GAS (at most 1 GAS, as before)",
        "no limit in GAS was said"
    );
    let here = before(Spend::Nothing, Locality::Here);
    assert_eq!(
        brief("and b.fasta", &fold("null"), Some(&here)).await,
        "protein_folding b.fasta -> done, here, inherited, at most 0 GAS (at most 0 GAS, as before; on this machine only, as before)"
    );
    let stats = object("work", "sequence_stats", "b.fasta", "null");
    assert_eq!(brief("stats of b.fasta", &stats, Some(&here)).await, "sequence_stats b.fasta -> done ()", "other work");
}

#[tokio::test]
async fn a_limit_that_was_not_said_in_gas_leaves_only_what_is_free() {
    let fold = object("work", "protein_folding", "a.fasta", "5");
    assert_eq!(
        brief("Fold a.fasta for at most 5 euros", &fold, None).await,
        "protein_folding a.fasta -> plan, if free (left out: a limit of 5, which was not said in GAS)"
    );
    let only = object("work", "protein_folding", "a.fasta", "5").replace("done", "plan");
    assert!(brief("Would 5 euros do for a.fasta?", &only, None).await.contains("-> plan ("));
    let quote = object("work", "protein_folding", "a.fasta", "5").replace("done", "quote");
    assert!(brief("A quote for a.fasta, at most 5 euros", &quote, None).await.contains("-> plan ("));
}

#[tokio::test]
async fn a_limit_of_before_does_not_speak_for_the_words_of_now() {
    let limited = before(Spend::at_most(Datoshi::from_gas(3)), Locality::Anywhere);
    let fold = object("work", "protein_folding", "b.fasta", "null");
    for said in ["do not fold b.fasta yet", "Falte b.fasta noch nicht", "b.fasta はまだ折りたたまないで"] {
        let told = brief(said, &fold, Some(&limited)).await;
        assert!(told.contains("inherited") || told.contains("-> plan"), "{said}: {told}");
    }
    assert!(!brief("cancel it", &fold, Some(&limited)).await.contains("-> done"));
}

#[tokio::test]
async fn what_state_knows_is_not_left_to_a_model() {
    let invents = object("information", "sequence_stats", "a.fasta", "null");
    assert_eq!(brief("What is my balance?", &invents, None).await, "state knows: balance");
    assert_eq!(brief("What is my balance?", NO_WORK, None).await, "state knows: balance");
    assert_eq!(brief("Was für ein schöner Tag!", NO_WORK, None).await, "talk");
    assert_eq!(brief("bye", NO_WORK, None).await, "leave");
    assert!(brief("cancel it", NO_WORK, None).await.contains("nothing to cancel"));
}

#[tokio::test]
async fn a_wish_that_the_catalogue_lacks_is_told_first_and_goes_no_further() {
    let nearest = object("work", "protein_folding", "a.fasta", "null");
    let said = brief("Run AlphaFold on a.fasta", &nearest, None).await;
    assert!(
        said.starts_with("[Structure prediction (AlphaFold") && said.contains("protein_folding a.fasta -> plan ("),
        "{said}"
    );
    assert!(brief("Run AlphaFold on a.fasta", NO_WORK, None).await.starts_with("Structure prediction (AlphaFold"));
}

#[tokio::test]
async fn files_are_those_that_are_there_and_those_that_were_named() {
    let folder = object("work", "sequence_stats", "samples/", "null");
    assert_eq!(brief("statistics for samples please", &folder, None).await, "sequence_stats samples/ -> done ()");
    let both = folder.replace("\"samples/\"", "\"samples/\", \"samples/s.fastq\"");
    assert_eq!(brief("statistics for samples please", &both, None).await, "sequence_stats samples/ -> done ()");
    let missed = object("work", "protein_folding", "not listed", "null");
    assert_eq!(
        brief("Falte b.fasta, bitte", &missed, None).await,
        "protein_folding b.fasta -> done ()",
        "both found it"
    );
    let asks = "On which file is protein_folding to run? Here: a.fasta, b.fasta, samples/s.fastq.";
    assert_eq!(brief("Ripiega b.fasta, per favore", &missed, None).await, asks, "the grammar reads no Italian");
    assert_eq!(
        brief("Fold everything but a.fasta", &missed, None).await,
        "protein_folding b.fasta -> done (without a.fasta)"
    );
    let other = object("work", "protein_folding", "b.fasta", "null");
    assert_eq!(
        brief("Ripiega tutto tranne a.fasta", &other, None).await,
        asks,
        "what is left out is not taken, and what is not pointed to neither"
    );
    let two = object("work", "sequence_stats", "a.fasta", "null")
        .replace("}], \"max", "}, {\"task\": \"protein_folding\", \"files\": [\"not listed\"], \"set\": []}], \"max");
    assert_eq!(brief("Stats of a.fasta and fold the other one", &two, None).await, "sequence_stats a.fasta -> done ()");
    let run = object("work", "sequence_stats", "samples/", "null");
    assert!(brief("statistics of the resampled reads", &run, None).await.starts_with("On which file"), "no word of it");
    assert_eq!(
        brief("Fold my protein", &missed, None).await,
        "On which file is protein_folding to run? Here: a.fasta, b.fasta, samples/s.fastq."
    );
    let last = before(Spend::at_most(Datoshi::from_gas(1)), Locality::Anywhere);
    for said in ["And the rest", "Fold the rest"] {
        let rest = brief(said, NO_WORK, Some(&last)).await;
        assert!(rest.starts_with("protein_folding b.fasta"), "what the model did not hear the grammar may: {rest}");
        assert!(rest.contains("at most 1 GAS"), "{said}: {rest}");
    }
}

#[tokio::test]
async fn an_order_that_the_grammar_reads_too_is_plain() {
    let fold = object("work", "protein_folding", "a.fasta", "null");
    for (said, is_plain) in [("Fold a.fasta", true), ("Ripiega a.fasta", false), ("Fold a.fasta and b.fasta", false)] {
        let Proposed::Work(proposal) = comes_to(said, &fold, None).await else { panic!("{said}") };
        assert_eq!(proposal.plain, is_plain, "{said}");
    }
}

#[tokio::test]
async fn of_the_same_work_the_narrower_reading_holds() {
    let fold = object("work", "protein_folding", "a.fasta", "null");
    for (said, is) in [
        ("Do not fold a.fasta", "plan"),
        ("Fold a.fasta for at most 2 GAS", "done, at most 2 GAS"),
        ("Fold a.fasta on this machine", "done, here"),
        ("Fold a.fasta for free", "done, at most 0 GAS"),
    ] {
        let told = brief(said, &fold, None).await;
        assert!(told.starts_with(&format!("protein_folding a.fasta -> {is} (")), "{said}: {told}");
    }
}

/// A model that keeps what it is asked.
#[derive(Default)]
struct Keeps(Mutex<Vec<ChatRequest>>);

#[async_trait::async_trait]
impl ChatModel for Keeps {
    fn name(&self) -> String {
        "keeps".to_owned()
    }

    async fn turn(&self, request: &ChatRequest, _: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        self.0.lock().unwrap().push(request.clone());
        Ok(ChatTurn { text: NO_WORK.to_owned(), ..ChatTurn::default() })
    }
}

#[tokio::test]
async fn what_was_said_before_is_left_out_until_the_rest_fits() {
    let model = Arc::new(Keeps::default());
    let front = ByForm::new(model.clone(), Arc::new(Knows));
    let tasks: Vec<_> = Catalogue::builtin().unwrap().iter().cloned().collect();
    let heard = |said, room| Heard { said, last: None, files: &[], folders: &[], jobs: &[], tasks: &tasks, room };
    for said in ["Was für ein Tag!", "Und so warm!", "Na dann."] {
        let reading = front.propose(&heard(said, None)).await;
        assert_eq!(reading.asked.len(), 1, "every call is handed on to be counted");
    }
    let whole = front.asks_bytes(&heard("Gut.", None));
    assert!(front.asks_bytes(&heard("Gut.", Some(whole - 1))) < whole, "the oldest is left out");
    front.propose(&heard("Gut.", Some(whole))).await;
    let asked = model.0.lock().unwrap().pop().unwrap();
    let texts = format!("{:?}", asked.messages);
    assert!(!texts.contains("Was für ein Tag!") && texts.contains("Und so warm!"), "{texts}");
}
