//! What binds: the bounds that flags and the model set, and consent to a plan. A model that always pays gets no further.

use serde_json::{Value, json};

use super::*;
use crate::model::{ChatRequest, ChatTurn, Delta, ModelError, ToolCall};
use domain::request::{Locality, Spend, Until};

/// Sentences that limit or forbid what is paid, or only ask, in eight languages.
const SENTENCES: [&str; 12] = [
    "Fold data.fasta, but budget 1.5",
    "Get me a quote for folding data.fasta and stop there",
    "What would it take to fold data.fasta?",
    "Fold data.fasta only if it is free",
    "data.fasta の折りたたみの見積もりだけください",
    "Сверни data.fasta, но не плати",
    "Quanto costerebbe ripiegare data.fasta?",
    "Plie data.fasta, mais ne paie rien",
    "Złóż data.fasta, ale nie płać",
    "Falte data.fasta, aber gib dafür kein GAS aus",
    "How much did that cost?",
    "Stop. Do not fold data.fasta.",
];

/// A model that always folds data.fasta and pays, whatever was said and whatever it is offered.
struct AlwaysPays;

#[async_trait::async_trait]
impl ChatModel for AlwaysPays {
    fn name(&self) -> String {
        "always-pays".to_owned()
    }

    async fn turn(&self, request: &ChatRequest, _: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        let this_turn = request.messages.iter().rev().take_while(|m| !history::is_prompt(m));
        let newest_first = this_turn.filter_map(|message| match message {
            Message::ToolResult { content, .. } => serde_json::from_str(content).ok(),
            _ => None,
        });
        let results: Vec<Value> = newest_first.collect();
        let job = results.iter().find_map(|result| result["job"].as_str());
        let quote = results.iter().find_map(|result| result.get("quote"));
        let paid = results.iter().any(|result| result["paid"] == true);
        let done = results.iter().any(|result| result["state"] == "done");
        let call = |name: &str, arguments: Value| ChatTurn {
            calls: vec![ToolCall { name: name.into(), arguments: arguments.to_string(), ..ToolCall::default() }],
            ..ChatTurn::default()
        };
        Ok(match (job, quote) {
            _ if done || results.len() > 6 => ChatTurn { text: "Paid and done!".into(), ..ChatTurn::default() },
            (None, _) => {
                call("check_local_capability", json!({"task_type": "protein_folding", "dataset": "data.fasta"}))
            }
            (Some(job), _) if paid => call("wait_for_job", json!({"job": job})),
            (Some(job), Some(quote)) => {
                call("pay_gas_fee", json!({"job": job, "amount": quote["amount"], "recipient": quote["recipient"]}))
            }
            (Some(job), None) => call("run_remote_compute", json!({"job": job})),
        })
    }
}

#[tokio::test]
async fn a_model_that_always_pays_ends_in_a_plan_where_the_words_may_forbid_it() {
    for said in SENTENCES {
        let mut bench = Bench::new(files(), Arc::new(AlwaysPays));
        let outcome = bench.turn(said).await;
        assert_eq!((outcome.exit_code, bench.fake.effects()), (4, vec![]), "{said}");
        assert!(bench.fake.kept().is_empty() && bench.fake.asked().len() == 1, "{said}");
        // A person's yes is never refused for it.
        let mut bench = Bench::new(files().with(|f| f.says = Says::Yes), Arc::new(AlwaysPays));
        let outcome = bench.turn(said).await;
        assert_eq!((outcome.exit_code, bench.fake.effects()), (0, vec!["upload", "pay", "fetch"]), "{said}");
    }
    let mut bench = Bench::new(files(), Arc::new(AlwaysPays));
    assert_eq!(bench.turn("Run protein folding on data.fasta").await.exit_code, 0, "a plain order in the sandbox");
}

#[tokio::test]
async fn what_a_flag_says_holds_whatever_is_said_and_whoever_agrees() {
    let bounds = Bounds::default();
    for (bounds, code, effects) in [
        (Bounds { spend: Spend::at_most("1.5".parse().unwrap()), ..bounds }, 5, vec![]),
        (Bounds { spend: Spend::Nothing, ..bounds }, 5, vec![]),
        (Bounds { place: Locality::Here, ..bounds }, 3, vec![]),
        (Bounds { until: Until::Plan, ..bounds }, 0, vec![]),
        (Bounds { until: Until::Quote, ..bounds }, 0, vec!["upload"]),
        (Bounds { spend: Spend::at_most("3".parse().unwrap()), ..bounds }, 0, vec!["upload", "pay", "fetch"]),
    ] {
        let mut bench = Bench::new(files().with(|f| f.says = Says::Yes), Arc::new(AlwaysPays)).bound(bounds);
        let outcome = bench.turn("Pay whatever it takes and fold data.fasta").await;
        assert_eq!((outcome.exit_code, bench.fake.effects()), (code, effects), "{bounds:?}: {}", bench.errors());
    }
}

#[tokio::test]
async fn what_the_model_understood_binds_it() {
    let check = |more: &str| CHECK.replace("dataset: data.fasta", &format!("dataset: data.fasta, {more}"));
    // A limit that does not reach, in a person's own words: the check says so, and nothing is begun.
    let limit = format!("{}- {{expect: {{last_result: R-MODEL}}}}\n", check("max_gas: '1.5'"));
    let limit = limit.replace(
        "- {expect: {last_result: R-MODEL}}\n",
        &format!("{REMOTE}- {{expect: {{last_result: [Q-SPEND, 1.5 GAS]}}, say: 'It costs more.'}}\n"),
    );
    let mut bench = Bench::scripted(files().with(|f| f.says = Says::Yes), &limit);
    let outcome = bench.plays("Fold data.fasta, but budget 1.5").await;
    assert_eq!((outcome.exit_code, bench.fake.effects()), (5, vec![]), "{}", bench.errors());
    // A request that stops at its plan has reached its end: no step with an effect is offered, and nothing failed.
    let plan = format!(
        "{}- {{expect: {{only_offered: [check_local_capability, list_jobs], choice: auto, last_result: ['\"stops_at\":\"plan\"', '\"amount\":\"2\"']}}, say: 'At most 3 GAS.'}}\n",
        check("stop_at: plan")
    );
    let mut bench = Bench::scripted(files(), &plan);
    let outcome = bench.plays("What would it take to fold data.fasta?").await;
    assert_eq!((outcome.exit_code, bench.errors().as_str()), (0, ""));
    assert_eq!(bench.stand(), [("planned".to_owned(), None)]);
    assert!(bench.fake.asked().is_empty() && bench.fake.kept().is_empty());
    // One that stops at the quote is sent away and not paid.
    let quote = format!(
        "{}{}- {{expect: {{only_offered: [check_local_capability, list_jobs], choice: auto}}, say: '2 GAS.'}}\n",
        check("stop_at: quote"),
        REMOTE.replace("- {", "- {expect: {only_offered: [run_remote_compute], choice: required}, ")
    );
    let mut bench = Bench::scripted(files().with(|f| f.says = Says::Yes), &quote);
    let outcome = bench.plays("Get me a quote for folding data.fasta and stop there").await;
    assert_eq!((outcome.exit_code, bench.fake.effects()), (0, vec!["upload"]));
}

#[tokio::test]
async fn a_question_for_which_the_model_forgot_to_stop_can_be_put_right() {
    let stop = CHECK.replace("dataset: data.fasta", "dataset: data.fasta, stop_at: plan");
    let turns = format!(
        "{CHECK}- {{say: 'It would go to the provider.'}}\n{}- {{say: 'It would go to the provider, for 2 GAS.'}}\n",
        stop.replace("- {", "- {expect: {offered: [check_local_capability], choice: auto, user: stop_at}, ")
    );
    let mut bench = Bench::scripted(files(), &turns);
    let outcome = bench.plays("would data.fasta fit here if I fold it?").await;
    assert_eq!((outcome.exit_code, outcome.jobs.len(), bench.fake.effects()), (0, 1, vec![]));
}

#[tokio::test]
async fn a_turn_in_which_nothing_was_checked_offers_no_effect_and_a_call_for_one_asks() {
    let check = CHECK.replace("dataset: data.fasta", "dataset: data.fasta, stop_at: plan");
    let turns = format!(
        "{check}- {{say: 'At most 3 GAS.'}}\n{}- {{expect: {{choice: none, last_result: P-APPROVAL}}, say: 'Nobody agreed.'}}\n",
        REMOTE.replace("- {", "- {expect: {only_offered: [check_local_capability, list_jobs], choice: auto}, ")
    );
    let mut bench = Bench::scripted(files(), &turns);
    assert_eq!(bench.turn("What would it take to fold data.fasta?").await.exit_code, 0);
    let outcome = bench.plays("and how much did that cost?").await;
    assert_eq!((outcome.exit_code, bench.fake.effects(), bench.fake.asked().len()), (4, vec![], 1));
    // With a person's yes it goes on.
    let turns = format!("{check}- {{say: 'At most 3 GAS.'}}\n{REMOTE}{PAY}{WAIT}- {{say: 'Done.'}}\n");
    let mut bench = Bench::scripted(files().with(|f| f.says = Says::Yes), &turns);
    assert_eq!(bench.turn("What would it take to fold data.fasta?").await.exit_code, 0);
    assert_eq!((bench.plays("go ahead").await.exit_code, bench.fake.asked().len()), (0, 1));
}

#[tokio::test]
async fn a_job_of_another_conversation_is_asked_for_like_any_other() {
    let mut first = Bench::scripted(files(), &format!("{CHECK}{REMOTE}- {{say: 'Later?'}}\n- {{say: 'Later.'}}\n"));
    first.turn("fold data.fasta").await;
    let id = first.fake.kept().pop().unwrap().id;
    first.fake.set(&id, |job| job.session = "ses-0".into());
    let turns = format!(
        "- {{call: {{name: pay_gas_fee, arguments: {{job: {id}, amount: '2', recipient: {PROVIDER}}}}}}}\n- {{expect: {{last_result: P-APPROVAL}}, say: 'I may not.'}}\n"
    );
    let model = Arc::new(Scripted::parse("test", &format!("turns:\n{turns}")).unwrap());
    let mut bench = Bench::about(first.fake.clone(), model, Helps::default(), Path::new("/nonexistent"));
    assert_eq!(bench.plays("what does it cost?").await.exit_code, 4);
    assert_eq!((bench.fake.effects(), bench.fake.asked().len()), (vec!["upload"], 2));
}
