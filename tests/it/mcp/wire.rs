//! What is on the wire when a client is broken, or gone.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{fold, world};
use crate::world::{Run, World};

/// Frames on standard input, then its end; what came back, which is frames and nothing else.
fn speak(world: &World, input: &[u8]) -> (Vec<Value>, Run) {
    let mut command: Command = world.command(&["mcp"]);
    let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut to = server.stdin.take().unwrap();
    // It reads until the end, whatever it thinks of what it reads.
    to.write_all(input).unwrap();
    drop(to);
    let run = Run::of(server.wait_with_output().unwrap());
    let frames =
        run.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect();
    (frames, run)
}

fn frame(value: &Value) -> Vec<u8> {
    format!("{value}\n").into_bytes()
}

fn hello() -> Vec<u8> {
    let client =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}});
    let mut hello = frame(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": client}));
    hello.extend(frame(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})));
    hello
}

fn request(id: u64, method: &str, params: &Value) -> Vec<u8> {
    frame(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
}

fn answer(frames: &[Value], id: u64) -> &Value {
    frames.iter().find(|f| f["id"] == id).unwrap_or_else(|| panic!("no answer to {id} in {frames:#?}"))
}

#[test]
fn broken_frames_are_answered_or_passed_over_and_the_next_one_is_served() {
    let world = world();
    let mut input = hello();
    input.extend(b"this is no JSON\n{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \n\xff\xfe\x00\n[]\n{\"id\": 5}\n\n");
    input.extend(request(2, "tools/nonsense", &json!({})));
    input.extend(request(3, "tools/call", &json!({"name": ["pay_gas_fee"]})));
    input.extend(request(4, "tools/call", &json!({"name": "list_jobs", "arguments": "all of them"})));
    // Longer than any message: passed over whole, and not taken for several.
    input.extend(format!("{{\"jsonrpc\": \"2.0\", \"id\": 6, \"method\": \"{}\"}}\n", "x".repeat(3 << 20)).bytes());
    input.extend(request(7, "tools/call", &json!({"name": "list_jobs"})));
    let (frames, run) = speak(&world, &input);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(answer(&frames, 0)["result"]["protocolVersion"], "2025-06-18");
    let code = |id| answer(&frames, id)["error"]["code"].clone();
    assert_eq!([2, 3, 4, 6].map(code), [-32601, -32602, -32602, -32600].map(Value::from), "{frames:#?}");
    let misfit = &answer(&frames, 4)["error"];
    assert!(misfit["message"].as_str().unwrap().contains("expects params"), "{misfit}");
    assert!(misfit["data"]["expected"].is_object(), "{misfit}");
    let long = answer(&frames, 6)["error"]["message"].as_str().unwrap();
    assert!(long.contains("a message may have 1.0 MB"), "{long}");
    let no_json = frames.iter().filter(|f| f["id"].is_null() && f["error"]["code"] == -32700).count();
    assert_eq!(no_json, 3, "{frames:#?}");
    assert!(run.err.contains("a client's line was refused"), "the owner reads of it: {}", run.all());
    assert_eq!(answer(&frames, 7)["result"]["structuredContent"]["count"], 0, "{frames:#?}");
}

#[test]
fn a_call_that_is_none_is_told_what_is_expected() {
    let world = world();
    let mut input = hello();
    for (id, params) in [
        (1, r#""params": {"name": "list_jobs", "arguments": []}"#),
        (2, r#""params": {"name": "list_jobs", "arguments": "x"}"#),
        (3, r#""params": {"name": "list_jobs", "name": "pay_gas_fee", "arguments": {}}"#),
        (4, r#""params": []"#),
        (5, r#""unknown": 1"#),
    ] {
        input.extend(format!("{{\"jsonrpc\": \"2.0\", \"id\": {id}, \"method\": \"tools/call\", {params}}}\n").bytes());
    }
    let (frames, run) = speak(&world, &input);
    assert_eq!(run.code, 0, "{}", run.all());
    for id in 1..=5 {
        let error = &answer(&frames, id)["error"];
        assert_eq!(error["code"], -32602, "{id}: {frames:#?}");
        assert!(error["message"].as_str().unwrap().contains("an object"), "{id}: {error}");
    }
}

#[test]
fn a_handshake_that_is_none_is_answered_and_the_next_one_is_served() {
    let world = world();
    let mut input = Vec::new();
    input.extend(b"{\"jsonrpc\": \"2.0\", \"method\": \"initialize\", \"params\": {}}\n");
    input.extend(request(9, "initialize", &json!({"protocolVersion": 5})));
    input.extend(frame(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})));
    input.extend(frame(&json!({"jsonrpc": "2.0", "id": 3, "result": {}})));
    input.extend(hello());
    input.extend(request(1, "tools/call", &json!({"name": "list_jobs"})));
    let (frames, run) = speak(&world, &input);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(answer(&frames, 9)["error"]["code"], -32602, "{frames:#?}");
    assert!(frames.iter().any(|f| f["id"].is_null() && f["error"]["code"] == -32600), "{frames:#?}");
    assert_eq!(answer(&frames, 1)["result"]["structuredContent"]["count"], 0, "{frames:#?}");
}

#[test]
fn a_version_that_is_not_spoken_is_answered_with_one_that_is_and_a_batch_is_refused() {
    let world = world();
    for (asked, told) in [("2025-03-26", "2024-11-05"), ("2026-07-28", "2025-11-25"), ("2099-01-01", "2025-11-25")] {
        let client =
            json!({"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}});
        let mut input = request(0, "initialize", &client);
        input.extend(frame(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})));
        input.extend(b"[{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"ping\"}]\n");
        input.extend(request(2, "ping", &json!({})));
        let (frames, _) = speak(&world, &input);
        assert_eq!(answer(&frames, 0)["result"]["protocolVersion"], told, "{asked}");
        let refused = frames.iter().find(|f| f["error"]["code"] == -32600).unwrap();
        assert!(refused["error"]["message"].as_str().unwrap().contains("batches are not spoken"), "{frames:#?}");
        assert_eq!(answer(&frames, 2)["result"], json!({}), "{asked}: {frames:#?}");
    }
}

#[test]
fn what_was_asked_before_the_input_ended_is_answered() {
    let world = world();
    let mut input = hello();
    let call = fold();
    input.extend(request(1, "tools/call", &json!({"name": call["call"], "arguments": call["arguments"]})));
    let (frames, run) = speak(&world, &input);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(answer(&frames, 1)["result"]["structuredContent"]["state"], "planned", "{frames:#?}");
    assert!(run.err.contains("Profile    sandbox"), "the owner reads along on standard error: {}", run.all());
}

#[test]
fn a_client_that_says_nothing_or_something_else_is_an_end_and_no_panic() {
    let world = world();
    let (frames, run) = speak(&world, b"");
    assert_eq!((frames.len(), run.code), (0, 0), "{}", run.all());
    let (_, run) = speak(&world, b"GET /mcp HTTP/1.1\nHost: localhost\n\n");
    assert_eq!(run.code, 0, "{}", run.all());
    let (_, run) = speak(&world, &request(1, "tools/list", &json!({})));
    assert!(!run.err.contains("panicked"), "{}", run.all());
    let run = world.run(&["mcp", "--json"]);
    assert_eq!((run.code, run.event("error")["kind"].as_str()), (2, Some("usage")), "{}", run.all());
}
