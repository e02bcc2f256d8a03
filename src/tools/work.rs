//! What the tools ask of the job workflow, and how it says no.

use std::path::PathBuf;

use async_trait::async_trait;

pub use crate::policy::payment::Claim;
use crate::{
    domain::{
        attempt::Attempt,
        ids::JobId,
        job::Job,
        task::{Parameters, TaskType},
    },
    policy::refusal::Refusal,
};

/// What is to be planned.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRequest {
    /// The session it belongs to.
    pub session: String,
    /// The catalogue's name of the task.
    pub task_type: String,
    /// The dataset as the person named it.
    pub dataset: PathBuf,
    /// What was chosen; the rest takes its defaults.
    pub parameters: Parameters,
    /// A claimed size in bytes: it may only raise an estimate.
    pub claimed_bytes: Option<u64>,
    /// A claimed run time in seconds: it may only raise an estimate.
    pub claimed_seconds: Option<f64>,
}

/// Why a step did not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WorkError {
    /// The guard's refusal, where it was one.
    pub refusal: Option<Refusal>,
    /// A short stable word.
    pub kind: String,
    /// One sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// What the process exits with.
    pub exit_code: u8,
}

/// The steps of a job, as the tools take them. Each draws the job further through the one state machine.
#[async_trait]
pub trait Work: Send + Sync {
    /// Measures dataset and machine, draws the verdict, and writes the planned job down.
    async fn check(&self, request: CheckRequest) -> Result<Job, WorkError>;
    /// Runs a planned local job.
    async fn run_local(&self, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError>;
    /// Stages, submits and takes the quote of a planned job that is to be offloaded.
    async fn run_remote(&self, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError>;
    /// Pays a submitted job's quote, once.
    async fn pay(&self, job: &JobId, claim: Claim, cancel: &Cancel) -> Result<Job, WorkError>;
    /// Waits for a paid job, fetches and checks its result.
    async fn wait(&self, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError>;
    /// All jobs, oldest first.
    fn jobs(&self) -> Result<Vec<Job>, WorkError>;
    /// One job.
    fn job(&self, job: &JobId) -> Result<Option<Job>, WorkError>;
    /// A job's payment attempts, oldest first.
    fn attempts(&self, job: &JobId) -> Result<Vec<Attempt>, WorkError>;
    /// The catalogue.
    fn tasks(&self) -> Vec<TaskType>;
}

/// A person's wish to stop; clones hear of it too.
#[derive(Debug, Clone)]
pub struct Cancel(std::sync::Arc<tokio::sync::watch::Sender<bool>>);

impl Default for Cancel {
    fn default() -> Cancel {
        Cancel(std::sync::Arc::new(tokio::sync::watch::Sender::new(false)))
    }
}

impl Cancel {
    /// Not yet wished.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Wishes it.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was wished.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once it is wished.
    pub async fn cancelled(&self) {
        let mut seen = self.0.subscribe();
        // The sender lives as long as `self`, so this ends only with the wish.
        let _ = seen.wait_for(|wished| *wished).await;
    }
}
