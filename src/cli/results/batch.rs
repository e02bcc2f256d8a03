//! The results of all jobs of a request: one list, and one table of their records.

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::json;

use super::{
    super::{CommandError, Context, Kind},
    document,
    records::{self, Columns, Separator, line, text},
};
use crate::face::{look::Tone, status::state_words};
use domain::{
    ids::RequestId,
    job::{Job, JobResult},
    request::Begun,
    units,
};
use guard::{config::plain_file, ledger::Ledger};

/// The table of all records in a folder of results.
const RECORDS: &str = "records.tsv";
/// The columns before those of the records.
const LEADING: [&str; 2] = ["sample", "job"];

/// A request's jobs, with what tables call each.
pub(super) struct Batch {
    request: RequestId,
    jobs: Vec<(String, Job)>,
}

impl Batch {
    /// The jobs of a request, in the order of its work.
    ///
    /// # Errors
    /// No such request; one of which nothing is begun.
    pub(super) fn of(context: &Context, id: &RequestId) -> Result<Batch, CommandError> {
        let Some(ledger) = context.ledger_if_any()? else {
            return Err(CommandError::new(Kind::Failed, "no_such_request", "there are no requests yet")
                .hint("`agent run TASK FILE...` makes one"));
        };
        let batch = Batch::in_ledger(&ledger, id)?;
        if batch.jobs.is_empty() {
            return Err(CommandError::new(Kind::Failed, "no_result", format!("nothing of {id} is begun"))
                .hint(format!("`agent run --resume {id}` takes it up")));
        }
        Ok(batch)
    }

    fn in_ledger(ledger: &Ledger, id: &RequestId) -> Result<Batch, CommandError> {
        let mut begun = ledger.request(id)?.request.begun;
        if begun.is_empty() {
            // Of a request of before the ledger kept what its work became.
            let jobs = ledger.jobs()?.into_iter().filter(|job| job.request.as_ref() == Some(id));
            let name = |job: &Job| job.verdict.dataset.path.to_string_lossy().into_owned();
            begun = jobs.map(|job| Begun { names: vec![name(&job)], job: job.id }).collect();
        }
        let folder = common_folder(begun.iter().flat_map(|begun| &begun.names));
        let mut jobs = Vec::new();
        for Begun { job, names } in begun {
            let job = ledger.job(&job)?;
            for name in names {
                let short = Path::new(&name).strip_prefix(&folder).map(|rest| rest.to_string_lossy().into_owned());
                jobs.push((short.unwrap_or(name), job.clone()));
            }
        }
        Ok(Batch { request: id.clone(), jobs })
    }

    fn with_result(&self) -> impl Iterator<Item = (&String, &Job, &JobResult)> {
        self.jobs.iter().filter_map(|(name, job)| Some((name, job, job.result.as_ref()?)))
    }

    /// Lists each job with its files.
    pub(super) fn list(&self, context: &Context) -> Result<ExitCode, CommandError> {
        if context.json() {
            for (name, job) in &self.jobs {
                let result = job.result.as_ref();
                context.output.json(&json!({
                    "request": self.request, "sample": name, "job": job.id, "state": job.state,
                    "folder": result.map(|result| &result.folder), "files": result.map(|result| &result.files),
                }));
            }
            return Ok(ExitCode::SUCCESS);
        }
        let mut rows = Vec::new();
        for (name, job) in &self.jobs {
            let first = [units::clean(name, 80), job.id.to_string(), state_words(job.state).to_owned()];
            let files = job.result.iter().flat_map(|result| &result.files);
            let files: Vec<[String; 2]> =
                files.map(|file| [units::clean(&file.name, 80), units::bytes(file.bytes)]).collect();
            let row = |cells: &[String; 2]| first.iter().chain(cells).cloned().collect::<Vec<_>>();
            match files.is_empty() {
                true => rows.push(row(&[String::new(), String::new()])),
                false => rows.extend(files.iter().map(row)),
            }
        }
        let done = self.with_result().count();
        let of = units::counted(self.jobs.len() as u64, "piece of work", "pieces of work");
        let title = format!("{}: {of}, {} with a result", self.request, units::count(done as u64));
        context.output.lines(context.look.paragraph(Tone::Plain, &title));
        context.output.lines(context.look.table(&["sample", "job", "state", "file", "size"], rows, &[4], 0));
        Ok(ExitCode::SUCCESS)
    }

    /// Prints one table of all records; what has no result is told beside it.
    pub(super) fn print(&self, context: &Context, separator: Separator) -> Result<ExitCode, CommandError> {
        let columns = self.columns()?;
        let mut write = |text: &str| {
            context.output.write(text);
            Ok(!context.output.is_closed())
        };
        self.table(&columns, separator, &mut write)?;
        let without: BTreeSet<&str> =
            self.jobs.iter().filter(|(_, job)| job.result.is_none()).map(|(_, job)| job.id.as_str()).collect();
        if !without.is_empty() {
            let told = format!(
                "{} of {} {} no result and no line in the table: `agent results {}` says how they stand",
                units::count(without.len() as u64),
                units::counted(self.jobs.len() as u64, "piece of work", "pieces of work"),
                if without.len() == 1 { "has" } else { "have" },
                self.request
            );
            context.errors.lines(context.errors_look.paragraph(Tone::Care, &told));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The columns of all records. Documents are read one by one, here and for the rows: a table of a thousand takes no more memory
    /// than the largest.
    fn columns(&self) -> Result<Columns, CommandError> {
        let mut columns = Columns::default();
        for (_, job, result) in self.with_result() {
            let records = records::of(document(result).map_err(|error| of(job, error))?);
            columns.add(&records).map_err(|why| self.failed(format!("of {}, {why}", job.id)))?;
        }
        Ok(columns)
    }

    /// The table, line by line, as long as `write` takes more.
    fn table(
        &self,
        columns: &Columns,
        separator: Separator,
        write: &mut dyn FnMut(&str) -> Result<bool, CommandError>,
    ) -> Result<(), CommandError> {
        let line = |cells: &[String]| line(cells, separator).map_err(|error| self.failed(error.to_string()));
        // A record's own field of such a name is told apart.
        let own = |name: &String| if LEADING.contains(&name.as_str()) { format!("record.{name}") } else { text(name) };
        let header: Vec<String> =
            LEADING.iter().map(|name| (*name).to_owned()).chain(columns.names.iter().map(own)).collect();
        let mut more = write(&line(&header)?)?;
        for (name, job, result) in self.with_result() {
            if !more {
                break;
            }
            let mut records = records::of(document(result).map_err(|error| of(job, error))?);
            if records.is_empty() {
                // A line all the same: none of the work is missing in the table.
                records.push(json!({}));
            }
            for record in records {
                let mut cells = vec![text(name), job.id.to_string()];
                cells.extend(columns.row(&record));
                more = write(&line(&cells)?)?;
            }
        }
        Ok(())
    }

    fn failed(&self, why: String) -> CommandError {
        CommandError::new(Kind::Failed, "table", format!("there is no table of {}: {why}", self.request))
            .hint(format!("`agent results {}` lists its jobs: have a table of each", self.request))
    }
}

/// An error of one of several jobs.
fn of(job: &Job, error: CommandError) -> CommandError {
    error.told_of(&job.id.to_string())
}

/// Writes the records of a request's jobs into a folder, as one table; gives its path. What is there is left.
///
/// # Errors
/// A file of that name, a folder that cannot be written, results that are gone or changed.
pub fn write_records(ledger: &Ledger, request: &RequestId, folder: &Path) -> Result<PathBuf, CommandError> {
    let path = folder.join(RECORDS);
    let failed = |error: std::io::Error| {
        CommandError::new(
            Kind::Failed,
            "write",
            format!("{} cannot be written: {}", path.display(), plain_file::why(&error)),
        )
        .hint(format!("`agent results {request} --tsv` prints the table"))
    };
    let batch = Batch::in_ledger(ledger, request)?;
    let columns = batch.columns()?;
    std::fs::create_dir_all(folder).map_err(failed)?;
    let permissions = plain_file::of_results();
    let mut file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder).map_err(failed)?;
    batch
        .table(&columns, Separator::Tab, &mut |text| file.write_all(text.as_bytes()).map(|()| true).map_err(failed))?;
    file.persist_noclobber(&path).map_err(|error| failed(error.error))?;
    Ok(path)
}

/// The folder that all these names lie in; empty where there is none.
fn common_folder<'n>(names: impl Iterator<Item = &'n String>) -> PathBuf {
    let mut parents = names.map(|name| Path::new(name).parent().unwrap_or(Path::new("")));
    let first = parents.next().unwrap_or(Path::new("")).to_owned();
    parents.fold(first, |common, next| {
        let both = common.components().zip(next.components());
        both.take_while(|(one, two)| one == two).map(|(one, _)| one).collect()
    })
}
