//! Taking over a payment of this wallet that this ledger did not make.

use super::{PayError, Payer, WalletLock, refuse_second, shown};
use domain::{
    attempt::{Attempt, AttemptState},
    event::{Event, Sink},
    hash::TxHash,
    ids::JobId,
    quote::Quote,
};
use guard::ledger::Reading;
use neo::{
    paid::{Expected, Paid, VerifyError, verify_payment},
    transaction::Signed,
};

/// What a transaction is to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adoption {
    /// This wallet's payment of exactly this quote: the ledger has it now.
    Paid,
    /// Something else, or not to be seen; why.
    Another(String),
}

impl Payer {
    /// Looks whether `hash` landed as this wallet's payment of `quote`, with its reference, and writes it into the ledger as
    /// the job's payment, where it counts against the budget. Nothing is signed or sent.
    ///
    /// # Errors
    /// A chain that does not answer; a ledger that cannot be written, or has a payment of this job.
    pub async fn adopt(&self, job: &JobId, quote: &Quote, hash: TxHash, sink: &dyn Sink) -> Result<Adoption, PayError> {
        self.same_network(quote.network)?;
        let _one_at_a_time = WalletLock::take(self.ledger.home(), self.account(), quote.network).await?;
        let earlier = self.ledger.attempts(job)?;
        refuse_second(&earlier)?;
        if self.ledger.knows_transaction(&hash)? {
            return Ok(Adoption::Another("it paid for another job".to_owned()));
        }
        let expected = Expected {
            from: Some(self.account()),
            to: quote.recipient,
            amount: quote.amount,
            reference: quote.reference.clone(),
            network: quote.network,
        };
        let Paid { block, .. } = match verify_payment(&self.chain, &hash, &expected).await {
            Ok(paid) => paid,
            Err(VerifyError::Chain(error)) => return Err(error.into()),
            Err(error) => return Ok(Adoption::Another(error.to_string())),
        };
        let bytes = self.chain.raw_transaction(&hash).await?.found.unwrap_or_default();
        let transaction = match Signed::decode(&bytes) {
            Ok(signed) if signed.transaction.hash() == hash => signed.transaction,
            _ => return Ok(Adoption::Another(VerifyError::AnotherTransaction.to_string())),
        };
        let attempt = Attempt {
            job: job.clone(),
            number: earlier.iter().map(|attempt| attempt.number).max().unwrap_or(0) + 1,
            tx_hash: hash,
            unsigned: transaction.unsigned_bytes(),
            valid_until_block: transaction.valid_until_block,
            sender: self.account(),
            recipient: quote.recipient,
            amount: quote.amount,
            system_fee: transaction.system_fee,
            network_fee: transaction.network_fee,
            reference: quote.reference.clone(),
            network: quote.network,
            state: AttemptState::Confirmed,
            block: Some(block),
            created_at: self.ledger.tape().now("a payment attempt"),
        };
        self.ledger.adopt(&attempt, &Reading::now())?;
        let message = format!("{job} was paid by another copy of this ledger, in {hash}: it is not paid again");
        sink.emit(Event::Warning { message });
        let explorer_url = attempt.network.explorer_url(&hash);
        sink.emit(Event::PaymentConfirmed { payment: shown(&attempt), block, explorer_url });
        Ok(Adoption::Paid)
    }
}
