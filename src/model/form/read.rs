//! From a model's object to a proposal: only what is real and what was said.

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::{Map, Number, Value};

use super::{
    AsksFor, Dropped, FormError, Heard, Offered, Proposal,
    names::{self, Named},
    numbers::{self, Kind},
    object,
    schema::{MOST_FILES, NOT_LISTED},
};
use domain::{
    money::Datoshi,
    request::{Bounds, DATASET, Input, Locality, MOST_WORK, Request, Spend, Until, Work},
    task::{ParameterKind, Parameters, TaskType},
    units::clean,
};

/// What a model may write for no file at all, and for no limit.
const NOTHING: [&str; 4] = [NOT_LISTED, "", "none", "null"];

/// The proposal in a model's answer, held to what was said and to what there is.
///
/// Numbers and choices count only where they stand in the sentence or in the last request; others are dropped, and the proposal
/// says so. A limit of nothing counts always: it has no figure in most sentences. What is missing narrows: without `until`
/// nothing goes beyond the plan.
///
/// # Errors
/// An answer without the object, a field that cannot be read, a task or a file that there is not.
pub fn read(answer: &str, heard: &Heard, offered: &Offered) -> Result<Proposal, FormError> {
    let object = object::parse(answer)?;
    let mut reader = Reader::new(heard, offered);
    let asks_for = object.asks_for.unwrap_or(AsksFor::Information);
    reader.proposal.asks_for = asks_for;
    if asks_for != AsksFor::Other {
        for piece in object.work.unwrap_or_default() {
            reader.piece(&piece)?;
        }
    }
    let spend = match object.max_gas.map(|raw| raw.get()) {
        None | Some("null") => Spend::OwnersCaps,
        Some(raw) => reader.limit(raw)?,
    };
    let place = if object.here_only == Some(true) { Locality::Here } else { Locality::Anywhere };
    let until = if asks_for == AsksFor::Work { object.until.unwrap_or(Until::Plan) } else { Until::Plan };
    let mut proposal = reader.proposal;
    // Small models add an entry without a file to one that has it.
    let mut asked: BTreeSet<String> = proposal.work.iter().map(|work| work.task.clone()).collect();
    proposal.without_file.retain(|work| asked.insert(work.task.clone()));
    proposal.answers = asks_for == AsksFor::Information && object.until == Some(Until::Done);
    proposal.bounds = Bounds { place, spend, until };
    Ok(proposal)
}

struct Reader<'a> {
    heard: &'a Heard<'a>,
    offered: &'a Offered<'a>,
    /// The numbers that were said which may be limits, those that may be choices, and in what they were said.
    limits: BTreeSet<String>,
    choices: BTreeSet<String>,
    words: String,
    /// The names of files in the sentence.
    named: Named,
    proposal: Proposal,
}

impl<'a> Reader<'a> {
    fn new(heard: &'a Heard<'a>, offered: &'a Offered<'a>) -> Reader<'a> {
        let named = names::in_sentence(heard.said, offered.files);
        let words = named.rest.to_lowercase();
        let limits = numbers::stand_in(&words, Kind::Limit);
        let choices = numbers::stand_in(&words, Kind::Choice);
        Reader { heard, offered, limits, choices, words, named, proposal: Proposal::default() }
    }

    /// The limit, where it was said.
    fn limit(&mut self, raw: &str) -> Result<Spend, FormError> {
        let text = raw.trim_matches('"').trim();
        let number = text.strip_suffix("GAS").or_else(|| text.strip_suffix("gas")).unwrap_or(text);
        let Some(plain) = numbers::plain(number) else {
            let why = format!("max_gas: {} is neither a number nor null", clean(raw, 60));
            return if NOTHING.contains(&text) { Ok(Spend::OwnersCaps) } else { Err(FormError::Field(why)) };
        };
        if plain == "0" {
            return Ok(Spend::Nothing);
        }
        let before = self.heard.last.and_then(|last| last.bounds.spend.limit()).map(Datoshi::gas_string);
        if self.limits.contains(&plain) || before.as_ref() == Some(&plain) {
            self.proposal.in_gas = numbers::stand_in(&self.words, Kind::Gas).contains(&plain);
            return Ok(Spend::at_most(plain.parse()?));
        }
        self.proposal.dropped.push(Dropped::Limit(text.to_owned()));
        Ok(Spend::OwnersCaps)
    }

    /// One entry of the work: a task on each of its files.
    fn piece(&mut self, piece: &Map<String, Value>) -> Result<(), FormError> {
        let name = piece.get("task").and_then(Value::as_str).unwrap_or_default();
        let Some(task) = self.offered.task(name) else {
            let known: Vec<&str> = self.offered.tasks.iter().map(|task| task.name.as_str()).collect();
            return Err(FormError::UnknownTask { task: clean(name, 60), known: known.join(", ") });
        };
        let files = self.datasets(piece)?;
        let (beside, parameters) = self.choices(task, piece)?;
        if files.is_empty() {
            self.proposal.without_file.push(Work::new(&task.name, "", parameters.clone()));
        }
        for file in files {
            let mut work = Work::new(&task.name, file, parameters.clone());
            work.inputs.extend(beside.iter().cloned());
            // Said twice is wanted once.
            if !self.proposal.work.contains(&work) {
                self.proposal.work.push(work);
            }
            if self.proposal.work.len() > MOST_WORK {
                return Err(FormError::TooMuch);
            }
        }
        Ok(())
    }

    /// The datasets of an entry. Where the sentence names a file that is not listed, and none of those that were written, the
    /// model took a listed one in its place: the name that was said goes into the plan, which says that it is not there.
    fn datasets(&self, piece: &Map<String, Value>) -> Result<Vec<String>, FormError> {
        let mut files: Vec<String> = Vec::new();
        let mut not_listed = false;
        for name in &texts(piece.get("files").or(piece.get(DATASET))) {
            match self.file(name)? {
                Some(file) if files.contains(&file) => {}
                Some(file) => files.push(file),
                None => not_listed = true,
            }
        }
        // One file of several that nothing in the sentence points to is a guess. (Several are "all of them".)
        if let [file] = files.as_slice()
            && !self.is_meant(file)
        {
            files.clear();
            not_listed = true;
        }
        if not_listed {
            files.extend(self.named.unlisted.iter().cloned());
        } else if !files.iter().any(|file| self.was_named(file)) {
            let meant = |file: &&String, name: &&String| names::may_be_meant(file, name);
            let said: Vec<&String> =
                self.named.unlisted.iter().filter(|name| files.iter().any(|f| meant(&f, name))).collect();
            let said: Vec<String> = said.into_iter().cloned().collect();
            files.retain(|file| !said.iter().any(|name| names::may_be_meant(file, name)));
            files.extend(said);
        }
        // A folder stands for its files, which a model may write beside it.
        let folders: Vec<String> = files.iter().filter(|file| file.ends_with('/')).cloned().collect();
        files.retain(|file| file.ends_with('/') || !folders.iter().any(|folder| file.starts_with(folder.as_str())));
        Ok(files)
    }

    /// Whether the sentence points to a file: by its name or a word of its name, or to the one file that there is, which a
    /// question may be about.
    fn is_meant(&self, file: &str) -> bool {
        let files = self.offered.files.iter().filter(|file| !file.ends_with('/')).count();
        let only = self.proposal.asks_for == AsksFor::Information && files == 1;
        let said = |word: &String| self.words.split(|c: char| !c.is_alphanumeric()).any(|said| said == word);
        only || self.was_named(file) || names::words_of(file).iter().any(said)
    }

    fn was_named(&self, file: &str) -> bool {
        let before = |request: &Request| {
            request.work.iter().flat_map(|work| &work.inputs).any(|input| input.named.as_os_str() == file)
        };
        let Named { listed, unlisted, .. } = &self.named;
        listed.iter().chain(unlisted).any(|name| name == file) || self.heard.last.is_some_and(before)
    }

    /// A file as it may stand in a request; `None` for what says that there is none.
    fn file(&self, name: &str) -> Result<Option<String>, FormError> {
        let name = name.trim();
        let listed = self.offered.files.iter().any(|file| file == name && file != NOT_LISTED);
        if !listed && NOTHING.contains(&name) {
            return Ok(None);
        }
        if listed || self.was_named(name) {
            return Ok(Some(name.to_owned()));
        }
        let nearest =
            self.offered.files.iter().take(MOST_FILES * 10).min_by_key(|file| strsim::osa_distance(file, name));
        let near = |file: &&String| strsim::osa_distance(file, name) <= 2 + name.len() / 4;
        Err(FormError::UnknownFile { file: clean(name, 80), nearest: nearest.filter(near).map(|file| clean(file, 80)) })
    }

    /// The choices of an entry: files beside the dataset, and parameters. Those that the task does not have, and those that
    /// nobody said, are dropped.
    fn choices(&mut self, task: &TaskType, piece: &Map<String, Value>) -> Result<(Vec<Input>, Parameters), FormError> {
        let (mut beside, mut parameters) = (Vec::new(), Parameters::new());
        for (name, value) in chosen(piece) {
            match task.parameters.get(&name).map(|spec| &spec.kind) {
                Some(ParameterKind::File { .. }) => {
                    let file = self.file(value.as_str().unwrap_or_default())?;
                    // The one name that is not listed can only be this one.
                    let only = || self.named.unlisted.first().filter(|_| self.named.unlisted.len() == 1).cloned();
                    if let Some(named) = file.or_else(only).map(PathBuf::from) {
                        beside.push(Input::named(name, named));
                    }
                }
                Some(kind) if self.is_said(task, &name, kind, &value) => {
                    parameters.insert(name, value_of(kind, value));
                }
                _ if value.is_null() => {}
                _ => {
                    let value = text_of(&value);
                    let dropped = Dropped::Choice { task: task.name.clone(), name, value };
                    if !self.proposal.dropped.contains(&dropped) {
                        self.proposal.dropped.push(dropped);
                    }
                }
            }
        }
        Ok((beside, parameters))
    }

    /// Whether a value stands in the sentence, or stood in the last request for the same choice.
    fn is_said(&self, task: &TaskType, name: &str, kind: &ParameterKind, value: &Value) -> bool {
        let text = text_of(value);
        let number = numbers::plain(&text);
        let before = |work: &Work| {
            let known = work.parameters.get(name).filter(|_| work.task == task.name).map(text_of);
            known.is_some_and(|known| known == text || (number.is_some() && numbers::plain(&known) == number))
        };
        if value.is_null() {
            return false;
        }
        let said = match (&number, kind) {
            (Some(number), _) => self.choices.contains(number),
            // "quickly" says `quick`.
            (None, ParameterKind::Choice { values, .. }) => {
                values.contains(&text) && self.words.contains(&text.to_lowercase())
            }
            (None, ParameterKind::Flag) => {
                *value == Value::Bool(true) && name.split('_').all(|word| self.words.contains(word))
            }
            (None, ParameterKind::Text { .. }) => self.words.contains(&text.to_lowercase()),
            (None, _) => false,
        };
        said || self.heard.last.is_some_and(|last| last.work.iter().any(before))
    }
}

/// A text, or the texts of a list.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => vec![text],
        _ => Vec::new(),
    }
}

/// The choices as they are written: in `set`, as a list or an object, and as fields of the entry itself.
fn chosen(piece: &Map<String, Value>) -> Vec<(String, Value)> {
    let mut all: Vec<(String, Value)> = Vec::new();
    match piece.get("set") {
        Some(Value::Array(items)) => all.extend(
            items.iter().filter_map(|item| Some((item.get("name")?.as_str()?.to_owned(), item.get("value")?.clone()))),
        ),
        Some(Value::Object(fields)) => all.extend(fields.clone()),
        _ => {}
    }
    let own = |key: &str| matches!(key, "task" | "files" | DATASET | "set");
    all.extend(piece.iter().filter(|(key, _)| !own(key)).map(|(key, value)| (key.clone(), value.clone())));
    all
}

/// A value as the task takes it: a whole number also where it is written as a text or as `7.0`.
fn value_of(kind: &ParameterKind, value: Value) -> Value {
    match kind {
        ParameterKind::Integer { .. } => {
            let whole = numbers::plain(&text_of(&value)).and_then(|number| number.parse::<i64>().ok());
            whole.map(Number::from).map_or(value, Value::Number)
        }
        // `10` for the choice `"10"`, and `0.001` for `"1e-3"`.
        ParameterKind::Choice { values, .. } => {
            let (text, number) = (text_of(&value), numbers::plain(&text_of(&value)));
            let same = |known: &&String| **known == text || (number.is_some() && numbers::plain(known) == number);
            values.iter().find(same).map_or(value, |known| Value::String(known.clone()))
        }
        ParameterKind::Number { .. } => {
            let number = numbers::plain(&text_of(&value)).and_then(|number| number.parse::<f64>().ok());
            number.and_then(Number::from_f64).map_or(value, Value::Number)
        }
        ParameterKind::Text { .. } | ParameterKind::Flag | ParameterKind::File { .. } => value,
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}
