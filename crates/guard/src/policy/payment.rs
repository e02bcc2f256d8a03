//! The payment rules 1 to 4: pure over the job, its quote, the claim, the fees and the budget.

use jiff::Timestamp;

use super::{
    limits::Policy,
    refusal::{Refusal, Rule},
};
use domain::{
    hash::Hash160,
    job::{Job, JobState},
    money::Datoshi,
    quote::Quote,
    verdict::Place,
};

/// What the model says it is paying: compared with the quote, never used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The amount it names.
    pub amount: Datoshi,
    /// The account it names.
    pub recipient: Hash160,
}

/// What a payment would burn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeQuote {
    /// For execution.
    pub system: Datoshi,
    /// For inclusion.
    pub network: Datoshi,
}

impl FeeQuote {
    /// Both together.
    pub fn total(self) -> Datoshi {
        self.system.checked_add(self.network).unwrap_or(Datoshi::MAX)
    }
}

/// Rule 1: the job awaits payment, and the claim is the quote. Gives the quote.
///
/// # Errors
/// R-LOCAL for a job that runs here; P-STATE, P-AMOUNT, P-RECIPIENT.
pub fn check_claim<'j>(job: &'j Job, claim: &Claim) -> Result<&'j Quote, Refusal> {
    let quote = awaited(job)?;
    if claim.amount != quote.amount {
        return Err(Refusal::new(
            Rule::Amount,
            format!("{} was claimed for {}, and its quote asks {}", claim.amount, job.id, quote.amount),
        )
        .hint("pay the quote's amount, or cancel the job"));
    }
    if claim.recipient != quote.recipient {
        return Err(Refusal::new(
            Rule::Recipient,
            format!(
                "{} was claimed as recipient for {}, and its quote names {}",
                claim.recipient.address(),
                job.id,
                quote.recipient.address()
            ),
        )
        .hint("pay the quote's recipient, or cancel the job"));
    }
    Ok(quote)
}

/// The quote of a job that awaits payment, or whose payment may still turn out never to have landed. That no attempt is
/// made while another is live is the ledger's affair.
///
/// # Errors
/// R-LOCAL for a job that runs here; P-STATE for any other step.
pub fn awaited(job: &Job) -> Result<&Quote, Refusal> {
    if job.place() == Place::Local {
        return Err(Refusal::new(Rule::FitsHere, format!("{} fits this machine, so there is nothing to pay", job.id))
            .hint("run it locally"));
    }
    match (job.state, &job.quote) {
        (
            JobState::Submitted | JobState::PaymentIntended | JobState::PaymentSent | JobState::PaymentUnknown,
            Some(quote),
        ) => Ok(quote),
        (state, _) => {
            let why = match state {
                JobState::Planned | JobState::Staging | JobState::Staged => {
                    format!("{} has no quote yet: it is {state}", job.id)
                }
                _ if job.tx_hash.is_some() => format!("{} is paid for already: it is {state}", job.id),
                _ => format!("{} does not await payment: it is {state}", job.id),
            };
            Err(Refusal::new(Rule::JobState, why))
        }
    }
}

/// Rules 2 and 3 and the mainnet switch, over a quote.
///
/// # Errors
/// P-NETWORK, P-MAINNET, P-RECIPIENT, P-EXPIRED, P-CAP-PAYMENT, P-CAP-FEES.
pub fn check_quote(policy: &Policy, quote: &Quote, fees: Option<FeeQuote>, now: Timestamp) -> Result<(), Refusal> {
    if quote.network != policy.network {
        return Err(Refusal::new(
            Rule::Network,
            format!("the quote is for network {}, and this program pays on {} only", quote.network, policy.network),
        )
        .hint("set NEO_NETWORK to the provider's network if it is really the one you mean"));
    }
    if quote.network.is_mainnet() && !policy.allow_mainnet {
        return Err(Refusal::new(Rule::Mainnet, "payments on mainnet are switched off: they move real money")
            .hint("give --allow-mainnet, or set `allow_mainnet = true` in policy.toml"));
    }
    if !policy.recipients.contains(&quote.recipient) {
        return Err(Refusal::new(
            Rule::Recipient,
            format!("{} is not on the owner's list of recipients", quote.recipient.address()),
        )
        .hint("put it in GAS_RECIPIENT or in `recipients` of policy.toml, if you know whose it is"));
    }
    if quote.expires_at <= now {
        return Err(Refusal::new(Rule::QuoteExpired, format!("the quote ended at {}", quote.expires_at))
            .hint("ask again for a new quote"));
    }
    let burnt = fees.map_or(Datoshi::ZERO, FeeQuote::total);
    let all = quote.amount.checked_add(burnt).unwrap_or(Datoshi::MAX);
    if all > policy.caps.per_payment {
        let with_fees = if fees.is_some() { " with fees" } else { "" };
        return Err(Refusal::new(
            Rule::CapPayment,
            format!("{all}{with_fees} is above the cap of {} for one payment", policy.caps.per_payment),
        )
        .hint("raise `per_payment` in policy.toml, if that is what you want"));
    }
    if let Some(fees) = fees {
        for (name, fee, limit) in
            [("system", fees.system, policy.max_system_fee), ("network", fees.network, policy.max_network_fee)]
        {
            if fee > limit {
                return Err(Refusal::new(
                    Rule::CapFees,
                    format!("the {name} fee of {fee} is above its limit of {limit}"),
                )
                .hint(format!(
                    "the nodes of NEO_RPC_URL may not be honest: ask others; raise `max_{name}_fee` in policy.toml only if the \
                     network really asks that much"
                )));
            }
        }
    }
    Ok(())
}
