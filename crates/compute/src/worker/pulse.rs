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
use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group};

use super::{
    emit,
    spec::{Failure, Line},
};

/// How often it beats.
const BEAT: Duration = Duration::from_millis(250);

/// A thread that beats until it is stopped.
pub(super) struct Pulse {
    stop: Sender<()>,
    peak: Arc<AtomicU64>,
}

impl Pulse {
    /// Starts beating. With `shared_limit`, bytes, the resident memory of all processes of the run is watched too:
    /// limits that the kernel keeps are for each process alone.
    pub fn start(shared_limit: Option<u64>) -> Pulse {
        let (stop, stopped) = mpsc::channel();
        let peak = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&peak);
        thread::spawn(move || {
            while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                if !emit(&Line::Alive) {
                    end_all();
                }
                if let Some(limit) = shared_limit {
                    let used = group_rss();
                    seen.fetch_max(used, Ordering::Relaxed);
                    if used > limit {
                        emit(&Line::Failed(Failure::OutOfMemory));
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

/// Resident memory of all processes of this group, bytes.
fn group_rss() -> u64 {
    let group = getpgrp().as_raw_nonzero().get().to_string();
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit()))
        .filter(|entry| {
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // After the name in parentheses, which may hold anything: state, parent, group.
            stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(2)) == Some(group.as_str())
        })
        .filter_map(|entry| kilobytes(&fs::read_to_string(entry.path().join("status")).ok()?, "VmRSS:"))
        .sum()
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
        assert!(group_rss() >= 1 << 20, "this process is in its own group");
    }
}
