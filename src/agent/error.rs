//! Why a turn could not be kept at all.

use crate::{model::ModelError, tools::WorkError};

/// Why a turn could not be kept at all. What goes wrong within a turn is in its outcome.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The ledger cannot be read.
    #[error("the ledger cannot be read: {0}")]
    Ledger(WorkError),
    /// A scripted model was not played to its end.
    #[error(transparent)]
    Model(ModelError),
}

impl From<WorkError> for AgentError {
    fn from(error: WorkError) -> AgentError {
        AgentError::Ledger(error)
    }
}

impl AgentError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            AgentError::Ledger(error) => error.hint.clone(),
            AgentError::Model(error) => error.hint(),
        }
    }
}
