//! A conversation: what it is made of, its history, and a turn from the prompt to its outcome.

use std::{path::PathBuf, sync::Arc};

use super::{
    by_request::Seen,
    error::AgentError,
    helps::Helps,
    history, named,
    outcome::TurnOutcome,
    prompt,
    propose::Front,
    session_file::{Past, SessionFile},
    shorten,
    spending::{Ceilings, Spent},
    turn::Turn,
    window::Gauge,
};
use crate::{
    model::{
        ChatModel, Message,
        context::FileSeen,
        grammar::{self, Reading, Scene},
        style::{Calls, after},
    },
    tools::{Cancel, Opening, Steps, Toolbox, WorkError},
};
use cassette::Tape;
use domain::{
    event::{Event, Sink},
    ids::JobId,
    job::Job,
    request::{Bounds, Origin, Request, Until},
};
use guard::config::{Driving, Style};

/// The least that a long result is shortened to, bytes.
const LEAST_RESULT: usize = 2_000;
/// The most of a result that a model is shown, bytes.
const MOST_RESULT: usize = 12_000;

/// Bounds on a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests to the model, a turn.
    pub steps: usize,
    /// Empty, unreadable or broken answers, a turn.
    pub nonsense: usize,
    /// The model's window, tokens. Without one nothing is ever shortened.
    pub window: Option<u64>,
    /// What the session's model calls may take.
    pub ceilings: Ceilings,
    /// Whether the model's calls take tokens: what its provider does not count is estimated.
    pub metered: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { steps: 24, nonsense: 2, window: None, ceilings: Ceilings::default(), metered: false }
    }
}

/// What a conversation is made of.
pub struct Parts {
    /// Who answers.
    pub model: Arc<dyn ChatModel>,
    /// What the tools work on.
    pub work: Arc<dyn Steps>,
    /// Where events go.
    pub sink: Arc<dyn Sink>,
    /// The tape of the run.
    pub tape: Tape,
    /// The session that new jobs belong to.
    pub session: String,
    /// The working folder: its data files are named to the model.
    pub folder: PathBuf,
    /// Where, for how much, how far, whatever is said.
    pub bounds: Bounds,
    /// Bounds on it.
    pub limits: Limits,
    /// What the model is helped with.
    pub helps: Helps,
    /// How it is driven.
    pub front: Front,
    /// Why it is driven so: where the program chose the tools, it may choose the form once calls come unusable.
    pub driving: Driving,
    /// Jobs at the provider at once.
    pub at_once: usize,
}

/// A conversation with its history.
pub struct Conversation {
    pub(super) model: Arc<dyn ChatModel>,
    pub(super) toolbox: Toolbox,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) tape: Tape,
    pub(super) folder: PathBuf,
    /// What binds the requests of each turn, whatever is said.
    pub bounds: Bounds,
    pub(super) limits: Limits,
    pub(super) helps: Helps,
    pub(super) front: Front,
    driving: Driving,
    /// The last request that was proposed, which the next words may amend.
    pub(super) last: Option<Request>,
    pub(super) history: Vec<Message>,
    /// So many messages at the beginning are shown to the model as a note.
    pub(super) folded: usize,
    /// How large requests are for this model.
    pub(super) gauge: Gauge,
    /// What the session's model calls took, those of earlier days included.
    pub(super) spent: Spent,
    /// Whether a person was told that a money ceiling cannot be kept.
    pub(super) told_blind: bool,
    /// Where it is kept.
    file: Option<SessionFile>,
    /// Jobs of other sessions that this conversation is about, too.
    named: Vec<JobId>,
    pub(super) fresh_ids: u64,
}

impl Conversation {
    /// A fresh conversation, kept nowhere.
    pub fn new(parts: Parts) -> Conversation {
        let Parts { model, work, sink, tape, session, folder, bounds, limits, helps, front, driving, at_once } = parts;
        let toolbox = Toolbox { work, session, folder: folder.clone(), at_once };
        Conversation {
            model,
            toolbox,
            sink,
            tape,
            folder,
            bounds,
            limits,
            helps,
            front,
            driving,
            last: None,
            history: Vec::new(),
            folded: 0,
            gauge: Gauge::default(),
            spent: Spent::default(),
            told_blind: false,
            file: None,
            named: Vec::new(),
            fresh_ids: 0,
        }
    }

    /// The same, kept in a file, after what it holds already.
    pub fn kept_in(mut self, file: SessionFile, past: Past) -> Conversation {
        for message in past.messages {
            if let Message::User { text } = &message
                && history::is_prompt(&message)
            {
                self.about(named::jobs(text));
            }
            self.history.push(self.shown(message));
        }
        self.spent = past.spent;
        self.file = Some(file);
        self
    }

    /// What was said so far, as the model is shown it when all of it fits.
    pub fn history(&self) -> &[Message] {
        &self.history
    }

    /// What the session's model calls took so far.
    pub fn spent(&self) -> Spent {
        self.spent
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
        let prompt = history::as_prompt(prompt);
        let before = self.spent;
        // A turn that was left where it stood, at the second Ctrl-C, is closed first.
        self.history = history::closed(std::mem::take(&mut self.history));
        self.sink.emit(Event::TurnStarted { prompt: prompt.to_owned() });
        self.keep(Message::User { text: prompt.to_owned() });
        self.about(named::jobs(prompt));
        let jobs = self.jobs()?;
        let to_plan = self.bounds.until == Until::Plan;
        let mut turn = Turn::new(self.bounds.until, self.helps);
        let mut answer = String::new();
        let end = match self.front.clone() {
            Front::Tools { .. } => {
                let files = self.tape.look("files in the folder", || prompt::seen_in(&self.folder));
                let context = prompt::context(&files, &jobs, to_plan);
                let system = prompt::system(&self.toolbox.work.tasks(), &context);
                let opening = Opening { bounds: self.bounds, origin: self.origin(), said: Some(prompt.to_owned()) };
                self.toolbox.work.open(&self.toolbox.session, opening);
                turn.is_order = self.is_order(prompt, &files, &jobs);
                let end = self.steps(&system, &mut turn, &mut answer, cancel).await?;
                // What was checked and not begun: a plan, which the person sees whatever the model says of it.
                self.toolbox.work.show_pending(&self.toolbox.session)?;
                end
            }
            Front::Request(reader) | Front::Grammar(reader) => {
                let (files, folders) = self.tape.look("files below the folder", || prompt::seen_below(&self.folder));
                let here: Vec<FileSeen> = files.iter().filter(|file| !file.path.contains('/')).cloned().collect();
                let context = prompt::context(&here, &jobs, to_plan);
                let seen = Seen { files: &files, folders: &folders, context: &context };
                self.by_request(reader.as_ref(), prompt, seen, &mut turn, &mut answer, cancel).await?
            }
        };
        self.drive_on(&turn);
        let outcome = self.close(prompt, turn, end, answer, before)?;
        if let Some(file) = &mut self.file {
            let kept = file.turn(outcome.exit_code, &outcome.jobs);
            self.check_kept(kept.err());
        }
        Ok(outcome)
    }

    /// Whether these words are an order to the program's own reader, without a model: work that it reads all of, to be done.
    fn is_order(&self, said: &str, files: &[FileSeen], jobs: &[Job]) -> bool {
        let tasks = self.toolbox.work.tasks();
        let scene = Scene { tasks: &tasks, files, jobs, ..Scene::default() };
        match grammar::read(said, &scene) {
            Reading::Work(found) => found.unread.is_empty() && found.bounds.until == Until::Done,
            _ => false,
        }
    }

    /// Drives a model by the form from the next turn on whose tool calls come unusable, where the program chose the tools.
    fn drive_on(&mut self, turn: &Turn) {
        let calls = match turn {
            Turn { tools_refused: true, .. } => Calls::Refused,
            Turn { unreadable_calls: 1.., jobs, .. } if jobs.is_empty() => Calls::Unreadable,
            _ => Calls::Usable,
        };
        self.driving = after(self.driving, calls);
        if let Front::Tools { instead: Some(form) } = &self.front
            && self.driving.style == Style::Request
        {
            self.front = Front::Request(Arc::clone(form));
            let message = "this model's tool calls are unusable: from the next turn on it is asked for one request object \
                           (AGENT_STYLE=tools keeps the tools)";
            self.sink.emit(Event::Warning { message: message.to_owned() });
        }
    }

    /// Who fills its requests in.
    pub(super) fn origin(&self) -> Origin {
        match (&self.front, self.model.name()) {
            (Front::Grammar(_), _) => Origin::Grammar,
            (Front::Tools { .. } | Front::Request(_), name) => Origin::Model(name),
        }
    }

    /// The jobs that this conversation is about.
    pub(super) fn jobs(&self) -> Result<Vec<Job>, WorkError> {
        let mut jobs = self.toolbox.work.jobs()?;
        jobs.retain(|j| j.session == self.toolbox.session || self.named.contains(&j.id));
        Ok(jobs)
    }

    /// What the person said, oldest first.
    pub fn prompts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.history.iter().filter(|m| history::is_prompt(m)).filter_map(|m| match m {
            Message::User { text } => Some(text.as_str()),
            Message::Assistant { .. } | Message::ToolResult { .. } => None,
        })
    }

    /// From now on the conversation is about these jobs, too, whatever session they are of.
    pub(super) fn about(&mut self, jobs: impl IntoIterator<Item = JobId>) {
        for id in jobs {
            if !self.named.contains(&id) {
                self.named.push(id);
            }
        }
    }

    /// Adds to the history, and to the file in full.
    pub(super) fn keep(&mut self, message: Message) {
        if let Some(file) = &mut self.file {
            let kept = file.message(&message);
            self.check_kept(kept.err());
        }
        self.history.push(self.shown(message));
    }

    /// Counts what a call of the model took.
    pub(super) fn count(&mut self, usage: crate::model::Usage) {
        self.spent.add(&usage);
        if let Some(file) = &mut self.file {
            let kept = file.usage(usage);
            self.check_kept(kept.err());
        }
    }

    /// A file that cannot be written ends the keeping, and not the conversation.
    fn check_kept(&mut self, error: Option<super::session_file::SessionError>) {
        if let Some(error) = error {
            self.file = None;
            self.sink.emit(Event::Warning { message: format!("this session is not saved any further: {error}") });
        }
    }

    /// The message as the model is shown it: a long result is shortened.
    fn shown(&self, message: Message) -> Message {
        match (self.limits.window, message) {
            (Some(window), Message::ToolResult { call_id, name, content }) => {
                let limit = (self.gauge.bytes(window) / 8).clamp(LEAST_RESULT, MOST_RESULT);
                Message::ToolResult { call_id, name, content: shorten::result(&content, limit) }
            }
            (_, message) => message,
        }
    }
}
