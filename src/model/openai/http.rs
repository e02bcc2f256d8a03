//! The service beneath the client library: typed errors, bounded bodies, an idle timeout, no hidden retries.

use std::time::Duration;

use async_openai::{config::Config, error::OpenAIError, middleware::HttpRequestFactory};
use futures::StreamExt as _;
use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    Body, Response,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{
    body::{Ended, MAX_BODY, watched},
    failure::{cut, error_of, unreachable, unread_call},
};
use crate::model::ModelError;
use cassette::line::http_client;
use guard::config::Endpoint;

/// How much of an error page is read.
const MAX_ERROR_BODY: usize = 16 * 1024;
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
    let mut builder = http_client().connect_timeout(CONNECT_TIMEOUT).redirect(reqwest::redirect::Policy::none());
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
        let status = response.status();
        let kind = header(&response, CONTENT_TYPE).to_ascii_lowercase();
        if !status.is_success() {
            let retry_after = retry_after(response.headers(), Timestamp::now());
            let body = self.read(response, MAX_ERROR_BODY).await.unwrap_or_default();
            // The stream itself reports this one, and the answer may be in it.
            return match unread_call(&serde_json::from_slice(&body).unwrap_or_default()) {
                Some(_) => Ok(self.one_event(&body)),
                None => Err(error_of(status, &body, retry_after, &self.endpoint)),
            };
        }
        if kind.starts_with("text/html") {
            return Err(ModelError::Garbage { what: format!("a web page; is {} the right address?", self.url) });
        }
        if kind.starts_with("application/json") {
            // A server that does not stream: its whole answer becomes one event.
            let body = self.read(response, MAX_BODY).await?;
            return Ok(self.one_event(&body));
        }
        Ok(self.bounded(response))
    }

    /// A body that is JSON, as a stream of one event and its end.
    fn one_event(&self, body: &[u8]) -> Response {
        let one_line = String::from_utf8_lossy(body).replace(['\n', '\r'], " ");
        self.ended.mark();
        ::http::Response::new(Body::from(format!("data: {one_line}\n\ndata: [DONE]\n\n"))).into()
    }

    /// At most `limit` bytes of a body.
    async fn read(&self, response: Response, limit: usize) -> Result<Vec<u8>, ModelError> {
        let mut stream = response.bytes_stream();
        let mut body = Vec::new();
        loop {
            let next = tokio::time::timeout(self.idle, stream.next()).await;
            match next.map_err(|_| ModelError::Stalled { after: self.idle })? {
                Some(Ok(bytes)) => body.extend_from_slice(&bytes),
                Some(Err(error)) => return Err(cut(&error)),
                None => return Ok(body),
            }
            if body.len() >= limit {
                body.truncate(limit);
                return Ok(body);
            }
        }
    }

    /// The response with a body that ends at the size limit, when nothing comes, and says why it ended.
    fn bounded(&self, response: Response) -> Response {
        let stream = watched(response.bytes_stream(), self.idle, self.ended.clone());
        ::http::Response::new(Body::wrap_stream(stream)).into()
    }
}

/// When to ask again, as the server says: `retry-after-ms`, or `Retry-After` as seconds or as a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    if let Some(wait) = text("retry-after-ms").and_then(|ms| ms.parse().ok()) {
        return Some(Duration::from_millis(wait));
    }
    let said = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = said.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(said).ok()?;
    // A date that has passed: at once.
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

fn header(response: &Response, name: reqwest::header::HeaderName) -> String {
    response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_ask_again_is_seconds_or_a_date() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let wait = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(wait("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("retry-after", "Sun, 01 Mar 2026 12:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("retry-after", "Sun, 01 Mar 2026 11:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        for nothing in ["soon", "-3", "", "Sun, 99 Mar 2026 12:00:30 GMT"] {
            assert_eq!(wait("retry-after", nothing), None, "{nothing}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
