//! A model driven by tools: ask it, carry its calls out, until there is an answer or a reason to stop.

use super::{
    asking::Reply,
    calls,
    close::{End, endless},
    conversation::Conversation,
    ending,
    error::AgentError,
    outcome, prompt,
    runner::{self, Runner},
    task_call,
    turn::Turn,
};
use crate::{
    model::{ChatTurn, Finish, Message, ModelError, ToolChoice, style},
    tools::Cancel,
};
use domain::{
    event::Event,
    job::Job,
    task::TaskType,
    units::{self, clean},
};

/// So much of an answer that cannot be read is kept, characters.
const MOST_UNREAD: usize = 200;
/// What the loop has put up with so far.
#[derive(Default)]
struct Patience {
    nonsense: usize,
    calls_in_closing: usize,
}

impl Conversation {
    pub(super) async fn steps(
        &mut self,
        system: &str,
        turn: &mut Turn,
        answer: &mut String,
        cancel: &Cancel,
    ) -> Result<End, AgentError> {
        let tasks = self.toolbox.work.tasks();
        let known = task_call::names(&tasks);
        let mut patience = Patience::default();
        for _ in 0..self.limits.steps {
            if cancel.is_cancelled() {
                return Ok(End::Interrupted);
            }
            let jobs = self.jobs()?;
            let (tools, choice) = turn.offer(&jobs, &tasks);
            let request = match self.request(system, tools, choice) {
                Ok(request) => request,
                Err(end) => return Ok(end),
            };
            if let Some(end) = self.ceiling(&request) {
                return Ok(end);
            }
            let Some(asked) = self.ask_until(&request, &known, cancel).await else { return Ok(End::Interrupted) };
            let Reply { turn: reply, broken } = match asked {
                Ok(reply) => reply,
                Err(ModelError::TooLong { .. }) if self.narrow(&request) => continue,
                Err(error) => {
                    turn.tools_refused |= style::refuses_tools(&error);
                    return Ok(End::of(&error));
                }
            };
            self.account(&request, &reply);
            if !reply.text.trim().is_empty() {
                *answer = reply.text.trim().to_owned();
                self.sink.emit(Event::MessageCompleted { text: answer.clone() });
            }
            if !reply.calls.is_empty() {
                patience.calls_in_closing += usize::from(choice == ToolChoice::None);
                if patience.calls_in_closing > self.limits.nonsense {
                    return Ok(endless("the model does not stop calling tools"));
                }
                self.carry_out_calls((reply, broken), turn, (&jobs, &tasks), cancel).await;
                continue;
            }
            if let Some(end) = self.words(&reply, broken, turn, &jobs, &mut patience) {
                return Ok(end);
            }
        }
        Ok(endless(&format!(
            "the model came to no answer within {}",
            units::counted(self.limits.steps as u64, "step", "steps")
        )))
    }

    /// What is made of a reply that only holds words: the end of the turn, or a note after which the model is asked again.
    fn words(
        &mut self,
        reply: &ChatTurn,
        broken: Option<String>,
        turn: &mut Turn,
        jobs: &[Job],
        patience: &mut Patience,
    ) -> Option<End> {
        let said = reply.text.trim();
        if said.is_empty() && reply.finish == Finish::ContentFilter {
            return Some(withheld());
        }
        if self.helps.endings {
            let cut = said.is_empty() && reply.finish == Finish::Length;
            turn.unreadable_calls += usize::from(broken.is_some());
            let note = match broken {
                Some(why) => Some(prompt::broken(&why, turn.next_step(jobs))),
                None if cut => Some(prompt::CUT.trim().to_owned()),
                None => ending::is_nonsense(said).then(|| prompt::NONSENSE.trim().to_owned()),
            };
            if let Some(note) = note {
                patience.nonsense += 1;
                if patience.nonsense > self.limits.nonsense {
                    return Some(unreadable());
                }
                // What cannot be read teaches nothing, and is copied by small models.
                self.note(&clean(said, MOST_UNREAD), note);
                return None;
            }
            let waiting = if turn.closing { Vec::new() } else { turn.waiting(jobs) };
            if turn.may_tell() && !waiting.is_empty() {
                turn.tell();
                self.note(said, prompt::open(&waiting, turn.until));
                return None;
            }
        }
        self.warn_of(&reply.finish);
        self.keep(Message::said(kept(said)));
        Some(End::Answer)
    }

    async fn carry_out_calls(
        &mut self,
        (reply, broken): (ChatTurn, Option<String>),
        turn: &mut Turn,
        (jobs, tasks): (&[Job], &[TaskType]),
        cancel: &Cancel,
    ) {
        let repair = self.helps.repair.then_some(tasks);
        let ready = calls::ready(reply.calls, &reply.finish, &self.history, &mut self.fresh_ids, repair);
        // Kept before anything is done: whoever is killed meanwhile finds the call without its result, and knows.
        let (text, calls) = (reply.text.trim().to_owned(), calls::as_messages(&ready));
        self.keep(Message::Assistant { text, calls, reasoning: reply.reasoning });
        let runner = Runner { toolbox: &self.toolbox, sink: self.sink.as_ref(), cancel };
        let mut results = runner.run(ready, turn, jobs).await;
        if let (Some(why), Some(Message::ToolResult { content, .. })) = (broken, results.last_mut()) {
            *content = runner::with_note(content, &format!("another call of the same answer was not made: {why}"));
        }
        for result in results {
            self.keep(result);
        }
        // A check may have taken up what another session paid for.
        self.about(turn.jobs.iter().cloned());
    }

    /// Keeps what the model said, and tells it something.
    fn note(&mut self, said: &str, note: String) {
        self.keep(Message::said(kept(said)));
        self.keep(Message::User { text: note });
    }

    /// Says why an answer is not whole.
    pub(super) fn warn_of(&self, finish: &Finish) {
        let message = match finish {
            Finish::Length => "the model's answer was cut at its length limit".to_owned(),
            Finish::ContentFilter => "the model's provider withheld a part of the answer".to_owned(),
            Finish::Other(reason) => format!("the model ended its answer for a reason of its own: {reason}"),
            Finish::Stop | Finish::ToolCalls => return,
        };
        self.sink.emit(Event::Warning { message });
    }
}

/// An answer as the history keeps it: it holds no empty message, and no two of one speaker in a row.
pub(super) fn kept(said: &str) -> String {
    if said.is_empty() { "[no answer]".to_owned() } else { said.to_owned() }
}

/// The provider withheld the whole answer.
pub(super) fn withheld() -> End {
    End::Stopped {
        kind: "model_withheld".to_owned(),
        message: "the model's provider withheld the whole answer".to_owned(),
        hint: Some("say it in other words, use another model, or set AGENT_MODEL=planner".to_owned()),
        code: outcome::FAILED,
    }
}

/// Nothing readable came, however often it was asked for.
pub(super) fn unreadable() -> End {
    End::Stopped {
        kind: "model_nonsense".to_owned(),
        message: "the model gave no readable answer".to_owned(),
        hint: Some("ask again, use a larger model, or set AGENT_MODEL=planner".to_owned()),
        code: outcome::FAILED,
    }
}
