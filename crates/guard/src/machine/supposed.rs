//! A machine that is supposed instead of measured.

use domain::verdict::MachineProfile;

/// What a machine is supposed to offer; what is left out is as it was measured.
///
/// Only trials of models suppose one: no setting and no flag leads here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Supposed {
    /// RAM of the machine, all of it available, bytes.
    pub ram: Option<u64>,
    /// Cores.
    pub cores: Option<u32>,
}

impl Supposed {
    /// The profile as it is to be taken.
    pub fn over(self, measured: MachineProfile) -> MachineProfile {
        MachineProfile {
            cores: self.cores.unwrap_or(measured.cores),
            total_ram: self.ram.unwrap_or(measured.total_ram),
            available_ram: self.ram.unwrap_or(measured.available_ram),
            limited_by_cgroup: measured.limited_by_cgroup && self.ram.is_none(),
            ..measured
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_supposed_differs() {
        let measured = MachineProfile {
            cores: 2,
            total_ram: 24_000_000_000,
            available_ram: 20_000_000_000,
            limited_by_cgroup: true,
            free_disk: 5,
        };
        assert_eq!(Supposed::default().over(measured.clone()), measured);
        let small = Supposed { ram: Some(8_000_000_000), cores: None }.over(measured.clone());
        assert_eq!((small.total_ram, small.available_ram, small.cores), (8_000_000_000, 8_000_000_000, 2));
        assert!(!small.limited_by_cgroup);
        assert_eq!(Supposed { ram: None, cores: Some(16) }.over(measured.clone()).total_ram, measured.total_ram);
    }
}
