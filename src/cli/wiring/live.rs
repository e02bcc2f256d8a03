//! The outside parts of a remote job, as they are configured.

use async_trait::async_trait;

use super::unlock::{self, Unlock};
use crate::{
    job::{AskPrices, Connect, JobError, Outside, OwnerPrice, Pricing, Remote},
    payment::Payer,
};
use compute::aioz::Aioz;
use guard::{
    config::{self, LiveSettings, StorageSettings, policy_file::Price},
    ledger::Ledger,
};
use neo::Chain;
use storage::{S3Settings, Storage};

/// The parts that the live settings name.
pub struct Live {
    settings: LiveSettings,
    price: Price,
    unlock: Unlock,
    callback: Option<config::Callback>,
    ledger: Ledger,
}

impl Live {
    /// The parts of `settings`; `price` is offered where the provider states no terms, webhooks come to `callback`.
    pub fn new(
        settings: LiveSettings,
        price: Price,
        unlock: Unlock,
        callback: Option<config::Callback>,
        ledger: Ledger,
    ) -> Live {
        Live { settings, price, unlock, callback, ledger }
    }
}

impl Live {
    fn provider(&self) -> Result<Aioz, JobError> {
        let compute = &self.settings.compute;
        Ok(Aioz::on(self.ledger.tape(), compute.endpoint.clone(), compute.api_key.clone())?)
    }

    fn owner_price(&self) -> OwnerPrice {
        let chain = &self.settings.chain;
        OwnerPrice {
            flat: self.price.flat,
            per_gb: self.price.per_gb,
            recipient: chain.recipients.first().copied(),
            network: chain.network,
        }
    }
}

#[async_trait]
impl AskPrices for Live {
    async fn pricing(&self) -> Result<Pricing, JobError> {
        let LiveSettings { storage, chain, .. } = &self.settings;
        let pricing = Pricing {
            provider: Some(self.provider()?),
            price: self.owner_price(),
            storage: match storage {
                Some(storage) => storage.endpoint.host_str().unwrap_or("the storage").to_owned(),
                None => "the provider's own storage".to_owned(),
            },
            storage_origin: storage.as_ref().map(|storage| storage.endpoint.clone()),
            own_storage: storage.is_some(),
            // A wallet that cannot be used is told of when it is to pay.
            account: unlock::configured(&chain.payer).ok().map(|wallet| wallet.account()),
        };
        pricing.note(self.ledger.tape());
        Ok(pricing)
    }
}

#[async_trait]
impl Connect for Live {
    async fn connect(&self) -> Result<Remote, JobError> {
        let LiveSettings { storage, chain, .. } = &self.settings;
        let wallet = self.unlock.wallet(&chain.payer, self.ledger.tape()).await?;
        let view = Chain::on(self.ledger.tape(), chain.rpc.clone(), chain.network)
            .map_err(|e| setup(e.to_string(), "check NEO_RPC_URL"))?;
        let s3 = storage.as_ref().map(s3_settings);
        let remote = Remote {
            storage: s3.as_ref().map(|s3| Storage::on(self.ledger.tape(), s3)).transpose()?,
            storage_origin: storage.as_ref().map(|storage| storage.endpoint.clone()),
            provider: self.provider()?,
            payer: Payer::new(view, wallet, self.ledger.clone()),
            price: self.owner_price(),
            listening: None,
        }
        .called_back(self.callback.as_ref(), &self.settings.compute.api_key, self.ledger.tape());
        Outside::note(self.ledger.tape(), &remote, s3.as_ref(), &chain.rpc, false);
        Ok(remote)
    }
}

/// The storage client's settings.
pub fn s3_settings(storage: &StorageSettings) -> S3Settings {
    S3Settings {
        endpoint: storage.endpoint.clone(),
        region: storage.region.clone(),
        bucket: storage.bucket.clone(),
        access_key: storage.access_key.clone(),
        secret_key: storage.secret_key.clone(),
    }
}

fn setup(message: String, hint: &str) -> JobError {
    JobError::Setup { message, hint: Some(hint.to_owned()) }
}
