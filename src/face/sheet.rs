//! Sample sheets: a table with a header, of which each line is a piece of work. Pure but for the look at files, which is handed in.
//!
//! A column is the first input, a further input or a parameter of the task, by its name, or `sample`: what tables call the line.
//! Values are those of `--set`. What is wrong anywhere refuses all of it, with its place.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use domain::{
    request::{Input, MOST_WORK, Work},
    task::{ParameterKind, Parameters, TaskType},
    text::is_hidden,
    units::{bytes, clean, count},
};
use guard::machine::{
    catalogue::{ParameterError, check_parameters, written},
    expand::ExpandError,
};

/// No sheet is larger, bytes.
pub const MAX_BYTES: u64 = 16 << 20;
/// The column of names for tables.
const SAMPLE: &str = "sample";
/// A sample's name has at most so many characters.
const LONGEST_NAME: usize = 100;
/// A name at least so much alike is meant: 1 is the same, 0 has nothing in common.
const NEAR: f64 = 0.5;
/// Where relative paths are taken from.
const PLACE: &str = "the folder of the sheet";
/// Of a value or a name so many characters are shown.
const SHOWN: usize = 60;

/// Why a text is no sample sheet: where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}{}{}: {problem}", at_line(*line), at_column(column))]
pub struct SheetError {
    /// The file.
    pub name: String,
    /// From 1, where it is known.
    pub line: Option<u64>,
    /// Of which column, where it is one.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What to do next.
    pub hint: String,
}

fn at_line(line: Option<u64>) -> String {
    line.map(|line| format!(" line {line}")).unwrap_or_default()
}

fn at_column(column: &Option<String>) -> String {
    column.as_ref().map(|column| format!(", {column}")).unwrap_or_default()
}

/// What a sheet is read for.
pub struct Reading<'a> {
    /// What errors call the file.
    pub name: &'a str,
    /// The folder that relative paths are taken from, as it is named from where the program runs: that of the sheet.
    pub folder: &'a Path,
    /// The task.
    pub task: &'a TaskType,
    /// What was set for all lines.
    pub set: &'a Parameters,
    /// Whether there is a file of that name: an error, or a name for something else than one file.
    pub look: &'a dyn Fn(&Path) -> Result<(), NoFile>,
}

/// Why a name in a sheet is no file.
#[derive(Debug)]
pub enum NoFile {
    /// It stands for nothing.
    Expand(ExpandError),
    /// It stands for several.
    Several,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Sample,
    First,
    Further(String),
    Parameter(String),
}

/// The work of a sheet: a piece for each line, in its order.
///
/// # Errors
/// The first thing that is wrong.
pub fn read(text: &[u8], reading: &Reading<'_>) -> Result<Vec<Work>, SheetError> {
    // Lines are counted by one kind of end.
    let text = reading.text(text)?.replace("\r\n", "\n").replace('\r', "\n");
    let first_line = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
    let delimiter = if first_line.contains('\t') { b'\t' } else { b',' };
    let mut lines =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut header: Option<Vec<Column>> = None;
    let mut names: HashMap<String, u64> = HashMap::new();
    let mut work = Vec::new();
    for record in lines.records() {
        let record =
            record.map_err(|error| reading.wrong(None, None, error.to_string(), "save it as CSV or TSV in UTF-8"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let Some(columns) = &header else {
            header = Some(reading.header(line, &record)?);
            continue;
        };
        if work.len() == MOST_WORK {
            let problem =
                format!("it has more than {} lines, and one request holds at most so many", count(MOST_WORK as u64));
            return Err(reading.wrong(Some(line), None, problem, "make several sheets of it"));
        }
        let piece = reading.line(line, columns, &record)?;
        if let Some(sample) = &piece.sample
            && let Some(before) = names.insert(sample.clone(), line)
        {
            let first = work.iter_mut().find(|first: &&mut Work| first.sample == piece.sample);
            if !first.is_some_and(|first| reading.joins(first, &piece)) {
                let problem = format!("`{}` is the sample of line {before} too", clean(sample, SHOWN));
                return Err(reading.wrong(Some(line), Some(SAMPLE), problem, reading.own_name()));
            }
            continue;
        }
        work.push(piece);
    }
    match (header, work.is_empty()) {
        (None, _) => Err(reading.wrong(
            None,
            None,
            "it is empty".to_owned(),
            &format!("its first line names columns: {}", reading.known()),
        )),
        (Some(_), true) => {
            let hint = format!("write a line for each piece of work, with a file for `{}`", reading.task.input);
            Err(reading.wrong(None, None, "it has a header and no line below".to_owned(), &hint))
        }
        (Some(_), false) => Ok(work),
    }
}

impl Reading<'_> {
    fn wrong(&self, line: Option<u64>, column: Option<&str>, problem: String, hint: &str) -> SheetError {
        SheetError {
            name: clean(self.name, 200),
            line: line.filter(|line| *line > 0),
            column: column.map(|column| clean(column, SHOWN)),
            problem: clean(&problem, 400),
            hint: clean(hint, 400),
        }
    }

    /// The text without the mark that spreadsheets begin it with.
    fn text<'t>(&self, text: &'t [u8]) -> Result<&'t str, SheetError> {
        if text.len() as u64 > MAX_BYTES {
            let problem = format!("it has more than {}", bytes(MAX_BYTES));
            return Err(self.wrong(
                None,
                None,
                problem,
                "a sample sheet has a header and a line for each piece of work",
            ));
        }
        let save = "save it as CSV or TSV in UTF-8";
        if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
            return Err(self.wrong(None, None, "it is in UTF-16".to_owned(), save));
        }
        if text.starts_with(b"PK\x03\x04") {
            return Err(self.wrong(None, None, "it is a workbook or an archive".to_owned(), save));
        }
        match std::str::from_utf8(text) {
            Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Err(error) => {
                let before = text.get(..error.valid_up_to()).unwrap_or_default();
                let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
                Err(self.wrong(Some(line), None, "it is no valid UTF-8".to_owned(), save))
            }
        }
    }

    /// Whether lines of one sample are one piece of work: each has a file of an input that takes several.
    fn takes_several(&self) -> bool {
        self.task.rest().is_some_and(|(_, several)| !several.folder)
    }

    /// Takes a line of the same sample into the first one, where all but its file is the same; tells whether it did.
    fn joins(&self, first: &mut Work, line: &Work) -> bool {
        let beside = |work: &Work| work.beside().cloned().collect::<Vec<_>>();
        if !self.takes_several() || first.parameters != line.parameters || beside(first) != beside(line) {
            return false;
        }
        let at = first.dataset_files().count();
        first.inputs.splice(at..at, line.inputs.iter().take(1).cloned());
        true
    }

    fn own_name(&self) -> &'static str {
        match self.takes_several() {
            true => "lines of one sample differ in their file alone",
            false => "give each line a name of its own",
        }
    }

    /// The names that columns may have, in words.
    fn known(&self) -> String {
        let mut names = vec![format!("`{}`", self.task.input)];
        let parameters = self.task.parameters.keys().filter(|name| self.column(name).is_some());
        names.extend(parameters.map(|name| format!("`{name}`")));
        names.push(format!("`{SAMPLE}`"));
        names.join(", ")
    }

    /// What a column of that name holds. A task's own input or parameter `sample` comes first.
    fn column(&self, name: &str) -> Option<Column> {
        match self.task.parameters.get(name).map(|spec| &spec.kind) {
            _ if name == self.task.input => Some(Column::First),
            // Further files of the first input stand in lines of their own.
            Some(ParameterKind::File { rest: true, .. }) => None,
            Some(ParameterKind::File { .. }) => Some(Column::Further(name.to_owned())),
            Some(_) => Some(Column::Parameter(name.to_owned())),
            None if name == SAMPLE => Some(Column::Sample),
            None => None,
        }
    }

    fn header(&self, line: u64, record: &csv::StringRecord) -> Result<Vec<Column>, SheetError> {
        let mut columns = Vec::with_capacity(record.len());
        for name in record.iter().map(str::trim) {
            let wrong = |problem: String, hint: String| Err(self.wrong(Some(line), Some(name), problem, &hint));
            let Some(column) = self.column(name) else {
                return wrong("it is no column that the task knows".to_owned(), self.instead(name));
            };
            if columns.contains(&column) {
                return wrong("the column is there twice".to_owned(), "leave one of them out".to_owned());
            }
            if self.set.contains_key(name) {
                let problem = "it is a column of the sheet, and `--set` sets it for all lines".to_owned();
                return wrong(problem, format!("leave out one of both: the column, or `--set {name}=`"));
            }
            columns.push(column);
        }
        if !columns.contains(&Column::First) {
            let problem = format!("it has no column `{}`, the file that {} works on", self.task.input, self.task.name);
            return Err(self.wrong(Some(line), None, problem, &format!("columns may be {}", self.known())));
        }
        let given = |name: &String| self.set.contains_key(name) || columns.contains(&Column::Further(name.clone()));
        let needs = |kind: &ParameterKind| matches!(kind, ParameterKind::File { required: true, rest: false, .. });
        if let Some((name, _)) = self.task.parameters.iter().find(|(name, spec)| needs(&spec.kind) && !given(name)) {
            let problem = format!("it has no column `{name}`, a file that {} needs", self.task.name);
            let hint = format!("add the column, or name one file for all lines with `--set {name}=FILE`");
            return Err(self.wrong(Some(line), None, problem, &hint));
        }
        Ok(columns)
    }

    /// What a column of a name that is none may be meant as.
    fn instead(&self, name: &str) -> String {
        if name.contains(';') {
            return "its columns are separated by commas or by tabs: save it so".to_owned();
        }
        let names = std::iter::once(&self.task.input).chain(self.task.parameters.keys()).map(String::as_str);
        let alike = |known: &str| strsim::normalized_damerau_levenshtein(known, &name.to_lowercase());
        // What is much longer than any name is like none.
        let names = names.chain([SAMPLE]).filter(|_| name.len() <= 2 * SHOWN);
        let near = names.max_by(|a, b| alike(a).total_cmp(&alike(b)));
        match near.filter(|near| alike(near) >= NEAR) {
            Some(near) => format!("`{near}` is one"),
            None => format!("the first line names columns, which may be {}", self.known()),
        }
    }

    fn line(&self, line: u64, columns: &[Column], record: &csv::StringRecord) -> Result<Work, SheetError> {
        if record.iter().any(|value| value.contains(['\n', '\r'])) {
            let problem = "a value has a line break".to_owned();
            return Err(self.wrong(Some(line), None, problem, "close the quotes that are open"));
        }
        if record.len() != columns.len() {
            let problem = format!("it has {} and the header {}", fields(record.len()), count(columns.len() as u64));
            let hint =
                "a value that holds the separator stands in double quotes; each line has a value for each column";
            return Err(self.wrong(Some(line), None, problem, hint));
        }
        let mut work = Work::new(&self.task.name, "", self.set.clone());
        work.single = true;
        for (column, value) in columns.iter().zip(record.iter().map(str::trim)) {
            let name = self.name_of(column);
            let wrong = |problem: String, hint: &str| Err(self.wrong(Some(line), Some(name), problem, hint));
            if value.is_empty() {
                return wrong(
                    "there is no value".to_owned(),
                    "give each line one, or put lines without it into a sheet of their own",
                );
            }
            if value.chars().any(is_hidden) {
                return wrong("its value has a character that nobody sees".to_owned(), "type it anew");
            }
            match column {
                Column::Sample if value.chars().count() > LONGEST_NAME => {
                    let problem = format!("the name has more than {LONGEST_NAME} characters");
                    return wrong(problem, "choose a shorter one");
                }
                Column::Sample => work.sample = Some(value.to_owned()),
                Column::First => {
                    let file = self.file(line, name, value)?;
                    work.inputs.iter_mut().for_each(|input| input.named.clone_from(&file));
                }
                Column::Further(name) => {
                    let named = self.file(line, name, value)?;
                    work.inputs.push(Input::named(name.clone(), named));
                }
                Column::Parameter(name) => {
                    let value = written(self.task.parameters.get(name), value);
                    work.parameters.insert(name.clone(), value);
                }
            }
        }
        self.check(line, &work)?;
        Ok(work)
    }

    fn name_of<'c>(&'c self, column: &'c Column) -> &'c str {
        match column {
            Column::Sample => SAMPLE,
            Column::First => &self.task.input,
            Column::Further(name) | Column::Parameter(name) => name,
        }
    }

    /// A file as it is named from where the program runs.
    fn file(&self, line: u64, column: &str, value: &str) -> Result<PathBuf, SheetError> {
        // An absolute path takes the place of the folder.
        let path = if value.starts_with("~/") { PathBuf::from(value) } else { self.folder.join(value) };
        let is_first = column == self.task.input;
        let is_folder = is_first && self.task.works_on_a_folder()
            || self.task.several(column).is_some_and(|several| several.folder);
        match (self.look)(&path) {
            Ok(()) => Ok(path),
            // Whether it is one is looked at when it is opened.
            Err(NoFile::Several) if is_folder => Ok(path),
            Err(NoFile::Several) => {
                let problem = format!("`{}` stands for more than one file", clean(value, SHOWN));
                Err(self.wrong(Some(line), Some(column), problem, "write a line for each file"))
            }
            Err(NoFile::Expand(error)) => {
                let (hint, from) =
                    (error.hint_from(PLACE).unwrap_or_default(), format!("paths are taken from {PLACE}"));
                let hint = if hint.contains(&from) { hint } else { format!("{hint}; {from}") };
                Err(self.wrong(Some(line), Some(column), error.to_string(), &hint))
            }
        }
    }

    /// The values of a line, held against the task.
    fn check(&self, line: u64, work: &Work) -> Result<(), SheetError> {
        let mut chosen = work.parameters.clone();
        for input in work.beside() {
            chosen.insert(input.name.clone(), input.named.to_string_lossy().into_owned().into());
        }
        let Err(error) = check_parameters(self.task, &chosen) else { return Ok(()) };
        let hint = error.hint().unwrap_or_default();
        Err(match &error {
            ParameterError::Value { name, wanted, given, .. } if !self.set.contains_key(name) => {
                self.wrong(Some(line), Some(name), format!("it must be {wanted}, and is {given}"), &hint)
            }
            // Of what is set for all lines, the line says nothing.
            _ => self.wrong(None, None, error.to_string(), &hint),
        })
    }
}

fn fields(n: usize) -> String {
    domain::units::counted(n as u64, "field", "fields")
}

#[cfg(test)]
mod tests;
