//! HTTP requests to one part of the world outside: sent and recorded, or answered from a record.

use std::{
    collections::BTreeMap,
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use reqwest::{
    Client, ClientBuilder, Request, Response, ResponseBuilderExt as _,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use sha2::{Digest as _, Sha256 as Hasher};
use url::Url;

use super::{
    Tape,
    format::{Answered, Asked, Body, Broken, MAX_KEPT, Measure, Part},
    play::{Divergence, Player},
    record::Recorder,
};
use domain::hash::Sha256;

/// Headers that are written down: what is not named here may hold a key.
const HEADERS: [&str; 16] = [
    "accept-ranges",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "idempotency-key",
    "if-range",
    "last-modified",
    "location",
    "range",
    "retry-after",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-type",
    "x-amz-meta-sha256",
    "x-amz-request-id",
];

/// The way to one part of the world outside.
#[derive(Clone)]
pub struct Line {
    part: Part,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Out(Client),
    Recorded(Client, Arc<Recorder>),
    /// No client is made at all.
    Record(Arc<Player>),
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.part)
    }
}

impl Line {
    /// The way to `part` of a run on this tape. `client` makes what goes out; it is not called while a record is played.
    ///
    /// # Errors
    /// The client's.
    pub fn on(tape: &Tape, part: Part, client: impl FnOnce() -> reqwest::Result<Client>) -> reqwest::Result<Line> {
        let way = match tape {
            Tape::Off => Way::Out(client()?),
            Tape::Recording(recorder) => Way::Recorded(client()?, Arc::clone(recorder)),
            Tape::Playing(player) => Way::Record(Arc::clone(player)),
        };
        Ok(Line { part, way })
    }

    /// Sends a request; gives its answer, whose body is still to be read.
    ///
    /// # Errors
    /// No answer.
    pub async fn send(&self, request: Request) -> Result<Response, Broken> {
        match &self.way {
            Way::Out(client) => Ok(client.execute(request).await?),
            Way::Recorded(client, recorder) => {
                let asked = asked(self.part, &request);
                let Some(id) = recorder.asked(asked) else { return Ok(client.execute(request).await?) };
                match client.execute(request).await {
                    Ok(response) => Ok(recorded(response, id, Arc::clone(recorder))),
                    Err(error) => {
                        let broken = Broken::from(error);
                        recorder.answered(Answered { id, broken: Some(broken.clone()), ..Answered::default() });
                        Err(broken)
                    }
                }
            }
            Way::Record(player) => {
                let url = request.url().clone();
                let answered = player.answer(asked(self.part, &request)).await;
                match (&answered.status, &answered.broken) {
                    (None, broken) => Err(broken.clone().unwrap_or_default()),
                    (Some(status), _) => match played(*status, &answered, url) {
                        Some(response) => Ok(response),
                        None => {
                            player.diverge(too_large(self.part, &answered.body));
                            std::future::pending().await
                        }
                    },
                }
            }
        }
    }
}

/// What every HTTP client of the program begins as: its TLS is *ring*, the one crypto provider that is linked in.
pub fn http_client() -> ClientBuilder {
    // An error means that the process has a provider already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // What is fetched is counted and hashed as it lies at its place.
    Client::builder().no_gzip()
}

/// Makes `value` the body of a request, as JSON.
pub fn set_json(request: &mut Request, value: &serde_json::Value) {
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(value.to_string().into());
}

/// An address as it is recorded: without a user, and of a chain's nodes host and port alone, as the path may be a key.
pub fn target(part: Part, url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for addresses that cannot have a user.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if part == Part::Chain {
        url.set_path("/");
        url.set_query(None);
    }
    url.set_fragment(None);
    url.into()
}

/// The headers that are written down.
pub fn kept<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    let named = headers.into_iter().filter(|(name, _)| HEADERS.contains(name));
    named.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn kept_of(headers: &HeaderMap) -> BTreeMap<String, String> {
    kept(headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))))
}

fn asked(part: Part, request: &Request) -> Asked {
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    Asked {
        id: 0,
        part,
        method: request.method().to_string(),
        target: target(part, request.url()),
        headers: kept_of(request.headers()),
        body: Body::of(body),
    }
}

/// What is said of an answer whose content the record does not hold.
pub fn too_large(part: Part, body: &Body) -> Divergence {
    Divergence {
        did: format!("the run reads an answer of {part} that was too large to be kept: {}", body.shown()),
        expected: "its length and hash alone; the run can be shown from here on, and not played".to_owned(),
    }
}

/// A recorded answer as a response. `None` when its content was not kept.
fn played(status: u16, answered: &Answered, url: Url) -> Option<Response> {
    let bytes = answered.body.bytes()?;
    let exact = answered.headers.get("content-length").and_then(|n| n.parse().ok());
    let body = Played { bytes: Some(bytes.into()), exact, broken: answered.broken.clone() };
    let mut builder = http::Response::builder().status(status).url(url);
    for (name, value) in &answered.headers {
        builder = builder.header(name, value);
    }
    builder.body(reqwest::Body::wrap(body)).ok().map(Response::from)
}

/// The same response, whose body is written down as it is read.
fn recorded(response: Response, id: u64, recorder: Arc<Recorder>) -> Response {
    let (status, url) = (response.status(), response.url().clone());
    let (headers, version) = (response.headers().clone(), response.version());
    let answered = Answered { id, status: Some(status.as_u16()), headers: kept_of(&headers), ..Answered::default() };
    let heard = Heard::new(answered, recorder);
    let body = reqwest::Body::wrap(Tee { inner: reqwest::Body::from(response), heard });
    // All of its parts come from a response: they make one again.
    let mut rebuilt = http::Response::builder().status(status).version(version).url(url).body(body).unwrap_or_default();
    *rebuilt.headers_mut() = headers;
    rebuilt.into()
}

/// What is heard of an answer while it is read; written down once that ends, however it ends.
pub struct Heard {
    answered: Option<Answered>,
    bytes: Vec<u8>,
    count: u64,
    sha: Hasher,
    recorder: Arc<Recorder>,
}

impl Heard {
    /// Nothing is heard yet.
    pub fn new(answered: Answered, recorder: Arc<Recorder>) -> Heard {
        Heard { answered: Some(answered), bytes: Vec::new(), count: 0, sha: Hasher::new(), recorder }
    }

    /// Hears more of the body.
    pub fn hear(&mut self, bytes: &[u8]) {
        self.count += bytes.len() as u64;
        self.sha.update(bytes);
        if self.count <= MAX_KEPT as u64 {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Hears that the body broke off.
    pub fn broke(&mut self, broken: Broken) {
        if let Some(answered) = &mut self.answered {
            answered.broken = Some(broken);
        }
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        let Some(mut answered) = self.answered.take() else { return };
        answered.body = if self.count <= MAX_KEPT as u64 {
            Body::of(&self.bytes)
        } else {
            Body::Omitted(Measure { bytes: self.count, sha256: Sha256(self.sha.finalize_reset().into()) })
        };
        self.recorder.answered(answered);
    }
}

struct Tee {
    inner: reqwest::Body,
    heard: Heard,
}

impl HttpBody for Tee {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(bytes) = frame.data_ref() {
                    self.heard.hear(bytes);
                }
            }
            Some(Err(error)) => {
                let broken = Broken { unsent: false, late: error.is_timeout(), causes: causes(error) };
                self.heard.broke(broken);
            }
            None => {}
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}

fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let chain = std::iter::successors(error.source(), |e| e.source());
    chain.map(ToString::to_string).collect()
}

/// The body of a recorded answer: what came, and how it broke off where it did.
struct Played {
    bytes: Option<Bytes>,
    exact: Option<u64>,
    broken: Option<Broken>,
}

impl HttpBody for Played {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(bytes) = self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        Poll::Ready(self.broken.take().map(|broken| {
            let kind = if broken.late { io::ErrorKind::TimedOut } else { io::ErrorKind::ConnectionReset };
            Err(io::Error::new(kind, broken))
        }))
    }

    fn size_hint(&self) -> SizeHint {
        match self.exact {
            Some(exact) => SizeHint::with_exact(exact),
            None => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests;
