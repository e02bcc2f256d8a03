//! A session: a conversation with its events, from its first line to its exit code.

use std::sync::Arc;

use super::{Options, Wired};
use crate::{
    agent::{AgentError, Conversation, Helps, Limits, Parts},
    cli::{
        CommandError, Context, Kind,
        interrupt::{cancel_of, stoppable},
    },
    config::ModelSettings,
    domain::{
        event::Event,
        job::{Job, JobState},
    },
    job::Workflow,
    model::{
        ChatModel, ModelError,
        openai::{OpenAi, OpenAiSettings},
        planner::Planner,
        scripted::Scripted,
    },
};

/// A conversation that a person holds.
pub struct Session<'a> {
    context: &'a Context,
    conversation: Conversation,
    workflow: Arc<Workflow>,
    profile: String,
}

impl<'a> Session<'a> {
    /// Opens the ledger, makes the model, and says the session's first event. Nothing outside is touched yet.
    ///
    /// # Errors
    /// Settings that make no sense, a home that cannot be used, a model that cannot be made.
    pub fn begin(context: &'a Context, options: Options) -> Result<Session<'a>, CommandError> {
        let settings = context.settings()?;
        let dry_run = options.dry_run;
        let chosen = settings.model()?;
        let wired = Wired::new(context, options)?;
        let model = model(&chosen, &wired.workflow)?;
        let conversation = Conversation::new(Parts {
            model: Arc::clone(&model),
            work: wired.workflow.clone(),
            sink: context.sink(),
            session: context.session.0.clone(),
            folder: settings.cwd().to_owned(),
            dry_run,
            limits: Limits::default(),
            helps: Helps::default(),
        });
        let profile = wired.profile.name().to_owned();
        context.sink().emit(Event::SessionStarted {
            model: model.name(),
            network: wired.network,
            profile: profile.clone(),
        });
        context.warn()?;
        Ok(Session { context, conversation, workflow: wired.workflow, profile })
    }

    /// One prompt to its answer; gives the exit code that it means. Ctrl-C ends the turn, and never a paid job.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn turn(&mut self, prompt: &str) -> Result<u8, CommandError> {
        let cancel = cancel_of(self.context);
        match stoppable(&cancel, self.conversation.turn(prompt, &cancel)).await {
            Some(outcome) => Ok(outcome?.exit_code),
            None => Ok(Kind::Interrupted.code()),
        }
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
        let jobs = self.workflow.jobs().unwrap_or_default();
        jobs.iter().rev().map(|job| job.id.to_string()).collect()
    }

    /// The jobs of this profile that an earlier session left open, beyond planning.
    pub fn left_open(&self) -> Vec<Job> {
        let mut jobs = self.workflow.jobs().unwrap_or_default();
        jobs.retain(|j| !j.state.is_end() && j.state != JobState::Planned && j.profile == self.profile);
        jobs
    }
}

/// The model that the settings name.
///
/// # Errors
/// A transcript that cannot be read, an endpoint that is none.
pub fn model(chosen: &ModelSettings, workflow: &Workflow) -> Result<Arc<dyn ChatModel>, CommandError> {
    Ok(match chosen {
        ModelSettings::Planner => {
            let tasks: Vec<_> = workflow.catalogue().iter().cloned().collect();
            Arc::new(Planner::new(&tasks))
        }
        ModelSettings::Scripted(path) => Arc::new(Scripted::open(path)?),
        ModelSettings::OpenAi { base_url, model, api_key } => {
            let settings = OpenAiSettings::new(base_url.clone(), model.clone(), api_key.clone());
            Arc::new(OpenAi::new(settings)?)
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
