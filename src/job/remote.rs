//! The outside parts that a remote job needs, brought up when the first one needs them.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::{AskPrices, JobError, Listening};
use crate::payment::Payer;
use cassette::Tape;
use compute::aioz::{Aioz, TaskDetail};
use domain::{
    hash::Hash160,
    money::Datoshi,
    network::Network,
    quote::{Quote, QuoteSource},
};
use guard::config;
use storage::Storage;

/// Storage, provider and payer of one profile.
pub struct Remote {
    /// Where datasets are staged; nothing where the owner has no storage, and small files go to the provider's own.
    pub storage: Option<Storage>,
    /// The storage's own address: results may be fetched from there.
    pub storage_origin: Option<url::Url>,
    /// Who runs remote jobs.
    pub provider: Aioz,
    /// Who pays.
    pub payer: Payer,
    /// What is paid where the provider states no terms.
    pub price: OwnerPrice,
    /// Where the provider's webhooks come to, where the owner wants any.
    pub listening: Option<Listening>,
}

impl Remote {
    /// The same, with a provider that is asked to send webhooks to this address, signed with `key`. A run that is recorded or
    /// played hears none: what they say is not in its record.
    pub fn called_back(self, callback: Option<&config::Callback>, key: &SecretString, tape: &Tape) -> Remote {
        let Some(config::Callback { listen, url }) = callback.filter(|_| matches!(tape, Tape::Off)) else {
            return self;
        };
        let listening = Listening { at: *listen, key: key.clone() };
        Remote { provider: self.provider.with_callback(url.clone()), listening: Some(listening), ..self }
    }
}

/// Brings the outside parts up: the sandbox, or what is configured.
#[async_trait]
pub trait Connect: AskPrices {
    /// Brings them up.
    async fn connect(&self) -> Result<Remote, JobError>;
}

/// The owner's price for providers that state no payment terms, as AIOZ does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerPrice {
    /// For each job.
    pub flat: Datoshi,
    /// For each gigabyte (1,000,000,000 bytes) of dataset, begun ones whole.
    pub per_gb: Datoshi,
    /// To whom; nobody when the owner named nobody.
    pub recipient: Option<Hash160>,
    /// Where.
    pub network: Network,
}

/// How long a quote of the owner's own price stands.
const OWNER_QUOTE_HOURS: i64 = 24;

impl OwnerPrice {
    /// What a job on a dataset of `bytes` costs, and who is paid.
    ///
    /// # Errors
    /// When the owner named no recipient, or the price passes any amount.
    pub fn of(&self, bytes: u64) -> Result<(Datoshi, Hash160), JobError> {
        let recipient = self.recipient.ok_or_else(|| {
            setup(
                "the provider states no payment terms, and no recipient is configured",
                "set GAS_RECIPIENT to the address that is to be paid",
            )
        })?;
        let amount = self
            .per_gb
            .datoshi()
            .checked_mul(bytes.div_ceil(1_000_000_000))
            .and_then(Datoshi::new)
            .and_then(|sum| sum.checked_add(self.flat))
            .ok_or_else(|| setup("the price of this dataset passes any amount", "lower the price in policy.toml"))?;
        Ok((amount, recipient))
    }

    /// The quote for a dataset of `bytes`, bound to a job by `reference`.
    ///
    /// # Errors
    /// When the owner named no recipient, or the price passes any amount.
    pub fn quote(&self, bytes: u64, reference: &str, now: Timestamp) -> Result<Quote, JobError> {
        let (amount, recipient) = self.of(bytes)?;
        let expires_at = now
            .checked_add(SignedDuration::from_hours(OWNER_QUOTE_HOURS))
            .map_err(|e| setup(&format!("the quote's end cannot be told: {e}"), "check this machine's clock"))?;
        let reference = reference.to_owned();
        Ok(Quote { amount, recipient, network: self.network, reference, expires_at, source: QuoteSource::Owner })
    }

    /// The provider's own terms where it states any, else the owner's price.
    ///
    /// # Errors
    /// Terms that make no quote; no recipient.
    pub fn quote_of(&self, task: &TaskDetail, bytes: u64, reference: &str, now: Timestamp) -> Result<Quote, JobError> {
        match &task.payment {
            Some(terms) => Ok(terms.quote()?),
            None => self.quote(bytes, reference, now),
        }
    }
}

fn setup(message: &str, hint: &str) -> JobError {
    JobError::Setup { message: message.to_owned(), hint: Some(hint.to_owned()) }
}
