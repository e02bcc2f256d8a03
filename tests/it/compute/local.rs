//! Runs on this machine: the worker process, its limits, and what is left when somebody dies.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use compute::local::{LocalError, LocalOutcome, Runner};
use domain::{hash::Sha256, task::TaskType};
use guard::machine::catalogue::Catalogue;
use serde_json::json;
use tokio::sync::watch;

use super::guarded::Guarded;
use crate::node::bench::command;

const MEMORY: u64 = 400_000_000;

async fn run(guarded: &Guarded, task: &TaskType, memory: u64, seconds: u64) -> Result<LocalOutcome, LocalError> {
    let (_keep, cancel) = watch::channel(false);
    let permit = guarded.run(&task.name, memory, seconds);
    let out_dir = guarded.folder.path().join("out");
    Runner::of(env!("CARGO_BIN_EXE_agent")).run(permit, task, &out_dir, &|_| {}, cancel).await
}

#[tokio::test]
async fn an_outside_program_reads_the_open_file_and_leaves_a_document() {
    let guarded = Guarded::new(b"b\na\nc");
    let task = command("sorted", "sort", &["-o", "{out:out.txt}", "{dataset}"]);
    let outcome = run(&guarded, &task, MEMORY, 60).await.unwrap();
    assert_eq!(outcome.document.task_type, "sorted");
    assert_eq!(outcome.document.dataset.sha256, Sha256::of(b"b\na\nc"));
    assert_eq!(outcome.document.dataset.path, "a.txt");
    assert_eq!(outcome.document.summary["first_lines"], json!(["a", "b", "c"]));
    let names: Vec<_> = outcome.files.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["result.json", "out.txt"]);
    assert_eq!(outcome.files[1].sha256, Sha256::of(b"a\nb\nc\n"));
    assert!(outcome.max_rss > 500_000, "{}", outcome.max_rss);
    assert!(outcome.seconds > 0.0);
    let left = crate::node::bench::files_beneath(&guarded.folder.path().join("out"));
    assert_eq!(left, ["out.txt", "result.json"]);
}

#[tokio::test]
async fn a_builtin_task_runs_in_the_worker() {
    let guarded = Guarded::new(b">one\nACDEFGHIKL\n>two\nMNPQRSTVWY\n");
    let task = Catalogue::builtin().unwrap().get("sequence_stats").unwrap().clone();
    let outcome = run(&guarded, &task, MEMORY, 60).await.unwrap();
    assert_eq!(outcome.document.records[0]["sequences"], 2);
    assert_eq!(outcome.document.records[0]["residues"], 20);
    let nothing = Guarded::new(b"");
    let error = run(&nothing, &task, MEMORY, 60).await.unwrap_err();
    assert!(matches!(error, LocalError::Task(_)), "{error}");
}

#[tokio::test]
async fn a_file_that_unpacks_to_thousands_of_times_its_size_takes_no_more_memory_for_it() {
    for (ending, most) in [("bz2", 60_000_000), ("zst", 60_000_000), ("xz", 150_000_000)] {
        let path = format!("{}/tests/data/odd/bomb.fasta.{ending}", env!("CARGO_MANIFEST_DIR"));
        let guarded = Guarded::new(&std::fs::read(path).unwrap());
        let task = Catalogue::builtin().unwrap().get("sequence_stats").unwrap().clone();
        let outcome = run(&guarded, &task, most, 600).await.unwrap();
        assert_eq!(outcome.document.records[0]["residues"], 60_000_000);
        assert!(outcome.max_rss < most, "{ending}: {}", outcome.max_rss);
    }
}

#[tokio::test]
async fn processes_together_may_not_use_more_than_the_limit() {
    let guarded = Guarded::new(b"x");
    // Each holds 250 MB and waits; neither alone is above the limit.
    let hold = "(head -c 250000000 /dev/zero; sleep 600) | tail -c 250000000 > /dev/null";
    let task = command("swarm", "sh", &["-c", &format!("{hold} & {hold} & wait")]);
    let error = run(&guarded, &task, MEMORY, 120).await.unwrap_err();
    assert_eq!(error, LocalError::OutOfMemory { limit: MEMORY });
    assert_eq!(error.hint(), None, "what helps depends on the job, and the workflow says it");
}

#[tokio::test]
async fn what_is_missing_is_named_with_its_package() {
    let guarded = Guarded::new(b"x");
    let error = run(&guarded, &command("none", "no-such-program", &[]), MEMORY, 60).await.unwrap_err();
    assert_eq!(error.to_string(), "the program `no-such-program` is not installed");
    assert_eq!(error.hint().unwrap(), "install it: sudo apt-get install coreutils");
    let wrong = command("none", "true", &[]);
    let (_keep, cancel) = watch::channel(false);
    let permit = guarded.run("another", MEMORY, 60);
    let error = Runner::of(env!("CARGO_BIN_EXE_agent"))
        .run(permit, &wrong, &guarded.folder.path().join("out"), &|_| {}, cancel)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("the permit is for `another`"), "{error}");
}

#[tokio::test]
async fn a_dropped_run_leaves_no_process() {
    let guarded = Guarded::new(b"x");
    let task = command("slow", "sleep", &["603"]);
    let started = Mutex::new(false);
    let watched = async {
        crate::node::bench::until("the program", || async { (crate::node::bench::sleepers("603") == 1).then_some(()) })
            .await;
        *started.lock().unwrap() = true;
    };
    tokio::select! {
        ended = run(&guarded, &task, MEMORY, 600) => panic!("{ended:?}"),
        () = watched => {}
    }
    assert!(*started.lock().unwrap());
    crate::node::bench::until("its end", || async { (crate::node::bench::sleepers("603") == 0).then_some(()) }).await;
}

#[test]
fn a_worker_does_not_outlive_its_parent() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "x").unwrap();
    let spec = json!({"run": {
        "job": "j", "task": command("slow", "sleep", &["604"]), "parameters": {}, "dataset_name": "a.txt", "further": [],
        "out_dir": folder.path(), "output_limit": MEMORY, "memory_limit": MEMORY, "cpu_limit": 60,
    }});
    // The dataset is the worker's descriptor 3.
    let mut worker = Command::new("sh")
        .args(["-c", "exec \"$0\" worker 3< a.txt", env!("CARGO_BIN_EXE_agent")])
        .current_dir(folder.path())
        .env("AGENT_WORKER_SPEC", spec.to_string())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(worker.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "\"alive\"");
    // What a parent's death looks like from the worker: nobody reads any more.
    drop(lines);
    let start = Instant::now();
    worker.wait().unwrap();
    while crate::node::bench::sleepers("604") > 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "the program was left behind");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn what_a_program_leaves_in_a_session_of_its_own_ends_with_it() {
    let guarded = Guarded::new(b"x");
    // Both ends of a run: the program ends well and leaves two behind, or is given up.
    let daemon =
        "setsid sleep 611 & setsid sh -c 'sleep 611; sleep 611' & while [ $(pgrep -xc sleep) -lt 2 ]; do :; done";
    let leaving = command("leaving", "sh", &["-c", &format!("{daemon}; echo done > \"$0\""), "{out:out.txt}"]);
    let outcome = run(&guarded, &leaving, MEMORY, 120).await.unwrap();
    assert_eq!(outcome.document.summary["first_lines"], json!(["done"]));
    assert_eq!(crate::node::bench::sleepers("611"), 0, "they are gone before the result is there");

    let staying = command("staying", "sh", &["-c", "setsid sleep 612 & exec setsid -w sleep 612"]);
    let error = run(&guarded, &staying, MEMORY, 1).await.unwrap_err();
    assert_eq!(error, LocalError::TimedOut { limit: 1 });
    assert_eq!(crate::node::bench::sleepers("612"), 0);
}

#[tokio::test]
async fn processes_in_sessions_of_their_own_count_in_memory() {
    let guarded = Guarded::new(b"x");
    let hold = "(head -c 250000000 /dev/zero; sleep 600) | tail -c 250000000 > /dev/null";
    let task =
        command("swarm", "sh", &["-c", &format!("setsid sh -c '{hold}' & setsid sh -c '{hold}' & wait; sleep 600")]);
    let error = run(&guarded, &task, MEMORY, 120).await.unwrap_err();
    assert_eq!(error, LocalError::OutOfMemory { limit: MEMORY });
}

#[tokio::test]
async fn a_program_writes_no_more_than_it_may() {
    let most = 20_000_000;
    let guarded = Guarded::under(b"x", |policy| policy.max_result_bytes = most);
    for (name, script) in [
        ("one file", "exec head -c 30000000 /dev/zero > \"$0\""),
        ("what it says", "exec yes out of hand"),
        ("many files", "i=0; while :; do i=$((i+1)); : > $i; done"),
        ("several files", "for i in 1 2 3 4; do head -c 8000000 /dev/zero > $i; done; exec sleep 600"),
    ] {
        let task = command("wordy", "sh", &["-c", script, "{out:out.txt}"]);
        let error = run(&guarded, &task, MEMORY, 300).await.unwrap_err();
        assert_eq!(error, LocalError::TooMuchOutput { limit: most }, "{name}");
    }
    let task = command("brief", "sh", &["-c", "head -c 5000000 /dev/zero > \"$0\"", "{out:out.txt}"]);
    assert_eq!(run(&guarded, &task, MEMORY, 60).await.unwrap().files[1].bytes, 5_000_000);
}

#[tokio::test]
async fn what_else_a_program_leaves_is_no_part_of_its_result() {
    let guarded = Guarded::new(b"x");
    let strays = "out=$PWD/$0; cd \"$(dirname \"$0\")\"; touch -- -rf RESULT.JSON .hidden; mkdir deep; ln -s / root; echo done > \"$out\"";
    let outcome = run(&guarded, &command("untidy", "sh", &["-c", strays, "{out:out.txt}"]), MEMORY, 60).await.unwrap();
    let names: Vec<_> = outcome.files.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["result.json", "out.txt"]);
    let left = crate::node::bench::files_beneath(&guarded.folder.path().join("out"));
    assert_eq!(left, ["out.txt", "result.json"]);

    // An output that is another file by a second name is none.
    std::fs::write(guarded.folder.path().join("diary.txt"), "private").unwrap();
    let diary = guarded.folder.path().join("diary.txt").display().to_string();
    for link in ["ln -sf", "ln -f"] {
        // An isolated program does not even see it.
        let task = command("linking", "sh", &["-c", &format!("{link} '{diary}' \"$0\" || true"), "{out:out.txt}"]);
        let error = run(&guarded, &task, MEMORY, 60).await.unwrap_err();
        assert!(matches!(&error, LocalError::Program { said, .. } if said == "it left no out.txt"), "{link}: {error}");
    }
}
