//! The child process of a run: limits itself, works, and tells its parent on standard output.
//!
//! It is started as `agent worker` with its [`spec`] in the environment and its files, already open, as descriptors of
//! known numbers. It opens none of the person's files by name.

pub(crate) mod check;
pub(crate) mod checkpoint;
mod fill;
mod format;
mod handed;
pub(crate) mod inputs;
mod isolation;
mod left;
mod probe;
mod program;
mod pulse;
mod said;
mod shown;
pub(crate) mod spec;
mod write;
mod written;

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getpid, set_child_subreaper, setrlimit};

use self::spec::{Assignment, CheckSpec, Failure, Line, SPEC_VARIABLE, Spec};
use domain::{result::ResultDocument, task::Program, units};

pub use self::{
    isolation::{Isolation, NotIsolated, isolation},
    spec::{Accepted, Checked, Measure, Probed},
    write::{document, hash},
};

/// The name of the hidden subcommand.
pub const SUBCOMMAND: &str = "worker";

/// The shortest time between two lines of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// Runs the task that the environment names on the files that were handed over. For the hidden subcommand `worker` alone.
///
/// The exit code is 0 when the result is written, 1 when the run failed, 2 when this was not started by the program.
pub fn worker_main() -> ExitCode {
    let assigned = std::env::var(SPEC_VARIABLE).ok().and_then(|text| serde_json::from_str(&text).ok());
    let last = match assigned {
        Some(Assignment::Run(spec)) => work(&spec).map(Line::Done),
        Some(Assignment::Check(spec)) => check(&spec).map(Line::Checked),
        Some(Assignment::Probe(spec)) => probe::run(&spec).map(Line::Probed),
        Some(Assignment::Enter(entry)) => return isolation::enter(&entry),
        None => {
            eprintln!("`agent {SUBCOMMAND}` is started by agent itself, for one run");
            return ExitCode::from(2);
        }
    };
    let done = last.is_ok();
    let told = emit(&last.unwrap_or_else(Line::Failed));
    ExitCode::from(if told && done { 0 } else { 1 })
}

fn work(spec: &Spec) -> Result<Measure, Failure> {
    let started = Instant::now();
    let image = spec.task.command().and_then(|command| command.image.as_ref());
    // Within a container they hold for its programs, and not for what starts it.
    if image.is_none() {
        limit(spec.memory_limit, spec.cpu_limit)?;
    }
    let outside = matches!(spec.task.program, Program::Command(_));
    let mut handed = None;
    if outside {
        // Before the limit of writing, and before what is there is counted: an input may have to be copied.
        handed = Some(isolation::Handed::of(spec)?);
        // What its parent leaves comes to this process and to nobody else, in whatever session it is.
        set_child_subreaper(Some(getpid()))
            .map_err(|e| Failure::Task(format!("the limits of this run could not be set: {e}")))?;
        if image.is_none() {
            one_limit(Resource::Fsize, spec.output_limit)?;
        }
    }
    let room = written::Room::of(&spec.out_dir, spec.output_limit);
    let beside = image.map_or(0, |_| isolation::CONTAINER_MEMORY);
    let memory = spec.memory_limit.saturating_add(beside);
    let shared = pulse::Shared { memory, room: room.clone(), written: spec.output_limit };
    let pulse = pulse::Pulse::start(outside.then_some(shared));
    let document = match handed {
        None => builtin(spec)?,
        Some(handed) => program::run(spec, &handed, &room)?,
    };
    write::document(&spec.out_dir, &document).map_err(|e| failure_of(&e, "the result could not be written"))?;
    // Of this run and of those before it that were ended from outside.
    checkpoint::remove(&spec.out_dir);
    remove_scratch(&spec.out_dir);
    let max_rss = pulse.stop().max(pulse::own_peak()).max(pulse::peak_of_children());
    Ok(Measure { seconds: started.elapsed().as_secs_f64(), max_rss })
}

fn check(spec: &CheckSpec) -> Result<Checked, Failure> {
    limit(spec.memory_limit, spec.cpu_limit)?;
    let pulse = pulse::Pulse::start(None);
    let checked = check::run(spec);
    pulse.stop();
    checked
}

/// Limits this process and all it starts, memory in bytes and CPU time in seconds.
///
/// RLIMIT_DATA counts private writable memory as it is mapped. RLIMIT_AS would also count address space that is only
/// reserved and files that are only mapped, which the C library and alignment programs have plenty of.
fn limit(memory: u64, cpu: u64) -> Result<(), Failure> {
    one_limit(Resource::Core, 0)?;
    one_limit(Resource::Data, memory)?;
    // One second between the two, so that the signal is the one that says why.
    set(Resource::Cpu, Rlimit { current: Some(cpu), maximum: Some(cpu.saturating_add(1)) })
}

fn one_limit(what: Resource, limit: u64) -> Result<(), Failure> {
    set(what, Rlimit { current: Some(limit), maximum: Some(limit) })
}

fn set(what: Resource, limit: Rlimit) -> Result<(), Failure> {
    setrlimit(what, limit).map_err(|e| Failure::Task(format!("the limits of this run could not be set: {e}")))
}

fn builtin(spec: &Spec) -> Result<ResultDocument, Failure> {
    let input = inputs::open(0).map_err(|e| failure_of(&e, "the dataset could not be opened"))?;
    let mut last = (Instant::now(), 0.0);
    let mut progress = |part: f64| {
        if last.0.elapsed() >= PROGRESS_EVERY && part > last.1 {
            last = (Instant::now(), part);
            emit(&Line::Progress(part.clamp(0.0, 1.0)));
        }
    };
    let run = science::Run {
        task: &spec.task.name,
        input,
        dataset_name: &spec.dataset_name,
        job: &spec.job,
        parameters: &spec.parameters,
        out_dir: &spec.out_dir,
    };
    science::run(run, &mut progress).map_err(|error| match full_disk(&error) {
        true => Failure::DiskFull,
        false => Failure::Task(units::clean(&error.to_string(), 500)),
    })
}

/// Writes one line to the parent; `false` when nobody reads it any more.
fn emit(line: &Line) -> bool {
    let Ok(mut text) = serde_json::to_string(line) else { return false };
    text.push('\n');
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Whether a full disk is among the causes of an error.
fn full_disk(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|e| e.kind() == io::ErrorKind::StorageFull)
}

fn failure_of(error: &io::Error, what: &str) -> Failure {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Failure::DiskFull,
        io::ErrorKind::OutOfMemory => Failure::OutOfMemory,
        _ => Failure::Task(format!("{what}: {}", units::clean(&error.to_string(), 200))),
    }
}

/// How folders begin for what a run leaves behind by the way.
const SCRATCH: &str = ".scratch-";

/// A folder for what a run leaves behind by the way; gone after it.
fn scratch(out_dir: &Path) -> io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix(SCRATCH).tempdir_in(out_dir)
}

/// Removes such folders of runs that were ended.
pub(crate) fn remove_scratch(out_dir: &Path) {
    let entries = std::fs::read_dir(out_dir).into_iter().flatten().flatten();
    let is_scratch = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.starts_with(SCRATCH));
    for entry in entries.filter(|entry| is_scratch(&entry.file_name())) {
        // It stands in nobody's way.
        let _ = std::fs::remove_dir_all(entry.path());
    }
}
