//! The step between bubblewrap and the program: this program once more, within the walls.

use std::{
    fs,
    os::{
        fd::RawFd,
        unix::{fs::MetadataExt as _, process::CommandExt as _},
    },
    process::{Command, ExitCode},
};

use super::super::spec::{Entry, EntryInput, SPEC_VARIABLE};

/// The exit code of a program that was not started.
const NOT_STARTED: u8 = 126;

/// Becomes the program, once what is bound as its inputs is what was opened: bubblewrap takes names alone, and a name may
/// come to mean another file until it is bound. Every descriptor is closed but the first three: the inputs', through which
/// they could be opened anew for writing, and whatever else was inherited.
pub(in super::super) fn enter(entry: &Entry) -> ExitCode {
    if let Some(other) = entry.inputs.iter().find(|input| !is_the_same(input)) {
        eprintln!("{} is not the file that was opened", other.path.display());
        return ExitCode::from(NOT_STARTED);
    }
    for descriptor in inherited() {
        let _ = nix::unistd::close(descriptor);
    }
    let error = Command::new(&entry.program)
        .arg0(&entry.name)
        .args(&entry.arguments)
        .env_remove(SPEC_VARIABLE)
        // Bubblewrap's.
        .env_remove("PWD")
        .exec();
    eprintln!("it cannot be started: {error}");
    ExitCode::from(NOT_STARTED)
}

fn is_the_same(input: &EntryInput) -> bool {
    fs::symlink_metadata(&input.path).is_ok_and(|meta| (meta.dev(), meta.ino()) == (input.device, input.inode))
}

fn inherited() -> Vec<RawFd> {
    let open = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    open.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|descriptor| *descriptor > 2).collect()
}
