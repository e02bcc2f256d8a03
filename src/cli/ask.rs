//! `agent ask`: one request, start to finish.

use std::{io::Read as _, path::PathBuf, process::ExitCode};

use clap::Args;

use super::{
    CommandError, Context,
    bounds::{BoundsArgs, ConsentArgs},
    record::{self, Record},
    runtime::block_on,
    wiring::{
        Options,
        session::{Session, Which},
    },
};
use domain::ids::SessionId;

/// A request longer than this is no request, bytes.
const MAX_PROMPT: u64 = 1 << 20;

/// Do what is asked, start to finish.
#[derive(Debug, Args)]
pub struct Ask {
    /// What to do, in plain words; `-` reads it from standard input
    #[arg(required = true, value_name = "REQUEST", num_args = 1..)]
    request: Vec<String>,
    #[command(flatten)]
    bounds: BoundsArgs,
    #[command(flatten)]
    consent: ConsentArgs,
    /// Take results that nobody can verify, as a model of the provider's names no checksum
    #[arg(long)]
    accept_unverified: bool,
    /// Put results into this folder [default: results in AGENT_HOME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with this session, such as ses-7k3q9dm2, or begin it [default: a new one]
    #[arg(long, value_name = "ID")]
    session: Option<SessionId>,
    #[command(flatten)]
    record: Record,
}

impl Ask {
    /// Asks, and ends with the exit code of what came of it.
    ///
    /// # Errors
    /// Settings that make no sense, a home that cannot be used, a model that cannot be made.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let request = self.request()?;
        let settings = context.settings()?;
        let options = Options {
            yes: self.consent.yes,
            allow_mainnet: self.consent.allow_mainnet,
            bounds: self.bounds.bounds(),
            takes_unverified: self.accept_unverified,
            out_dir: self.out.as_ref().map(|out| settings.cwd().join(out)),
        };
        self.record.begin(context, "ask", &options)?;
        let done = block_on(async {
            let which = self.session.clone().map_or(Which::Fresh, Which::Named);
            let mut session = Session::begin(context, options, which)?;
            let done = session.turn(&request).await;
            Ok(session.end(done))
        });
        record::end(context, &done);
        // A reader that goes away stops the turn as Ctrl-C does, and the code says so where work was left.
        done.map(ExitCode::from)
    }

    fn request(&self) -> Result<String, CommandError> {
        let text = match self.request.as_slice() {
            [dash] if dash == "-" => {
                let mut text = String::new();
                let read = std::io::stdin().take(MAX_PROMPT).read_to_string(&mut text);
                read.map_err(|e| CommandError::failed("standard_input", e))?;
                text
            }
            words => words.join(" "),
        };
        if text.trim().is_empty() {
            return Err(CommandError::usage("the request is empty")
                .hint("try: agent ask \"Run protein folding on examples/data.fasta\""));
        }
        Ok(text)
    }
}
