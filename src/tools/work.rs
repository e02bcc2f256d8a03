//! What the tools ask of the job workflow, and how it says no.

use async_trait::async_trait;

pub use crate::job::{Cancel, Opening};
use crate::job::{Carried, JobError, Workflow};
use domain::{
    attempt::Attempt,
    ids::JobId,
    job::{Job, JobState},
    plan::{Cannot, IfFree, Plan},
    request::{Bounds, Request, Work},
    task::TaskType,
};
pub use guard::policy::payment::Claim;
use guard::{
    ledger::LedgerError,
    policy::refusal::{Refusal, Rule},
};

/// Why a step did not happen: what of it the tools and the conversation need.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WorkError {
    /// The guard's refusal, where it was one.
    pub refusal: Option<Refusal>,
    /// The id of the guard's rule that stands in the way, also where a plan says beforehand that it would.
    pub rule: Option<String>,
    /// A short stable word.
    pub kind: String,
    /// One sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// What the process exits with.
    pub exit_code: u8,
}

impl WorkError {
    /// Whether nothing went wrong: the step lies beyond where the person wants the request to stop.
    pub fn is_stop(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.rule == Rule::Until)
    }
}

impl From<&Cannot> for WorkError {
    fn from(cannot: &Cannot) -> WorkError {
        WorkError {
            refusal: None,
            rule: cannot.is_rule().then(|| cannot.rule.clone()),
            kind: cannot.kind().to_owned(),
            message: cannot.sentence(),
            hint: cannot.hint.clone(),
            exit_code: cannot.exit_code,
        }
    }
}

impl From<JobError> for WorkError {
    fn from(error: JobError) -> WorkError {
        if let JobError::Cannot(cannot) = &error {
            return WorkError::from(cannot);
        }
        WorkError {
            refusal: error.refusal().cloned(),
            rule: error.refusal().map(|refusal| refusal.rule.id().to_owned()),
            kind: error.kind().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
            exit_code: error.exit_code(),
        }
    }
}

/// What came of one piece of a plan.
#[derive(Debug)]
pub struct Outcome {
    /// Its job.
    pub job: JobId,
    /// The job at its goal, or why it is not there.
    pub end: Result<Job, WorkError>,
}

impl From<Carried> for Outcome {
    fn from(carried: Carried) -> Outcome {
        Outcome { job: carried.job, end: carried.end.map_err(WorkError::from) }
    }
}

/// Requests and the steps of jobs, as conversations and tools take them. Each takes jobs further through the one state machine.
#[async_trait]
pub trait Steps: Send + Sync {
    /// Opens a request in a session: what is checked there from now on is work of it.
    fn open(&self, session: &str, opening: Opening);
    /// Plans one more piece of work of the session's open request, within bounds that may only make it narrower. Nothing is
    /// written down.
    async fn check(&self, session: &str, work: Work, narrower: Bounds) -> Result<Job, WorkError>;
    /// The plan of what was checked in a session and not agreed to yet.
    fn pending(&self, session: &str) -> Result<Option<Plan>, WorkError>;
    /// Tells the plan of what was checked in a session and not agreed to yet, unless it was told already; gives it.
    fn show_pending(&self, session: &str) -> Result<Option<Plan>, WorkError>;
    /// Runs a planned local job.
    async fn run_local(&self, session: &str, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError>;
    /// Stages, submits and takes the quote of a planned job that is to be offloaded.
    async fn run_remote(&self, session: &str, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError>;
    /// Pays a submitted job's quote, once.
    async fn pay(&self, session: &str, job: &JobId, claim: Claim, cancel: &Cancel) -> Result<Job, WorkError>;
    /// Waits for a paid job, fetches and checks its result.
    async fn wait(&self, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError>;
    /// The plan of a whole request; where all of it is free work on this machine it goes on to `if_free`.
    async fn plan(&self, session: &str, request: Request, if_free: IfFree) -> Result<Plan, WorkError>;
    /// Consent to a plan where it needs one; gives the plan that was agreed to.
    async fn agree(&self, session: &str, plan: Plan) -> Result<Plan, WorkError>;
    /// Takes all work of a plan that was agreed to as far as its request goes, side by side.
    async fn carry(&self, plan: &Plan, at_once: usize, cancel: &Cancel) -> Vec<Outcome>;
    /// The newest request of a session.
    fn last_request(&self, session: &str) -> Result<Option<Request>, WorkError>;
    /// Gives a job up, before any money is under way; nothing is left of one that is only planned.
    async fn cancel(&self, job: &JobId) -> Result<Job, WorkError>;
    /// All jobs, oldest first; those that are only planned come last.
    fn jobs(&self) -> Result<Vec<Job>, WorkError>;
    /// One job; `None` when there is none of that id.
    fn job(&self, job: &JobId) -> Result<Option<Job>, WorkError>;
    /// A job's payment attempts, oldest first.
    fn attempts(&self, job: &JobId) -> Result<Vec<Attempt>, WorkError>;
    /// The catalogue.
    fn tasks(&self) -> Vec<TaskType>;
}

#[async_trait]
impl Steps for Workflow {
    fn open(&self, session: &str, opening: Opening) {
        Workflow::open(self, session, opening);
    }

    async fn check(&self, session: &str, work: Work, narrower: Bounds) -> Result<Job, WorkError> {
        Ok(Workflow::check(self, session, work, narrower).await?)
    }

    fn pending(&self, session: &str) -> Result<Option<Plan>, WorkError> {
        Ok(Workflow::pending(self, session)?)
    }

    fn show_pending(&self, session: &str) -> Result<Option<Plan>, WorkError> {
        Ok(Workflow::show_pending(self, session)?)
    }

    async fn run_local(&self, session: &str, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError> {
        Ok(Workflow::run_local(self, session, job, cancel).await?)
    }

    async fn run_remote(&self, session: &str, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError> {
        Ok(Workflow::run_remote(self, session, job, cancel).await?)
    }

    async fn pay(&self, session: &str, job: &JobId, claim: Claim, cancel: &Cancel) -> Result<Job, WorkError> {
        Ok(Workflow::pay(self, session, job, &claim, cancel).await?)
    }

    async fn wait(&self, job: &JobId, cancel: &Cancel) -> Result<Job, WorkError> {
        use JobState::{PaymentIntended, PaymentSent, PaymentUnknown};
        // A payment that is under way is looked after first; nothing is signed for it here that was not approved.
        let under_way = matches!(Workflow::job(self, job)?.state, PaymentIntended | PaymentSent | PaymentUnknown);
        if under_way { Ok(self.settled(job, cancel).await?) } else { Ok(Workflow::wait(self, job, cancel).await?) }
    }

    async fn plan(&self, session: &str, request: Request, if_free: IfFree) -> Result<Plan, WorkError> {
        Ok(Workflow::plan(self, session, request, if_free).await?)
    }

    async fn agree(&self, session: &str, plan: Plan) -> Result<Plan, WorkError> {
        Ok(Workflow::agree(self, session, plan).await?)
    }

    async fn carry(&self, plan: &Plan, at_once: usize, cancel: &Cancel) -> Vec<Outcome> {
        Workflow::carry(self, plan, at_once, cancel).await.into_iter().map(Outcome::from).collect()
    }

    fn last_request(&self, session: &str) -> Result<Option<Request>, WorkError> {
        Ok(self.ledger().last_request(session).map_err(JobError::from)?)
    }

    async fn cancel(&self, job: &JobId) -> Result<Job, WorkError> {
        Ok(Workflow::cancel(self, job).await?)
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
