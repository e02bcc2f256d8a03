//! One run of a task on files of the test, and what it left.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use compute::local::{LocalError, LocalOutcome, Runner};
use domain::{
    result::{RESULT_FILE, STDERR_FILE, STDOUT_FILE},
    task::{Parameters, TaskOrigin, TaskType},
};
use flate2::read::MultiGzDecoder;
use guard::machine::catalogue::{Catalogue, ParameterError, check_parameters};
use serde_json::Value;
use tokio::sync::watch;

use crate::{compute::guarded::Guarded, node::bench::files_beneath};

/// Whether a result document is as `docs/result.schema.json` says.
pub fn by_schema(document: &Path) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/result.schema.json");
    let read = |path: &Path| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap();
    if let Err(error) = jsonschema::validate(&read(&schema), &read(document)) {
        panic!("{}: {error} at {}", document.display(), error.instance_path());
    }
}

/// More than any of these runs takes, bytes: fastp counts duplicates in over one gigabyte.
const MEMORY: u64 = 4_000_000_000;
/// The same in seconds.
const SECONDS: u64 = 600;

/// What is to be run.
pub struct Order {
    pub task: TaskType,
    dataset: (String, Vec<u8>),
    /// Parameters, with the names and contents of the files that they stand for.
    further: Vec<(String, String, Vec<u8>)>,
    chosen: Parameters,
    results: String,
}

impl Order {
    /// A task of the catalogue on one file.
    pub fn of(task: &str, name: &str, content: impl AsRef<[u8]>) -> Order {
        let catalogue = Catalogue::builtin().unwrap();
        let found = catalogue.get(task).unwrap_or_else(|| panic!("the catalogue has no task {task}"));
        Order::of_task(found.clone(), name, content)
    }

    pub fn of_task(task: TaskType, name: &str, content: impl AsRef<[u8]>) -> Order {
        Order {
            task,
            dataset: (name.to_owned(), content.as_ref().to_vec()),
            further: Vec::new(),
            chosen: Parameters::new(),
            results: "out".to_owned(),
        }
    }

    /// With a further file.
    pub fn with(mut self, parameter: &str, name: &str, content: impl AsRef<[u8]>) -> Order {
        self.further.push((parameter.to_owned(), name.to_owned(), content.as_ref().to_vec()));
        self
    }

    /// With these parameters, an object.
    pub fn choosing(mut self, chosen: Value) -> Order {
        self.chosen = chosen.as_object().unwrap().clone();
        self
    }

    /// With a folder of results of that name.
    pub fn into_folder(mut self, name: &str) -> Order {
        self.results = name.to_owned();
        self
    }

    /// The parameters as a run gets them: the files are among them by their names.
    pub fn parameters(&self) -> Result<Parameters, ParameterError> {
        let files = self.further.iter().map(|(parameter, name, _)| (parameter.clone(), Value::from(name.as_str())));
        check_parameters(&self.task, &files.chain(self.chosen.clone()).collect())
    }

    async fn ended(&self) -> (Guarded, Result<LocalOutcome, LocalError>) {
        let parameters = self.parameters().unwrap_or_else(|e| panic!("{}: {e}", self.task.name));
        let dataset = Guarded::named(&self.dataset.0, &self.dataset.1);
        let all = self.further.iter().fold(dataset, |all, (parameter, name, bytes)| all.with(parameter, name, bytes));
        let guarded = all.choosing(parameters);
        let permit = guarded.run(&self.task.name, MEMORY, SECONDS);
        let (_keep, cancel) = watch::channel(false);
        let folder = guarded.folder.path().join(&self.results);
        let ended = Runner::of(env!("CARGO_BIN_EXE_agent")).run(permit, &self.task, &folder, &|_| {}, cancel).await;
        (guarded, ended)
    }

    /// Runs it to its result.
    pub async fn run(&self) -> Made {
        let (guarded, ended) = self.ended().await;
        let outcome = ended.unwrap_or_else(|e| panic!("{} {:?}: {e}", self.task.name, self.chosen));
        let made = Made { outcome, guarded, results: self.results.clone() };
        by_schema(&made.path(RESULT_FILE));
        if self.task.origin == TaskOrigin::Program {
            made.is_told_whole(&self.task);
        }
        made
    }

    /// Runs it to its failure, which leaves no result; the names of what else it leaves.
    pub async fn refused(&self) -> (LocalError, Vec<String>) {
        let (guarded, ended) = self.ended().await;
        let Err(error) = ended else { panic!("{} {:?} ended well", self.task.name, self.chosen) };
        let left = files_beneath(&guarded.folder.path().join(&self.results));
        assert!(!left.iter().any(|name| name == RESULT_FILE), "{error}: {left:?}");
        (error, left)
    }
}

/// What a run left.
pub struct Made {
    pub outcome: LocalOutcome,
    guarded: Guarded,
    results: String,
}

impl Made {
    /// Every result file is one that is checked, and the program told its version.
    fn is_told_whole(&self, task: &TaskType) {
        let names = self.names();
        assert!(!names.is_empty(), "{}", task.name);
        let unchecked: Vec<_> = names.iter().filter(|name| !task.check.contains_key(**name)).collect();
        assert!(unchecked.is_empty(), "{}: {unchecked:?}", task.name);
        let version = &self.outcome.document.program.version;
        assert!(version.contains(|c: char| c.is_ascii_digit()), "{}: {version}", task.name);
    }

    /// The result files, the one that is shown first.
    pub fn names(&self) -> Vec<&str> {
        let own = [RESULT_FILE, STDOUT_FILE, STDERR_FILE];
        self.outcome.files.iter().map(|file| file.name.as_str()).filter(|name| !own.contains(name)).collect()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.guarded.folder.path().join(&self.results).join(name)
    }

    /// A result file, unpacked where it is gzip.
    pub fn text(&self, name: &str) -> String {
        let bytes = std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        if !name.ends_with(".gz") {
            return String::from_utf8(bytes).unwrap();
        }
        let mut text = String::new();
        MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        text
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    /// The fields of a table between tabs.
    pub fn table(&self, name: &str) -> Vec<Vec<String>> {
        let text = self.text(name);
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    }

    /// The headers and sequences of a FASTA file.
    pub fn fasta(&self, name: &str) -> Vec<(String, String)> {
        let text = self.text(name);
        let records = text.split('>').skip(1).map(|record| record.split_once('\n').unwrap_or((record, "")));
        records.map(|(header, lines)| (header.trim_end().to_owned(), lines.lines().collect())).collect()
    }

    /// The headers alone.
    pub fn headers(&self, name: &str) -> Vec<String> {
        self.fasta(name).into_iter().map(|(header, _)| header).collect()
    }

    /// The names and bases of the reads of a FASTQ file.
    pub fn reads(&self, name: &str) -> Vec<(String, String)> {
        let text = self.text(name);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len() % 4, 0, "{name}");
        lines.chunks_exact(4).map(|read| (read[0].trim_start_matches('@').to_owned(), read[1].to_owned())).collect()
    }
}
