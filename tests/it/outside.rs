//! What a folder, a server and a file from outside can and cannot do.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::Request, http::StatusCode};
use serde_json::json;
use tokio::net::TcpListener;

use crate::world::{Run, World};

const KEY: &str = "sk-open000000";

/// A server that takes no key, and quotes the one that it was sent; what it was sent, in order.
async fn rude() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let answer = move |request: Request| async move {
        let key = request.headers().get("authorization").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        hears.lock().unwrap().push(key.clone());
        (StatusCode::UNAUTHORIZED, Json(json!({"error": {"message": format!("bad key {key}")}})))
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await.unwrap() });
    (url, heard)
}

async fn run(world: &World, arguments: &[&str]) -> Run {
    let mut command = world.command(arguments);
    tokio::task::spawn_blocking(move || Run::of(command.output().unwrap())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_server_quotes_is_not_shown() {
    let (url, heard) = rude().await;
    let mut world = World::new();
    world.set("OPENAI_BASE_URL", url);
    world.set("OPENAI_API_KEY", KEY);
    world.set("AGENT_MODEL", "m");
    world.file("one.yaml", "{id: one, turns: [hello], expect: {jobs: []}}");
    for arguments in [
        vec!["ask", "hello"],
        vec!["ask", "--json", "hello"],
        vec!["-vv", "ask", "hello"],
        vec!["doctor"],
        vec!["trial", "--cases", "one.yaml", "--report", "report.html"],
    ] {
        let run = run(&world, &arguments).await;
        assert!(!run.all().contains(KEY), "{arguments:?}: {}", run.all());
        if arguments[0] != "doctor" {
            assert!(run.all().contains("scrubbed-OPENAI_API_KEY"), "{arguments:?}: {}", run.all());
        }
    }
    assert!(heard.lock().unwrap().contains(&format!("Bearer {KEY}")), "the server has it all the same");
    let report = fs::read_to_string(world.work().join("report.html")).unwrap();
    assert!(report.contains("bad key") && !report.contains(KEY));
    nowhere(&world.home());
}

/// The key is in no file beneath `folder`.
fn nowhere(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            nowhere(&path);
        } else {
            let held = fs::read(&path).unwrap();
            assert!(!held.windows(KEY.len()).any(|bytes| bytes == KEY.as_bytes()), "{}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_leads_no_key_to_its_own_server() {
    let (url, heard) = rude().await;
    let mut world = World::new();
    world.set("OPENAI_API_KEY", KEY);
    let dotenv = world.file(".env", format!("OPENAI_BASE_URL={url}\nAGENT_MODEL=m\n"));
    let refused = run(&world, &["ask", "hello"]).await;
    assert_eq!(refused.code, 2, "{}", refused.all());
    assert!(refused.err.contains("OPENAI_BASE_URL comes from") && refused.err.contains("hint:"), "{}", refused.all());
    let checked = run(&world, &["doctor"]).await;
    assert!(checked.all().contains("OPENAI_BASE_URL comes from"), "{}", checked.all());
    assert_eq!(*heard.lock().unwrap(), Vec::<String>::new());
    // Both from the folder: it is the folder's own key.
    world.unset("OPENAI_API_KEY");
    fs::write(&dotenv, format!("OPENAI_BASE_URL={url}\nAGENT_MODEL=m\nOPENAI_API_KEY=of-the-folder\n")).unwrap();
    fs::set_permissions(&dotenv, fs::Permissions::from_mode(0o600)).unwrap();
    run(&world, &["ask", "hello"]).await;
    assert!(heard.lock().unwrap().iter().any(|key| key == "Bearer of-the-folder"), "{heard:?}");
}

#[test]
fn what_no_task_can_read_to_its_end_is_not_paid_for() {
    let world = World::new();
    world.sparse_fasta("big.fasta", 150_000_000);
    let ask = ["ask", "--json", "Give me sequence statistics of big.fasta"];
    let run = world.run(&ask);
    let verdict = run.event("verdict");
    assert_eq!(verdict["reasons"][0], "R-SIZE");
    let why = verdict["why"].as_array().unwrap().last().unwrap().as_str().unwrap();
    assert!(why.contains("zeros"), "the plan says so already: {why}");
    let types = run.types();
    assert!(!types.iter().any(|t| t.starts_with("payment.") || t.starts_with("upload.")), "{}", run.all());
    assert_eq!(run.event("plan")["work"][0]["cannot"]["rule"], "zeros", "{}", run.all());
    assert!(run.code != 0 && run.all().contains("truncate -s"), "{}", run.all());
    // The same size, written to its end, is done.
    let line = format!("{}\n", "\n".repeat(63));
    world.file("whole.fasta", format!(">a\nMKTAYI\n{}", line.repeat(2_000_000)));
    let run = world.run(&["ask", "--json", "Give me sequence statistics of whole.fasta"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(run.types().iter().any(|t| t == "payment.confirmed"), "{}", run.all());
}
