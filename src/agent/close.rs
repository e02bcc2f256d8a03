//! After the loop: what the program itself has to say of a turn, and the exit code. Both follow from the state of jobs, and from
//! what failed; words are nobody's proof.

use super::{
    conversation::Conversation,
    ending,
    error::AgentError,
    outcome::{self, TurnOutcome},
    spending::Spent,
    turn::{Lack, Turn},
};
use crate::model::{Message, ModelError};
use domain::{
    event::Event,
    job::{Job, JobState},
    units::count,
};

/// How the loop ended.
pub(super) enum End {
    /// With an answer.
    Answer,
    /// With an answer in the program's own words.
    Told,
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
    /// After the loop: what the program itself has to say, and the exit code. `before` is what the session had taken
    /// before this turn.
    pub(super) fn close(
        &mut self,
        prompt: &str,
        turn: Turn,
        end: End,
        answer: String,
        before: Spent,
    ) -> Result<TurnOutcome, AgentError> {
        let mut mine = Vec::new();
        for id in &turn.jobs {
            mine.extend(self.toolbox.work.job(id)?);
        }
        let (end, answer) = self.last_words(end, answer, &mine, &turn);
        // The next turn builds on a history that ends with an answer.
        let stopped = match &end {
            End::Answer | End::Told => None,
            End::Stopped { message, .. } => Some(format!("[the turn ended here: {message}]")),
            End::Interrupted => Some("[the person stopped the turn here]".to_owned()),
        };
        if let Some(text) = stopped {
            self.keep(Message::said(text));
        }
        let (work, sink, session) = (self.toolbox.work.as_ref(), self.sink.as_ref(), &self.toolbox.session);
        let typed: Vec<&str> = self.prompts().chain([prompt]).collect();
        // What the program itself says comes from the ledger and the settings.
        if !matches!(end, End::Told) {
            ending::unverified(&self.tape, work, session, &answer, &typed, &self.folder, sink)?;
        }
        // A job that came to a good end after all has nothing that failed.
        let is_done = |lack: &&Lack| {
            mine.iter().any(|job| Some(&job.id) == lack.failure.job.as_ref() && job.state == JobState::Done)
        };
        let lacks: Vec<&Lack> = turn.failures.iter().filter(|lack| !is_done(lack)).collect();
        let failed = outcome::worst(lacks.iter().map(|lack| lack.failure.exit_code));
        // Who stopped it knows; how the jobs stand is said below.
        let told = lacks.iter().filter(|_| !matches!(end, End::Interrupted));
        if let Some(Lack { failure, .. }) = told.into_iter().find(|lack| lack.failure.exit_code == failed) {
            let (kind, message) = (failure.kind.clone(), failure.message.clone());
            sink.emit(Event::Error { kind, message, hint: failure.hint.clone() });
        }
        ending::receipts(work, &mine, sink)?;
        let kept = if turn.said_no { work.last_request(session)? } else { None };
        let came_to_nothing = turn.came_to_nothing();
        ending::status(work, &mine, turn.cannot, kept.as_ref(), sink)?;
        let of_jobs = outcome::worst(mine.iter().map(|job| outcome::of_job(job, turn.until)));
        let exit_code = match end {
            // Who asked for work and reads nothing but words has not got it, however they are put.
            End::Answer if came_to_nothing => {
                sink.emit(no_work());
                outcome::FAILED
            }
            End::Answer | End::Told => outcome::worst([failed, of_jobs]),
            End::Stopped { kind, message, hint, code } => {
                sink.emit(Event::Error { kind, message, hint });
                outcome::worst([failed, of_jobs, code])
            }
            End::Interrupted => outcome::INTERRUPTED,
        };
        Ok(TurnOutcome { exit_code, answer, jobs: turn.jobs, spent: self.spent.since(&before), leaves: turn.leaves })
    }

    /// The end and the answer. Work that is where it was to be is not lost on a model that cannot say so: the program says it
    /// then, and what the model lacked is a warning.
    fn last_words(&mut self, end: End, answer: String, jobs: &[Job], turn: &Turn) -> (End, String) {
        let missing = match &end {
            End::Stopped { message, .. } if ending::is_complete(jobs, turn.until) => Some(message.clone()),
            End::Answer if answer.trim().is_empty() && !jobs.is_empty() => None,
            End::Answer | End::Told | End::Stopped { .. } | End::Interrupted => return (end, answer),
        };
        if let Some(why) = missing {
            self.sink.emit(Event::Warning { message: format!("the closing words are the program's own: {why}") });
        }
        let mut said = String::new();
        self.say(&ending::closing_words(jobs, turn.until, &turn.figures), &mut said);
        (End::Told, said)
    }
}

/// Work was asked for, and the model only said something.
fn no_work() -> Event {
    Event::Error {
        kind: "no_work".to_owned(),
        message: "work was asked for, and the model answered in words alone: nothing was run, sent or paid".to_owned(),
        hint: Some("say it again, run it without words: `agent run TASK FILE`, or set AGENT_MODEL=planner".to_owned()),
    }
}

/// The person's words and what came of the last step do not fit the model's window beside what it must know.
pub(super) fn too_long(fixed: u64, window: u64) -> End {
    End::Stopped {
        kind: "model_too_long".to_owned(),
        message: format!(
            "the prompt, with what came of its last calls, is longer than the model can take: its window is held to be \
             {} tokens, and {} of them are taken before it",
            count(window),
            count(fixed)
        ),
        hint: Some(
            "say it in fewer words, set AGENT_CONTEXT to the tokens that the model really takes, or set AGENT_MODEL to \
             a model with a larger window"
                .to_owned(),
        ),
        code: outcome::FAILED,
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
