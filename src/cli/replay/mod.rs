//! `agent replay`: a recorded run, played again offline or shown step by step.

mod play;
mod show;

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::{CommandError, Context};
use cassette::read::{Cassette, ReadError};

/// Play a recorded run again: the same program against the recorded answers, without network or keys.
#[derive(Debug, Args)]
pub struct Replay {
    /// What `--record` wrote
    file: PathBuf,
    /// Show the run step by step, and play nothing
    #[arg(long)]
    show: bool,
    /// Show one step whole
    #[arg(long, value_name = "N", requires = "show")]
    step: Option<usize>,
    /// Show what the person was shown, as it was shown
    #[arg(long, requires = "show", conflicts_with = "step")]
    events: bool,
    /// Folder of the datasets, which a record does not hold [default: the working folder, then the recorded one]
    #[arg(long, value_name = "DIR", conflicts_with = "show")]
    data: Option<PathBuf>,
}

impl Replay {
    /// Plays or shows.
    ///
    /// # Errors
    /// A file that is no record; a dataset that is not there; a run that departs from its record.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let cassette = Cassette::read(&self.file)?;
        match (self.show, self.step, self.events) {
            (false, ..) => play::run(context, &cassette, self.data.as_deref()),
            (true, Some(step), _) => show::step(context, &cassette, step),
            (true, None, true) => show::events(context, &cassette),
            (true, None, false) => show::list(context, &cassette),
        }
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> CommandError {
        let hint = error.hint();
        CommandError::failed("cassette", error).hint(hint)
    }
}
