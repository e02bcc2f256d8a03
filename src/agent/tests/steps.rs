//! The loop of a model that calls tools, step by step.

use super::*;

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
- expect: {only_offered: [check_local_capability, list_jobs], choice: auto, last_result: [untrusted_data, best_energy]}
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
    let twice = format!("{CHECK}{REMOTE}{PAY}{PAY}{WAIT}- {{expect: {{choice: auto}}, say: 'Done.'}}\n");
    let mut bench = Bench::scripted(files(), &twice);
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 0);
    assert_eq!(bench.fake.effects(), ["upload", "pay", "fetch"], "paid once");
    // After the end it may try what it likes.
    let after = format!("{CHECK}{REMOTE}{PAY}{WAIT}{PAY}{CHECK}- {{expect: {{choice: none}}, say: 'Done.'}}\n");
    let mut bench = Bench::scripted(files(), &after);
    let outcome = bench.plays("fold data.fasta").await;
    assert_eq!((outcome.exit_code, outcome.jobs.len()), (0, 1));
    assert_eq!(bench.fake.effects(), ["upload", "pay", "fetch"]);
}

#[tokio::test]
async fn nobody_is_asked_twice_in_a_turn() {
    let turns = format!(
        "{CHECK}{REMOTE}{}- {{expect: {{choice: none, last_result: not_agreed}}, say: 'It was not agreed to.'}}\n",
        REMOTE.replace("- {", "- {expect: {choice: none, last_result: P-APPROVAL}, ")
    );
    let mut bench = Bench::scripted(files().with(|f| f.says = Says::Nobody), &turns);
    let outcome = bench.plays("fold data.fasta").await;
    assert_eq!((outcome.exit_code, bench.fake.effects(), bench.fake.asked().len()), (4, vec![], 1));
    let request = &bench.fake.asked()[0].request.id;
    let next = Some(format!("agent run --request {request}"));
    assert_eq!(bench.stand(), [("planned".to_owned(), next)], "what was not agreed to is taken up by its request");
    assert!(bench.errors().contains("approval_needed: ") && bench.fake.kept().is_empty(), "{}", bench.errors());
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
- {say: "Done."}
"#;
    let mut bench = Bench::scripted(files(), turns);
    assert_eq!(bench.plays("stats of data.fasta").await.exit_code, 0);
    assert_eq!(bench.fake.effects(), ["run"]);
}

#[tokio::test]
async fn a_model_that_stops_half_way_is_told_once() {
    let told = format!(
        "{CHECK}{REMOTE}- {{expect: {{only_offered: [pay_gas_fee], choice: required}}, say: 'I will pay soon.'}}\n- {{expect: {{user: [not finished, pay_gas_fee], choice: auto}}, say: 'Paid, all done!'}}\n"
    );
    let mut bench = Bench::scripted(files(), &told);
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 1);
    let next = Some("agent jobs resume job-aaaaaaa1".to_owned());
    assert_eq!(bench.stand(), [("submitted".to_owned(), next)]);
    let mended = format!("{CHECK}- {{say: 'Soon.'}}\n{REMOTE}{PAY}{WAIT}- {{say: 'Done.'}}\n");
    assert_eq!(Bench::scripted(files(), &mended).plays("fold data.fasta").await.exit_code, 0);
    // Further on it is told again; one that does not move is not.
    let turns = format!(
        "{CHECK}- {{say: 'It will be uploaded next.'}}\n{}- {{say: 'It will be paid next.'}}\n{}{WAIT}- {{say: 'Done.'}}\n",
        REMOTE.replace("- {", "- {expect: {user: not finished}, "),
        PAY.replace("- {", "- {expect: {user: not finished}, "),
    );
    assert_eq!(Bench::scripted(files(), &turns).plays("fold data.fasta").await.exit_code, 0);
}

#[tokio::test]
async fn names_that_the_ledger_does_not_know_are_marked() {
    let hash = format!("0x{}", "ab".repeat(32));
    let mut bench = Bench::scripted(files(), &format!("- {{say: 'Paid to STRANGER in {hash} for job-zzzzzzzz.'}}\n"));
    assert_eq!(bench.plays("hello").await.exit_code, 0);
    let named = |what: &str| format!("unverified: the answer names {what}, and the ledger knows of none such");
    let expected = [
        named("the job job-zzzzzzzz"),
        named(&format!("the transaction {hash}")),
        named(&format!("the address {STRANGER}")),
    ];
    assert_eq!(bench.warnings(), expected.join("\n"));
    assert!(bench.status().is_empty());
}

#[tokio::test]
async fn the_same_task_twice_in_a_turn_is_one_job() {
    let turns = format!(
        "{CHECK}{CHECK}- {{expect: {{last_result: job-aaaaaaa1}}, call: {{name: list_jobs}}}}\n- {{say: 'Stopping here.'}}\n- {{say: 'Really.'}}\n"
    );
    let outcome = Bench::scripted(files(), &turns).plays("fold data.fasta").await;
    assert_eq!((outcome.jobs.len(), outcome.exit_code), (1, 1), "what was checked and not done is no success");
    let parallel = r#"
- call:
  - {name: check_local_capability, arguments: {task_type: sequence_stats, dataset: data.fasta}}
  - {name: check_local_capability, arguments: {task_type: sequence_stats, dataset: two.fasta}}
- {expect: {only_offered: [run_local_task], choice: required}, call: {name: run_local_task, arguments: {job: "{{job.1}}"}}}
- {expect: {choice: required}, call: {name: run_local_task, arguments: {job: "{{job.2}}"}}}
- {expect: {choice: auto}, say: "Both are done."}
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
    assert_eq!(bench.stand(), [("paid".to_owned(), Some("agent jobs resume job-aaaaaaa1".to_owned()))]);
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
