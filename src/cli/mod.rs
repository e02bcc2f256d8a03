//! The command line: one file a command, one error at the edge.
//!
//! Parsing is cheap and comes first; a command makes what it needs and nothing more, so that `agent --version` or
//! `agent tasks` open no ledger and no network.

mod ask;
pub mod bounds;
mod chat;
mod completions;
mod config;
mod context;
mod demo;
mod doctor;
mod error;
mod interrupt;
mod jobs;
#[cfg(not(all(feature = "mcp", feature = "node", feature = "sandbox", feature = "trial")))]
mod left_out;
mod logging;
mod man;
#[cfg(feature = "mcp")]
mod mcp;
mod memory;
#[cfg(feature = "node")]
mod node;
mod paths;
mod plan;
mod record;
mod replay;
mod results;
mod run;
mod runtime;
#[cfg(feature = "sandbox")]
mod sandbox;
#[cfg(feature = "sandbox")]
mod sandbox_host;
mod tasks;
mod tools;
#[cfg(feature = "trial")]
mod trial;
mod wallet;
mod wanted;
mod wiring;
mod worker;

use std::{ffi::OsString, io::IsTerminal as _, path::PathBuf, process::ExitCode};

use clap::{ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, error::ErrorKind};

use crate::face::render;

#[cfg(not(all(feature = "mcp", feature = "node", feature = "sandbox", feature = "trial")))]
use left_out::*;

pub use self::{
    context::Context,
    error::{CommandError, Kind},
};

/// The program's arguments.
#[derive(Debug, Parser)]
#[command(name = "agent", version, about, long_about = LONG_ABOUT, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do; the conversation, where nothing is said on a terminal.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const LONG_ABOUT: &str = "Scientific Orchestrator: say in plain words what is to be computed on which file. It decides \
whether the job fits this machine; if not, it stages the data, submits the job, pays for it within your limits, waits, \
fetches the result, checks it and explains it.\n\nWith nothing configured it uses an offline planner and a sandbox: no \
key, no account, no real money.";

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage, 3 refused by policy, 4 approval needed and nobody to \
ask, 5 over budget, 6 the job failed, 7 a payment is unresolved, 130 interrupted.";

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Print JSON Lines on standard output, and nothing else there
    #[arg(long, global = true)]
    pub json: bool,
    /// Folder of the ledger, results and settings [default: AGENT_HOME]
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// `sandbox` or `live` [default: AGENT_PROFILE, or found out]
    #[arg(long, global = true, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// `planner`, `scripted:PATH`, or a model's name [default: AGENT_MODEL]
    #[arg(long, global = true, value_name = "MODEL")]
    pub model: Option<String>,
    /// Read the wallet's passphrase from this open file descriptor
    #[arg(long, global = true, value_name = "FD")]
    pub passphrase_fd: Option<u32>,
    /// Show what the model thinks before it answers, dimmed; with --json as `thought.delta`
    #[arg(long, global = true)]
    pub thoughts: bool,
    /// Log to standard error; twice for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Do what is asked, start to finish
    Ask(ask::Ask),
    /// Run a task on files, start to finish: for scripts and pipelines
    Run(run::Run),
    /// Write the plan of a task on files, with its price, as a file to read, change and run
    Plan(plan::Plan),
    /// Talk: history, completion, streamed answers
    Chat(chat::Chat),
    /// Show the story of a 5 GB dataset as a dry run; needs no configuration
    Demo(demo::Demo),
    /// Play a recorded run again offline, or show it step by step
    Replay(replay::Replay),
    /// Look at jobs, take them up again, or give them up
    Jobs(jobs::Jobs),
    /// List a job's result files, print one, copy them, or have their records as a table
    Results(results::Results),
    /// Show the tasks: what can be computed, and what each needs
    Tasks(tasks::Tasks),
    /// Print the JSON Schemas of the tools that a model may call
    Tools(tools::Tools),
    /// Show every setting with where it came from
    Config(config::Config),
    /// Check the model, storage, provider, chain, wallet, files and programs
    Doctor(doctor::Doctor),
    /// Show who pays, with how much, and how much may still be spent
    Wallet(wallet::Wallet),
    /// Play cases against the configured model, and report what came of them
    #[cfg_attr(not(feature = "trial"), command(hide = true))]
    Trial(trial::Trial),
    /// Serve jobs over the AIOZ AI API, paid in GAS
    #[cfg_attr(not(feature = "node"), command(hide = true))]
    Node(node::Node),
    /// Offer the guarded tools to other agents, over MCP
    #[cfg_attr(not(feature = "mcp"), command(hide = true))]
    Mcp(mcp::Mcp),
    /// Hold the sandbox open and print how to reach it, for trying other programs on it
    #[cfg_attr(not(feature = "sandbox"), command(hide = true))]
    Sandbox(sandbox::Sandbox),
    /// Print a shell's completions
    Completions(completions::Completions),
    /// Print the man page, or write a page a command
    Man(man::Man),
    /// Run one task in this process: the program starts itself so
    #[command(hide = true)]
    Worker,
    /// Serve the sandbox: the program starts itself so
    #[command(hide = true)]
    SandboxHost(sandbox_host::SandboxHost),
}

/// Runs the program; the process ends with what this gives.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(answered) = completions::answer(&arguments) {
        return answered;
    }
    let parsed = paths::from_home(Cli::command()).try_get_matches_from(&arguments);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&arguments, &error),
    };
    if !matches!(cli.command, Some(Command::Worker | Command::SandboxHost(_))) {
        // Those two are given no secret of a person's.
        memory::close();
        memory::open_more();
    }
    let context = Context::of_process(cli.global);
    let done = dispatch(cli.command, &context);
    let code = done.unwrap_or_else(|error| {
        report(&context, &error);
        error.exit_code()
    });
    match context.output.lost() {
        // Whoever reads the output later would miss what the exit code says was done.
        Some(why) if code == ExitCode::SUCCESS => {
            let error = CommandError::new(Kind::Failed, "output", format!("standard output cannot be written: {why}"))
                .hint("make room there; `agent jobs list` shows what was done");
            context.errors.lines(render::wrong(&context.errors_look, &error.sentence(), error.hint.as_deref()));
            error.exit_code()
        }
        _ => code,
    }
}

fn dispatch(command: Option<Command>, context: &Context) -> Result<ExitCode, CommandError> {
    match command {
        Some(Command::Ask(ask)) => ask.run(context),
        Some(Command::Run(run)) => run.run(context),
        Some(Command::Plan(plan)) => plan.run(context),
        Some(Command::Chat(chat)) => chat.run(context),
        Some(Command::Demo(demo)) => demo.run(context),
        Some(Command::Replay(replay)) => replay.run(context),
        Some(Command::Jobs(jobs)) => jobs.run(context),
        Some(Command::Results(results)) => results.run(context),
        Some(Command::Tasks(tasks)) => tasks.run(context),
        Some(Command::Tools(tools)) => tools.run(context),
        Some(Command::Config(config)) => config.run(context),
        Some(Command::Doctor(doctor)) => doctor.run(context),
        Some(Command::Trial(trial)) => trial.run(context),
        Some(Command::Node(node)) => node.run(context),
        Some(Command::Mcp(mcp)) => mcp.run(context),
        Some(Command::Sandbox(sandbox)) => sandbox.run(context),
        Some(Command::Wallet(wallet)) => wallet.run(context),
        Some(Command::Completions(completions)) => completions.run(context),
        Some(Command::Man(man)) => man.run(context),
        Some(Command::Worker) => worker::worker(),
        Some(Command::SandboxHost(host)) => host.run(context),
        None if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() => chat::Chat::default().run(context),
        None if context.json() => {
            Err(CommandError::usage("no command is given").hint("`agent help` shows the commands"))
        }
        None => {
            let help = Cli::command().max_term_width(100).render_help();
            context.errors.write(&help.to_string());
            Ok(ExitCode::from(Kind::Usage.code()))
        }
    }
}

/// Help and version are no errors; what cannot be parsed is said on standard error, or as an event for programs.
fn unparsed(arguments: &[OsString], error: &clap::Error) -> ExitCode {
    if arguments.iter().any(|a| a == "--json") {
        let context = Context::of_process(Global { json: true, ..Global::default() });
        let text = error.to_string();
        if error.use_stderr() {
            let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
            report(&context, &CommandError::usage(message).hint("`agent help` shows the commands"));
        } else {
            let what = if error.kind() == ErrorKind::DisplayVersion { "version" } else { "help" };
            context.output.json(&serde_json::json!({what: text.trim_end()}));
        }
    } else if error.use_stderr() {
        // It quotes what was typed: without secrets that the settings know, and without what nobody sees.
        let context = Context::of_process(Global::default());
        let _ = context.settings();
        context.errors.write(&error.render().to_string());
    } else {
        // A closed standard output is no reason for another error.
        let _ = error.print();
    }
    ExitCode::from(if error.use_stderr() { Kind::Usage.code() } else { 0 })
}

/// Says what went wrong: `error:` and `hint:` on standard error, or an event for programs.
fn report(context: &Context, error: &CommandError) {
    if context.json() {
        context.sink().emit(error.event());
        return;
    }
    let lines = render::wrong(&context.errors_look, &error.sentence(), error.hint.as_deref());
    context.errors.lines(lines);
}

#[cfg(test)]
mod tests;
