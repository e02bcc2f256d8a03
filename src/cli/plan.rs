//! `agent plan`: what a task on files comes to, written as a file that a person reads, changes and runs.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use super::{
    CommandError, Context, Kind,
    runtime::block_on,
    wanted::Wanted,
    wiring::{Options, Wired},
};
use crate::{
    agent::outcome,
    face::{approve::AtTerminal, look::Tone, plan_file},
};
use domain::path_text::for_shell;
use guard::{
    config::plain_file,
    policy::approval::{Approver, Nobody},
};

/// Write the plan of a task on files, with its price: nothing is run, sent or paid.
#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    wanted: Wanted,
    /// Write the plan file here [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Plan {
    /// Plans, and writes the plan file; with `--json` the plan itself is the output.
    ///
    /// # Errors
    /// A plan file that cannot be read or written; a home that cannot be used.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let settings = context.settings()?;
        let (given, session) = self.wanted.given(context)?;
        if let Some(session) = session {
            context.go_on_with(session);
        }
        let sink = if context.json() { context.sink() } else { std::sync::Arc::new(domain::event::Silent) };
        // Nobody is asked now; whether somebody reads it is what the plan depends on.
        let approver: std::sync::Arc<dyn Approver> = match context.json() {
            true => std::sync::Arc::new(Nobody),
            false => std::sync::Arc::new(AtTerminal::new(context.look)),
        };
        let wired = Wired::with(context, Options::default(), sink, approver)?;
        let plan = block_on(async { Ok(wired.workflow.plan(&context.session().0, given.request, None).await?) })?;
        let reasons = || plan.work.iter().filter_map(|piece| piece.cannot.as_ref());
        let code = outcome::worst(reasons().map(|cannot| cannot.exit_code));
        let text = plan_file::write(&plan);
        // What makes no sense is mended in the command, and leaves no file.
        match &self.output {
            _ if code == Kind::Usage.code() => {}
            Some(path) => {
                let path = settings.cwd().join(path);
                write_new(&path, &text).map_err(|e| {
                    CommandError::new(
                        Kind::Failed,
                        "plan_file",
                        format!("{} cannot be written: {}", path.display(), plain_file::why(&e)),
                    )
                    .hint("name a file that is not there yet, in a folder that is yours to write")
                })?;
                if !context.json() {
                    context.output.lines(context.look.field("Plan", Tone::Good, &path.display().to_string()));
                    // Not wrapped, so that it can be typed as it stands.
                    context.output.lines([format!("Run it     agent run --plan {}", for_shell(&path))]);
                }
            }
            None if !context.json() => context.output.write(&text),
            None => {}
        }
        if let Some(cannot) = reasons().find(|cannot| cannot.exit_code == code).filter(|_| !context.json()) {
            context.errors.lines(crate::face::render::wrong(&context.errors_look, &cannot.why, cannot.hint.as_deref()));
        }
        Ok(ExitCode::from(code))
    }
}

/// Writes a file that is not there yet, whole or not at all.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist_noclobber(path).map_err(|e| e.error)?;
    Ok(())
}
