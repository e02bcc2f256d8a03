//! A gateway before a provider that changes what it answers, as providers and what lies before them were seen to do.

use std::sync::Arc;

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use tokio::{net::TcpListener, task::AbortHandle};
use url::Url;

/// One exchange: what was asked, and what the provider answers.
pub struct Exchange {
    pub method: Method,
    pub path: String,
    pub status: u16,
    /// What is told of when to ask again, seconds.
    pub retry_after: Option<u64>,
    pub answer: Value,
}

impl Exchange {
    /// Whether a task was asked for.
    pub fn is_detail(&self) -> bool {
        self.method == Method::GET && self.path.ends_with("/detail")
    }

    /// Whether a payment was announced.
    pub fn is_announcement(&self) -> bool {
        self.method == Method::POST && self.path.ends_with("/payment")
    }

    /// Where the task stands.
    pub fn task_status(&self) -> &str {
        self.answer["data"]["status"].as_str().unwrap_or_default()
    }
}

type Meddle = dyn Fn(&mut Exchange) + Send + Sync;

struct Way {
    upstream: Url,
    meddle: Box<Meddle>,
    client: reqwest::Client,
}

/// A running gateway; stops when dropped.
pub struct Meddler {
    pub endpoint: String,
    task: AbortHandle,
}

impl Meddler {
    /// Before the provider at `upstream`.
    pub async fn start(upstream: &str, meddle: impl Fn(&mut Exchange) + Send + Sync + 'static) -> Meddler {
        let upstream = Url::parse(upstream).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}{}", listener.local_addr().unwrap(), upstream.path());
        let client = cassette::line::http_client().build().unwrap();
        let way = Arc::new(Way { upstream, meddle: Box::new(meddle), client });
        let app = Router::new().fallback(pass).with_state(way);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }).abort_handle();
        Meddler { endpoint, task }
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(State(way): State<Arc<Way>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, 1 << 20).await else { return StatusCode::BAD_GATEWAY.into_response() };
    let target = way.upstream.join(&head.uri.to_string()).unwrap();
    let mut headers = head.headers.clone();
    headers.remove(header::HOST);
    let answer = way.client.request(head.method.clone(), target).headers(headers).body(body).send().await;
    let Ok(answer) = answer else { return StatusCode::BAD_GATEWAY.into_response() };
    let status = answer.status().as_u16();
    let bytes: Bytes = answer.bytes().await.unwrap_or_default();
    let Ok(answer) = serde_json::from_slice(&bytes) else {
        return (StatusCode::from_u16(status).unwrap(), bytes).into_response();
    };
    let mut exchange =
        Exchange { method: head.method, path: head.uri.path().to_owned(), status, retry_after: None, answer };
    (way.meddle)(&mut exchange);
    let status = StatusCode::from_u16(exchange.status).unwrap();
    let mut response =
        (status, [(header::CONTENT_TYPE, "application/json")], exchange.answer.to_string()).into_response();
    if let Some(seconds) = exchange.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
