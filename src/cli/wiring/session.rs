//! A session: a conversation with its events, from its first line to its exit code.

use std::{path::Path, process::ExitCode, sync::Arc};

use super::{Options, Wired, recorded::Opening};
use crate::{
    agent::{
        AgentError, Conversation, Helps, Limits, Parts, front,
        session_file::{self, Past, SessionError, SessionFile},
        spending::Ceilings,
        state::WorkflowState,
    },
    cli::{
        CommandError, Context, Kind,
        interrupt::{cancel_of, stoppable},
    },
    face::look::Tone,
    job::{Workflow, carry::AT_ONCE},
    model::{
        ChatModel, ModelError,
        discreet::Discreet,
        offline::Offline,
        openai::{OpenAi, OpenAiSettings},
        scripted::Scripted,
        taped,
    },
    tools::next,
};
use cassette::{Tape, format::What, scrub::known};
use domain::{
    attempt::AttemptState,
    event::Event,
    ids::{JobId, SessionId},
    job::{Job, JobState},
    money::Datoshi,
    request::{Bounds, Locality, Spend},
    units::{clean, count},
};
use guard::config::{ModelBounds, ModelSettings, Profile};

/// Which session a conversation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// A new one.
    Fresh,
    /// This one, whether there is such a one or not.
    Named(SessionId),
    /// This one, or the newest; it must be there.
    Resumed(Option<SessionId>),
}

/// A conversation that a person holds.
pub struct Session<'a> {
    context: &'a Context,
    conversation: Conversation,
    workflow: Arc<Workflow>,
    profile: String,
    /// Whether the model's calls may cost something.
    metered: bool,
    bounds: ModelBounds,
    turns: usize,
    /// Whether the person said good-bye.
    pub leaves: bool,
}

impl<'a> Session<'a> {
    /// Opens the ledger and the session's file, makes the model, and says the session's first event. Nothing outside is
    /// touched yet.
    ///
    /// # Errors
    /// Settings that make no sense, a home that cannot be used, a model that cannot be made, a session that is not there or
    /// is open elsewhere.
    pub fn begin(context: &'a Context, options: Options, which: Which) -> Result<Session<'a>, CommandError> {
        let (settings, tape) = (context.settings()?, context.tape());
        let bounds_of_flags = options.bounds;
        let chosen = settings.model()?;
        let bounds = settings.model_bounds(&chosen)?;
        let sessions = settings.home().sessions();
        let named = matches!(which, Which::Named(_)) && tape.player().is_none();
        let (opening, mut file) = match tape.player() {
            Some(player) => {
                let opening = Opening::of_record(player)?;
                context.go_on_with(opening.session.clone());
                let file = SessionFile::fresh(&sessions, opening.session.clone());
                (opening, file)
            }
            None => {
                let (file, past) = open(context, &sessions, which)?;
                (Opening { session: context.session().clone(), metered: chosen.is_metered(), bounds, past }, file)
            }
        };
        opening.note(tape);
        let Opening { metered, bounds, past, .. } = opening;
        let wired = Wired::new(context, options)?;
        let model = on_tape(tape, &chosen)?;
        let driving = match tape.player() {
            Some(player) => player.value_or_diverge(DRIVING).unwrap_or_default(),
            None => settings.driving(&chosen)?,
        };
        tape.note(DRIVING, &driving);
        let known = known_state(context, &wired)?;
        let front = front::of(&model, driving, known);
        let turns = past.turns;
        if named {
            // Of programs that begin a session of one name at once, one goes on.
            file.begin()?;
        }
        let conversation = Conversation::new(Parts {
            model: Arc::clone(&model),
            work: wired.workflow.clone(),
            sink: context.sink(),
            tape: tape.clone(),
            session: context.session().0.clone(),
            folder: settings.cwd().to_owned(),
            bounds: bounds_of_flags,
            limits: limits(&bounds, metered),
            helps: Helps::default(),
            front,
            driving,
            at_once: AT_ONCE,
        });
        let profile = wired.profile;
        context.sink().emit(Event::SessionStarted {
            model: model.name(),
            network: wired.network,
            profile: profile.clone(),
        });
        context.warn()?;
        Ok(Session {
            context,
            conversation: conversation.kept_in(file, past),
            workflow: wired.workflow,
            profile,
            metered,
            bounds,
            turns,
            leaves: false,
        })
    }

    /// One prompt to its answer; gives the exit code that it means. Ctrl-C ends the turn, and never a paid job.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn turn(&mut self, prompt: &str) -> Result<u8, CommandError> {
        if let Some(name) = known::sought().found_in(prompt.as_bytes()) {
            return Err(told_secret(&name));
        }
        if let Some(recorder) = self.context.tape().recorder() {
            recorder.write(What::Input { text: prompt.to_owned() });
        }
        let cancel = cancel_of(self.context);
        self.turns += 1;
        let done = stoppable(self.context.tape(), &cancel, self.conversation.turn(prompt, &cancel)).await;
        self.context.sink().rest();
        let Some(outcome) = done else { return Ok(Kind::Interrupted.code()) };
        let outcome = outcome?;
        self.leaves = outcome.leaves;
        if self.metered && !self.context.json() && outcome.spent.calls > 0 {
            let (turn, session) = (outcome.spent, self.conversation.spent());
            let mut text = turn.to_text();
            if session != turn {
                text.push_str(&format!("; the session: {}", session.to_text()));
            }
            self.context.output.lines(self.context.look.paragraph(Tone::Dim, &text));
        }
        Ok(outcome.exit_code)
    }

    /// Changes what binds the requests of this session from now on, and says what holds. The flags that the program was
    /// started with hold beside it.
    pub fn bound(&mut self, change: impl FnOnce(&mut Bounds)) -> Vec<String> {
        change(&mut self.conversation.bounds);
        let bounds = self.conversation.bounds;
        let spend = match bounds.spend {
            Spend::Nothing => "nothing is paid".to_owned(),
            Spend::AtMost(most) => format!("at most {most} a request, fees included"),
            Spend::OwnersCaps => "what your caps allow".to_owned(),
        };
        let place = match bounds.place {
            Locality::Here => "on this machine only",
            Locality::Anywhere => "here or at the provider",
        };
        let look = &self.context.look;
        [look.field("Limit", Tone::Plain, &spend), look.field("Place", Tone::Plain, place)].concat()
    }

    /// Turns so far, those of earlier days included.
    pub fn turns(&self) -> usize {
        self.turns
    }

    /// What the person said last, in short.
    pub fn last_prompt(&self) -> Option<String> {
        self.conversation.prompts().next_back().map(|text| clean(text, 80))
    }

    /// Gives a job up: the one that is named, or the only one of this session that can be.
    ///
    /// # Errors
    /// P-STATE once a payment is written down; several jobs that could be meant, or none.
    pub async fn cancel(&self, named: Option<JobId>) -> Result<ExitCode, CommandError> {
        let id = match named {
            Some(id) => id,
            None => {
                // What is only planned is in no ledger, and nothing of it has to be given up.
                let mut jobs = self.workflow.ledger().jobs()?;
                jobs.retain(|job| job.session == self.context.session().0);
                let open: Vec<&Job> = jobs.iter().filter(|j| !j.state.is_end() && !next::is_beyond_recall(j)).collect();
                match open.as_slice() {
                    [only] => only.id.clone(),
                    [] => {
                        return Err(CommandError::usage("no job of this session can be given up")
                            .hint("/jobs shows all; name one: /cancel JOB"));
                    }
                    several => {
                        let ids = several.iter().map(|j| j.id.to_string()).collect::<Vec<_>>().join(", ");
                        return Err(CommandError::usage(format!("which one? {ids}")).hint("name it: /cancel JOB"));
                    }
                }
            }
        };
        let job = self.workflow.cancel(&id).await?;
        let text = format!("{}: nothing was paid", job.id);
        self.context.output.lines(self.context.look.field("Canceled", Tone::Care, &text));
        Ok(ExitCode::SUCCESS)
    }

    /// What this session took, for people: model calls with their ceilings, and payments.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn cost(&self) -> Result<Vec<String>, CommandError> {
        let look = &self.context.look;
        let spent = self.conversation.spent();
        let model = match (self.metered, spent.calls) {
            (false, 0) => "the offline planner takes no tokens and no money".to_owned(),
            (true, 0) => "no call so far".to_owned(),
            (_, calls) => format!("{}, in {} calls", spent.to_text(), count(calls)),
        };
        let mut out = look.field("Model", Tone::Plain, &model);
        let tokens = self.bounds.tokens.map(|n| format!("{} tokens (AGENT_MAX_TOKENS)", count(n)));
        let dollars = self.bounds.cost.map(|n| format!("{n} USD (AGENT_MAX_COST)"));
        let ceilings: Vec<String> = tokens.into_iter().chain(dollars).collect();
        if !ceilings.is_empty() {
            out.extend(look.field("Ceiling", Tone::Plain, &ceilings.join(", ")));
        }
        let (mut paid, mut fees, mut payments) = (Datoshi::ZERO, Datoshi::ZERO, 0_u64);
        let add = |a: Datoshi, b: Datoshi| a.checked_add(b).unwrap_or(Datoshi::MAX);
        for job in self.own_jobs()? {
            let attempts = self.workflow.attempts(&job.id)?;
            for attempt in attempts.iter().filter(|a| a.state == AttemptState::Confirmed) {
                paid = add(paid, attempt.amount);
                fees = add(fees, add(attempt.system_fee, attempt.network_fee));
                payments += 1;
            }
        }
        let text = match payments {
            0 => "nothing was paid".to_owned(),
            1 => format!("{paid} in one payment, and {fees} of fees"),
            n => format!("{paid} in {} payments, and {fees} of fees", count(n)),
        };
        out.extend(look.field("Jobs", Tone::Plain, &text));
        Ok(out)
    }

    /// The jobs of this session.
    fn own_jobs(&self) -> Result<Vec<Job>, CommandError> {
        let mut jobs = self.workflow.jobs()?;
        jobs.retain(|job| job.session == self.context.session().0);
        Ok(jobs)
    }

    /// Says the session's last event, and gives the exit code to end with. An error, such as a script that was not
    /// played to its end, is said before it.
    pub fn end(&self, done: Result<u8, CommandError>) -> u8 {
        let finished = self.conversation.finish().map_err(CommandError::from);
        let exit_code = match done.and_then(|code| finished.map(|()| code)) {
            Ok(code) => code,
            Err(error) => {
                self.context.sink().emit(error.event());
                error.kind.code()
            }
        };
        self.context.sink().emit(Event::SessionEnded { exit_code });
        exit_code
    }

    /// The ids of all jobs, newest first, for completion.
    pub fn job_ids(&self) -> Vec<String> {
        let jobs = self.workflow.ledger().jobs().unwrap_or_default();
        jobs.iter().rev().map(|job| job.id.to_string()).collect()
    }

    /// The jobs of this profile that an earlier session left open, beyond planning.
    pub fn left_open(&self) -> Vec<Job> {
        let mut jobs = self.workflow.jobs().unwrap_or_default();
        jobs.retain(|j| !j.state.is_end() && j.state != JobState::Planned && j.profile == self.profile);
        jobs
    }
}

/// Words with a secret in them go nowhere: to no model, into no file.
fn told_secret(name: &str) -> CommandError {
    let name = name.trim_start_matches("scrubbed-");
    let message = format!("what you said holds the secret of {name}: it was neither sent nor kept");
    CommandError::new(Kind::Refused, "secret", message).hint("say it without: no task needs a key in words")
}

/// The name under which a record keeps the model's.
const MODEL: &str = "model";
/// The name under which a record keeps how the model is driven.
const DRIVING: &str = "how the model is driven";

/// What the program can say of itself without a model.
fn known_state(context: &Context, wired: &Wired) -> Result<WorkflowState, CommandError> {
    let settings = context.settings()?;
    let (storage, bucket, provider) = match settings.profile() {
        Ok(Profile::Live(live)) => {
            let host = |url: &url::Url| url.host_str().unwrap_or_default().to_owned();
            let storage = live.storage.as_ref();
            let bucket = storage.map(|storage| storage.bucket.clone()).unwrap_or_default();
            let provider = host(&live.compute.endpoint);
            (storage.map_or_else(|| provider.clone(), |storage| host(&storage.endpoint)), bucket, provider)
        }
        _ => (String::new(), String::new(), String::new()),
    };
    Ok(WorkflowState {
        workflow: Arc::clone(&wired.workflow),
        storage,
        bucket,
        provider,
        profile: wired.profile.clone(),
        folder: settings.cwd().to_owned(),
    })
}

/// The model that answers: the configured one, which is recorded where the run is, or the record's.
fn on_tape(tape: &Tape, chosen: &ModelSettings) -> Result<Arc<dyn ChatModel>, CommandError> {
    match tape {
        Tape::Off => model(chosen),
        Tape::Recording(recorder) => {
            let model = model(chosen)?;
            tape.note(MODEL, &model.name());
            Ok(Arc::new(taped::Recorded::new(model, Arc::clone(recorder))))
        }
        Tape::Playing(player) => {
            let name = player.value_or_diverge(MODEL).unwrap_or_default();
            Ok(Arc::new(taped::Played::new(name, Arc::clone(player))))
        }
    }
}

/// The session's file, with what it holds; from here on the run is of that session.
fn open(context: &Context, folder: &Path, which: Which) -> Result<(SessionFile, Past), CommandError> {
    let opened = match which {
        Which::Fresh => (SessionFile::fresh(folder, context.session().clone()), Past::default()),
        Which::Named(id) if !SessionFile::exists(folder, &id) => {
            context.go_on_with(id.clone());
            (SessionFile::fresh(folder, id), Past::default())
        }
        Which::Named(id) | Which::Resumed(Some(id)) => {
            context.go_on_with(id.clone());
            SessionFile::resume(folder, id)?
        }
        Which::Resumed(None) => newest(context, folder)?,
    };
    Ok(opened)
}

/// The newest session that can be read; a person is told of newer ones that cannot.
fn newest(context: &Context, folder: &Path) -> Result<(SessionFile, Past), CommandError> {
    for id in session_file::newest_first(folder)? {
        match SessionFile::resume(folder, id.clone()) {
            Ok(opened) => {
                context.go_on_with(id);
                return Ok(opened);
            }
            Err(error @ (SessionError::Damaged { .. } | SessionError::Io { .. })) => {
                context.sink().emit(Event::Warning { message: format!("a newer session is left out: {error}") });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(SessionError::None.into())
}

/// The bounds of a conversation, from the settings.
pub fn limits(bounds: &ModelBounds, metered: bool) -> Limits {
    let ceilings = Ceilings { tokens: bounds.tokens, cost: bounds.cost };
    Limits { window: bounds.window, ceilings, metered, ..Limits::default() }
}

/// The model that the settings name.
///
/// # Errors
/// A transcript that cannot be read, an endpoint that is none.
pub fn model(chosen: &ModelSettings) -> Result<Arc<dyn ChatModel>, CommandError> {
    Ok(match chosen {
        ModelSettings::Planner => Arc::new(Offline),
        ModelSettings::Scripted(path) => Arc::new(Discreet::new(Arc::new(Scripted::open(path)?))),
        ModelSettings::OpenAi(endpoint) => {
            Arc::new(Discreet::new(Arc::new(OpenAi::new(OpenAiSettings::new(endpoint.clone()))?)))
        }
    })
}

impl From<ModelError> for CommandError {
    fn from(error: ModelError) -> CommandError {
        let hint = error.hint();
        CommandError::failed(error.kind(), error).maybe_hint(hint)
    }
}

impl From<AgentError> for CommandError {
    fn from(error: AgentError) -> CommandError {
        let (word, hint) = match &error {
            AgentError::Ledger(_) => ("ledger", error.hint()),
            AgentError::Model(_) => ("model", error.hint()),
        };
        CommandError::failed(word, error).maybe_hint(hint)
    }
}

impl From<SessionError> for CommandError {
    fn from(error: SessionError) -> CommandError {
        let word = match &error {
            SessionError::NoSuchSession(_) | SessionError::None => "no_such_session",
            SessionError::InUse(_) => "session_in_use",
            SessionError::Damaged { .. } | SessionError::Io { .. } => "session_file",
        };
        let hint = error.hint();
        CommandError::failed(word, error).hint(hint)
    }
}
