//! A real Neo N3 node, neo-go, as a private net of one validator on loopback; and the tests that need it.

mod actor;
mod admission;
mod execution;
mod look_paid;
mod oracle;
mod payer;

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use domain::{hash::Hash160, money::Datoshi, network::Network};
use serde_json::{Value, json};
use url::Url;

/// The private net's magic.
pub const NET: Network = Network(424_242);
/// Starting and stopping take less than this, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many blocks ahead a transaction's last block may be, as on the public networks.
const LIFE: u32 = 5760;
const VALIDATOR: &str = "034e3cbf0c9e9a680e78096e278e48cf3e64d10112e3fdf585f9432050573f05d9";
const GENESIS: &str = "NhDRfSzHBEZswADARouQ6Tc2jhzN5DKsAv";
/// The validator's key, made of a fixed string, as two accounts: its own and the 1-of-1 multisignature that owns all GAS.
const WALLET: &str = r#"{"version":"1.0","accounts":[
 {"address":"Ni2uRHqFMQK4kmuoJ95Y8vcaPBn7rBcz61","key":"6PYXRm5uJoffxb8HkBe9gNnxhAhtnqFFmH7NxrikdPxzF3gR6bNEmULpcW","label":"validator","contract":{"script":"DCEDTjy/DJ6aaA54CW4njkjPPmTRARLj/fWF+UMgUFc/BdlBVuezJw==","parameters":[{"name":"parameter0","type":"Signature"}],"deployed":false},"lock":false,"isDefault":true},
 {"address":"NhDRfSzHBEZswADARouQ6Tc2jhzN5DKsAv","key":"6PYXRm5uJoffxb8HkBe9gNnxhAhtnqFFmH7NxrikdPxzF3gR6bNEmULpcW","label":"genesis","contract":{"script":"EQwhA048vwyemmgOeAluJ45Izz5k0QES4/31hflDIFBXPwXZEUGe0Nw6","parameters":[{"name":"parameter0","type":"Signature"}],"deployed":false},"lock":false,"isDefault":false}],
 "scrypt":{"n":2,"r":1,"p":1},"extra":{"Tokens":null}}"#;

/// Where `tests/setup.sh` puts what the tests run against.
pub fn tools() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools");
    std::env::var_os("AGENT_TEST_TOOLS").map_or_else(default, PathBuf::from)
}

/// A tool's path; without it the test says how to get it.
pub fn tool(name: &str) -> PathBuf {
    let path = tools().join(name);
    assert!(path.exists(), "{} is missing: run `make tools` (it runs tests/setup.sh)", path.display());
    path
}

/// A running node. It ends with its value.
pub struct NeoGo {
    folder: tempfile::TempDir,
    child: Child,
    port: u16,
    block_time: Duration,
    life: u32,
}

impl Drop for NeoGo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl NeoGo {
    /// Starts a net whose validator makes a block every `block_time`.
    pub fn start(block_time: Duration) -> NeoGo {
        NeoGo::with_life(block_time, LIFE)
    }

    /// The same where a transaction may land in so many blocks.
    pub fn with_life(block_time: Duration, life: u32) -> NeoGo {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("validator.json"), WALLET).unwrap();
        let wallet = folder.path().join("validator.json");
        let settings = format!("Path: {}\nPassword: pass-validator\n", wallet.display());
        fs::write(folder.path().join("wallet.yml"), settings).unwrap();
        let (child, port) = spawn(folder.path(), block_time, life, true);
        NeoGo { folder, child, port, block_time, life }
    }

    /// Where it answers.
    pub fn url(&self) -> Url {
        format!("http://127.0.0.1:{}", self.port).parse().unwrap()
    }

    /// Gives accounts GAS of the net's genesis, and waits until they have it.
    pub fn fund(&self, accounts: &[(Hash160, Datoshi)]) {
        // More transfers than these need more GAS than a dry run may use.
        let lines =
            accounts.iter().map(|(account, amount)| format!("GAS:{}:{}", account.address(), amount.gas_string()));
        lines.collect::<Vec<_>>().chunks(100).for_each(|chunk| self.transfer(chunk));
    }

    /// Gives accounts so many NEO.
    pub fn fund_neo(&self, accounts: &[(Hash160, u32)]) {
        let lines = accounts.iter().map(|(account, amount)| format!("NEO:{}:{amount}", account.address()));
        self.transfer(&lines.collect::<Vec<_>>());
    }

    fn transfer(&self, lines: &[String]) {
        let mut command = Command::new(tool("neogo"));
        command.current_dir(self.folder.path()).args(["wallet", "nep17", "multitransfer"]);
        command.args(["--wallet-config", "wallet.yml", "--force", "--await", "--from", GENESIS]);
        command.args(["-r", self.url().as_str()]).args(lines);
        let done = command.stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Stops the node and starts it again on the same chain without its validator: it takes transactions into its pool,
    /// and no block is ever made, so nothing depends on time.
    pub fn freeze(mut self) -> NeoGo {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), rustix::process::Signal::INT)
            .unwrap();
        assert!(until(|| self.child.try_wait().unwrap()).is_some(), "neo-go does not stop");
        (self.child, self.port) = spawn(self.folder.path(), self.block_time, self.life, false);
        self
    }
}

/// Asks until there is an answer, or patience ends.
pub fn until<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(found) = ask() {
            return Some(found);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

fn spawn(folder: &Path, block_time: Duration, life: u32, consensus: bool) -> (Child, u16) {
    // Another program may take the port before neo-go does, which then hangs in silence: try again with another.
    for _ in 0..3 {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        fs::write(folder.join("node.yml"), settings(folder, port, block_time, life, consensus)).unwrap();
        let log = fs::File::create(folder.join("node.log")).unwrap();
        let mut child = Command::new(tool("neogo"))
            .args(["node", "--config-file", "node.yml"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let ready = until(|| {
            assert!(child.try_wait().unwrap().is_none(), "{}", fs::read_to_string(folder.join("node.log")).unwrap());
            let least = if consensus { 2 } else { 1 };
            ask(port, "getblockcount", &json!([])).filter(|count| count.as_u64().is_some_and(|n| n >= least))
        });
        if ready.is_some() {
            return (child, port);
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    panic!("neo-go does not start: {}", fs::read_to_string(folder.join("node.log")).unwrap());
}

/// One JSON-RPC request without a runtime, for waiting.
fn ask(port: u16, method: &str, params: &Value) -> Option<Value> {
    use std::io::{Read as _, Write as _};
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    let length = body.len();
    write!(stream, "POST / HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
    answer.get("result").cloned()
}

fn settings(folder: &Path, port: u16, block_time: Duration, life: u32, consensus: bool) -> String {
    let (folder, ms) = (folder.display(), block_time.as_millis());
    format!(
        "ProtocolConfiguration:
  Magic: {}
  TimePerBlock: {ms}ms
  MemPoolSize: 1000
  MaxTraceableBlocks: 200000
  MaxValidUntilBlockIncrement: {life}
  StandbyCommittee: [{VALIDATOR}]
  ValidatorsCount: 1
  SeedList: []
  VerifyTransactions: true
ApplicationConfiguration:
  DBConfiguration: {{Type: boltdb, BoltDBOptions: {{FilePath: {folder}/chain.db}}}}
  P2P: {{Addresses: ['127.0.0.1:0'], MinPeers: 0}}
  Relay: true
  Consensus: {{Enabled: {consensus}, UnlockWallet: {{Path: {folder}/validator.json, Password: pass-validator}}}}
  RPC: {{Enabled: true, Addresses: ['127.0.0.1:{port}'], MaxGasInvoke: 15}}
",
        NET.0
    )
}

/// A JSON-RPC request; a refusal is its code and its words.
pub async fn rpc(url: &Url, method: &str, params: Value) -> Result<Value, (i64, String)> {
    let client = cassette::line::http_client().no_proxy().build().unwrap();
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let mut answer: Value = client.post(url.clone()).json(&body).send().await.unwrap().json().await.unwrap();
    match answer.get("error") {
        None => Ok(answer["result"].take()),
        Some(error) => Err((error["code"].as_i64().unwrap(), error.to_string())),
    }
}

/// Waits until a transaction is in a block; blocks come all the time.
pub async fn until_landed(chain: &neo::Chain, hash: &domain::hash::TxHash) {
    let looking = async {
        while chain.application_log(hash).await.unwrap().found.is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("the transaction does not land");
}
