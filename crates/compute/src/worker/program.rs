//! Outside programs: run without a shell, with a clean environment, their output counted, checked and hashed.

use std::{
    fs::File,
    io,
    os::{fd::AsRawFd as _, unix::process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use rustix::process::{Signal, getpid};

use super::{
    checkpoint::Checkpoint,
    failure_of,
    fill::{Places, SCRIPTS},
    handed::{TakenIn, take_in},
    isolation::{Handed, Launch},
    left, said, scratch,
    spec::{Failure, Spec},
    write,
    written::{Before, Room},
};
use crate::processes::{end_descendants, reap};
use domain::{
    result::{NO_VERSION, ResultDataset, ResultDocument, ResultProgram, STDERR_FILE, STDOUT_FILE},
    task::{CommandLine, Step, template::Piece},
    units,
};
use guard::machine::catalogue::scripts;

/// Runs the spec's outside programs, one after another, on the files that were handed over.
pub(super) fn run(spec: &Spec, handed: &Handed, room: &Room) -> Result<ResultDocument, Failure> {
    let Some(command) = spec.task.command() else {
        return Err(Failure::Task("a built-in task is no outside program".into()));
    };
    let io = |what: &'static str| move |e: io::Error| failure_of(&e, what);
    let scratch = scratch(&spec.out_dir).map_err(io("no scratch folder could be made"))?;
    let taken = take_in(spec, handed, scratch.path())?;
    let held = Checkpoint::open(spec, command, &taken).map_err(io("the checkpoint folder cannot be used"))?;
    let TakenIn { dataset: sha256, further, named: inputs, bound } = taken;
    let launch = handed
        .launch(&spec.out_dir, scratch.path(), bound.iter().map(String::as_str))
        .map_err(io("the folders of the run could not be made"))?;
    let checkpoint = held.as_ref().map(|held| held.name.as_str());
    let places = Places { inputs: &inputs, parameters: &spec.parameters, scratch: scratch.path(), checkpoint };
    write_scripts(command, scratch.path()).map_err(io("the scripts could not be written"))?;
    let before = Before::of(&spec.out_dir).map_err(io("the results folder cannot be read"))?;
    let told = Told::new(&spec.out_dir, scratch.path()).map_err(io("the output could not be made"))?;
    // Before it could have changed what it writes: what it says of itself is not looked at after the results are.
    let version = version(command, &launch, &places);
    let given = |name: &str| places.is_given(name);
    left::clear(&spec.out_dir, command, &given).map_err(io("what an earlier run left cannot be removed"))?;
    for step in &command.steps {
        one(spec, step, &launch, &places, &told, room)?;
    }

    let found = left::results(spec, command, &given, &before)?;
    let (mut files, summary) = left::taken_in(spec, &found)?;
    let mut messages = said::Messages::default();
    for name in [STDOUT_FILE, STDERR_FILE] {
        let path = spec.out_dir.join(name);
        let take = |piece: &[u8]| {
            if name == STDERR_FILE {
                messages.take(piece)
            }
        };
        let (bytes, sha256) =
            left::own_file(&path).and_then(|f| write::hash(f, take)).map_err(io("the output could not be read"))?;
        if bytes > 0 {
            files.push(domain::job::ResultFile { name: name.into(), bytes, sha256 });
        } else {
            let _ = std::fs::remove_file(path);
        }
    }
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
        summary,
        files,
        program: ResultProgram {
            name: command.executable.clone(),
            version,
            seed: None,
            isolation: launch.isolation(),
            image: command.image.as_ref().zip(launch.image()).map(|(image, id)| format!("{} ({id})", image.name)),
        },
        verified: true,
        warnings: launch.warning().into_iter().chain(messages.lines(STDERR_FILE)).collect(),
    })
}

/// What takes the outputs of programs. The folders are held open: a program may put something else in their place, and what
/// the next one writes is to come to lie in them.
struct Told {
    results: File,
    scratch: File,
    stdout: File,
    stderr: File,
}

impl Told {
    fn new(results: &Path, scratch: &Path) -> io::Result<Told> {
        let (results, scratch) = (File::open(results)?, File::open(scratch)?);
        let (stdout, stderr) = (fresh(&results, STDOUT_FILE)?, fresh(&results, STDERR_FILE)?);
        Ok(Told { results, scratch, stdout, stderr })
    }

    /// The file that a step's standard output is.
    fn stdout_of(&self, step: &Step) -> io::Result<File> {
        match step.stdout.as_ref().and_then(|template| template.pieces.first()) {
            Some(Piece::Scratch(name)) => fresh(&self.scratch, name),
            Some(Piece::Out(name)) => fresh(&self.results, name),
            _ => self.stdout.try_clone(),
        }
    }
}

/// A new file in an open folder: what a program left by that name, a link to elsewhere it may be, is not written to.
fn fresh(folder: &File, name: &str) -> io::Result<File> {
    let path = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => File::create_new(path),
    }
}

/// Runs one program to its end.
fn one(
    spec: &Spec,
    step: &Step,
    launch: &Launch,
    places: &Places<'_>,
    told: &Told,
    room: &Room,
) -> Result<(), Failure> {
    let io = |what: &'static str| move |e: io::Error| failure_of(&e, what);
    let given = |name: &str| places.is_given(name);
    let arguments = step.arguments_when(&given).map(|template| places.arguments(template));
    let arguments = arguments.collect::<Result<Vec<_>, _>>()?.concat();
    let stdout = told.stdout_of(step).map_err(io("the output could not be made"))?;
    let stderr = told.stderr.try_clone().map_err(io("the output could not be made"))?;
    let status = launch
        .command(&step.executable, &arguments)
        .and_then(|mut command| command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).status())
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
                Failure::MissingProgram { executable: step.executable.clone(), package: step.package.clone() }
            }
            _ => failure_of(&error, "the program could not be started"),
        })?;
    let status = launch.status(status);
    launch.check_inputs().map_err(io("an input is no longer what the program was given"))?;
    // What it left behind would go on writing to what is read now.
    end_descendants(getpid());
    reap();
    if status.signal() == Some(Signal::XFSZ.as_raw()) || room.is_full() {
        return Err(Failure::TooMuchOutput { limit: spec.output_limit });
    }
    if !status.success() {
        // What goes to a result file is no message.
        let told = [Some(STDERR_FILE), step.stdout.is_none().then_some(STDOUT_FILE)];
        let paths: Vec<_> = told.into_iter().flatten().map(|name| spec.out_dir.join(name)).collect();
        let said = said::reason(paths.iter().map(|path| path.as_path()));
        return Err(launch
            .not_started(&step.executable, status, &said)
            .unwrap_or_else(|| failed(&step.executable, status, &said)));
    }
    Ok(())
}

fn version(line: &CommandLine, launch: &Launch, places: &Places<'_>) -> String {
    let asked = || {
        let arguments =
            line.version.iter().map(|template| places.fill(template)).collect::<Result<Vec<_>, _>>().ok()?;
        said::version(launch.command(&line.executable, &arguments).ok()?, places.scratch)
    };
    asked().unwrap_or_else(|| NO_VERSION.into())
}

/// The program's own scripts, where a step runs one.
fn write_scripts(command: &CommandLine, scratch: &Path) -> io::Result<()> {
    let is_script = |piece: &Piece| matches!(piece, Piece::Script(_));
    let all = |_: &str| true;
    let mut templates = command.steps.iter().flat_map(|step| step.arguments_when(&all));
    if !templates.any(|template| template.pieces.iter().any(is_script)) {
        return Ok(());
    }
    let folder = scratch.join(SCRIPTS);
    std::fs::create_dir(&folder)?;
    scripts().iter().try_for_each(|(name, text)| std::fs::write(folder.join(name), text))
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
    use super::*;

    #[test]
    fn programs_say_in_many_ways_that_memory_is_out() {
        let status = ExitStatus::from_raw(1 << 8);
        assert_eq!(failed("x", status, "terminate: std::bad_alloc"), Failure::OutOfMemory);
        assert_eq!(failed("x", status, "write: No space left on device"), Failure::DiskFull);
        let Failure::Program { how, .. } = failed("x", ExitStatus::from_raw(11), "") else { panic!() };
        assert_eq!(how, "signal 11");
    }
}
