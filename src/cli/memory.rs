//! Keys lie in this process's memory, so nothing may write that memory out.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Turns core dumps off, for this process and all that it starts, and closes its memory and its environment in `/proc` to
/// other processes of the same user.
pub fn close() {
    // Where the system refuses, a key is no worse off than in any other program; payments go on.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
