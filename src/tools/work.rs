//! What the tools ask of the job workflow, and how it says no.

use async_trait::async_trait;

use crate::{
    domain::{
        attempt::Attempt,
        ids::JobId,
        job::{Job, JobState},
        task::TaskType,
    },
    job::{JobError, Workflow},
    ledger::LedgerError,
    policy::refusal::Refusal,
};
pub use crate::{
    job::{Cancel, CheckRequest},
    policy::payment::Claim,
};

/// Why a step did not happen: what of it the tools and the conversation need.
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

impl From<JobError> for WorkError {
    fn from(error: JobError) -> WorkError {
        WorkError {
            refusal: error.refusal().cloned(),
            kind: error.kind().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
            exit_code: error.exit_code(),
        }
    }
}

/// The steps of a job, as the tools take them. Each takes the job further through the one state machine.
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
    /// One job; `None` when there is none of that id.
    fn job(&self, job: &JobId) -> Result<Option<Job>, WorkError>;
    /// A job's payment attempts, oldest first.
    fn attempts(&self, job: &JobId) -> Result<Vec<Attempt>, WorkError>;
    /// The catalogue.
    fn tasks(&self) -> Vec<TaskType>;
}

#[async_trait]
impl Work for Workflow {
    async fn check(&self, request: CheckRequest) -> Result<Job, WorkError> {
        Ok(Workflow::check(self, request).await?)
    }

    async fn run_local(&self, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError> {
        Ok(Workflow::run_local(self, job, cancel).await?)
    }

    async fn run_remote(&self, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError> {
        Ok(Workflow::run_remote(self, job, cancel).await?)
    }

    async fn pay(&self, job: &JobId, claim: Claim, cancel: &Cancel) -> Result<Job, WorkError> {
        Ok(Workflow::pay(self, job, &claim, cancel).await?)
    }

    async fn wait(&self, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError> {
        use JobState::{PaymentIntended, PaymentSent, PaymentUnknown};
        // A payment that is under way is looked after first; nothing is signed for it here that was not approved.
        let under_way = matches!(Workflow::job(self, job)?.state, PaymentIntended | PaymentSent | PaymentUnknown);
        if under_way { Ok(self.resume(job, cancel).await?) } else { Ok(Workflow::wait(self, job, cancel).await?) }
    }

    fn jobs(&self) -> Result<Vec<Job>, WorkError> {
        Ok(Workflow::jobs(self)?)
    }

    fn job(&self, job: &JobId) -> Result<Option<Job>, WorkError> {
        match Workflow::job(self, job) {
            Ok(job) => Ok(Some(job)),
            Err(JobError::Ledger(LedgerError::NoSuchJob(_))) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn attempts(&self, job: &JobId) -> Result<Vec<Attempt>, WorkError> {
        Ok(Workflow::attempts(self, job)?)
    }

    fn tasks(&self) -> Vec<TaskType> {
        self.catalogue().iter().cloned().collect()
    }
}
