//! Paying for a job, and looking what became of a payment.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    Cancel, JobError, Remote, Workflow,
    elsewhere::Standing,
    waiting::{Waiting, unless_stopped},
};
use crate::payment::payer::{Settlement, shown};
use compute::aioz::ComputeError;
use domain::{
    attempt::{Attempt, AttemptState},
    event::Event,
    job::{Job, JobState},
    quote::Quote,
};
use guard::{
    ledger::Reading,
    policy::{
        Refusal, Rule,
        payment::{self, Claim},
    },
};
use kill_point::reached;

/// A payment that never landed is made anew at most this often in all.
const MAX_ATTEMPTS: usize = 4;
/// How many quotes of one job are taken in a row.
const MOST_QUOTES: usize = 3;
/// After this long what the provider asks for is looked at again before it is paid.
const STALE: SignedDuration = SignedDuration::from_secs(20);
/// Between two looks at the chain; it grows to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(150);
/// About a fifth of a block of the public networks.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// After this long without a usable answer of the chain, the payment counts as unknown.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

impl Workflow {
    /// Makes the job's first payment attempt: rules, fees, approval, intent, signature, broadcast, in this order.
    pub(super) async fn pay_step(&self, job: &Job, claim: Option<&Claim>, cancel: &Cancel) -> Result<(), JobError> {
        let quote = payment::awaited(job)?;
        if quote.expires_at <= self.now() {
            let why = format!("the quote ended at {} and nothing was paid", quote.expires_at);
            self.step(&job.id, JobState::QuoteExpired, |job| job.failure = Some(why))?;
            return Ok(());
        }
        self.make_attempt(job, claim, cancel).await
    }

    /// One new attempt, which excludes on chain all earlier ones of this job that did not land. What is paid is what the
    /// provider asks for at that moment: where that differs from the quote, the new one is judged as the old one was.
    async fn make_attempt(&self, job: &Job, claim: Option<&Claim>, cancel: &Cancel) -> Result<(), JobError> {
        let mut job = job.clone();
        for _ in 0..MOST_QUOTES {
            match self.attempt(&job, claim, cancel).await? {
                None => return Ok(()),
                Some(quote) => job = self.requoted(&job, quote)?,
            }
        }
        let why = format!("the provider asks for something else for {} again and again: nothing was paid", job.id);
        let hint = format!("ask it what the job costs; `agent jobs cancel {}` gives it up", job.id);
        Err(Refusal::new(Rule::JobState, why).hint(hint).into())
    }

    /// The same for one quote; another quote where the provider asks for that by now.
    async fn attempt(&self, job: &Job, claim: Option<&Claim>, cancel: &Cancel) -> Result<Option<Quote>, JobError> {
        reached("pay.begun");
        let remote = self.remote().await?;
        let guard = &self.parts.guard;
        guard.check_payment(job, claim)?;
        let mandate = guard.mandate(job)?;
        let quote = payment::awaited(job)?;
        self.make_out_dir(job)?;
        let looked = self.now();
        match self.standing(remote, job, quote, cancel).await.map_err(|error| self.said(job, error))? {
            Standing::Same => {}
            Standing::Paid => return Ok(None),
            Standing::Requoted(quote) => return Ok(Some(quote)),
        }
        unless_stopped(job, cancel, self.worth_paying(remote, job)).await?.map_err(|error| self.said(job, error))?;
        let fees = remote.payer.fees(quote, &remote.payer.replaces(&job.id)?).await?;
        let spending = self.parts.ledger.spending(&remote.payer.account(), quote.network, &Reading::now())?;
        let spending = self.tape().draw("what the wallet has spent", || spending);
        let permit = guard
            .permit_payment(&mandate, job, claim, fees, spending, &*self.parts.approver, &*self.parts.sink)
            .await?;
        reached("pay.permitted");
        if cancel.is_cancelled() {
            return Err(JobError::Interrupted(job.id.clone()));
        }
        // A person may have taken their time.
        if self.now().duration_since(looked) > STALE {
            match self.standing(remote, job, quote, cancel).await.map_err(|error| self.said(job, error))? {
                Standing::Same => {}
                Standing::Paid => return Ok(None),
                Standing::Requoted(quote) => return Ok(Some(quote)),
            }
        }
        remote.payer.pay(permit, &*self.parts.sink).await?;
        Ok(None)
    }

    /// Looks what became of the job's live attempt, until that is known; an attempt that never landed makes room for
    /// the next.
    pub(super) async fn settle_step(&self, job: &Job, claim: Option<&Claim>, cancel: &Cancel) -> Result<(), JobError> {
        let attempts = self.parts.ledger.attempts(&job.id)?;
        if let Some(live) = attempts.iter().find(|a| a.state.is_live()) {
            return self.settle(job, live, cancel).await;
        }
        if attempts.iter().any(|a| a.state == AttemptState::Confirmed) {
            self.step(&job.id, JobState::Paid, |_| {})?;
            return Ok(());
        }
        if let Some(last) = attempts.last() {
            // Before more is paid, or given up: did none of them land, whatever was said?
            match self.remote().await?.payer.look_back(&job.id, &*self.parts.sink).await? {
                None => {}
                Some(Settlement::Pending { why }) => return self.unknown(job, last, &why.unwrap_or_default()),
                Some(_) => return Ok(()),
            }
        }
        let quote_stands = job.quote.as_ref().is_some_and(|q| q.expires_at > self.now());
        match attempts.last().map(|a| a.state) {
            Some(AttemptState::Expired) if quote_stands && attempts.len() < MAX_ATTEMPTS => {
                self.make_attempt(job, claim, cancel).await
            }
            last => {
                let why = match last {
                    Some(AttemptState::Faulted) => {
                        "the payment landed and failed on chain: its fees are lost, and nothing was paid"
                    }
                    _ => "the payment never landed and no more can: nothing was paid",
                };
                self.step(&job.id, JobState::PaymentFailed, |job| job.failure = Some(why.to_owned()))?;
                Ok(())
            }
        }
    }

    /// Looks what became of the job's live attempt, where it has one, and no further.
    pub(super) async fn look_after(&self, job: &Job, cancel: &Cancel) -> Result<(), JobError> {
        match self.attempts(&job.id)?.iter().find(|attempt| attempt.state.is_live()) {
            Some(live) => self.settle(job, live, cancel).await,
            None => Ok(()),
        }
    }

    async fn settle(&self, job: &Job, attempt: &Attempt, cancel: &Cancel) -> Result<(), JobError> {
        let remote = self.remote().await?;
        let mut heard = self.now();
        let mut pause = FIRST_PAUSE;
        loop {
            match remote.payer.settle(attempt, &*self.parts.sink).await? {
                Settlement::Pending { why: None } => heard = self.now(),
                Settlement::Pending { why: Some(why) } if self.now().duration_since(heard) > PATIENCE => {
                    return self.unknown(job, attempt, &why);
                }
                Settlement::Pending { why: Some(why) } => tracing::warn!(job = %job.id, %why, "payment still unknown"),
                Settlement::Paid { .. } | Settlement::Faulted | Settlement::Expired => return Ok(()),
            }
            tokio::select! {
                () = self.tape().sleep(pause) => pause = (pause * 3 / 2).min(LONGEST_PAUSE),
                () = cancel.cancelled() => return Err(JobError::Interrupted(job.id.clone())),
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.tape().now("paying")
    }

    fn unknown(&self, job: &Job, attempt: &Attempt, why: &str) -> Result<(), JobError> {
        if job.state != JobState::PaymentUnknown {
            self.step(&job.id, JobState::PaymentUnknown, |_| {})?;
        }
        self.emit(Event::PaymentUnknown(shown(attempt)));
        self.emit(Event::Warning { message: format!("the chain gives no usable answer: {why}") });
        Err(JobError::PaymentUnknown(job.id.clone()))
    }

    /// Tells the provider where the payment is; whether it need not be told again. Told again, it changes nothing. Whatever it
    /// answers, what it says of the task decides: it may know of the payment from the chain, or have ended the task.
    pub(super) async fn announce(&self, remote: &Remote, job: &Job, waiting: &mut Waiting, cancel: &Cancel) -> bool {
        let (Some(task), Some(hash)) = (&job.provider_job, &job.tx_hash) else { return true };
        reached("announce.asked");
        let told = self.provider(remote, cancel).announce_payment(task, hash).await;
        reached("announce.answered");
        let Err(error) = told else { return true };
        let refused = matches!(error, ComputeError::PaymentRefused(_));
        if waiting.is_news("announced") {
            let message = match refused {
                true => format!("{}: {error}", job.id),
                false => {
                    format!("{}: the provider did not take the word of the payment ({error}); it is told again", job.id)
                }
            };
            self.emit(Event::Warning { message });
        }
        refused
    }
}
