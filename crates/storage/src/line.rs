//! The S3 client's way out: its own transport, wrapped while a run is recorded; a record in its place while one is played.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use aws_sdk_s3::{
    config::{
        AsyncSleep, HttpClient, RuntimeComponents, SharedAsyncSleep, SharedHttpClient, Sleep,
        StalledStreamProtectionConfig,
        http::{HttpRequest, HttpResponse},
        timeout::TimeoutConfig,
    },
    primitives::SdkBody,
};
use aws_smithy_http_client::{
    Builder, ConnectorBuilder,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    result::ConnectorError,
};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use sha2::{Digest as _, Sha256 as Hasher};
use url::Url;

use cassette::{
    Tape,
    format::{Answered, Asked, Body, Broken, Measure, Part},
    line::{Heard, kept, target, too_large},
    play::{Divergence, Player},
    record::Recorder,
};
use domain::hash::Sha256;

/// The client's settings as the tape wants them.
pub fn on_tape(config: aws_sdk_s3::config::Builder, tape: &Tape) -> aws_sdk_s3::config::Builder {
    match tape {
        Tape::Off => config.http_client(own()),
        Tape::Recording(recorder) => config.http_client(Recorded { inner: own(), recorder: Arc::clone(recorder) }),
        // Nothing is waited for, so nothing can be late.
        Tape::Playing(player) => config
            .http_client(Played { player: Arc::clone(player) })
            .sleep_impl(SharedAsyncSleep::new(AtOnce))
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled()),
    }
}

/// The transport over TLS of the one crypto provider that is linked.
fn own() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::Ring));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}

#[derive(Debug)]
struct AtOnce;

impl AsyncSleep for AtOnce {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(tokio::task::yield_now())
    }
}

struct Recorded {
    inner: SharedHttpClient,
    recorder: Arc<Recorder>,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorded")
    }
}

impl HttpClient for Recorded {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Recording { inner, recorder: Arc::clone(&self.recorder) })
    }
}

struct Recording {
    inner: SharedHttpConnector,
    recorder: Arc<Recorder>,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recording")
    }
}

impl HttpConnector for Recording {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(id) = self.recorder.asked(asked(&request)) else { return self.inner.call(request) };
        let (request, sent) = measured(request);
        let (answer, recorder) = (self.inner.call(request), Arc::clone(&self.recorder));
        HttpConnectorFuture::new(async move {
            match answer.await {
                Ok(response) => {
                    let answered = Answered {
                        id,
                        status: Some(response.status().as_u16()),
                        headers: kept(response.headers().iter()),
                        sent: sent.and_then(|sent| sent.result()),
                        ..Answered::default()
                    };
                    let heard = Arc::new(Mutex::new(Heard::new(answered, recorder)));
                    Ok(response.map(|inner| SdkBody::from_body_1_x(Tee { inner, heard: Arc::clone(&heard) })))
                }
                Err(error) => {
                    let broken = Some(broken(&error));
                    recorder.answered(Answered { id, broken, ..Answered::default() });
                    Err(error)
                }
            }
        })
    }
}

fn asked(request: &HttpRequest) -> Asked {
    let body = match request.body().bytes() {
        Some(bytes) => Body::of(bytes),
        None => Body::Stream { bytes: request.body().content_length().unwrap_or(0) },
    };
    let url = Url::parse(request.uri()).map_or_else(|_| String::new(), |url| target(Part::Storage, &url));
    Asked {
        id: 0,
        part: Part::Storage,
        method: request.method().to_owned(),
        target: url,
        headers: kept(request.headers().iter()),
        body,
    }
}

fn broken(error: &ConnectorError) -> Broken {
    let chain = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    let causes = chain.map(ToString::to_string).collect();
    // The kinds that the client's own rules of retrying tell apart.
    Broken { unsent: error.is_io(), late: error.is_timeout(), causes }
}

fn error_of(broken: Broken) -> ConnectorError {
    match (broken.late, broken.unsent) {
        (true, _) => ConnectorError::timeout(broken.into()),
        (false, true) => ConnectorError::io(broken.into()),
        (false, false) => ConnectorError::other(broken.into(), None),
    }
}

/// What went out as a stream, measured on its way.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<(u64, Hasher)>>);

impl Sent {
    fn hear(&self, bytes: &[u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += bytes.len() as u64;
        state.1.update(bytes);
    }

    fn result(&self) -> Option<Measure> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Measure { bytes: state.0, sha256: Sha256(state.1.clone().finalize().into()) })
    }
}

/// The request, whose body is measured as it goes out where it is a stream.
fn measured(request: HttpRequest) -> (HttpRequest, Option<Sent>) {
    if request.body().bytes().is_some() {
        return (request, None);
    }
    let sent = Sent::default();
    let measure = sent.clone();
    (request.map(|inner| SdkBody::from_body_1_x(Measured { inner, sent: measure.clone() })), Some(sent))
}

struct Measured {
    inner: SdkBody,
    sent: Sent,
}

impl HttpBody for Measured {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Box<dyn std::error::Error + Send + Sync>>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(bytes) = frame.data_ref()
        {
            self.sent.hear(bytes);
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.inner)
    }

    fn is_end_stream(&self) -> bool {
        HttpBody::is_end_stream(&self.inner)
    }
}

struct Tee {
    inner: SdkBody,
    /// Shared, as bodies of this client must be `Sync`.
    heard: Arc<Mutex<Heard>>,
}

impl HttpBody for Tee {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Box<dyn std::error::Error + Send + Sync>>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match &frame {
            Some(Ok(frame)) => {
                if let Some(bytes) = frame.data_ref() {
                    heard.hear(bytes);
                }
            }
            Some(Err(error)) => {
                heard.broke(Broken { unsent: false, late: false, causes: vec![error.to_string()] });
            }
            None => {}
        }
        drop(heard);
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.inner)
    }

    fn is_end_stream(&self) -> bool {
        HttpBody::is_end_stream(&self.inner)
    }
}

#[derive(Clone)]
struct Played {
    player: Arc<Player>,
}

impl fmt::Debug for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Played")
    }
}

impl HttpClient for Played {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Played {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let player = Arc::clone(&self.player);
        HttpConnectorFuture::new(async move {
            let asked = asked(&request);
            let (method, target) = (asked.method.clone(), asked.target.clone());
            let answered = player.answer(asked).await;
            let (request, sent) = measured(request);
            if let Some(sent) = sent {
                // What would go out is read to its end, as a server would, and compared with what went out.
                let gone = drain(request.into_body()).await;
                let here = sent.result();
                if answered.sent.is_some() && gone.is_ok() && here != answered.sent {
                    player.diverge(other_content(&method, &target, here, answered.sent));
                    return std::future::pending().await;
                }
            }
            let Some(status) = answered.status else {
                return Err(error_of(answered.broken.unwrap_or_default()));
            };
            let Some(bytes) = answered.body.bytes() else {
                player.diverge(too_large(Part::Storage, &answered.body));
                return std::future::pending().await;
            };
            let status = status.try_into().map_err(|e| ConnectorError::other(Box::new(e), None))?;
            let mut response = HttpResponse::new(status, SdkBody::from(bytes));
            for (name, value) in answered.headers {
                let kept = response.headers_mut().try_insert(name, value);
                kept.map_err(|e| ConnectorError::other(Box::new(e), None))?;
            }
            Ok(response)
        })
    }
}

async fn drain(mut body: SdkBody) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        frame?;
    }
    Ok(())
}

fn other_content(method: &str, target: &str, here: Option<Measure>, there: Option<Measure>) -> Divergence {
    let shown =
        |m: Option<Measure>| m.map_or("nothing".to_owned(), |m| format!("{} bytes, SHA-256 {}", m.bytes, m.sha256));
    Divergence {
        did: format!("the run sends storage other content: {method} {target}, {}", shown(here)),
        expected: shown(there),
    }
}
