//! After the loop: what the program itself has to say of a turn, and the exit code.

use super::{
    claims,
    conversation::{AgentError, Conversation},
    ending,
    outcome::{self, TurnOutcome},
    spending::Spent,
    turn::Turn,
};
use crate::{
    domain::{
        event::Event,
        job::{Job, JobState},
    },
    model::{Message, ModelError, words},
    tools::WorkError,
};

/// How the loop ended.
pub(super) enum End {
    /// With an answer.
    Answer,
    /// Without one: the model failed or would not come to an end, or a ceiling was reached.
    Stopped { kind: String, message: String, hint: Option<String>, code: u8 },
    /// A person stopped it.
    Interrupted,
}

impl End {
    /// The model failed.
    pub(super) fn of(error: &ModelError) -> End {
        End::Stopped {
            kind: error.kind().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
            code: outcome::FAILED,
        }
    }
}

impl Conversation {
    /// After the loop: what the program itself has to say, and the exit code. `before` is what the session had taken before
    /// this turn.
    pub(super) fn close(
        &mut self,
        prompt: &str,
        turn: Turn,
        end: End,
        answer: String,
        before: Spent,
    ) -> Result<TurnOutcome, AgentError> {
        // The next turn builds on a history that ends with an answer.
        let stopped = match &end {
            End::Answer => None,
            End::Stopped { message, .. } => Some(format!("[the turn ended here: {message}]")),
            End::Interrupted => Some("[the person stopped the turn here]".to_owned()),
        };
        if let Some(text) = stopped {
            self.keep(Message::Assistant { text, calls: Vec::new() });
        }
        let mut mine = Vec::new();
        for id in &turn.jobs {
            mine.extend(self.toolbox.work.job(id)?);
        }
        let answered = matches!(end, End::Answer);
        let untrue = self.mark(prompt, &turn, &answer, answered)?;
        let work = self.toolbox.work.as_ref();
        let sink = self.sink.as_ref();
        let mut codes = Vec::new();
        for (job, failure) in &turn.failures {
            // The job came to a good end after all.
            let mended = mine.iter().any(|j| Some(&j.id) == job.as_ref() && j.state == JobState::Done);
            if !mended {
                codes.push((failure.exit_code, failure));
            }
        }
        let failed = outcome::worst(codes.iter().map(|(code, _)| *code));
        // Who stopped it knows; how the job stands is said below.
        let stopped = matches!(end, End::Interrupted);
        if let Some((_, failure)) = codes.iter().find(|(code, _)| *code == failed && !stopped) {
            let (kind, message) = (failure.kind.clone(), failure.message.clone());
            sink.emit(Event::Error { kind, message, hint: failure.hint.clone() });
        }
        // A job that was only planned waits for nothing when the person only asked, or was told why it may not go on.
        let wanted = !answered || (turn.wants_work() && turn.failures.is_empty());
        let left: Vec<&Job> =
            mine.iter().filter(|j| !j.state.is_end() && (wanted || j.state != JobState::Planned)).collect();
        ending::still_open(&left, sink);
        if words::wants_cancel(prompt) {
            ending::how_to_cancel(&self.jobs()?, &words::jobs(prompt), &answer, sink);
        }
        ending::receipts(work, &mine, sink)?;
        let of_jobs = outcome::worst(mine.iter().map(outcome::of_job));
        let exit_code = match end {
            End::Answer => outcome::worst([failed, of_jobs, untrue]),
            End::Stopped { kind, message, hint, code } => {
                sink.emit(Event::Error { kind, message, hint });
                outcome::worst([failed, of_jobs, code])
            }
            End::Interrupted => outcome::INTERRUPTED,
        };
        Ok(TurnOutcome { exit_code, answer, jobs: turn.jobs, spent: self.spent.since(&before) })
    }

    /// Marks what the answer says and the ledger does not know. Gives the exit code that follows: a turn that ends with an
    /// untrue word failed.
    fn mark(&self, prompt: &str, turn: &Turn, answer: &str, answered: bool) -> Result<u8, WorkError> {
        let work = self.toolbox.work.as_ref();
        let sink = self.sink.as_ref();
        let mut typed: Vec<&str> = self.prompts().collect();
        typed.push(prompt);
        ending::unverified(work, answer, &typed, &self.folder, sink)?;
        if !answered {
            return Ok(outcome::DONE);
        }
        let untrue = self.untrue(answer, turn)?;
        for claim in &untrue {
            sink.emit(Event::Warning { message: format!("the answer is not so: {claim}") });
        }
        let nothing = untrue.is_empty() && turn.called == 0 && claims::promises(answer);
        if nothing {
            let message = "nothing was done: the model called no tool, whatever it promised. Ask again, or set \
                           AGENT_MODEL=planner";
            sink.emit(Event::Warning { message: message.to_owned() });
        }
        Ok(if untrue.is_empty() && !nothing { outcome::DONE } else { outcome::FAILED })
    }
}

/// The model would not come to an end.
pub(super) fn endless(message: &str) -> End {
    End::Stopped {
        kind: "model_endless".to_owned(),
        message: message.to_owned(),
        hint: Some("ask for one thing at a time, use a larger model, or set AGENT_MODEL=planner".to_owned()),
        code: outcome::FAILED,
    }
}
