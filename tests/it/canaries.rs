//! Secrets of the settings, quoted by every part outside and lying in files, are in nothing that leaves the program and in
//! nothing that it keeps; and what is hidden in a text stays out of terminals and files.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::to_bytes,
    extract::Request,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    replay::canaries::forms,
    world::{Run, World, example},
};

const MODEL_KEY: &str = "sk-canary0of0the0model";
const API_KEY: &str = "canary-of-the-provider-7Qz";
const S3_SECRET: &str = "canary0secret0of0storage0AbC";
const WALLET: &str = "L1MJs5pcXtCQ7b1EaYFZqwRggG3cz9iJpTwVGqyQw9kHoQyQVveV";
const WALLET_HEX: &str = "7b421c853d6526d362422a0cdc77868c63edea03a21d5fe7b3082373b6085d74";
const SECRETS: [&str; 5] = [MODEL_KEY, API_KEY, S3_SECRET, WALLET, WALLET_HEX];

/// Every secret in every form, as a rude server says them.
fn quoted() -> String {
    SECRETS.iter().flat_map(|secret| forms(secret)).collect::<Vec<_>>().join(" | ")
}

/// A server that is storage, provider, chain and model at once, and quotes all secrets in whatever it says. What it was sent.
struct Rude {
    url: String,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Rude {
    async fn serve() -> Rude {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        let answer = move |request: Request| async move {
            let (head, body) = request.into_parts();
            let body = to_bytes(body, 1 << 24).await.unwrap().to_vec();
            hears.lock().unwrap().push(body.clone());
            rude_answer(head.uri.path(), &head.headers, &body)
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await.unwrap() });
        Rude { url, heard }
    }

    fn heard(&self) -> Vec<u8> {
        self.heard.lock().unwrap().concat()
    }
}

fn rude_answer(path: &str, headers: &HeaderMap, body: &[u8]) -> Response {
    let said = quoted();
    if path.starts_with("/v1/") {
        // Its words come three letters at a time, the key that it was sent and all others among them.
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let key = headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let text: Vec<char> = format!("{HIDDEN} you sent {key}; {said}; that is all").chars().collect();
        let chunk = |delta: Value, end: Value| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": end});
            format!("data: {}\n\n", json!({"id": "x", "object": "chat.completion.chunk", "choices": [choice]}))
        };
        let results = request["messages"].as_array().is_some_and(|all| all.iter().any(|m| m["role"] == "tool"));
        let mut events: Vec<String> = text
            .chunks(3)
            .map(|piece| chunk(json!({"content": piece.iter().collect::<String>()}), Value::Null))
            .collect();
        if results {
            events.push(chunk(json!({}), "stop".into()));
        } else {
            let arguments = json!({"task_type": "sequence_stats", "dataset": format!("{MODEL_KEY}.fasta")});
            let function = json!({"name": "check_local_capability", "arguments": arguments.to_string()});
            events.push(chunk(
                json!({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": function}]}),
                Value::Null,
            ));
            events.push(chunk(json!({}), "tool_calls".into()));
        }
        events.push("data: [DONE]\n\n".to_owned());
        return ([("content-type", "text/event-stream")], events.concat()).into_response();
    }
    if path.starts_with("/api/") {
        let words = json!({"status": "fail", "message": format!("no: {said}"), "data": {"id": API_KEY}});
        return (StatusCode::BAD_REQUEST, words.to_string()).into_response();
    }
    if path.starts_with("/rpc") {
        let error = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -100, "message": said}});
        return error.to_string().into_response();
    }
    let said = said.replace('&', "&amp;").replace('<', "&lt;");
    let xml = format!("<Error><Code>InvalidRequest</Code><Message>{said}</Message></Error>");
    (StatusCode::BAD_REQUEST, xml).into_response()
}

/// A machine that is configured for a rude server in every place.
fn configured(rude: &Rude) -> World {
    let mut world = World::new();
    world.file("data.fasta", example("data.fasta"));
    for (name, value) in [
        ("AGENT_PROFILE", "live".to_owned()),
        ("AIOZ_S3_ENDPOINT", rude.url.clone()),
        ("AIOZ_BUCKET", "data".to_owned()),
        ("AIOZ_ACCESS_KEY", "AKCANARY7Q9X2M".to_owned()),
        ("AIOZ_SECRET_KEY", S3_SECRET.to_owned()),
        ("AIOZ_W3AI_ENDPOINT", format!("{}/api/v1", rude.url)),
        ("AIOZ_API_KEY", API_KEY.to_owned()),
        ("NEO_RPC_URL", format!("{}/rpc", rude.url)),
        ("NEO_NETWORK", "894710606".to_owned()),
        ("NEO_PRIVATE_KEY", WALLET.to_owned()),
        ("GAS_RECIPIENT", crate::payment::RECIPIENT.address()),
        ("AGENT_STYLE", "tools".to_owned()),
        ("OPENAI_BASE_URL", format!("{}/v1", rude.url)),
        ("OPENAI_API_KEY", MODEL_KEY.to_owned()),
        ("AGENT_MODEL", "rude-model".to_owned()),
    ] {
        world.set(name, value);
    }
    world
}

async fn run(world: &World, arguments: &[&str]) -> Run {
    let mut command = world.command(arguments);
    tokio::task::spawn_blocking(move || Run::of(command.output().unwrap())).await.unwrap()
}

fn none_in(place: &str, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    for secret in SECRETS {
        for form in forms(secret) {
            // The last letters of base 64 hold bits of what follows.
            let form = &form[..form.floor_char_boundary(form.len() - 2)];
            assert!(!text.contains(form), "{place} holds {secret} as {form}");
        }
    }
    // Streamed in pieces of a line each, it may be put together again.
    let joined: String = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|event| event["type"] == "message.delta")
        .filter_map(|event| event["text"].as_str().map(str::to_owned))
        .collect();
    for secret in SECRETS {
        assert!(!joined.contains(secret), "{place} holds {secret} in pieces");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Nothing that the program wrote holds a secret.
fn none_kept(world: &World) {
    // What a task wrote is the person's, byte for byte.
    let results = world.home().join("results");
    let all = files(&world.home()).into_iter().chain(files(&world.work()));
    let all: Vec<_> = all.filter(|path| !path.starts_with(&results)).collect();
    assert!(all.len() > 3, "{all:?}");
    all.iter().for_each(|path| none_in(&path.display().to_string(), &fs::read(path).unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_every_part_outside_quotes_is_in_no_sink() {
    let rude = Rude::serve().await;
    let mut world = configured(&rude);
    // An outside program that says them, too, and one that writes them into its result.
    let bin = world.root().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let leak = |name: &str, text: String| {
        let path = bin.join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    let said = quoted().replace('\'', "");
    leak(
        "blastp",
        format!("[ \"$1\" = -version ] && {{ echo 'blastp: {API_KEY}'; exit 0; }}\necho 'no: {said}' >&2\nexit 3"),
    );
    world.set("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    world.file("db.fasta", example("data.fasta"));
    for (arguments, source) in [
        (
            vec!["ask", "--json", "--record", "run.cassette", "Give me sequence statistics of data.fasta"],
            "OPENAI_API_KEY",
        ),
        (vec!["ask", "Give me sequence statistics of data.fasta"], "OPENAI_API_KEY"),
        (vec!["-vv", "ask", "--json", "Give me sequence statistics of data.fasta"], "OPENAI_API_KEY"),
        (vec!["--model", "planner", "run", "--json", "--yes", "protein_folding", "data.fasta"], "AIOZ_API_KEY"),
        (vec!["--model", "planner", "run", "--yes", "protein_folding", "data.fasta"], "AIOZ_API_KEY"),
        (vec!["run", "--json", "blast_search", "data.fasta", "--set", "database=db.fasta"], ""),
        (vec!["jobs", "show"], ""),
        (vec!["jobs", "list", "--json"], ""),
        (vec!["doctor"], "AIOZ_SECRET_KEY"),
        (vec!["doctor", "--json"], "NEO_PRIVATE_KEY"),
        (vec!["-vv", "wallet"], ""),
    ] {
        let run = run(&world, &arguments).await;
        none_in(&format!("what {arguments:?} says"), run.all().as_bytes());
        assert!(source.is_empty() || run.all().contains("scrubbed-"), "{arguments:?}: {}", run.all());
        assert!(!run.err.contains("panicked"), "{arguments:?}: {}", run.all());
        if arguments.contains(&"blast_search") {
            assert!(run.all().contains("scrubbed-"), "what the program said is told: {}", run.all());
        }
    }
    none_kept(&world);
    assert!(files(&world.home()).iter().any(|path| path.extension().is_some_and(|end| end == "jsonl")), "a session");
    // The model is sent back its own words, and what tools said, without them; the key is in a header alone.
    none_in("what was sent", &rude.heard());
    assert!(String::from_utf8_lossy(&rude.heard()).contains("scrubbed-OPENAI_API_KEY"), "its words went back to it");
}

/// The wallet's key as a person or a program writes it, with whatever between.
fn spelt() -> Vec<String> {
    let raw = hex::decode(WALLET_HEX).unwrap();
    let each = |between: &str| raw.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between);
    let reversed: Vec<u8> = raw.iter().rev().copied().collect();
    vec![
        WALLET.to_owned(),
        WALLET_HEX.to_owned(),
        WALLET_HEX.to_uppercase(),
        hex::encode(&reversed),
        STANDARD.encode(&raw),
        STANDARD.encode(WALLET),
        each(":"),
        each(" "),
        each("\n"),
        format!("[{}]", raw.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")),
        WALLET_HEX.bytes().map(|byte| format!("\\u{byte:04x}")).collect(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_s_key_leaves_in_no_form_and_other_hexadecimal_does() {
    let rude = Rude::serve().await;
    let mut world = configured(&rude);
    world.set("AGENT_PROFILE", "sandbox");
    // Far behind what is looked at when a file is opened.
    let text = "The protein folds in water. ".repeat(5000);
    let fasta = format!(">a\n{}\n", "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n".repeat(4000));
    let other = WALLET_HEX.replace('7', "8");
    for key in spelt() {
        world.file("notes.txt", format!("{text}\nmine: {key}\n{text}"));
        world.file("far.fasta", format!("{fasta}>{}\nMKTAYIAKQR\n", key.replace('\n', "\n>")));
        for arguments in [
            ["--model", "planner", "run", "--json", "text_summary", "notes.txt"].as_slice(),
            &["--model", "planner", "run", "--json", "--yes", "protein_folding", "far.fasta"],
        ] {
            let run = run(&world, arguments).await;
            assert_eq!(run.code, 3, "{arguments:?} {key}: {}", run.all());
            assert!(run.all().contains("D-SECRET") && run.all().contains("NEO_PRIVATE_KEY"), "{key}: {}", run.all());
            let types = run.types();
            assert!(!types.iter().any(|t| t.starts_with("upload.") || t.starts_with("payment.")), "{key}: {types:?}");
        }
        // Said in words, it goes nowhere.
        let before = rude.heard().len();
        let run = run(&world, &["ask", "--json", &format!("is {key} a good seed?")]).await;
        assert_eq!(run.code, 3, "{key}: {}", run.all());
        assert_eq!(rude.heard().len(), before, "{key}");
    }
    // What only looks like it is data.
    world.file("notes.txt", format!("{text}\nsha256: {other}\n{text}"));
    world.file("far.fasta", format!("{fasta}>{other}\nMKTAYIAKQR\n"));
    for arguments in [
        ["--model", "planner", "run", "--json", "text_summary", "notes.txt"].as_slice(),
        &["--model", "planner", "run", "--json", "--yes", "protein_folding", "far.fasta"],
    ] {
        let run = run(&world, arguments).await;
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.all());
        assert_eq!(run.event("receipt")["state"], "done");
    }
    run(&world, &["ask", "--json", &format!("is {other} a good seed?")]).await;
    assert!(String::from_utf8_lossy(&rude.heard()).contains(&other));
}

/// Control characters of both ranges, tags, fillers, marks of direction, soft hyphens.
const HIDDEN: &str = "a\u{9b}31mb\u{7f}c\u{ad}d\u{e0041}e\u{3164}f\u{202e}g\u{2066}h\u{115f}i\u{85}j\u{2028}k\u{feff}l";

fn hidden_in(place: &str, text: &[u8], styled: bool) {
    let text = String::from_utf8(text.to_vec()).unwrap_or_else(|_| panic!("{place} is no text"));
    let hidden = |c: char| domain::text::is_hidden(c) && !matches!(c, '\n' | '\t') && !(styled && c == '\u{1b}');
    let found: Vec<String> = text.chars().filter(|c| hidden(*c)).map(|c| format!("{:04x}", u32::from(c))).collect();
    assert!(found.is_empty(), "{place}: {found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_characters_are_shown_on_no_face_and_kept_in_no_file_as_they_are() {
    let rude = Rude::serve().await;
    let mut world = configured(&rude);
    world.set("AGENT_PROFILE", "sandbox");
    let name = format!("x{}.fasta", HIDDEN.replace(['\u{85}', '\u{2028}'], ""));
    world.file(&name, example("data.fasta"));
    world.file("one.yaml", "{id: one, turns: [hello], expect: {jobs: []}}");
    for arguments in [
        vec!["ask", "--json", "--record", "run.cassette", "hello"],
        vec!["ask", "hello"],
        vec!["-vv", "ask", "hello"],
        vec!["--model", "planner", "run", "--json", "sequence_stats", &name],
        vec!["--model", "planner", "run", "sequence_stats", &name],
        vec!["jobs", "list"],
        vec!["jobs", "list", "--json"],
        vec!["jobs", "log", "--json"],
        vec!["trial", "--cases", "one.yaml", "--report", "report.html"],
    ] {
        let run = run(&world, &arguments).await;
        hidden_in(&format!("{arguments:?}"), run.out.as_bytes(), true);
        hidden_in(&format!("{arguments:?}, errors"), run.err.as_bytes(), true);
        if arguments.contains(&"--json") && arguments.contains(&"ask") {
            let said: String = run
                .events()
                .iter()
                .filter(|e| e["type"] == "message.completed")
                .map(|e| e["text"].as_str().unwrap().to_owned())
                .collect();
            assert!(said.contains(HIDDEN), "as escapes, nothing is lost: {said:?}");
        }
    }
    let text =
        |path: &PathBuf| path.extension().is_some_and(|end| end == "jsonl" || end == "html" || end == "cassette");
    let kept: Vec<_> = files(&world.home()).into_iter().chain(files(&world.work())).filter(text).collect();
    assert!(kept.len() >= 4, "{kept:?}");
    kept.iter().for_each(|path| hidden_in(&path.display().to_string(), &fs::read(path).unwrap(), false));
}
