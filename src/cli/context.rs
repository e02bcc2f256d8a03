//! What every command is given. Nothing in it is made before a command asks for it.

use std::{
    cell::OnceCell,
    io::IsTerminal as _,
    sync::{Arc, OnceLock},
};

use console::Term;
use secrecy::ExposeSecret as _;

use super::{CommandError, Global, logging, record::RecordedEvents, tasks};
use crate::face::{jsonl::JsonLines, look::Look, output::Output, terminal::Terminal, thoughts::WithoutThoughts};
use cassette::{Tape, play::Player, record::Recorder, scrub::known};
use domain::{
    event::{Event, Sink},
    ids::SessionId,
    task::{TaskOrigin, TaskType},
};
use guard::{
    config::{Environment, Key, Overrides, Settings},
    ledger::{Ledger, log},
    machine::catalogue::{Catalogue, read_folder},
};

/// The name under which a record keeps the owner's tasks.
const OWN_TASKS: &str = "own tasks";

/// What every command is given.
pub struct Context {
    /// The flags that every command takes.
    pub global: Global,
    /// The process's environment.
    pub env: Environment,
    /// How lines for people are laid out.
    pub look: Look,
    /// Standard output.
    pub output: Output,
    /// The same for standard error.
    pub errors_look: Look,
    /// Standard error.
    pub errors: Output,
    session: OnceLock<SessionId>,
    settings: OnceCell<Settings>,
    catalogue: OnceCell<Catalogue>,
    tape: OnceLock<Tape>,
    sink: OnceLock<Arc<dyn Sink>>,
}

impl Context {
    /// The context of this process.
    pub fn of_process(global: Global) -> Context {
        let env = Environment::of_process();
        let no_color = env.get("NO_COLOR").is_some() || env.get("TERM").is_some_and(|term| term == "dumb");
        let (look, errors_look) = (Look::of(&Term::stdout(), no_color), Look::of(&Term::stderr(), no_color));
        Context {
            global,
            env,
            look,
            output: Output::new(std::io::stdout()),
            errors_look,
            errors: Output::new(std::io::stderr()),
            session: OnceLock::new(),
            settings: OnceCell::new(),
            catalogue: OnceCell::new(),
            tape: OnceLock::new(),
            sink: OnceLock::new(),
        }
    }

    /// The same with other settings, and no session yet: a run that is played has nothing of this process's own.
    pub fn of_record(&self, settings: Settings, player: Arc<Player>) -> Context {
        Context {
            global: self.global.clone(),
            env: Environment::default(),
            look: self.look,
            output: self.output.clone(),
            errors_look: self.errors_look,
            errors: self.errors.clone(),
            session: OnceLock::new(),
            settings: OnceCell::from(settings),
            catalogue: OnceCell::new(),
            tape: OnceLock::from(Tape::Playing(player)),
            sink: OnceLock::new(),
        }
    }

    /// The session of this run: a fresh one, unless it goes on with another.
    pub fn session(&self) -> &SessionId {
        self.session.get_or_init(SessionId::random)
    }

    /// Goes on with a session of another day. To be called before anything was said.
    pub fn go_on_with(&self, session: SessionId) {
        // Whoever was first decides; nothing is said before the session is known.
        let _ = self.session.set(session);
    }

    /// The tape of this run; one that is off unless the run is recorded or played.
    pub fn tape(&self) -> &Tape {
        self.tape.get().unwrap_or(&Tape::Off)
    }

    /// Records this run. To be called before anything was said or opened.
    pub fn record(&self, recorder: Arc<Recorder>) {
        // A run has one tape, and one that is played is never recorded: nobody calls this twice.
        let _ = self.tape.set(Tape::Recording(recorder));
    }

    /// Whether standard output is for programs.
    pub fn json(&self) -> bool {
        self.global.json
    }

    /// The settings, loaded on the first call; logs begin with them.
    ///
    /// # Errors
    /// When a file of settings cannot be read or parsed.
    pub fn settings(&self) -> Result<&Settings, CommandError> {
        if let Some(settings) = self.settings.get() {
            return Ok(settings);
        }
        let cwd = std::env::current_dir().map_err(|e| {
            CommandError::failed("working_directory", e)
                .hint("the working directory is gone or closed to you; cd elsewhere")
        })?;
        let loaded = Settings::load(&self.overrides(), &self.env, &cwd)?;
        let secrets = loaded.secrets();
        known::keep_out(secrets.iter().map(|(name, secret)| (*name, secret.expose_secret())));
        logging::start(loaded.value(Key::AgentLog).map_or("off", |v| v.text()))?;
        Ok(self.settings.get_or_init(|| loaded))
    }

    fn overrides(&self) -> Overrides {
        Overrides {
            home: self.global.home.clone(),
            profile: self.global.profile.clone(),
            model: self.global.model.clone(),
            log: logging::filter_of(self.global.verbose),
        }
    }

    /// The tasks there are: those of the program, and the owner's. What is wrong with a file of the owner's is told once, and
    /// the others are there.
    ///
    /// # Errors
    /// When others may write to the owner's folder of tasks, or it cannot be read.
    pub fn catalogue(&self) -> Result<&Catalogue, CommandError> {
        if let Some(catalogue) = self.catalogue.get() {
            return Ok(catalogue);
        }
        let mut catalogue = Catalogue::builtin().map_err(tasks::wrong_file)?;
        match self.tape().player() {
            Some(player) => {
                for task in player.value::<Vec<TaskType>>(OWN_TASKS).unwrap_or_default() {
                    let file = format!("{}.toml", task.name);
                    catalogue.add(&file, task).map_err(tasks::wrong_file)?;
                }
            }
            None => {
                let wrong =
                    read_folder(&mut catalogue, &self.settings()?.home().tasks()).map_err(tasks::wrong_folder)?;
                for error in wrong {
                    let message = format!("the task file {error}; the task is left out");
                    self.sink().emit(Event::Warning { message });
                }
                let own: Vec<&TaskType> = catalogue.iter().filter(|task| task.origin == TaskOrigin::Owner).collect();
                self.tape().note(OWN_TASKS, &own);
            }
        }
        Ok(self.catalogue.get_or_init(|| catalogue))
    }

    /// Where this run's events go: JSON Lines for programs, the terminal face for people.
    pub fn sink(&self) -> Arc<dyn Sink> {
        self.sink
            .get_or_init(|| {
                let face: Arc<dyn Sink> = if self.json() {
                    Arc::new(JsonLines::new(self.session().clone(), self.output.clone(), self.tape().clone()))
                } else {
                    Arc::new(self.terminal())
                };
                let face = if self.global.thoughts { face } else { Arc::new(WithoutThoughts::new(face)) };
                match self.tape().recorder() {
                    Some(recorder) => Arc::new(RecordedEvents::new(face, Arc::clone(recorder))),
                    None => face,
                }
            })
            .clone()
    }

    /// The face for people.
    pub fn terminal(&self) -> Terminal {
        // A bar is drawn on standard error; where results go to a file, it would only be in the way.
        let bars = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        Terminal::new(self.look, self.output.clone(), self.errors.clone(), bars, science::draw)
    }

    /// Says what a person should know about their settings, once.
    ///
    /// # Errors
    /// When the settings cannot be loaded.
    pub fn warn(&self) -> Result<(), CommandError> {
        for message in self.settings()?.warnings.clone() {
            self.sink().emit(Event::Warning { message });
        }
        Ok(())
    }

    /// The ledger, where there is one: looking at jobs makes no folder.
    ///
    /// # Errors
    /// When it is there and cannot be opened.
    pub fn ledger_if_any(&self) -> Result<Option<Ledger>, CommandError> {
        let home = self.settings()?.home();
        if !log::is_begun(home.path()) {
            return Ok(None);
        }
        Ok(Some(Ledger::open(home.path())?.on(self.tape().clone())))
    }

    /// The ledger, made where there is none.
    ///
    /// # Errors
    /// When the home folder or the ledger cannot be made.
    pub fn ledger(&self) -> Result<Ledger, CommandError> {
        let home = self.settings()?.home();
        home.ensure()?;
        Ok(Ledger::open(home.path())?.on(self.tape().clone()))
    }
}
