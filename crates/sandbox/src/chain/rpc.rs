//! The JSON-RPC of the sandbox's chain over HTTP.

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

use super::{Chain, Faults, answers, refusal::Refusal};

/// A request's body has at most this many bytes.
const MAX_BODY: usize = 1024 * 1024;
/// A batch has at most this many requests.
const MAX_BATCH: usize = 100;

/// The chain's routes.
pub fn router(chain: Chain) -> Router {
    Router::new().route("/", post(handle)).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(chain)
}

async fn handle(State(chain): State<Chain>, body: Bytes) -> Response {
    // SQLite blocks, so it gets a thread of its own.
    let done = tokio::task::spawn_blocking(move || respond(&chain, &body)).await;
    match done {
        Ok(Some(answer)) => axum::Json(answer).into_response(),
        // A lost reply: whoever asked cannot know what happened.
        Ok(None) => StatusCode::BAD_GATEWAY.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn respond(chain: &Chain, body: &[u8]) -> Option<Value> {
    match serde_json::from_slice(body) {
        Ok(Value::Array(batch)) if batch.len() <= MAX_BATCH => {
            batch.iter().map(|request| one(chain, request)).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        Ok(Value::Array(_)) => Some(envelope(&Value::Null, Err(Refusal::request("the batch is too large")))),
        Ok(request) => one(chain, &request),
        Err(error) => Some(envelope(&Value::Null, Err(Refusal::parse(error.to_string())))),
    }
}

fn one(chain: &Chain, request: &Value) -> Option<Value> {
    let id = request.get("id").unwrap_or(&Value::Null);
    let method = request.get("method").and_then(Value::as_str);
    let (Some("2.0"), Some(method)) = (request.get("jsonrpc").and_then(Value::as_str), method) else {
        return Some(envelope(id, Err(Refusal::params("this is no JSON-RPC 2.0 request"))));
    };
    let none = Vec::new();
    let params = request.get("params").and_then(Value::as_array).unwrap_or(&none);
    let sending = method == "sendrawtransaction";
    if sending && Faults::strikes(&chain.faults().lost_transactions) {
        return Some(envelope(id, answers::pretend_to_take(params)));
    }
    let result = answers::answer(chain, method, params);
    if sending && Faults::strikes(&chain.faults().lost_replies) {
        return None;
    }
    Some(envelope(id, result))
}

fn envelope(id: &Value, result: Result<Value, Refusal>) -> Value {
    match result {
        Ok(result) => json!({"id": id, "jsonrpc": "2.0", "result": result}),
        Err(refusal) => json!({"id": id, "jsonrpc": "2.0", "error": refusal.json()}),
    }
}
