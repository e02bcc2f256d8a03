//! The format of a case: one YAML file a case. Unknown fields are errors, and an error names the file and the field.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use regex::Regex;
use serde::Deserialize;

use super::{
    files::{self, FileMade},
    flags::{Flags, FlagsWritten, RequestWanted, RequestWritten},
    yaml::{self, given, needed},
};
use domain::{job::JobState, verdict::Place};
use guard::{
    config::plain_file,
    machine::{Supposed, catalogue::Catalogue},
};

/// An id is no longer than this, characters.
const MAX_ID: usize = 100;
/// More than any case, bytes.
const MAX_BYTES: u64 = 16 << 20;

/// A case: what is there, what is said, and what must come of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name in reports, unique within a folder.
    pub id: String,
    /// The file it was read from, without its folder.
    pub file: String,
    /// What the probe of the machine reports, where the case says so.
    pub machine: Supposed,
    /// What lies in the working folder.
    pub files: Vec<FileMade>,
    /// What a person says, turn by turn.
    pub turns: Vec<String>,
    /// The flags it is played with.
    pub flags: Flags,
    /// What must come of it.
    pub expect: Expect,
}

/// What must come of a case. What is left out is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// Exactly these jobs, in any order.
    pub jobs: Option<Vec<JobWanted>>,
    /// Confirmed payments over the whole case.
    pub payments: Option<usize>,
    /// Each of these was understood, in any turn.
    pub requests: Vec<RequestWanted>,
    /// Whether the last turn ended in a plan: one that waits for consent, or that was all that was asked for.
    pub plan: Option<bool>,
    /// Each must match somewhere in the last answer.
    pub answer: Vec<Regex>,
}

/// A job that is expected. What is left out may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobWanted {
    /// The catalogue's name of its task.
    #[serde(default, deserialize_with = "given")]
    pub task: Option<String>,
    /// Its dataset, as in `files`.
    #[serde(default, deserialize_with = "given")]
    pub dataset: Option<String>,
    /// Where it was to run.
    #[serde(default, rename = "where", deserialize_with = "given")]
    pub place: Option<Place>,
    /// The state it is in when the last turn is over.
    #[serde(default, deserialize_with = "given")]
    pub end: Option<JobState>,
}

/// A file that is no case, in one sentence: `fold.yaml: files[0].fasta.lenght: unknown field ...`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}{problem}", .field.as_ref().map(|f| format!("{f}: ")).unwrap_or_default())]
pub struct BrokenCase {
    /// The file, without its folder.
    pub file: String,
    /// Which field, where it is about one: `files[0].fasta.length`.
    pub field: Option<String>,
    /// What is wrong with it, and what is expected.
    pub problem: String,
}

/// Why there are no cases to play at all.
#[derive(Debug, thiserror::Error)]
pub enum NoCases {
    /// The folder, or the file, cannot be read.
    #[error("the cases in {path} cannot be read: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No file of YAML is there.
    #[error("there is no case in {0}: a case is a file whose name ends in .yaml or .yml")]
    None(PathBuf),
}

/// A case as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    #[serde(default, deserialize_with = "needed")]
    machine: MachineWritten,
    #[serde(default, deserialize_with = "needed")]
    files: Vec<files::Written>,
    #[serde(deserialize_with = "needed")]
    turns: Vec<String>,
    #[serde(default, deserialize_with = "needed")]
    flags: FlagsWritten,
    expect: ExpectWritten,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MachineWritten {
    #[serde(default, deserialize_with = "given")]
    ram: Option<String>,
    #[serde(default, deserialize_with = "given")]
    cores: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectWritten {
    #[serde(default, deserialize_with = "given")]
    jobs: Option<Vec<JobWanted>>,
    #[serde(default, deserialize_with = "given")]
    payments: Option<usize>,
    #[serde(default, deserialize_with = "needed")]
    requests: Vec<RequestWritten>,
    #[serde(default, deserialize_with = "given")]
    plan: Option<bool>,
    #[serde(default, deserialize_with = "needed")]
    answer: Vec<String>,
}

/// Reads every case of a folder, or the one of a file, in the order of their names; what is no case beside those that are.
///
/// # Errors
/// When the folder cannot be read or has no case in it.
pub fn read_cases(path: &Path, catalogue: &Catalogue) -> Result<(Vec<Case>, Vec<BrokenCase>), NoCases> {
    let (mut cases, mut broken): (Vec<Case>, Vec<BrokenCase>) = (Vec::new(), Vec::new());
    let mut seen: HashMap<String, String> = HashMap::new();
    for path in files_of(path)? {
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let read = plain_file::text(&path, MAX_BYTES)
            .map_err(|e| BrokenCase { file: file.clone(), field: None, problem: format!("cannot be read: {e}") })
            .and_then(|text| Case::parse(&file, &text, catalogue));
        match read {
            Err(why) => broken.push(why),
            Ok(case) => match seen.get(&case.id) {
                Some(other) => broken.push(BrokenCase {
                    file,
                    field: Some("id".to_owned()),
                    problem: format!("`{}` is the id of {other} already; each case has its own", case.id),
                }),
                None => {
                    seen.insert(case.id.clone(), file);
                    cases.push(case);
                }
            },
        }
    }
    Ok((cases, broken))
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, NoCases> {
    let failed = |source| NoCases::Read { path: path.to_owned(), source };
    if fs::metadata(path).map_err(failed)?.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    files_in(path, &mut found).map_err(failed)?;
    found.sort();
    if found.is_empty() { Err(NoCases::None(path.to_owned())) } else { Ok(found) }
}

/// The files of YAML in a folder and its folders.
fn files_in(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            files_in(&path, found)?;
        } else if path.extension().is_some_and(|e| ["yaml", "yml"].iter().any(|known| e.eq_ignore_ascii_case(known))) {
            found.push(path);
        }
    }
    Ok(())
}

/// What is wrong with a field: which, and why.
pub(super) type Flaw = (String, String);

impl Case {
    /// Reads a case's text; `file` is for messages.
    ///
    /// # Errors
    /// What is no case: which field, and what is expected of it.
    pub fn parse(file: &str, text: &str, catalogue: &Catalogue) -> Result<Case, BrokenCase> {
        let broken = |field: Option<String>, problem: String| BrokenCase { file: file.to_owned(), field, problem };
        let written = yaml::read::<Written>(text).map_err(|(field, problem)| broken(field, problem))?;
        checked(file, written, catalogue).map_err(|(field, problem)| broken(Some(field), problem))
    }
}

fn checked(file: &str, written: Written, catalogue: &Catalogue) -> Result<Case, Flaw> {
    let flaw = |field: &str, problem: &str| Err((field.to_owned(), problem.to_owned()));
    let id = written.id.trim().to_owned();
    if id.is_empty() || id.chars().count() > MAX_ID || id.chars().any(char::is_control) {
        return flaw("id", "a name of 1 to 100 visible characters is expected");
    }
    if written.turns.is_empty() {
        return flaw("turns", "at least one turn is expected: what the person says");
    }
    if let Some(at) = written.turns.iter().position(|t| t.trim().is_empty()) {
        return flaw(&format!("turns[{at}]"), "a turn that says something is expected");
    }
    Ok(Case {
        id,
        file: file.to_owned(),
        machine: machine(&written.machine)?,
        files: files::checked(written.files)?,
        turns: written.turns,
        flags: written.flags.checked()?,
        expect: expect(written.expect, catalogue)?,
    })
}

fn machine(written: &MachineWritten) -> Result<Supposed, Flaw> {
    let ram = written.ram.as_deref().map(|text| {
        let size: Result<bytesize::ByteSize, String> = text.trim().parse();
        size.ok().map(|s| s.as_u64()).filter(|&bytes| bytes > 0).ok_or_else(|| {
            ("machine.ram".to_owned(), format!("a size such as `8 GB` is expected, and `{text}` is none"))
        })
    });
    if written.cores == Some(0) {
        return Err(("machine.cores".to_owned(), "at least 1 is expected".to_owned()));
    }
    Ok(Supposed { ram: ram.transpose()?, cores: written.cores })
}

fn expect(written: ExpectWritten, catalogue: &Catalogue) -> Result<Expect, Flaw> {
    let says_something = written.jobs.is_some()
        || written.payments.is_some()
        || written.plan.is_some()
        || !written.requests.is_empty()
        || !written.answer.is_empty();
    if !says_something {
        let problem = "at least one of jobs, payments, requests, plan and answer is expected: a case that nothing can fail \
                       tells nothing";
        return Err(("expect".to_owned(), problem.to_owned()));
    }
    for (at, job) in written.jobs.iter().flatten().enumerate() {
        if let Some(task) = job.task.as_deref().filter(|task| catalogue.get(task).is_none()) {
            let known: Vec<&str> = catalogue.iter().map(|t| t.name.as_str()).collect();
            let problem = format!("there is no task `{task}`; expected one of {}", known.join(", "));
            return Err((format!("expect.jobs[{at}].task"), problem));
        }
    }
    let requests = written.requests.into_iter().enumerate().map(|(at, request)| request.checked(at, catalogue));
    let requests = requests.collect::<Result<Vec<_>, _>>()?;
    let mut answer = Vec::with_capacity(written.answer.len());
    for (at, text) in written.answer.iter().enumerate() {
        let regex = Regex::new(text).map_err(|error| {
            let said = error.to_string();
            // The last line of a syntax error says what is wrong; those before draw where.
            let why = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            (format!("expect.answer[{at}]"), format!("`{text}` is no regular expression: {why}"))
        })?;
        answer.push(regex);
    }
    Ok(Expect { jobs: written.jobs, payments: written.payments, requests, plan: written.plan, answer })
}

#[cfg(test)]
mod tests;
