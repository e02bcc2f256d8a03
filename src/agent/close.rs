//! After the loop: what the program itself has to say of a turn, and the exit code.

use super::{
    claims::{self, Amounts, Facts, Known},
    conversation::{AgentError, Conversation},
    ending,
    outcome::{self, TurnOutcome},
    spending::Spent,
    turn::Turn,
    unmet::{Unmet, unmet},
};
use crate::{
    domain::{
        event::Event,
        job::{Job, JobState},
        request::Until,
        units::count,
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
        let (end, answer) = self.last_words(end, answer, &mine);
        // The next turn builds on a history that ends with an answer.
        let stopped = match &end {
            End::Answer => None,
            End::Stopped { message, .. } => Some(format!("[the turn ended here: {message}]")),
            End::Interrupted => Some("[the person stopped the turn here]".to_owned()),
        };
        if let Some(text) = stopped {
            self.keep(Message::Assistant { text, calls: Vec::new() });
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
        let wanted = !answered || (turn.wants_work() && turn.only_form_failed());
        let left: Vec<&Job> =
            mine.iter().filter(|j| !j.state.is_end() && (wanted || j.state != JobState::Planned)).collect();
        ending::still_open(&left, sink);
        if words::wants_cancel(prompt) {
            ending::how_to_cancel(&self.jobs()?, &words::jobs(prompt), &answer, sink);
        }
        ending::receipts(work, &mine, sink)?;
        let counts = mine.iter().filter(|job| !(answered && ending::waits_as_wished(prompt, job)));
        let of_jobs = outcome::worst(counts.map(outcome::of_job));
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

    /// The end and the answer. Work that is done is not lost on a model that cannot say so: the program says it then.
    fn last_words(&mut self, end: End, answer: String, jobs: &[Job]) -> (End, String) {
        let speechless = matches!(&end, End::Stopped { kind, .. } if kind == "model_nonsense");
        let Some(text) = speechless.then(|| ending::closing_words(jobs)).flatten() else { return (end, answer) };
        self.sink.emit(Event::MessageDelta { text: text.clone() });
        self.sink.emit(Event::MessageCompleted { text: text.clone() });
        self.keep(Message::Assistant { text: text.clone(), calls: Vec::new() });
        (End::Answer, text)
    }

    /// What of an answer is not so. Without a name it means the jobs of this turn; where there are none, those of the
    /// conversation; and where that has none and the model has looked at the list, all there are.
    pub(super) fn untrue(&self, answer: &str, turn: &Turn) -> Result<Vec<String>, WorkError> {
        let work = self.toolbox.work.as_ref();
        let all = work.jobs()?;
        let own = self.jobs()?;
        let of_turn: Vec<&Job> = all.iter().filter(|job| turn.jobs.contains(&job.id)).collect();
        let meant = match (of_turn.is_empty(), own.is_empty() && turn.called > 0) {
            (false, _) => of_turn,
            (true, true) => all.iter().collect(),
            (true, false) => own.iter().collect(),
        };
        let known = |jobs: Vec<&'_ Job>| -> Result<Vec<Known>, WorkError> {
            jobs.into_iter().map(|job| Ok(Known { job: job.clone(), attempts: work.attempts(&job.id)? })).collect()
        };
        let meant = known(meant)?;
        let mut amounts = Amounts::default();
        if claims::names_amounts(answer) {
            for jobs in [own.iter().collect(), all.iter().collect()] {
                amounts.of_jobs(&known(jobs)?);
            }
            amounts.of_jobs(&meant);
            self.prompts().for_each(|prompt| amounts.typed(prompt));
            for message in &self.history {
                if let Message::ToolResult { content, .. } = message {
                    amounts.of_result(content);
                }
            }
        }
        Ok(claims::untrue(answer, &Facts { meant: &meant, own: &own, all: &all, amounts: &amounts }))
    }

    /// Marks what the answer says and the ledger does not know, and what was asked for and did not come about. Gives
    /// the exit code that follows: a turn that ends with an untrue word failed.
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
        let missing = unmet(turn, &self.jobs()?, answer);
        let promised = untrue.is_empty() && turn.called == 0 && claims::promises(answer);
        let message = match missing {
            Some(Unmet::Unbegun) => {
                let nothing = "nothing was run, uploaded or paid: the model began no task. Ask again, or set \
                               AGENT_MODEL=planner";
                Some(nothing.to_owned())
            }
            Some(Unmet::Part { begun, asked }) => Some(format!(
                "only {begun} of the {asked} tasks that were asked for was begun. Ask for the others again, or set \
                 AGENT_MODEL=planner"
            )),
            Some(Unmet::Planned) | None if promised => {
                let nothing = "nothing was done: the model called no tool, whatever it promised. Ask again, or set \
                               AGENT_MODEL=planner";
                Some(nothing.to_owned())
            }
            // How a planned job goes on is said with the jobs that are open.
            Some(Unmet::Planned) | None => None,
        };
        let planned = missing == Some(Unmet::Planned) && self.bounds.until != Until::Plan;
        let failed = !untrue.is_empty() || planned || message.is_some();
        if let Some(message) = message {
            sink.emit(Event::Warning { message });
        }
        Ok(if failed { outcome::FAILED } else { outcome::DONE })
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
