//! Limits of this process: keys lie in its memory, so nothing may write that memory out; and many files may be open at once.

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// Turns core dumps off, for this process and all that it starts, and closes its memory and its environment in `/proc` to
/// other processes of the same user.
pub fn close() {
    // Where the system refuses, a key is no worse off than in any other program; payments go on.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// More files may be open at once, where the system lets them: a piece of work may have 200, each open several times.
pub fn open_more() {
    const MOST: u64 = 8_192;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(MOST).min(MOST);
    if current.is_some_and(|current| current < most) {
        // Where the system refuses, only work on many files is refused, with the system's own words.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum });
    }
}
