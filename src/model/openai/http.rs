//! The service beneath the client library: typed errors, bounded bodies, an idle timeout, no hidden retries.

use std::{io, time::Duration};

use async_openai::{config::Config, error::OpenAIError, middleware::HttpRequestFactory};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream::BoxStream};
use jiff::Timestamp;
use reqwest::{
    Body, Response,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use tokio::time::Instant;
use url::Url;

use super::{
    AFTER_END, AT_MOST, SILENT_FOR,
    body::{BOM, Ended, MAX_BODY, watched},
    failure::{cut, error_of, unreachable, unread_call},
    lenient, waits,
};
use crate::model::ModelError;
use cassette::line::http_client;
use domain::bounded;
use guard::config::Endpoint;

/// How much of an error page is read.
const MAX_ERROR_BODY: usize = 16 * 1024;
/// A body in pieces.
type Pieces = BoxStream<'static, reqwest::Result<Bytes>>;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// An endpoint's address with its key. Unlike the library's own configuration it never reads the environment.
#[derive(Clone)]
pub(super) struct Address {
    base: String,
    headers: HeaderMap,
    /// The library's trait wants one; the header above is what is sent.
    no_key: SecretString,
}

impl Address {
    pub(super) fn new(endpoint: &Endpoint) -> Result<Address, ModelError> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &endpoint.api_key {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret().trim())).map_err(|_| {
                ModelError::Settings {
                    why: format!("{} holds characters that no HTTP header can carry", endpoint.key.name()),
                    hint: "copy the key again, without line breaks".to_owned(),
                }
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Address {
            base: endpoint.base_url.as_str().trim_end_matches('/').to_owned(),
            headers,
            no_key: SecretString::from(String::new()),
        })
    }

    /// The address without anything secret in it.
    pub(super) fn shown(&self) -> String {
        match Url::parse(&self.base) {
            Ok(mut url) => {
                // Both fail only for addresses that have no host.
                let _ = url.set_password(None);
                let _ = url.set_username("");
                url.set_query(None);
                url.to_string()
            }
            Err(_) => String::new(),
        }
    }
}

impl Config for Address {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
    fn api_base(&self) -> &str {
        &self.base
    }
    fn api_key(&self) -> &SecretString {
        &self.no_key
    }
}

/// An HTTP client for `base`: no redirects, as a request body is not to be sent elsewhere; no proxy for this machine.
pub(super) fn client(base: &Url) -> Result<reqwest::Client, ModelError> {
    // Nothing here is hashed or counted as it lies on the wire, so that it may be compressed.
    let mut builder =
        http_client().gzip(true).connect_timeout(CONNECT_TIMEOUT).redirect(reqwest::redirect::Policy::none());
    let here = match base.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if here {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|e| ModelError::Settings {
        why: format!("no HTTP client can be made: {e}"),
        hint: "check the system's certificates".to_owned(),
    })
}

/// Carries one request out.
#[derive(Clone)]
pub(super) struct Transport {
    pub(super) http: reqwest::Client,
    pub(super) url: String,
    pub(super) endpoint: Endpoint,
    pub(super) idle: Duration,
    pub(super) ended: Ended,
}

impl Transport {
    /// As the service that the client library runs its requests through.
    pub(super) fn service(
        self,
    ) -> impl tower::Service<
        HttpRequestFactory,
        Response = Response,
        Error = OpenAIError,
        Future = impl Future<Output = Result<Response, OpenAIError>> + Send + 'static,
    > + Clone
    + Send
    + Sync
    + 'static {
        tower::service_fn(move |factory: HttpRequestFactory| {
            let transport = self.clone();
            async move {
                let request = factory.build().await?;
                transport.send(request).await.map_err(|error| OpenAIError::Boxed(Box::new(error)))
            }
        })
    }

    async fn send(&self, request: reqwest::Request) -> Result<Response, ModelError> {
        let response = tokio::time::timeout(self.idle, self.http.execute(request))
            .await
            .map_err(|_| ModelError::Stalled { after: self.idle })?
            .map_err(|e| unreachable(&self.url, &e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let stream = response.bytes_stream().boxed();
        if !status.is_success() {
            let body = self.read(Vec::new(), stream, MAX_ERROR_BODY).await.unwrap_or_default();
            // The stream itself reports this one, and the answer may be in it.
            return match unread_call(&serde_json::from_slice(&body).unwrap_or_default()) {
                Some(_) => Ok(self.events_of(&body)),
                None => {
                    let wait = waits::retry_after(&headers, &body, Timestamp::now());
                    Err(error_of(status, &body, wait, &self.endpoint))
                }
            };
        }
        // What a body is stands in it, whatever its label says.
        let (begin, rest) = self.begin(stream).await?;
        match begin.trim_ascii_start().first() {
            Some(b'<') => Err(ModelError::Garbage { what: format!("a web page; is {} the right address?", self.url) }),
            // A server that does not stream.
            Some(b'{' | b'[') => Ok(self.events_of(&self.read(begin, rest, MAX_BODY).await?)),
            _ => Ok(self.bounded(futures::stream::iter([Ok(Bytes::from(begin))]).chain(rest))),
        }
    }

    /// Reads a body until something visible is in it.
    async fn begin(&self, mut stream: Pieces) -> Result<(Vec<u8>, Pieces), ModelError> {
        let until = Instant::now() + self.idle.saturating_mul(SILENT_FOR);
        let (mut begin, mut seen) = (Vec::new(), 0);
        loop {
            let next = tokio::time::timeout_at(until.min(Instant::now() + self.idle), stream.next()).await;
            match next.map_err(|_| ModelError::Stalled { after: self.idle })? {
                Some(Ok(bytes)) => {
                    seen += bytes.len();
                    begin.extend_from_slice(&bytes);
                }
                Some(Err(error)) => return Err(cut(&error)),
                None => return Ok((begin, stream)),
            }
            if seen > MAX_BODY {
                return Err(ModelError::Garbage { what: "an answer of more than 16 MB".to_owned() });
            }
            // What says nothing is not kept: it would be gone through again with each piece.
            let mut visible = begin.as_slice();
            while let Some(behind) = visible.strip_prefix(BOM) {
                visible = behind;
            }
            visible = visible.trim_ascii_start();
            begin.drain(..begin.len() - visible.len());
            if !BOM.starts_with(&begin) {
                return Ok((begin, stream));
            }
        }
    }

    /// A body that is JSON, as a stream of an event for each value in it.
    fn events_of(&self, body: &[u8]) -> Response {
        self.ended.mark();
        let text = String::from_utf8_lossy(body);
        if let Err(excess) = bounded::count(text.as_bytes(), lenient::BOUNDS) {
            let reason = ModelError::Garbage { what: excess.to_string() };
            let failed = io::Error::other(reason.to_string());
            self.ended.fail(reason);
            return ::http::Response::new(Body::wrap_stream(futures::stream::iter([Err::<Bytes, _>(failed)]))).into();
        }
        // Raw line breaks stand between the parts of JSON alone.
        let event = |json: &str| format!("data: {}\n\n", json.replace(['\n', '\r'], " "));
        let values = serde_json::Deserializer::from_str(&text).into_iter::<Box<RawValue>>();
        let mut events: Vec<String> = match values.collect::<Result<Vec<_>, _>>() {
            Ok(values) => values.iter().flat_map(|value| each(value)).map(|json| event(&json)).collect(),
            Err(_) => vec![event(&text)],
        };
        events.push("data: [DONE]\n\n".to_owned());
        // An event at a time: see `watched`.
        let events = events.into_iter().map(Ok::<_, io::Error>);
        ::http::Response::new(Body::wrap_stream(futures::stream::iter(events))).into()
    }

    /// At most `limit` bytes of a body that began so. JSON ends with its last bracket, were the line held open behind it.
    async fn read(&self, mut body: Vec<u8>, mut stream: Pieces, limit: usize) -> Result<Vec<u8>, ModelError> {
        let is_whole = |body: &[u8]| serde_json::from_slice::<IgnoredAny>(body).is_ok();
        let patience = self.idle.saturating_mul(AT_MOST);
        let total = Instant::now() + patience;
        loop {
            if body.len() >= limit {
                body.truncate(limit);
                return Ok(body);
            }
            if Instant::now() >= total {
                return if is_whole(&body) { Ok(body) } else { Err(ModelError::Stalled { after: patience }) };
            }
            let next = match tokio::time::timeout(AFTER_END.min(self.idle), stream.next()).await {
                Ok(next) => next,
                Err(_) if is_whole(&body) => return Ok(body),
                Err(_) => tokio::time::timeout(self.idle, stream.next())
                    .await
                    .map_err(|_| ModelError::Stalled { after: self.idle })?,
            };
            match next {
                Some(Ok(bytes)) => body.extend_from_slice(&bytes),
                Some(Err(error)) => return Err(cut(&error)),
                None => return Ok(body),
            }
        }
    }

    /// The response with a body that ends at the size limit, when nothing comes, and says why it ended.
    fn bounded(&self, body: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static) -> Response {
        let stream = watched(body, self.idle, self.ended.clone());
        ::http::Response::new(Body::wrap_stream(stream)).into()
    }
}

/// The values of a body: a list is one for each of its own.
fn each(value: &RawValue) -> Vec<String> {
    let list: Option<Vec<&RawValue>> = serde_json::from_str(value.get()).ok();
    list.map_or_else(|| vec![value.get().to_owned()], |list| list.iter().map(|one| one.get().to_owned()).collect())
}
