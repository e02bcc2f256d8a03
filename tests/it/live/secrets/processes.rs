//! What other programs of the machine can read of a run: command lines, and the environment of what it starts.

use std::{collections::BTreeMap, fs};

/// A process as `/proc` shows it.
#[derive(Debug)]
pub struct Shown {
    pub command_line: Vec<u8>,
    pub environment: Vec<u8>,
}

/// The processes that a program starts, and those that they start.
pub fn children_of(root: u32) -> BTreeMap<u32, Shown> {
    let mut parents = BTreeMap::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may be gone before it is read.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name in parentheses may hold anything; the parent is the second field after it.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        parents.extend(parent.map(|parent| (id, parent)));
    }
    let descends = |mut id: u32| {
        while let Some(parent) = parents.get(&id) {
            if *parent == root {
                return true;
            }
            id = *parent;
        }
        false
    };
    let read = |id: u32, name: &str| fs::read(format!("/proc/{id}/{name}")).unwrap_or_default();
    let all = parents.keys().copied().filter(|id| descends(*id));
    all.map(|id| (id, Shown { command_line: read(id, "cmdline"), environment: read(id, "environ") })).collect()
}

/// Everything that was seen while programs ran.
#[derive(Default)]
pub struct Seen {
    pub command_lines: Vec<Vec<u8>>,
    pub environments: Vec<Vec<u8>>,
}

impl Seen {
    /// Looks once.
    pub fn look(&mut self, root: u32) {
        self.command_lines.extend(fs::read(format!("/proc/{root}/cmdline")));
        for shown in children_of(root).into_values() {
            // Between fork and exec a child is still its parent, to which its environment belongs.
            if shown.command_line.split(|byte| *byte == 0).nth(1) == Some(b"worker") {
                self.environments.push(shown.environment);
            }
            self.command_lines.push(shown.command_line);
        }
    }
}
