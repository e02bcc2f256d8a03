//! What programs left in the folder of results: found, checked, hashed, and what people see of it.

use std::{fs::File, io, os::unix::fs::MetadataExt as _, path::Path};

use serde_json::{Map, Value, json};

use super::{
    failure_of, format, inputs,
    shown::Shown,
    spec::{Failure, Spec},
    write,
    written::Before,
};
use domain::{
    bounded::{self, Bounds},
    job::ResultFile,
    result::{self, MOST_FILES},
    task::{CommandLine, ResultFormat, TaskOrigin},
    units,
};
use guard::config::plain_file;

/// A document that figures are taken from.
const FIGURES: Bounds = Bounds { bytes: 32 << 20, depth: 32, values: 1_000_000 };
/// The longest figure, characters.
const FIGURE: usize = 200;

/// Removes the result files that an earlier run left by the names of this one's: what is found later was made by it.
///
/// # Errors
/// When one cannot be removed.
pub(super) fn clear(folder: &Path, command: &CommandLine, given: &dyn Fn(&str) -> bool) -> io::Result<()> {
    for name in command.outputs_when(given) {
        match std::fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The names of the result files, the one that is shown first.
pub(super) fn results(
    spec: &Spec,
    command: &CommandLine,
    given: &dyn Fn(&str) -> bool,
    before: &Before,
) -> Result<Vec<String>, Failure> {
    let mut names: Vec<String> = command.outputs_when(given).into_iter().map(str::to_owned).collect();
    if let Some(missing) = names.iter().find(|name| own_file(&spec.out_dir.join(name)).is_err()) {
        return Err(made_none(command, missing));
    }
    let patterns = command.collect.iter().filter_map(|text| glob::Pattern::new(text).ok()).collect::<Vec<_>>();
    let fresh = before.fresh().map_err(|e| failure_of(&e, "the results folder cannot be read"))?;
    for name in fresh {
        let ours = result::OUR_FILES.contains(&name.as_str());
        let wanted = !ours && result::is_file_name(&name) && patterns.iter().any(|pattern| pattern.matches(&name));
        if wanted && !names.contains(&name) && own_file(&spec.out_dir.join(&name)).is_ok() {
            names.push(name);
        }
        if names.len() > MOST_FILES {
            return Err(Failure::Task(format!("the program made more than {MOST_FILES} files that are to be kept")));
        }
    }
    if names.is_empty() {
        return Err(made_none(command, &command.collect.join(", ")));
    }
    if !result::are_distinct(names.iter().map(String::as_str)) {
        return Err(Failure::Task("two files of the program differ by capitals alone".into()));
    }
    if let Some(at) = spec.task.show.file.as_ref().and_then(|file| names.iter().position(|name| name == file)) {
        names.swap(0, at);
    }
    Ok(names)
}

fn made_none(command: &CommandLine, name: &str) -> Failure {
    Failure::Program {
        executable: command.executable.clone(),
        how: "exit code 0".into(),
        said: format!("it left no {}", units::clean(name, 60)),
    }
}

/// What this program can check of an outside program's results beyond their form.
fn verified(spec: &Spec) -> Result<(), Failure> {
    if (spec.task.name.as_str(), spec.task.origin) != (science::PEPTIDE_FOLDING, TaskOrigin::Program) {
        return Ok(());
    }
    let dataset = inputs::open(0).map_err(|e| failure_of(&e, "the dataset could not be opened"))?;
    let sequence =
        science::peptide::sequence_of(dataset).map_err(|e| Failure::Task(units::clean(&e.to_string(), 300)))?;
    let checked = science::peptide::verify_files(&sequence, &spec.out_dir);
    checked.map_err(|why| Failure::Task(format!("the result is wrong: {}", units::clean(&why.to_string(), 300))))
}

/// Checks and hashes the files; what is shown is of the first.
pub(super) fn taken_in(spec: &Spec, names: &[String]) -> Result<(Vec<ResultFile>, Map<String, Value>), Failure> {
    let unread = |e: io::Error| failure_of(&e, "the output could not be read");
    let (mut files, mut summary) = (Vec::new(), Map::new());
    for name in names {
        let path = spec.out_dir.join(name);
        let wanted = spec.task.check.get(name).copied().unwrap_or(ResultFormat::Any);
        format::check(wanted, &path).map_err(|why| {
            Failure::Task(format!("the result {} is not what it is to be: {why}", units::clean(name, 60)))
        })?;
        let mut shown = Shown::default();
        let first = files.is_empty();
        let look = |piece: &[u8]| {
            if first {
                shown.take(piece)
            }
        };
        let (bytes, sha256) = own_file(&path).and_then(|file| write::hash(file, look)).map_err(unread)?;
        if first {
            summary = shown.summary(name, bytes);
            // A result without its figures is one all the same.
            if let Some(figures) = figures(&path, &spec.task.show.figures) {
                summary.insert("figures".to_owned(), figures);
            }
        }
        files.push(ResultFile { name: name.clone(), bytes, sha256 });
    }
    verified(spec)?;
    Ok((files, summary))
}

/// The values at these paths of a JSON document; what is not there is left out. Nothing where it is no such document.
fn figures(path: &Path, wanted: &[String]) -> Option<Value> {
    if wanted.is_empty() {
        return None;
    }
    let document: Value = bounded::read(own_file(path).ok()?, FIGURES).ok()?;
    let at = |path: &String| {
        path.split('.').try_fold(&document, |value, key| match value {
            Value::Object(map) => map.get(key),
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        })
    };
    let plain = |value: &Value| match value {
        Value::Number(_) | Value::Bool(_) => Some(value.clone()),
        Value::String(text) => Some(json!(units::clean(text, FIGURE))),
        _ => None,
    };
    let found = wanted.iter().filter_map(|path| Some((path.clone(), at(path).and_then(plain)?)));
    Some(Value::Object(found.collect()))
}

/// A file that the run made: nothing that leads elsewhere, and nothing that has another name elsewhere.
pub(super) fn own_file(path: &Path) -> io::Result<File> {
    let file = plain_file::open_itself(path)?;
    if file.metadata()?.nlink() > 1 {
        return Err(io::Error::other("it is no file of its own"));
    }
    Ok(file)
}
