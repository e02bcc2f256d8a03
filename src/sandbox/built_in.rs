//! The sandbox's outside parts: clients at the host's addresses, with the sandbox's own keys.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::Unusable;
use crate::{
    job::{AskPrices, Connect, JobError, Outside, OwnerPrice, Pricing, Remote},
    payment::Payer,
};
use cassette::Tape;
use compute::aioz::Aioz;
use domain::{
    hash::Hash160,
    money::Datoshi,
    network::{Network, SANDBOX},
};
use guard::{config::Callback, ledger::Ledger};
use neo::Chain;
use sandbox::{
    client::{self, Guest},
    host::Addresses,
    keys::{Keys, KeysError},
};
use storage::{S3Settings, Storage};

/// The bucket that datasets are staged in.
const BUCKET: &str = "datasets";

/// The sandbox in a folder.
pub struct Sandbox {
    folder: PathBuf,
    program: PathBuf,
    callback: Option<Callback>,
    ledger: Ledger,
    guest: Mutex<Option<Guest>>,
}

impl Sandbox {
    /// The sandbox in `folder`; its host is started as `program` when it is needed.
    pub fn new(folder: PathBuf, program: PathBuf, callback: Option<Callback>, ledger: Ledger) -> Sandbox {
        Sandbox { folder, program, callback, ledger, guest: Mutex::new(None) }
    }
}

impl From<KeysError> for Unusable {
    fn from(error: KeysError) -> Unusable {
        Unusable { message: error.to_string(), hint: error.hint().to_owned() }
    }
}

/// The account that pays in the sandbox in `folder`; its keys are made where there are none yet.
///
/// # Errors
/// Keys that cannot be read or made.
pub fn payer(folder: &Path) -> Result<Hash160, Unusable> {
    Ok(Keys::in_folder(folder)?.payer.account())
}

/// Who may be paid in the sandbox in `folder`, which a run on this tape uses: its own provider.
///
/// # Errors
/// Keys that cannot be read or made.
pub fn recipients(tape: &Tape, folder: &Path) -> Result<Vec<Hash160>, Unusable> {
    Ok(vec![Keys::on(tape, folder)?.provider.account()])
}

/// What brings up the sandbox in `folder`, whose host is started as `program`, and whose node sends webhooks to `callback`.
pub fn connect(folder: PathBuf, program: PathBuf, callback: Option<Callback>, ledger: Ledger) -> Box<dyn Connect> {
    Box::new(Sandbox::new(folder, program, callback, ledger))
}

fn setup(error: impl std::fmt::Display) -> JobError {
    let hint = "look at sandbox/host.log in AGENT_HOME, or remove the folder sandbox there to begin anew";
    JobError::Setup { message: error.to_string(), hint: Some(hint.to_owned()) }
}

#[async_trait]
impl AskPrices for Sandbox {
    async fn pricing(&self) -> Result<Pricing, JobError> {
        let keys = self.keys()?;
        let provider = Aioz::on(self.ledger.tape(), self.visit().await?.provider, keys.api_key)?;
        let recipient = Some(keys.provider.account());
        let price =
            OwnerPrice { flat: Datoshi::from_gas(2), per_gb: Datoshi::ZERO, recipient, network: Network(SANDBOX) };
        let account = Some(keys.payer.account());
        let storage = "this machine".to_owned();
        let pricing =
            Pricing { provider: Some(provider), price, storage, storage_origin: None, own_storage: true, account };
        pricing.note(self.ledger.tape());
        Ok(pricing)
    }
}

impl Sandbox {
    fn keys(&self) -> Result<Keys, JobError> {
        let unusable =
            |error: KeysError| JobError::Setup { hint: Some(error.hint().to_owned()), message: error.to_string() };
        Keys::on(self.ledger.tape(), &self.folder).map_err(unusable)
    }

    /// The host's addresses; it stays as long as its guest does, and the guest as long as this sandbox.
    async fn visit(&self) -> Result<Addresses, JobError> {
        let mut guest = self.guest.lock().await;
        if guest.is_none() {
            *guest = Some(client::visit(&self.folder, &self.program).await.map_err(setup)?);
        }
        guest.as_ref().map(|guest| guest.addresses.clone()).ok_or_else(|| setup("the sandbox's host has no address"))
    }
}

#[async_trait]
impl Connect for Sandbox {
    async fn connect(&self) -> Result<Remote, JobError> {
        let keys = self.keys()?;
        let at = self.visit().await?;
        let settings = S3Settings {
            endpoint: at.storage.clone(),
            region: "us-east-1".to_owned(),
            bucket: BUCKET.to_owned(),
            access_key: keys.access_key.into(),
            secret_key: keys.secret_key,
        };
        let storage = Storage::on(self.ledger.tape(), &settings)?;
        storage.ensure_bucket().await?;
        let network = Network(SANDBOX);
        let chain = Chain::on(self.ledger.tape(), vec![at.chain.clone()], network).map_err(setup)?;
        let recipient = Some(keys.provider.account());
        let remote = Remote {
            storage: Some(storage),
            storage_origin: Some(at.storage),
            provider: Aioz::on(self.ledger.tape(), at.provider, keys.api_key.clone())?,
            payer: Payer::new(chain, keys.payer, self.ledger.clone()),
            price: OwnerPrice { flat: Datoshi::from_gas(2), per_gb: Datoshi::ZERO, recipient, network },
            listening: None,
        }
        .called_back(self.callback.as_ref(), &keys.api_key, self.ledger.tape());
        Outside::note(self.ledger.tape(), &remote, Some(&settings), &[at.chain], true);
        Ok(remote)
    }
}
