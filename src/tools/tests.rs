use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    fake::{Fake, PROVIDER, STRANGER},
    *,
};
use crate::domain::job::JobState;

struct Bench {
    fake: Arc<Fake>,
    toolbox: Toolbox,
}

impl Bench {
    fn new(fake: Fake) -> Bench {
        let fake = Arc::new(fake);
        Bench { toolbox: Toolbox { work: fake.clone(), session: "ses-1".to_owned() }, fake }
    }

    async fn call(&self, name: &str, arguments: Value) -> ToolResult {
        self.toolbox.run(&call::parse(name, &arguments).unwrap(), &Cancel::new()).await
    }

    async fn check(&self, task: &str, dataset: &str) -> ToolResult {
        self.call("check_local_capability", json!({"task_type": task, "dataset": dataset})).await
    }
}

fn files() -> Fake {
    Fake::new(&[("data.fasta", 148), ("big.fasta", 150_000_000)])
}

#[tokio::test]
async fn a_local_job_from_check_to_result() {
    let bench = Bench::new(files());
    let checked = bench.check("sequence_stats", "data.fasta").await.value;
    assert_eq!(
        (&checked["ok"], &checked["where"], &checked["next_tool"]),
        (&json!(true), &json!("local"), &json!("run_local_task"))
    );
    let done = bench.call("run_local_task", json!({"job": checked["job"]})).await.value;
    assert_eq!((&done["state"], &done["next_tool"]), (&json!("done"), &Value::Null));
    assert_eq!(done["result"]["untrusted_data"]["summary"]["sequences"], 3);
    assert!(done["next_step"].as_str().unwrap().contains("Explain"));
    assert_eq!(bench.fake.effects(), ["run"]);
}

#[tokio::test]
async fn an_offloaded_job_from_check_to_result() {
    let bench = Bench::new(files());
    let checked = bench.check("protein_folding", "data.fasta").await.value;
    assert_eq!(checked["reasons"][0]["rule"], "R-MODEL");
    let job = checked["job"].clone();
    let quoted = bench.call("run_remote_compute", json!({"job": job})).await.value;
    assert_eq!((&quoted["quote"]["amount"], &quoted["quote"]["recipient"]), (&json!("2"), &json!(PROVIDER)));
    assert_eq!(
        quoted["next_step"],
        format!("Call pay_gas_fee with job job-aaaaaaa1, amount 2 and recipient {PROVIDER}.")
    );
    let paid = bench.call("pay_gas_fee", json!({"job": job, "amount": "2", "recipient": PROVIDER})).await.value;
    assert_eq!((&paid["paid"], &paid["block"], &paid["next_tool"]), (&json!(true), &json!(42), &json!("wait_for_job")));
    let done = bench.call("wait_for_job", json!({"job": job})).await.value;
    assert_eq!((&done["state"], &done["job_id"], &done["amount"]), (&json!("done"), &json!("task-1"), &json!("2")));
    let list = bench.call("list_jobs", json!({"state": "done"})).await.value;
    assert_eq!((&list["count"], &list["jobs"][0]["quote"]["amount"]), (&json!(1), &json!("2")));
    assert_eq!(bench.call("list_jobs", json!({"state": "open"})).await.value["count"], 0);
}

#[tokio::test]
async fn refusals_name_the_rule_and_nothing_happens() {
    let bench = Bench::new(files());
    let big = bench.check("sequence_stats", "big.fasta").await.value["job"].clone();
    let small = bench.check("sequence_stats", "data.fasta").await.value["job"].clone();
    let pay = |amount: &str, to: &str| json!({"job": big, "amount": amount, "recipient": to});
    for (name, arguments, rule, next) in [
        ("run_local_task", json!({"job": big}), "R-SIZE", "Call run_remote_compute"),
        ("run_remote_compute", json!({"job": small}), "R-LOCAL", "Call run_local_task"),
        ("pay_gas_fee", json!({"job": small, "amount": "2", "recipient": PROVIDER}), "R-LOCAL", "Call run_local_task"),
        ("pay_gas_fee", pay("2", PROVIDER), "P-STATE", "Call run_remote_compute"),
        ("wait_for_job", json!({"job": big}), "P-STATE", "Call run_remote_compute"),
    ] {
        let result = bench.call(name, arguments).await;
        let value = &result.value;
        assert_eq!((&value["ok"], &value["refused_by"]), (&json!(false), &json!(rule)), "{name}: {value}");
        assert!(value["next_step"].as_str().unwrap().contains(next), "{value}");
        assert_eq!(result.failure.unwrap().exit_code, 3);
    }
    assert!(bench.fake.effects().is_empty());
    bench.call("run_remote_compute", json!({"job": big})).await;
    for (amount, to, rule) in [("3", PROVIDER, "P-AMOUNT"), ("2", STRANGER, "P-RECIPIENT")] {
        let value = bench.call("pay_gas_fee", pay(amount, to)).await.value;
        assert_eq!(value["refused_by"], rule);
        assert!(value["next_step"].as_str().unwrap().contains("not the quote"), "{value}");
    }
    assert_eq!(bench.call("wait_for_job", json!({"job": big})).await.value["refused_by"], "P-STATE");
    assert!(bench.call("pay_gas_fee", pay("2", PROVIDER)).await.ok);
    let twice = bench.call("pay_gas_fee", pay("2", PROVIDER)).await.value;
    assert_eq!((&twice["refused_by"], &twice["state"]), (&json!("P-STATE"), &json!("paid")));
    assert_eq!(bench.fake.effects(), ["upload", "pay"]);
    let none = bench.call("wait_for_job", json!({"job": "job-zzzzzzzz"})).await.value;
    assert!(none["why"].as_str().unwrap().contains("there is no job job-zzzzzzzz") && none["hint"].is_string());
}

#[tokio::test]
async fn failures_carry_why_hint_and_exit_code() {
    let bench = Bench::new(files());
    for (task, dataset, words, code) in [
        ("docking", "data.fasta", "there is no task `docking`", 1),
        ("sequence_stats", "none.fasta", "there is no file none.fasta", 1),
    ] {
        let result = bench.check(task, dataset).await;
        assert!(!result.ok && result.value["hint"].is_string(), "{:?}", result.value);
        let failure = result.failure.unwrap();
        assert!(failure.message.contains(words) && failure.exit_code == code, "{failure:?}");
    }
    let wrong = json!({"task_type": "protein_folding", "dataset": "data.fasta", "parameters": {"dimension": 4}});
    assert!(bench.call("check_local_capability", wrong).await.value["why"].as_str().unwrap().contains("dimension"));

    let failing = Bench::new(files().with(|f| f.provider_fails = true));
    let job = failing.check("protein_folding", "data.fasta").await.value["job"].clone();
    failing.call("run_remote_compute", json!({"job": job})).await;
    failing.call("pay_gas_fee", json!({"job": job, "amount": "2", "recipient": PROVIDER})).await;
    let result = failing.call("wait_for_job", json!({"job": job})).await;
    assert_eq!((result.failure.unwrap().exit_code, &result.value["state"]), (6, &json!("paid_but_failed")));
}

#[tokio::test]
async fn a_dry_run_is_no_failure() {
    let bench = Bench::new(files().with(|f| f.dry_run = true));
    let job = bench.check("protein_folding", "data.fasta").await.value["job"].clone();
    let result = bench.call("run_remote_compute", json!({"job": job})).await;
    assert!(result.ok && result.failure.is_none() && result.value["dry_run"] == true);
    assert!(bench.fake.effects().is_empty());
}

#[tokio::test]
async fn what_is_offered_follows_from_the_jobs() {
    let bench = Bench::new(files());
    let tasks = bench.fake.tasks();
    let names = |jobs: &[crate::domain::job::Job]| -> Vec<String> {
        offered(jobs, &tasks, None).into_iter().map(|t| t.name).collect()
    };
    assert_eq!(names(&[]), ["check_local_capability", "list_jobs"]);
    let checks = offered(&[], &tasks, None);
    let types = &checks[0].schema["properties"]["task_type"]["enum"];
    assert!(types.as_array().unwrap().contains(&json!("protein_folding")));
    assert!(checks[0].schema["properties"]["dataset"].get("enum").is_none(), "any path may be meant");
    let certain = offered(&[], &tasks, Some(&["data.fasta".to_owned(), "b c.fa".to_owned()]));
    assert_eq!(certain[0].schema["properties"]["dataset"]["enum"], json!(["data.fasta", "b c.fa"]));
    let local = bench.check("sequence_stats", "data.fasta").await.job.unwrap();
    let remote = bench.check("protein_folding", "data.fasta").await.job.unwrap();
    assert_eq!(
        names(&[local.clone(), remote.clone()]),
        ["check_local_capability", "run_local_task", "run_remote_compute", "list_jobs"]
    );
    bench.call("run_remote_compute", json!({"job": remote.id})).await;
    let submitted = bench.fake.job(&remote.id).unwrap().unwrap();
    let next = offered_next(std::slice::from_ref(&submitted));
    assert_eq!(next.len(), 1);
    let pay = &next[0].schema["properties"];
    assert_eq!(
        (&pay["job"]["enum"], &pay["amount"]["enum"], &pay["recipient"]["enum"]),
        (&json!([remote.id]), &json!(["2"]), &json!([PROVIDER]))
    );
    for state in JobState::ALL {
        let job = bench.fake.set(&remote.id, |j| j.state = state);
        let steps = offered_next(std::slice::from_ref(&job));
        assert_eq!(steps.is_empty(), state.is_end(), "{state}");
    }
}

#[test]
fn a_job_that_another_process_works_on_is_asked_for_again() {
    let taken = crate::job::JobError::Lease(crate::job::lease::LeaseError::Taken("job-7k3q9dm2".parse().unwrap()));
    let value = ToolResult::failed(&WorkError::from(taken), None).value;
    assert_eq!(
        (&value["error"], &value["why"]),
        (&json!("busy"), &json!("another process is working on job-7k3q9dm2"))
    );
    let next = value["next_step"].as_str().unwrap();
    assert!(next.contains("`agent jobs resume`") && next.contains("the same call again"), "{next}");
}
