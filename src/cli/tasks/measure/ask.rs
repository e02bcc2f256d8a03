//! What a trial asks the person at the terminal.

use crate::{
    cli::{CommandError, Kind},
    face::tty::Tty,
    job::Cancel,
};
use domain::task::TaskType;

/// What is asked before samples of a task that may use the network run.
pub(super) fn network_question(task: &TaskType) -> String {
    format!("{} may use the network: the samples and further files may leave this machine. Run it?", task.name)
}

/// That nobody agreed to it.
pub(super) fn not_asked(task: &TaskType) -> CommandError {
    let text = format!("{} may use the network, and nobody agreed that the samples may leave this machine", task.name);
    CommandError::new(Kind::ApprovalNeeded, "approval_needed", text).hint("say yes at a terminal, or add --yes")
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// There is no terminal to ask at.
    Nobody,
}

/// Asks the person at the terminal.
///
/// # Errors
/// Ctrl-C or SIGTERM at the question.
pub(super) async fn asked(question: &str, cancel: &Cancel) -> Result<Answer, CommandError> {
    let Ok(mut terminal) = Tty::open() else { return Ok(Answer::Nobody) };
    let ask = async {
        terminal.say(&format!("\n{question} [y/N] "))?;
        terminal.line().await
    };
    let said = tokio::select! {
        said = ask => said,
        () = cancel.cancelled() => return Err(stopped()),
    };
    // Ctrl-C ends the line first: whoever hears signals notes the wish meanwhile.
    tokio::task::yield_now().await;
    if cancel.is_cancelled() {
        return Err(stopped());
    }
    let yes = |line: &str| line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes");
    Ok(match said {
        Ok(Some(line)) if yes(line.trim()) => Answer::Yes,
        Ok(_) => Answer::No,
        Err(_) => Answer::Nobody,
    })
}

/// That a person stopped it: samples are in a folder of the trial's own, which goes with it.
pub(super) fn stopped() -> CommandError {
    CommandError::new(Kind::Interrupted, "interrupted", "the trial was stopped, and nothing was kept")
}
