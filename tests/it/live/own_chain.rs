//! The live program on the sandbox's chain under another network's magic: for rules that no real network may be used for.

use std::time::Duration;

use domain::{hash::Hash160, money::Datoshi, network::Network};
use guard::ledger::Ledger;
use sandbox::chain::ChainSettings;

use super::{API_KEY, Provider};
use crate::{
    payment::{RECIPIENT, Served, USER, gas, serve_with, wallet},
    services::s3::Sandbox,
    world::{World, example},
};

/// A machine that is configured for live, with `data.fasta` in its folder.
pub struct OwnChain {
    pub world: World,
    pub chain: Served,
    pub provider: Provider,
    payer: Hash160,
    storage: Sandbox,
    _folder: tempfile::TempDir,
}

impl OwnChain {
    /// One whose chain says that it is of this network.
    pub async fn of(network: Network) -> OwnChain {
        OwnChain::paid_by(network, USER).await
    }

    /// The same where this key pays.
    pub async fn paid_by(network: Network, wif: &str) -> OwnChain {
        let payer = wallet(wif).account();
        let folder = tempfile::tempdir().unwrap();
        let settings = ChainSettings {
            network,
            block_time: Duration::from_millis(50),
            funding: vec![(payer, gas("1000"))],
            ..ChainSettings::default()
        };
        let chain = serve_with(&folder.path().join("chain"), settings).await;
        let storage = Sandbox::start(&folder.path().join("s3")).await;
        storage.server.storage("data").ensure_bucket().await.unwrap();
        let mut world = World::new();
        world.file("data.fasta", example("data.fasta"));
        let provider = Provider::on(&world, &chain.url, network, API_KEY, None);
        for (name, value) in [
            ("AIOZ_S3_ENDPOINT", storage.server.endpoint.as_str()),
            ("AIOZ_BUCKET", "data"),
            ("AIOZ_ACCESS_KEY", &storage.server.access_key),
            ("AIOZ_SECRET_KEY", &storage.server.secret_key),
            ("AIOZ_W3AI_ENDPOINT", &provider.endpoint),
            ("AIOZ_API_KEY", API_KEY),
            ("NEO_RPC_URL", chain.url.as_str()),
            ("NEO_NETWORK", &network.to_string()),
            ("NEO_PRIVATE_KEY", wif),
            ("GAS_RECIPIENT", &RECIPIENT.address()),
        ] {
            world.set(name, value);
        }
        std::fs::create_dir(world.home()).unwrap();
        OwnChain { world, chain, provider, payer, storage, _folder: folder }
    }

    /// Rules for the owner's file; statistics are sent away, so that jobs are quick.
    pub fn rules(&self, rules: &str) {
        let text = format!("{rules}\n[thresholds]\nmax_local_bytes = 100\n");
        std::fs::write(self.world.home().join("policy.toml"), text).unwrap();
    }

    /// Deletes what was staged.
    pub async fn forget_datasets(&self) {
        let bucket = self.storage.server.storage("data");
        for job in Ledger::open(&self.world.home()).unwrap().jobs().unwrap() {
            bucket.remove(&job.staged.unwrap().key).await.unwrap();
        }
    }

    /// What the provider's account has.
    pub fn received(&self) -> Datoshi {
        self.chain.chain.balance(RECIPIENT).unwrap()
    }

    /// What the paying account has lost: nothing, unless something was signed.
    pub fn spent(&self) -> Datoshi {
        gas("1000").checked_sub(self.chain.chain.balance(self.payer).unwrap()).unwrap()
    }
}
