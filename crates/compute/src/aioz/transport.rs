//! HTTP to the provider: the key, time limits, bounded bodies, and which failures are tried again.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use jiff::Timestamp;
use reqwest::{
    Method, Request, Response, StatusCode,
    header::{HeaderMap, HeaderValue, RETRY_AFTER},
    redirect,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use super::{error::ComputeError, waits::Waits, wire::Answer};
use cassette::{
    Tape,
    format::{Broken, Part},
    line::{Line, http_client},
};
use domain::units;

/// The most that an answer may hold, bytes: a page of 100 tasks is far below.
pub(super) const MAX_BODY: usize = 8 << 20;

/// How long and how often the client tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// To connect.
    pub connect: Duration,
    /// For one whole exchange.
    pub request: Duration,
    /// How often a read is tried again.
    pub retries: usize,
    /// The wait before the first retry; it doubles each time.
    pub first_wait: Duration,
    /// The longest wait, also when the provider asks for more with Retry-After.
    pub longest_wait: Duration,
    /// The most that a provider is given of what it asks for with Retry-After, for one request in all.
    pub asked_in_all: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(30),
            retries: 4,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            asked_in_all: Duration::from_secs(120),
        }
    }
}

/// One exchange that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub error: ComputeError,
    /// Whether a read may be tried again.
    pub again: bool,
    /// Whether the provider may have done what was asked all the same.
    pub doubtful: bool,
    /// What the provider asked to wait.
    pub wait: Option<Duration>,
}

/// The connection to one provider with one key.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    base: Url,
    tape: Tape,
    line: Line,
    patience: Patience,
    waits: Waits,
}

impl Transport {
    pub fn on(tape: &Tape, base: Url, key: &SecretString, patience: Patience) -> Result<Transport, ComputeError> {
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() || base.cannot_be_a_base() {
            return Err(ComputeError::Endpoint(units::clean(base.as_str(), 80)));
        }
        let mut key = HeaderValue::from_str(key.expose_secret().trim()).map_err(|_| ComputeError::Key)?;
        key.set_sensitive(true);
        let client = || {
            http_client()
                .user_agent(concat!("scientific-orchestrator/", env!("CARGO_PKG_VERSION")))
                .default_headers(HeaderMap::from_iter([(reqwest::header::HeaderName::from_static("x-api-key"), key)]))
                .connect_timeout(patience.connect)
                .timeout(patience.request)
                // A redirect would carry the key to wherever it leads.
                .redirect(redirect::Policy::none())
                .build()
        };
        let line = Line::on(tape, Part::Provider, client)
            .map_err(|e| ComputeError::Endpoint(units::clean(&e.to_string(), 80)))?;
        Ok(Transport { base, tape: tape.clone(), line, patience, waits: Waits::default() })
    }

    /// Host and port, for people.
    pub fn host(&self) -> String {
        let port = self.base.port().map(|p| format!(":{p}")).unwrap_or_default();
        format!("{}{port}", self.base.host_str().unwrap_or_default())
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// The same, whose waits these attend.
    pub fn attended(self, waits: Waits) -> Transport {
        Transport { waits, ..self }
    }

    pub fn waits(&self) -> &Waits {
        &self.waits
    }

    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// The URL of an endpoint; each segment is escaped, so that no id can lead elsewhere.
    pub fn at(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    pub fn get(&self, path: &[&str]) -> Request {
        self.request(Method::GET, path)
    }

    pub fn request(&self, method: Method, path: &[&str]) -> Request {
        Request::new(method, self.at(path))
    }

    /// A read: tried again on 429, 500, 502, 503, 504 and broken connections.
    pub async fn read(&self, request: Request) -> Result<Value, ComputeError> {
        self.repeated(request, |failure| failure.again).await.map_err(|failure| failure.error)
    }

    /// What has an effect: tried again only when it was turned away for coming too fast or while the provider is busy, which
    /// has none.
    pub async fn effect(&self, request: Request) -> Result<Value, Failure> {
        let turned_away =
            |failure: &Failure| matches!(failure.error, ComputeError::RateLimited { .. } | ComputeError::Busy(_));
        self.repeated(request, turned_away).await
    }

    async fn repeated(&self, request: Request, again: fn(&Failure) -> bool) -> Result<Value, Failure> {
        let Patience { retries, first_wait, longest_wait, asked_in_all, .. } = self.patience;
        let backoff = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(first_wait)
            .with_max_delay(longest_wait)
            .with_max_times(retries);
        let (mut pauses, mut asked_so_far) = (backoff.build(), Duration::ZERO);
        loop {
            let Some(copy) = request.try_clone() else {
                return Err(Failure::over(ComputeError::Garbage("a request that cannot be repeated".into())));
            };
            let failure = match self.once(copy).await {
                Ok(data) => return Ok(data),
                Err(failure) => failure,
            };
            let asked = failure.wait.unwrap_or_default();
            asked_so_far = asked_so_far.saturating_add(asked);
            let Some(ours) = pauses.next().filter(|_| again(&failure)) else { return Err(failure) };
            if asked > longest_wait || asked_so_far > asked_in_all {
                return Err(failure);
            }
            // What the provider asks for is long; ours are over before they are read.
            if failure.wait.is_some() {
                self.waits.tell(&failure.error, asked);
            }
            // It is honoured when it is more than we would wait ourselves.
            self.waits.sleep(self.tape.sleep(asked.max(ours))).await;
            // A wait that was ended is followed by nothing.
            if self.waits.are_ended() {
                return Err(Failure::over(ComputeError::Stopped));
            }
        }
    }

    /// One exchange, never repeated.
    pub async fn once(&self, request: Request) -> Result<Value, Failure> {
        let response = self.line.send(request).await.map_err(|e| self.broken(&e))?;
        let status = response.status();
        let wait = retry_after(response.headers(), self.tape.clock());
        let body = self.body(response).await;
        if status.is_success() {
            // From here on the provider has done something: what cannot be read leaves that in doubt.
            let body = body?;
            let answer = Answer::read(&body).map_err(|error| Failure { doubtful: true, ..Failure::over(error) })?;
            if answer.succeeded() {
                return Ok(answer.data);
            }
            let failed = answer.status.as_deref() == Some("error");
            let message = answer.message.unwrap_or_else(|| "it says that it failed, and not why".into());
            let error = ComputeError::Refused { status: status.as_u16(), message: message.clone() };
            return Err(match () {
                () if is_busy(&message) => Failure { again: true, wait, ..Failure::over(ComputeError::Busy(message)) },
                // What the envelope calls an error is what others answer 500 for.
                () if failed => Failure {
                    again: true,
                    doubtful: true,
                    wait,
                    ..Failure::over(ComputeError::Broken { status: status.as_u16(), message })
                },
                () => Failure::over(error),
            });
        }
        let answer = body.ok().and_then(|b| Answer::read(&b).ok());
        // Whoever answers so without JSON knows nothing of the request: a web page, another service.
        if answer.is_none() && matches!(status.as_u16(), 400 | 404 | 405 | 406 | 410 | 415) {
            return Err(Failure::over(self.not_the_api(status.as_u16())));
        }
        Err(refusal(status, answer.unwrap_or_default().message, wait))
    }

    pub fn not_the_api(&self, status: u16) -> ComputeError {
        ComputeError::NotTheApi { host: self.host(), status }
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.broken(&e.into()))? {
            if body.len() + chunk.len() > MAX_BODY {
                let why = format!("it is longer than {}", units::bytes(MAX_BODY as u64));
                return Err(Failure { doubtful: true, ..Failure::over(ComputeError::Garbage(why)) });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn broken(&self, broken: &Broken) -> Failure {
        let why = if broken.late { "it took too long".to_owned() } else { units::clean(broken.cause(), 120) };
        Failure {
            error: ComputeError::Unreachable { host: self.host(), why },
            again: true,
            doubtful: !broken.unsent,
            wait: None,
        }
    }
}

impl Failure {
    /// A failure that trying again does not mend, and after which nothing has happened.
    pub fn over(error: ComputeError) -> Failure {
        Failure { error, again: false, doubtful: false, wait: None }
    }
}

/// Whether a refusal says that the same may be asked again later.
fn is_busy(message: &str) -> bool {
    const WORDS: [&str; 7] =
        ["busy", "try again", "try later", "too many requests", "overload", "temporarily", "rate limit"];
    let message = message.to_ascii_lowercase();
    WORDS.iter().any(|word| message.contains(word))
}

fn refusal(status: StatusCode, message: Option<String>, wait: Option<Duration>) -> Failure {
    let code = status.as_u16();
    let message = message.unwrap_or_else(|| status.canonical_reason().unwrap_or("no reason given").to_lowercase());
    match code {
        401 | 403 => Failure::over(ComputeError::Key),
        429 => Failure { again: true, wait, ..Failure::over(ComputeError::RateLimited { retry_after: wait }) },
        500 | 502..=504 => Failure {
            again: true,
            doubtful: true,
            wait,
            ..Failure::over(ComputeError::Broken { status: code, message })
        },
        501 | 505.. => Failure { doubtful: true, ..Failure::over(ComputeError::Broken { status: code, message }) },
        400 if is_busy(&message) => Failure { again: true, wait, ..Failure::over(ComputeError::Busy(message)) },
        _ => Failure::over(ComputeError::Refused { status: code, message }),
    }
}

/// Retry-After, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let then = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(then.duration_since(now)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_lead_to_another_endpoint() {
        let base = "https://host/api/v1/".parse().unwrap();
        let new = |base: Url, key: &str| Transport::on(&Tape::Off, base, &key.into(), Patience::default());
        let transport = new(base, "k").unwrap();
        assert_eq!(transport.at(&["api-key", "task", "a/../b?c#d", "detail"]).as_str(), {
            "https://host/api/v1/api-key/task/a%2F..%2Fb%3Fc%23d/detail"
        });
        for bad in ["ftp://host/", "mailto:x@y"] {
            assert!(new(bad.parse().unwrap(), "k").is_err());
        }
        assert_eq!(new("https://host/".parse().unwrap(), "a\nb").unwrap_err(), ComputeError::Key);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let header = |text: &str| {
            let mut map = HeaderMap::new();
            map.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
            retry_after(&map, Timestamp::now())
        };
        assert_eq!(header("7"), Some(Duration::from_secs(7)));
        assert!(header("Thu, 31 Dec 2099 23:59:59 GMT").unwrap() > Duration::from_secs(3600));
        assert_eq!(header("Sun, 06 Nov 1994 08:49:37 GMT"), None);
        assert_eq!(header("soon"), None);
    }
}
