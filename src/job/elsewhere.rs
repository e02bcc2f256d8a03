//! A task right before it is paid: what the provider asks for by now, and whether it is paid already, by a payment that this
//! ledger knows nothing of: another copy of it paid.
//!
//! A home folder that was copied, or restored from a backup, holds a job that awaits its payment, and the payment was made
//! since. The provider knows of it. Nothing it says is believed: the chain must show that very payment, of this wallet.

use super::{Cancel, JobError, Remote, Workflow, waiting::unless_stopped};
use crate::payment::payer::Adoption;
use compute::aioz::{ComputeError, PaymentTerms, TaskStatus};
use domain::{
    event::Event,
    job::Job,
    money::Datoshi,
    quote::{Quote, QuoteSource},
};
use guard::policy::{Refusal, Rule};

/// How a task that awaits its payment stands at the provider, right before it is paid.
#[derive(Debug)]
pub(super) enum Standing {
    /// As it was when its quote was taken.
    Same,
    /// The ledger counts it as paid now: another copy of it paid.
    Paid,
    /// The provider asks for something else by now.
    Requoted(Quote),
}

impl Workflow {
    /// How the job's task stands. To be asked before anything is paid.
    ///
    /// # Errors
    /// P-STATE when the provider ended the task, or counts it as paid by what is not this wallet's payment of this quote, or
    /// no longer states terms.
    pub(super) async fn standing(
        &self,
        remote: &Remote,
        job: &Job,
        quote: &Quote,
        cancel: &Cancel,
    ) -> Result<Standing, JobError> {
        let Some(task) = &job.provider_job else { return Ok(Standing::Same) };
        let detail = unless_stopped(job, cancel, self.provider(remote, cancel).detail(task)).await??;
        let refused = |why: String, hint: String| Err(Refusal::new(Rule::JobState, why).hint(hint).into());
        if matches!(detail.status, TaskStatus::Canceled | TaskStatus::Failed) {
            let why =
                format!("the provider has ended {}: it is {}, and nothing was paid", job.id, detail.status.as_str());
            return refused(why, format!("`agent jobs cancel {}` gives it up here too; then ask again", job.id));
        }
        let Some(terms) = &detail.payment else {
            return match quote.source {
                QuoteSource::Owner => Ok(Standing::Same),
                QuoteSource::Provider => refused(
                    format!("the provider stated what {} costs, and states it no longer", job.id),
                    format!("ask it why; `agent jobs cancel {}` gives the job up", job.id),
                ),
            };
        };
        let counted = terms.is_paid();
        // One that was announced and refused leaves the task unpaid.
        let hash = terms.tx().filter(|_| counted || terms.state.as_deref() != Some("unpaid"));
        let why = match hash {
            Some(hash) if self.attempts(&job.id)?.iter().any(|attempt| attempt.tx_hash == hash) => {
                if !counted {
                    return unpaid(terms, quote);
                }
                format!("by {hash}, an attempt of this ledger that the chain does not show")
            }
            Some(hash) => match remote.payer.adopt(&job.id, quote, hash, &*self.parts.sink).await? {
                Adoption::Paid => return Ok(Standing::Paid),
                Adoption::Another(why) => format!("by {hash}, which this ledger does not know ({why})"),
            },
            // What costs nothing is paid from the start.
            None if !counted || quote.amount == Datoshi::ZERO => return unpaid(terms, quote),
            None => "and names no transaction".to_owned(),
        };
        refused(
            format!("the provider counts {} as paid {why}, so it is not paid again", job.id),
            "if AGENT_HOME is a copy or was restored, go on in the home that paid; a payment that has just been sent \
             is recognised once it is in a block: resume the job then; otherwise ask the provider what paid for it"
                .to_owned(),
        )
    }

    /// The job with what the provider asks for by now, which is judged as any quote is: what no consent covers is asked about.
    pub(super) fn requoted(&self, job: &Job, quote: Quote) -> Result<Job, JobError> {
        if let Some(before) = &job.quote {
            let message = format!("{}: the provider asks for something else now: {}", job.id, changes(before, &quote));
            self.emit(Event::Warning { message });
        }
        Ok(self.parts.ledger.learn(&job.id, |job| job.quote = Some(quote))?)
    }

    /// Refuses to give up what the provider counts as paid: another copy of this ledger paid for it.
    ///
    /// # Errors
    /// P-STATE; a provider that does not answer.
    pub(super) async fn unpaid_elsewhere(&self, remote: &Remote, job: &Job, task: &str) -> Result<(), JobError> {
        let costs = job.quote.as_ref().is_some_and(|quote| quote.amount > Datoshi::ZERO);
        let paid = match self.provider_unstopped(remote).detail(task).await {
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

fn unpaid(terms: &PaymentTerms, quote: &Quote) -> Result<Standing, JobError> {
    let now = terms.quote()?;
    Ok(if now == *quote { Standing::Same } else { Standing::Requoted(now) })
}

/// What differs between two quotes, in words.
fn changes(before: &Quote, now: &Quote) -> String {
    let parts = |quote: &Quote| {
        let Quote { amount, recipient, network, reference, expires_at, .. } = quote;
        let to = format!("to {}", recipient.address());
        [
            amount.to_string(),
            to,
            format!("on {network}"),
            format!("reference {reference}"),
            format!("until {expires_at}"),
        ]
    };
    let differ = parts(now).into_iter().zip(parts(before)).filter(|(now, before)| now != before);
    differ.map(|(now, before)| format!("{now} instead of {before}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use domain::{hash::Hash160, network::Network};

    use super::*;

    #[test]
    fn what_changed_is_named_and_nothing_else() {
        let before = Quote {
            amount: Datoshi::from_gas(2),
            recipient: Hash160([1; 20]),
            network: Network(1),
            reference: "a".into(),
            expires_at: jiff::Timestamp::UNIX_EPOCH,
            source: QuoteSource::Provider,
        };
        assert_eq!(changes(&before, &before), "");
        let now = Quote { amount: Datoshi::from_gas(5), reference: "b".into(), ..before.clone() };
        assert_eq!(changes(&before, &now), "5 GAS instead of 2 GAS, reference b instead of reference a");
    }
}
