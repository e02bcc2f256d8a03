//! Estimates of memory and time: a resource model, evaluated over a dataset.

use serde::{Deserialize, Serialize};

use super::dataset::DatasetProfile;

/// A quantity that is not known exactly: low <= likely <= high.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Optimistic.
    pub low: f64,
    /// Best guess.
    pub likely: f64,
    /// Pessimistic.
    pub high: f64,
}

impl Range {
    /// Every bound times `factor`.
    pub fn scaled(self, factor: f64) -> Range {
        Range { low: self.low * factor, likely: self.likely * factor, high: self.high * factor }
    }

    /// At least `floor` everywhere: how a claim may raise an estimate and never lower it.
    pub fn raised_to(self, floor: f64) -> Range {
        Range { low: self.low.max(floor), likely: self.likely.max(floor), high: self.high.max(floor) }
    }
}

/// A polynomial of what drives a task's cost. A coefficient that is left out is zero.
///
/// value = constant + bytes*B + records*N + residues*R + longest*L + longest^2*L2 + records*longest*NL + residues*longest*RL
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    /// The part that does not depend on the dataset.
    pub constant: f64,
    /// Per byte of the file.
    pub bytes: f64,
    /// Per record.
    pub records: f64,
    /// Per residue.
    pub residues: f64,
    /// Per residue of the longest record.
    pub longest: f64,
    /// Per squared residue of the longest record.
    pub longest_squared: f64,
    /// Per record and residue of the longest record.
    pub records_longest: f64,
    /// Per residue and residue of the longest record.
    pub residues_longest: f64,
}

impl Terms {
    /// The polynomial's value over `dataset`.
    pub fn over(&self, dataset: &DatasetProfile) -> f64 {
        let (b, n, r, l) =
            (dataset.bytes as f64, dataset.records as f64, dataset.residues as f64, dataset.longest as f64);
        self.constant
            + self.bytes * b
            + self.records * n
            + self.residues * r
            + self.longest * l
            + self.longest_squared * l * l
            + self.records_longest * n * l
            + self.residues_longest * r * l
    }
}

/// What a task needs, as its catalogue entry states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceModel {
    /// Bytes of RAM.
    pub ram: Terms,
    /// Seconds on one core of an ordinary machine.
    pub seconds: Terms,
    /// How far off the guess may be: low = likely / spread, high = likely * spread.
    pub spread: f64,
    /// Where the figures come from.
    pub source: String,
}

/// What a run of a task on a dataset will need on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// RAM, bytes.
    pub ram: Range,
    /// Run time, seconds.
    pub seconds: Range,
    /// How many earlier runs on this machine corrected it.
    pub learnt_from: u32,
}

/// What one run on this machine was thought to need, and what it took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The catalogue's own likely time before any correction, seconds.
    pub model_seconds: f64,
    /// What it took, seconds.
    pub seconds: f64,
    /// The catalogue's own likely memory before any correction, bytes.
    pub model_ram: f64,
    /// The child's largest resident set, bytes.
    pub ram: f64,
}
