//! `agent results`: what a job left, or all jobs of a request, for people and for other programs.

mod batch;
mod records;

pub use batch::write_records;

use std::{
    fs,
    io::{self, IsTerminal as _, Read as _, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    str::FromStr,
};

use clap::Args;
use serde_json::{Value, json};

use self::records::Separator;
use super::{CommandError, Context, Kind, completions, jobs::Which};
use crate::tools::schema::file_text;
use domain::{
    bounded,
    hash::Hashed,
    ids::{JobId, JobIdError, RequestId},
    job::{Job, JobResult, ResultFile},
    result::{BOUNDS, RESULT_FILE, ResultDocument},
    text::is_hidden,
    units,
};
use guard::config::plain_file;

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
        let (job, result) = self.find(context)?;
        if let Some(name) = &self.cat {
            return cat(named(&result, name)?, &result.folder);
        }
        if let Some(to) = &self.copy {
            return copy(context, &result, &context.settings()?.cwd().join(to));
        }
        if self.csv || self.tsv {
            return records::print(context, document(&result)?, separator);
        }
        if self.open {
            return open(&result.folder);
        }
        list(context, &job, &result);
        Ok(ExitCode::SUCCESS)
    }

    /// The job that is meant, and its result.
    fn find(&self, context: &Context) -> Result<(Job, JobResult), CommandError> {
        if let Some(Of::Job(job)) = &self.of {
            let (_, job) = Which { job: Some(job.clone()) }.find(context)?;
            return match job.result.clone() {
                Some(result) => Ok((job, result)),
                None => Err(CommandError::new(
                    Kind::Failed,
                    "no_result",
                    format!("{} has no result: it is {}", job.id, job.state),
                )
                .hint(format!("agent jobs show {}", job.id))),
            };
        }
        let jobs = match context.ledger_if_any()? {
            Some(ledger) => ledger.jobs()?,
            None => Vec::new(),
        };
        let newest = jobs.into_iter().rev().find_map(|job| job.result.clone().map(|result| (job, result)));
        newest.ok_or_else(|| {
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

impl Failed {
    /// Of this file, as a person is told of it.
    fn of(self, name: &str) -> CommandError {
        let name = units::clean(name, 80);
        match self {
            Failed::Changed(why) => {
                CommandError::new(Kind::Failed, "result_changed", format!("{name} is not as it came: {why}"))
                    .hint("it was changed, moved or removed after the job was done; ask for the work anew with --anew")
            }
            Failed::Io(error) => {
                CommandError::new(Kind::Failed, "write", format!("{name} cannot be passed on: {error}"))
                    .hint("check that it can be read, and that there is room where it goes")
            }
        }
    }
}

/// Why a file was not passed on.
enum Failed {
    /// It is not what it was.
    Changed(String),
    /// It cannot be read, or where it goes takes no more.
    Io(io::Error),
}

/// Passes a file on, and holds it against its checksum.
fn checked(folder: &Path, file: &ResultFile, to: &mut dyn Write) -> Result<(), Failed> {
    let from = plain_file::open_itself(&folder.join(&file.name)).map_err(|error| Failed::Changed(error.to_string()))?;
    let mut passed = Hashed::new(to);
    // A byte more than it had tells that it grew.
    io::copy(&mut from.take(file.bytes.saturating_add(1)), &mut passed).map_err(Failed::Io)?;
    let (_, bytes, sha256) = passed.finish();
    if bytes != file.bytes {
        let more = if bytes > file.bytes { "more than " } else { "" };
        let had = units::bytes(file.bytes);
        return Err(Failed::Changed(format!("it has {more}{} and had {had}", units::bytes(bytes.min(file.bytes)))));
    }
    if sha256 == file.sha256 { Ok(()) } else { Err(Failed::Changed("its checksum is another one".to_owned())) }
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
    checked(&result.folder, file, &mut text).map_err(|failed| failed.of(RESULT_FILE))?;
    bounded::from_slice(&text, BOUNDS).map_err(|error| unread(error.to_string()))
}

fn cat(file: &ResultFile, folder: &Path) -> Result<ExitCode, CommandError> {
    // What a terminal would obey goes to none.
    if io::stdout().is_terminal() && !is_text(folder, file)? {
        return Err(CommandError::new(
            Kind::Failed,
            "binary",
            format!("{} is no plain text", units::clean(&file.name, 80)),
        )
        .hint("print it into a file or a program: agent results --cat FILE > NEW"));
    }
    match checked(folder, file, &mut io::stdout().lock()) {
        // Whoever read as much as they wanted is served.
        Err(Failed::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        done => done.map(|()| ExitCode::SUCCESS).map_err(|failed| failed.of(&file.name)),
    }
}

/// Whether a file holds text that a terminal only shows: no character of it is one that nobody sees.
fn is_text(folder: &Path, file: &ResultFile) -> Result<bool, CommandError> {
    let mut look = Look::default();
    checked(folder, file, &mut look).map_err(|failed| failed.of(&file.name))?;
    Ok(look.is_text())
}

/// Looks at text that comes in pieces.
#[derive(Default)]
struct Look {
    /// The bytes of a character whose end has not come.
    begun: Vec<u8>,
    hidden: bool,
}

impl Look {
    fn is_text(&self) -> bool {
        !self.hidden && self.begun.is_empty()
    }
}

impl Write for Look {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(piece);
        let valid = match std::str::from_utf8(&self.begun) {
            Ok(text) => text.len(),
            Err(error) => {
                self.hidden |= error.error_len().is_some();
                error.valid_up_to()
            }
        };
        let text = String::from_utf8_lossy(self.begun.get(..valid).unwrap_or_default());
        self.hidden |= text.chars().any(|c| c != '\n' && c != '\t' && is_hidden(c));
        if self.hidden {
            self.begun.clear();
        } else {
            self.begun.drain(..valid);
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Copies each file under another name first, so that none is there half.
fn copy(context: &Context, result: &JobResult, to: &Path) -> Result<ExitCode, CommandError> {
    let failed = |what: &Path, error: io::Error| {
        CommandError::new(Kind::Failed, "copy", format!("{} cannot be written: {error}", what.display()))
            .hint("name a folder that is yours and has none of these files yet")
    };
    fs::create_dir_all(to).map_err(|error| failed(to, error))?;
    if let Some(there) =
        result.files.iter().map(|file| to.join(&file.name)).find(|path| path.symlink_metadata().is_ok())
    {
        return Err(failed(&there, io::Error::from(io::ErrorKind::AlreadyExists)));
    }
    for file in &result.files {
        let path = to.join(&file.name);
        let new = tempfile::Builder::new().permissions(plain_file::of_results()).tempfile_in(to);
        let mut new = new.map_err(|error| failed(to, error))?;
        checked(&result.folder, file, &mut new).map_err(|failed| failed.of(&file.name))?;
        new.persist_noclobber(&path).map_err(|error| failed(&path, error.error))?;
    }
    if context.json() {
        context.output.json(&json!({"copied": result.files.len(), "to": to}));
    } else {
        let files = units::counted(result.files.len() as u64, "file", "files");
        context.output.lines([format!("{files} copied to {}", to.display())]);
    }
    Ok(ExitCode::SUCCESS)
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

fn list(context: &Context, job: &Job, result: &JobResult) {
    if context.json() {
        context.output.json(&json!({"job": job.id, "folder": result.folder, "files": result.files}));
        return;
    }
    let look = &context.look;
    let rows = result
        .files
        .iter()
        .map(|file| vec![units::clean(&file.name, 80), units::bytes(file.bytes), file.sha256.to_string()]);
    let title = format!("{} of {}, in {}", job.id, job.task_type, result.folder.display());
    context.output.lines(look.paragraph(crate::face::look::Tone::Plain, &title));
    context.output.lines(look.table(&["file", "size", "sha256"], rows.collect(), &[1], 0));
}

#[cfg(test)]
mod tests {
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
