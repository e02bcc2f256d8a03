//! Runs a task on this machine: in a child process, within limits, on a file that is already open.

mod check;
mod child;
mod error;
mod probe;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Once,
    time::Duration,
};

use serde::Deserialize;
use tokio::sync::watch;

use self::child::{End, Worker};
pub use self::{check::ToCheck, error::LocalError, probe::Answers};
use super::worker::{
    self,
    spec::{Assignment, Failure, Line, MAX_SPEC, Measure, Spec, SpecFile},
};
use domain::{
    bounded,
    job::ResultFile,
    result::{self, RESULT_FILE, ResultDocument, STDERR_FILE, STDOUT_FILE},
    task::{Parameters, TaskType},
    units,
};
use guard::{
    config::plain_file,
    machine::containers,
    policy::{
        data::OpenDataset,
        permit::{LocalRun, Permit},
    },
};

/// What a finished run on this machine left.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalOutcome {
    /// `result.json`, as it lies in the folder.
    pub document: ResultDocument,
    /// `result.json` itself and the files it names.
    pub files: Vec<ResultFile>,
    /// Wall-clock time, seconds.
    pub seconds: f64,
    /// The largest resident set, bytes.
    pub max_rss: u64,
}

/// One run, by plain values: for those who have a right to run of their own.
pub struct Order {
    /// Written into the result.
    pub job: String,
    /// What to run.
    pub task: TaskType,
    /// With what choices, checked.
    pub parameters: Parameters,
    /// On this open file.
    pub dataset: File,
    /// Its name, for the result.
    pub dataset_name: String,
    /// Its place in the folder that was named, where it is a file of one.
    pub dataset_place: Option<String>,
    /// With these open files beside it.
    pub further: Vec<Further>,
    /// Where the result goes.
    pub out_dir: PathBuf,
    /// What it may write, bytes.
    pub output_limit: u64,
    /// Bytes.
    pub memory_limit: u64,
    /// Wall-clock.
    pub time_limit: Duration,
}

/// A further file of a run, open.
pub struct Further {
    /// The parameter that names it; of several files of one input, a name of its own.
    pub name: String,
    /// Its path as the person named it, for the result.
    pub path: String,
    /// Its place in the folder that was named, where it is a file of one.
    pub place: Option<String>,
    /// The file.
    pub file: File,
}

/// What [`execute`] leaves: the records stay on disk, as there may be very many.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The result's files.
    pub files: Vec<ResultFile>,
    /// What it comes to.
    pub summary: serde_json::Map<String, serde_json::Value>,
    /// What the run took.
    pub measure: Measure,
}

/// The program that is started as a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runner {
    program: PathBuf,
}

impl Default for Runner {
    /// This very program, even when its file was replaced since it was started.
    fn default() -> Runner {
        Runner::of("/proc/self/exe")
    }
}

impl Runner {
    /// Workers are `program worker`: for processes that are not the program themselves, such as tests.
    pub fn of(program: impl Into<PathBuf>) -> Runner {
        Runner { program: program.into() }
    }

    /// Runs `task` as the permit says, in a child; the result lies in `out_dir`. A `true` on `cancel`, or dropping the future,
    /// ends the child and all it started.
    ///
    /// # Errors
    /// [`LocalError`]: limits, a missing or failing program, a full disk, a canceled run.
    pub async fn run(
        &self,
        permit: Permit<LocalRun>,
        task: &TaskType,
        out_dir: &Path,
        progress: &(dyn Fn(f64) + Send + Sync),
        cancel: watch::Receiver<bool>,
    ) -> Result<LocalOutcome, LocalError> {
        let run = permit.spend();
        if run.task_type != task.name {
            return Err(LocalError::System(format!("the permit is for `{}`, not for `{}`", run.task_type, task.name)));
        }
        let further = run.further.into_iter().map(|further| {
            let (path, file) = (further.file.path.display().to_string(), further.file.reopen()?);
            Ok(Further { name: further.name, path, place: place_of(&further.file), file })
        });
        let further = further.collect::<Result<_, std::io::Error>>().map_err(system)?;
        let order = Order {
            job: run.job.to_string(),
            task: task.clone(),
            parameters: run.parameters,
            dataset: run.dataset.reopen().map_err(system)?,
            dataset_name: run.dataset.path.display().to_string(),
            dataset_place: place_of(&run.dataset),
            further,
            out_dir: out_dir.to_owned(),
            output_limit: run.output_limit,
            memory_limit: run.memory_limit,
            time_limit: Duration::from_secs(run.time_limit),
        };
        #[expect(clippy::disallowed_methods, reason = "under the permit that was spent just now")]
        let outcome = execute(self, order, progress, cancel).await?;
        let path = out_dir.join(RESULT_FILE);
        let document = blocking(move || read_json(&path)).await?;
        let Measure { seconds, max_rss } = outcome.measure;
        Ok(LocalOutcome { document, files: outcome.files, seconds, max_rss })
    }
}

fn place_of(open: &OpenDataset) -> Option<String> {
    Some(open.source.place()?.display().to_string())
}

/// Removes what runs of a job that were ended left in its folder, where it has come to its end without another run: what they kept
/// to go on by, what they had by the way, messages of which there are none, and the folder where nothing else is in it.
pub fn forget_run(out_dir: &Path) {
    worker::checkpoint::remove(out_dir);
    worker::remove_scratch(out_dir);
    // What stays stands in nobody's way: messages that a program wrote, and a folder that holds something.
    for messages in [STDOUT_FILE, STDERR_FILE].map(|name| out_dir.join(name)) {
        if fs::symlink_metadata(&messages).is_ok_and(|meta| meta.is_file() && meta.len() == 0) {
            let _ = fs::remove_file(&messages);
        }
    }
    let _ = fs::remove_dir(out_dir);
}

/// The run itself, without a permit: for a node, whose right to run is that its task is paid. `clippy.toml` says who may call it.
pub async fn execute(
    runner: &Runner,
    order: Order,
    progress: &(dyn Fn(f64) + Send + Sync),
    cancel: watch::Receiver<bool>,
) -> Result<Outcome, LocalError> {
    fs::create_dir_all(&order.out_dir).map_err(system)?;
    let out_dir = order.out_dir.canonicalize().map_err(system)?;
    let (memory, seconds) = (order.memory_limit, order.time_limit.as_secs().max(1));
    let mut files = vec![order.dataset];
    let mut named = Vec::with_capacity(order.further.len());
    for Further { name, path, place, file } in order.further {
        named.push(SpecFile { name, path, place });
        files.push(file);
    }
    if order.task.command().is_some_and(|command| command.image.is_some()) {
        static TIDIED: Once = Once::new();
        blocking(|| {
            TIDIED.call_once(containers::remove_abandoned);
            Ok(())
        })
        .await?;
    }
    let spec = Spec {
        job: order.job,
        task: order.task,
        parameters: order.parameters,
        dataset_name: order.dataset_name,
        dataset_place: order.dataset_place,
        further: named,
        out_dir: out_dir.clone(),
        output_limit: order.output_limit,
        memory_limit: memory,
        cpu_limit: cpu_limit(seconds),
    };
    let spec = Assignment::Run(Box::new(spec));
    let limits = Limits { memory, seconds };
    let ended = runner.follow(&spec, files, limits, progress, cancel).await.and_then(|end| last_word(end, limits));
    if ended.is_err() {
        // A worker that was ended could not.
        worker::remove_scratch(&out_dir);
        worker::checkpoint::remove(&out_dir);
    }
    let Line::Done(measure) = ended? else { return Err(no_word()) };
    let (files, summary) = blocking(move || listed(&out_dir)).await?;
    Ok(Outcome { files, summary, measure })
}

/// Waits until the run is given up; for ever when nobody is left who could.
async fn canceled(cancel: &mut watch::Receiver<bool>) {
    if cancel.wait_for(|given_up| *given_up).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The limits of one worker.
#[derive(Clone, Copy)]
struct Limits {
    /// Bytes.
    memory: u64,
    /// Wall-clock.
    seconds: u64,
}

impl Runner {
    /// Starts a worker and follows it to its end, which comes early at the limit of time and on `cancel`.
    async fn follow(
        &self,
        assignment: &Assignment,
        files: Vec<File>,
        limits: Limits,
        progress: &(dyn Fn(f64) + Send + Sync),
        mut cancel: watch::Receiver<bool>,
    ) -> Result<End, LocalError> {
        let spec = serde_json::to_string(assignment).map_err(|e| LocalError::System(e.to_string()))?;
        if spec.len() > MAX_SPEC {
            return Err(LocalError::Task("the parameters are too long".into()));
        }
        let mut worker = Worker::start(&self.program, &spec, files).map_err(system)?;
        let ended = tokio::select! {
            end = worker.follow(progress) => end.map_err(system),
            () = tokio::time::sleep(Duration::from_secs(limits.seconds)) => {
                Err(LocalError::TimedOut { limit: limits.seconds })
            }
            () = canceled(&mut cancel) => Err(LocalError::Canceled),
        };
        if ended.is_err() {
            worker.end().await;
        }
        ended
    }
}

/// CPU time for a worker of that much wall-clock time, seconds: the parent's clock comes first.
fn cpu_limit(seconds: u64) -> u64 {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    seconds.saturating_mul(cores).saturating_add(60)
}

fn no_word() -> LocalError {
    LocalError::System("the worker did something else than it was told".into())
}

/// What a worker's end means.
fn last_word(end: End, limits: Limits) -> Result<Line, LocalError> {
    let failure = match end.last {
        Some(Line::Failed(failure)) => failure,
        Some(word @ (Line::Done(_) | Line::Checked(_) | Line::Probed(_))) => return Ok(word),
        _ => {
            let how = child::how(end.status);
            // The allocator's last words before it aborts, and the kernel's signal at the CPU limit.
            return Err(match how.as_str() {
                "signal 6" if end.said.contains("memory allocation of") => {
                    LocalError::OutOfMemory { limit: limits.memory }
                }
                "signal 24" => LocalError::TimedOut { limit: limits.seconds },
                _ => LocalError::Crashed { how, said: end.said },
            });
        }
    };
    Err(match failure {
        Failure::OutOfMemory => LocalError::OutOfMemory { limit: limits.memory },
        Failure::TooMuchOutput { limit } => LocalError::TooMuchOutput { limit },
        Failure::DiskFull => LocalError::DiskFull,
        Failure::MissingProgram { executable, package } => LocalError::MissingProgram { executable, package },
        Failure::Program { executable, how, said } => LocalError::Program { executable, how, said },
        Failure::Task(why) => LocalError::Task(why),
    })
}

/// The part of a result document that is read whatever its size.
#[derive(Deserialize)]
struct Listing {
    summary: serde_json::Map<String, serde_json::Value>,
    files: Vec<ResultFile>,
}

/// `result.json` and the files it names, each of them there.
fn listed(out_dir: &Path) -> Result<(Vec<ResultFile>, serde_json::Map<String, serde_json::Value>), LocalError> {
    let path = out_dir.join(RESULT_FILE);
    let Listing { summary, files } = read_json(&path)?;
    let (bytes, sha256) = worker::hash(plain_file::open(&path).map_err(system)?, |_| {}).map_err(system)?;
    let mut all = vec![ResultFile { name: RESULT_FILE.into(), bytes, sha256 }];
    all.extend(files);
    for file in &all {
        let there = fs::symlink_metadata(out_dir.join(&file.name)).is_ok_and(|m| m.is_file() && m.len() == file.bytes);
        if !there {
            return Err(LocalError::System(format!(
                "the result names `{}`, which is not as it says",
                units::clean(&file.name, 80)
            )));
        }
    }
    Ok((all, summary))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, LocalError> {
    let file = plain_file::open(path).map_err(system)?;
    bounded::read(file, result::BOUNDS).map_err(|e| LocalError::System(format!("{RESULT_FILE} is unreadable: {e}")))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LocalError> + Send + 'static,
) -> Result<T, LocalError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| LocalError::System(e.to_string()))?
}

fn system(error: std::io::Error) -> LocalError {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => LocalError::DiskFull,
        _ => LocalError::System(error.to_string()),
    }
}
