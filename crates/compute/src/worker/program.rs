//! Outside programs: run without a shell, with a clean environment, their output counted and hashed.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Command, ExitStatus, Stdio},
};

use serde_json::{Map, Value, json};

use super::{
    failure_of, scratch,
    spec::{Failure, Spec},
    write,
};
use domain::{
    job::ResultFile,
    result::{ResultDataset, ResultDocument, ResultProgram},
    task::{Parameters, Program},
    units,
};

/// Where an outside program finds the dataset: its own standard input, by name.
const DATASET: &str = "/proc/self/fd/0";
/// Lines of output that are shown in the summary.
const FIRST_LINES: usize = 10;
/// Characters of each that are shown.
const LINE_WIDTH: usize = 200;

/// Runs the spec's outside program on `dataset`.
pub(super) fn run(spec: &Spec, mut dataset: File) -> Result<ResultDocument, Failure> {
    let Program::Command { executable, arguments, output, package } = &spec.task.program else {
        return Err(Failure::Task("a built-in task is no outside program".into()));
    };
    let io = |what: &'static str| move |e: io::Error| failure_of(&e, what);
    let (_, sha256) = write::hash(&mut dataset, |_| {}).map_err(io("the dataset could not be read"))?;
    dataset.rewind().map_err(io("the dataset could not be read again"))?;

    let output_path = spec.out_dir.join(output);
    let filled = fill(arguments, &output_path, &spec.parameters)?;
    // A program that is given no place for its output writes it to standard output.
    let to_stdout = !arguments.iter().any(|a| a.contains("{output}"));
    let stdout_path = if to_stdout { output_path.clone() } else { spec.out_dir.join("stdout.txt") };
    let stderr_path = spec.out_dir.join("stderr.txt");
    let scratch = scratch(&spec.out_dir).map_err(io("no scratch folder could be made"))?;
    let create = |path: &Path| File::create(path).map_err(io("the output could not be made"));

    let status = Command::new(executable)
        .args(filled)
        .env_clear()
        .envs(["PATH", "HOME", "LANG"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .env("TMPDIR", scratch.path())
        .current_dir(scratch.path())
        .stdin(Stdio::from(dataset))
        .stdout(Stdio::from(create(&stdout_path)?))
        .stderr(Stdio::from(create(&stderr_path)?))
        .status()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
                Failure::MissingProgram { executable: executable.clone(), package: package.clone() }
            }
            _ => failure_of(&error, "the program could not be started"),
        })?;
    if !status.success() {
        return Err(failed(executable, status, &tail(&stderr_path)));
    }

    let mut files = Vec::new();
    let mut shown = Shown::default();
    let made = File::open(&output_path).map_err(|_| Failure::Program {
        executable: executable.clone(),
        how: "exit code 0".into(),
        said: format!("it left no {}", units::clean(output, 60)),
    })?;
    let (bytes, sum) = write::hash(made, |piece| shown.take(piece)).map_err(io("the output could not be read"))?;
    files.push(ResultFile { name: output.clone(), bytes, sha256: sum });
    for (name, path) in [("stdout.txt", &stdout_path), ("stderr.txt", &stderr_path)] {
        if *path == output_path {
            continue;
        }
        let (bytes, sha256) =
            File::open(path).and_then(|f| write::hash(f, |_| {})).map_err(io("the output could not be read"))?;
        if bytes > 0 {
            files.push(ResultFile { name: name.into(), bytes, sha256 });
        } else {
            let _ = std::fs::remove_file(path);
        }
    }
    Ok(ResultDocument {
        job: spec.job.clone(),
        task_type: spec.task.name.clone(),
        dataset: ResultDataset { path: spec.dataset_name.clone(), sha256 },
        parameters: spec.parameters.clone(),
        records: Vec::new(),
        summary: shown.summary(output, bytes),
        files,
        program: ResultProgram { name: executable.clone(), version: "as installed".into(), seed: None },
    })
}

/// Fills the placeholders, one argument each; there is no shell that could read more into them.
fn fill(arguments: &[String], output: &Path, parameters: &Parameters) -> Result<Vec<String>, Failure> {
    let fill = |argument: &String| {
        let mut rest = argument.as_str();
        let mut filled = String::new();
        while let Some((before, name, after)) = placeholder(rest) {
            filled.push_str(before);
            filled.push_str(&match name {
                "dataset" => DATASET.to_owned(),
                "output" => output.display().to_string(),
                _ => value_of(name, parameters)?,
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

/// The end of a text file.
fn tail(path: &Path) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(2000)))?;
        let mut end = Vec::new();
        file.take(2000).read_to_end(&mut end)?;
        Ok(end)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

/// What people see of an output: how many lines, how many of them are comments or FASTA headers, and the first.
#[derive(Default)]
struct Shown {
    lines: u64,
    comments: u64,
    headers: u64,
    open: bool,
    first: Vec<Vec<u8>>,
}

impl Shown {
    fn take(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|&b| b == b'\n') {
            if !self.open {
                self.lines += 1;
                self.comments += u64::from(part.starts_with(b"#"));
                self.headers += u64::from(part.starts_with(b">"));
                if self.first.len() < FIRST_LINES {
                    self.first.push(Vec::new());
                }
            }
            if self.lines <= FIRST_LINES as u64
                && let Some(line) = self.first.last_mut()
            {
                let room = (4 * LINE_WIDTH).saturating_sub(line.len());
                line.extend(part.iter().take(room));
            }
            self.open = !part.ends_with(b"\n");
        }
    }

    fn summary(self, output: &str, bytes: u64) -> Map<String, Value> {
        let first = self.first.iter().map(|line| units::clean(&String::from_utf8_lossy(line), LINE_WIDTH));
        let summary = json!({
            "output": output, "bytes": bytes, "lines": self.lines, "comment_lines": self.comments,
            "header_lines": self.headers, "first_lines": first.collect::<Vec<_>>(),
        });
        summary.as_object().cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_single_arguments() {
        let parameters = json!({"threads": 2, "database": "/data/a b; rm -rf.fasta"}).as_object().cloned().unwrap();
        let arguments =
            ["--in", "{dataset}", "-p={threads}", "{database}", "-o", "{output}", "{open"].map(String::from);
        let filled = fill(&arguments, Path::new("/out/x.tsv"), &parameters).unwrap();
        assert_eq!(
            filled,
            ["--in", DATASET, "-p=2", "/data/a b; rm -rf.fasta", "-o", "/out/x.tsv", "{open"],
            "one argument each, whatever is in it"
        );
        assert!(fill(&["{missing}".to_owned()], Path::new("/o"), &parameters).is_err());
    }

    #[test]
    fn a_summary_shows_the_first_lines_however_they_are_cut() {
        let text = (0..30).map(|i| format!("line {i}\n")).collect::<String>() + "last";
        for size in [1, 7, 1000] {
            let mut shown = Shown::default();
            text.as_bytes().chunks(size).for_each(|piece| shown.take(piece));
            let summary = shown.summary("x", 9);
            assert_eq!(summary["lines"], 31);
            assert_eq!(summary["first_lines"].as_array().unwrap().len(), 10);
            assert_eq!(summary["first_lines"][9], "line 9");
        }
    }

    #[test]
    fn comments_and_headers_are_counted() {
        let mut shown = Shown::default();
        [">a", "\nAC#>\n", "#", " x\n>b\nAC\n"].iter().for_each(|piece| shown.take(piece.as_bytes()));
        let summary = shown.summary("x", 9);
        assert_eq!(
            (&summary["lines"], &summary["comment_lines"], &summary["header_lines"]),
            (&5.into(), &1.into(), &2.into())
        );
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
