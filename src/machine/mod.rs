//! Probes of this machine and of datasets; the task catalogue; the estimator.

pub mod catalogue;
pub mod estimator;

use std::path::Path;

use crate::{
    domain::{dataset::DatasetProfile, verdict::MachineProfile},
    policy::data::OpenDataset,
};

/// Why a probe failed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ProbeError {
    message: String,
}

impl ProbeError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        None
    }
}

/// Measures this machine.
///
/// # Errors
/// When it cannot be measured.
pub fn probe_machine(_home: &Path) -> Result<MachineProfile, ProbeError> {
    Err(ProbeError { message: "no probe".to_owned() })
}

/// Measures a dataset.
///
/// # Errors
/// When it cannot be measured.
pub fn profile_dataset(_open: &OpenDataset) -> Result<DatasetProfile, ProbeError> {
    Err(ProbeError { message: "no probe".to_owned() })
}
