//! A task that is paid already, by a payment that this ledger knows nothing of: another copy of it paid.
//!
//! A home folder that was copied, or restored from a backup, holds a job that awaits its payment, and the payment was made
//! since. The provider knows of it. Nothing it says is believed: the chain must show that very payment, of this wallet.

use super::{JobError, Remote, Workflow};
use crate::payment::payer::Adoption;
use compute::aioz::{ComputeError, TaskStatus};
use domain::{job::Job, money::Datoshi, quote::Quote};
use guard::policy::{Refusal, Rule};

impl Workflow {
    /// Whether the job turned out to be paid: it is then, in the ledger too. To be asked before anything is paid.
    ///
    /// # Errors
    /// P-STATE when the provider ended the task, or counts it as paid by what is not this wallet's payment of this quote.
    pub(super) async fn paid_elsewhere(&self, remote: &Remote, job: &Job, quote: &Quote) -> Result<bool, JobError> {
        let Some(task) = &job.provider_job else { return Ok(false) };
        let detail = remote.provider.detail(task).await?;
        let refused = |why: String, hint: String| Err(Refusal::new(Rule::JobState, why).hint(hint).into());
        if matches!(detail.status, TaskStatus::Canceled | TaskStatus::Failed) {
            let why =
                format!("the provider has ended {}: it is {}, and nothing was paid", job.id, detail.status.as_str());
            return refused(why, format!("`agent jobs cancel {}` gives it up here too; then ask again", job.id));
        }
        let Some(terms) = &detail.payment else { return Ok(false) };
        let counted = terms.is_paid();
        // One that was announced and refused leaves the task unpaid.
        let hash = terms.tx().filter(|_| counted || terms.state.as_deref() != Some("unpaid"));
        let why = match hash {
            Some(hash) if self.attempts(&job.id)?.iter().any(|attempt| attempt.tx_hash == hash) => {
                if !counted {
                    return Ok(false);
                }
                format!("by {hash}, an attempt of this ledger that the chain does not show")
            }
            Some(hash) => match remote.payer.adopt(&job.id, quote, hash, &*self.parts.sink).await? {
                Adoption::Paid => return Ok(true),
                Adoption::Another(why) => format!("by {hash}, which this ledger does not know ({why})"),
            },
            // What costs nothing is paid from the start.
            None if !counted || quote.amount == Datoshi::ZERO => return Ok(false),
            None => "and names no transaction".to_owned(),
        };
        refused(
            format!("the provider counts {} as paid {why}, so it is not paid again", job.id),
            "if AGENT_HOME is a copy or was restored, go on in the home that paid; a payment that has just been sent \
             is recognised once it is in a block: resume the job then; otherwise ask the provider what paid for it"
                .to_owned(),
        )
    }

    /// Refuses to give up what the provider counts as paid: another copy of this ledger paid for it.
    ///
    /// # Errors
    /// P-STATE; a provider that does not answer.
    pub(super) async fn unpaid_elsewhere(&self, remote: &Remote, job: &Job, task: &str) -> Result<(), JobError> {
        let costs = job.quote.as_ref().is_some_and(|quote| quote.amount > Datoshi::ZERO);
        let paid = match remote.provider.detail(task).await {
            Ok(detail) => costs && detail.payment.is_some_and(|terms| terms.is_paid()),
            Err(ComputeError::NoTask(_)) => false,
            Err(error) => return Err(error.into()),
        };
        if !paid {
            return Ok(());
        }
        let why = format!("{} cannot be canceled: the provider counts it as paid", job.id);
        let hint = format!("`agent jobs resume {}` takes the payment over where it is this wallet's", job.id);
        Err(Refusal::new(Rule::JobState, why).hint(hint).into())
    }
}
