//! One Neo node's JSON-RPC: one request, one bounded answer, or a precise error.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use reqwest::{Method, Request, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

use cassette::{
    Tape,
    format::{Broken, Part},
    line::{Line, http_client, set_json},
    scrub::known::without_known,
};
use domain::bounded::{self, Bounds};
use kill_point::reached_in;

/// An answer is never read further than this, bytes. A transfer's application log has about 700.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// The same in its values: an application log of many notifications has some thousands.
const BOUNDS: Bounds = Bounds { bytes: MAX_ANSWER as u64, depth: 64, values: 100_000 };
/// Reaching the node.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The whole of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// What is kept of a text that a node sent, characters.
const MAX_TEXT: usize = 200;

/// Why a node gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum RpcError {
    /// Not reached, cut off, or too slow.
    #[error("{node} did not answer {method}: {why}")]
    Unreachable {
        /// The node's host and port.
        node: String,
        /// The request.
        method: &'static str,
        /// Why.
        why: String,
    },
    /// An answer that is not what the protocol says.
    #[error("{node} answered {method} with something unexpected: {why}")]
    Malformed {
        /// The node's host and port.
        node: String,
        /// The request.
        method: &'static str,
        /// Why.
        why: String,
    },
    /// The node's own error.
    #[error("{node} refused {method}: {message} ({code})")]
    Refused {
        /// The node's host and port.
        node: String,
        /// The request.
        method: &'static str,
        /// Neo's code.
        code: i64,
        /// The node's words, cleaned and cut.
        message: String,
    },
}

impl RpcError {
    /// Neo's code, where the node itself refused.
    pub fn code(&self) -> Option<i64> {
        match self {
            RpcError::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

/// A node to ask. Its shown name is host and port only, as a URL's path may hold an access key.
#[derive(Debug)]
pub struct Node {
    line: Line,
    url: Url,
    name: String,
    next_id: AtomicU64,
}

#[derive(Deserialize)]
struct Envelope {
    id: Value,
    result: Option<Value>,
    error: Option<ErrorObject>,
}

#[derive(Deserialize)]
struct ErrorObject {
    code: i64,
    #[serde(default)]
    message: String,
    data: Option<Value>,
}

impl Node {
    /// A client of the node at `url`, for a run on this tape.
    ///
    /// # Errors
    /// A URL that is not http or https, or a client that cannot be made; the text says which.
    pub fn on(tape: &Tape, url: Url) -> Result<Node, String> {
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err("a node's URL begins with http:// or https:// and names a host".to_owned());
        }
        let client = || {
            let builder =
                http_client().connect_timeout(CONNECT_TIMEOUT).timeout(REQUEST_TIMEOUT).redirect(Policy::none());
            if is_loopback(&url) { builder.no_proxy().build() } else { builder.build() }
        };
        let line = Line::on(tape, Part::Chain, client).map_err(|e| e.to_string())?;
        let host = url.host_str().unwrap_or_default();
        let name = url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Node { line, url, name, next_id: AtomicU64::new(1) })
    }

    /// Host and port.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks, and reads the result as `T`.
    ///
    /// # Errors
    /// As [`RpcError`] says.
    pub async fn call<T: DeserializeOwned>(&self, method: &'static str, params: Value) -> Result<T, RpcError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let unreachable = |e: Broken| RpcError::Unreachable { node: self.name.clone(), method, why: plain(&e) };
        let mut request = Request::new(Method::POST, self.url.clone());
        set_json(&mut request, &body);
        reached_in("rpc", method, "asked");
        tracing::trace!(node = self.name, method, "asked");
        let mut response = self.line.send(request).await.map_err(unreachable)?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or("somewhere else");
            let why = format!("it redirects to {to}: name that address in NEO_RPC_URL, if it is the node's");
            return Err(self.malformed(method, why));
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| unreachable(e.into()))? {
            if answer.len() + chunk.len() > MAX_ANSWER {
                return Err(self.malformed(method, format!("more than {MAX_ANSWER} bytes")));
            }
            answer.extend_from_slice(&chunk);
        }
        reached_in("rpc", method, "answered");
        tracing::trace!(node = self.name, method, %status, bytes = answer.len(), "answered");
        let envelope: Envelope = bounded::from_slice(&answer, BOUNDS)
            .map_err(|e| self.malformed(method, format!("status {status}, no JSON-RPC: {e}")))?;
        if let Some(error) = envelope.error {
            let detail = error.data.as_ref().and_then(Value::as_str).unwrap_or_default();
            let message = [error.message.as_str(), detail].join(" ");
            let message = clean(message.trim());
            return Err(RpcError::Refused { node: self.name.clone(), method, code: error.code, message });
        }
        if envelope.id != json!(id) {
            return Err(self.malformed(method, "the id is another request's".to_owned()));
        }
        let result = envelope.result.ok_or_else(|| self.malformed(method, "neither result nor error".to_owned()))?;
        serde_json::from_value(result).map_err(|e| self.malformed(method, e.to_string()))
    }

    /// An answer that is not what it should be.
    pub fn malformed(&self, method: &'static str, why: String) -> RpcError {
        RpcError::Malformed { node: self.name.clone(), method, why: clean(&why) }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The error and its causes in one line.
fn plain(broken: &Broken) -> String {
    if broken.late {
        return format!("no answer within {} s", REQUEST_TIMEOUT.as_secs());
    }
    clean(&broken.to_string())
}

/// A text from outside: no secret of ours, no control characters, cut to a length that fits a line.
pub fn clean(text: &str) -> String {
    without_known(text).chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_TEXT).collect()
}
