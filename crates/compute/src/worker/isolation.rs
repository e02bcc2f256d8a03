//! Outside programs kept apart from this machine: by bubblewrap where it works, or in a container where their task names an image.
//!
//! Such a program sees the system's programs and its own, its inputs (read-only) and the folder of its job; no home, no other
//! processes, no network. What one command leaves in that folder is not trusted when the next is started: bubblewrap is told
//! where things lie by what was opened before the first.

mod container;
mod enter;
mod found;
mod view;

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io,
    os::{
        fd::AsRawFd as _,
        unix::{
            fs::MetadataExt as _,
            process::{CommandExt as _, ExitStatusExt as _},
        },
    },
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use command_fds::{CommandFdExt as _, FdMapping};

use super::{
    SUBCOMMAND, inputs,
    spec::{Assignment, Entry, EntryInput, Failure, SPEC_VARIABLE, Spec},
};
use domain::{
    result::{NOT_ISOLATED, WARNING_WIDTH},
    units,
};
use guard::machine::{containers::PODMAN, programs::on_path};

pub(super) use self::container::CONTAINER_MEMORY;
pub(super) use self::enter::enter;
pub use self::found::{Isolation, NotIsolated, isolation};
use self::{container::Engine, found::path};

/// What results say of a program that ran under it.
const BUBBLEWRAP: &str = "bubblewrap";
/// The folder where a program finds its inputs.
const INPUTS: &str = "/inputs";
/// The folders beneath a run's scratch folder that a program has as `/tmp` and `/dev/shm`: what it writes there is counted. No input is
/// named with a colon.
const TMP: &str = ":tmp";
const SHM: &str = ":shm";
/// A program that a signal ended comes out of bubblewrap with the signal's number above this, as out of a shell.
const SIGNALED: i32 = 128;
/// The last signal of Linux.
const LAST_SIGNAL: i32 = 64;

/// What keeps the programs of a run apart.
enum Means {
    Bubblewrap(&'static Isolation),
    Podman(Engine),
    Nothing(&'static NotIsolated),
}

/// The inputs of a run and its folder as they are to be bound, known before the limits of writing hold.
pub(super) struct Handed {
    means: Means,
    network: bool,
    sources: Vec<Source>,
    /// Holds the copies.
    _copies: Option<tempfile::TempDir>,
}

/// Which file an input is, and where its copy lies where there is one.
#[derive(Clone)]
struct Source {
    copy: Option<PathBuf>,
    device: u64,
    inode: u64,
}

impl Handed {
    /// The inputs of a run. Where its programs are isolated, one whose name has come to mean another file, or none, is copied:
    /// only what has a name can be bound.
    ///
    /// # Errors
    /// When the image is not there, when an input cannot be looked at, or not be copied.
    pub fn of(spec: &Spec) -> Result<Handed, Failure> {
        let image = spec.task.command().and_then(|command| command.image.as_ref());
        let means = match (image, isolation()) {
            (Some(image), _) => {
                Means::Podman(Engine::of(image, spec).map_err(|e| Failure::Task(format!("{e}: {}", e.hint())))?)
            }
            (None, Ok(isolation)) => Means::Bubblewrap(isolation),
            (None, Err(why)) => Means::Nothing(why),
        };
        let network = spec.task.uses_network();
        Handed::by(means, network, 1 + spec.further.len(), &spec.out_dir)
            .map_err(|e| super::failure_of(&e, "the inputs could not be taken"))
    }

    /// No inputs: for a program of this machine that is only asked something, without the network.
    ///
    /// # Errors
    /// None that a folder of ours would bring about.
    pub fn nothing(out_dir: &Path) -> io::Result<Handed> {
        let means = match isolation() {
            Ok(isolation) => Means::Bubblewrap(isolation),
            Err(why) => Means::Nothing(why),
        };
        Handed::by(means, false, 0, out_dir)
    }

    fn by(means: Means, network: bool, count: usize, out_dir: &Path) -> io::Result<Handed> {
        let (mut sources, mut copies) = (Vec::new(), None);
        for place in (0..count).filter(|_| !matches!(means, Means::Nothing(_))) {
            let descriptor = inputs::path(place);
            let copy = match named(&descriptor)? {
                Some(_) => None,
                None => {
                    let folder = match copies.take() {
                        Some(folder) => folder,
                        None => super::scratch(out_dir)?,
                    };
                    let path = copies.insert(folder).path().join(place.to_string());
                    io::copy(&mut inputs::open(place)?, &mut File::create_new(&path)?)?;
                    Some(path)
                }
            };
            let meta = fs::metadata(copy.as_ref().unwrap_or(&descriptor))?;
            sources.push(Source { copy, device: meta.dev(), inode: meta.ino() });
        }
        Ok(Handed { means, network, sources, _copies: copies })
    }

    /// Whether inputs are bound where programs find them; else they are read by their descriptors.
    pub fn binds(&self) -> bool {
        !matches!(self.means, Means::Nothing(_))
    }

    /// Where a program finds the input of that place and name.
    pub fn lies(&self, place: usize, name: &str) -> PathBuf {
        match self.means {
            Means::Bubblewrap(_) | Means::Podman(_) => Path::new(INPUTS).join(name),
            Means::Nothing(_) => inputs::path(place),
        }
    }

    /// How programs of the run are started: within `scratch`, a folder beneath `out_dir`, the inputs by these names.
    ///
    /// # Errors
    /// When the folders of the run cannot be made or opened.
    pub fn launch<'a>(
        &self,
        out_dir: &Path,
        scratch: &Path,
        names: impl Iterator<Item = &'a str>,
    ) -> io::Result<Launch> {
        let scratch = scratch.to_owned();
        if let Means::Nothing(why) = self.means {
            return Ok(Launch { scratch, walls: Walls::None(why) });
        }
        let fresh = |name: &str| {
            let path = scratch.join(name);
            fs::create_dir(&path)?;
            File::open(path)
        };
        let inputs = self.sources.iter().zip(names).enumerate().map(|(place, (source, name))| Input {
            descriptor: inputs::path(place),
            source: source.clone(),
            to: self.lies(place, name.trim_start_matches("./")),
        });
        let (inputs, out_dir) = (inputs.collect(), (File::open(out_dir)?, out_dir.to_owned()));
        let network = self.network;
        let bound = Bound { network, out_dir, tmp: fresh(TMP)?, shm: fresh(SHM)?, inputs };
        let walls = match &self.means {
            Means::Bubblewrap(isolation) => Walls::Bubblewrap(isolation.bwrap.clone(), bound),
            Means::Podman(engine) => Walls::Podman(engine.clone(), bound),
            Means::Nothing(why) => Walls::None(why),
        };
        Ok(Launch { scratch, walls })
    }
}

/// The name by which an open file is still found; none when it has none, or that is another file's now.
fn named(descriptor: &Path) -> io::Result<Option<PathBuf>> {
    let (path, open) = (fs::read_link(descriptor)?, fs::metadata(descriptor)?);
    let there = fs::symlink_metadata(&path);
    Ok(there.is_ok_and(|there| (there.dev(), there.ino()) == (open.dev(), open.ino())).then_some(path))
}

/// How the programs of a run are started.
pub(super) struct Launch {
    scratch: PathBuf,
    walls: Walls,
}

/// What is around the programs of a run.
enum Walls {
    /// Bubblewrap's program.
    Bubblewrap(PathBuf, Bound),
    Podman(Engine, Bound),
    None(&'static NotIsolated),
}

/// What of this machine's files a program sees.
struct Bound {
    /// Whether it may use the network.
    network: bool,
    /// The results folder, open, and its name.
    out_dir: (File, PathBuf),
    tmp: File,
    shm: File,
    inputs: Vec<Input>,
}

struct Input {
    descriptor: PathBuf,
    source: Source,
    to: PathBuf,
}

impl Launch {
    /// A command that runs an executable on these arguments, in the scratch folder, with a clean environment.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is no such executable.
    pub fn command(&self, executable: &str, arguments: &[String]) -> io::Result<Command> {
        if let Walls::Podman(engine, bound) = &self.walls {
            return engine.command(bound, &self.scratch, executable, arguments);
        }
        let path = path();
        // Never by what PATH says of the folder that the program works in.
        let program = match executable.contains('/') {
            true => Some(PathBuf::from(executable)).filter(|program| program.is_absolute() && program.is_file()),
            false => on_path(&path, executable),
        };
        let program = program.ok_or(io::ErrorKind::NotFound)?;
        let (mut command, home) = match &self.walls {
            Walls::Bubblewrap(bwrap, bound) => (
                bound.command(bwrap, &self.scratch, &path, program, executable, arguments)?,
                Some(self.scratch.clone().into()),
            ),
            Walls::Podman(..) | Walls::None(_) => {
                let mut command = Command::new(program);
                command.arg0(executable).args(arguments).current_dir(&self.scratch).env_clear();
                (command, std::env::var_os("HOME"))
            }
        };
        command
            .envs(["PATH", "LANG"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs(home.map(|home| ("HOME", home)))
            .env("TMPDIR", &self.scratch);
        Ok(command)
    }

    /// How the program itself ended that came to this end.
    pub fn status(&self, status: ExitStatus) -> ExitStatus {
        match status.code().and_then(|code| code.checked_sub(SIGNALED)) {
            Some(signal @ 1..=LAST_SIGNAL) if !matches!(self.walls, Walls::None(_)) => ExitStatus::from_raw(signal),
            _ => status,
        }
    }

    /// Whether the inputs of a container are still what was opened. Bubblewrap looks at that itself, before a program begins.
    ///
    /// # Errors
    /// One is another file by now: the program may have been given that one.
    pub fn check_inputs(&self) -> io::Result<()> {
        match &self.walls {
            Walls::Podman(_, bound) => bound.inputs.iter().try_for_each(|input| input.path().map(drop)),
            _ => Ok(()),
        }
    }

    /// Why a program was not started that came to this end; nothing where it was.
    pub fn not_started(&self, executable: &str, status: ExitStatus, said: &str) -> Option<Failure> {
        match &self.walls {
            Walls::Podman(engine, _) => engine.not_started(executable, status, said),
            _ => None,
        }
    }

    /// What isolates it, as results say it.
    pub fn isolation(&self) -> Option<String> {
        let (by, bound) = match &self.walls {
            Walls::Bubblewrap(_, bound) => (BUBBLEWRAP, bound),
            Walls::Podman(_, bound) => (PODMAN, bound),
            Walls::None(_) => return None,
        };
        let network = if bound.network { ", with the network" } else { "" };
        Some(format!("{by}{network}"))
    }

    /// The id of the image that it comes from.
    pub fn image(&self) -> Option<&str> {
        match &self.walls {
            Walls::Podman(engine, _) => Some(engine.image()),
            _ => None,
        }
    }

    /// What is to be said of a run that is not isolated.
    pub fn warning(&self) -> Option<String> {
        let Walls::None(why) = self.walls else { return None };
        let line = format!("{NOT_ISOLATED}{why}; the program could read what its user may, and use the network");
        Some(units::clean(&line, WARNING_WIDTH))
    }
}

impl Bound {
    fn command(
        &self,
        bwrap: &Path,
        scratch: &Path,
        path: &OsStr,
        program: PathBuf,
        executable: &str,
        arguments: &[String],
    ) -> io::Result<Command> {
        let inputs = self.inputs.iter().map(Input::bound).collect::<io::Result<Vec<_>>>()?;
        let own = File::open("/proc/self/exe")?;
        let descriptor = own.as_raw_fd();
        let mut command = Command::new(bwrap);
        command
            .args(view::WALLS)
            .args(view::system())
            .args(if self.network { view::network() } else { Vec::new() })
            .args(bind("--bind", &lies(&self.tmp)?, "/tmp"))
            .args(bind("--bind", &lies(&self.shm)?, "/dev/shm"))
            .args(view::beside(&program, path))
            .args(bind("--bind", &lies(&self.out_dir.0)?, &self.out_dir.1))
            .args(inputs.iter().flatten())
            .args(view::CLOSED)
            .arg("--chdir")
            .arg(scratch)
            .arg("--")
            .arg(format!("/proc/self/fd/{descriptor}"))
            .arg(SUBCOMMAND);
        let entry = Entry {
            program,
            name: executable.to_owned(),
            arguments: arguments.to_vec(),
            inputs: self.inputs.iter().map(Input::entry).collect(),
        };
        let entry = serde_json::to_string(&Assignment::Enter(Box::new(entry))).map_err(io::Error::other)?;
        command.env_clear().env(SPEC_VARIABLE, entry);
        // By its own number: only the mark goes that would close it.
        let handed = FdMapping { parent_fd: own.into(), child_fd: descriptor };
        command.fd_mappings(vec![handed]).map_err(io::Error::other)?;
        Ok(command)
    }
}

impl Input {
    /// Its name may be another by now than when the run began.
    fn bound(&self) -> io::Result<[OsString; 3]> {
        Ok(bind("--ro-bind", &self.path()?, &self.to))
    }

    /// Where it lies by now.
    fn path(&self) -> io::Result<PathBuf> {
        let replaced = || io::Error::other("an input was removed or replaced during the run");
        let path = match &self.source.copy {
            Some(copy) => copy.clone(),
            None => named(&self.descriptor)?.ok_or_else(replaced)?,
        };
        let meta = fs::symlink_metadata(&path).map_err(|_| replaced())?;
        let same = (meta.dev(), meta.ino()) == (self.source.device, self.source.inode);
        if same { Ok(path) } else { Err(replaced()) }
    }

    fn entry(&self) -> EntryInput {
        EntryInput { path: self.to.clone(), device: self.source.device, inode: self.source.inode }
    }
}

/// Where an open folder lies by now, whatever an earlier command put in its place.
fn lies(folder: &File) -> io::Result<PathBuf> {
    let descriptor = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    named(&descriptor)?.ok_or_else(|| io::Error::other("an earlier command removed a folder of the run"))
}

fn bind(how: &str, from: &Path, to: impl AsRef<Path>) -> [OsString; 3] {
    [how.into(), from.into(), to.as_ref().into()]
}

#[cfg(test)]
mod tests;
