//! A person at a terminal, who is asked whether they take what nobody can verify.

use rexpect::session::{PtySession, spawn_command};

use super::Lab;
use crate::payment::gas;

/// Longer than any step takes on a busy machine, milliseconds.
const PATIENCE: u64 = 120_000;

/// A run of the model on a terminal, up to the question. Nobody said anything beforehand.
fn asked(lab: &Lab, kill_at: Option<&str>) -> PtySession {
    let mut command = lab.world.command(&["run", "up_scale", "cat.png"]);
    command
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "200")
        .envs(kill_at.map(|at| ("AGENT_KILL_AT", at)));
    let mut terminal = spawn_command(command, Some(PATIENCE)).unwrap();
    let before = terminal.exp_string("Go ahead? [y]es / [N]o").unwrap();
    let before = before.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "not verifiable: the provider gives no checksum; a yes to this plan takes it all the same",
        "the provider also takes 0.02 USD from your account there",
    ] {
        assert!(before.contains(part), "{part}: {before}");
    }
    terminal
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_read_the_plan_takes_the_result_with_a_yes_and_nobody_else_does() {
    let lab = Lab::with_model().await;
    let mut no = asked(&lab, None);
    no.send_line("n").unwrap();
    no.exp_eof().unwrap();
    assert!(lab.fake.book().tasks.is_empty() && lab.objects().await.is_empty());
    let mut yes = asked(&lab, None);
    yes.send_line("y").unwrap();
    let said = yes.exp_eof().unwrap();
    assert_eq!((lab.fake.book().tasks.len(), lab.received()), (1, gas("2")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_yes_is_kept_with_the_job_and_is_of_no_other() {
    let lab = Lab::with_model().await;
    let mut yes = asked(&lab, Some("ledger.staged.committed"));
    yes.send_line("y").unwrap();
    yes.exp_eof().unwrap();
    assert_eq!((lab.objects().await.len(), lab.fake.book().tasks.len()), (1, 0), "staged, and not submitted");
    // Within bounds of its own the job is agreed to once more: to what it costs, and not to what was said of its result.
    let resumed = lab.world.run(&["jobs", "resume", "--json", "--yes", "--max-gas", "3"]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    assert_eq!(resumed.event("plan")["work"][0]["unverified"], "flag", "{}", resumed.all());
    assert_eq!(resumed.event("receipt")["result"]["unchecked"], "not verifiable: the provider gives no checksum");
    // Another job of the same task is another matter.
    let other = lab.world.run(&["run", "--json", "--yes", "--anew", "up_scale", "cat.png"]);
    assert_eq!(other.code, 4, "{}", other.all());
    assert_eq!(other.event("plan")["work"][0]["cannot"]["rule"], "Q-UNVERIFIED");
}
