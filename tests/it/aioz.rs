//! Models at AIOZ as tasks: a fake that answers with AIOZ's shapes, the sandbox's chain and storage, and the program as a person
//! runs it.

mod add;
mod doubtful;
mod fake;
mod given;
mod hostile;
mod plans;
mod sdk;
mod terminal;
mod uploads;

use std::{fs, time::Duration};

use domain::{money::Datoshi, network::Network};
use sandbox::chain::ChainSettings;
use serde_json::Value;

use self::fake::{Fake, KEY};
use crate::{
    payment::{RECIPIENT, Served, USER, gas, serve_with, wallet},
    services::s3::Sandbox,
    world::{Run, World},
};

/// A network of nobody's.
const NETWORK: Network = Network(1_230_111);
/// A file that a model of images takes.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR an image that nobody looks at \x00\x01\x02";

/// A machine that is configured for AIOZ, with `cat.png` in its folder.
struct Lab {
    world: World,
    fake: Fake,
    chain: Served,
    /// Ends with the lab.
    storage: Sandbox,
    _folder: tempfile::TempDir,
}

impl Lab {
    async fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let settings = ChainSettings {
            network: NETWORK,
            block_time: Duration::from_millis(50),
            funding: vec![(wallet(USER).account(), gas("1000"))],
            ..ChainSettings::default()
        };
        let chain = serve_with(&folder.path().join("chain"), settings).await;
        let storage = Sandbox::start(&folder.path().join("s3")).await;
        storage.server.storage("data").ensure_bucket().await.unwrap();
        let fake = Fake::start().await;
        let mut world = World::new();
        world.file("cat.png", PNG);
        for (name, value) in [
            ("AIOZ_S3_ENDPOINT", storage.server.endpoint.as_str()),
            ("AIOZ_BUCKET", "data"),
            ("AIOZ_ACCESS_KEY", &storage.server.access_key),
            ("AIOZ_SECRET_KEY", &storage.server.secret_key),
            ("AIOZ_W3AI_ENDPOINT", &fake.endpoint()),
            ("AIOZ_API_KEY", KEY),
            ("NEO_RPC_URL", chain.url.as_str()),
            ("NEO_NETWORK", &NETWORK.to_string()),
            ("NEO_PRIVATE_KEY", USER),
            ("GAS_RECIPIENT", &RECIPIENT.address()),
        ] {
            world.set(name, value);
        }
        fs::create_dir(world.home()).unwrap();
        let lab = Lab { world, fake, chain, storage, _folder: folder };
        lab.rules("");
        lab
    }

    /// The same with the model of the fake among its tasks.
    async fn with_model() -> Lab {
        let lab = Lab::new().await;
        let run = lab.world.run(&["tasks", "add", "aioz:lab/up-scale"]);
        assert_eq!(run.code, 0, "{}", run.all());
        lab
    }

    /// Rules of the owner's, who has little patience.
    fn rules(&self, rules: &str) {
        let text = format!("{rules}\n[patience]\noutage_seconds = 1\nincomplete_result_seconds = 1\n");
        fs::write(self.world.home().join("policy.toml"), text).unwrap();
    }

    fn task_file(&self) -> String {
        fs::read_to_string(self.world.home().join("tasks/up_scale.toml")).unwrap()
    }

    /// Runs the model on the image.
    fn run(&self, more: &[&str]) -> Run {
        self.world.run(&[&["run", "--json", "--yes", "--accept-unverified", "up_scale", "cat.png"], more].concat())
    }

    /// What the recipient has.
    fn received(&self) -> Datoshi {
        self.chain.chain.balance(RECIPIENT).unwrap()
    }

    /// The keys of what lies in the bucket.
    async fn objects(&self) -> Vec<String> {
        let list = self.storage.server.storage("data").list("").await.unwrap();
        list.into_iter().map(|object| object.key).collect()
    }
}

/// The document of a run that ended well.
fn document(run: &Run) -> Value {
    let path = run.event("result.fetched")["path"].as_str().unwrap().to_owned();
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The names in the results folder of a run that ended well.
fn kept(run: &Run) -> Vec<String> {
    let path = run.event("result.fetched")["path"].as_str().unwrap().to_owned();
    let folder = std::path::Path::new(&path).parent().unwrap().to_owned();
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The one error that a run told.
fn error(run: &Run) -> Value {
    run.event("error")
}
