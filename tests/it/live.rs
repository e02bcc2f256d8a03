//! The main job against real parts: a Neo N3 node, an S3 server and `agent node`, three processes, and the program as a
//! person runs it, configured for live.

mod approval;
mod broken;
mod lost;
mod main_job;
mod meddled;
mod own_chain;
mod receipts;
mod recorded;
mod results;
mod rules;
mod secrets;
mod taken_up;
mod wallet_files;
mod wallets;
mod webhooks;

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use domain::{money::Datoshi, network::Network};
use neo::Chain;
use serde_json::Value;
use url::Url;

use crate::{
    neo_go::{NET, NeoGo},
    payment::{RECIPIENT, USER, gas, wallet},
    services::{Running, seaweed::Seaweed},
    world::World,
};

/// What clients send to the node.
const API_KEY: &str = "key-of-the-node";

/// A chain with blocks, a bucket, a provider, and a person's machine that is configured for them.
pub struct Stage {
    pub world: World,
    pub chain: NeoGo,
    /// Ends with the stage.
    provider: Provider,
    storage: Arc<Seaweed>,
}

/// `agent node`, as an operator starts it.
pub struct Provider {
    process: Running,
    /// Its base address.
    pub endpoint: String,
}

impl Provider {
    fn start(world: &World, chain: &NeoGo) -> Provider {
        Provider::on(world, &chain.url(), NET, API_KEY, None)
    }

    /// One on this chain, which knows this key, and which clients reach at another address.
    fn on(world: &World, chain: &Url, network: Network, api_key: &str, public_url: Option<&Url>) -> Provider {
        let mut command: Command = world.command(&["node", "--json", "--listen", "127.0.0.1:0", "--private-addresses"]);
        command
            .args(public_url.iter().flat_map(|url| ["--public-url", url.as_str()]))
            .env("AGENT_HOME", world.home().with_file_name("node"))
            .env("NEO_RPC_URL", chain.as_str())
            .env("NEO_NETWORK", network.0.to_string())
            .env("GAS_RECIPIENT", RECIPIENT.address())
            .env("AIOZ_API_KEY", api_key);
        let log = File::create(world.root().join("node.log")).unwrap();
        let mut child: Child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("the node says `{line}`: {e}"));
        let endpoint = format!("http://{}/api/v1", said["address"].as_str().unwrap());
        Provider { process: Running(child), endpoint }
    }
}

impl Stage {
    /// A stage whose wallet has 1000 GAS.
    pub async fn set() -> Stage {
        let storage = Seaweed::shared().await;
        let (bucket, _) = storage.server.bucket().await;
        let chain = NeoGo::start(Duration::from_millis(100));
        chain.fund(&[(wallet(USER).account(), gas("1000"))]);
        let mut world = World::new();
        let provider = Provider::start(&world, &chain);
        for (name, value) in [
            ("AIOZ_S3_ENDPOINT", storage.server.endpoint.as_str()),
            ("AIOZ_BUCKET", &bucket),
            ("AIOZ_ACCESS_KEY", &storage.server.access_key),
            ("AIOZ_SECRET_KEY", &storage.server.secret_key),
            ("AIOZ_W3AI_ENDPOINT", &provider.endpoint),
            ("AIOZ_API_KEY", API_KEY),
            ("NEO_RPC_URL", chain.url().as_str()),
            ("NEO_NETWORK", &NET.0.to_string()),
            ("NEO_PRIVATE_KEY", USER),
            ("GAS_RECIPIENT", &RECIPIENT.address()),
        ] {
            world.set(name, value);
        }
        Stage { world, chain, provider, storage }
    }

    /// The provider's own address, whatever the world is told.
    pub fn provider_endpoint(&self) -> String {
        self.provider.endpoint.clone()
    }

    /// The keys of what lies in the bucket.
    pub async fn objects(&self) -> Vec<String> {
        let list = self.storage.server.amazons().list_objects_v2().bucket(self.world.setting("AIOZ_BUCKET"));
        let list = list.send().await.unwrap();
        list.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
    }

    /// What the provider's account has, asked of the chain.
    pub async fn received(&self) -> Datoshi {
        Chain::new(vec![self.chain.url()], NET).unwrap().balance(RECIPIENT).await.unwrap()
    }
}
