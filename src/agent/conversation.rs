//! The loop: ask the model, carry its calls out, until there is an answer.

use std::{path::PathBuf, sync::Arc};

use super::{
    calls::{self, Runner},
    close::{End, endless},
    ending,
    gate::Gate,
    outcome::TurnOutcome,
    prompt,
    turn::Turn,
};
use crate::{
    domain::{
        event::{Event, Sink},
        ids::JobId,
        job::Job,
    },
    model::{
        ChatModel, ChatRequest, ChatTurn, Delta, Finish, Message, ModelError, ToolCall, ToolChoice, phrases, repair,
        words,
    },
    tools::{Cancel, Tool, Toolbox, Work, WorkError},
};

/// Bounds on one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests to the model.
    pub steps: usize,
    /// Empty, unreadable or broken answers in one turn.
    pub nonsense: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { steps: 24, nonsense: 2 }
    }
}

/// What a conversation is made of.
pub struct Parts {
    /// Who answers.
    pub model: Arc<dyn ChatModel>,
    /// What the tools work on.
    pub work: Arc<dyn Work>,
    /// Where events go.
    pub sink: Arc<dyn Sink>,
    /// The session that new jobs belong to.
    pub session: String,
    /// The working folder: its data files are named to the model.
    pub folder: PathBuf,
    /// Whether this is a dry run: the workflow stops before any effect, and the model is told.
    pub dry_run: bool,
    /// Bounds on a turn.
    pub limits: Limits,
}

/// Why a turn could not be kept at all. What goes wrong within a turn is in its outcome.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The ledger cannot be read.
    #[error("the ledger cannot be read: {0}")]
    Ledger(WorkError),
    /// A scripted model was not played to its end.
    #[error(transparent)]
    Model(ModelError),
}

impl From<WorkError> for AgentError {
    fn from(error: WorkError) -> AgentError {
        AgentError::Ledger(error)
    }
}

impl AgentError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            AgentError::Ledger(error) => error.hint.clone(),
            AgentError::Model(error) => error.hint(),
        }
    }
}

/// A conversation with its history.
pub struct Conversation {
    model: Arc<dyn ChatModel>,
    pub(super) toolbox: Toolbox,
    pub(super) sink: Arc<dyn Sink>,
    folder: PathBuf,
    dry_run: bool,
    limits: Limits,
    pub(super) history: Vec<Message>,
    /// Jobs of other sessions that this conversation is about, too.
    named: Vec<JobId>,
    fresh_ids: u64,
}

impl Conversation {
    /// A fresh conversation.
    pub fn new(parts: Parts) -> Conversation {
        let Parts { model, work, sink, session, folder, dry_run, limits } = parts;
        let toolbox = Toolbox { work, session };
        Conversation {
            model,
            toolbox,
            sink,
            folder,
            dry_run,
            limits,
            history: Vec::new(),
            named: Vec::new(),
            fresh_ids: 0,
        }
    }

    /// The model's name.
    pub fn model_name(&self) -> String {
        self.model.name()
    }

    /// What was said so far.
    pub fn history(&self) -> &[Message] {
        &self.history
    }

    /// To be called when the conversation is over.
    ///
    /// # Errors
    /// A scripted model whose script was not played to its end.
    pub fn finish(&self) -> Result<(), AgentError> {
        self.model.finish().map_err(AgentError::Model)
    }

    /// One prompt to its answer.
    ///
    /// # Errors
    /// Only when the ledger cannot be read.
    pub async fn turn(&mut self, prompt: &str, cancel: &Cancel) -> Result<TurnOutcome, AgentError> {
        let prompt = prompt.trim();
        self.sink.emit(Event::TurnStarted { prompt: prompt.to_owned() });
        self.history.push(Message::User { text: prompt.to_owned() });
        for id in words::jobs(prompt) {
            if !self.named.contains(&id) {
                self.named.push(id);
            }
        }
        let jobs = self.jobs()?;
        let context = prompt::context(&self.folder, &jobs, self.dry_run);
        let known: Vec<String> = context.files.iter().map(|f| f.path.clone()).collect();
        let tasks = self.toolbox.work.tasks();
        let system = prompt::system(&tasks, &context);
        let files = words::files(prompt, &known).len();
        let mut turn = Turn::new(prompt, phrases::wanted(prompt, files, &tasks));
        let mut answer = String::new();
        let end = self.steps(&system, &mut turn, &mut answer, cancel).await?;
        self.close(turn, end, answer)
    }

    /// The jobs that this conversation is about.
    fn jobs(&self) -> Result<Vec<Job>, WorkError> {
        let mut jobs = self.toolbox.work.jobs()?;
        jobs.retain(|j| j.session == self.toolbox.session || self.named.contains(&j.id));
        Ok(jobs)
    }

    async fn steps(
        &mut self,
        system: &str,
        turn: &mut Turn,
        answer: &mut String,
        cancel: &Cancel,
    ) -> Result<End, AgentError> {
        let tasks = self.toolbox.work.tasks();
        let mut nonsense = 0;
        let mut calls_in_closing = 0;
        for _ in 0..self.limits.steps {
            if cancel.is_cancelled() {
                return Ok(End::Interrupted);
            }
            let jobs = self.jobs()?;
            turn.note_ends(&jobs);
            let (tools, choice) = turn.offer(&jobs, &tasks);
            let request = ChatRequest { system: system.to_owned(), messages: self.history.clone(), tools, choice };
            let asked = tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(End::Interrupted),
                asked = self.ask(&request) => asked,
            };
            let (reply, broken) = match asked {
                Ok(reply) => reply,
                Err(error) => {
                    return Ok(End::Model {
                        kind: error.kind().to_owned(),
                        message: error.to_string(),
                        hint: error.hint(),
                    });
                }
            };
            if !reply.text.trim().is_empty() {
                *answer = reply.text.trim().to_owned();
                self.sink.emit(Event::MessageCompleted { text: answer.clone() });
            }
            if !reply.calls.is_empty() {
                calls_in_closing += usize::from(choice == ToolChoice::None);
                if calls_in_closing > self.limits.nonsense {
                    return Ok(endless("the model does not stop calling tools"));
                }
                self.carry_out(reply, turn, &jobs, cancel).await;
                continue;
            }
            let unreadable = ending::is_nonsense(&reply.text);
            if let Some(note) =
                broken.map(|why| prompt::broken(&why)).or(unreadable.then(|| prompt::NONSENSE.trim().to_owned()))
            {
                nonsense += 1;
                if nonsense > self.limits.nonsense {
                    return Ok(End::Model {
                        kind: "model_nonsense".to_owned(),
                        message: "the model gave no readable answer".to_owned(),
                        hint: Some("ask again, use a larger model, or set AGENT_MODEL=planner".to_owned()),
                    });
                }
                self.note(&reply.text, note);
                continue;
            }
            self.warn_of(&reply.finish);
            let waiting = turn.waiting(&jobs);
            if !turn.nudged && !turn.closing && !waiting.is_empty() {
                turn.nudged = true;
                self.note(&reply.text, prompt::open(&waiting));
                continue;
            }
            self.history.push(Message::Assistant { text: answer.clone(), calls: Vec::new() });
            return Ok(End::Answer);
        }
        Ok(endless(&format!("the model came to no answer within {} steps", self.limits.steps)))
    }

    /// Asks the model; gives its turn, with calls written as text read, and why one could not be.
    async fn ask(&self, request: &ChatRequest) -> Result<(ChatTurn, Option<String>), ModelError> {
        let offers = request.choice != ToolChoice::None && !request.tools.is_empty();
        let mut gate = Gate::new(offers);
        let sink = &self.sink;
        let mut show = |Delta::Text(piece): Delta| {
            if let Some(text) = gate.pass(&piece) {
                sink.emit(Event::MessageDelta { text });
            }
        };
        let mut reply = self.model.turn(request, &mut show).await?;
        if let Some(usage) = reply.usage {
            sink.emit(Event::Usage {
                prompt_tokens: usage.prompt_tokens,
                completion_tokens: usage.completion_tokens,
                cost: usage.cost.map(|cost| cost.to_string()),
            });
        }
        let mut broken = None;
        // Where no tool is offered a call in the text is a quotation: reading it would start the work over.
        if offers && reply.calls.is_empty() {
            let reading = repair::read(&reply.text, &Tool::names(), &reply.finish);
            broken = reading.broken.filter(|_| reading.calls.is_empty());
            if !reading.calls.is_empty() {
                reply.text = reading.text;
                reply.calls = reading
                    .calls
                    .into_iter()
                    .map(|c| ToolCall { name: c.name, arguments: c.arguments.to_string(), ..ToolCall::default() })
                    .collect();
                return Ok((reply, None));
            }
        }
        if let Some(text) = gate.rest() {
            sink.emit(Event::MessageDelta { text });
        }
        Ok((reply, broken))
    }

    async fn carry_out(&mut self, reply: ChatTurn, turn: &mut Turn, jobs: &[Job], cancel: &Cancel) {
        let ready = calls::ready(reply.calls, &reply.finish, &self.history, &mut self.fresh_ids);
        let said = calls::as_messages(&ready);
        let runner = Runner { toolbox: &self.toolbox, sink: self.sink.as_ref(), cancel };
        let results = runner.run(ready, turn, jobs).await;
        self.history.push(Message::Assistant { text: reply.text.trim().to_owned(), calls: said });
        self.history.extend(results);
    }

    /// Keeps what the model said, and tells it something.
    fn note(&mut self, said: &str, note: String) {
        let said = said.trim();
        if !said.is_empty() {
            self.history.push(Message::Assistant { text: said.to_owned(), calls: Vec::new() });
        }
        self.history.push(Message::User { text: note });
    }

    fn warn_of(&self, finish: &Finish) {
        let message = match finish {
            Finish::Length => "the model's answer was cut at its length limit",
            Finish::ContentFilter => "the model's provider withheld a part of the answer",
            Finish::Stop | Finish::ToolCalls | Finish::Other(_) => return,
        };
        self.sink.emit(Event::Warning { message: message.to_owned() });
    }
}
