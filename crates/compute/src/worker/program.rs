//! Outside programs: run without a shell, with a clean environment, their output counted and hashed.

use std::{
    fs::File,
    io,
    os::unix::{fs::MetadataExt as _, process::ExitStatusExt as _},
    path::Path,
    process::{ExitStatus, Stdio},
};

use rustix::process::{Signal, getpid};
use serde_json::Value;

use super::{
    failure_of, inputs,
    isolation::Handed,
    said, scratch,
    shown::Shown,
    spec::{Failure, Spec},
    write,
    written::{Before, Room},
};
use crate::processes::{end_descendants, reap};
use domain::{
    job::ResultFile,
    result::{ResultDataset, ResultDocument, ResultInput, ResultProgram},
    task::{Parameters, Program},
    units,
};
use guard::config::plain_file;

/// The files of what a program writes to its own outputs.
const STDOUT: &str = "stdout.txt";
const STDERR: &str = "stderr.txt";

/// Runs the spec's outside program on the files that were handed over.
pub(super) fn run(spec: &Spec, handed: &Handed, room: &Room) -> Result<ResultDocument, Failure> {
    let Program::Command { executable, arguments, output, version, package } = &spec.task.program else {
        return Err(Failure::Task("a built-in task is no outside program".into()));
    };
    let io = |what: &'static str| move |e: io::Error| failure_of(&e, what);
    let hashed = |place| inputs::open(place).and_then(|file| write::hash(file, |_| {}));
    let (_, sha256) = hashed(0).map_err(io("the dataset could not be read"))?;
    let mut further = Vec::with_capacity(spec.further.len());
    for (place, file) in (1..).zip(&spec.further) {
        let (bytes, sha256) =
            hashed(place).map_err(|e| failure_of(&e, &format!("`{}` could not be read", file.name)))?;
        further.push(ResultInput { name: file.name.clone(), path: file.path.clone(), bytes, sha256 });
    }

    let output_path = spec.out_dir.join(output);
    let scratch = scratch(&spec.out_dir).map_err(io("no scratch folder could be made"))?;
    let shown = std::iter::once(&spec.dataset_name).chain(spec.further.iter().map(|file| &file.path));
    let names = inputs::named(scratch.path(), shown.map(String::as_str), |place, name| handed.lies(place, name))
        .map_err(io("the inputs could not be named"))?;
    let launch = handed
        .launch(&spec.out_dir, scratch.path(), names.iter().map(String::as_str))
        .map_err(io("the folders of the run could not be made"))?;
    let files = std::iter::once("dataset").chain(spec.further.iter().map(|file| file.name.as_str())).zip(names);
    let files: Vec<(&str, String)> = files.collect();
    let filled = fill(arguments, &output_path, &files, &spec.parameters)?;
    // A program that is given no place for its output writes it to standard output.
    let to_stdout = !arguments.iter().any(|a| a.contains("{output}"));
    let stdout_path = if to_stdout { output_path.clone() } else { spec.out_dir.join(STDOUT) };
    let stderr_path = spec.out_dir.join(STDERR);
    let create = |path: &Path| fresh(path).map_err(io("the output could not be made"));

    let before = Before::of(&spec.out_dir).map_err(io("the results folder cannot be read"))?;
    let (stdout, stderr) = (create(&stdout_path)?, create(&stderr_path)?);
    let status = launch
        .command(executable, &filled)
        .and_then(|mut command| command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).status())
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
                Failure::MissingProgram { executable: executable.clone(), package: package.clone() }
            }
            _ => failure_of(&error, "the program could not be started"),
        })?;
    let status = launch.status(status);
    // What it left behind would go on writing to what is read now.
    end_descendants(getpid());
    reap();
    if status.signal() == Some(Signal::XFSZ.as_raw()) || room.is_full() {
        return Err(Failure::TooMuchOutput { limit: spec.output_limit });
    }
    if !status.success() {
        // What goes to the output is no message.
        let told = [Some(stderr_path.as_path()), (!to_stdout).then_some(stdout_path.as_path())];
        return Err(failed(executable, status, &said::reason(told.into_iter().flatten())));
    }

    let mut files = Vec::new();
    let mut shown = Shown::default();
    let made = own_file(&output_path).map_err(|_| Failure::Program {
        executable: executable.clone(),
        how: "exit code 0".into(),
        said: format!("it left no {}", units::clean(output, 60)),
    })?;
    let (bytes, sum) = write::hash(made, |piece| shown.take(piece)).map_err(io("the output could not be read"))?;
    files.push(ResultFile { name: output.clone(), bytes, sha256: sum });
    let mut messages = said::Messages::default();
    for (name, path) in [(STDOUT, &stdout_path), (STDERR, &stderr_path)] {
        if *path == output_path {
            continue;
        }
        let take = |piece: &[u8]| {
            if name == STDERR {
                messages.take(piece)
            }
        };
        let (bytes, sha256) =
            own_file(path).and_then(|f| write::hash(f, take)).map_err(io("the output could not be read"))?;
        if bytes > 0 {
            files.push(ResultFile { name: name.into(), bytes, sha256 });
        } else {
            let _ = std::fs::remove_file(path);
        }
    }
    let told = launch.command(executable, version).ok().and_then(|command| said::version(command, scratch.path()));
    let version = told.unwrap_or_else(|| "not told by the program".into());
    end_descendants(getpid());
    let own = scratch.path().file_name().and_then(|name| name.to_str());
    let kept: Vec<&str> = files.iter().map(|file| file.name.as_str()).chain(own).collect();
    before.clear_strays(&kept).map_err(io("what the program left cannot be removed"))?;
    Ok(ResultDocument {
        job: spec.job.clone(),
        task_type: spec.task.name.clone(),
        dataset: ResultDataset { path: spec.dataset_name.clone(), sha256 },
        inputs: further,
        parameters: spec.parameters.clone(),
        records: Vec::new(),
        summary: shown.summary(output, bytes),
        files,
        program: ResultProgram { name: executable.clone(), version, seed: None, isolation: launch.isolation() },
        warnings: launch.warning().into_iter().chain(messages.lines(STDERR)).collect(),
    })
}

/// A new file: what a run before left by that name, a link to elsewhere it may be, is not written to.
fn fresh(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => File::create_new(path),
    }
}

/// A file that the run made: nothing that leads elsewhere, and nothing that has another name elsewhere.
fn own_file(path: &Path) -> io::Result<File> {
    let file = plain_file::open_itself(path)?;
    if file.metadata()?.nlink() > 1 {
        return Err(io::Error::other("it is no file of its own"));
    }
    Ok(file)
}

/// Fills the placeholders, one argument each; there is no shell that could read more into them.
fn fill(
    arguments: &[String],
    output: &Path,
    files: &[(&str, String)],
    parameters: &Parameters,
) -> Result<Vec<String>, Failure> {
    let fill = |argument: &String| {
        let mut rest = argument.as_str();
        let mut filled = String::new();
        while let Some((before, name, after)) = placeholder(rest) {
            filled.push_str(before);
            filled.push_str(&match files.iter().find(|(file, _)| *file == name) {
                Some((_, path)) => path.clone(),
                None if name == "output" => output.display().to_string(),
                None => value_of(name, parameters)?,
            });
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    };
    arguments.iter().map(fill).collect()
}

/// `before{name}after`, where the name is one.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

fn value_of(name: &str, parameters: &Parameters) -> Result<String, Failure> {
    match parameters.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
        _ => Err(Failure::Task(format!("the parameter `{}` is not given", units::clean(name, 60)))),
    }
}

fn failed(executable: &str, status: ExitStatus, said: &str) -> Failure {
    // Programs that cannot get memory say so in one of these ways, whatever their exit code.
    let memory = [
        "cannot allocate memory",
        "bad_alloc",
        "memoryerror",
        "out of memory",
        "memory exhausted",
        "memory allocation of",
    ];
    let lower = said.to_ascii_lowercase();
    if memory.iter().any(|words| lower.contains(words)) {
        return Failure::OutOfMemory;
    }
    if lower.contains("no space left on device") {
        return Failure::DiskFull;
    }
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no exit code".into(),
    };
    Failure::Program { executable: executable.to_owned(), how, said: units::clean(said, 400) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_are_single_arguments() {
        let parameters = json!({"threads": 2, "word": "a b; rm -rf", "database": "/a"}).as_object().cloned().unwrap();
        let files = [("dataset", "./d.fasta".to_owned()), ("database", "./-x".to_owned())];
        let arguments =
            ["--in", "{dataset}", "-p={threads}", "{word}", "{database}", "-o", "{output}", "{open"].map(String::from);
        let filled = fill(&arguments, Path::new("/out/x.tsv"), &files, &parameters).unwrap();
        assert_eq!(
            filled,
            ["--in", "./d.fasta", "-p=2", "a b; rm -rf", "./-x", "-o", "/out/x.tsv", "{open"],
            "one argument each, whatever is in it"
        );
        assert!(fill(&["{missing}".to_owned()], Path::new("/o"), &files, &parameters).is_err());
    }

    #[test]
    fn programs_say_in_many_ways_that_memory_is_out() {
        let status = ExitStatus::from_raw(1 << 8);
        assert_eq!(failed("x", status, "terminate: std::bad_alloc"), Failure::OutOfMemory);
        assert_eq!(failed("x", status, "write: No space left on device"), Failure::DiskFull);
        let Failure::Program { how, .. } = failed("x", ExitStatus::from_raw(11), "") else { panic!() };
        assert_eq!(how, "signal 11");
    }
}
