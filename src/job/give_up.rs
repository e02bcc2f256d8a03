//! Ending a job of which it cannot be learnt what became of its payment.

use super::{JobError, Workflow, lease};
use crate::payment::payer::Settlement;
use domain::{
    ids::JobId,
    job::{Job, JobState},
};
use guard::policy::{Refusal, Rule};

impl Workflow {
    /// Ends a job whose payment's end cannot be learnt, as a person decides. Its money counts as spent for ever, and nothing of
    /// the job is paid again. The chain is asked first: where it answers, there is nothing to give up.
    ///
    /// # Errors
    /// P-STATE for a job without a payment under way, and where the chain answers; the ledger's.
    pub async fn count_as_paid(&self, id: &JobId) -> Result<Job, JobError> {
        let _lease = lease::take(self.parts.ledger.home(), id)?;
        let job = self.own_job(id)?;
        let refused = |why: String, hint: String| JobError::from(Refusal::new(Rule::JobState, why).hint(hint));
        let attempts = self.parts.ledger.attempts(id)?;
        let live = attempts.iter().find(|attempt| attempt.state.is_live()).filter(|_| job.state.is_paying());
        let Some(live) = live else {
            let why = format!("{id} has no payment under way: it is {}", job.state);
            return Err(refused(why, format!("`agent jobs show {id}` says how it stands")));
        };
        let known = match self.remote().await {
            Ok(remote) => match remote.payer.settle(live, &*self.parts.sink).await? {
                Settlement::Paid { block } => Some(format!("the payment of {id} landed in block {block}")),
                Settlement::Faulted => Some(format!("the payment of {id} landed and failed: nothing was paid")),
                Settlement::Expired => Some(format!("the payment of {id} never landed, and no more can")),
                Settlement::Pending { why: None } => {
                    Some(format!("the chain answers, and the payment of {id} may still land"))
                }
                Settlement::Pending { why: Some(_) } => None,
            },
            // Whoever cannot be reached says nothing.
            Err(_) => None,
        };
        if let Some(known) = known {
            return Err(refused(known, format!("`agent jobs resume {id}` takes it to its end")));
        }
        let why = format!(
            "given up by a person while it was not known what became of the payment {} of {}, which counts as spent",
            live.tx_hash, live.amount
        );
        self.step(id, JobState::PaidButFailed, |job| job.failure = Some(why))
    }
}
