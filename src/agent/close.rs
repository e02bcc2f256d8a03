//! After the loop: what the program itself has to say of a turn, and the exit code.

use super::{
    conversation::{AgentError, Conversation},
    ending,
    outcome::{self, TurnOutcome},
    turn::Turn,
};
use crate::{
    domain::{
        event::Event,
        job::{Job, JobState},
    },
    model::Message,
};

/// How the loop ended.
pub(super) enum End {
    /// With an answer.
    Answer,
    /// The model failed, or would not come to an end.
    Model { kind: String, message: String, hint: Option<String> },
    /// A person stopped it.
    Interrupted,
}

impl Conversation {
    /// After the loop: what the program itself has to say, and the exit code.
    pub(super) fn close(&mut self, turn: Turn, end: End, answer: String) -> Result<TurnOutcome, AgentError> {
        // The next turn builds on a history that ends with an answer.
        let stopped = match &end {
            End::Answer => None,
            End::Model { message, .. } => Some(format!("[the turn ended here: {message}]")),
            End::Interrupted => Some("[the person stopped the turn here]".to_owned()),
        };
        if let Some(text) = stopped {
            self.history.push(Message::Assistant { text, calls: Vec::new() });
        }
        let work = self.toolbox.work.as_ref();
        let sink = self.sink.as_ref();
        let mut mine = Vec::new();
        for id in &turn.jobs {
            mine.extend(work.job(id)?);
        }
        ending::unverified(work, &answer, sink)?;
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
        let open: Vec<&Job> = mine.iter().filter(|j| !j.state.is_end()).collect();
        let answered = matches!(end, End::Answer);
        // A job that was only planned waits for nothing when the person was told where it would run.
        let left: Vec<&Job> = open.into_iter().filter(|j| !(answered && j.state == JobState::Planned)).collect();
        ending::still_open(&left, sink);
        ending::receipts(work, &mine, sink)?;
        let of_jobs = outcome::worst(mine.iter().map(outcome::of_job));
        let exit_code = match end {
            End::Answer => outcome::worst([failed, of_jobs]),
            End::Model { kind, message, hint } => {
                sink.emit(Event::Error { kind, message, hint });
                outcome::worst([failed, of_jobs, outcome::FAILED])
            }
            End::Interrupted => outcome::INTERRUPTED,
        };
        Ok(TurnOutcome { exit_code, answer, jobs: turn.jobs })
    }
}

/// The model would not come to an end.
pub(super) fn endless(message: &str) -> End {
    End::Model {
        kind: "model_endless".to_owned(),
        message: message.to_owned(),
        hint: Some("ask for one thing at a time, use a larger model, or set AGENT_MODEL=planner".to_owned()),
    }
}
