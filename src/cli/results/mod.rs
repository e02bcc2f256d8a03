//! `agent results`: what a job left, or all jobs of a request, for people and for other programs.

mod batch;
mod check;
mod copy;
mod left;
mod records;

pub use batch::write_records;

use std::{
    io::{self, IsTerminal as _, Seek as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    str::FromStr,
};

use clap::Args;
use serde_json::{Value, json};

use self::{
    check::{Failed, Look, checked, opened},
    records::Separator,
};
use super::{CommandError, Context, Kind, completions, jobs::Which};
use crate::{face::look::Tone, job::results::results_folder, tools::schema::file_text};
use domain::{
    bounded,
    ids::{JobId, JobIdError, RequestId},
    job::{Job, JobResult, ResultFile},
    result::{BOUNDS, RESULT_FILE, ResultDocument},
    units,
};

/// List the result files of a job or of a request, print one, copy them, or have their records as a table.
#[derive(Debug, Args)]
pub struct Results {
    /// The job, such as job-7k3q9dm2, or the request, such as req-7k3q9dm2, of which all jobs are meant [default: the newest job with
    /// a result]
    #[arg(value_name = "JOB|REQUEST", add = completions::jobs())]
    of: Option<Of>,
    /// Print this file as it is
    #[arg(long, value_name = "FILE", conflicts_with_all = ["copy", "csv", "tsv", "open"])]
    cat: Option<String>,
    /// Copy all files into this folder; none that is there is written over
    #[arg(long, value_name = "DIR", conflicts_with_all = ["csv", "tsv", "open"])]
    copy: Option<PathBuf>,
    /// Print the records as CSV (RFC 4180), a line each; those of a request with columns for sample and job
    #[arg(long, conflicts_with_all = ["tsv", "open"])]
    csv: bool,
    /// Print the records as TSV, a line each; those of a request with columns for sample and job
    #[arg(long, conflicts_with = "open")]
    tsv: bool,
    /// Print the JSON Schema of result.json
    #[arg(long, conflicts_with_all = ["of", "cat", "copy", "csv", "tsv", "open"])]
    schema: bool,
    /// Open the folder in the desktop's file browser
    #[arg(long)]
    open: bool,
}

/// Whose results.
#[derive(Debug, Clone)]
enum Of {
    Job(JobId),
    Request(RequestId),
}

impl FromStr for Of {
    type Err = String;
    fn from_str(text: &str) -> Result<Of, String> {
        match text.parse() {
            Ok(request) => Ok(Of::Request(request)),
            Err(_) if text.starts_with("req-") => {
                Err(format!("{} is not a request id: they look like req-7k3q9dm2", units::quoted(text)))
            }
            Err(_) => text.parse().map(Of::Job).map_err(|error: JobIdError| error.to_string()),
        }
    }
}

/// What opens a folder on a desktop (freedesktop.org).
const OPENER: &str = "xdg-open";

impl Results {
    /// Runs it. What is printed or copied is held against the checksum that was kept when the result came.
    ///
    /// # Errors
    /// No such job or file, a job without a result; files that are gone or were changed; a folder that cannot be written.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        if self.schema {
            match context.json() {
                true => context.output.json(&schema()),
                false => context.output.write(&file_text(&schema())),
            }
            return Ok(ExitCode::SUCCESS);
        }
        let separator = if self.csv { Separator::Comma } else { Separator::Tab };
        if let Some(Of::Request(id)) = &self.of {
            if self.cat.is_some() || self.copy.is_some() || self.open {
                return Err(CommandError::usage("--cat, --copy and --open are of one job, and a request has several")
                    .hint(format!("`agent results {id}` lists its jobs: name one of them")));
            }
            let batch = batch::Batch::of(context, id)?;
            return if self.csv || self.tsv { batch.print(context, separator) } else { batch.list(context) };
        }
        let (job, result) = match self.find(context)? {
            (job, Some(result)) => (job, result),
            (job, None) => {
                let folder = results_folder(&job, context.settings()?.home().path());
                return left::run(context, &job, &folder, self.cat.as_deref());
            }
        };
        if let Some(name) = &self.cat {
            return cat(named(&result, name)?, &result.folder);
        }
        if let Some(to) = &self.copy {
            return copy::copy(context, &result, &context.settings()?.cwd().join(to));
        }
        if self.csv || self.tsv {
            return records::print(context, document(&result)?, separator);
        }
        if self.open {
            return open(&result.folder);
        }
        list(context, &job, &result)
    }

    /// The job that is meant, and its result where it has one.
    fn find(&self, context: &Context) -> Result<(Job, Option<JobResult>), CommandError> {
        if let Some(Of::Job(job)) = &self.of {
            let (_, job) = Which { job: Some(job.clone()) }.find(context)?;
            let result = job.result.clone();
            return Ok((job, result));
        }
        let jobs = match context.ledger_if_any()? {
            Some(ledger) => ledger.jobs()?,
            None => Vec::new(),
        };
        let newest = jobs.into_iter().rev().find(|job| job.result.is_some());
        newest.map(|job| (job.clone(), job.result)).ok_or_else(|| {
            CommandError::new(Kind::Failed, "no_result", "no job has a result yet")
                .hint("agent jobs list shows how they stand")
        })
    }
}

/// What `result.json` holds, as `docs/result.schema.json` has it.
fn schema() -> Value {
    schemars::schema_for!(ResultDocument).to_value()
}

fn named<'r>(result: &'r JobResult, name: &str) -> Result<&'r ResultFile, CommandError> {
    result.files.iter().find(|file| file.name == name).ok_or_else(|| {
        let names: Vec<String> = result.files.iter().map(|file| units::clean(&file.name, 80)).collect();
        CommandError::usage(format!("the result has no file {}", units::clean(name, 80)))
            .hint(format!("it has {}", names.join(", ")))
    })
}

/// The result document, read from the same opening of it that is held against its checksum.
fn document(result: &JobResult) -> Result<ResultDocument, CommandError> {
    let file = named(result, RESULT_FILE)?;
    let unread =
        |why: String| CommandError::new(Kind::Failed, "result", format!("{RESULT_FILE} cannot be read: {why}"));
    if file.bytes > BOUNDS.bytes {
        return Err(unread(format!(
            "it has {}, and at most {} are read",
            units::bytes(file.bytes),
            units::bytes(BOUNDS.bytes)
        )));
    }
    let mut text = Vec::new();
    opened(&result.folder, file)
        .and_then(|from| checked(&from, file, &mut text))
        .map_err(|failed| failed.of(RESULT_FILE))?;
    bounded::from_slice(&text, BOUNDS).map_err(|error| unread(error.to_string()))
}

/// Prints a file once all of it was held against its checksum, from the same opening of it.
fn cat(file: &ResultFile, folder: &Path) -> Result<ExitCode, CommandError> {
    let failed = |failed: Failed| failed.of(&file.name);
    let mut from = opened(folder, file).map_err(failed)?;
    let mut look = Look::default();
    checked(&from, file, &mut look).map_err(failed)?;
    may_be_shown(&look, &file.name)?;
    from.rewind().map_err(|error| failed(Failed::Io(error)))?;
    match checked(&from, file, &mut io::stdout().lock()) {
        // Whoever read as much as they wanted is served.
        Err(Failed::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        done => done.map(|()| ExitCode::SUCCESS).map_err(failed),
    }
}

/// What a terminal would obey goes to none.
fn may_be_shown(look: &Look, name: &str) -> Result<(), CommandError> {
    if look.is_text() || !io::stdout().is_terminal() {
        return Ok(());
    }
    let message = format!("{} is no plain text", units::clean(name, 80));
    Err(CommandError::new(Kind::Failed, "binary", message)
        .hint("print it into a file or a program: agent results --cat FILE > NEW"))
}

fn open(folder: &Path) -> Result<ExitCode, CommandError> {
    let quiet =
        Command::new(OPENER).arg(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match quiet {
        Ok(status) if status.success() => Ok(ExitCode::SUCCESS),
        Ok(_) | Err(_) => {
            let why = format!("{} cannot be opened: there is no desktop that {OPENER} knows", folder.display());
            Err(CommandError::new(Kind::Failed, "open", why)
                .hint("agent results lists the files; --copy DIR copies them"))
        }
    }
}

/// Lists the files, each held against its checksum.
fn list(context: &Context, job: &Job, result: &JobResult) -> Result<ExitCode, CommandError> {
    let state = |file: &ResultFile| check::state(&result.folder, file);
    let states = result.files.iter().map(state).collect::<Result<Vec<_>, _>>()?;
    let files = || result.files.iter().zip(&states);
    let odd: Vec<String> = files()
        .filter(|(_, state)| !state.is_whole())
        .map(|(file, state)| format!("{} {}", units::clean(&file.name, 80), state.since()))
        .collect();
    if context.json() {
        let files: Vec<Value> = files()
            .map(|(file, state)| {
                json!({"name": file.name, "bytes": file.bytes, "sha256": file.sha256, "state": state.word()})
            })
            .collect();
        context.output.json(&json!({"job": job.id, "folder": result.folder, "files": files}));
    } else {
        // Of what is not as it came, the checksum that was kept says nothing.
        let row = |(file, state): (&ResultFile, &check::State)| {
            let sha256 = if state.is_whole() { file.sha256.to_string() } else { state.word().to_owned() };
            vec![units::clean(&file.name, 80), units::bytes(file.bytes), sha256]
        };
        let title = format!("{} of {}, in {}", job.id, job.task_type, result.folder.display());
        context.output.lines(context.look.paragraph(Tone::Plain, &title));
        context.output.lines(context.look.table(&["file", "size", "sha256"], files().map(row).collect(), &[1], 0));
    }
    if odd.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let message = format!("the result of {} is not as it came: {}", job.id, odd.join(", "));
    Err(CommandError::new(Kind::Failed, "result_changed", message).hint(check::ANEW))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_schema_is_as_generated() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/result.schema.json");
        let there = fs::read_to_string(path).unwrap_or_default();
        let drifted = "it drifted: run `agent results --schema > docs/result.schema.json`";
        assert_eq!(there, file_text(&schema()), "{drifted}");
        assert!(!jsonschema::is_valid(&schema(), &json!({"job": "job-a"})));
    }
}
