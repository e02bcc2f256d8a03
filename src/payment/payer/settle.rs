//! What became of a payment attempt.

use super::{PayError, Payer, shown};
use domain::{
    attempt::{Attempt, AttemptState},
    event::{Event, Sink},
    ids::JobId,
};
use kill_point::reached;
use neo::{
    paid::{self, Expected, NotPaid},
    rpc::{Sighting, answers::ApplicationLog},
    transaction::Transaction,
};

/// A block beyond the last possible one is believed only when this many more are there: nodes behind one address may
/// lag behind each other.
const MARGIN: u32 = 2;

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The chain says paid.
    Paid {
        /// The block it is in.
        block: u32,
    },
    /// It landed and moved nothing; its fees are lost. A new attempt may be made.
    Faulted,
    /// It never landed and never can. A new attempt may be made, and names this one.
    Expired,
    /// Nobody knows yet: look again. The same bytes were sent again.
    Pending {
        /// What stands in the way, where something does.
        why: Option<String>,
    },
}

impl Payer {
    /// Looks what became of an attempt, and records what is final. Safe to call at any time and from several processes.
    ///
    /// # Errors
    /// The ledger's only. What the chain does not say is [`Settlement::Pending`].
    pub async fn settle(&self, attempt: &Attempt, sink: &dyn Sink) -> Result<Settlement, PayError> {
        match (attempt.state, attempt.block) {
            (AttemptState::Confirmed, Some(block)) => return Ok(Settlement::Paid { block }),
            (AttemptState::Faulted, _) => return Ok(Settlement::Faulted),
            (AttemptState::Expired, _) => return Ok(Settlement::Expired),
            _ => {}
        }
        // The counts come first: what landed by then is in the log that is read after.
        let counts = self.chain.block_counts().await;
        let log = self.chain.application_log(&attempt.tx_hash).await;
        tracing::debug!(job = %attempt.job, number = attempt.number, ?counts, landed = ?log.as_ref().map(|l| l.found.is_some()), "looked");
        if matches!(log, Ok(Sighting { found: None, .. }))
            && let Some(earlier) = self.look_back(&attempt.job, sink).await?
        {
            return Ok(earlier);
        }
        match log {
            Ok(Sighting { found: Some(log), .. }) => {
                reached("settle.landed");
                self.landed(attempt, &log, sink).await
            }
            Ok(Sighting { found: None, complete: true })
                if counts.as_ref().is_ok_and(|counts| {
                    counts.complete && counts.lowest > attempt.valid_until_block.saturating_add(MARGIN)
                }) =>
            {
                reached("settle.expired");
                self.ledger.set_attempt(&attempt.job, attempt.number, AttemptState::Expired, None)?;
                sink.emit(Event::PaymentFailed(shown(attempt)));
                Ok(Settlement::Expired)
            }
            Ok(Sighting { found: None, .. }) => Ok(self.send_again(attempt, sink).await),
            Err(error) => Ok(Settlement::Pending { why: Some(error.to_string()) }),
        }
    }

    /// Looks once more for the attempts of a job that count as expired: nodes that lag, or lie, can have said so of one
    /// that lands after all. `None` when none of them paid; [`Settlement::Pending`] when that cannot be told.
    ///
    /// # Errors
    /// The ledger's only.
    pub async fn look_back(&self, job: &JobId, sink: &dyn Sink) -> Result<Option<Settlement>, PayError> {
        let attempts = self.ledger.attempts(job)?;
        for attempt in attempts.iter().filter(|a| a.state == AttemptState::Expired) {
            let settled = match self.chain.application_log(&attempt.tx_hash).await {
                Ok(Sighting { found: Some(log), .. }) => self.landed(attempt, &log, sink).await?,
                Ok(Sighting { found: None, complete: true }) => continue,
                Ok(Sighting { found: None, .. }) => {
                    Settlement::Pending { why: Some("a node does not answer".to_owned()) }
                }
                Err(error) => Settlement::Pending { why: Some(error.to_string()) },
            };
            if settled != Settlement::Faulted {
                return Ok(Some(settled));
            }
        }
        Ok(None)
    }

    async fn landed(&self, attempt: &Attempt, log: &ApplicationLog, sink: &dyn Sink) -> Result<Settlement, PayError> {
        let pending = |why: String| Ok(Settlement::Pending { why: Some(why) });
        let transaction = match Transaction::decode_unsigned(&attempt.unsigned) {
            Ok(transaction) => transaction,
            Err(error) => return pending(format!("the ledger's copy of the payment cannot be read: {error}")),
        };
        let verdict = paid::check(log, &transaction, &expected(attempt));
        if let Err(NotPaid::Fault(why)) = &verdict {
            sink.emit(Event::Warning { message: format!("the payment of {} failed on chain: {why}", attempt.job) });
            self.ledger.set_attempt(&attempt.job, attempt.number, AttemptState::Faulted, None)?;
            sink.emit(Event::PaymentFailed(shown(attempt)));
            return Ok(Settlement::Faulted);
        }
        if let Err(error) = verdict {
            // Our script asserts its transfer, so a HALT without the event contradicts itself. That is doubt, and doubt
            // never makes room for a second payment.
            return pending(format!("the nodes contradict themselves: {error}"));
        }
        match self.chain.transaction_height(&attempt.tx_hash).await {
            Ok(Sighting { found: Some(block), .. }) => {
                self.ledger.set_attempt(&attempt.job, attempt.number, AttemptState::Confirmed, Some(block))?;
                let explorer_url = attempt.network.explorer_url(&attempt.tx_hash);
                sink.emit(Event::PaymentConfirmed { payment: shown(attempt), block, explorer_url });
                Ok(Settlement::Paid { block })
            }
            Ok(Sighting { found: None, .. }) => {
                pending("the payment landed, and its block is not known yet".to_owned())
            }
            Err(error) => pending(error.to_string()),
        }
    }

    /// Sends the same bytes again. Signing is deterministic, so this cannot make a second payment.
    async fn send_again(&self, attempt: &Attempt, sink: &dyn Sink) -> Settlement {
        let pending = |why: Option<String>| Settlement::Pending { why };
        if attempt.sender != self.account() {
            return pending(Some(format!("it was made with the wallet {}", attempt.sender.address())));
        }
        if attempt.network != self.chain.network() {
            return pending(Some(format!("it was made on network {}", attempt.network)));
        }
        let signed =
            Transaction::decode_unsigned(&attempt.unsigned).map_err(|e| e.to_string()).and_then(|transaction| {
                self.hand.sign(self.ledger.tape(), transaction, attempt.network).map_err(|e| e.to_string())
            });
        let signed = match signed {
            Ok(signed) if signed.transaction.hash() == attempt.tx_hash => signed,
            Ok(_) => return pending(Some("the ledger's copy of the payment is of another transaction".to_owned())),
            Err(why) => return pending(Some(why)),
        };
        reached("settle.signed-again");
        let said = self.chain.send(&signed).await;
        reached("settle.sent-again");
        if said.is_known() {
            self.mark_sent_if_intended(attempt, sink);
            return pending(None);
        }
        pending(said.complaint())
    }

    /// Another process may have seen it land meanwhile, so the ledger is asked and not the copy at hand.
    fn mark_sent_if_intended(&self, attempt: &Attempt, sink: &dyn Sink) {
        let attempts = self.ledger.attempts(&attempt.job).unwrap_or_default();
        let now = attempts.into_iter().find(|other| other.number == attempt.number);
        if let Some(mut now) = now.filter(|now| now.state == AttemptState::Intended) {
            self.mark_sent(&mut now, sink);
        }
    }
}

fn expected(attempt: &Attempt) -> Expected {
    Expected {
        from: Some(attempt.sender),
        to: attempt.recipient,
        amount: attempt.amount,
        reference: attempt.reference.clone(),
        network: attempt.network,
    }
}
