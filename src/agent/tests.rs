//! The loop over a scripted model and an in-memory workflow.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

mod asked;
mod follow_ups;
mod helps;
mod limits;
mod unmet;
mod windows;

use super::*;
use crate::{
    domain::event::{Event, Sink},
    machine::catalogue::Catalogue,
    model::{ChatModel, Message, planner::Planner, scripted::Scripted},
    tools::{
        Cancel, Work as _,
        fake::{Fake, PROVIDER, STRANGER},
    },
};

#[derive(Default)]
struct Heard(Mutex<Vec<Event>>);

impl Sink for Heard {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

struct Bench {
    fake: Arc<Fake>,
    heard: Arc<Heard>,
    talk: Conversation,
}

impl Bench {
    fn new(fake: Fake, model: Arc<dyn ChatModel>) -> Bench {
        Bench::helped(fake, model, Helps::default())
    }

    fn helped(fake: Fake, model: Arc<dyn ChatModel>, helps: Helps) -> Bench {
        Bench::within(fake, model, helps, Path::new("/nonexistent"))
    }

    fn within(fake: Fake, model: Arc<dyn ChatModel>, helps: Helps, folder: &Path) -> Bench {
        Bench::about(Arc::new(fake), model, helps, folder)
    }

    fn about(fake: Arc<Fake>, model: Arc<dyn ChatModel>, helps: Helps, folder: &Path) -> Bench {
        let heard = Arc::new(Heard::default());
        let talk = Conversation::new(Parts {
            model,
            work: fake.clone(),
            sink: heard.clone(),
            session: "ses-1".into(),
            folder: folder.to_owned(),
            dry_run: fake.dry_run,
            limits: Limits::default(),
            helps,
        });
        Bench { fake, heard, talk }
    }

    fn scripted(fake: Fake, turns: &str) -> Bench {
        Bench::without(fake, turns, Helps::default())
    }

    /// A script that is played with these helps only.
    fn without(fake: Fake, turns: &str, helps: Helps) -> Bench {
        let turns = turns.replace("PROVIDER", PROVIDER).replace("STRANGER", STRANGER);
        Bench::helped(fake, Arc::new(Scripted::parse("test", &format!("turns:\n{turns}")).unwrap()), helps)
    }

    fn planner(fake: Fake) -> Bench {
        let tasks: Vec<_> = Catalogue::builtin().unwrap().iter().cloned().collect();
        Bench::new(fake, Arc::new(Planner::new(&tasks)))
    }

    /// One turn, and the script must be played out.
    async fn plays(&mut self, prompt: &str) -> TurnOutcome {
        let outcome = self.turn(prompt).await;
        self.talk.finish().unwrap();
        outcome
    }

    async fn turn(&mut self, prompt: &str) -> TurnOutcome {
        let outcome = self.talk.turn(prompt, &Cancel::new()).await.unwrap();
        self.is_whole();
        outcome
    }

    /// Each call has one result, in the history and in the events.
    fn is_whole(&self) {
        let mut open: Vec<&str> = Vec::new();
        for message in self.talk.history() {
            match message {
                Message::Assistant { calls, .. } => open.extend(calls.iter().map(|c| c.id.as_str())),
                Message::ToolResult { call_id, .. } => {
                    assert_eq!(open.remove(0), call_id);
                }
                Message::User { .. } => assert!(open.is_empty()),
            }
        }
        assert!(open.is_empty() && matches!(self.talk.history().last(), Some(Message::Assistant { .. })));
        let (mut asked, mut done) = (0, 0);
        for event in self.heard.0.lock().unwrap().iter() {
            match event {
                Event::ToolRequested { .. } => asked += 1,
                Event::ToolCompleted { .. } => done += 1,
                _ => {}
            }
        }
        assert_eq!(asked, done);
    }

    fn texts(&self, pick: impl Fn(&Event) -> Option<String>) -> Vec<String> {
        self.heard.0.lock().unwrap().iter().filter_map(pick).collect()
    }

    fn warnings(&self) -> String {
        self.texts(|e| if let Event::Warning { message } = e { Some(message.clone()) } else { None }).join("\n")
    }

    fn errors(&self) -> String {
        self.texts(|e| match e {
            Event::Error { kind, message, hint } => Some(format!("{kind}: {message} ({hint:?})")),
            _ => None,
        })
        .join("\n")
    }

    fn receipts(&self) -> usize {
        self.texts(|e| if let Event::Receipt(r) = e { Some(r.job.to_string()) } else { None }).len()
    }
}

fn files() -> Fake {
    Fake::new(&[("data.fasta", 148), ("big.fasta", 150_000_000), ("two.fasta", 200)])
}

const CHECK: &str =
    "- {call: {name: check_local_capability, arguments: {task_type: protein_folding, dataset: data.fasta}}}\n";
const REMOTE: &str = "- {call: {name: run_remote_compute, arguments: {job: '{{job}}'}}}\n";
const PAY: &str = "- {call: {name: pay_gas_fee, arguments: {job: '{{job}}', amount: '{{quote.amount}}', recipient: '{{quote.recipient}}'}}}\n";
const WAIT: &str = "- {call: {name: wait_for_job, arguments: {job: '{{job}}'}}}\n";

#[tokio::test]
async fn a_job_is_offloaded_step_by_step_with_one_tool_offered_at_a_time() {
    let mut bench = Bench::scripted(
        files(),
        r#"
- expect: {only_offered: [check_local_capability, list_jobs], choice: auto, system: [protein_folding, never instructions]}
  say: "I look first."
  call: {name: check_local_capability, arguments: {task_type: protein_folding, dataset: data.fasta}}
- expect: {only_offered: [run_remote_compute], choice: required, last_result: [R-MODEL, "Call run_remote_compute with job"]}
  call: {name: run_remote_compute, arguments: {job: "{{job}}"}}
- expect: {only_offered: [pay_gas_fee], choice: required, last_result: [quote]}
  call: {name: pay_gas_fee, arguments: {job: "{{job}}", amount: "{{quote.amount}}", recipient: "{{quote.recipient}}"}}
- expect: {only_offered: [wait_for_job], choice: required, last_result: [block]}
  call: {name: wait_for_job, arguments: {job: "{{job}}"}}
- expect: {only_offered: [], choice: none, last_result: [untrusted_data, best_energy]}
  say: "Folded for {{amount}} GAS in {{tx_hash}} as {{job}}."
"#,
    );
    let outcome = bench.plays("Run protein folding on data.fasta").await;
    assert_eq!((outcome.exit_code, outcome.jobs.len()), (0, 1));
    assert!(outcome.answer.starts_with("Folded for 2 GAS in 0x0707"), "{}", outcome.answer);
    assert_eq!(bench.fake.effects(), ["upload", "pay", "fetch"]);
    assert_eq!((bench.receipts(), bench.warnings().as_str(), bench.errors().as_str()), (1, "", ""));
    let deltas = bench.texts(|e| if let Event::MessageDelta { text } = e { Some(text.clone()) } else { None }).concat();
    assert!(deltas.starts_with("I look first.Folded"), "{deltas}");
}

#[tokio::test]
async fn a_refusal_names_its_rule_and_nothing_happens() {
    let big = CHECK.replace("data.fasta", "big.fasta").replace("protein_folding", "sequence_stats");
    let pay = |amount: &str, to: &str| {
        format!(
            "- {{call: {{name: pay_gas_fee, arguments: {{job: '{{{{job}}}}', amount: '{amount}', recipient: {to}}}}}}}\n"
        )
    };
    let said = |rule: &str| format!("- {{expect: {{choice: auto, last_result: {rule}}}, say: 'I may not: {rule}.'}}\n");
    for (turns, rule, effects, code) in [
        (
            format!("{big}- {{call: {{name: run_local_task, arguments: {{job: '{{{{job}}}}'}}}}}}\n"),
            "R-SIZE",
            vec![],
            3,
        ),
        (format!("{CHECK}{WAIT}"), "P-STATE", vec![], 3),
        (format!("{CHECK}{REMOTE}{WAIT}"), "P-STATE", vec!["upload"], 3),
        (format!("{CHECK}{REMOTE}{}", pay("2", "STRANGER")), "P-RECIPIENT", vec!["upload"], 3),
        (format!("{CHECK}{REMOTE}{}", pay("20", "PROVIDER")), "P-AMOUNT", vec!["upload"], 3),
        (format!("{CHECK}{REMOTE}{PAY}{PAY}"), "P-STATE", vec!["upload", "pay"], 3),
    ] {
        let mut bench = Bench::scripted(files(), &format!("{turns}{}", said(rule)));
        let outcome = bench.plays("Run it on data.fasta").await;
        assert_eq!((outcome.exit_code, bench.fake.effects()), (code, effects), "{turns}");
        assert!(bench.errors().contains("refused: "), "{}", bench.errors());
    }
}

#[tokio::test]
async fn what_was_refused_can_be_done_right_after() {
    let twice = format!("{CHECK}{REMOTE}{PAY}{PAY}{WAIT}- {{expect: {{choice: none}}, say: 'Done.'}}\n");
    let mut bench = Bench::scripted(files(), &twice);
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 0);
    assert_eq!(bench.fake.effects(), ["upload", "pay", "fetch"], "paid once");
    // After the end it may try what it likes.
    let after = format!("{CHECK}{REMOTE}{PAY}{WAIT}{PAY}{CHECK}- {{say: 'Done.'}}\n");
    let mut bench = Bench::scripted(files(), &after);
    let outcome = bench.plays("fold data.fasta").await;
    assert_eq!((outcome.exit_code, outcome.jobs.len()), (0, 1));
    assert_eq!(bench.fake.effects(), ["upload", "pay", "fetch"]);
}

#[tokio::test]
async fn nobody_is_asked_twice_for_a_payment() {
    let turns = format!(
        "{CHECK}{REMOTE}{PAY}{}- {{say: 'It was not approved.'}}\n",
        PAY.replace("- {", "- {expect: {choice: none, last_result: P-APPROVAL}, ")
    );
    let mut bench = Bench::scripted(files().with(|f| f.approves = false), &turns);
    let outcome = bench.plays("fold data.fasta").await;
    assert_eq!((outcome.exit_code, bench.fake.effects()), (4, vec!["upload"]));
    assert!(bench.warnings().contains("agent jobs resume job-aaaaaaa1"), "{}", bench.warnings());
}

#[tokio::test]
async fn a_model_that_never_stops_is_stopped() {
    let mut bench = Bench::scripted(files(), "- {call: {name: list_jobs}, repeat: 100}\n");
    let outcome = bench.plays("fold data.fasta").await;
    assert_eq!(outcome.exit_code, 1);
    assert!(bench.errors().contains("model_endless"), "{}", bench.errors());
    // Ever new calls end at the step limit.
    let turns: String = (0..40).map(|i| format!("- {{optional: true, call: {{name: check_local_capability, arguments: {{task_type: sequence_stats, dataset: x{i}.fasta}}}}}}\n")).collect();
    let mut bench = Bench::scripted(files(), &turns);
    assert_eq!(bench.turn("fold all of them").await.exit_code, 1);
}

#[tokio::test]
async fn nonsense_is_told_and_then_reported() {
    for answer in
        ["''", "'?!?!?!'", "'the the the the the the the the the the the the the the the the the the the the the'"]
    {
        let turns = format!(
            "- {{text: {answer}}}\n- {{expect: {{user: no readable words}}, text: {answer}}}\n- {{text: {answer}}}\n"
        );
        let mut bench = Bench::scripted(files(), &turns);
        assert_eq!(bench.plays("fold data.fasta").await.exit_code, 1);
        assert!(bench.errors().contains("model_nonsense"), "{}", bench.errors());
    }
    let broken = r#"
- text: "{\"name\": \"list_jobs\", \"arguments\": {\"state\": \"all\", \"state\": \"open\"}}"
- {expect: {user: "`state` comes twice"}, say: "There are no jobs."}
"#;
    assert_eq!(Bench::scripted(files(), broken).plays("jobs?").await.exit_code, 0);
}

#[tokio::test]
async fn calls_that_are_no_calls_come_back_as_short_errors() {
    let turns = r#"
- {call: {name: launch_rocket, arguments: {}}}
- {expect: {last_result: [unknown_tool, check_local_capability]}, call: {name: run_local_task, arguments: {job: 7}}}
- {expect: {last_result: [bad_arguments, "`job`: invalid type: integer `7`", expected]}, call: {name: list_jobs, raw: "{\"state\":"}}
- {expect: {last_result: not valid JSON, choice: none}, say: "I give up."}
"#;
    let mut bench = Bench::scripted(files(), turns);
    assert_eq!(bench.plays("do something").await.exit_code, 1);
    assert!(bench.errors().contains("launch_rocket") && bench.fake.effects().is_empty());
    // A slip in a name is mended; a call in prose is read.
    let turns = r#"
- text: "Let me see.\n```json\n{\"name\": \"check-local-capability\", \"arguments\": {\"task_type\": \"sequence_stats\", \"dataset\": \"data.fasta\"}}\n```"
- {call: {name: RunLocalTask, arguments: {job: "{{job}}"}}}
- {text: "Done. I used {\"name\": \"run_local_task\"} for\n```json\n{\"name\": \"run_local_task\", \"arguments\": {\"job\": \"job-aaaaaaa1\"}}\n```"}
"#;
    let mut bench = Bench::scripted(files(), turns);
    assert_eq!(bench.plays("stats of data.fasta").await.exit_code, 0);
    assert_eq!(bench.fake.effects(), ["run"]);
}

#[tokio::test]
async fn a_model_that_stops_half_way_is_told_once() {
    let told = format!(
        "{CHECK}{REMOTE}- {{say: 'I will pay soon.'}}\n- {{expect: {{user: [not finished, pay_gas_fee]}}, say: 'Paid, all done!'}}\n"
    );
    let mut bench = Bench::scripted(files(), &told);
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 1);
    assert!(bench.warnings().contains("job-aaaaaaa1 is submitted and not finished"), "{}", bench.warnings());
    let mended = format!("{CHECK}- {{say: 'Soon.'}}\n{REMOTE}{PAY}{WAIT}- {{say: 'Done.'}}\n");
    assert_eq!(Bench::scripted(files(), &mended).plays("fold data.fasta").await.exit_code, 0);
    // Who only asked is not pushed.
    let asked = format!("{CHECK}- {{expect: {{choice: auto}}, say: 'It would run at the provider.'}}\n");
    let mut bench = Bench::scripted(files(), &asked);
    assert_eq!(bench.turn("would data.fasta fit here if I fold it?").await.exit_code, 0);
}

#[tokio::test]
async fn claims_that_the_ledger_does_not_know_are_marked() {
    let hash = format!("0x{}", "ab".repeat(32));
    let mut bench = Bench::scripted(files(), &format!("- {{say: 'Paid in {hash} for job-zzzzzzzz.'}}\n"));
    assert_eq!(bench.plays("hello").await.exit_code, 0);
    let warnings = bench.warnings();
    assert!(
        warnings.contains(&hash) && warnings.contains("job-zzzzzzzz") && warnings.contains("unverified"),
        "{warnings}"
    );
}

#[tokio::test]
async fn the_same_task_twice_in_a_turn_is_one_job() {
    let turns = format!(
        "{CHECK}{CHECK}- {{expect: {{last_result: [already planned, job-aaaaaaa1]}}, call: {{name: list_jobs}}}}\n- {{say: 'Stopping here.'}}\n- {{say: 'Really.'}}\n"
    );
    let outcome = Bench::scripted(files(), &turns).plays("fold data.fasta").await;
    assert_eq!(outcome.jobs.len(), 1);
    let parallel = r#"
- call:
  - {name: check_local_capability, arguments: {task_type: sequence_stats, dataset: data.fasta}}
  - {name: check_local_capability, arguments: {task_type: sequence_stats, dataset: two.fasta}}
- {expect: {only_offered: [run_local_task], choice: required}, call: {name: run_local_task, arguments: {job: "{{job.1}}"}}}
- {expect: {choice: required}, call: {name: run_local_task, arguments: {job: "{{job.2}}"}}}
- {expect: {choice: none}, say: "Both are done."}
"#;
    let mut bench = Bench::scripted(files(), parallel);
    assert_eq!(bench.plays("stats of data.fasta and two.fasta").await.exit_code, 0);
    assert_eq!(bench.receipts(), 2);
}

#[tokio::test]
async fn ctrl_c_leaves_a_history_that_the_next_turn_can_use() {
    let turns = format!(
        "{CHECK}{REMOTE}{PAY}- {{call: [{{name: wait_for_job, arguments: {{job: '{{{{job}}}}'}}}}, {{name: list_jobs}}]}}\n- {{expect: {{user: and now}}, say: 'It is still running.'}}\n"
    );
    let mut bench = Bench::scripted(files().with(|f| f.never_ready = true), &turns);
    let cancel = Cancel::new();
    let stop = cancel.clone();
    let (fake, heard) = (bench.fake.clone(), bench.heard.clone());
    // A person stops it once the wait has begun.
    let watch = async move {
        let waits = |e: &Event| matches!(e, Event::ToolRequested { name, .. } if name == "wait_for_job");
        while !heard.0.lock().unwrap().iter().any(waits) {
            tokio::task::yield_now().await;
        }
        assert_eq!(fake.effects(), ["upload", "pay"]);
        stop.cancel();
    };
    let (outcome, ()) = tokio::join!(bench.talk.turn("fold data.fasta", &cancel), watch);
    assert_eq!(outcome.unwrap().exit_code, 130);
    bench.is_whole();
    assert!(bench.warnings().contains("agent jobs resume job-aaaaaaa1"), "{}", bench.warnings());
    assert_eq!(bench.plays("and now?").await.exit_code, 0);
}

#[tokio::test]
async fn a_model_that_fails_is_one_error_with_a_hint() {
    let mut bench = Bench::scripted(files(), "- {fail: key}\n- {say: 'Here again.'}\n");
    assert_eq!(bench.turn("hello").await.exit_code, 1);
    assert!(bench.errors().contains("OPENAI_API_KEY"), "{}", bench.errors());
    assert_eq!(bench.plays("hello again").await.exit_code, 0);
    let failing = format!("{CHECK}{REMOTE}{PAY}{WAIT}- {{say: 'The provider failed.'}}\n");
    let mut bench = Bench::scripted(files().with(|f| f.provider_fails = true), &failing);
    assert_eq!((bench.plays("fold data.fasta").await.exit_code, bench.receipts()), (6, 1));
}

#[tokio::test]
async fn the_planner_does_the_work_too() {
    for (prompt, effects, code, words) in [
        ("Run protein folding on data.fasta", vec!["upload", "pay", "fetch"], 0, "It cost 2 GAS."),
        ("stats of data.fasta, please", vec!["run"], 0, "It ran on this machine"),
        ("stats of data.fasta and big.fasta", vec!["run", "upload", "pay", "fetch"], 0, "more than 100.0 MB"),
        ("stats of data.fasta and then fold it", vec!["run", "upload", "pay", "fetch"], 0, "energy -9"),
        ("Would data.fasta fit here for folding?", vec![], 0, "Nothing was run"),
        ("fold none.fasta", vec![], 1, "There is no file none.fasta"),
        ("run docking on data.fasta", vec![], 1, "There is no task `docking`"),
        ("hi", vec![], 0, "Hello"),
    ] {
        let mut bench = Bench::planner(files());
        let outcome = bench.turn(prompt).await;
        assert_eq!((outcome.exit_code, bench.fake.effects()), (code, effects), "{prompt}: {}", outcome.answer);
        assert!(outcome.answer.contains(words), "{prompt}: {}", outcome.answer);
    }
    let mut bench = Bench::planner(files().with(|f| f.dry_run = true));
    let outcome = bench.turn("fold data.fasta").await;
    assert_eq!((outcome.exit_code, bench.fake.effects().len()), (0, 0));
    assert!(outcome.answer.contains("Nothing was run"), "{}", outcome.answer);
    let mut bench = Bench::planner(files());
    assert_eq!(bench.turn("fold data.fasta").await.exit_code, 0);
    let outcome = bench.turn("What did it cost?").await;
    assert!(outcome.answer.contains("2 GAS"), "{}", outcome.answer);
    let outcome = bench.turn("and two.fasta?").await;
    assert!(outcome.answer.contains("folding (HP lattice model) of two.fasta is done"), "{}", outcome.answer);
}
