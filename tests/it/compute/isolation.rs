//! Outside programs that attack the machine they run on, each beside one that does as much of the kind as it may. Where
//! bubblewrap does not work, none is let loose: what is asserted there is that the result says so.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    process::{Command, Stdio},
};

use compute::local::{LocalError, LocalOutcome, Runner};
use domain::{result::NOT_ISOLATED, task::TaskType};
use serde_json::json;
use tokio::sync::watch;

use super::guarded::Guarded;
use crate::{
    node::bench::{command, sleepers, until},
    world::isolates,
};

const MEMORY: u64 = 400_000_000;
/// What a person keeps beside the dataset.
const DIARY: &str = "dear diary: nobody reads this";

async fn run(guarded: &Guarded, task: &TaskType) -> Result<LocalOutcome, LocalError> {
    let (_keep, cancel) = watch::channel(false);
    let permit = guarded.run(&task.name, MEMORY, 60);
    let out_dir = guarded.folder.path().join("out");
    Runner::of(env!("CARGO_BIN_EXE_agent")).run(permit, task, &out_dir, &|_| {}, cancel).await
}

/// A shell's script as a program: `$0` is its output, `$1` its input.
fn shell(name: &str, script: &str) -> TaskType {
    command(name, "bash", &["-c", script, "{out:out.txt}", "{dataset}"])
}

/// What it writes to its output; it must end well.
async fn written(guarded: &Guarded, script: &str) -> String {
    let outcome = run(guarded, &shell("scripted", script)).await.unwrap();
    says_how(&outcome);
    fs::read_to_string(guarded.folder.path().join("out/out.txt")).unwrap()
}

/// The result says whether the program was isolated, and it was where that is possible.
fn says_how(outcome: &LocalOutcome) {
    let document = &outcome.document;
    let warned = document.warnings.iter().filter(|line| line.starts_with(NOT_ISOLATED)).count();
    let said = (document.program.isolation.as_deref(), warned);
    assert_eq!(said, if isolates() { (Some("bubblewrap"), 0) } else { (None, 1) }, "{:?}", document.warnings);
}

/// A dataset and a diary beside it.
fn guarded() -> Guarded {
    let guarded = Guarded::new(b"one\ntwo\n");
    fs::write(guarded.folder.path().join("diary.txt"), DIARY).unwrap();
    guarded
}

#[tokio::test]
async fn a_program_works_and_its_result_says_whether_it_was_isolated() {
    let guarded = guarded();
    let script = "cp \"$1\" own; echo three >> own; cat own > /tmp/own; sort -r /tmp/own > \"$0\"; echo > /dev/shm/x";
    assert_eq!(written(&guarded, script).await, "two\nthree\none\n");
    let left = crate::node::bench::files_beneath(&guarded.folder.path().join("out"));
    assert_eq!(left, ["out.txt", "result.json"], "its /tmp went with it");
}

#[tokio::test]
async fn a_program_reads_nothing_of_the_person_s() {
    let guarded = guarded();
    if !isolates() {
        return says_how(&run(&guarded, &shell("plain", "cat \"$1\" > \"$0\"")).await.unwrap());
    }
    let (folder, home) = (guarded.folder.path().display(), std::env::var("HOME").unwrap());
    let seen = written(
        &guarded,
        &format!(
            "exec > \"$0\"; cat '{folder}'/*.txt /etc/shadow /etc/passwd /etc/ssh/*; ls -A '{home}' '{home}/.ssh' /home /root /mnt /srv
            ls -A '{folder}'; find / -name diary.txt 2> /dev/null; echo done"
        ),
    )
    .await;
    assert_eq!(seen, "out\ndone\n", "the folder that leads to its own is all that is there");
    // What it may read is there.
    assert_eq!(written(&guarded, "cat \"$1\" > \"$0\"; ls /usr/bin/env >> \"$0\"").await, "one\ntwo\n/usr/bin/env\n");
}

#[tokio::test]
async fn a_program_changes_nothing_but_its_results() {
    let guarded = guarded();
    if !isolates() {
        return says_how(&run(&guarded, &shell("plain", "cat \"$1\" > \"$0\"")).await.unwrap());
    }
    let (folder, input) = (guarded.folder.path(), guarded.folder.path().join("a.txt"));
    let before = fs::metadata(&input).unwrap();
    // By its name, by the link's, by every descriptor of every process, by its mode.
    let script = format!(
        "echo bad >> \"$1\"; echo bad >> /inputs/a.txt; echo bad >> '{input}'; rm -f /inputs/a.txt; chmod 600 \"$1\"
        mv /inputs/a.txt /inputs/b; touch -d 2001-01-01 \"$1\"
        for open in /proc/[0-9]*/fd/*; do echo bad >> $open; done > /dev/null
        for place in / /usr /etc /inputs /proc /dev /proc/sys/kernel/core_pattern; do
            [ ! -w $place ] || echo writable: $place; touch $place/bad-617 && echo made: $place; done > \"$0\"
        ls /inputs >> \"$0\"; touch '{folder}/bad-617' /tmp/bad-617 /dev/shm/bad-617 /var/tmp/bad-617; true",
        input = input.display(),
        folder = folder.display(),
    );
    assert_eq!(written(&guarded, &script).await, "a.txt\n");
    let after = fs::metadata(&input).unwrap();
    assert_eq!(fs::read_to_string(&input).unwrap(), "one\ntwo\n");
    assert_eq!((after.permissions(), after.modified().unwrap()), (before.permissions(), before.modified().unwrap()));
    for place in [folder, "/tmp".as_ref(), "/dev/shm".as_ref(), "/var/tmp".as_ref()] {
        assert!(!place.join("bad-617").exists(), "{}", place.display());
    }
}

#[tokio::test]
async fn a_program_has_no_network() {
    let guarded = guarded();
    if !isolates() {
        return says_how(&run(&guarded, &shell("plain", "cat \"$1\" > \"$0\"")).await.unwrap());
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let call = format!("exec 5<>/dev/tcp/127.0.0.1/{port} && echo reached");
    assert_eq!(written(&guarded, &format!("({call}) > \"$0\"; echo done >> \"$0\"")).await, "done\n");
    assert!(listener.accept().is_err(), "nobody called");
    // Nor an address of a socket without a file, which belongs to the network.
    assert_eq!(written(&guarded, "tail -n +2 /proc/net/unix > \"$0\"; echo done >> \"$0\"").await, "done\n");
    // The same words reach it from outside.
    let called = Command::new("bash").args(["-c", &call]).output().unwrap();
    assert_eq!(called.stdout, b"reached\n");
    let _: TcpStream = listener.accept().unwrap().0;
}

#[tokio::test]
async fn a_program_sees_its_own_processes_alone() {
    let guarded = guarded();
    if !isolates() {
        return says_how(&run(&guarded, &shell("plain", "cat \"$1\" > \"$0\"")).await.unwrap());
    }
    let mut other = Command::new("sleep").arg("617").spawn().unwrap();
    let script = format!(
        "sleep 618 & until grep -qz '^618' /proc/$!/cmdline; do :; done; grep -zl '^61[78]' /proc/[0-9]*/cmdline | wc -l > \"$0\"
        kill {} && echo killed >> \"$0\"; [ $$ -lt 10 ] && echo few >> \"$0\"",
        other.id()
    );
    let seen = written(&guarded, &script).await;
    let lives = other.try_wait().unwrap().is_none();
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!((seen.as_str(), lives), ("1\nfew\n", true), "its own sleeper, and not the other");
}

/// Within bubblewrap it cannot end its worker, and where somebody else does it ends, too.
#[tokio::test]
async fn a_program_does_not_outlive_a_worker_that_is_killed() {
    let guarded = guarded();
    if !isolates() {
        return says_how(&run(&guarded, &shell("plain", "cat \"$1\" > \"$0\"")).await.unwrap());
    }
    let folder = guarded.folder.path();
    let script = "trap '' TERM HUP INT; setsid sh -c 'sleep 616; sleep 616' & wait";
    let spec = json!({"run": {
        "job": "j", "task": shell("staying", script), "parameters": {}, "dataset_name": "a.txt", "further": [],
        "out_dir": folder.canonicalize().unwrap(), "output_limit": MEMORY, "memory_limit": MEMORY, "cpu_limit": 60,
    }});
    let mut worker = Command::new("sh")
        .args(["-c", "exec \"$0\" worker 3< a.txt", env!("CARGO_BIN_EXE_agent")])
        .current_dir(folder)
        .env("AGENT_WORKER_SPEC", spec.to_string())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    until("the program", || async { (sleepers("616") == 1).then_some(()) }).await;
    worker.kill().unwrap();
    worker.wait().unwrap();
    until("its end", || async { (sleepers("616") == 0).then_some(()) }).await;
}

/// What one command leaves in the folder of the run is met by the next, and by the worker, which is not isolated.
#[tokio::test]
async fn what_a_program_leaves_leads_nobody_out() {
    let guarded = guarded();
    let folder = guarded.folder.path();
    let (outside, diary) = (folder.join("outside"), folder.join("diary.txt"));
    fs::create_dir(&outside).unwrap();
    let program = folder.join("program");
    let script = |end: &str| {
        let text = format!(
            "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 7.8.9; touch /tmp/bad /dev/shm/bad; exit 0; fi
            cat \"$2\" > \"$1\"; cd \"$TMPDIR\"
            for own in :tmp :shm; do mv $own $own.gone; ln -s '{outside}' $own; done
            ln -s '{outside}/version' .version; out=$(dirname \"$1\"); ln -s '{outside}/result' \"$out/result.json\"
            rm \"$out/stderr.txt\"; ln -s '{diary}' \"$out/stderr.txt\"; {end}",
            outside = outside.display(),
            diary = diary.display(),
        );
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let task = command("leading", program.to_str().unwrap(), &["{out:out.txt}", "{dataset}"]);
    script("exit 3");
    let failed = run(&guarded, &task).await.unwrap_err().to_string();
    assert!(failed.contains("failed (exit code 3)") && !failed.contains("diary:"), "{failed}");
    if isolates() {
        script("rm \"$out/stderr.txt\"; : > \"$out/stderr.txt\"");
        let outcome = run(&guarded, &task).await.unwrap();
        says_how(&outcome);
        assert_eq!(outcome.document.program.version, "7.8.9", "the next command finds its folders");
        assert_eq!(outcome.document.summary["first_lines"], json!(["one", "two"]));
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    assert_eq!(fs::read_to_string(&diary).unwrap(), DIARY);
}

#[tokio::test]
async fn an_input_is_the_file_that_was_opened_whatever_its_name_means_by_now() {
    for replaced in [false, true] {
        let guarded = guarded();
        let task = shell("reading", "cat \"$1\" > \"$0\"; echo bad >> \"$1\"; true");
        let permit = guarded.run(&task.name, MEMORY, 60);
        let input = guarded.folder.path().join("a.txt");
        fs::rename(&input, guarded.folder.path().join("renamed.txt")).unwrap();
        fs::hard_link(guarded.folder.path().join("renamed.txt"), guarded.folder.path().join("kept.txt")).unwrap();
        fs::remove_file(guarded.folder.path().join("renamed.txt")).unwrap();
        if replaced {
            fs::write(&input, "another").unwrap();
        }
        let (_keep, cancel) = watch::channel(false);
        let out_dir = guarded.folder.path().join("out");
        let outcome =
            Runner::of(env!("CARGO_BIN_EXE_agent")).run(permit, &task, &out_dir, &|_| {}, cancel).await.unwrap();
        says_how(&outcome);
        assert_eq!(outcome.document.summary["first_lines"], json!(["one", "two"]));
        if isolates() {
            assert_eq!(fs::read_to_string(guarded.folder.path().join("kept.txt")).unwrap(), "one\ntwo\n");
        }
    }
}

#[tokio::test]
async fn how_a_program_ends_is_told_as_it_is() {
    let guarded = guarded();
    for (end, told) in [("exit 3", "(exit code 3)"), ("exit 255", "(exit code 255)"), ("kill -SEGV $$", "(signal 11)")]
    {
        let error = run(&guarded, &shell("ending", end)).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("`bash` failed {told}")), "{error}");
    }
    // Too short to be looked at while it runs.
    let brief = shell("brief", "head -c 100000000 /dev/zero | tail -c 100000000 > /dev/null; echo > \"$0\"");
    let most = run(&guarded, &brief).await.unwrap().max_rss;
    assert!((100_000_000..300_000_000).contains(&most), "{most}");
}
