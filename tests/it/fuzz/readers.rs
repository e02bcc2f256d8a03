//! The readers, each as the program uses it, and what must hold of what they read.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use agent::{
    agent::{ending, gate::Gate, named},
    face::{plan_file, sheet},
    model::{
        Finish,
        form::{self, Heard, Offered},
        grammar::{self, Scene},
        repair,
    },
    tools::{self, Tool},
};
use axum::{Router, body::Bytes, extract::State, routing::any};
use compute::aioz::{Aioz, Patience};
use domain::{
    bounded,
    dataset::Format,
    hash::TxHash,
    money::Datoshi,
    network::Network,
    result::{BOUNDS, ResultDocument},
    task::{Parameters, TaskType},
};
use guard::{config, machine, machine::catalogue::Catalogue, policy::data::open_dataset};
use neo::{Chain, Expected, transaction::Signed, verify_payment};
use tokio::runtime::Runtime;
use url::Url;

use crate::payment::RECIPIENT;

/// What the readers need: a folder, the catalogue, and a server that says what it is given.
pub struct Readers {
    folder: tempfile::TempDir,
    tasks: Vec<TaskType>,
    catalogue: Catalogue,
    runtime: Runtime,
    said: Arc<Mutex<Vec<u8>>>,
    provider: Aioz,
    chain: Chain,
}

/// Says what is given to it; `ID` in it stands for the id of the request.
async fn say(State(said): State<Arc<Mutex<Vec<u8>>>>, asked: Bytes) -> Vec<u8> {
    let said = said.lock().unwrap().clone();
    let asked: Option<serde_json::Value> = serde_json::from_slice(&asked).ok();
    let id = asked.and_then(|asked| asked.get("id").map(ToString::to_string)).unwrap_or_default();
    match said.windows(2).position(|two| two == b"ID") {
        Some(at) => [&said[..at], id.as_bytes(), &said[at + 2..]].concat(),
        None => said,
    }
}

impl Readers {
    pub fn new() -> Readers {
        crate::services::tls();
        let catalogue = Catalogue::builtin().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let said = Arc::<Mutex<Vec<u8>>>::default();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let app = Router::new().fallback(any(say)).with_state(Arc::clone(&said));
        runtime.spawn(async move { axum::serve(listener, app).await.unwrap() });
        let seconds = Duration::from_secs(10);
        let patience = Patience {
            connect: seconds,
            request: seconds,
            retries: 0,
            first_wait: Duration::ZERO,
            longest_wait: Duration::ZERO,
            asked_in_all: Duration::ZERO,
        };
        let provider = Aioz::with_patience(url.clone(), "key".into(), patience).unwrap();
        let chain = Chain::new(vec![url], Network(894_710_606)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let tasks = catalogue.iter().cloned().collect();
        Readers { folder, tasks, catalogue, runtime, said, provider, chain }
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub fn arguments(&mut self, input: &[u8]) {
        let text = String::from_utf8_lossy(input);
        for finish in [Finish::Stop, Finish::Length] {
            let Ok(value) = repair::read_arguments(&text, &finish) else { continue };
            assert!(value.is_object());
            for name in Tool::names() {
                if let Err(bad) = tools::call::parse(name, &value) {
                    assert!(bad.to_value().to_string().len() < 20_000, "a model is told in few words");
                }
            }
        }
    }

    pub fn calls(&mut self, input: &[u8]) {
        let text = String::from_utf8_lossy(input);
        let known = Tool::names();
        for finish in [Finish::Stop, Finish::Length] {
            let reading = repair::read(&text, &known, &finish);
            assert_eq!(reading, repair::read(&text, &known, &finish));
            assert!(reading.calls.iter().all(|call| call.arguments.is_object() && !call.name.is_empty()));
        }
        let mut gate = Gate::new(&known, true);
        let mut shown: String = text.chars().filter_map(|c| gate.pass(c.encode_utf8(&mut [0; 4]))).collect();
        shown.extend(gate.rest());
        assert_eq!(shown, text);
        let _ = ending::is_nonsense(&text);
        drop((named::jobs(&text), named::hashes(&text), named::addresses(&text), named::paths(&text)));
    }

    pub fn form(&mut self, input: &[u8]) {
        let text = String::from_utf8_lossy(input);
        let files = ["data.fasta".to_owned(), "b.txt".to_owned()];
        let offered = Offered { tasks: &self.tasks, files: &files };
        let heard = Heard { said: "Fold data.fasta for at most 2 GAS", ..Heard::default() };
        drop(form::read(&text, &heard, &offered));
        drop(form::read(&text, &Heard { said: &text, ..Heard::default() }, &offered));
    }

    pub fn sentence(&mut self, input: &[u8]) {
        let text = String::from_utf8_lossy(input);
        let scene = Scene { tasks: &self.tasks, ..Scene::default() };
        assert_eq!(grammar::read(&text, &scene), grammar::read(&text, &scene));
    }

    pub fn dataset(&mut self, input: &[u8]) {
        let path = self.file("a.fasta", input);
        if let Ok(open) = open_dataset(&path, &[self.folder.path().to_owned()], &[]) {
            drop(machine::profile_dataset(&open));
        }
        for task in [science::SEQUENCE_STATS, science::PROTEIN_FOLDING, science::TEXT_SUMMARY] {
            let file = File::open(&path).unwrap();
            drop(science::read_through(task, &Parameters::new(), Format::Fasta, file, &|_| {}));
        }
    }

    pub fn provider(&mut self, input: &[u8]) {
        *self.said.lock().unwrap() = input.to_vec();
        let provider = &self.provider;
        self.runtime.block_on(async {
            if let Ok(detail) = provider.detail("task-1").await {
                assert_eq!(detail.id, "task-1");
                if let Some(Ok(quote)) = detail.payment.map(|terms| terms.quote()) {
                    assert!(quote.amount <= Datoshi::MAX && !quote.reference.is_empty());
                }
            }
            drop((provider.history(10, 0).await, provider.cost("1").await, provider.serving("1").await));
            drop((provider.info("1").await, provider.models("").await, provider.balance().await));
        });
    }

    pub fn chain(&mut self, input: &[u8]) {
        *self.said.lock().unwrap() = input.to_vec();
        let chain = &self.chain;
        let hash = TxHash([7; 32]);
        self.runtime.block_on(async {
            drop((chain.version().await, chain.block_counts().await, chain.balance(RECIPIENT).await));
            drop((chain.application_log(&hash).await, chain.transaction_height(&hash).await));
            drop((chain.raw_transaction(&hash).await, chain.conflicts_fee().await));
            let (amount, reference) = (Datoshi::from_gas(2), "job-7k3q9dm2".to_owned());
            let expected = Expected { from: None, to: RECIPIENT, amount, reference, network: chain.network() };
            // Nothing has that hash, whatever a node says.
            assert!(verify_payment(chain, &hash, &expected).await.is_err());
        });
    }

    pub fn transaction(&mut self, input: &[u8]) {
        // Read as bytes, and as people write them.
        let hex = hex::decode(String::from_utf8_lossy(input).trim()).unwrap_or_default();
        for bytes in [input, &hex] {
            if let Ok(signed) = Signed::decode(bytes) {
                assert_eq!(signed.bytes(), bytes, "what is read is what was written");
            }
            if let Ok(transaction) = neo::transaction::Transaction::decode_unsigned(bytes) {
                assert_eq!(transaction.unsigned_bytes(), bytes);
            }
        }
    }

    pub fn nep6(&mut self, input: &[u8]) {
        let path = self.file("wallet.json", input);
        if let Ok(neo::nep6::WalletFile::Locked(locked)) = neo::nep6::read(&path, None) {
            let _ = locked.account();
        }
    }

    pub fn dotenv(&mut self, input: &[u8]) {
        self.file(".env", input);
        drop(config::dotenv::read(self.folder.path()));
    }

    pub fn policy(&mut self, input: &[u8]) {
        let text = String::from_utf8_lossy(input);
        drop(config::policy_file::PolicyFile::parse(Path::new("policy.toml"), &text));
    }

    pub fn plan(&mut self, input: &[u8]) {
        let text = String::from_utf8_lossy(input);
        let read = plan_file::read(&text, "plan.toml").map_err(|error| error.to_string());
        assert_eq!(
            read.as_ref().map(|(request, digest)| (&request.work, digest)),
            plan_file::read(&text, "plan.toml")
                .as_ref()
                .map(|(request, digest)| (&request.work, digest))
                .map_err(|_| read.as_ref().unwrap_err())
        );
        drop(agent::trial::case::Case::parse("case.yaml", &text, &self.catalogue));
    }

    /// Of a sheet nothing is lost: a piece of work a line, each with its file, no sample twice.
    pub fn sheet(&mut self, input: &[u8]) {
        let (task, set) = (self.catalogue.get("read_trimming").unwrap(), Parameters::new());
        let reading = sheet::Reading { name: "s.csv", folder: Path::new("in"), task, set: &set, look: &|_| Ok(()) };
        match sheet::read(input, &reading) {
            Ok(work) => {
                let names: Vec<&String> = work.iter().filter_map(|piece| piece.sample.as_ref()).collect();
                assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
                assert!(!work.is_empty() && work.iter().all(|piece| piece.single && piece.dataset() != Path::new("")));
            }
            Err(error) => assert!(!format!("{error}{}", error.hint).chars().any(domain::text::is_hidden)),
        }
    }

    pub fn cassette(&mut self, input: &[u8]) {
        let path = self.file("run.cassette", input);
        if let Ok(cassette) = cassette::read::Cassette::read(&path) {
            let _ = (cassette.exit_code(), cassette.inputs().count());
        }
    }

    pub fn result(&mut self, input: &[u8]) {
        let Ok(document) = bounded::read::<ResultDocument>(input, BOUNDS) else { return };
        assert!(document.clean_warnings().iter().all(|line| !line.contains(char::is_control)));
        let _ = science::verify_alone(&document);
        let dataset = self.file("data.fasta", b">one\nACDEFGHIKL\n>two\nMNPQRSTVWY\n");
        let _ = science::verify(&document, File::open(dataset).unwrap(), Path::new("/nowhere"));
    }
}
