//! What a turn came to, as the process's exit code.

use super::spending::Spent;
use domain::{
    ids::JobId,
    job::{Job, JobState},
    request::Until,
    verdict::Place,
};

/// What was asked is done.
pub const DONE: u8 = 0;
/// Something failed that has no code of its own, such as the model.
pub const FAILED: u8 = 1;
/// The guard refused.
pub const REFUSED: u8 = 3;
/// Approval is needed and nobody could be asked.
pub const APPROVAL: u8 = 4;
/// Over budget.
pub const BUDGET: u8 = 5;
/// A job failed.
pub const JOB_FAILED: u8 = 6;
/// A payment is unresolved.
pub const PAYMENT_UNRESOLVED: u8 = 7;
/// A person stopped it.
pub const INTERRUPTED: u8 = 130;

/// What a turn came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnOutcome {
    /// What the process exits with when this was its last turn.
    pub exit_code: u8,
    /// The model's last words.
    pub answer: String,
    /// The jobs of this turn, in the order they came up.
    pub jobs: Vec<JobId>,
    /// What its model calls took.
    pub spent: Spent,
    /// Whether the person said good-bye.
    pub leaves: bool,
}

/// What a job's state means for the exit code, where its request goes so far.
pub fn of_job(job: &Job, until: Until) -> u8 {
    use JobState::*;
    match job.state {
        Done | Canceled => DONE,
        // What runs here has no quote.
        Planned if until == Until::Plan || (until == Until::Quote && job.place() == Place::Local) => DONE,
        Submitted if until == Until::Quote => DONE,
        // It stands where an earlier request left it, and this one goes no further.
        Staging | Staged | Submitted if until == Until::Plan => DONE,
        Paid | Running | ResultReady | Fetched if until != Until::Done => DONE,
        PaymentIntended | PaymentSent | PaymentUnknown => PAYMENT_UNRESOLVED,
        StageFailed | PaymentFailed | JobFailed | PaidButFailed | QuoteExpired => JOB_FAILED,
        Refused => REFUSED,
        Planned | Staging | Staged | Submitted | Paid | Running | ResultReady | Fetched => FAILED,
    }
}

/// The code that matters most: an unresolved payment before a failed job, before a refusal, before anything else.
pub fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    const ORDER: [u8; 7] = [PAYMENT_UNRESOLVED, JOB_FAILED, BUDGET, APPROVAL, REFUSED, 2, FAILED];
    let rank = |code: &u8| ORDER.iter().position(|c| c == code).unwrap_or(ORDER.len());
    codes.into_iter().filter(|c| *c != DONE).min_by_key(rank).unwrap_or(DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_wins() {
        assert_eq!(worst([]), 0);
        assert_eq!(worst([0, 1, 3]), 3);
        assert_eq!(worst([6, 7, 1]), 7);
        assert_eq!(worst([9, 0]), 9);
    }
}
