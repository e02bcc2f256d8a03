//! The worker's pulse: notices that the parent is gone, and that the processes of a run use too much memory together.

use std::{
    fs, process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use nix::sys::resource::{UsageWho, getrusage};
use rustix::process::{Pid, Signal, getpgrp, getpid, kill_current_process_group};

use super::{
    emit,
    spec::{Failure, Line},
    written::Room,
};
use crate::processes::{descendants, end_descendants};

/// How often it beats.
const BEAT: Duration = Duration::from_millis(250);

/// What all processes of a run may use together: limits that the kernel keeps are for each process alone.
pub(super) struct Shared {
    /// Resident memory, bytes.
    pub memory: u64,
    /// What may be written, and how much that is, bytes.
    pub room: Room,
    pub written: u64,
}

/// A thread that beats until it is stopped.
pub(super) struct Pulse {
    stop: Sender<()>,
    peak: Arc<AtomicU64>,
}

impl Pulse {
    /// Starts beating. Where there is something `shared`, it is watched too.
    pub fn start(shared: Option<Shared>) -> Pulse {
        let (stop, stopped) = mpsc::channel();
        let peak = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&peak);
        thread::spawn(move || {
            while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                if !emit(&Line::Alive) {
                    end_all();
                }
                if let Some(shared) = &shared {
                    let used = shared_rss();
                    seen.fetch_max(used, Ordering::Relaxed);
                    let failure = if used > shared.memory {
                        Some(Failure::OutOfMemory)
                    } else {
                        shared.room.is_full().then_some(Failure::TooMuchOutput { limit: shared.written })
                    };
                    if let Some(failure) = failure {
                        emit(&Line::Failed(failure));
                        end_all();
                    }
                }
            }
        });
        Pulse { stop, peak }
    }

    /// Stops it; the most memory that was seen in use together, bytes.
    pub fn stop(self) -> u64 {
        let _ = self.stop.send(());
        self.peak.load(Ordering::Relaxed)
    }
}

/// Ends this process and all it started.
fn end_all() {
    end_descendants(getpid());
    if getpgrp() == getpid() {
        let _ = kill_current_process_group(Signal::KILL);
    }
    process::exit(1);
}

/// The largest resident set of this process, bytes.
pub(super) fn own_peak() -> u64 {
    fs::read_to_string("/proc/self/status").ok().and_then(|s| kilobytes(&s, "VmHWM:")).unwrap_or(0)
}

/// The largest resident set of any process that this one started and waited for, bytes.
pub(super) fn peak_of_children() -> u64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).ok().and_then(|u| u64::try_from(u.max_rss()).ok()).unwrap_or(0) * 1024
}

/// Resident memory of this process and all that it started, in whatever group they are, bytes.
fn shared_rss() -> u64 {
    let all = descendants(getpid()).into_iter().chain([getpid()]);
    let status = |pid: Pid| fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok();
    all.filter_map(|pid| kilobytes(&status(pid)?, "VmRSS:")).sum()
}

/// The figure of a line of /proc/PID/status, in bytes.
fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_kernel() {
        assert_eq!(kilobytes("Name:\tx\nVmHWM:\t   148 kB\n", "VmHWM:"), Some(151_552));
        assert_eq!(kilobytes("Name:\tx\n", "VmHWM:"), None);
        assert!(own_peak() > 1 << 20);
        assert!(shared_rss() >= 1 << 20);
    }
}
