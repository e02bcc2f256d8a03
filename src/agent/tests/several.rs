//! Several pieces of work in one turn, and the same work again.

use domain::{job::JobState, request::Until};
use serde_json::json;

use super::*;

#[tokio::test]
async fn the_first_effect_asks_for_all_that_was_checked_and_what_is_added_asks_again() {
    let check = |task: &str, file: &str| {
        format!("{{name: check_local_capability, arguments: {{task_type: {task}, dataset: {file}}}}}")
    };
    let turns = format!(
        r#"
- {{call: [{}, {}]}}
- {{expect: {{only_offered: [run_local_task, run_remote_compute], choice: required}}, call: {{name: run_local_task, arguments: {{job: "{{{{job.1}}}}"}}}}}}
- {{expect: {{only_offered: [run_remote_compute], last_result: "job-aaaaaaa1 is done. Call run_remote_compute with job job-aaaaaaa2"}}, call: {{name: run_remote_compute, arguments: {{job: "{{{{job.2}}}}"}}}}}}
- {{call: {}}}
- {{call: {{name: run_remote_compute, arguments: {{job: "{{{{job.3}}}}"}}}}}}
- {{expect: {{only_offered: [pay_gas_fee]}}, call: {{name: pay_gas_fee, arguments: {{job: "{{{{job.2}}}}", amount: '2', recipient: PROVIDER, more_jobs: [all]}}}}}}
- {{call: {{name: wait_for_job, arguments: {{job: "{{{{job.2}}}}", more_jobs: ["{{{{job.3}}}}"]}}}}}}
- {{expect: {{choice: auto, last_result: "All 2 are done."}}, say: "All three are done."}}
"#,
        check("sequence_stats", "data.fasta"),
        check("protein_folding", "two.fasta"),
        check("protein_folding", "data.fasta"),
    );
    let mut bench = Bench::scripted(files(), &turns);
    let outcome = bench.plays("stats of data.fasta, then fold two.fasta and data.fasta").await;
    assert_eq!((outcome.exit_code, outcome.jobs.len(), bench.receipts()), (0, 3, 3), "{}", bench.errors());
    assert_eq!(bench.fake.effects(), ["run", "upload", "upload", "pay", "pay", "fetch", "fetch"]);
    let pieces: Vec<usize> = bench.fake.asked().iter().map(|plan| plan.work.len()).collect();
    assert_eq!(pieces, [2, 1], "the plan of both, and then the addition");
    let most: Vec<String> = bench.fake.asked().iter().map(|plan| plan.worst_case.to_string()).collect();
    assert_eq!(most, ["3 GAS", "3 GAS"]);
}

#[tokio::test]
async fn many_files_are_one_call_each_step() {
    let turns = r#"
- {call: {name: check_local_capability, arguments: {task_type: sequence_stats, dataset: data.fasta, more_datasets: [two.fasta, big.fasta]}}}
- {expect: {only_offered: [run_local_task, run_remote_compute], choice: required, last_result: 'more_jobs [\"job-aaaaaaa2\"]'}, call: {name: run_local_task, arguments: {job: job-aaaaaaa1, more_jobs: [job-aaaaaaa2]}}}
- {expect: {only_offered: [run_remote_compute], last_result: "They are done. Call run_remote_compute with job job-aaaaaaa3."}, call: {name: run_remote_compute, arguments: {job: job-aaaaaaa3}}}
- {call: {name: pay_gas_fee, arguments: {job: job-aaaaaaa3, amount: '2', recipient: PROVIDER}}}
- {call: {name: wait_for_job, arguments: {job: job-aaaaaaa3}}}
- {say: "All three."}
"#;
    let mut bench = Bench::scripted(files(), turns);
    let outcome = bench.plays("stats of data.fasta, two.fasta and big.fasta").await;
    assert_eq!((outcome.exit_code, bench.receipts(), bench.fake.asked().len()), (0, 3, 1), "{}", bench.errors());
}

#[tokio::test]
async fn of_several_files_the_one_that_is_missing_fails_the_turn_and_stops_nothing() {
    let turns = r#"
- {call: {name: check_local_capability, arguments: {task_type: sequence_stats, dataset: data.fasta, more_datasets: [none.fasta]}}}
- {expect: {last_result: [cannot_be_done, none.fasta]}, call: {name: run_local_task, arguments: {job: job-aaaaaaa1}}}
- {say: "There is no none.fasta."}
"#;
    let mut bench = Bench::scripted(files(), turns);
    let outcome = bench.plays("stats of data.fasta and none.fasta").await;
    assert_eq!((outcome.exit_code, bench.receipts(), bench.fake.effects()), (1, 1, vec!["run"]));
    assert!(bench.errors().contains("there is no file none.fasta"), "{}", bench.errors());
}

#[tokio::test]
async fn the_same_work_in_another_turn_gives_the_result_of_before() {
    let stats = |more: &str| {
        let with = format!("dataset: data.fasta{more}");
        CHECK.replace("protein_folding", "sequence_stats").replace("dataset: data.fasta", &with)
    };
    let run = "- {call: {name: run_local_task, arguments: {job: '{{job}}'}}}\n";
    let turns = format!(
        "{}{run}- {{say: 'Three.'}}\n{}- {{expect: {{last_result: ['done before:', '\"sequences\":3']}}, say: 'Three, as before.'}}\n{}{run}- {{say: 'Three again.'}}\n",
        stats(""),
        stats(""),
        stats(", anew: true"),
    );
    let mut bench = Bench::scripted(files(), &turns);
    for (said, runs) in [("stats of data.fasta", 1), ("stats of data.fasta", 1), ("once more, anew", 2)] {
        assert_eq!(bench.turn(said).await.exit_code, 0, "{}", bench.errors());
        assert_eq!(bench.fake.effects().len(), runs, "{said}");
    }
    bench.talk.finish().unwrap();
    // In one turn it is done anew once.
    let twice = format!(
        "{0}{run}{0}- {{expect: {{last_result: anew in this turn already}}, say: 'Done.'}}\n",
        stats(", anew: true")
    );
    let mut bench = Bench::scripted(files(), &twice);
    assert_eq!((bench.plays("stats of data.fasta, anew").await.exit_code, bench.fake.effects()), (0, vec!["run"]));
}

#[tokio::test]
async fn a_job_that_another_session_paid_for_is_offered_to_be_waited_for() {
    let turns = format!(
        "{CHECK}- {{expect: {{only_offered: [wait_for_job], last_result: taken up}}, call: {{name: wait_for_job, arguments: {{job: '{{{{job}}}}'}}}}}}\n- {{say: 'Folded.'}}\n"
    );
    let fake = Arc::new(files());
    fake.begins("ses-0", "protein_folding", "data.fasta");
    let id = fake.kept()[0].id.clone();
    fake.set(&id, |job| job.state = JobState::Paid);
    let script = Arc::new(Scripted::parse("test", &format!("turns:\n{turns}")).unwrap());
    let mut bench = Bench::about(Arc::clone(&fake), script, Helps::default(), Path::new("/nonexistent"));
    let outcome = bench.plays("fold data.fasta").await;
    assert_eq!((outcome.exit_code, fake.effects(), outcome.jobs), (0, vec!["fetch"], vec![id]), "{}", bench.errors());
}

#[test]
fn a_request_that_stops_early_is_done_where_an_earlier_one_paid() {
    let fake = files();
    fake.begins("ses-0", "protein_folding", "data.fasta");
    let mut job = fake.kept().remove(0);
    for (state, until, code) in [
        (JobState::Paid, Until::Plan, 0),
        (JobState::Fetched, Until::Quote, 0),
        (JobState::Submitted, Until::Plan, 0),
        (JobState::Paid, Until::Done, 1),
        (JobState::PaymentUnknown, Until::Plan, 7),
    ] {
        job.state = state;
        assert_eq!(outcome::of_job(&job, until), code, "{state} {until:?}");
    }
}

#[tokio::test]
async fn checks_in_one_reply_are_one_job_where_they_are_the_same_work() {
    let turns = r#"
- call:
  - {name: check_local_capability, arguments: {task_type: protein_folding, dataset: data.fasta}}
  - {name: check_local_capability, arguments: {dataset: data.fasta, task_type: protein_folding}}
  - {name: check_local_capability, arguments: {task_type: protein_folding, dataset: data.fasta, parameters: {seed: 1}}}
  - {name: check_local_capability, arguments: {task_type: protein_folding, dataset: data.fasta, parameters: {seed: 2}, stop_at: plan}}
- {expect: {choice: auto}, say: "Which of the two is meant?"}
"#;
    let mut bench = Bench::scripted(files(), turns);
    assert_eq!(bench.plays("fold data.fasta, maybe with seed 2").await.jobs.len(), 2);
}

#[tokio::test]
async fn of_several_calls_in_a_text_the_one_that_cannot_be_read_is_told() {
    let text = "<tool_call>{\"name\": \"list_jobs\", \"arguments\": {}}</tool_call><tool_call>{\"name\": \"list_jobs\", \"arguments\": {\"state\": \"do";
    let turns = format!(
        "- {{text: {}, finish: length}}\n- {{expect: {{last_result: [another call of the same answer was not made]}}, say: 'There are none.'}}\n",
        json!(text)
    );
    Bench::scripted(files(), &turns).plays("which jobs are there?").await;
}

#[tokio::test]
async fn a_task_that_is_called_by_its_name_is_checked() {
    let turns = format!(
        "- {{text: '{{\"name\": \"protein_folding\", \"arguments\": {{\"dataset\": \"data.fasta\", \"seed\": 7}}}}'}}\n{REMOTE}{PAY}{WAIT}- {{say: 'Done.'}}\n"
    );
    let mut bench = Bench::scripted(files(), &turns);
    assert_eq!(bench.plays("fold data.fasta with seed 7").await.exit_code, 0);
    assert_eq!(bench.fake.kept()[0].parameters["seed"], 7);
}

#[tokio::test]
async fn a_slip_that_was_put_right_is_no_failure() {
    let turns = r#"
- {call: {name: list_jobs, arguments: {all: true}}}
- {call: {name: list_jobs}}
- {say: "There are no jobs."}
"#;
    let mut bench = Bench::scripted(files(), turns);
    assert_eq!((bench.plays("which jobs are there?").await.exit_code, bench.errors().as_str()), (0, ""));
    // A path, a task or a parameter that was put right.
    for (wrong, right) in [
        ("task_type: docking, dataset: data.fasta", "task_type: sequence_stats, dataset: data.fasta"),
        ("task_type: sequence_stats, dataset: in/data.fasta", "task_type: sequence_stats, dataset: data.fasta"),
    ] {
        let check =
            |arguments: &str| format!("- {{call: {{name: check_local_capability, arguments: {{{arguments}}}}}}}\n");
        let run = "- {call: {name: run_local_task, arguments: {job: '{{job}}'}}}\n- {say: 'Done.'}\n";
        let mut bench = Bench::scripted(files(), &format!("{}{}{run}", check(wrong), check(right)));
        let outcome = bench.plays("stats of data.fasta").await;
        assert_eq!((outcome.exit_code, bench.errors().as_str()), (0, ""), "{wrong}");
    }
}
