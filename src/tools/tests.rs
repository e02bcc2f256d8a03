use std::{path::PathBuf, sync::Arc};

use serde_json::{Value, json};

use super::{
    fake::{Fake, PROVIDER, STRANGER, Says},
    standing::Standing,
    *,
};
use domain::{
    job::{Job, JobState},
    request::{Bounds, Locality, Origin, Request, Spend, Until},
};

mod agreement;
mod several;

struct Bench {
    fake: Arc<Fake>,
    toolbox: Toolbox,
}

impl Bench {
    fn new(fake: Fake) -> Bench {
        Bench::said(fake, "fold data.fasta", Bounds::default())
    }

    /// A request of these words, within these bounds.
    fn said(fake: Fake, said: &str, bounds: Bounds) -> Bench {
        let fake = Arc::new(fake);
        let toolbox =
            Toolbox { work: fake.clone(), session: "ses-1".to_owned(), folder: PathBuf::from("/"), at_once: 2 };
        let opening = Opening { bounds, origin: Origin::Model("m".to_owned()), said: Some(said.to_owned()) };
        toolbox.work.open("ses-1", opening);
        Bench { fake, toolbox }
    }

    async fn call(&self, name: &str, arguments: Value) -> ToolResult {
        self.toolbox.run(&call::parse(name, &arguments).unwrap(), &Cancel::new()).await
    }

    async fn check(&self, task: &str, dataset: &str) -> ToolResult {
        self.call("check_local_capability", json!({"task_type": task, "dataset": dataset})).await
    }
}

fn files() -> Fake {
    Fake::new(&[("data.fasta", 148), ("two.fasta", 200), ("big.fasta", 150_000_000)])
}

fn step(result: &ToolResult) -> &str {
    result.value["next_step"].as_str().unwrap()
}

#[tokio::test]
async fn a_local_job_from_check_to_result() {
    let bench = Bench::new(files());
    let checked = bench.check("sequence_stats", "data.fasta").await.value;
    assert_eq!(
        (&checked["ok"], &checked["where"], &checked["next_tool"]),
        (&json!(true), &json!("local"), &json!("run_local_task"))
    );
    assert!(bench.fake.kept().is_empty(), "what is only planned is written down nowhere");
    let done = bench.call("run_local_task", json!({"job": checked["job"]})).await;
    assert_eq!((&done.value["state"], &done.value["next_tool"]), (&json!("done"), &Value::Null));
    assert_eq!(done.value["result"]["untrusted_data"]["summary"]["sequences"], 3);
    assert!(step(&done).contains("Explain"));
    assert_eq!(bench.fake.effects(), ["run"]);
}

#[tokio::test]
async fn an_offloaded_job_from_check_to_result() {
    let bench = Bench::new(files());
    let checked = bench.check("protein_folding", "data.fasta").await.value;
    assert_eq!(checked["reasons"][0]["rule"], "R-MODEL");
    assert_eq!(
        (&checked["price"]["amount"], &checked["price"]["fees_at_most"], &checked["price"]["recipient"]),
        (&json!("2"), &json!("1"), &json!(PROVIDER)),
        "the price is known before anything is sent"
    );
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
    assert_eq!(bench.fake.asked().len(), 1, "one consent to the plan");
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
        assert!(step(&result).contains(next), "{value}");
        assert_eq!(result.failures[0].exit_code, 3);
    }
    assert!(bench.fake.effects().is_empty() && bench.fake.asked().is_empty());
    bench.call("run_remote_compute", json!({"job": big})).await;
    for (amount, to, rule) in [("3", PROVIDER, "P-AMOUNT"), ("2", STRANGER, "P-RECIPIENT")] {
        let result = bench.call("pay_gas_fee", pay(amount, to)).await;
        assert_eq!(result.value["refused_by"], rule);
        assert!(step(&result).contains("not the quote"), "{:?}", result.value);
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
        let failure = &result.failures[0];
        assert!(failure.message.contains(words) && failure.exit_code == code, "{failure:?}");
    }
    let wrong = json!({"task_type": "protein_folding", "dataset": "data.fasta", "parameters": {"dimension": 4}});
    assert!(bench.call("check_local_capability", wrong).await.value["why"].as_str().unwrap().contains("dimension"));

    let failing = Bench::new(files().with(|f| f.provider_fails = true));
    let job = failing.check("protein_folding", "data.fasta").await.value["job"].clone();
    failing.call("run_remote_compute", json!({"job": job})).await;
    failing.call("pay_gas_fee", json!({"job": job, "amount": "2", "recipient": PROVIDER})).await;
    let result = failing.call("wait_for_job", json!({"job": job})).await;
    assert_eq!((result.failures[0].exit_code, &result.value["state"]), (6, &json!("paid_but_failed")));
}

#[tokio::test]
async fn a_request_that_stops_at_its_plan_is_no_failure() {
    let check = |stop: &str| json!({"task_type": "protein_folding", "dataset": "data.fasta", "stop_at": stop});
    let bench = Bench::new(files());
    let checked = bench.call("check_local_capability", check("plan")).await;
    assert_eq!((&checked.value["stops_at"], &checked.value["next_tool"]), (&json!("plan"), &Value::Null));
    assert!(step(&checked).contains("what it costs at most"), "{:?}", checked.value);
    // A model that goes on all the same.
    let result = bench.call("run_remote_compute", json!({"job": checked.value["job"]})).await;
    assert_eq!((result.ok, result.failures.len(), &result.value["stops_at"]), (true, 0, &json!("plan")));
    assert_eq!(result.value["plan"]["at_most_with_fees"], "3");
    assert!(bench.fake.effects().is_empty() && bench.fake.kept().is_empty());

    let bench = Bench::new(files());
    let job = bench.call("check_local_capability", check("quote")).await.value["job"].clone();
    let quoted = bench.call("run_remote_compute", json!({"job": job})).await;
    assert_eq!((&quoted.value["quote"]["amount"], &quoted.value["next_tool"]), (&json!("2"), &Value::Null));
    let paid = bench.call("pay_gas_fee", json!({"job": job, "amount": "2", "recipient": PROVIDER})).await;
    assert_eq!((paid.ok, &paid.value["stops_at"]), (true, &json!("quote")), "{:?}", paid.value);
    assert_eq!(bench.fake.effects(), ["upload"]);
}

#[tokio::test]
async fn what_a_model_says_of_bounds_only_narrows() {
    let here = Bounds { place: Locality::Here, ..Bounds::default() };
    let limit = |gas: &str| Bounds { spend: Spend::at_most(gas.parse().unwrap()), ..Bounds::default() };
    for (flags, said, rule, code) in [
        (Bounds::default(), json!({"max_gas": "2.9"}), "Q-SPEND", 5),
        (Bounds::default(), json!({"max_gas": "0"}), "Q-SPEND", 5),
        (limit("2.9"), json!({"max_gas": "40"}), "Q-SPEND", 5),
        (Bounds::default(), json!({"here_only": true}), "Q-PLACE", 3),
        (here, json!({"here_only": false}), "Q-PLACE", 3),
    ] {
        let bench = Bench::said(files(), "fold data.fasta", flags);
        let mut arguments = json!({"task_type": "protein_folding", "dataset": "data.fasta"});
        arguments.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        let mut result = bench.call("check_local_capability", arguments).await;
        if let Some(job) = result.value["job"].as_str() {
            result = bench.call("run_remote_compute", json!({"job": job})).await;
        }
        assert_eq!((&result.value["refused_by"], result.failures[0].exit_code), (&json!(rule), code), "{said}");
        assert!(bench.fake.effects().is_empty(), "{said}");
    }
    let bench = Bench::new(files());
    let arguments = json!({"task_type": "protein_folding", "dataset": "data.fasta", "max_gas": "3"});
    let job = bench.call("check_local_capability", arguments).await.value["job"].clone();
    assert!(bench.call("run_remote_compute", json!({"job": job})).await.ok, "a limit that reaches");
    let wrong = json!({"task_type": "protein_folding", "dataset": "data.fasta", "max_gas": "a little"});
    let wrong = call::parse("check_local_capability", &wrong).unwrap_err().to_string();
    assert!(wrong.contains("`max_gas`: `a little` is not an amount of GAS"), "{wrong}");
}

#[tokio::test]
async fn what_is_offered_follows_from_the_jobs() {
    let bench = Bench::new(files());
    let tasks = bench.fake.tasks();
    let names = |jobs: &[Job], until: Until| -> Vec<String> {
        offered(jobs, until, &tasks).into_iter().map(|t| t.name).collect()
    };
    assert_eq!(names(&[], Until::Done), ["check_local_capability", "list_jobs"]);
    let checks = offered(&[], Until::Done, &tasks);
    let types = &checks[0].schema["properties"]["task_type"]["enum"];
    assert!(types.as_array().unwrap().contains(&json!("protein_folding")));
    let local = bench.check("sequence_stats", "data.fasta").await.jobs.pop().unwrap();
    let remote = bench.check("protein_folding", "data.fasta").await.jobs.pop().unwrap();
    let both = [local.clone(), remote.clone()];
    assert_eq!(
        names(&both, Until::Done),
        ["check_local_capability", "run_local_task", "run_remote_compute", "list_jobs"]
    );
    assert_eq!(names(&both, Until::Quote), ["check_local_capability", "run_remote_compute", "list_jobs"]);
    assert_eq!(names(&both, Until::Plan), ["check_local_capability", "list_jobs"]);
    bench.call("run_remote_compute", json!({"job": remote.id})).await;
    let submitted = bench.fake.job(&remote.id).unwrap().unwrap();
    let next = offered_next(std::slice::from_ref(&submitted), Until::Done);
    assert_eq!(next.len(), 1);
    let pay = &next[0].schema["properties"];
    assert_eq!(
        (&pay["job"]["enum"], &pay["amount"]["enum"], &pay["recipient"]["enum"]),
        (&json!([remote.id]), &json!(["2"]), &json!([PROVIDER]))
    );
    assert!(pay.get("more_jobs").is_none(), "one job has no others beside it");
    for state in JobState::ALL {
        let job = bench.fake.set(&remote.id, |j| j.state = state);
        let steps = offered_next(std::slice::from_ref(&job), Until::Done);
        assert_eq!(steps.is_empty(), state.is_end(), "{state}");
    }
    assert!(Standing::of(&bench.toolbox).piece(&local.id).is_none(), "it was agreed to with the other");
}

#[test]
fn a_job_that_another_process_works_on_is_asked_for_again() {
    let taken = crate::job::JobError::Lease(crate::job::lease::LeaseError::Taken("job-7k3q9dm2".parse().unwrap()));
    let result = ToolResult::failed(&WorkError::from(taken), None);
    assert_eq!(
        (&result.value["error"], &result.value["why"]),
        (&json!("busy"), &json!("another process is working on job-7k3q9dm2"))
    );
    assert!(step(&result).contains("`agent jobs resume`") && step(&result).contains("the same call again"));
}
