//! The rules of the API: keys, bodies, idempotency, limits.

use compute::aioz::ComputeError;
use serde_json::{Value, json};

use super::bench::{Bench, KEY, OTHER_KEY, client, command, http};

async fn copying(change: impl FnOnce(&mut node::NodeSettings)) -> Bench {
    Bench::start(vec![command("copy", "cat", &["{dataset}"])], change).await
}

#[tokio::test]
async fn models_are_described_to_our_client() {
    let bench = copying(|_| {}).await;
    let client = bench.client();
    let models = client.models("").await.unwrap();
    assert_eq!(models.len(), 1);
    assert_eq!(client.models("nothing like it").await.unwrap(), []);
    let model = client.model("tests/copy").await.unwrap();
    assert_eq!(model, models[0]);
    assert_eq!(client.model(&model.id).await.unwrap(), model);
    assert_eq!(client.info("tests/copy").await.unwrap().input_format["input"]["type"], "file");
    let cost = client.cost("tests/copy").await.unwrap();
    assert_eq!((cost.cost.as_str(), cost.unit.as_deref()), ("2", Some("GAS")));
    assert!(client.serving("tests/copy").await.unwrap().serving);
    assert_eq!(client.cost("tests/none").await, Err(ComputeError::NoModel("tests/none".into())));
    assert_eq!(client.cost("none").await, Err(ComputeError::NoModel("none".into())));
}

#[tokio::test]
async fn a_key_opens_its_own_tasks_alone() {
    let bench = copying(|_| {}).await;
    let id = bench.submit("copy", "a.txt").await;
    let (mine, other, none) =
        (bench.client(), client(&bench.base, OTHER_KEY), client(&bench.base, "no key of this node"));
    assert_eq!(mine.detail(&id).await.unwrap().id, id);
    assert_eq!(other.detail(&id).await.unwrap_err(), ComputeError::NoTask(id.clone()));
    assert_eq!(other.cancel(&id).await.unwrap_err(), ComputeError::NoTask(id.clone()));
    assert_eq!(other.history(10, 0).await.unwrap().records, []);
    assert_eq!(none.detail(&id).await.unwrap_err(), ComputeError::Key);
    assert_eq!(none.reach().await.unwrap_err(), ComputeError::Key);
    let bare = http().get(format!("{}/api-key/balance", bench.base)).send().await.unwrap();
    assert_eq!(bare.status(), 401);
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_told_so() {
    let bench = copying(|_| {}).await;
    let url = bench.outside.dataset("a.txt");
    for (path, body, expected) in [
        ("/api-key/model/copy/task", json!({"image": url}), "`image` is no input"),
        ("/api-key/model/copy/task", json!({}), "`input` is missing"),
        ("/api-key/model/copy/task", json!([1]), "JSON object"),
        ("/api-key/model/none/task", json!({"input": url}), "model not found"),
        ("/api-key/task", json!({"input_params": {"input": url}}), "`model_id` is missing"),
        ("/api-key/task/none/payment", json!({"tx_hash": "0x12"}), "64 hexadecimal digits"),
        ("/api-key/task/none/payment", json!({}), "`tx_hash` is missing"),
        ("/api-key/task/none/payment", json!({"tx_hash": "0".repeat(64)}), "task not found"),
        ("/api-key/model/list", json!({"limit": 101}), "1 to 100"),
        ("/api-key/storage/upload/create-presigned-url", json!({"name": "x"}), "stores no uploads"),
    ] {
        let (status, answer) = bench.ask("POST", path, &[], body.clone()).await;
        assert_eq!((status, answer["status"].as_str()), (400, Some("fail")), "{path} {body}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(expected), "{path} {body}: {answer}");
    }
    let (status, answer) = bench.ask("GET", "/api-key/nothing", &[], Value::Null).await;
    assert_eq!((status, answer["status"].as_str()), (404, Some("fail")));
    let (status, _) = bench.ask("PUT", "/api-key/balance", &[], Value::Null).await;
    assert_eq!(status, 405);
    let (status, _) = bench.ask("GET", "/api-key/task/histories?limit=none", &[], Value::Null).await;
    assert_eq!(status, 400);
    let (status, answer) =
        bench.ask("POST", "/api-key/model/copy/task", &[], json!({"input": "x".repeat(2_000_000)})).await;
    assert_eq!((status, answer["status"].as_str()), (413, Some("fail")));
}

#[tokio::test]
async fn a_key_of_idempotency_makes_one_task() {
    let bench = copying(|_| {}).await;
    let signed = |signature: &str| json!({"input": format!("{}?sig={signature}", bench.outside.dataset("a.txt")), "parameters": "{}"});
    let key = [("idempotency-key", "k-1")];
    let path = "/api-key/model/copy/task";
    let (_, first) = bench.ask("POST", path, &key, signed("1")).await;
    let (status, again) = bench.ask("POST", path, &key, signed("2")).await;
    assert_eq!((status, &again["data"]), (200, &first["data"]), "a new signature is the same job");
    let id = first["data"]["data"].as_str().unwrap();
    let detail = bench.client().detail(id).await.unwrap();
    assert_eq!(detail.input.unwrap()["input"], signed("2")["input"], "the newest signature is kept");
    let other = json!({"input": bench.outside.dataset("b.txt"), "parameters": "{}"});
    let (status, answer) = bench.ask("POST", path, &key, other).await;
    assert_eq!((status, answer["status"].as_str()), (409, Some("fail")));
    let (_, without) = bench.ask("POST", path, &[], signed("1")).await;
    assert_ne!(without["data"], first["data"]);
    let theirs = http().post(format!("{}{path}", bench.base)).header("x-api-key", OTHER_KEY).header(key[0].0, key[0].1);
    let theirs: Value = theirs.json(&signed("1")).send().await.unwrap().json().await.unwrap();
    assert_ne!(theirs["data"], first["data"], "another owner's key is another key");
    let (status, _) = bench.ask("POST", path, &[("idempotency-key", "")], signed("1")).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn too_many_requests_are_asked_to_wait() {
    let bench = copying(|settings| settings.rate_limit = Some(2)).await;
    let ask = |key: &'static str| http().get(format!("{}/api-key/balance", bench.base)).header("x-api-key", key).send();
    for _ in 0..2 {
        assert_eq!(ask(KEY).await.unwrap().status(), 200);
    }
    let third = ask(KEY).await.unwrap();
    assert_eq!(third.status(), 429);
    let wait: u64 = third.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(ask(OTHER_KEY).await.unwrap().status(), 200, "others are not held up");
    // Thirty seconds are more than this client waits.
    let error = bench.client().reach().await.unwrap_err();
    assert!(matches!(error, ComputeError::RateLimited { retry_after: Some(_) }), "{error}");
}

#[tokio::test]
async fn open_tasks_are_bounded() {
    let bench = copying(|settings| settings.max_open = 1).await;
    bench.submit("copy", "a.txt").await;
    let body = json!({"input": bench.outside.dataset("a.txt")});
    let (status, answer) = bench.ask("POST", "/api-key/model/copy/task", &[], body).await;
    assert_eq!(status, 429);
    assert!(answer["message"].as_str().unwrap().contains("wait for their payment"), "{answer}");
}

#[tokio::test]
async fn datasets_behind_the_firewall_are_not_taken() {
    let bench = copying(|settings| settings.private_addresses = false).await;
    let body = json!({"input": "http://169.254.169.254/latest/meta-data"});
    let (status, answer) = bench.ask("POST", "/api-key/model/copy/task", &[], body).await;
    assert_eq!(status, 400);
    assert!(answer["message"].as_str().unwrap().contains("public addresses only"), "{answer}");
}

#[tokio::test]
async fn every_change_is_told_by_a_signed_webhook() {
    use compute::aioz::webhook::{SIGNATURE_HEADER, verified};
    let bench = copying(|settings| settings.webhook_wait = std::time::Duration::from_millis(1)).await;
    // What nobody took is sent again.
    bench.outside.seen(|seen| seen.failing_hooks = 2);
    let body = json!({"input": bench.outside.dataset("a.txt"), "callback_url": bench.outside.hook()});
    let (_, answer) = bench.ask("POST", "/api-key/model/copy/task", &[], body).await;
    let id = answer["data"]["data"].as_str().unwrap().to_owned();
    bench.client().cancel(&id).await.unwrap();
    let hooks = super::bench::until("two webhooks", || async {
        Some(bench.outside.seen(|seen| seen.hooks.clone())).filter(|hooks| hooks.len() >= 2)
    })
    .await;
    let mut statuses = Vec::new();
    for (headers, body) in hooks {
        let signature = headers[SIGNATURE_HEADER].to_str().unwrap();
        assert!(verified(&KEY.into(), signature, body.as_bytes(), jiff::Timestamp::now()).is_some());
        assert!(verified(&OTHER_KEY.into(), signature, body.as_bytes(), jiff::Timestamp::now()).is_none());
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["task_id"], id.as_str());
        statuses.push(body["status"].as_str().unwrap().to_owned());
    }
    statuses.sort();
    assert_eq!(statuses, ["canceled", "in_queue"]);
}

#[tokio::test]
async fn the_silent_and_the_slow_keep_nobody_out() {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };
    let soon = std::time::Duration::from_millis(500);
    let bench =
        copying(|settings| settings.limits = serve::Limits { head: soon, body: soon, ..Default::default() }).await;
    let at = bench.base.socket_addrs(|| None).unwrap()[0];
    let mut open = Vec::new();
    for _ in 0..600 {
        // More than there are places for: the last ones wait in the system's queue.
        open.push(TcpStream::connect(at).await.unwrap());
    }
    let mut slow = TcpStream::connect(at).await.unwrap();
    let head = format!(
        "POST /api/v1/api-key/model/list HTTP/1.1\r\nhost: h\r\nx-api-key: {KEY}\r\ncontent-length: 9\r\n\r\n{{"
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    let (status, answer) = bench.ask("GET", "/api-key/balance", &[], Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    let mut said = String::new();
    let ended = tokio::time::timeout(soon * 40, slow.read_to_string(&mut said)).await;
    assert!(ended.is_ok_and(|read| read.is_ok()), "it still waits for the body");
    assert!(said.starts_with("HTTP/1.1 4"), "{said}");
}

/// What a node's environment says of proxies leads around no check of addresses.
#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_reaches_what_the_node_may_not() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    });
    let world = crate::world::World::new();
    let mut command = world.command(&["node", "--json", "--listen", "127.0.0.1:0"]);
    command
        .env("NEO_RPC_URL", "http://127.0.0.1:9")
        .env("NEO_NETWORK", "424242")
        .env("GAS_RECIPIENT", super::bench::RECIPIENT)
        .env("AIOZ_API_KEY", KEY)
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, proxy.as_str())));
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    let running = crate::services::Running(child);
    let said: Value = serde_json::from_str(&line).unwrap();
    let base = format!("http://{}/api/v1/api-key", said["address"].as_str().unwrap());
    let client = cassette::line::http_client().no_proxy().build().unwrap();
    let post =
        |path: &str, body: Value| client.post(format!("{base}{path}")).header("x-api-key", KEY).json(&body).send();
    let models: Value = post("/model/list", json!({"search": "stats"})).await.unwrap().json().await.unwrap();
    let model = models["data"]["records"][0]["id"].as_str().unwrap().to_owned();
    let body = json!({"input": "http://data.example/a", "callback_url": "http://hook.example/"});
    let answer = post(&format!("/model/{model}/task"), body).await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    // The webhook is tried at once, and whether it was stands in the node's own books.
    let books = world.home().join("node");
    super::bench::until("the webhook is tried", || async {
        let file =
            std::fs::read_dir(&books).ok()?.flatten().find(|f| f.path().extension().is_some_and(|e| e == "db"))?;
        let connection = rusqlite::Connection::open(file.path()).ok()?;
        connection.query_row("SELECT attempts FROM outbox", [], |row| row.get::<_, u32>(0)).ok().filter(|n| *n > 0)
    })
    .await;
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 0, "the proxy was asked");
    drop(running);
}
