//! The worker process from its parent's side: started in a group of its own, followed, and never left behind.

use std::{
    fs::File,
    io,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{ExitStatus, Stdio},
};

use command_fds::{CommandFdExt as _, FdMapping};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader},
    process::{Child, ChildStderr, ChildStdout, Command},
};

use crate::processes::end_descendants;
use crate::worker::{
    SUBCOMMAND,
    inputs::FIRST,
    spec::{Line, SPEC_VARIABLE},
};
use domain::units;
use guard::machine::containers;

/// How much of a worker's standard error is kept, bytes.
const KEPT: usize = 4096;

/// A worker and all it starts; dropping it ends them all.
pub(super) struct Worker {
    child: Child,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

/// How a worker ended.
pub(super) struct End {
    /// Its last word, [`Line::Done`], [`Line::Checked`], [`Line::Probed`] or [`Line::Failed`], unless it died before.
    pub last: Option<Line>,
    /// The end of its standard error, cleaned.
    pub said: String,
    /// How the process ended.
    pub status: ExitStatus,
}

impl Worker {
    /// Starts `program worker` with the spec in its environment and its files, the dataset first, as descriptors.
    pub fn start(program: &Path, spec: &str, files: Vec<File>) -> io::Result<Worker> {
        let handed = (FIRST..).zip(files).map(|(child_fd, file)| FdMapping { parent_fd: file.into(), child_fd });
        let inherited = ["PATH", "HOME", "LANG"].iter().chain(&containers::ENVIRONMENT);
        let inherited = inherited.filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut command = Command::new(program);
        command
            .arg0("agent")
            .arg(SUBCOMMAND)
            .env_clear()
            .envs(inherited)
            .env(SPEC_VARIABLE, spec)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .fd_mappings(handed.collect())
            .map_err(io::Error::other)?;
        let mut child = command.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        Ok(Worker { child, stdout, stderr })
    }

    /// Follows it to its end.
    pub async fn follow(&mut self, progress: &(dyn Fn(f64) + Send + Sync)) -> io::Result<End> {
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        let (last, said) = tokio::join!(last_word(stdout, progress), ending(stderr));
        // Both pipes are closed, so the worker is gone; whatever it started is ended before its id is free again.
        self.end_group();
        let status = self.child.wait().await?;
        Ok(End { last, said, status })
    }

    /// Ends the worker and all it started, and waits until it is gone.
    pub async fn end(&mut self) {
        if let Some(pid) = self.pid() {
            // Those that are in sessions of their own too: they are the worker's, however they were left.
            let _ = tokio::task::spawn_blocking(move || end_descendants(pid)).await;
        }
        self.end_group();
        let _ = self.child.wait().await;
    }

    /// Ends the worker and all it started. Its id is its own until it is waited for.
    fn end_group(&self) {
        if let Some(pid) = self.pid() {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    /// Its number, until it was waited for.
    fn pid(&self) -> Option<Pid> {
        self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            end_descendants(pid);
        }
        self.end_group();
    }
}

/// `exit code 1`, `signal 9`.
pub(super) fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no exit code".into(),
    }
}

async fn last_word(stdout: Option<ChildStdout>, progress: &(dyn Fn(f64) + Send + Sync)) -> Option<Line> {
    let mut lines = BufReader::new(stdout?).lines();
    let mut last = None;
    while let Ok(Some(text)) = lines.next_line().await {
        match serde_json::from_str(&text) {
            Ok(Line::Progress(part)) if part.is_finite() => progress(part.clamp(0.0, 1.0)),
            Ok(word @ (Line::Done(_) | Line::Checked(_) | Line::Probed(_) | Line::Failed(_))) => {
                last.get_or_insert(word);
            }
            _ => {}
        }
    }
    last
}

/// Reads to the end and keeps only the last part.
async fn ending(stream: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut kept = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        kept.extend_from_slice(buffer.get(..read).unwrap_or_default());
        kept.drain(..kept.len().saturating_sub(KEPT));
    }
    units::clean(&String::from_utf8_lossy(&kept), 400)
}
