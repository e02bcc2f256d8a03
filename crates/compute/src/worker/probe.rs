//! Whether a program has what a task needs of it, such as libraries: it is asked itself, as isolated as it would run.

use std::{fs::File, io, process::Stdio};

use rustix::process::{Resource, getpid, set_child_subreaper};

use super::{
    failure_of, isolation, limit, one_limit, pulse, said, scratch,
    spec::{Failure, ProbeSpec, Probed},
};
use crate::processes::{end_descendants, reap};

/// What a probe may write, bytes.
const MOST_WRITTEN: u64 = 1 << 20;
/// The file of what it says.
const SAID: &str = "said";

/// Asks the program.
///
/// # Errors
/// What kept it from being asked.
pub(super) fn run(spec: &ProbeSpec) -> Result<Probed, Failure> {
    let io = |what: &'static str| move |e: io::Error| failure_of(&e, what);
    limit(spec.memory_limit, spec.cpu_limit)?;
    set_child_subreaper(Some(getpid())).map_err(|e| Failure::Task(format!("its limits could not be set: {e}")))?;
    one_limit(Resource::Fsize, MOST_WRITTEN)?;
    let pulse = pulse::Pulse::start(None);
    let scratch = scratch(&spec.folder).map_err(io("no scratch folder could be made"))?;
    let said = spec.folder.join(SAID);
    let stderr = File::create_new(&said).map_err(io("its output could not be made"))?;
    let handed = isolation::Handed::nothing(&spec.folder).map_err(io("it could not be isolated"))?;
    let launch =
        handed.launch(&spec.folder, scratch.path(), std::iter::empty()).map_err(io("its folders are not there"))?;
    let status = launch
        .command(&spec.executable, &spec.arguments)
        .and_then(|mut command| command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).status())
        .map_err(io("the program could not be started"))?;
    let status = launch.status(status);
    end_descendants(getpid());
    reap();
    pulse.stop();
    Ok(match status.success() {
        true => Probed::Able,
        false => Probed::Unable(said::last_line(&said)),
    })
}
