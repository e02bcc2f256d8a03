//! `agent completions SHELL`, and the answers to a shell that completes: it asks this very program, which knows its jobs.

use std::{ffi::OsString, process::ExitCode};

use clap::{Args, Command, CommandFactory as _};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCandidates, CompletionCandidate},
    env::Shells,
};

use super::{Cli, CommandError, Context, Global};
use domain::{job::Job, units::clean};
use guard::machine::catalogue::{Catalogue, read_folder};

/// The variable by which a shell says that it completes, and which one it is.
const ASKED: &str = "AGENT_COMPLETE";
/// As many jobs are offered, the newest.
const MOST: usize = 50;

/// Print a shell's completions.
#[derive(Debug, Args)]
pub struct Completions {
    /// For this shell
    shell: clap_complete::Shell,
}

impl Completions {
    /// Prints what the shell is to read: from then on it asks this program.
    ///
    /// # Errors
    /// None that a test of each shell would not have found.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let text = registration(self.shell).map_err(|e| CommandError::failed("completions", e))?;
        if context.json() {
            context.output.json(&serde_json::json!({"shell": self.shell.to_string(), "completions": text}));
        } else {
            context.output.write(&text);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn registration(shell: clap_complete::Shell) -> std::io::Result<String> {
    let shells = Shells::builtins();
    let name = shell.to_string();
    let of_shell = shells.completer(&name).ok_or_else(|| std::io::Error::other(format!("{name} is not known")))?;
    let mut text = Vec::new();
    of_shell.write_registration(ASKED, "agent", "agent", "agent", &mut text)?;
    String::from_utf8(text).map_err(std::io::Error::other)
}

/// Answers a shell that completes; nothing where none asked. To be called before anything else is done.
pub fn answer(arguments: &[OsString]) -> Option<ExitCode> {
    let here = std::env::current_dir().ok();
    match CompleteEnv::with_factory(offered).var(ASKED).try_complete(arguments.to_vec(), here.as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        // A shell shows what it is told; an error of ours would stand in the middle of what is typed.
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// All jobs, the newest first.
pub fn jobs() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(|_| true))
}

/// Jobs that have not ended, the newest first.
pub fn open_jobs() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(|job| !job.state.is_end()))
}

/// The tasks of the catalogue.
pub fn tasks() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let mut catalogue = Catalogue::builtin().ok();
        let context = Context::of_process(Global::default());
        // What is wrong with a file of the owner's is told by `agent tasks`.
        if let (Some(catalogue), Ok(settings)) = (&mut catalogue, context.settings()) {
            let _ = read_folder(catalogue, &settings.home().tasks());
        }
        let tasks = catalogue.iter().flat_map(Catalogue::iter);
        tasks.map(|task| CompletionCandidate::new(&task.name).help(Some(task.title.clone().into()))).collect()
    })
}

/// The jobs of this user's ledger, where there is one. What cannot be read offers nothing: nobody asked for an error here.
fn candidates(wanted: fn(&Job) -> bool) -> Vec<CompletionCandidate> {
    let context = Context::of_process(Global::default());
    let jobs = context.ledger_if_any().ok().flatten().and_then(|ledger| ledger.jobs().ok()).unwrap_or_default();
    let newest_first = jobs.into_iter().rev().filter(wanted).take(MOST);
    let offered = newest_first.enumerate().map(|(place, job)| {
        let dataset = clean(&job.verdict.dataset.path.display().to_string(), 60);
        let help = format!("{}, {} of {dataset}", job.state, job.task_type);
        CompletionCandidate::new(job.id.as_str()).help(Some(help.into())).display_order(Some(place))
    });
    offered.collect()
}

/// The program's definition without what it starts itself as: nobody types that.
fn offered() -> Command {
    let all = Cli::command();
    let shown: Vec<Command> = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    Global::augment_args(Command::new("agent").version(env!("CARGO_PKG_VERSION"))).subcommands(shown)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_shell_is_told_to_ask_this_program() {
        for shell in clap_complete::Shell::value_variants() {
            let text = registration(*shell).unwrap();
            assert!(text.contains(ASKED) && text.contains("agent"), "{shell}: {text}");
        }
    }

    #[test]
    fn what_is_hidden_is_not_offered() {
        let names: Vec<String> = offered().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        assert!(names.iter().any(|name| name == "ask"));
        assert!(!names.iter().any(|name| name == "worker" || name == "sandbox-host"), "{names:?}");
    }
}
