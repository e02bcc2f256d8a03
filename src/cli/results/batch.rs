//! The results of all jobs of a request: one list, and one table of their records.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::{Value, json};

use super::{
    super::{CommandError, Context, Kind},
    document,
    records::{self, Columns, Separator, line, text},
};
use crate::face::{look::Tone, status::state_words};
use domain::{
    hash::Hashed,
    ids::{JobId, RequestId},
    job::{Job, JobResult},
    request::{Begun, Work},
    units,
};
use guard::{config::plain_file, ledger::Ledger};

/// The table of all records in a folder of results.
const RECORDS: &str = "records.tsv";
/// The columns before those of the records.
const LEADING: [&str; 2] = ["sample", "job"];

/// So many pieces of work without a line are named beside a table before the rest is counted.
const MOST_NAMED: usize = 20;

/// A request's jobs, with what tables call each, and what of it became no job.
pub(super) struct Batch {
    request: RequestId,
    jobs: Vec<(String, Job)>,
    /// What tables would call it, and why it cannot be done where that is known.
    undone: Vec<(String, Option<String>)>,
}

/// Jobs whose result is not as it came, with what is wrong.
type Spoilt = BTreeMap<JobId, CommandError>;

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
        let kept = ledger.request(id)?.request;
        let mut begun = kept.begun;
        if begun.is_empty() {
            // Of a request of before the ledger kept what its work became.
            let jobs = ledger.jobs()?.into_iter().filter(|job| job.request.as_ref() == Some(id));
            let name = |job: &Job| job.verdict.dataset.path.to_string_lossy().into_owned();
            begun = jobs.map(|job| Begun { names: vec![name(&job)], job: job.id }).collect();
        }
        let called = |work: &Work| work.name().to_string_lossy().into_owned();
        let is_begun = |name: &String| begun.iter().any(|begun| begun.names.contains(name));
        // What was agreed to in part alone waits for the rest of it.
        let waits = kept.work.iter().map(called).filter(|name| !is_begun(name)).map(|name| (name, None));
        let cannot = kept.undone.iter().map(|undone| (called(&undone.work), Some(undone.cannot.sentence())));
        let mut undone: Vec<(String, Option<String>)> = waits.chain(cannot).collect();
        let names = begun.iter().flat_map(|begun| &begun.names).chain(undone.iter().map(|(name, _)| name));
        let folder = common_folder(names);
        let short = |name: String| match Path::new(&name).strip_prefix(&folder) {
            Ok(rest) if !rest.as_os_str().is_empty() => rest.to_string_lossy().into_owned(),
            _ => name,
        };
        undone = undone.into_iter().map(|(name, why)| (short(name), why)).collect();
        let mut jobs = Vec::new();
        for Begun { job, names } in begun {
            let job = ledger.job(&job)?;
            jobs.extend(names.into_iter().map(|name| (short(name), job.clone())));
        }
        Ok(Batch { request: id.clone(), jobs, undone })
    }

    /// All of it: `6 pieces of work`.
    fn all(&self) -> String {
        units::counted((self.jobs.len() + self.undone.len()) as u64, "piece of work", "pieces of work")
    }

    /// 0 where all of it has a result that is as it came.
    fn code(&self, spoilt: &Spoilt) -> ExitCode {
        let whole =
            self.undone.is_empty() && spoilt.is_empty() && self.jobs.iter().all(|(_, job)| job.result.is_some());
        if whole { ExitCode::SUCCESS } else { ExitCode::from(Kind::Failed.code()) }
    }

    /// Says what has no line in a table: `beside`, where some have, and what became no job or is not as it came, by name.
    fn tell(&self, context: &Context, beside: Option<String>, spoilt: &Spoilt) {
        let undone = self.undone.iter().map(|(name, why)| {
            let why = why.as_deref().unwrap_or("it waits for somebody's yes");
            format!("{}: {}", units::clean(name, 80), units::clean(why, 300))
        });
        let named = self.jobs.iter().filter_map(|(name, job)| {
            let error = spoilt.get(&job.id)?;
            let hint = error.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
            Some(format!("{}: {}{hint}", units::clean(name, 80), error.sentence()))
        });
        let all: Vec<String> = undone.chain(named).collect();
        let rest = all.len().saturating_sub(MOST_NAMED);
        let more = (rest > 0).then(|| format!("and {} more", units::count(rest as u64)));
        for text in beside.into_iter().chain(all.into_iter().take(MOST_NAMED)).chain(more) {
            context.errors.lines(context.errors_look.paragraph(Tone::Care, &text));
        }
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
            for (name, why) in &self.undone {
                context.output.json(&json!({"request": self.request, "sample": name, "job": null, "why": why}));
            }
            return Ok(self.code(&Spoilt::new()));
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
        rows.extend(self.undone.iter().map(|(name, why)| {
            let state = if why.is_some() { "cannot be done" } else { "not begun" };
            [&units::clean(name, 80), "", state, "", ""].map(str::to_owned).to_vec()
        }));
        let done = self.with_result().count();
        let title = format!("{}: {}, {} with a result", self.request, self.all(), units::count(done as u64));
        context.output.lines(context.look.paragraph(Tone::Plain, &title));
        context.output.lines(context.look.table(&["sample", "job", "state", "file", "size"], rows, &[4], 0));
        self.tell(context, None, &Spoilt::new());
        Ok(self.code(&Spoilt::new()))
    }

    /// Prints one table of all records; what has no result is told beside it.
    pub(super) fn print(&self, context: &Context, separator: Separator) -> Result<ExitCode, CommandError> {
        let mut spoilt = Spoilt::new();
        let columns = self.columns(&mut spoilt)?;
        let mut write = |text: &str| {
            context.output.write(text);
            Ok(!context.output.is_closed())
        };
        self.table(&columns, separator, &mut spoilt, &mut write)?;
        let is_without = |job: &Job| job.result.is_none() || spoilt.contains_key(&job.id);
        let without = self.undone.len() + self.jobs.iter().filter(|(_, job)| is_without(job)).count();
        let told = format!(
            "{} of {} {} no result and no line in the table: `agent results {}` says how they stand",
            units::count(without as u64),
            self.all(),
            if without == 1 { "has" } else { "have" },
            self.request
        );
        self.tell(context, (without > 0).then_some(told), &spoilt);
        Ok(self.code(&spoilt))
    }

    /// The columns of all records. Documents are read one by one, here and for the rows: a table of a thousand takes no more memory
    /// than the largest.
    fn columns(&self, spoilt: &mut Spoilt) -> Result<Columns, CommandError> {
        let mut columns = Columns::default();
        for (_, job, result) in self.with_result() {
            let Some(records) = read(job, result, spoilt) else { continue };
            columns.add(&records).map_err(|why| self.failed(format!("of {}, {why}", job.id)))?;
        }
        Ok(columns)
    }

    /// The table, line by line, as long as `write` takes more.
    fn table(
        &self,
        columns: &Columns,
        separator: Separator,
        spoilt: &mut Spoilt,
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
            let Some(mut records) = read(job, result, spoilt) else { continue };
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

/// The records of one of several jobs; nothing where its result is not as it came, which is noted once and stands in no other's way.
fn read(job: &Job, result: &JobResult, spoilt: &mut Spoilt) -> Option<Vec<Value>> {
    if spoilt.contains_key(&job.id) {
        return None;
    }
    match document(result) {
        Ok(document) => Some(records::of(document)),
        Err(error) => {
            spoilt.insert(job.id.clone(), error.told_of(&job.id.to_string()));
            None
        }
    }
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
    let mut spoilt = Spoilt::new();
    let columns = batch.columns(&mut spoilt)?;
    std::fs::create_dir_all(folder).map_err(failed)?;
    let permissions = plain_file::of_results();
    let mut file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder).map_err(failed)?;
    let mut write = |text: &str| file.write_all(text.as_bytes()).map(|()| true).map_err(failed);
    batch.table(&columns, Separator::Tab, &mut spoilt, &mut write)?;
    if let Some((_, error)) = spoilt.pop_first() {
        return Err(error);
    }
    match file.persist_noclobber(&path) {
        // Written when the request was carried out before.
        Err(error) if is_same(error.file.path(), &path) => Ok(path),
        Err(error) => Err(failed(error.error)),
        Ok(_) => Ok(path),
    }
}

/// Whether two files have the same content, as far as they can be read.
fn is_same(one: &Path, two: &Path) -> bool {
    let of = |path: &Path| {
        let mut all = Hashed::new(std::io::sink());
        std::io::copy(&mut plain_file::open_itself(path).ok()?, &mut all).ok()?;
        Some(all.finish().2)
    };
    of(one).is_some_and(|one| of(two) == Some(one))
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
