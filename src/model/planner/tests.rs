mod begun;
mod follow;
mod plain;

use serde_json::json;

use super::*;
use crate::{
    machine::catalogue::Catalogue,
    model::context::FileSeen,
    tools::{ToolSpec, fake::PROVIDER},
};

fn planner() -> Planner {
    let tasks: Vec<TaskType> = Catalogue::builtin().unwrap().iter().cloned().collect();
    Planner::new(&tasks)
}

/// A conversation that is made by hand.
struct Talk(ChatRequest);

impl Talk {
    fn new(files: &[&str], dry_run: bool) -> Talk {
        let sized: Vec<(&str, u64)> = files.iter().map(|f| (*f, 148)).collect();
        Talk::with(&sized, dry_run)
    }

    /// In a folder with these files of these sizes, bytes.
    fn with(files: &[(&str, u64)], dry_run: bool) -> Talk {
        let files = files.iter().map(|(path, bytes)| FileSeen { path: (*path).to_owned(), bytes: *bytes }).collect();
        let context = Context { files, dry_run, ..Context::default() };
        let tools = vec![ToolSpec { name: "list_jobs".into(), description: String::new(), schema: json!({}) }];
        Talk(ChatRequest { system: format!("You are.\n\n{}", context.to_text()), tools, ..ChatRequest::default() })
    }

    fn says(mut self, text: &str) -> Talk {
        self.0.messages.push(Message::User { text: text.to_owned() });
        self
    }

    fn answers(mut self, text: &str) -> Talk {
        self.0.messages.push(Message::Assistant { text: text.to_owned(), calls: Vec::new() });
        self
    }

    /// The planner's next call, with what comes of it.
    async fn call(&mut self, name: &str, arguments: Value, result: Value) {
        let turn = planner().turn(&self.0, &mut |_| {}).await.unwrap();
        let call = turn.calls.first().unwrap_or_else(|| panic!("no call but: {}", turn.text)).clone();
        assert_eq!((call.name.as_str(), serde_json::from_str::<Value>(&call.arguments).unwrap()), (name, arguments));
        let (call_id, name) = (call.id.clone(), call.name.clone());
        self.0.messages.push(Message::Assistant { text: turn.text, calls: vec![call] });
        self.0.messages.push(Message::ToolResult { call_id, name, content: result.to_string() });
        self.0.check().unwrap();
    }

    async fn answer(&self) -> String {
        let mut shown = String::new();
        let mut show = |delta| match delta {
            Delta::Text(text) => shown.push_str(&text),
            Delta::Lost(usage) => panic!("{usage:?}"),
        };
        let turn = planner().turn(&self.0, &mut show).await.unwrap();
        assert!(turn.calls.is_empty(), "calls {:?}", turn.calls);
        assert_eq!(turn.text, shown);
        shown
    }
}

fn fold(parameters: Value) -> Value {
    let mut arguments = json!({"task_type": "protein_folding", "dataset": "data.fasta"});
    if parameters != json!({}) {
        arguments["parameters"] = parameters;
    }
    arguments
}

fn checked(place: &str, next: &str) -> Value {
    json!({
        "ok": true, "job": "job-7k3q9dm2", "state": "planned", "task_type": "protein_folding", "where": place,
        "reasons": [{"rule": "R-MODEL", "why": "the catalogue marks protein_folding as model-heavy"}],
        "dataset": {"path": "data.fasta", "size": "148 B", "records": 3, "sampled": false},
        "needs": {"ram": "20 MB", "time": "0.4 s"}, "next_tool": next, "next_step": "",
    })
}

#[tokio::test]
async fn folds_from_check_to_answer() {
    let mut talk = Talk::new(&[], false).says("Run protein folding on data.fasta in 3D with seed 7");
    talk.call(
        "check_local_capability",
        fold(json!({"dimension": 3, "seed": 7})),
        checked("offload", "run_remote_compute"),
    )
    .await;
    let job = json!({"job": "job-7k3q9dm2"});
    let quote = json!({"amount": "2", "unit": "GAS", "recipient": PROVIDER});
    let quoted =
        json!({"ok": true, "job": "job-7k3q9dm2", "state": "submitted", "quote": quote, "next_tool": "pay_gas_fee"});
    talk.call("run_remote_compute", job.clone(), quoted).await;
    let claim = json!({"job": "job-7k3q9dm2", "amount": "2", "recipient": PROVIDER});
    let paid = json!({"ok": true, "job": "job-7k3q9dm2", "state": "paid", "amount": "2", "next_tool": "wait_for_job"});
    talk.call("pay_gas_fee", claim, paid).await;
    let summary = json!({"sequences": 3, "best_energy": -9, "best_id": "p1", "mean_energy": -7.5, "proven_optimal": 0, "dimension": 3, "seed": 7});
    let done = json!({
        "ok": true, "job": "job-7k3q9dm2", "state": "done", "task_type": "protein_folding", "where": "offload",
        "dataset": {"path": "data.fasta"}, "amount": "2", "next_tool": null,
        "result": {"folder": "/r/job-7k3q9dm2", "untrusted_data": {"summary": summary}},
    });
    talk.call("wait_for_job", job, done).await;
    insta::assert_snapshot!(talk.answer().await);
}

#[tokio::test]
async fn stops_and_explains_when_something_is_refused() {
    let mut talk = Talk::new(&[], false).says("fold data.fasta");
    let refused = json!({"ok": false, "refused_by": "R-PROBE", "why": "there is no file data.fasta", "hint": "check the name; paths are taken from the working directory"});
    talk.call("check_local_capability", fold(json!({})), refused).await;
    insta::assert_snapshot!(talk.answer().await);
    let mut talk = Talk::new(&[], false).says("Run molecular docking on data.fasta");
    let unknown = json!({"ok": false, "error": "unknown_task", "why": "there is no task `molecular_docking`", "hint": "the tasks are: a, b"});
    talk.call("check_local_capability", json!({"task_type": "molecular_docking", "dataset": "data.fasta"}), unknown)
        .await;
    insta::assert_snapshot!(talk.answer().await);
}

#[tokio::test]
async fn a_question_is_only_looked_into() {
    let mut talk = Talk::new(&[], false).says("Would folding data.fasta fit on this machine?");
    talk.call("check_local_capability", fold(json!({})), checked("offload", "run_remote_compute")).await;
    insta::assert_snapshot!(talk.answer().await);
    let mut talk = Talk::new(&[], true).says("fold data.fasta");
    talk.call("check_local_capability", fold(json!({})), checked("offload", "run_remote_compute")).await;
    let stopped = json!({"ok": true, "dry_run": true, "job": "job-7k3q9dm2", "state": "canceled"});
    talk.call("run_remote_compute", json!({"job": "job-7k3q9dm2"}), stopped).await;
    assert!(talk.answer().await.contains("Nothing was run, uploaded or paid."));
}

#[tokio::test]
async fn takes_the_only_file_that_can_be_meant_and_asks_otherwise() {
    let files = [("big.fasta", 4_000_000_000), ("notes.txt", 7)];
    let mut talk = Talk::with(&files, false).says("Run protein folding on this 5 GB FASTA");
    let arguments = json!({"task_type": "protein_folding", "dataset": "big.fasta", "claimed_bytes": 5_000_000_000_u64});
    talk.call("check_local_capability", arguments, checked("offload", "run_remote_compute")).await;
    for (files, words) in [(vec!["a.fasta", "b.fa"], "a.fasta, b.fa"), (vec!["notes.txt"], "There is none")] {
        let answer = Talk::new(&files, false).says("Run protein folding on this 5 GB FASTA").answer().await;
        assert!(answer.contains("on which file?") && answer.contains(words), "{answer}");
    }
    let mut talk = Talk::new(&["a.fasta", "my reads.fasta"], false).says("fold the proteins in my reads.fasta");
    let arguments = json!({"task_type": "protein_folding", "dataset": "my reads.fasta"});
    talk.call("check_local_capability", arguments, checked("local", "run_local_task")).await;
}

#[tokio::test]
async fn what_was_said_before_fills_the_gap() {
    for (first, then, expected) in [
        ("fold it", "data.fasta", fold(json!({}))),
        ("fold data.fasta", "again with seed 5", fold(json!({"seed": 5}))),
        ("fold x.fasta in 3D", "and data.fasta?", fold(json!({"dimension": 3}))),
        ("stats of data.fasta", "now fold it", fold(json!({}))),
        ("fold x.fasta", "do the same for data.fasta", fold(json!({}))),
    ] {
        let mut talk = Talk::new(&[], false).says(first).answers("…").says(then);
        talk.call("check_local_capability", expected, checked("offload", "run_remote_compute")).await;
    }
}

#[tokio::test]
async fn several_tasks_are_done_one_after_the_other() {
    let mut talk = Talk::new(&[], false).says("Give me stats of a.fa and b.fa");
    for (file, job) in [("a.fa", "job-aaaaaaaa"), ("b.fa", "job-bbbbbbbb")] {
        let arguments = json!({"task_type": "sequence_stats", "dataset": file});
        let check = json!({"ok": true, "job": job, "task_type": "sequence_stats", "where": "local", "dataset": {"path": file}, "next_tool": "run_local_task"});
        talk.call("check_local_capability", arguments, check).await;
        let summary = json!({"sequences": 3, "residues": 1440, "min_length": 4, "max_length": 480, "mean_length": 48.25, "n50": 40, "gc": 0.412});
        let done = json!({"ok": true, "job": job, "state": "done", "task_type": "sequence_stats", "where": "local", "dataset": {"path": file},
            "result": {"untrusted_data": {"summary": summary}}});
        talk.call("run_local_task", json!({"job": job}), done).await;
    }
    insta::assert_snapshot!(talk.answer().await);
}

#[tokio::test]
async fn a_second_file_is_found_or_asked_for() {
    let mut talk = Talk::new(&[], false).says("blast query.fasta against db.fasta");
    let arguments =
        json!({"task_type": "blast_search", "dataset": "query.fasta", "parameters": {"database": "db.fasta"}});
    talk.call("check_local_capability", arguments, checked("local", "run_local_task")).await;
    let mut talk = Talk::new(&[], false).says("hmmsearch with globins.hmm in x.fasta");
    let arguments = json!({"task_type": "hmm_search", "dataset": "x.fasta", "parameters": {"profile": "globins.hmm"}});
    talk.call("check_local_capability", arguments, checked("local", "run_local_task")).await;
    insta::assert_snapshot!(Talk::new(&[], false).says("blast query.fasta").answer().await);
}

fn jobs() -> Value {
    json!({"ok": true, "jobs": [
        {"job": "job-bbbbbbbb", "state": "submitted", "task_type": "protein_folding", "dataset": "b.fasta",
         "quote": {"amount": "2", "recipient": PROVIDER}, "next_tool": "pay_gas_fee",
         "the_person_can_cancel_it_with": "agent jobs cancel job-bbbbbbbb"},
        {"job": "job-aaaaaaaa", "state": "done", "task_type": "protein_folding", "dataset": "a.fasta",
         "quote": {"amount": "1.5", "recipient": PROVIDER}, "tx_hash": "0x07", "next_tool": null},
    ]})
}

#[tokio::test]
async fn jobs_are_listed_resumed_and_counted() {
    let all = json!({"state": "all"});
    for (prompt, words) in [
        ("list my jobs", "2 jobs, newest first"),
        ("status", "job-bbbbbbbb: protein_folding of b.fasta, submitted, quoted 2 GAS; to go on"),
        ("status of job-aaaaaaaa?", "job-aaaaaaaa: protein_folding of a.fasta, done, paid 1.5 GAS."),
        ("status of job-cccccccc", "I see no job-cccccccc"),
        ("How much did that cost?", "1.5 GAS, fees left out"),
        ("resume job-aaaaaaaa", "job-aaaaaaaa: protein_folding of a.fasta, done"),
    ] {
        let mut talk = Talk::new(&[], false).says(prompt);
        talk.call("list_jobs", all.clone(), jobs()).await;
        let answer = talk.answer().await;
        assert!(answer.contains(words), "{prompt}: {answer}");
    }
    for prompt in ["resume job-bbbbbbbb", "continue", "go ahead and pay"] {
        let mut talk = Talk::new(&[], false).says(prompt);
        talk.call("list_jobs", all.clone(), jobs()).await;
        let claim = json!({"job": "job-bbbbbbbb", "amount": "2", "recipient": PROVIDER});
        let refused = json!({"ok": false, "refused_by": "P-APPROVAL", "why": "nobody could be asked", "job": "job-bbbbbbbb", "hint": "give --yes"});
        talk.call("pay_gas_fee", claim, refused).await;
        assert_eq!(talk.answer().await, "That was refused by P-APPROVAL: Nobody could be asked. Give --yes.");
    }
    for (prompt, words) in [
        ("cancel job-bbbbbbbb", "`agent jobs cancel job-bbbbbbbb`"),
        ("please cancel it", "`agent jobs cancel job-bbbbbbbb`"),
        ("cancel the folding of a.fasta", "There is nothing to give up: job-aaaaaaaa is done."),
        ("cancel job-cccccccc", "I see no job-cccccccc"),
        ("did you pay?", "job-aaaaaaaa: protein_folding of a.fasta, done, paid 1.5 GAS"),
    ] {
        let mut talk = Talk::new(&[], false).says(prompt);
        talk.call("list_jobs", all.clone(), jobs()).await;
        let answer = talk.answer().await;
        assert!(answer.contains(words), "{prompt}: {answer}");
    }
}

#[tokio::test]
async fn says_plainly_what_it_can_do() {
    for (prompt, words) in [
        ("hi", "Hello. I am the offline planner"),
        ("hi, who are you?", "I am the offline planner"),
        ("What can you do?", "I am the offline planner"),
        ("write me a poem about GAS", "I did not understand"),
        ("thanks!", "You are welcome."),
        ("look at data.fasta", "What is to be done with data.fasta?"),
        ("summarize", "on which file?"),
        ("", "I did not understand"),
    ] {
        let answer = Talk::new(&[], false).says(prompt).answer().await;
        assert!(answer.contains(words), "{prompt}: {answer}");
    }
}

#[tokio::test]
async fn with_no_tools_it_only_answers() {
    let mut talk = Talk::new(&[], false).says("fold data.fasta");
    talk.call("check_local_capability", fold(json!({})), checked("offload", "run_remote_compute")).await;
    talk.0.tools.clear();
    talk.0.choice = ToolChoice::None;
    assert!(talk.answer().await.contains("is not finished"));
}
