//! Memory limits of control groups, of both versions and along the whole hierarchy.
//!
//! `sysinfo` reads the limits of a process too, but counts the page cache as used: after a large file was read its
//! figure of what is free is near zero, though the kernel gives the cache back on demand. Here cache that is not in use
//! (`inactive_file`) counts as free, as container runtimes count a working set. What cannot be read limits nothing: the
//! machine's own figures stand beside these.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What the groups above this process leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// The smallest limit, bytes.
    pub(super) total: u64,
    /// The least that any of the groups has left, bytes.
    pub(super) available: u64,
}

/// A hierarchy that counts memory: where it is mounted, and the names of its files.
struct Hierarchy {
    mount: PathBuf,
    group: PathBuf,
    version: Version,
}

#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

impl Version {
    fn limit(self) -> &'static str {
        match self {
            Version::One => "memory.limit_in_bytes",
            Version::Two => "memory.max",
        }
    }

    fn usage(self) -> &'static str {
        match self {
            Version::One => "memory.usage_in_bytes",
            Version::Two => "memory.current",
        }
    }

    fn inactive(self) -> &'static str {
        match self {
            Version::One => "total_inactive_file",
            Version::Two => "inactive_file",
        }
    }
}

/// The limits on the process whose folder in `/proc` is `process`; `None` when no group limits its memory to less than
/// `machine` bytes.
pub(super) fn limits(process: &Path, machine: u64) -> Option<Limits> {
    let groups = fs::read_to_string(process.join("cgroup")).ok()?;
    let mounts = fs::read_to_string(process.join("mountinfo")).ok()?;
    let all = hierarchies(&groups, &mounts);
    let levels = all.iter().flat_map(Hierarchy::levels);
    levels
        .filter(|l| l.total < machine)
        .reduce(|a, b| Limits { total: a.total.min(b.total), available: a.available.min(b.available) })
}

impl Hierarchy {
    /// The limits of the group and of those above it, up to the mount.
    fn levels(&self) -> impl Iterator<Item = Limits> + '_ {
        self.group
            .ancestors()
            .take_while(|folder| folder.starts_with(&self.mount))
            .filter_map(|folder| self.level(folder))
    }

    fn level(&self, folder: &Path) -> Option<Limits> {
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        // "max" is no number, and no limit.
        let total = read(self.version.limit())?.trim().parse::<u64>().ok()?;
        let usage = read(self.version.usage()).and_then(|t| t.trim().parse::<u64>().ok()).unwrap_or(0);
        let inactive = read("memory.stat").and_then(|t| entry(&t, self.version.inactive())).unwrap_or(0);
        Some(Limits { total, available: total.saturating_sub(usage.saturating_sub(inactive)) })
    }
}

fn entry(table: &str, name: &str) -> Option<u64> {
    table.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

/// The hierarchies that may count this process's memory, from the texts of `cgroup` and `mountinfo`.
fn hierarchies(groups: &str, mounts: &str) -> Vec<Hierarchy> {
    let mut found = Vec::new();
    for line in groups.lines() {
        // "4:memory:/path" in version 1, "0::/path" in version 2.
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let version = match controllers {
            "" => Version::Two,
            _ if controllers.split(',').any(|c| c == "memory") => Version::One,
            _ => continue,
        };
        found.extend(mounts.lines().filter_map(|mount| placed(mount, version, path)));
    }
    found
}

/// The group's folder beneath a mount, when the mount is of that hierarchy and shows that group.
fn placed(mount: &str, version: Version, path: &str) -> Option<Hierarchy> {
    let (before, after) = mount.split_once(" - ")?;
    let mut fields = before.split(' ').skip(3);
    let (root, point) = (unescaped(fields.next()?), unescaped(fields.next()?));
    let mut kinds = after.split(' ');
    let kind = kinds.next()?;
    let options = kinds.nth(1).unwrap_or_default();
    let fits = match version {
        Version::One => kind == "cgroup" && options.split(',').any(|o| o == "memory"),
        Version::Two => kind == "cgroup2",
    };
    if !fits {
        return None;
    }
    // A container may be shown a part of the hierarchy: then the mount's root is where its own begins. A path that
    // leads above it ("/..") is of a group that cannot be seen; the mount itself is then the nearest.
    let inside = Path::new(path).strip_prefix(&root).or_else(|_| Path::new(path).strip_prefix("/")).ok()?;
    let hidden = inside.components().any(|c| matches!(c, std::path::Component::ParentDir));
    let mount = PathBuf::from(point);
    let group = if hidden { mount.clone() } else { mount.join(inside) };
    Some(Hierarchy { mount, group, version })
}

/// Paths in `mountinfo` have their spaces written as `\040`.
fn unescaped(field: &str) -> String {
    field.replace("\\040", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    /// A process and its groups as files in a folder.
    struct Fake(tempfile::TempDir);

    impl Fake {
        fn new(cgroup: &str, kind: &str, options: &str, root: &str) -> Fake {
            let dir = tempfile::tempdir().unwrap();
            let point = dir.path().join("fs");
            let mount = format!("31 23 0:28 {root} {} rw - {kind} {kind} {options}\n", point.display());
            fs::write(dir.path().join("cgroup"), cgroup).unwrap();
            fs::write(dir.path().join("mountinfo"), format!("1 0 8:1 / / rw - ext4 /dev/x rw\n{mount}")).unwrap();
            fs::create_dir_all(point).unwrap();
            Fake(dir)
        }

        fn put(&self, file: &str, text: &str) {
            let path = self.0.path().join("fs").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn limits(&self) -> Option<Limits> {
            limits(self.0.path(), 64 * GB)
        }
    }

    #[test]
    fn the_least_along_the_hierarchy_counts_and_idle_cache_is_free() {
        let fake = Fake::new("0::/a/b\n", "cgroup2", "rw", "/");
        assert_eq!(fake.limits(), None, "no files, no limit");
        fake.put("a/b/memory.max", "max\n");
        assert_eq!(fake.limits(), None);
        fake.put("a/memory.max", "8000000000\n");
        fake.put("a/memory.current", "7000000000\n");
        fake.put("a/memory.stat", "anon 1\ninactive_file 4000000000\nactive_file 1\n");
        assert_eq!(fake.limits(), Some(Limits { total: 8 * GB, available: 5 * GB }));
        fake.put("a/b/memory.max", "6000000000\n");
        fake.put("a/b/memory.current", "500000000\n");
        assert_eq!(fake.limits(), Some(Limits { total: 6 * GB, available: 5 * GB }));
        fake.put("a/b/memory.current", "7000000000\n");
        assert_eq!(fake.limits(), Some(Limits { total: 6 * GB, available: 0 }), "above the limit leaves nothing");
    }

    #[test]
    fn version_one_and_no_limit_at_all() {
        let groups = "9:name=systemd:/\n4:cpu,memory:/job/x\n0::/\n";
        let fake = Fake::new(groups, "cgroup", "rw,cpu,memory", "/");
        fake.put("job/x/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(fake.limits(), None, "a limit above the machine's memory is none");
        fake.put("job/memory.limit_in_bytes", "2000000000\n");
        fake.put("job/memory.usage_in_bytes", "500000000\n");
        fake.put("job/memory.stat", "inactive_file 1\ntotal_inactive_file 100000000\n");
        assert_eq!(fake.limits(), Some(Limits { total: 2 * GB, available: 1_600_000_000 }));
    }

    #[test]
    fn containers_see_a_part_of_the_hierarchy() {
        let fake = Fake::new("0::/docker/abc/inner\n", "cgroup2", "rw", "/docker/abc");
        fake.put("inner/memory.max", "3000000000");
        assert_eq!(fake.limits().map(|l| l.total), Some(3 * GB));
        let fake = Fake::new("0::/../other\n", "cgroup2", "rw", "/");
        fake.put("memory.max", "1000000000");
        assert_eq!(fake.limits().map(|l| l.total), Some(GB), "the nearest that can be seen");
    }
}
