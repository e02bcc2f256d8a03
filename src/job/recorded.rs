//! The outside parts of a run that is played from its record: the same clients, which reach nothing, and no key.

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{AskPrices, Connect, JobError, OwnerPrice, Pricing, Remote};
use crate::payment::{Hand, Payer, hand::Account};
use cassette::{Tape, format::Part, line::target};
use compute::aioz::Aioz;
use domain::{hash::Hash160, money::Datoshi, network::Network};
use guard::ledger::Ledger;
use neo::Chain;
use storage::{S3Settings, Storage};

/// The name of these facts in a record.
const OUTSIDE: &str = "outside parts";

/// What is public of the outside parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outside {
    /// Storage: the server, where the owner has any.
    pub storage: Option<Url>,
    /// Storage: the region.
    pub region: String,
    /// Storage: the bucket.
    pub bucket: String,
    /// Whether the bucket is made when it is not there.
    pub makes_bucket: bool,
    /// The provider's API.
    pub provider: Url,
    /// The nodes, each by host and port alone.
    pub nodes: Vec<Url>,
    /// Where money moves.
    pub network: Network,
    /// Who pays.
    pub payer: Account,
    /// The owner's price of a job.
    pub flat: Datoshi,
    /// The owner's price of a gigabyte.
    pub per_gb: Datoshi,
    /// Who is paid that price.
    pub recipient: Option<Hash160>,
}

impl Outside {
    /// Keeps what is public of the parts that came up, in a run that is recorded.
    pub fn note(tape: &Tape, remote: &Remote, storage: Option<&S3Settings>, nodes: &[Url], makes_bucket: bool) {
        tape.note(
            OUTSIDE,
            &Outside {
                storage: storage.map(|storage| plain(&storage.endpoint)),
                region: storage.map(|storage| storage.region.clone()).unwrap_or_default(),
                bucket: storage.map(|storage| storage.bucket.clone()).unwrap_or_default(),
                makes_bucket,
                provider: plain(remote.provider.base()),
                nodes: nodes.iter().filter_map(|url| target(Part::Chain, url).parse().ok()).collect(),
                network: remote.price.network,
                payer: remote.payer.public(),
                flat: remote.price.flat,
                per_gb: remote.price.per_gb,
                recipient: remote.price.recipient,
            },
        );
    }
}

/// The name of what prices are asked with in a record.
const PRICING: &str = "where prices are asked";

/// What is public of what prices are asked with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PricingKept {
    provider: Option<Url>,
    storage: String,
    #[serde(default)]
    storage_origin: Option<Url>,
    #[serde(default = "owners")]
    own_storage: bool,
    flat: Datoshi,
    per_gb: Datoshi,
    recipient: Option<Hash160>,
    network: Network,
    account: Option<Hash160>,
}

/// A record of before knows no other storage.
fn owners() -> bool {
    true
}

impl Pricing {
    /// Keeps what is public of it in a run that is recorded.
    pub fn note(&self, tape: &Tape) {
        tape.note(
            PRICING,
            &PricingKept {
                provider: self.provider.as_ref().map(|provider| plain(provider.base())),
                storage: self.storage.clone(),
                storage_origin: self.storage_origin.as_ref().map(plain),
                own_storage: self.own_storage,
                flat: self.price.flat,
                per_gb: self.price.per_gb,
                recipient: self.price.recipient,
                network: self.price.network,
                account: self.account,
            },
        );
    }
}

#[async_trait]
impl AskPrices for Recorded {
    async fn pricing(&self) -> Result<Pricing, JobError> {
        let kept: Option<PricingKept> = self.ledger.tape().player().and_then(|player| player.value_or_diverge(PRICING));
        let kept = kept.ok_or_else(|| setup("the record asks for no prices".to_owned()))?;
        Ok(Pricing {
            provider: kept.provider.map(|base| Aioz::on(self.ledger.tape(), base, no_key())).transpose()?,
            price: OwnerPrice {
                flat: kept.flat,
                per_gb: kept.per_gb,
                recipient: kept.recipient,
                network: kept.network,
            },
            storage: kept.storage,
            storage_origin: kept.storage_origin,
            own_storage: kept.own_storage,
            account: kept.account,
        })
    }
}

fn setup(message: String) -> JobError {
    JobError::Setup { message, hint: None }
}

/// Keys go nowhere where a record is played, so any will do.
fn no_key() -> SecretString {
    "none".to_owned().into()
}

fn plain(url: &Url) -> Url {
    target(Part::Storage, url).parse().unwrap_or_else(|_| url.clone())
}

/// Brings up the parts of a record.
pub struct Recorded {
    ledger: Ledger,
}

impl Recorded {
    /// For payments kept in this ledger, which is the played run's own.
    pub fn new(ledger: Ledger) -> Recorded {
        Recorded { ledger }
    }
}

#[async_trait]
impl Connect for Recorded {
    async fn connect(&self) -> Result<Remote, JobError> {
        let outside: Option<Outside> = self.ledger.tape().player().and_then(|player| player.value_or_diverge(OUTSIDE));
        let tape = self.ledger.tape();
        let outside = outside.ok_or_else(|| setup("the record holds no storage, provider or chain".to_owned()))?;
        let storage = match &outside.storage {
            Some(endpoint) => Some(Storage::on(
                tape,
                &S3Settings {
                    endpoint: endpoint.clone(),
                    region: outside.region,
                    bucket: outside.bucket,
                    access_key: no_key(),
                    secret_key: no_key(),
                },
            )?),
            None => None,
        };
        if let Some(storage) = storage.as_ref().filter(|_| outside.makes_bucket) {
            storage.ensure_bucket().await?;
        }
        let chain = Chain::on(tape, outside.nodes, outside.network).map_err(|e| setup(e.to_string()))?;
        Ok(Remote {
            storage,
            storage_origin: outside.storage,
            provider: Aioz::on(tape, outside.provider, no_key())?,
            payer: Payer::new(chain, Hand::Record(outside.payer), self.ledger.clone()),
            price: OwnerPrice {
                flat: outside.flat,
                per_gb: outside.per_gb,
                recipient: outside.recipient,
                network: outside.network,
            },
            listening: None,
        })
    }
}
