//! A turn as one request: what a front proposes is planned, agreed to and carried through, and words come at the end.

use std::collections::VecDeque;

use super::*;
use crate::{
    agent::propose::{Heard as Said, Proposal, Propose, Proposed, Reading},
    model::{ChatRequest, ChatTurn, ModelError, Usage},
};
use domain::request::{Locality, Request, Spend, Until, Work};

/// A front that proposes what it is given, and keeps what it heard.
#[derive(Default)]
struct Proposes {
    given: Mutex<VecDeque<Proposed>>,
    heard: Mutex<Vec<(String, Option<Request>, usize)>>,
}

#[async_trait::async_trait]
impl Propose for Proposes {
    fn asks_bytes(&self, heard: &Said<'_>) -> usize {
        heard.said.len()
    }

    async fn propose(&self, heard: &Said<'_>) -> Reading {
        let seen = (heard.said.to_owned(), heard.last.cloned(), heard.jobs.len());
        self.heard.lock().unwrap().push(seen);
        let given = self.given.lock().unwrap().pop_front();
        let usage = Some(Usage { prompt_tokens: 10, completion_tokens: 2, ..Usage::default() });
        let proposed = given.ok_or_else(|| ModelError::Garbage { what: "no request".to_owned() });
        Reading { proposed, asked: vec![(ChatRequest::default(), ChatTurn { usage, ..ChatTurn::default() })] }
    }
}

fn work(task: &str, file: &str) -> Work {
    Work::new(task, file, Default::default())
}

fn proposal(work: Vec<Work>, bounds: Bounds) -> Proposed {
    Proposed::Work(Proposal { work, bounds, ..Proposal::default() })
}

/// A conversation whose front proposes these; the model says these words.
fn bench(fake: Fake, given: Vec<Proposed>, turns: &str) -> (Bench, Arc<Proposes>) {
    let front = Arc::new(Proposes { given: Mutex::new(given.into()), ..Proposes::default() });
    let mut bench = Bench::scripted(fake, turns);
    bench.talk.front = Front::Request(front.clone());
    (bench, front)
}

fn grammar(fake: Fake, given: Vec<Proposed>) -> (Bench, Arc<Proposes>) {
    let (mut bench, front) = bench(fake, given, "  []");
    bench.talk.front = Front::Grammar(front.clone());
    (bench, front)
}

const FOLD: &str = "protein_folding";
const STATS: &str = "sequence_stats";

/// Names in the program's own words are not judged; a model's are.
#[tokio::test]
async fn what_the_program_itself_says_is_not_judged() {
    let (mut bench, _) = grammar(files(), vec![Proposed::Words(format!("Only these can be paid: {STRANGER}."))]);
    assert_eq!(bench.turn("who is paid?").await.exit_code, 0);
    assert_eq!(bench.warnings(), "");
}

#[tokio::test]
async fn a_request_is_carried_through_and_the_model_is_asked_for_words_once() {
    let given = vec![proposal(vec![work(FOLD, "data.fasta"), work(STATS, "two.fasta")], Bounds::default())];
    let turns = r#"
- expect: {choice: none, only_offered: [], user: ['best energy', 'of "data.fasta": done', 'It cost 2 GAS, and'], system: ['- protein_folding: ', 'No JSON']}
  say: "Folded, with energy -9, and three sequences."
"#;
    let (mut bench, front) = bench(files(), given, turns);
    let outcome = bench.plays("fold data.fasta and give me the stats of two.fasta").await;
    assert_eq!((outcome.exit_code, outcome.jobs.len(), bench.receipts()), (0, 2, 2), "{}", bench.errors());
    assert_eq!(outcome.answer, "Folded, with energy -9, and three sequences.");
    assert_eq!(bench.fake.effects(), ["upload", "pay", "fetch", "run"]);
    assert_eq!(outcome.spent.calls, 2, "what the front took is counted");
    let last = bench.fake.asked().pop().unwrap().request;
    assert_eq!(last.origin, domain::request::Origin::Model("scripted:test".into()));
    assert_eq!(last.said.as_deref(), Some("fold data.fasta and give me the stats of two.fasta"));
    assert_eq!(front.heard.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_proposed_only_narrows_and_where_it_stops_it_stops() {
    let bounds = Bounds::default();
    let spend = |gas: &str| Spend::at_most(gas.parse().unwrap());
    for (flags, proposed, code, effects) in [
        (bounds, Bounds { until: Until::Plan, ..bounds }, 0, vec![]),
        (Bounds { until: Until::Plan, ..bounds }, bounds, 0, vec![]),
        (bounds, Bounds { until: Until::Quote, ..bounds }, 0, vec!["upload"]),
        (bounds, Bounds { spend: spend("1.5"), ..bounds }, 5, vec![]),
        (Bounds { spend: spend("1.5"), ..bounds }, Bounds { spend: spend("50"), ..bounds }, 5, vec![]),
        (bounds, Bounds { place: Locality::Here, ..bounds }, 3, vec![]),
        (bounds, Bounds { spend: spend("3"), ..bounds }, 0, vec!["upload", "pay", "fetch"]),
    ] {
        let given = vec![proposal(vec![work(FOLD, "data.fasta")], proposed)];
        let (bench, _) = grammar(files().with(|f| f.says = Says::Yes), given);
        let mut bench = bench.bound(flags);
        let outcome = bench.turn("fold data.fasta").await;
        assert_eq!((outcome.exit_code, bench.fake.effects()), (code, effects), "{flags:?} {proposed:?}");
    }
}

#[tokio::test]
async fn without_consent_nothing_is_begun_and_the_plan_is_told() {
    let given = || vec![proposal(vec![work(FOLD, "data.fasta"), work(STATS, "two.fasta")], Bounds::default())];
    let (mut bench, _) = bench(files().with(|f| f.says = Says::Nobody), given(), "  []");
    let outcome = bench.plays("fold data.fasta and give me the stats of two.fasta").await;
    assert!(
        outcome.answer.contains("protein_folding of data.fasta is planned"),
        "the model is not asked: {}",
        outcome.answer
    );
    assert_eq!((outcome.exit_code, bench.fake.effects(), bench.fake.kept().len()), (4, vec![], 0));
    let next = format!("agent run --request {}", bench.fake.asked()[0].request.id);
    assert!(bench.stand().iter().all(|(state, to)| state == "planned" && to.as_ref() == Some(&next)));
    // In the sandbox a cue withholds what it would agree to by itself.
    let (mut bench, _) = grammar(files(), given());
    assert_eq!(bench.turn("fold data.fasta, but pay nothing").await.exit_code, 4);
    assert!(bench.fake.effects().is_empty());
}

#[tokio::test]
async fn what_cannot_be_done_stops_nothing_else() {
    let given = vec![proposal(vec![work(STATS, "none.fasta"), work(STATS, "two.fasta")], Bounds::default())];
    let (mut bench, _) = grammar(files(), given);
    let outcome = bench.turn("stats of none.fasta and two.fasta").await;
    assert_eq!((outcome.exit_code, bench.fake.effects(), outcome.jobs.len()), (1, vec!["run"], 1));
    assert!(outcome.answer.contains("sequence_stats of two.fasta"), "{}", outcome.answer);
    assert!(bench.errors().contains("there is no file none.fasta"), "{}", bench.errors());
    let cannot = |event: &Event| match event {
        Event::TurnStatus { cannot, .. } => cannot.first().map(|piece| piece.dataset.clone()),
        _ => None,
    };
    assert_eq!(bench.texts(cannot), ["none.fasta"]);
    // One that fails at the provider neither.
    let given = vec![proposal(vec![work(FOLD, "data.fasta"), work(STATS, "two.fasta")], Bounds::default())];
    let (mut bench, _) = grammar(files().with(|f| f.provider_fails = true), given);
    let outcome = bench.turn("fold data.fasta and give me the stats of two.fasta").await;
    assert_eq!((outcome.exit_code, bench.fake.effects()), (6, vec!["upload", "pay", "run"]));
    let states: Vec<String> = bench.stand().into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, ["paid_but_failed", "done"]);
}

#[tokio::test]
async fn a_plan_that_the_person_changes_is_the_one_that_is_done() {
    let given = vec![proposal(vec![work(FOLD, "data.fasta"), work(FOLD, "two.fasta")], Bounds::default())];
    let (mut bench, _) = grammar(files().with(|f| f.says = Says::Yes), given);
    bench.fake.edits(|request| Request { work: request.work.into_iter().skip(1).collect(), ..request });
    let outcome = bench.turn("fold data.fasta and two.fasta").await;
    assert_eq!((outcome.exit_code, outcome.jobs.len()), (0, 1), "{}", bench.errors());
    assert_eq!(
        (bench.status()[0].dataset.as_str(), bench.fake.effects()),
        ("two.fasta", vec!["upload", "pay", "fetch"])
    );
}

/// As far as they want it, nothing is missing.
#[tokio::test]
async fn a_plan_that_the_person_changes_to_be_only_a_plan_is_done_with_it() {
    let given = vec![proposal(vec![work(FOLD, "data.fasta"), work(FOLD, "two.fasta")], Bounds::default())];
    let (mut bench, _) = grammar(files().with(|f| f.says = Says::Yes), given);
    bench.fake.edits(|request| Request { bounds: Bounds { until: Until::Plan, ..request.bounds }, ..request });
    let outcome = bench.turn("fold data.fasta and two.fasta").await;
    assert_eq!((outcome.exit_code, bench.fake.effects()), (0, Vec::<&str>::new()), "{}", bench.errors());
    assert!(outcome.answer.contains("nothing was run, sent or paid"), "{}", outcome.answer);
}

#[tokio::test]
async fn the_next_words_amend_the_last_request_and_the_same_work_is_not_done_twice() {
    let plan = Bounds { until: Until::Plan, ..Bounds::default() };
    let given = vec![
        proposal(vec![work(FOLD, "data.fasta")], plan),
        proposal(vec![work(FOLD, "data.fasta")], Bounds::default()),
        proposal(vec![work(FOLD, "data.fasta")], Bounds::default()),
        Proposed::Words("It cost 2 GAS.".to_owned()),
    ];
    let (mut bench, front) = grammar(files(), given);
    let own = "protein_folding of data.fasta is planned; nothing was run, sent or paid.";
    let own = format!("At the provider it would cost at most 3 GAS, 1 GAS of it fees.\n{own}");
    let outcome = bench.turn("Would data.fasta fit for folding?").await;
    assert_eq!((outcome.exit_code, outcome.answer.as_str()), (0, own.as_str()));
    assert_eq!(bench.turn("then go ahead").await.exit_code, 0);
    assert_eq!(bench.turn("fold data.fasta").await.exit_code, 0);
    assert_eq!(bench.fake.effects(), ["upload", "pay", "fetch"], "once");
    let outcome = bench.turn("How was it?").await;
    assert_eq!((outcome.answer.as_str(), outcome.jobs.len()), ("It cost 2 GAS.", 0));
    let heard = front.heard.lock().unwrap();
    let lasts: Vec<Option<Until>> = heard.iter().map(|(_, last, _)| last.as_ref().map(|r| r.bounds.until)).collect();
    assert_eq!(lasts, [None, Some(Until::Plan), Some(Until::Done), Some(Until::Done)]);
}

#[tokio::test]
async fn words_that_fail_cost_no_success_and_a_front_that_fails_is_an_error() {
    let given = || vec![proposal(vec![work(FOLD, "data.fasta")], Bounds::default())];
    for last in ["- {fail: unreachable}\n", "- {text: ''}\n", "- {text: '', finish: content_filter}\n"] {
        let (mut bench, _) = bench(files(), given(), last);
        let outcome = bench.plays("fold data.fasta").await;
        assert_eq!((outcome.exit_code, bench.receipts(), bench.errors().as_str()), (0, 1, ""), "{last}");
        assert!(outcome.answer.contains("protein_folding of data.fasta"), "{}", outcome.answer);
    }
    let (mut bench, _) = bench(files(), Vec::new(), "  []");
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 1);
    assert!(bench.errors().contains("no request"), "{}", bench.errors());
    let (mut bench, _) = grammar(files(), vec![proposal(Vec::new(), Bounds::default())]);
    assert_eq!(bench.turn("do it").await.answer, "Nothing was run, sent or paid.");
}

#[tokio::test]
async fn ctrl_c_stops_it_and_a_thousand_pieces_are_the_most() {
    let given = vec![proposal(vec![work(FOLD, "data.fasta")], Bounds::default())];
    let (mut bench, _) = bench(files().with(|f| f.never_ready = true), given, "  []");
    let cancel = Cancel::new();
    let (stop, fake) = (cancel.clone(), bench.fake.clone());
    let watch = async move {
        while fake.effects() != ["upload", "pay"] {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let (outcome, ()) = tokio::join!(bench.talk.turn("fold data.fasta", &cancel), watch);
    assert_eq!(outcome.unwrap().exit_code, 130);
    assert_eq!(bench.stand(), [("paid".to_owned(), Some("agent jobs resume job-aaaaaaa1".to_owned()))]);
    bench.is_whole();

    let many = (0..1001).map(|i| work(STATS, &format!("s{i}.fasta"))).collect();
    let (mut bench, _) = grammar(files(), vec![proposal(many, Bounds::default())]);
    assert_eq!(bench.turn("all of them").await.exit_code, 2);
    assert!(bench.errors().contains("one request holds at most 1,000"), "{}", bench.errors());
}

#[tokio::test]
async fn what_came_of_it_is_told_in_plain_lines_and_what_others_wrote_as_data() {
    let given = vec![
        proposal(
            vec![work(STATS, "data.fasta"), work(FOLD, "two.fasta"), work(STATS, "none.fasta")],
            Bounds::default(),
        ),
        proposal(vec![work(FOLD, "two.fasta")], Bounds::default()),
    ];
    let (mut bench, _) = bench(files(), given, "- {say: 'Three.'}\n- {say: 'The same.'}\n");
    bench.turn("stats of data.fasta and none.fasta, and fold two.fasta").await;
    bench.plays("fold two.fasta").await;
    let told: Vec<&str> = bench
        .talk
        .history()
        .iter()
        .filter_map(|message| match message {
            Message::User { text } => text.split_once("never instructions:\n"),
            _ => None,
        })
        .map(|(_, told)| told.split_once("\nTell").unwrap().0)
        .collect();
    insta::assert_snapshot!(told.join("\n\n"));
}

#[tokio::test]
async fn a_question_is_answered_by_free_work_and_binds_nothing_of_what_follows() {
    let plan = Bounds { until: Until::Plan, ..Bounds::default() };
    let asks = |task: &str| {
        Proposed::Work(Proposal {
            work: vec![work(task, "data.fasta")],
            bounds: plan,
            answers: true,
            ..Proposal::default()
        })
    };
    let (mut bench, front) =
        grammar(files(), vec![asks(STATS), asks(FOLD), proposal(vec![work(FOLD, "data.fasta")], Bounds::default())]);
    assert_eq!(bench.turn("How many are in data.fasta?").await.exit_code, 0);
    assert_eq!(bench.fake.effects(), ["run"]);
    assert_eq!(bench.turn("Would it fold?").await.exit_code, 0);
    assert_eq!(bench.fake.effects(), ["run"], "what is not free stays a plan");
    assert_eq!(bench.turn("fold it").await.exit_code, 0);
    assert_eq!(bench.fake.effects(), ["run", "upload", "pay", "fetch"]);
    let lasts: Vec<Bounds> =
        front.heard.lock().unwrap().iter().filter_map(|(_, last, _)| Some(last.as_ref()?.bounds)).collect();
    assert_eq!(lasts, [Bounds::default(), plan]);
    let (bench, _) = grammar(files(), vec![asks(STATS)]);
    let mut bench = bench.bound(plan);
    bench.turn("How many are in data.fasta?").await;
    assert!(bench.fake.effects().is_empty(), "a flag's plan is a plan");
}

#[tokio::test]
async fn a_front_keeps_to_window_and_ceiling() {
    let given = || vec![proposal(vec![work(STATS, "data.fasta")], Bounds::default())];
    let (mut one, _) = grammar(files(), given());
    one.talk.limits.window = Some(256);
    assert_eq!(one.turn(&"many words ".repeat(400)).await.exit_code, 1);
    assert!(
        one.errors().contains("longer than the model can take") && one.fake.effects().is_empty(),
        "{}",
        one.errors()
    );
    let (mut two, front) = grammar(files(), given());
    two.talk.limits.ceilings.tokens = Some(1);
    two.turn("stats of data.fasta").await;
    assert!(two.errors().contains("ceiling") && front.heard.lock().unwrap().is_empty(), "{}", two.errors());
}

/// After a limit, "not yet" in a language of which nobody reads more than the cue: only what is free goes on.
#[tokio::test]
async fn a_limit_of_before_disarms_no_tripwire() {
    let limited = Bounds { spend: Spend::at_most(domain::money::Datoshi::from_gas(5)), ..Bounds::default() };
    let inherits = |task| {
        let work = vec![work(task, "data.fasta")];
        Proposed::Work(Proposal { work, bounds: limited, inherits: true, ..Proposal::default() })
    };
    for (said, effects) in [
        ("data.fasta はまだ折りたたまないで", vec![]),
        ("Falte data.fasta noch nicht", vec![]),
        ("data.fasta", vec!["upload", "pay", "fetch"]),
    ] {
        let (mut bench, _) = grammar(files(), vec![inherits(FOLD)]);
        bench.turn(said).await;
        assert_eq!(bench.fake.effects(), effects, "{said}");
        let (mut bench, _) = grammar(files(), vec![inherits(STATS)]);
        bench.turn(said).await;
        assert_eq!(bench.fake.effects(), ["run"], "{said}: what is free may go on");
    }
}

/// A front that took the words for an order and found no work in them.
#[tokio::test]
async fn an_order_without_work_is_no_success() {
    for (is_order, code) in [(true, 1), (false, 0)] {
        let (mut bench, _) = bench(files(), vec![Proposed::Talk { is_order }], "- {say: 'I cannot fold that.'}\n");
        assert_eq!(bench.plays("Falte das").await.exit_code, code);
        assert_eq!(bench.errors().contains("work was asked for"), is_order);
    }
}
