//! Results that are made to harm whoever fetches them: documents that grow in memory, transfers that never end, names that mean
//! something to a program. Each with the honest result that comes the same way.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{RawQuery, State},
    http::header,
    response::{IntoResponse as _, Response},
    routing::get,
};
use domain::{hash::Sha256, money::Datoshi};
use futures::StreamExt as _;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};
use url::Url;

use super::own_chain::OwnChain;
use crate::{
    neo_go::NET,
    payment::gas,
    services::meddler::{Exchange, Meddler},
    world::Run,
};

const ASK: [&str; 4] = ["ask", "--json", "--yes", "Give me sequence statistics of data.fasta"];
const RUN: [&str; 5] = ["run", "--json", "--yes", "sequence_stats", "data.fasta"];
const RESUME: [&str; 4] = ["jobs", "resume", "--json", "--yes"];
/// An interrupt is heard long before this.
const SOON: Duration = Duration::from_secs(30);

/// A server of results that stands before the provider's own.
struct Results {
    origin: Url,
    hits: Arc<AtomicU32>,
    /// Whether it sends one byte and then nothing.
    stalls: Arc<AtomicBool>,
    task: AbortHandle,
}

#[derive(Clone)]
struct Served {
    hits: Arc<AtomicU32>,
    stalls: Arc<AtomicBool>,
    forged: Option<Bytes>,
}

impl Results {
    /// One that serves `forged`, or the provider's own where there is none.
    async fn start(forged: Option<Bytes>) -> Results {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let (hits, stalls) = (Arc::default(), Arc::<AtomicBool>::default());
        let served = Served { hits: Arc::clone(&hits), stalls: Arc::clone(&stalls), forged };
        let app = Router::new().route("/r", get(serve)).with_state(served);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }).abort_handle();
        Results { origin, hits, stalls, task }
    }

    /// Where the file is, which the provider has at `own`.
    fn at(origin: &Url, own: &str) -> String {
        let mut url = origin.join("r").unwrap();
        url.set_query(Some(own));
        url.into()
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(State(served): State<Served>, RawQuery(own): RawQuery) -> Response {
    served.hits.fetch_add(1, Relaxed);
    let content = match &served.forged {
        Some(forged) => forged.clone(),
        None => {
            let client = cassette::line::http_client().build().unwrap();
            client.get(own.unwrap()).send().await.unwrap().bytes().await.unwrap()
        }
    };
    let length = content.len();
    let first = futures::stream::iter([Ok::<_, std::io::Error>(content.slice(..1))]);
    let rest = futures::stream::once(async move { Ok(content.slice(1..)) });
    let body = match served.stalls.load(Relaxed) {
        true => Body::from_stream(first.chain(futures::stream::pending())),
        false => Body::from_stream(first.chain(rest)),
    };
    ([(header::CONTENT_LENGTH, length)], body).into_response()
}

/// A machine whose provider is reached by way of a gateway, and its results by way of `results`.
async fn behind(results: &Results, meddle: impl Fn(&mut Exchange) + Send + Sync + 'static) -> (OwnChain, Meddler) {
    let mut stage = OwnChain::of(NET).await;
    stage.rules("");
    let provider = stage.provider.endpoint.clone();
    let own = provider.trim_end_matches("/api/v1").to_owned();
    let meddler = Meddler::start(&provider, meddle).await;
    stage.world.set("AIOZ_W3AI_ENDPOINT", meddler.endpoint.as_str());
    stage.world.set("AIOZ_RESULT_HOSTS", format!("{own},{}", results.origin));
    (stage, meddler)
}

/// The files of a result, where an answer names them.
fn files(exchange: &mut Exchange) -> Option<&mut Vec<Value>> {
    let is_done = exchange.is_detail() && exchange.task_status() == "success";
    exchange.answer.pointer_mut("/data/result/result/files").filter(|_| is_done)?.as_array_mut()
}

/// Sends every file by way of the server at `origin`.
fn redirected(origin: &Url) -> impl Fn(&mut Exchange) + Send + Sync + 'static + use<> {
    let origin = origin.clone();
    move |exchange| {
        for file in files(exchange).into_iter().flatten() {
            file["url"] = Results::at(&origin, file["url"].as_str().unwrap()).into();
        }
    }
}

/// The same with a document that is `content`, with a right checksum.
fn forged(origin: &Url, content: &Bytes) -> impl Fn(&mut Exchange) + Send + Sync + 'static + use<> {
    let (url, bytes, sha256) = (Results::at(origin, ""), content.len(), Sha256::of(content).to_string());
    move |exchange| {
        if let Some(files) = files(exchange) {
            *files = vec![json!({"name": "result.json", "url": url, "bytes": bytes, "sha256": sha256})];
        }
    }
}

/// The program where it may have so much data in memory, bytes; a worker sets its own limit.
fn run_within(stage: &OwnChain, memory: u64, arguments: &[&str]) -> Run {
    let program = stage.world.command(arguments);
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", &format!("ulimit -S -d {}; exec \"$0\" \"$@\"", memory / 1024)]);
    limited.arg(program.get_program()).args(program.get_args()).env_clear();
    limited.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited.current_dir(program.get_current_dir().unwrap()).stdin(Stdio::null());
    Run::of(limited.output().unwrap())
}

/// `{"records":[{"":0},…]}` of so many bytes.
fn empty_objects(bytes: usize) -> Bytes {
    let mut text = String::with_capacity(bytes + 16);
    text.push_str("{\"records\":[{\"\":0}");
    while text.len() < bytes {
        text.push_str(",{\"\":0}");
    }
    text.push_str("]}");
    text.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_grows_in_memory_is_refused_once_and_for_all() {
    let honest = Results::start(None).await;
    let (stage, _meddler) = behind(&honest, redirected(&honest.origin)).await;
    let run = run_within(&stage, 600_000_000, &ASK);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(run.event("receipt")["state"], "done");
    assert!(honest.hits.load(Relaxed) > 0, "its result came that way");

    let deep = Bytes::from("[".repeat(1 << 20));
    for (content, says) in [(empty_objects(40_000_000), "more than 250,000 values"), (deep, "within each other")] {
        let hostile = Results::start(Some(content.clone())).await;
        let (stage, _meddler) = behind(&hostile, forged(&hostile.origin, &content)).await;
        let run = run_within(&stage, 600_000_000, &ASK);
        assert_eq!(run.code, 6, "{}", run.all());
        let error = run.event("error");
        assert_eq!(error["kind"], "bad_result", "{error}");
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
        assert_eq!((stage.received(), stage.world.states().pop().unwrap().as_str()), (gas("2"), "paid_but_failed"));
        // It is over: nothing is fetched again, nor paid.
        let fetched = hostile.hits.load(Relaxed);
        let again = stage.world.run(&RESUME);
        assert!(again.code != 101 && !again.all().contains("result.fetched"), "{}", again.all());
        assert_eq!((hostile.hits.load(Relaxed), stage.received()), (fetched, gas("2")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_a_quarter_of_a_gigabyte_is_not_even_fetched() {
    let hostile = Results::start(Some(Bytes::from_static(b"{}"))).await;
    let (stage, _meddler) = behind(&hostile, |exchange| {
        if let Some(files) = files(exchange) {
            files[0]["bytes"] = json!(250_000_000);
        }
    })
    .await;
    let run = stage.world.run(&ASK);
    assert_eq!(run.code, 6, "{}", run.all());
    assert!(run.event("error")["message"].as_str().unwrap().contains("result.json is larger than"), "{}", run.all());
    assert_eq!(hostile.hits.load(Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_whose_files_have_the_names_of_options_is_refused() {
    for name in ["-rf", "RESULT.JSON", ".bashrc", "a/b", "a b", "a\u{202e}b"] {
        let none = Results::start(None).await;
        let (stage, _meddler) = behind(&none, move |exchange| {
            if let Some(files) = files(exchange) {
                let mut more = files[0].clone();
                more["name"] = name.into();
                files.push(more);
            }
        })
        .await;
        let run = stage.world.run(&ASK);
        assert_eq!(run.code, 6, "{name}: {}", run.all());
        assert_eq!(run.event("error")["kind"], "bad_result", "{name}");
        let results = stage.world.home().join("results");
        let written = std::fs::read_dir(results).into_iter().flatten().flatten();
        let written = written.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap()).count();
        assert_eq!(written, 0, "{name}: nothing of it is here");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drawing_of_the_provider_s_is_not_kept() {
    let script = Bytes::from_static(b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>");
    let honest = Results::start(None).await;
    let (stage, _meddler) = behind(&honest, redirected(&honest.origin)).await;
    let run = stage.world.run(&ASK);
    assert_eq!(run.code, 0, "{}", run.all());
    let drawn = |run: &Run| std::path::PathBuf::from(run.event("receipt")["result"]["path"].as_str().unwrap());
    let folder = drawn(&run);
    let ours = std::fs::read(folder.join("lengths.svg")).unwrap();
    // The same document, but for a drawing that it names with its checksum.
    let mut document: Value = serde_json::from_slice(&std::fs::read(folder.join("result.json")).unwrap()).unwrap();
    document["files"] =
        json!([{"name": "lengths.svg", "bytes": script.len(), "sha256": Sha256::of(&script).to_string()}]);
    let document = Bytes::from(document.to_string());
    let (text, picture) = (Results::start(Some(document.clone())).await, Results::start(Some(script.clone())).await);
    let (mut stage, _meddler) = behind(&text, {
        let served =
            [("result.json", &text, &document), ("lengths.svg", &picture, &script)].map(|(name, at, content)| {
                let sha256 = Sha256::of(content).to_string();
                json!({"name": name, "url": Results::at(&at.origin, ""), "bytes": content.len(), "sha256": sha256})
            });
        move |exchange| {
            if let Some(files) = files(exchange) {
                *files = served.to_vec();
            }
        }
    })
    .await;
    let hosts = format!("{},{}", stage.world.setting("AIOZ_RESULT_HOSTS"), picture.origin);
    stage.world.set("AIOZ_RESULT_HOSTS", hosts);
    let run = stage.world.run(&ASK);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(picture.hits.load(Relaxed), 1, "it came");
    let folder = drawn(&run);
    let drawing = std::fs::read(folder.join("lengths.svg")).unwrap();
    assert_eq!(drawing, ours);
    let text = String::from_utf8(drawing.clone()).unwrap();
    assert!(text.contains("Lengths of sequences") && !text.contains("onload"), "{text}");
    let sha256 = Sha256::of(&drawing).to_string();
    let document: Value = serde_json::from_slice(&std::fs::read(folder.join("result.json")).unwrap()).unwrap();
    assert_eq!(document["files"], json!([{"name": "lengths.svg", "bytes": drawing.len(), "sha256": sha256}]));
    let printed = stage.world.run(&["results", "--cat", "lengths.svg"]);
    assert_eq!((printed.code, printed.out), (0, text), "it is held against the checksum of ours");
}

/// A run of the program whose events are read as they come.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Running {
    fn start(stage: &OwnChain, arguments: &[&str]) -> Running {
        let mut command = stage.world.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    /// Waits for an event like that.
    fn until(&mut self, is: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Vec::new();
        for line in self.lines.by_ref() {
            let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if is(&event) {
                return event;
            }
            seen.push(event["type"].clone());
        }
        panic!("it ended without it: {seen:?}");
    }

    /// One Ctrl-C; how it ends, and after how long.
    fn interrupted(mut self) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        for line in self.lines {
            line.unwrap();
        }
        (self.child.wait().unwrap().code(), begun.elapsed())
    }
}

fn is_status(event: &Value, status: &str) -> bool {
    event["type"] == "job.status" && event["status"] == status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_stalls_is_shown_and_left_at_the_first_ctrl_c() {
    let results = Results::start(None).await;
    results.stalls.store(true, Relaxed);
    let (stage, _meddler) = behind(&results, redirected(&results.origin)).await;
    let (code, after) = tokio::task::block_in_place(|| {
        let mut running = Running::start(&stage, &ASK);
        let shown = running.until(|event| is_status(event, "fetching"));
        assert!(shown["progress"].as_f64().is_some_and(|part| part < 1.0), "{shown}");
        running.interrupted()
    });
    assert_eq!(code, Some(130));
    assert!(after < SOON, "{after:?}");
    results.stalls.store(false, Relaxed);
    let run = stage.world.run(&RESUME);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(run.event("receipt")["state"], "done");
    assert_eq!(stage.received(), gas("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_asks_to_wait_a_minute_is_told_of_and_left_at_the_first_ctrl_c() {
    let busy = |exchange: &mut Exchange| {
        exchange.status = 429;
        exchange.retry_after = Some(60);
        exchange.answer = json!({"status": "fail", "message": "slow down"});
    };
    type At = fn(&Exchange) -> bool;
    // While it is waited for, right before it is paid, and where its answer matters most: at the submit.
    let cases: [(At, Datoshi); 3] = [
        (|exchange| exchange.is_detail() && exchange.answer["data"]["payment"]["state"] == "paid", gas("2")),
        (|exchange| exchange.is_detail(), Datoshi::ZERO),
        (|exchange| exchange.method == "POST" && exchange.path.ends_with("/task"), Datoshi::ZERO),
    ];
    for (place, (at, paid)) in cases.into_iter().enumerate() {
        let none = Results::start(None).await;
        let is_busy = Arc::new(AtomicBool::new(true));
        let now = Arc::clone(&is_busy);
        let (stage, _meddler) = behind(&none, move |exchange| {
            if now.load(Relaxed) && at(exchange) {
                busy(exchange);
            }
        })
        .await;
        let (code, after) = tokio::task::block_in_place(|| {
            let mut running = Running::start(&stage, &ASK);
            running.until(|event| {
                event["type"] == "warning" && event["message"].as_str().unwrap().contains("asked again in")
            });
            running.interrupted()
        });
        assert_eq!(code, Some(130), "{place}");
        assert!(after < SOON, "{place}: {after:?}");
        assert_eq!(stage.received(), paid, "{place}");
        is_busy.store(false, Relaxed);
        let run = stage.world.run(&RESUME);
        assert_eq!(run.code, 0, "{place}: {}", run.all());
        assert_eq!(stage.received(), gas("2"), "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_list_that_is_not_told_is_left_at_the_first_ctrl_c() {
    let none = Results::start(None).await;
    let (stage, _meddler) = behind(&none, |exchange| {
        if exchange.path.ends_with("/task/cost") {
            exchange.status = 429;
            exchange.retry_after = Some(60);
            exchange.answer = json!({"status": "fail", "message": "slow down"});
        }
    })
    .await;
    let (code, after) = tokio::task::block_in_place(|| {
        let mut running = Running::start(&stage, &RUN);
        running
            .until(|event| event["type"] == "warning" && event["message"].as_str().unwrap().contains("asked again in"));
        running.interrupted()
    });
    assert_eq!(code, Some(130));
    assert!(after < SOON, "{after:?}");
    assert!(stage.world.states().is_empty(), "nothing was begun");
}
