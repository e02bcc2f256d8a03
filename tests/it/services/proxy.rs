//! A proxy that does harm on its way to a server, and counts what passes.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use tokio::{net::TcpListener, task::AbortHandle};
use url::Url;

/// What the proxy sees of a request.
pub struct Seen<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
}

impl Seen<'_> {
    /// Whether it brings a checksum of what it carries.
    pub fn has_checksum(&self) -> bool {
        let is_one = |name: &str| name.starts_with("x-amz-checksum-") && name != "x-amz-checksum-mode";
        self.headers.keys().any(|name| is_one(name.as_str()))
    }

    /// Whether it brings a part of an upload.
    pub fn is_part(&self) -> bool {
        self.method == Method::PUT && self.uri.query().is_some_and(|q| q.contains("partNumber="))
    }
}

/// What happens to a request.
pub enum Harm {
    /// Passed on as it is.
    None,
    /// One bit of its body is another.
    FlipBit,
    /// Passed on, and what the answer says of checksums is left out.
    Forget,
    /// Both.
    FlipBitAndForget,
    /// Passed on, and white space comes before the answer.
    SpaceFirst,
    /// Answered as done, and not passed on.
    Pretend,
    /// Never answered.
    Hang,
    /// Answered with that status and S3 error code instead.
    Refuse(u16, &'static str),
}

type Plan = dyn Fn(&Seen<'_>) -> Harm + Send + Sync;

struct Way {
    upstream: Url,
    plan: Box<Plan>,
    client: reqwest::Client,
    seen: Mutex<Vec<(Method, String)>>,
    parts: AtomicU32,
}

/// A running proxy; stops when dropped.
pub struct Proxy {
    pub endpoint: Url,
    way: Arc<Way>,
    task: AbortHandle,
}

impl Proxy {
    pub async fn start(upstream: &Url, plan: impl Fn(&Seen<'_>) -> Harm + Send + Sync + 'static) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let way = Arc::new(Way {
            upstream: upstream.clone(),
            plan: Box::new(plan),
            client: cassette::line::http_client().build().unwrap(),
            seen: Mutex::default(),
            parts: AtomicU32::new(0),
        });
        let app = Router::new().fallback(pass).with_state(Arc::clone(&way));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }).abort_handle();
        Proxy { endpoint, way, task }
    }

    /// Requests of that method so far.
    pub fn count(&self, method: &Method) -> usize {
        self.way.seen.lock().unwrap().iter().filter(|(m, _)| m == method).count()
    }

    /// Parts that were passed on and answered.
    pub fn parts(&self) -> u32 {
        self.way.parts.load(Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(State(way): State<Arc<Way>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let seen = Seen { method: &head.method, uri: &head.uri, headers: &head.headers };
    way.seen.lock().unwrap().push((head.method.clone(), head.uri.to_string()));
    let harm = (way.plan)(&seen);
    let is_part = seen.is_part();
    let space = matches!(harm, Harm::SpaceFirst);
    let forget = matches!(harm, Harm::Forget | Harm::FlipBitAndForget);
    let Ok(body) = to_bytes(body, 256 << 20).await else { return StatusCode::BAD_GATEWAY.into_response() };
    let body = match harm {
        Harm::None | Harm::Forget | Harm::SpaceFirst => body,
        Harm::Pretend => return StatusCode::NO_CONTENT.into_response(),
        Harm::Hang => std::future::pending().await,
        Harm::FlipBit | Harm::FlipBitAndForget => {
            let mut damaged = body.to_vec();
            if let Some(last) = damaged.last_mut() {
                *last ^= 1;
            }
            Bytes::from(damaged)
        }
        Harm::Refuse(status, code) => {
            let text =
                format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>by the test</Message></Error>");
            return (StatusCode::from_u16(status).unwrap(), text).into_response();
        }
    };
    let target = way.upstream.join(&head.uri.to_string()).unwrap();
    // The headers pass unchanged, Host among them: it is signed.
    let answer = way.client.request(head.method, target).headers(head.headers).body(body).send().await;
    let Ok(answer) = answer else { return StatusCode::BAD_GATEWAY.into_response() };
    if is_part && answer.status().is_success() {
        way.parts.fetch_add(1, Relaxed);
    }
    let mut response = Response::builder().status(answer.status());
    let headers = response.headers_mut().unwrap();
    headers.extend(answer.headers().clone());
    if forget {
        let told = |name: &HeaderName| name.as_str().starts_with("x-amz-checksum-");
        for name in headers.keys().filter(|name| told(name)).cloned().collect::<Vec<_>>() {
            headers.remove(name);
        }
    }
    if space {
        headers.remove("content-length");
        let spaced = [b"\n   \n".as_slice(), &answer.bytes().await.unwrap()].concat();
        return response.body(Body::from(spaced)).unwrap();
    }
    response.body(Body::from_stream(answer.bytes_stream())).unwrap()
}
