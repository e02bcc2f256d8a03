//! What this machine has to offer.

use std::path::Path;

use rustix::process::{Resource, getrlimit};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::{ProbeError, cgroup};
use domain::verdict::MachineProfile;

/// Measures this machine as this process may use it; `home` is where results will lie and need not exist yet.
///
/// RAM is the machine's, or less where a control group or the process's own address-space limit says so.
///
/// # Errors
/// When the system does not tell its memory or its free disk.
pub fn probe_machine(home: &Path) -> Result<MachineProfile, ProbeError> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory).map_err(|_| ProbeError::NoMemory)?;
    let (mut total_ram, mut available_ram) = (system.total_memory(), system.available_memory());
    if total_ram == 0 {
        return Err(ProbeError::NoMemory);
    }
    let limits = cgroup::limits(Path::new("/proc/self"), total_ram);
    if let Some(limits) = limits {
        total_ram = total_ram.min(limits.total);
        available_ram = available_ram.min(limits.available);
    }
    if let Some(most) = getrlimit(Resource::As).current {
        available_ram = available_ram.min(most);
    }
    Ok(MachineProfile {
        // Heeds affinity and the CPU quotas of control groups.
        cores: std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX)),
        total_ram,
        available_ram: available_ram.min(total_ram),
        limited_by_cgroup: limits.is_some(),
        free_disk: free_disk(home)?,
    })
}

/// Bytes that this user may still write beneath `folder`, or where it would be made.
fn free_disk(folder: &Path) -> Result<u64, ProbeError> {
    let absolute =
        std::path::absolute(folder).map_err(|source| ProbeError::Read { what: Some("the home folder"), source })?;
    let there = absolute.ancestors().find(|a| a.exists()).unwrap_or(Path::new("/"));
    let disk = rustix::fs::statvfs(there)
        .map_err(|errno| ProbeError::Read { what: Some("the free space of the disk"), source: errno.into() })?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_something_to_offer() {
        let profile = probe_machine(Path::new("/tmp/not/yet/there")).unwrap();
        assert!(profile.cores >= 1);
        assert!(profile.total_ram > 64_000_000 && profile.available_ram <= profile.total_ram);
        assert!(profile.free_disk > 0);
    }
}
