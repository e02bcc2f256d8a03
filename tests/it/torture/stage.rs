//! Where a run takes place: a chain, storage and a provider of its own, and homes with a job that awaits its payment.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use axum::http::Method;
use compute::{aioz::Aioz, local::Runner};
use domain::{
    hash::Hash160,
    ids::{JobId, opaque},
    job::Job,
    money::Datoshi,
    network::Network,
};
use guard::{ledger::Ledger, machine::catalogue::Catalogue};
use neo::Chain;
use node::NodeSettings;
use sandbox::chain::ChainSettings;
use serde_json::json;
use tokio::{net::TcpListener, process::Command, task::AbortHandle};
use url::Url;

use super::line::Line;
use crate::{
    neo_go::NeoGo,
    payment::{Served, USER, gas, serve_with, wallet},
    services::{
        proxy::{Harm, Proxy},
        s3::Sandbox,
    },
    world::{World, example},
};

/// The network that both kinds of chain are of here: not the sandbox's, so that a person's approval is asked for.
pub const NET: Network = crate::neo_go::NET;
pub const API_KEY: &str = "key-of-the-node";
/// A payment may land in so many blocks; then it has expired.
pub const LIFE: u32 = 60;
/// From block to block.
const BLOCK: Duration = Duration::from_millis(20);

/// The chain that is paid on.
pub enum Net {
    /// The sandbox's.
    Sandbox(Served),
    /// A real node.
    NeoGo(NeoGo),
}

impl Net {
    fn url(&self) -> Url {
        match self {
            Net::Sandbox(served) => served.url.clone(),
            Net::NeoGo(node) => node.url(),
        }
    }
}

/// Everything around the program.
pub struct Stage {
    pub world: World,
    pub line: Line,
    pub recipient: Hash160,
    chain: Chain,
    pub provider: Url,
    dataset: Url,
    template: PathBuf,
    made: u32,
    _net: Net,
    pub storage: Sandbox,
    _kept: Proxy,
    _node: AbortHandle,
    folder: tempfile::TempDir,
}

/// A home with a job that awaits its payment.
pub struct Home {
    pub path: PathBuf,
    pub job: Job,
}

impl Stage {
    /// A stage on the sandbox's chain.
    pub async fn sandbox() -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let settings = ChainSettings {
            network: NET,
            block_time: BLOCK,
            funding: vec![(wallet(USER).account(), gas("1000000"))],
            max_valid_until_block_increment: LIFE,
            ..ChainSettings::default()
        };
        let served = serve_with(&folder.path().join("chain"), settings).await;
        Stage::around(Net::Sandbox(served), folder).await
    }

    /// A stage on a real node.
    pub async fn neo_go() -> Stage {
        let node = NeoGo::with_life(BLOCK, LIFE);
        node.fund(&[(wallet(USER).account(), gas("100000"))]);
        Stage::around(Net::NeoGo(node), tempfile::tempdir().unwrap()).await
    }

    async fn around(net: Net, folder: tempfile::TempDir) -> Stage {
        // Each stage pays an account of its own, so that what arrives there is this stage's.
        let recipient = neo::Wallet::generate().account();
        let chain = Chain::new(vec![net.url()], NET).unwrap();
        let storage = Sandbox::start(&folder.path().join("s3")).await;
        storage.server.storage("data").ensure_bucket().await.unwrap();
        // Many homes hold the same job, with one copy of its dataset: it is not taken away when the first of them is done.
        let kept = Proxy::start(&storage.server.endpoint, |seen| match *seen.method == Method::DELETE {
            true => Harm::Pretend,
            false => Harm::None,
        })
        .await;
        let (provider, node) = provide(&folder.path().join("node"), recipient, chain.clone()).await;
        let line = Line::to(net.url()).await;
        let mut world = World::new();
        world.file("data.fasta", example("data.fasta"));
        for (name, value) in [
            ("AIOZ_S3_ENDPOINT", kept.endpoint.as_str()),
            ("AIOZ_BUCKET", "data"),
            ("AIOZ_ACCESS_KEY", &storage.server.access_key),
            ("AIOZ_SECRET_KEY", &storage.server.secret_key),
            ("AIOZ_W3AI_ENDPOINT", provider.as_str().trim_end_matches('/')),
            ("AIOZ_API_KEY", API_KEY),
            ("NEO_RPC_URL", line.url.as_str()),
            ("NEO_NETWORK", &NET.0.to_string()),
            ("NEO_PRIVATE_KEY", USER),
            ("GAS_RECIPIENT", &recipient.address()),
        ] {
            world.set(name, value);
        }
        // A rule that sends statistics away makes jobs that are quick to run and to check.
        fs::create_dir(world.home()).unwrap();
        let rules = "[thresholds]\nmax_local_bytes = 100\n[caps]\nper_day = \"1000000\"\nlifetime = \"1000000\"\n";
        fs::write(world.home().join("policy.toml"), rules).unwrap();
        let ask = ["ask", "--json", "--yes", "--until", "quote", "Give me sequence statistics of data.fasta"];
        let asked = Command::from(world.command(&ask));
        let asked = { asked }.output().await.unwrap();
        assert_eq!(asked.status.code(), Some(0), "{}", String::from_utf8_lossy(&asked.stdout));
        let template = world.home();
        let key = Ledger::open(&template).unwrap().jobs().unwrap().remove(0).staged.unwrap().key;
        let storage_client = storage.server.storage("data");
        let dataset = storage_client.presign_get(&key, Duration::from_secs(24 * 3600)).await.unwrap();
        Stage {
            world,
            line,
            recipient,
            chain,
            provider,
            dataset,
            template,
            made: 0,
            _net: net,
            storage,
            _kept: kept,
            _node: node,
            folder,
        }
    }

    /// A home of its own whose job has just been submitted anew, with a quote of its own.
    pub async fn home(&mut self) -> Home {
        let (path, mut jobs) = self.home_of(1).await;
        Home { path, job: jobs.remove(0) }
    }

    /// The same with so many jobs.
    pub async fn home_of(&mut self, count: usize) -> (PathBuf, Vec<Job>) {
        self.made += 1;
        let path = self.folder.path().join(format!("home-{}", self.made));
        fs::create_dir(&path).unwrap();
        for name in ["policy.toml", "ledger.db", "ledger.db-wal", "jobs.jsonl"] {
            if self.template.join(name).exists() {
                fs::copy(self.template.join(name), path.join(name)).unwrap();
            }
        }
        let ledger = Ledger::open(&path).unwrap();
        let first = ledger.jobs().unwrap().remove(0);
        for _ in 1..count {
            ledger.insert_job(&Job { id: JobId::random(), ..first.clone() }).unwrap();
        }
        for job in ledger.jobs().unwrap() {
            self.submit(&ledger, &job.id).await;
        }
        (path, ledger.jobs().unwrap())
    }

    /// Submits a job's dataset to the provider and gives the job the quote.
    async fn submit(&self, ledger: &Ledger, job: &JobId) {
        let client = Aioz::new(self.provider.clone(), API_KEY.into()).unwrap();
        let key = opaque(16);
        let body = json!({"input": self.dataset, "parameters": "{}"});
        let model = client.model("orchestrator/sequence-stats-2").await.unwrap().id;
        let url = format!("{}/api-key/model/{model}/task", self.provider);
        let answer = cassette::line::http_client()
            .build()
            .unwrap()
            .post(url)
            .header("x-api-key", API_KEY)
            .header("idempotency-key", &key)
            .json(&body)
            .send()
            .await
            .unwrap();
        let answer: serde_json::Value = answer.json().await.unwrap();
        let task = answer["data"]["data"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        let quote = client.detail(&task).await.unwrap().payment.unwrap().quote().unwrap();
        let learn = |job: &mut Job| {
            job.idempotency_key = key;
            job.provider_job = Some(task);
            job.quote = Some(quote);
        };
        ledger.learn(job, learn).unwrap();
    }

    /// `agent jobs resume`, killed at `point` when it comes there. Gives the exit code; `None` when it was killed.
    pub async fn resume(&self, home: &Path, point: Option<&str>) -> (Option<i32>, String) {
        let point = point.map(|point| ("AGENT_KILL_AT", point.to_owned()));
        self.resume_with(home, &point.into_iter().collect::<Vec<_>>()).await
    }

    /// The same with these in its environment.
    pub async fn resume_with(&self, home: &Path, environment: &[(&str, String)]) -> (Option<i32>, String) {
        let mut command = self.world.command(&["jobs", "resume", "--json", "--yes"]);
        command.env("AGENT_HOME", home).envs(environment.iter().map(|(name, value)| (name, value)));
        let running = Command::from(command).stdin(Stdio::null()).kill_on_drop(true).output();
        let done = tokio::time::timeout(Duration::from_secs(180), running).await.expect("it hangs").unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// What the stage's provider has been paid, asked of the chain past the line.
    pub async fn received(&self) -> Datoshi {
        self.chain.balance(self.recipient).await.unwrap()
    }

    /// The chain, past the line.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }
}

/// A node for this chain.
async fn provide(folder: &Path, recipient: Hash160, chain: Chain) -> (Url, AbortHandle) {
    let settings = NodeSettings {
        keys: vec![API_KEY.into()],
        tasks: Catalogue::builtin().unwrap().iter().cloned().collect(),
        runner: Runner::of(env!("CARGO_BIN_EXE_agent")),
        private_addresses: true,
        poll: BLOCK,
        at_once: 2,
        max_open: 100_000,
        rate_limit: None,
        drain: Duration::ZERO,
        // No clock of a test outlives a quote.
        quote_lifetime: Duration::from_secs(100 * 365 * 24 * 3600),
        ..NodeSettings::new(folder.to_owned(), NET, recipient, Arc::new(chain))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/api/v1", listener.local_addr().unwrap()).parse().unwrap();
    let serving = async move { node::serve(listener, settings, std::future::pending()).await.unwrap() };
    (base, tokio::spawn(serving).abort_handle())
}
