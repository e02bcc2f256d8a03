//! HTTP: who gets in, and many at once.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    process::{Child, Stdio},
    sync::{Mutex, mpsc},
    thread,
};

use serde_json::{Value, json};

use super::{MODES, Way, fold, of_job, pay, play, world};
use crate::{services::Running, world::World};

/// A server as an owner starts it, with what it says as events.
pub struct Server {
    process: Running,
    pub url: String,
    pub token: String,
    said: Mutex<mpsc::Receiver<Value>>,
}

impl Server {
    pub fn start(world: &World) -> Server {
        let mut command = world.command(&["mcp", "--json", "--http", "127.0.0.1:0"]);
        let mut child: Child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(first["type"], "mcp.listening");
        let token = fs::read_to_string(first["token_file"].as_str().unwrap()).unwrap().trim().to_owned();
        let (say, said) = mpsc::channel();
        thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|l| drop(say.send(serde_json::from_str(&l).unwrap())))
        });
        Server {
            process: Running(child),
            url: first["url"].as_str().unwrap().to_owned(),
            token,
            said: Mutex::new(said),
        }
    }

    pub fn way(&self) -> Way<'_> {
        Way::Http(&self.url, &self.token)
    }

    /// Presses Ctrl-C; gives the exit code and everything it said.
    pub fn stop(mut self) -> (Option<i32>, Vec<Value>) {
        let pid = rustix::process::Pid::from_child(&self.process.0);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let ended = self.process.0.wait().unwrap();
        (ended.code(), self.said.into_inner().unwrap().iter().collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_the_token_and_no_web_page_gets_in() {
    let world = world();
    let server = Server::start(&world);
    let file = world.home().join("mcp.key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    crate::services::tls();
    let http = cassette::line::http_client().no_proxy().build().unwrap();
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}});
    let token = &server.token.clone();
    let port = server.url.rsplit(':').next().unwrap().trim_end_matches("/mcp");
    let status = async |headers: &[(&str, &str)]| {
        let mut request = http.post(&server.url).header("accept", "application/json, text/event-stream").json(&hello);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    };
    let bearer = format!("Bearer {token}");
    let good = ("authorization", bearer.as_str());

    let refused = status(&[]).await;
    assert_eq!((refused.status().as_u16(), refused.headers()["www-authenticate"].to_str().unwrap()), (401, "Bearer"));
    let shorter = format!("Bearer {}", &token[1..]);
    for wrong in ["Bearer ", "Bearer nonsense", &shorter, token, &format!("Basic {token}")] {
        assert_eq!(status(&[("authorization", wrong)]).await.status(), 401, "{wrong}");
    }
    // A page of a browser, whatever it is called; a name that was made to point here; another server's name.
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost"),
        ("origin", &format!("http://localhost:1{port}")),
        ("origin", &format!("https://localhost:{port}")),
        ("host", "evil.example"),
        ("host", &format!("evil.example:{port}")),
        ("host", "localhost:1"),
    ] {
        assert_eq!(status(&[good, (name, value)]).await.status(), 403, "{name}: {value}");
    }
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(status(&[good, ("host", &format!("{host}:{port}"))]).await.status(), 200, "{host}");
    }
    assert_eq!(status(&[good, ("origin", &format!("http://localhost:{port}"))]).await.status(), 200, "its own address");
    // A session's id is no key.
    let session = status(&[good]).await.headers()["mcp-session-id"].clone();
    assert_eq!(status(&[("mcp-session-id", session.to_str().unwrap())]).await.status(), 401);
    let large = http.post(&server.url).header("accept", "application/json, text/event-stream").header(good.0, good.1);
    let large = large.header("content-type", "application/json").body(vec![b' '; 3 << 20]).send().await.unwrap();
    assert_eq!(large.status(), 413);
    let (code, said) = server.stop();
    assert_eq!(code, Some(0));
    assert!(!said.iter().any(|event| event.to_string().contains(token.as_str())));

    // A token that others could have read is not used.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let run = world.run(&["mcp", "--http", "127.0.0.1:0"]);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(run.err.contains("open to others"), "{}", run.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_begin_in_a_version_that_is_spoken_and_end_once() {
    let world = world();
    let server = Server::start(&world);
    crate::services::tls();
    let http = cassette::line::http_client().no_proxy().build().unwrap();
    let send = async |method: &str, session: Option<&str>, body: String| {
        let mut request = http.request(method.parse().unwrap(), &server.url).bearer_auth(&server.token);
        request = request.header("accept", "application/json, text/event-stream");
        request = request.header("content-type", "application/json").body(body);
        if let Some(session) = session {
            request = request.header("mcp-session-id", session);
        }
        let answer = request.send().await.unwrap();
        let session = answer.headers().get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned());
        (answer.status().as_u16(), session, answer.text().await.unwrap())
    };
    let hello = |version: &str| {
        let client =
            json!({"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}});
        json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": client}).to_string()
    };
    let ping = || json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let mut sessions = Vec::new();
    for (asked, told) in [
        ("2026-07-28", "2025-11-25"),
        ("2099-01-01", "2025-11-25"),
        ("2025-03-26", "2024-11-05"),
        ("2024-11-05", "2024-11-05"),
    ] {
        let (status, session, text) = send("POST", None, hello(asked)).await;
        assert!(status == 200 && text.contains(&format!("\"protocolVersion\":\"{told}\"")), "{asked}: {status} {text}");
        let (status, _, text) = send("POST", session.as_deref(), ping()).await;
        assert!(status == 200 && text.contains("\"result\":{}"), "{asked}: {status} {text}");
        sessions.push(session.unwrap());
    }
    let session = sessions[0].as_str();
    for (body, code) in [
        (format!("[{}]", ping()), -32600),
        ("[]".to_owned(), -32600),
        ("{\"jsonrpc\":".to_owned(), -32700),
        (String::new(), -32700),
    ] {
        let (status, _, text) = send("POST", Some(session), body.clone()).await;
        let said: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &said["error"]["code"]), (400, &json!(code)), "{body}: {text}");
    }
    assert_eq!(send("DELETE", Some("nonesuch"), String::new()).await.0, 404);
    assert_eq!(send("DELETE", None, String::new()).await.0, 400);
    assert_eq!(send("DELETE", Some(session), String::new()).await.0, 204);
    assert_eq!(send("POST", Some(session), ping()).await.0, 404);
    assert_eq!(send("DELETE", Some(session), String::new()).await.0, 404);
    assert_eq!(send("POST", Some(&sessions[1]), ping()).await.0, 200, "the others stay");
    // Whoever connects again and again is stopped, and harms nobody who is there.
    let mut open = sessions.len() - 1;
    let full = loop {
        match send("POST", None, hello("2025-11-25")).await {
            (200, ..) if open < 1000 => open += 1,
            other => break other,
        }
    };
    assert!(full.0 == 503 && full.2.contains("too many clients") && open == 128, "{open}: {full:?}");
    assert_eq!(send("POST", Some(&sessions[1]), ping()).await.0, 200);
    assert_eq!(send("DELETE", Some(&sessions[1]), String::new()).await.0, 204);
    assert_eq!(send("POST", None, hello("2025-11-25")).await.0, 200, "there is room again");
}

#[test]
fn beyond_loopback_only_where_the_owner_said_by_which_name() {
    let world = world();
    let run = world.run(&["mcp", "--http", "0.0.0.0:0"]);
    assert_eq!(run.code, 2, "{}", run.all());
    assert!(run.err.contains("--allow-host"), "{}", run.all());
    let run = world.run(&["mcp", "--allow-host", "node.example.org"]);
    assert_eq!(run.code, 2, "{}", run.all());
}

#[test]
fn several_clients_at_once_have_sessions_and_jobs_of_their_own() {
    let world = world();
    let server = Server::start(&world);
    let seen: Vec<Vec<Value>> = thread::scope(|scope| {
        let (world, server) = (&world, &server);
        let clients = ["legacy", "legacy", "auto"].map(|mode| {
            scope.spawn(move || {
                let steps = json!([fold(), of_job("run_remote_compute"), pay(), of_job("wait_for_job")]);
                play(world, mode, &server.way(), steps)
            })
        });
        clients.map(|client| client.join().unwrap()).into()
    });
    let (code, said) = server.stop();
    assert_eq!(code, Some(0));
    let jobs: HashSet<&str> = seen.iter().map(|s| s[4]["value"]["job"].as_str().unwrap()).collect();
    assert_eq!(jobs.len(), 3);
    assert!(seen.iter().all(|s| s[4]["value"]["state"] == "done"), "{seen:#?}");

    let sessions: HashSet<&str> = said.iter().map(|e| e["session"].as_str().unwrap()).collect();
    assert_eq!(sessions.len(), 3);
    let ledger = guard::ledger::Ledger::open(&world.home()).unwrap();
    let of: HashSet<String> = ledger.jobs().unwrap().into_iter().map(|job| job.session).collect();
    assert!(of.len() == 3 && of.iter().all(|session| sessions.contains(session.as_str())), "{of:?}");
    for session in sessions {
        let mine: Vec<&Value> = said.iter().filter(|e| e["session"] == session).collect();
        let about: HashSet<&str> = mine.iter().filter_map(|e| e["job"].as_str()).collect();
        assert_eq!(about.len(), 1, "{session} is about its own job: {about:?}");
        assert_eq!(
            (&mine[0]["type"], &mine.last().unwrap()["type"]),
            (&"session.started".into(), &"session.ended".into())
        );
        assert_eq!(mine.iter().filter(|e| e["type"] == "payment.confirmed").count(), 1);
    }
}

#[test]
fn a_wait_over_http_can_be_given_up_and_shared() {
    for mode in MODES {
        let world = world();
        let server = Server::start(&world);
        let mut cut = of_job("wait_for_job");
        cut["cancel_at"] = "running".into();
        let steps = json!([fold(), of_job("run_remote_compute"), pay(), cut]);
        let seen = play(&world, mode, &server.way(), steps);
        assert_eq!(seen[4]["canceled"], true, "{}", seen[4]);
        let job = seen[3]["value"]["job"].as_str().unwrap();
        let wait = json!([{"call": "wait_for_job", "arguments": {"job": job}}]);
        thread::scope(|scope| {
            let waits = MODES.map(|mode| scope.spawn(|| play(&world, mode, &server.way(), wait.clone())));
            for wait in waits {
                let seen = wait.join().unwrap();
                assert_eq!(seen[1]["value"]["state"], "done", "{}", seen[1]);
            }
        });
        let (_, said) = server.stop();
        assert_eq!(said.iter().filter(|e| e["type"] == "payment.sent").count(), 1);
    }
}
