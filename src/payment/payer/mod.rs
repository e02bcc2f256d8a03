//! At most one payment a job, whatever dies.
//!
//! 1. One wallet's payments are made one at a time: a lock in the home folder, across processes.
//! 2. Dry run; the fees must be within the permit. Only then the intent is written: unsigned bytes, hash, last block,
//!    with the budget reserved, in one transaction of the ledger, which allows one live attempt a job.
//! 3. Sign (deterministic), broadcast to every node.
//! 4. [`Payer::settle`] looks: block counts **first**, then the log. Landed and paid, landed and failed, or past its last
//!    block and nowhere to be seen: three ends. Anything else is unknown: the same bytes are sent again, and nothing is
//!    ever signed anew while an attempt may still land.
//! 5. After an end without payment a new attempt names every earlier one that did not land in a Conflicts attribute, so
//!    that the chain itself refuses the second payment, should a lost one turn up after all.

mod adopt;
mod error;
mod lock;
mod plan;
mod settle;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

pub use self::{adopt::Adoption, error::PayError, settle::Settlement};
use self::{lock::WalletLock, plan::Plan};
use crate::payment::{Hand, hand::Account};
use domain::{
    attempt::{Attempt, AttemptState},
    event::{Event, PaymentShown, Sink},
    hash::{Hash160, TxHash},
    ids::JobId,
    money::{Amount, Datoshi},
    network::Network,
    quote::Quote,
};
use guard::{
    ledger::{Ledger, LedgerError, Reading},
    policy::{
        payment::FeeQuote,
        permit::{Payment, Permit},
    },
};
use kill_point::reached;
use neo::{Chain, script::Transfer};

/// How long a payment may take to land before it can be made anew.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Pays for jobs from one wallet on one chain. Cheap to clone.
#[derive(Clone)]
pub struct Payer {
    chain: Chain,
    hand: Arc<Hand>,
    ledger: Ledger,
    lifetime: Duration,
}

impl Payer {
    /// A payer; its attempts and its lock live where the ledger lives.
    pub fn new(chain: Chain, hand: impl Into<Hand>, ledger: Ledger) -> Payer {
        Payer { chain, hand: Arc::new(hand.into()), ledger, lifetime: LIFETIME }
    }

    /// The same payer with another span in which a payment may land, for chains with fast blocks.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Payer {
        self.lifetime = lifetime;
        self
    }

    /// The account that pays.
    pub fn account(&self) -> Hash160 {
        self.hand.account()
    }

    /// What is public of the account that pays.
    pub fn public(&self) -> Account {
        self.hand.public()
    }

    /// The chain it pays on.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The earlier attempts of a job that a new one has to name: those that never landed.
    ///
    /// # Errors
    /// The ledger's.
    pub fn replaces(&self, job: &JobId) -> Result<Vec<TxHash>, LedgerError> {
        Ok(expired(&self.ledger.attempts(job)?))
    }

    /// What paying a quote would burn, by a dry run: exact as long as the chain's prices stay as they are. `replaces` is
    /// what [`Payer::replaces`] says of the job.
    ///
    /// # Errors
    /// The chain's; a dry run that faults, as when the wallet has too little; a quote that ends too soon.
    pub async fn fees(&self, quote: &Quote, replaces: &[TxHash]) -> Result<FeeQuote, PayError> {
        self.same_network(quote.network)?;
        let transfer = self.transfer(quote.recipient, quote.amount, &quote.reference);
        let plan = self.plan(&transfer, replaces, quote.expires_at).await?;
        Ok(plan.fees())
    }

    /// Pays, once. From the moment the intent is written it gives back the attempt, also when no node answers: whether
    /// it pays is for [`Payer::settle`] to find out.
    ///
    /// # Errors
    /// Why nothing was signed.
    pub async fn pay(&self, permit: Permit<Payment>, sink: &dyn Sink) -> Result<Attempt, PayError> {
        let payment = permit.spend();
        self.same_network(payment.network)?;
        let _one_at_a_time = WalletLock::take(self.ledger.home(), self.account(), payment.network).await?;
        reached("payer.locked");
        let earlier = self.ledger.attempts(&payment.job)?;
        refuse_second(&earlier)?;
        let transfer = self.transfer(payment.recipient, payment.amount, &payment.reference);
        let (replaces, ends) = (expired(&earlier), payment.expires_at);
        let plan = self.plan(&transfer, &replaces, ends).await?;
        check_fees(plan.fees(), &payment)?;
        self.check_balance(&plan, &payment).await?;

        reached("payer.planned");
        let number = earlier.iter().map(|attempt| attempt.number).max().unwrap_or(0) + 1;
        let now = self.ledger.tape().now("a payment attempt");
        let attempt = plan.attempt(&payment, number, self.account(), now);
        self.ledger.intend(&attempt, &payment.caps, &payment.approval, &Reading::now())?;
        reached("payer.intended");
        tracing::debug!(job = %attempt.job, number, tx = %attempt.tx_hash, "a payment is intended");
        sink.emit(Event::PaymentIntended(shown(&attempt)));
        Ok(self.broadcast(attempt, plan, sink).await)
    }

    /// Signs and sends. Nothing in here can undo the intent, so nothing in here is an error.
    async fn broadcast(&self, mut attempt: Attempt, plan: Plan, sink: &dyn Sink) -> Attempt {
        let said = match self.hand.sign(self.ledger.tape(), plan.transaction, attempt.network) {
            Ok(signed) => {
                reached("payer.signed");
                self.chain.send(&signed).await
            }
            Err(error) => {
                sink.emit(Event::Warning {
                    message: format!("the payment of {} was not signed: {error}", attempt.job),
                });
                sink.emit(Event::PaymentUnknown(shown(&attempt)));
                return attempt;
            }
        };
        reached("payer.broadcast");
        tracing::debug!(job = %attempt.job, taken = said.taken, refused = said.refused.len(), "a payment was sent");
        if let Some(complaint) = said.complaint() {
            sink.emit(Event::Warning { message: format!("the payment of {}: {complaint}", attempt.job) });
        }
        if !said.is_known() {
            sink.emit(Event::PaymentUnknown(shown(&attempt)));
            return attempt;
        }
        self.mark_sent(&mut attempt, sink);
        attempt
    }

    fn mark_sent(&self, attempt: &mut Attempt, sink: &dyn Sink) {
        match self.ledger.set_attempt(&attempt.job, attempt.number, AttemptState::Sent, None) {
            Ok(_) => attempt.state = AttemptState::Sent,
            // It is sent all the same; the next look finds it.
            Err(error) => sink.emit(Event::Warning { message: error.to_string() }),
        }
        sink.emit(Event::PaymentSent(shown(attempt)));
    }

    async fn plan(&self, transfer: &Transfer, replaces: &[TxHash], ends: Timestamp) -> Result<Plan, PayError> {
        plan::make(self.ledger.tape(), &self.chain, &self.hand, transfer, replaces, self.lifetime, ends).await
    }

    fn same_network(&self, asked: Network) -> Result<(), PayError> {
        let pinned = self.chain.network();
        if asked == pinned { Ok(()) } else { Err(PayError::Network { asked, pinned }) }
    }

    fn transfer(&self, to: Hash160, amount: Datoshi, reference: &str) -> Transfer {
        Transfer { from: self.account(), to, amount, reference: Some(reference.as_bytes().to_vec()) }
    }

    /// The dry run reserves nothing, so the coins of other payments under way are taken off here.
    async fn check_balance(&self, plan: &Plan, payment: &Payment) -> Result<(), PayError> {
        let promised = self.promised(&payment.job)?;
        let available = self.chain.balance(self.account()).await?.saturating_sub(promised);
        let needed = total(payment.amount, plan.fees());
        if needed > available {
            return Err(PayError::Balance { account: self.account().address(), needed, available });
        }
        Ok(())
    }

    fn promised(&self, but: &JobId) -> Result<Datoshi, LedgerError> {
        let mut sum = Datoshi::ZERO;
        for job in self.ledger.jobs()? {
            if job.id == *but {
                continue;
            }
            for attempt in self.ledger.attempts(&job.id)? {
                let ours = attempt.sender == self.account() && attempt.network == self.chain.network();
                if ours && attempt.state.is_live() {
                    let fees = FeeQuote { system: attempt.system_fee, network: attempt.network_fee };
                    sum = sum.checked_add(total(attempt.amount, fees)).unwrap_or(Datoshi::MAX);
                }
            }
        }
        Ok(sum)
    }
}

fn total(amount: Datoshi, fees: FeeQuote) -> Datoshi {
    amount.checked_add(fees.system).and_then(|sum| sum.checked_add(fees.network)).unwrap_or(Datoshi::MAX)
}

/// Faulted attempts landed: naming one in Conflicts would make the new transaction invalid.
fn expired(attempts: &[Attempt]) -> Vec<TxHash> {
    attempts.iter().filter(|a| a.state == AttemptState::Expired).map(|a| a.tx_hash).collect()
}

fn refuse_second(earlier: &[Attempt]) -> Result<(), PayError> {
    if let Some(paid) = earlier.iter().find(|attempt| attempt.state == AttemptState::Confirmed) {
        return Err(PayError::AlreadyPaid(paid.tx_hash));
    }
    match earlier.iter().find(|attempt| attempt.state.is_live()) {
        Some(live) => Err(PayError::Live { number: live.number, tx_hash: live.tx_hash }),
        None => Ok(()),
    }
}

fn check_fees(fees: FeeQuote, payment: &Payment) -> Result<(), PayError> {
    for (what, asked, approved) in
        [("system", fees.system, payment.max_system_fee), ("network", fees.network, payment.max_network_fee)]
    {
        if asked > approved {
            return Err(PayError::Fee { what, asked, approved });
        }
    }
    Ok(())
}

/// An attempt as events show it.
pub fn shown(attempt: &Attempt) -> PaymentShown {
    PaymentShown {
        job: attempt.job.clone(),
        tx_hash: attempt.tx_hash,
        amount: Amount::from(attempt.amount),
        recipient: attempt.recipient.address(),
        attempt: attempt.number,
        valid_until_block: attempt.valid_until_block,
    }
}
