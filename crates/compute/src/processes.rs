//! What a process started, and all that this started in turn: looked at and ended, in whatever group or session it is.
//!
//! A worker is its own descendants' reaper, so that none of them gets away by being left by its parent.

use std::{collections::HashMap, fs, thread, time::Duration};

use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, wait};

/// What is ended may have started more meanwhile: it is looked for so often.
const ROUNDS: usize = 200;
/// Between two looks.
const BETWEEN: Duration = Duration::from_millis(2);

/// A process as /proc shows it.
#[derive(Clone, Copy)]
struct Seen {
    parent: i32,
    /// Over, and not yet waited for.
    is_zombie: bool,
}

/// The descendants of a process that are not over, itself left out.
pub(crate) fn descendants(of: Pid) -> Vec<Pid> {
    let all = all();
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for (pid, seen) in &all {
        children.entry(seen.parent).or_default().push(*pid);
    }
    let (mut found, mut next) = (Vec::new(), vec![of.as_raw_nonzero().get()]);
    while let Some(parent) = next.pop() {
        for pid in children.remove(&parent).unwrap_or_default() {
            next.push(pid);
            if all.get(&pid).is_some_and(|seen| !seen.is_zombie) {
                found.extend(Pid::from_raw(pid));
            }
        }
    }
    found
}

/// Ends the descendants of a process, itself left out; blocks until none is left, or for as long as is sensible.
pub(crate) fn end_descendants(of: Pid) {
    for _ in 0..ROUNDS {
        let left = descendants(of);
        if left.is_empty() {
            return;
        }
        left.into_iter().for_each(end);
        thread::sleep(BETWEEN);
    }
}

/// Waits for those that are over and came to this process when their parents were: what memory they took is known then. Not
/// while a child is followed by its number.
pub(crate) fn reap() {
    while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
}

/// Ends one. Its number may be another's by now: the handle is of who has it, and who has it is looked at again.
fn end(pid: Pid) {
    let parent = || seen(pid.as_raw_nonzero().get()).map(|seen| seen.parent);
    let before = parent();
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    if before.is_some() && before == parent() {
        let _ = pidfd_send_signal(handle, Signal::KILL);
    }
}

fn all() -> HashMap<i32, Seen> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| Some((pid, seen(pid)?))).collect()
}

fn seen(pid: i32) -> Option<Seen> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name in parentheses, which may hold anything: state, parent.
    let mut fields = stat.rsplit(')').next()?.split_whitespace();
    let state = fields.next()?;
    Some(Seen { parent: fields.next()?.parse().ok()?, is_zombie: matches!(state, "Z" | "X") })
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn descendants_are_ended_whatever_their_session() {
        // One in a session of its own whose parent stays, and its parent.
        let mut shell = Command::new("sh")
            .args(["-c", "(setsid sleep 605; true) & setsid sleep 605 & echo on; wait; exec sleep 605"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        BufReader::new(shell.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let me = rustix::process::getpid();
        let pid = Pid::from_child(&shell);
        while descendants(pid).len() < 3 {
            thread::yield_now();
        }
        assert!(descendants(me).contains(&pid), "this process started it");
        end_descendants(pid);
        // It goes on itself, without any.
        assert!(descendants(pid).is_empty() && shell.try_wait().unwrap().is_none());
        shell.kill().unwrap();
        shell.wait().unwrap();
    }
}
