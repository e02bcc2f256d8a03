//! A node on a free port, and what surrounds it: a chain that is told what to say, a server of datasets and webhooks.

use std::{
    collections::HashMap,
    future::Future,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Path as UrlPath, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use compute::{
    aioz::{Aioz, Patience, TaskDetail},
    local::Runner,
};
use domain::{
    hash::{Hash160, TxHash},
    network::Network,
    task::{TaskOrigin, TaskType},
};
use guard::machine::catalogue::read_task;
use neo::Expected;
use node::{Look, NodeError, NodeSettings, PaymentVerifier};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use url::Url;

pub const KEY: &str = "key-of-the-test";
pub const OTHER_KEY: &str = "key-of-another";
pub const RECIPIENT: &str = "NbBboiLB8G4eV2QHdMVLwCs91ViWN6NBe2";

/// Waits until `look` gives something; a minute at most.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "never came: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A chain that says what it is told. Unknown transactions have not landed.
#[derive(Default)]
pub struct Chain(Mutex<HashMap<TxHash, Look>>);

impl Chain {
    pub fn say(&self, tx: TxHash, look: Look) {
        self.0.lock().unwrap().insert(tx, look);
    }
}

#[async_trait::async_trait]
impl PaymentVerifier for Chain {
    async fn look(&self, tx: &TxHash, expected: &Expected) -> Look {
        assert_eq!(expected.to, RECIPIENT.parse_account());
        self.0.lock().unwrap().get(tx).cloned().unwrap_or(Look::NotYet)
    }
}

trait ParseAccount {
    fn parse_account(&self) -> Hash160;
}

impl ParseAccount for str {
    fn parse_account(&self) -> Hash160 {
        Hash160::parse_account(self).unwrap()
    }
}

/// Any transaction's id.
pub fn tx(byte: u8) -> TxHash {
    TxHash([byte; 32])
}

/// A task of the catalogue that runs `executable` without a shell, on a text.
pub fn command(name: &str, executable: &str, arguments: &[&str]) -> TaskType {
    let own = arguments.iter().any(|argument| argument.contains("{out:"));
    // What names no dataset reads none; a task has one all the same.
    let unused: &[&str] =
        if arguments.iter().any(|argument| argument.contains("{dataset}")) { &[] } else { &["{dataset}"] };
    let text = |items: &[&str]| toml::Value::from(items.to_vec()).to_string();
    let stdout = if own { "" } else { "stdout = \"{out:out.txt}\"" };
    let before = match unused {
        [] => String::new(),
        unused => format!("[[program.before]]\nexecutable = \"true\"\narguments = {}", text(unused)),
    };
    let text = format!(
        r#"
        name = "{name}"
        title = "{name}"
        description = "A program of the test."
        [inputs.dataset]
        formats = ["text"]
        [remote]
        model = "tests/{name}"
        [resources]
        ram = {{ bytes = 1.0 }}
        seconds = {{ bytes = 1e-6 }}
        spread = 1.0
        source = "test"
        [program]
        kind = "command"
        executable = {executable}
        arguments = {arguments}
        {stdout}
        package = "coreutils"
        {before}
        "#,
        executable = toml::Value::from(executable),
        arguments = text(arguments),
    );
    read_task(&format!("{name}.toml"), &text, TaskOrigin::Owner).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// A node's settings for tests.
pub fn settings(folder: PathBuf, verifier: Arc<dyn PaymentVerifier>, tasks: Vec<TaskType>) -> NodeSettings {
    NodeSettings {
        keys: vec![KEY.into(), OTHER_KEY.into()],
        tasks,
        runner: Runner::of(env!("CARGO_BIN_EXE_agent")),
        private_addresses: true,
        poll: Duration::from_millis(10),
        rate_limit: None,
        drain: Duration::ZERO,
        ..NodeSettings::new(folder, Network(424_242), RECIPIENT.parse_account(), verifier)
    }
}

/// What stops a node, and what says that it has stopped.
type Running = (oneshot::Sender<()>, JoinHandle<Result<(), NodeError>>);

/// A node and its surroundings.
pub struct Bench {
    pub base: Url,
    pub chain: Arc<Chain>,
    pub outside: Outside,
    settings: NodeSettings,
    running: Option<Running>,
    pub folder: tempfile::TempDir,
}

impl Bench {
    /// A node with these tasks and the changed settings.
    pub async fn start(tasks: Vec<TaskType>, change: impl FnOnce(&mut NodeSettings)) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let chain = Arc::new(Chain::default());
        let mut settings = settings(folder.path().join("node"), Arc::clone(&chain) as _, tasks);
        change(&mut settings);
        let outside = Outside::start().await;
        let base = "http://localhost/".parse().unwrap();
        let mut bench = Bench { base, chain, outside, settings, running: None, folder };
        bench.up().await;
        bench
    }

    /// Starts the node on its folder.
    pub async fn up(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.base = format!("http://{}/api/v1", listener.local_addr().unwrap()).parse().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        self.running = Some((stop, tokio::spawn(node::serve(listener, self.settings.clone(), shutdown))));
    }

    /// Stops it in good order.
    pub async fn down(&mut self) {
        let (stop, served) = self.running.take().unwrap();
        stop.send(()).unwrap();
        served.await.unwrap().unwrap();
    }

    /// Our client, with the key of the tests.
    pub fn client(&self) -> Aioz {
        client(&self.base, KEY)
    }

    /// One plain request.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.base);
        let mut request = http().request(method.parse().unwrap(), url).header("x-api-key", KEY);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    /// Submits a task on a dataset of the outside server; its id.
    pub async fn submit(&self, model: &str, dataset: &str) -> String {
        let body = json!({"input": self.outside.dataset(dataset)});
        let (status, answer) = self.ask("POST", &format!("/api-key/model/{model}/task"), &[], body).await;
        assert_eq!(status, 200, "{answer}");
        answer["data"]["data"].as_str().unwrap().to_owned()
    }

    /// Submits and pays.
    pub async fn paid(&self, model: &str, dataset: &str, byte: u8) -> String {
        let id = self.submit(model, dataset).await;
        self.chain.say(tx(byte), Look::Paid { block: 7 });
        self.client().announce_payment(&id, &tx(byte)).await.unwrap();
        id
    }

    /// A task once it has ended.
    pub async fn ended(&self, id: &str) -> TaskDetail {
        let client = self.client();
        until("the task's end", || async { Some(client.detail(id).await.unwrap()).filter(|t| t.status.is_end()) }).await
    }
}

/// A client that does not wait long.
pub fn client(base: &Url, key: &str) -> Aioz {
    let patience = Patience {
        connect: Duration::from_secs(5),
        request: Duration::from_secs(20),
        retries: 3,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_secs(2),
        asked_in_all: Duration::from_secs(4),
    };
    Aioz::with_patience(base.clone(), key.into(), patience).unwrap()
}

pub fn http() -> reqwest::Client {
    cassette::line::http_client().build().unwrap()
}

/// A server of datasets that also takes webhooks.
pub struct Outside {
    base: Url,
    state: Arc<Mutex<Seen>>,
}

#[derive(Default)]
pub struct Seen {
    datasets: HashMap<String, Vec<u8>>,
    pub fetched: Vec<String>,
    pub hooks: Vec<(HeaderMap, String)>,
    /// Answers with 500 so many times first.
    pub failing_hooks: u32,
}

impl Outside {
    pub async fn start() -> Outside {
        let state = Arc::new(Mutex::new(Seen::default()));
        type Shared = State<Arc<Mutex<Seen>>>;
        let fetch = |State(seen): Shared, UrlPath(name): UrlPath<String>| async move {
            let mut seen = seen.lock().unwrap();
            seen.fetched.push(name.clone());
            seen.datasets.get(&name).cloned().ok_or(StatusCode::FORBIDDEN)
        };
        let hook = |State(seen): Shared, headers: HeaderMap, body: String| async move {
            let mut seen = seen.lock().unwrap();
            if seen.failing_hooks > 0 {
                seen.failing_hooks -= 1;
                return StatusCode::INTERNAL_SERVER_ERROR;
            }
            seen.hooks.push((headers, body));
            StatusCode::OK
        };
        let app =
            Router::new().route("/data/{name}", get(fetch)).route("/hook", post(hook)).with_state(Arc::clone(&state));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let outside = Outside { base, state };
        outside.put("a.txt", b"one\ntwo\n");
        outside
    }

    pub fn put(&self, name: &str, content: &[u8]) {
        self.seen(|seen| seen.datasets.insert(name.into(), content.into()));
    }

    pub fn dataset(&self, name: &str) -> Url {
        self.base.join(&format!("data/{name}")).unwrap()
    }

    pub fn hook(&self) -> Url {
        self.base.join("hook").unwrap()
    }

    pub fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }
}

/// Files beneath a folder, by their name.
pub fn files_beneath(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names = Vec::new();
    for entry in entries.flatten() {
        if entry.file_type().unwrap().is_dir() {
            names.extend(files_beneath(&entry.path()));
        } else {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    names
}

/// How many `sleep SECONDS` there are on this machine; each test sleeps for a time of its own.
pub fn sleepers(seconds: &str) -> usize {
    let is_one = |path: std::path::PathBuf| {
        std::fs::read(path.join("cmdline")).is_ok_and(|line| line == format!("sleep\0{seconds}\0").as_bytes())
    };
    std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| is_one(entry.path())).count()
}
