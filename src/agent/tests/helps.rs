//! What each help does, by what happens without it.

use super::*;

#[tokio::test]
async fn without_narrowing_every_tool_is_offered_to_the_end() {
    let all = "{only_offered: [check_local_capability, run_local_task, run_remote_compute, pay_gas_fee, wait_for_job, list_jobs], choice: auto}";
    let turns: String = [CHECK, REMOTE, PAY, WAIT, "- {say: 'Done.'}\n"]
        .iter()
        .map(|turn| turn.replace("- {", &format!("- {{expect: {all}, ")))
        .collect();
    let mut bench = Bench::without(files(), &turns, Helps { narrowing: false, ..Helps::default() });
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 0);
    assert!(crate::tools::plain().iter().all(|t| t.schema.pointer("/properties/job/enum").is_none()));
}

#[tokio::test]
async fn without_repair_only_calls_are_calls() {
    let helps = Helps { repair: false, ..Helps::default() };
    let fenced = "- text: \"```json\\n{\\\"name\\\": \\\"list_jobs\\\", \\\"arguments\\\": {}}\\n```\"\n";
    let mut bench = Bench::without(files(), fenced, helps);
    assert!(bench.plays("jobs?").await.answer.starts_with("```json"));
    let deltas = bench.texts(|e| if let Event::MessageDelta { text } = e { Some(text.clone()) } else { None }).concat();
    assert!(deltas.contains("list_jobs"), "{deltas}");
    let slips = r#"
- {call: {name: ListJobs}}
- {expect: {last_result: unknown_tool}, call: {name: list_jobs, raw: '"{}"'}}
- {expect: {last_result: bad_arguments}, call: {name: list_jobs, raw: ''}}
- {expect: {last_result: bad_arguments}, call: {name: list_jobs, arguments: {state: null}}}
- {expect: {last_result: bad_arguments}, say: "I cannot."}
"#;
    assert_eq!(Bench::without(files(), slips, helps).plays("jobs?").await.exit_code, 1);
    for slip in ["name: ListJobs", "name: list_jobs, arguments: {state: null}"] {
        let turns = format!("- {{call: {{{slip}}}}}\n- {{say: None.}}\n");
        assert_eq!(Bench::scripted(files(), &turns).plays("jobs?").await.exit_code, 0, "{slip}");
    }
}

#[tokio::test]
async fn without_endings_the_first_words_end_the_turn_and_only_the_step_limit_ends_calls() {
    let helps = Helps { endings: false, ..Helps::default() };
    let soon = format!("{CHECK}{REMOTE}- {{say: 'I will pay soon.'}}\n");
    let mut bench = Bench::without(files(), &soon, helps);
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 1);
    assert_eq!(
        bench.stand()[0].1.as_deref(),
        Some("agent jobs resume job-aaaaaaa1"),
        "the person is told all the same"
    );
    let mut bench = Bench::without(files(), "- {text: ''}\n- {expect: {user: and now}, say: 'Here.'}\n", helps);
    assert_eq!(bench.turn("hello").await.answer, "");
    assert_eq!(bench.plays("and now?").await.exit_code, 0);
    let mut bench = Bench::without(files(), "- {call: {name: list_jobs}, repeat: 24}\n", helps);
    assert_eq!(bench.plays("which jobs are there?").await.exit_code, 1);
    assert!(bench.errors().contains("no answer within 24 steps"), "{}", bench.errors());
    let on = format!("{CHECK}{REMOTE}{PAY}{WAIT}- {{expect: {{choice: auto}}, say: 'Done.'}}\n");
    assert_eq!(Bench::without(files(), &on, helps).plays("fold data.fasta").await.exit_code, 0);
}
