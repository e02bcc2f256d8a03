//! Secrets are in no record, wherever they were put and however they were written.

use std::fs;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use super::{record, replay};
use crate::world::{World, example};

const MODEL_KEY: &str = "sk-canary/with+signs=\"and quotes\"";
const S3_SECRET: &str = "canary0secret0of0storage0AbC";
const API_KEY: &str = "canary-of-the-provider-7Qz";
const RPC_KEY: &str = "0canary0in0the0path0";
const WALLET: &str = "L1MJs5pcXtCQ7b1EaYFZqwRggG3cz9iJpTwVGqyQw9kHoQyQVveV";
const WALLET_HEX: &str = "7b421c853d6526d362422a0cdc77868c63edea03a21d5fe7b3082373b6085d74";

/// Every way in which a secret may stand in a text.
pub fn forms(secret: &str) -> Vec<String> {
    let quoted = json!(secret).to_string();
    let once = quoted[1..quoted.len() - 1].to_owned();
    let twice = json!(once).to_string();
    let mut query = url::Url::parse("http://h/").unwrap();
    query.query_pairs_mut().append_pair("q", secret);
    let mut path = url::Url::parse("http://h/").unwrap();
    path.path_segments_mut().unwrap().push(secret);
    vec![
        secret.to_owned(),
        once,
        twice[1..twice.len() - 1].to_owned(),
        query.query().unwrap()[2..].to_owned(),
        path.path()[1..].to_owned(),
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
        URL_SAFE_NO_PAD.encode(secret),
        hex::encode(secret),
        hex::encode_upper(secret),
    ]
}

/// The bytes of a secret of which none may stand in a record together.
const WINDOW: usize = 10;

/// The record holds the secret in no form, and no part of a long one.
pub fn assert_absent(text: &str, secret: &str, what: &str) {
    for form in forms(secret) {
        // The last letters of base 64 hold bits of what follows.
        let form = &form[..form.floor_char_boundary(form.len() - 2)];
        assert!(!text.contains(form), "{what} is in the record as {form}");
    }
    for at in 0..secret.len().saturating_sub(WINDOW - 1) {
        let Some(part) = secret.get(at..at + WINDOW) else { continue };
        let found = text.find(part).filter(|_| secret.len() >= 2 * WINDOW);
        let around = found.map(|at| text[text.floor_char_boundary(at.saturating_sub(200))..].lines().next());
        assert_eq!(around, None, "a part of {what} is in the record: {part}");
    }
}

#[test]
fn a_secret_that_is_said_in_any_form_and_place_is_taken_out() {
    let mut world = World::new();
    world.file("data.fasta", example("data.fasta"));
    for (name, value) in [
        ("OPENAI_API_KEY", MODEL_KEY),
        ("AIOZ_ACCESS_KEY", "CANARY0ACCESS0KEY"),
        ("AIOZ_SECRET_KEY", S3_SECRET),
        ("AIOZ_API_KEY", API_KEY),
        ("NEO_PRIVATE_KEY", WALLET),
        ("NEO_RPC_URL", &format!("http://rpc.example.org/{RPC_KEY}")),
    ] {
        world.set(name, value);
    }
    let all = [MODEL_KEY, "CANARY0ACCESS0KEY", S3_SECRET, API_KEY, WALLET, WALLET_HEX, RPC_KEY];
    let leaks: Vec<String> = all.iter().flat_map(|secret| forms(secret)).collect();
    // A model that repeats every form, calls a tool with every form, and names files so long that they are cut in messages.
    let long = |secret: &&str| format!("{}{secret}.fasta", "x".repeat(100));
    let check = |secret: &&str| json!({"name": "check_local_capability", "arguments": {"task_type": "sequence_stats", "dataset": long(secret)}});
    let show = |secret: &&str| json!({"name": "wait_for_job", "arguments": {"job": format!("job-{secret}{secret}")}});
    let script = json!({"turns": [
        {"call": {"name": "list_jobs", "arguments": {"leak": leaks}}},
        {"call": all.iter().map(check).chain(all.iter().map(show)).collect::<Vec<_>>()},
        {"say": leaks.join(" | ")},
    ]});
    let script = world.file("script.yaml", script.to_string());
    world.set("AGENT_MODEL", format!("scripted:{}", script.display()));
    // A person who says one is not heard at all.
    let prompt = format!("Which jobs are there? {}", leaks.join(" , "));
    let refused = world.run(&["ask", "--json", "--profile", "sandbox", &prompt]);
    assert!(refused.code == 3 && refused.event("error")["kind"] == "secret", "{}", refused.all());
    let recorded = record(world, &["ask", "--json", "--profile", "sandbox", "Which jobs are there?"]);
    let text = fs::read_to_string(&recorded.path).unwrap();
    for secret in all {
        assert_absent(&text, secret, secret);
    }
    assert!(text.contains("scrubbed-OPENAI_API_KEY") && text.contains("scrubbed-NEO_PRIVATE_KEY"));
    // Scrubbed words are played as they stand.
    let played = replay(&["--json", "run.cassette"], &recorded.world.work());
    assert_eq!(played.code, recorded.run.code, "{}\n{}", recorded.run.all(), played.all());
}

#[test]
fn the_sandbox_s_own_keys_and_signatures_are_taken_out() {
    let world = World::new();
    world.file("data.fasta", example("data.fasta"));
    let run = world.run(&["ask", "--json", "--record", "run.cassette", super::FOLD]);
    assert_eq!(run.code, 0, "{}", run.all());
    let text = fs::read_to_string(world.work().join("run.cassette")).unwrap();
    let keys: Value =
        serde_json::from_str(&fs::read_to_string(world.home().join("sandbox/keys.json")).unwrap()).unwrap();
    for (name, key) in keys.as_object().unwrap() {
        assert_absent(&text, key.as_str().unwrap(), name);
    }
    for name in ["payer", "provider"] {
        let raw = bs58::decode(keys[name].as_str().unwrap()).with_check(None).into_vec().unwrap()[1..33].to_vec();
        assert!(!text.contains(&hex::encode(&raw)) && !text.contains(&STANDARD.encode(&raw)), "{name}");
    }
    assert!(text.contains("X-Amz-Signature=scrubbed") && text.contains("token=scrubbed"));
    for line in text.lines() {
        let lower = line.to_ascii_lowercase();
        assert!(!lower.contains("aws4-hmac-sha256 credential=") && !lower.contains("\"x-api-key\""), "{line}");
    }
}
