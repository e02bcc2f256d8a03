//! Programs in a container: `podman run`, whose processes are descendants of this one, so that limits and ends reach them.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use rustix::process::{Resource, getgid, getrlimit, getuid};

use super::{
    super::spec::{Failure, Spec},
    Bound, lies,
};
use domain::{task::Image, units};
use guard::machine::{
    containers::{self, ImageError, PODMAN},
    programs::on_path,
};

/// What `podman` and its monitor take beside a program, bytes: 45 MB were measured of version 4.3.
pub(in super::super) const CONTAINER_MEMORY: u64 = 128 << 20;

/// How much longer than its CPU time a container may be there, and the longest at all, seconds.
const GRACE: u64 = 600;
const LONGEST: u64 = 1_000_000;

/// The folder of the job, within the container.
const WORK: &str = "/work";
/// No more processes in a container, threads among them.
const MOST_PROCESSES: &str = "4096";
/// Processes that the user may have in all, as `podman` limits itself: what it starts may have no more.
const USER_PROCESSES: u64 = 32_768;
/// As many files may be open at once; no more than the hard limit of this machine.
const MOST_OPEN: u64 = 1_024;
/// What `podman run` ends with where it could not start a program: it failed itself; it may not be run; there is none.
const FAILED: i32 = 125;
const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;

/// What runs the containers of a run.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    podman: PathBuf,
    /// The name of the image, and what the name meant when the run began.
    name: String,
    id: String,
    memory: u64,
    written: u64,
    cpu: u64,
}

impl Engine {
    /// # Errors
    /// Where there is no `podman`, or no such image.
    pub fn of(image: &Image, spec: &Spec) -> Result<Engine, ImageError> {
        let id = containers::image_id(image.reference(), &image.name)?;
        let podman = on_path(&super::path(), PODMAN).ok_or(ImageError::NoPodman)?;
        let (memory, written, cpu) = (spec.memory_limit, spec.output_limit, spec.cpu_limit);
        Ok(Engine { podman, name: image.name.clone(), id, memory, written, cpu })
    }

    /// The id of the image.
    pub fn image(&self) -> &str {
        &self.id
    }

    /// A command that runs an executable of the image on these arguments: no capability, no network unless its task says so, nothing of this machine but
    /// the inputs (read-only) and the folder of the job.
    ///
    /// # Errors
    /// When an input or a folder of the run is no longer what it was.
    pub fn command(
        &self,
        bound: &Bound,
        scratch: &Path,
        executable: &str,
        arguments: &[String],
    ) -> io::Result<Command> {
        let own = scratch.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(&self.podman);
        command.args(["run", "--rm", "--pull=never", "--http-proxy=false"]);
        if !bound.network {
            command.args(["--network=none", "--no-hosts"]);
        }
        command.args(["--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges"]);
        // Where SELinux is on, what is bound would be out of reach, or have to be relabelled.
        command.args(["--security-opt=label=disable", "--log-driver=none", "--ipc=private", "--tz=local"]);
        command.arg(format!("--pids-limit={MOST_PROCESSES}")).arg(format!("--label={}", containers::LABEL));
        // Also where nobody is left to end it.
        command.arg(format!("--timeout={}", self.cpu.saturating_add(GRACE).min(LONGEST)));
        let (user, group) = (getuid(), getgid());
        if !user.is_root() {
            // What it writes is the user's own.
            command.arg("--userns=keep-id");
        }
        command.arg(format!("--user={}:{}", user.as_raw(), group.as_raw()));
        let hard = |of: Resource| getrlimit(of).maximum;
        let open = hard(Resource::Nofile).unwrap_or(MOST_OPEN).min(MOST_OPEN);
        let processes = hard(Resource::Nproc).unwrap_or(USER_PROCESSES).min(USER_PROCESSES);
        let limits = [
            ("data", self.memory, self.memory),
            ("fsize", self.written, self.written),
            ("cpu", self.cpu, self.cpu.saturating_add(1)),
            ("core", 0, 0),
            ("nofile", open, open),
            ("nproc", processes, processes),
        ];
        for (what, soft, hard) in limits {
            // `podman` reads them as signed numbers.
            let most = i64::MAX as u64;
            command.arg(format!("--ulimit={what}={}:{}", soft.min(most), hard.min(most)));
        }
        command.args(mount(&lies(&bound.out_dir.0)?, Path::new(WORK), true)?);
        command.args(mount(&lies(&bound.tmp)?, Path::new("/tmp"), true)?);
        for input in &bound.inputs {
            command.args(mount(&input.path()?, &input.to, false)?);
        }
        let work = Path::new(WORK).join(own);
        command.arg("--workdir").arg(&work);
        command.args(["--env=HOME=/tmp", "--env=TMPDIR=/tmp"]);
        command.arg(format!("--entrypoint={}", entrypoint(executable)?));
        command.arg(&self.id).args(arguments);
        let known = ["PATH", "HOME", "LANG"].iter().chain(&containers::ENVIRONMENT);
        command.env_clear().envs(known.filter_map(|name| Some((name, std::env::var_os(name)?)))).current_dir(scratch);
        Ok(command)
    }

    /// Why a program was not started that came to this end; nothing where it was. A program may end with these codes itself: it
    /// is podman that begins like this.
    pub fn not_started(&self, executable: &str, status: ExitStatus, said: &str) -> Option<Failure> {
        let (name, said) = (&self.name, units::clean(said.strip_prefix("Error: ")?, 300));
        Some(Failure::Task(match status.code()? {
            FAILED => format!("podman could not run {executable} of {name}: {said}"),
            NOT_EXECUTABLE => format!("{executable} of the image {name} cannot be run: {said}"),
            NOT_FOUND => format!("the image {name} has no program {executable}: {said}"),
            _ => return None,
        }))
    }
}

/// As JSON, so that no sign of it is read as more than a name.
fn entrypoint(executable: &str) -> io::Result<String> {
    serde_json::to_string(&[executable]).map_err(io::Error::other)
}

/// `--mount` takes fields of a line of CSV.
fn mount(from: &Path, to: &Path, writable: bool) -> io::Result<[OsString; 2]> {
    let field = |name: &str, path: &Path| {
        let path = path.to_str().filter(|path| !path.contains(['\n', '\r']));
        let path = path.ok_or_else(|| io::Error::other("a container takes no file whose path is not plain text"))?;
        Ok::<_, io::Error>(format!("\"{name}={}\"", path.replace('"', "\"\"")))
    };
    let kind = if writable { "rw=true" } else { "ro=true" };
    Ok(["--mount".into(), format!("type=bind,{},{},{kind}", field("src", from)?, field("dst", to)?).into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_fields_whatever_the_names_are() {
        let [_, line] = mount(Path::new("/a b,ro=false/\"x"), Path::new("/inputs/y"), false).unwrap();
        assert_eq!(line, "type=bind,\"src=/a b,ro=false/\"\"x\",\"dst=/inputs/y\",ro=true");
        assert!(mount(Path::new("/a\nb"), Path::new("/y"), true).is_err());
        assert_eq!(entrypoint("a\" b").unwrap(), r#"["a\" b"]"#);
    }
}
