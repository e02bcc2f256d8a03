//! Where a job runs, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    dataset::{DatasetProfile, FurtherFile},
    estimate::Estimate,
};

/// Local or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// On this machine.
    Local,
    /// At the provider.
    Offload,
}

/// A rule of the offload rule, by its name in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OffloadRule {
    /// Required RAM above what this process may use.
    #[serde(rename = "R-RAM")]
    Ram,
    /// Estimated local run time above the limit.
    #[serde(rename = "R-TIME")]
    Time,
    /// Dataset above the size limit.
    #[serde(rename = "R-SIZE")]
    Size,
    /// Dataset above half of this machine's RAM.
    #[serde(rename = "R-HALF")]
    Half,
    /// The catalogue marks the task model-heavy.
    #[serde(rename = "R-MODEL")]
    Model,
}

impl OffloadRule {
    /// The rule's name: `R-RAM` and so on.
    pub fn id(self) -> &'static str {
        match self {
            OffloadRule::Ram => "R-RAM",
            OffloadRule::Time => "R-TIME",
            OffloadRule::Size => "R-SIZE",
            OffloadRule::Half => "R-HALF",
            OffloadRule::Model => "R-MODEL",
        }
    }
}

impl fmt::Display for OffloadRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// What the runtime's own probe says of this machine. Bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MachineProfile {
    /// Cores this process may use.
    pub cores: u32,
    /// RAM of the machine, or of the cgroup where that is less.
    pub total_ram: u64,
    /// RAM this process may still use; cgroup limits count.
    pub available_ram: u64,
    /// Whether a cgroup limit is what bounds the RAM.
    pub limited_by_cgroup: bool,
    /// Free disk where the program keeps its files.
    pub free_disk: u64,
}

/// Limits of the offload rule; the owner's policy file may change them, no tool argument can.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// R-TIME: seconds.
    pub max_local_seconds: f64,
    /// R-SIZE: bytes.
    pub max_local_bytes: u64,
    /// R-HALF: the part of the machine's RAM, in percent.
    pub max_ram_percent: u64,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds { max_local_seconds: 600.0, max_local_bytes: 100_000_000, max_ram_percent: 50 }
    }
}

/// A rule that holds, with the numbers that decided it in one plain sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which rule.
    pub rule: OffloadRule,
    /// The sentence.
    pub why: String,
}

/// What is known of a task without figures: what its runs on this machine came to, which says nothing of other files.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Unmeasured {
    /// How many came to their end.
    pub runs: u32,
    /// The longest of them took so long, seconds.
    pub seconds: f64,
    /// The largest of them took so much memory, bytes.
    pub ram: f64,
}

/// What a run on this machine may take before it is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Memory, bytes.
    pub memory: u64,
    /// Wall-clock time, seconds.
    pub seconds: u64,
}

/// A run may take this many times its pessimistic estimate before it is ended.
const PATIENCE: f64 = 4.0;
/// And at least this long, seconds.
const SHORTEST_LIMIT: f64 = 600.0;
/// And never longer than a day, seconds.
const LONGEST_LIMIT: f64 = 86_400.0;

/// How long a run of that estimate may take before it is ended, seconds.
pub fn time_limit(estimate: &Estimate) -> u64 {
    (estimate.seconds.high * PATIENCE).clamp(SHORTEST_LIMIT, LONGEST_LIMIT) as u64
}

/// Where a job runs, with every reason and every number it was drawn from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Local or offload.
    pub place: Place,
    /// The rules that hold; empty when local.
    pub reasons: Vec<Reason>,
    /// The dataset that was measured.
    pub dataset: DatasetProfile,
    /// The further files that were measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<FurtherFile>,
    /// How many of its records the run works on, from the first, where that is not all.
    #[serde(default)]
    pub part: Option<u64>,
    /// The machine that was measured.
    pub machine: MachineProfile,
    /// What the task needs on this machine; where it is `unmeasured`, the least that it is known to need.
    pub estimate: Estimate,
    /// Of a task without figures, what there is instead: nothing is known of what it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmeasured: Option<Unmeasured>,
    /// What compressed inputs take on disk that are unpacked for the programs of a run here, bytes, where some are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpacked: Option<u64>,
    /// The limits that applied.
    pub thresholds: Thresholds,
}

impl Verdict {
    /// The rule ids that hold.
    pub fn rules(&self) -> Vec<OffloadRule> {
        self.reasons.iter().map(|r| r.rule).collect()
    }

    /// What a run here may take. Of what nothing is known it is what any run may come to: the memory that was free, and as long
    /// as R-TIME lets an estimate be.
    pub fn limits(&self) -> Limits {
        let seconds = match self.unmeasured {
            None => time_limit(&self.estimate),
            Some(_) => self.thresholds.max_local_seconds.clamp(1.0, LONGEST_LIMIT) as u64,
        };
        Limits { memory: self.machine.available_ram, seconds }
    }

    /// The most memory that a run is thought to take, bytes: what runs side by side shares what there is.
    pub fn most_ram(&self) -> f64 {
        let most = self.estimate.ram.high.max(1.0);
        if self.unmeasured.is_some() { most.max(self.machine.available_ram as f64) } else { most }
    }
}
