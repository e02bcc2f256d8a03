//! Several jobs a call, changed plans, and the same work again.

use super::*;

#[tokio::test]
async fn several_files_are_checked_in_one_call_and_take_their_steps_side_by_side() {
    let bench = Bench::new(files());
    let arguments = json!({"task_type": "protein_folding", "dataset": "data.fasta",
        "more_datasets": ["none.fasta", "two.fasta", "data.fasta"]});
    let checked = bench.call("check_local_capability", arguments).await;
    assert_eq!(
        checked.value,
        json!({
            "ok": false, "files": 3, "failed": 1, "local": 0, "offload": 2,
            "total": "4", "at_most_with_fees": "6", "unit": "GAS",
            "cannot_be_done": [{"ok": false, "refused_by": "R-PROBE", "why": "there is no file none.fasta",
                "hint": "check the name", "dataset": "none.fasta"}],
            "jobs": [
                {"job": "job-aaaaaaa1", "dataset": "data.fasta", "where": "offload"},
                {"job": "job-aaaaaaa2", "dataset": "two.fasta", "where": "offload"},
            ],
            "next_step": "Call run_remote_compute with job job-aaaaaaa1 and more_jobs [\"job-aaaaaaa2\"].",
        })
    );
    let both = json!({"job": "job-aaaaaaa1", "more_jobs": ["all"]});
    let quoted = bench.call("run_remote_compute", both.clone()).await;
    assert_eq!((quoted.ok, quoted.jobs.len(), bench.fake.asked().len()), (true, 2, 1), "{:?}", quoted.value);
    assert_eq!(
        step(&quoted),
        format!(
            "Call pay_gas_fee with job job-aaaaaaa1, amount 2 and recipient {PROVIDER} and more_jobs [\"job-aaaaaaa2\"]."
        )
    );
    let pay = json!({"job": "job-aaaaaaa1", "amount": "2", "recipient": PROVIDER, "more_jobs": ["job-aaaaaaa2"]});
    assert!(bench.call("pay_gas_fee", pay).await.ok);
    let done = bench.call("wait_for_job", both).await;
    assert_eq!(done.value["jobs"][1]["result"]["untrusted_data"]["summary"]["best_energy"], -9);
    assert!(step(&done).starts_with("All 2 are done."), "{:?}", done.value);
    assert_eq!(bench.fake.effects(), ["upload", "upload", "pay", "pay", "fetch", "fetch"]);
}

#[tokio::test]
async fn one_failure_does_not_stop_the_others() {
    let bench = Bench::new(files());
    let one = bench.check("sequence_stats", "data.fasta").await.value["job"].clone();
    let two = bench.check("sequence_stats", "two.fasta").await.value["job"].clone();
    let result = bench.call("run_local_task", json!({"job": one, "more_jobs": ["job-zzzzzzzz", two]})).await;
    assert_eq!((result.ok, result.jobs.len(), result.failures.len()), (false, 2, 1));
    assert!(result.jobs.iter().all(|job| job.state == JobState::Done), "{:?}", result.value);
    assert!(step(&result).starts_with("1 of 3 failed."), "{:?}", result.value);
    assert_eq!(bench.fake.effects(), ["run", "run"]);
}

#[tokio::test]
async fn where_nobody_agrees_none_of_the_jobs_begins() {
    let bench = Bench::new(files().with(|f| f.says = Says::Nobody));
    let arguments = json!({"task_type": "protein_folding", "dataset": "data.fasta", "more_datasets": ["two.fasta"]});
    bench.call("check_local_capability", arguments).await;
    let result = bench.call("run_remote_compute", json!({"job": "job-aaaaaaa1", "more_jobs": ["all"]})).await;
    assert_eq!((&result.value["refused_by"], result.failures.len()), (&json!("P-APPROVAL"), 2));
    assert_eq!((result.failures[0].exit_code, bench.fake.asked().len()), (4, 1), "asked once for both");
    assert!(result.value["hint"].as_str().unwrap().contains("agent run --request req-"), "{:?}", result.value);
    assert!(bench.fake.effects().is_empty() && bench.fake.kept().is_empty());
}

#[tokio::test]
async fn a_plan_that_the_person_changed_is_told_with_its_jobs() {
    let bench = Bench::new(files().with(|f| f.says = Says::Yes));
    let job = bench.check("protein_folding", "data.fasta").await.value["job"].clone();
    bench.fake.edits(|request| {
        let work = request.work.into_iter().map(|work| {
            let mut parameters = work.parameters.clone();
            parameters.insert("seed".to_owned(), json!(7));
            domain::request::Work { parameters, ..work }
        });
        Request { work: work.collect(), ..request }
    });
    let result = bench.call("run_remote_compute", json!({"job": job})).await;
    assert!(result.ok && result.value["plan_changed"].is_string(), "{:?}", result.value);
    let [now] = result.jobs.as_slice() else { panic!("{:?}", result.jobs) };
    assert_eq!((&now.parameters["seed"], step(&result)), (&json!(7), "Call run_remote_compute with job job-aaaaaaa2."));
    assert_eq!(bench.fake.job(&"job-aaaaaaa1".parse().unwrap()).unwrap(), None, "nothing is left of what was planned");
    assert!(bench.call("run_remote_compute", json!({"job": now.id})).await.ok);
    assert_eq!((bench.fake.effects(), bench.fake.asked().len()), (vec!["upload"], 1));
}

#[tokio::test]
async fn the_same_work_is_not_done_twice_and_not_paid_twice() {
    let bench = Bench::new(files());
    let job = bench.check("sequence_stats", "data.fasta").await.value["job"].clone();
    bench.call("run_local_task", json!({"job": job})).await;
    let again = bench.check("sequence_stats", "data.fasta").await;
    assert_eq!((&again.value["job"], &again.value["same_as_before"]), (&job, &json!(true)));
    assert!(again.value["note"].as_str().unwrap().contains("done before:"), "{:?}", again.value);
    assert_eq!(again.value["result"]["untrusted_data"]["summary"]["sequences"], 3);
    assert_eq!(bench.fake.kept().len(), 1);
    // A job that was begun is taken up where it stands.
    let fold = bench.check("protein_folding", "data.fasta").await.value["job"].clone();
    bench.call("run_remote_compute", json!({"job": fold})).await;
    let taken = bench.check("protein_folding", "data.fasta").await.value;
    assert_eq!(
        (&taken["job"], &taken["state"], &taken["next_tool"]),
        (&fold, &json!("submitted"), &json!("pay_gas_fee"))
    );
    // A person may want it anew.
    let anew = json!({"task_type": "sequence_stats", "dataset": "data.fasta", "anew": true});
    let anew = bench.call("check_local_capability", anew).await.value;
    assert!(anew["job"] != job && anew["next_tool"] == "run_local_task", "{anew}");
}

#[tokio::test]
async fn of_many_jobs_some_are_written_out() {
    let names: Vec<String> = (0..40).map(|i| format!("s{i}.fasta")).collect();
    let all: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 148)).collect();
    let bench = Bench::new(Fake::new(&all));
    let arguments = json!({"task_type": "sequence_stats", "dataset": names[0], "more_datasets": names[1..]});
    let checked = bench.call("check_local_capability", arguments).await;
    let jobs = checked.value["jobs"].as_array().unwrap();
    assert_eq!((jobs.len(), &checked.value["more_jobs"], checked.jobs.len()), (16, &json!(24), 40));
    assert!(step(&checked).ends_with("and more_jobs [\"all\"]."), "{}", step(&checked));
    let done = bench.call("run_local_task", json!({"job": jobs[0]["job"], "more_jobs": ["all"]})).await;
    assert_eq!(
        (&done.value["count"], &done.value["failed"], &done.value["more_jobs"]),
        (&json!(40), &json!(0), &json!(24))
    );
    assert_eq!(bench.fake.effects().len(), 40);
}
