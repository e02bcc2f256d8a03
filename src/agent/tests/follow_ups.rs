//! Several turns: what the next words stand on, and several jobs at once.

use super::*;

/// A folder that holds these files, for what the runtime names to the model.
fn folder(names: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in names {
        std::fs::write(dir.path().join(name), ">p1\nMKV\n").unwrap();
    }
    dir
}

fn planner_in(dir: &tempfile::TempDir, fake: Fake) -> Bench {
    let tasks: Vec<_> = Catalogue::builtin().unwrap().iter().cloned().collect();
    Bench::within(fake, Arc::new(Planner::new(&tasks)), Helps::default(), dir.path())
}

#[tokio::test]
async fn the_planner_knows_what_was_talked_about() {
    let dir = folder(&["data.fasta", "two.fasta"]);
    let mut bench = planner_in(&dir, files());
    let mut jobs = 0;
    for (prompt, words, new_jobs) in [
        ("hi, who are you?", "I am the offline planner", 0),
        ("fold data.fasta", "of data.fasta is done", 1),
        ("how much did that cost?", "2 GAS, and 1 GAS in fees: job-aaaaaaa1", 0),
        ("what came out?", "of data.fasta: 3 sequences were folded", 0),
        (
            "where are the files?",
            "The files of job-aaaaaaa1 are in /home/ada/.agent/results/job-aaaaaaa1: result.json.",
            0,
        ),
        ("why did it run there?", "job-aaaaaaa1 is for the provider, because", 0),
        ("and the second file?", "of two.fasta is done", 1),
        ("how much did that cost?", "2 GAS, and 1 GAS in fees: job-aaaaaaa2", 0),
        ("and in total?", "", 0),
        ("how much did it all cost in total?", "4 GAS for 2 jobs, and 2 GAS in fees", 0),
        ("cancel it", "There is nothing to give up: job-aaaaaaa2 is done.", 0),
        ("do the same for big.fasta", "of big.fasta is done", 1),
        ("stats of both", "of two.fasta is done", 2),
        ("did you pay?", "job-aaaaaaa", 0),
        ("thanks!", "You are welcome.", 0),
    ] {
        let outcome = bench.turn(prompt).await;
        jobs += new_jobs;
        assert_eq!(outcome.exit_code, 0, "{prompt}: {}", outcome.answer);
        assert!(outcome.answer.contains(words), "{prompt}: {}", outcome.answer);
        assert_eq!(bench.fake.jobs().unwrap().len(), jobs, "{prompt}: {}", outcome.answer);
    }
    assert_eq!(bench.warnings(), "");
}

#[tokio::test]
async fn jobs_of_another_day_are_spoken_of_without_suspicion() {
    let dir = folder(&["data.fasta"]);
    let mut first = planner_in(&dir, files());
    first.turn("fold data.fasta").await;
    let id = first.fake.jobs().unwrap().pop().unwrap().id;
    first.fake.set(&id, |job| job.session = "ses-0".into());
    let tasks: Vec<_> = Catalogue::builtin().unwrap().iter().cloned().collect();
    let mut bench =
        Bench::about(first.fake.clone(), Arc::new(Planner::new(&tasks)), Helps::default(), Path::new("/nonexistent"));
    for (prompt, words) in [("what did it cost?", "2 GAS, and 1 GAS in fees"), ("what came out?", "energy -9")] {
        let outcome = bench.turn(prompt).await;
        assert!(outcome.answer.contains(words), "{prompt}: {}", outcome.answer);
        assert_eq!((outcome.exit_code, bench.warnings().as_str()), (0, ""), "{prompt}");
    }
    let turns = "- {call: {name: list_jobs}}\n- {say: 'It is done. It cost 2 GAS, and 3 GAS with fees.'}\n";
    let model = Arc::new(Scripted::parse("test", &format!("turns:\n{turns}")).unwrap());
    let mut bench = Bench::about(first.fake.clone(), model, Helps::default(), Path::new("/nonexistent"));
    assert_eq!((bench.plays("is it done?").await.exit_code, bench.warnings().as_str()), (0, ""));
}

#[tokio::test]
async fn a_job_that_waits_can_be_given_up_by_its_command_alone() {
    let dir = folder(&["data.fasta"]);
    let mut bench = planner_in(&dir, files().with(|f| f.approves = false));
    assert_eq!(bench.turn("fold data.fasta").await.exit_code, 4);
    let outcome = bench.turn("cancel it").await;
    assert!(outcome.answer.contains("`agent jobs cancel job-aaaaaaa1`"), "{}", outcome.answer);
    assert_eq!(bench.fake.effects(), ["upload"]);
    // Whatever another model answers, the person is told how.
    let turns = format!(
        "{CHECK}{REMOTE}{}- {{say: 'It was not approved.'}}\n- {{expect: {{choice: auto}}, say: 'I have canceled it.'}}\n",
        PAY
    );
    let mut bench = Bench::scripted(files().with(|f| f.approves = false), &turns);
    assert_eq!(bench.turn("fold data.fasta").await.exit_code, 4);
    bench.plays("please cancel it").await;
    let warnings = bench.warnings();
    assert!(warnings.contains("To give it up: agent jobs cancel job-aaaaaaa1"), "{warnings}");
}

#[tokio::test]
async fn each_result_says_what_comes_next_with_several_jobs() {
    let turns = r#"
- call:
  - {name: check_local_capability, arguments: {task_type: sequence_stats, dataset: data.fasta}}
  - {name: check_local_capability, arguments: {task_type: protein_folding, dataset: two.fasta}}
- {expect: {only_offered: [run_local_task, run_remote_compute], choice: required}, call: {name: run_local_task, arguments: {job: "{{job.1}}"}}}
- {expect: {last_result: "job-aaaaaaa1 is done. Call run_remote_compute with job job-aaaaaaa2"}, call: {name: run_remote_compute, arguments: {job: "{{job.2}}"}}}
- {expect: {only_offered: [pay_gas_fee]}, say: "I pay later."}
- {expect: {user: [not finished, pay_gas_fee with job job-aaaaaaa2]}, say: "Later."}
- {expect: {offered: [pay_gas_fee, check_local_capability], choice: auto, system: "job-aaaaaaa2: protein_folding of two.fasta, submitted"}, call: {name: pay_gas_fee, arguments: {job: "{{job.2}}", amount: "{{quote.amount}}", recipient: "{{quote.recipient}}"}}}
- {expect: {only_offered: [wait_for_job]}, call: {name: wait_for_job, arguments: {job: "{{job.2}}"}}}
- {expect: {choice: none}, say: "Both are done."}
"#;
    let mut bench = Bench::scripted(files(), turns);
    assert_eq!(bench.turn("stats of data.fasta, and fold two.fasta").await.exit_code, 1);
    let outcome = bench.plays("now pay it").await;
    assert_eq!((outcome.exit_code, bench.receipts()), (0, 2));
    assert_eq!(bench.fake.effects(), ["run", "upload", "pay", "fetch"]);
}

#[tokio::test]
async fn a_file_that_nobody_named_is_not_looked_for() {
    let dir = folder(&["data.fasta"]);
    let turns = r#"
- {call: {name: check_local_capability, arguments: {task_type: sequence_stats, dataset: data/protein.fasta}}}
- {expect: {last_result: [unknown_dataset, "Use one of these files as it is written here: data.fasta"], choice: auto}, say: "I am an assistant for computing. What shall I compute?"}
"#;
    let model = Arc::new(Scripted::parse("test", &format!("turns:\n{turns}")).unwrap());
    let mut bench = Bench::within(files(), model, Helps::default(), dir.path());
    let outcome = bench.plays("can you look at my proteins?").await;
    assert_eq!((outcome.exit_code, outcome.jobs.len(), bench.errors().as_str()), (0, 0, ""));
    // What was typed is always tried, and refused by the guard alone.
    let turns = r#"
- {call: {name: check_local_capability, arguments: {task_type: sequence_stats, dataset: none.fasta}}}
- {expect: {last_result: R-PROBE}, say: "There is no such file."}
"#;
    let model = Arc::new(Scripted::parse("test", &format!("turns:\n{turns}")).unwrap());
    let mut bench = Bench::within(files(), model, Helps::default(), dir.path());
    assert!(bench.plays("stats of none.fasta").await.exit_code != 0);
}
