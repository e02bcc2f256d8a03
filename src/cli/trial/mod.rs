//! `agent trial`: how well a model does, on cases with a known outcome.

mod show;

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use regex::Regex;

use super::{
    CommandError, Context, Kind,
    interrupt::{cancel_of, stoppable},
    runtime::block_on,
    wiring::session::{limits, model},
};
use crate::trial::{self, BrokenCase, Case, Help, Outcome, Plan, Variant, case::NoCases, report};
use domain::units;
use guard::machine::catalogue::Catalogue;

/// Play a folder of cases against the configured model, each on a fresh sandbox, and say what came of them.
#[derive(Debug, Args)]
pub struct Trial {
    /// Folder of cases (files of YAML), or one of them; docs/trial.md has the format
    #[arg(long, value_name = "DIR")]
    cases: PathBuf,
    /// Write what came of them into this file: one HTML page that needs no network
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Leave the model without these helps: narrowing, repair, endings
    #[arg(long, value_name = "HELPS", value_delimiter = ',', value_parser = help)]
    without: Vec<Help>,
    /// Play all cases with all helps, and again without each of them
    #[arg(long, conflicts_with = "without")]
    each: bool,
    /// Play only the cases whose id matches this regular expression
    #[arg(long, value_name = "REGEX")]
    filter: Option<Regex>,
    /// Play each case so many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeat: u16,
    /// Play so many cases at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// A case that takes longer has failed
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    limit: u64,
}

fn help(name: &str) -> Result<Help, String> {
    let known = Help::ALL.map(Help::name).join(", ");
    Help::from_name(name.trim()).ok_or_else(|| format!("expected one of {known}"))
}

impl Trial {
    /// Plays the cases. Exit code 0 when all pass, 1 when one fails, 2 when a file is no case; with `--each`, the plays with
    /// all helps are what counts.
    ///
    /// # Errors
    /// Settings that make no sense; a folder without cases; a report that cannot be written.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let catalogue = Catalogue::builtin().map_err(super::tasks::wrong_file)?;
        let chosen = context.settings()?.model()?;
        let driving = context.settings()?.driving(&chosen)?;
        let limits = limits(&context.settings()?.model_bounds(&chosen)?, chosen.is_metered());
        let (cases, broken) = self.cases(&catalogue)?;
        if let Some(path) = &self.report {
            // Before an hour of work, and not after it.
            writable(path).map_err(|e| unwritable(path, e))?;
        }
        let show = show::Show::new(context);
        show.broken(&broken);
        let name = chosen.name().to_owned();
        let plan = Arc::new(Plan {
            cases,
            variants: if self.each { Variant::each() } else { vec![Variant::without(&self.without)] },
            rounds: self.repeat.into(),
            at_once: self.jobs.into(),
            limit: Duration::from_secs(self.limit),
            limits,
            driving,
            model: Arc::new(move || model(&chosen).map_err(|e| e.sentence())),
            catalogue,
        });
        let cancel = cancel_of(context);
        let bar = bar(context, plan.plays());
        let played = block_on(async {
            let mut done = |outcome: &Outcome| {
                bar.suspend(|| show.outcome(&plan, outcome));
                bar.set_message(show::last(&plan, outcome));
                bar.inc(1);
            };
            let played = stoppable(context.tape(), &cancel, trial::run(&plan, &cancel, &mut done)).await;
            played.ok_or_else(CommandError::interrupted)
        });
        bar.finish_and_clear();
        let outcomes = played?;
        if let Some(path) = &self.report {
            let shown =
                report::Trial { model: &name, plan: &plan, outcomes: &outcomes, broken: &broken, at: Timestamp::now() };
            let page = shown.page().map_err(|e| CommandError::failed("report", e))?;
            write(path, &page).map_err(|e| unwritable(path, e))?;
        }
        let code = code(cancel.is_cancelled(), &broken, &outcomes);
        show.summary(&name, &plan, &outcomes, &broken, self.report.as_deref(), code);
        Ok(ExitCode::from(if context.output.is_closed() { 0 } else { code }))
    }

    fn cases(&self, catalogue: &Catalogue) -> Result<(Vec<Case>, Vec<BrokenCase>), CommandError> {
        let hint = "docs/trial.md has the format of a case; trials/ holds some";
        let (mut cases, broken) = trial::read_cases(&self.cases, catalogue).map_err(|error| {
            let message = error.to_string();
            let error = match error {
                NoCases::Read { source, .. } => CommandError::usage(message).caused_by(source),
                NoCases::None(_) => CommandError::usage(message),
            };
            error.hint(hint)
        })?;
        if let Some(filter) = &self.filter {
            let all = cases.len();
            cases.retain(|case| filter.is_match(&case.id));
            if cases.is_empty() && all > 0 {
                let message = format!("no id of {} matches `{filter}`", units::counted(all as u64, "case", "cases"));
                return Err(CommandError::usage(message).hint("play all of them once to see their ids"));
            }
        }
        Ok((cases, broken))
    }
}

/// What the process ends with. A trial of variants is about all helps against fewer: that fewer do worse is no failure.
fn code(interrupted: bool, broken: &[BrokenCase], outcomes: &[Outcome]) -> u8 {
    match () {
        () if interrupted => Kind::Interrupted.code(),
        () if !broken.is_empty() => Kind::Usage.code(),
        () if outcomes.iter().any(|o| o.variant == 0 && !o.played.passed()) => Kind::Failed.code(),
        () => 0,
    }
}

/// Progress on a terminal; nothing elsewhere.
fn bar(context: &Context, plays: usize) -> ProgressBar {
    use io::IsTerminal as _;
    if plays == 0 || !io::stderr().is_terminal() || (context.json() && io::stdout().is_terminal()) {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(plays as u64), ProgressDrawTarget::stderr_with_hz(10));
    // The template is fixed; should it ever be wrong, indicatif's own bar serves.
    let style = ProgressStyle::with_template("{bar:20} {pos} of {len} cases, {elapsed}, {eta} left  {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ "));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a file can be put where `path` says; nothing stays there.
fn writable(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    tempfile::NamedTempFile::new_in(folder_of(path)).map(drop)
}

/// Whole or not at all.
fn write(path: &Path, page: &str) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let readable = std::fs::Permissions::from_mode(0o644);
    let mut file = tempfile::Builder::new().permissions(readable).tempfile_in(folder_of(path))?;
    file.write_all(page.as_bytes())?;
    file.persist(path).map(drop).map_err(|e| e.error)
}

fn unwritable(path: &Path, error: io::Error) -> CommandError {
    let message = format!("the report {} cannot be written: {error}", path.display());
    CommandError::usage(message).caused_by(error).hint("name a file in a folder that you may write to")
}
