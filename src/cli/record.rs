//! `--record FILE`: keeping a run for `agent replay`.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use secrecy::ExposeSecret as _;

use super::{CommandError, Context, wiring::Options};
use crate::{agent::prompt, tools};
use cassette::{
    format::{Start, VERSION, What},
    record::Recorder,
};
use domain::{
    event::{Event, Sink},
    hash::Sha256,
};
use guard::{config::Settings, machine::catalogue::Catalogue};

/// Where a run is recorded.
#[derive(Debug, Default, Args)]
pub struct Record {
    /// Record the run into this new file, without secrets, for `agent replay`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

impl Record {
    /// Begins the record, where one was asked for.
    ///
    /// # Errors
    /// A file that is there already, or cannot be made.
    pub fn begin(&self, context: &Context, command: &str, options: &Options) -> Result<(), CommandError> {
        let Some(path) = &self.record else { return Ok(()) };
        let settings = context.settings()?;
        let recorder = Recorder::create(path).map_err(|e| refused(path, &e))?;
        for (name, secret) in settings.secrets() {
            recorder.secret(name, secret.expose_secret().as_bytes());
        }
        recorder.write(What::Start(Box::new(start(context, settings, command, options)?)));
        context.record(Arc::new(recorder));
        Ok(())
    }
}

/// Ends the record, where there is one, with how the run ended.
pub fn end(context: &Context, done: &Result<u8, CommandError>) {
    let Some(recorder) = context.tape().recorder() else { return };
    let exit_code = match done {
        Ok(code) => *code,
        Err(error) => {
            recorder.told(&error.event());
            error.kind.code()
        }
    };
    recorder.end(exit_code);
    if let Some(why) = recorder.failure() {
        let message = format!("the record in {} is not whole: {why}", recorder.path().display());
        context.sink().emit(Event::Warning { message });
    }
}

fn refused(path: &Path, error: &io::Error) -> CommandError {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => CommandError::usage(format!("{shown} is there already"))
            .hint("name another file: a record is never written over another"),
        _ => CommandError::usage(format!("{shown} cannot be made: {error}"))
            .hint("name a file in a folder that is yours: --record run.cassette"),
    }
}

fn start(context: &Context, settings: &Settings, command: &str, options: &Options) -> Result<Start, CommandError> {
    let flags = [
        ("--yes", options.yes),
        ("--allow-mainnet", options.allow_mainnet),
        ("--accept-unverified", options.takes_unverified),
        ("--json", context.json()),
    ];
    let shown = settings.shown().into_iter().filter_map(|s| Some((s.name.to_owned(), s.value?)));
    Ok(Start {
        cassette: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        command: command.to_owned(),
        bounds: options.bounds,
        flags: flags.iter().filter(|(_, given)| *given).map(|(flag, _)| (*flag).to_owned()).collect(),
        folder: settings.cwd().display().to_string(),
        home: settings.home().path().display().to_string(),
        out: options.out_dir.as_ref().map(|out| out.display().to_string()),
        settings: shown.collect(),
        built: built()?,
    })
}

/// What of this program a conversation depends on, each by its hash.
pub fn built() -> Result<BTreeMap<String, Sha256>, CommandError> {
    let catalogue = Catalogue::builtin().map_err(super::tasks::wrong_file)?;
    let tasks: Vec<_> = catalogue.iter().collect();
    let of = |value: serde_json::Result<String>| value.map(|text| Sha256::of(text.as_bytes()));
    let hashes = || {
        Ok::<_, serde_json::Error>(BTreeMap::from([
            ("prompts".to_owned(), Sha256::of(prompt::texts().concat().as_bytes())),
            ("tools".to_owned(), of(serde_json::to_string(&tools::schemas()))?),
            ("catalogue".to_owned(), of(serde_json::to_string(&tasks))?),
        ]))
    };
    hashes().map_err(|e| CommandError::failed("catalogue", e))
}

/// A sink that also keeps what it is told, in a run that is recorded.
pub struct RecordedEvents {
    inner: Arc<dyn Sink>,
    recorder: Arc<Recorder>,
}

impl RecordedEvents {
    /// `inner`, kept.
    pub fn new(inner: Arc<dyn Sink>, recorder: Arc<Recorder>) -> RecordedEvents {
        RecordedEvents { inner, recorder }
    }
}

impl Sink for RecordedEvents {
    fn emit(&self, event: Event) {
        self.recorder.told(&event);
        self.inner.emit(event);
    }

    fn rest(&self) {
        self.inner.rest();
    }
}
