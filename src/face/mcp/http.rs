//! Serving many clients over streamable HTTP. Each request carries the bearer token; a page in a browser gets nowhere: its
//! `Origin` is refused, and a name that was made to point here (DNS rebinding) is not among the names we answer to.

use std::{future::Future, io, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use rmcp::transport::{
    StreamableHttpServerConfig, StreamableHttpService, streamable_http_server::session::local::LocalSessionManager,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpListener;

use super::{LAST_WAIT, MAX_MESSAGE, server::Server, session::Desk};
use domain::hash::Sha256;

/// Where the protocol is spoken.
pub const PATH: &str = "/mcp";
/// A connection that says nothing for this long is over. It is longer than a job is likely to run: a client that waits for
/// one without asking for progress is silent all the while.
const LONGEST_SILENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Who may come in.
pub struct Door {
    /// What each request carries.
    pub token: SecretString,
    /// The names that clients may call this server by beside those of loopback, each with or without a port.
    pub hosts: Vec<String>,
}

/// Serves until `shutdown` is done; then ends all connections, asks what is under way to stop, and waits for it.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    desk: Arc<Desk>,
    door: Door,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let port = listener.local_addr()?.port();
    let loopback = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(loopback.into_iter().chain(door.hosts))
        .enforce_origin_validation()
        .with_max_request_body_bytes(MAX_MESSAGE);
    let stop = config.cancellation_token.clone();
    let mut connections = LocalSessionManager::default();
    connections.session_config.keep_alive = Some(LONGEST_SILENCE);
    let at_desk = Arc::clone(&desk);
    let service =
        StreamableHttpService::new(move || Ok(Server::new(Arc::clone(&at_desk))), Arc::new(connections), config);
    let known = Arc::new(Sha256::of(door.token.expose_secret().as_bytes()));
    let router = Router::new().route_service(PATH, service).layer(middleware::from_fn_with_state(known, check_token));
    let told = async move {
        shutdown.await;
        stop.cancel();
    };
    axum::serve(listener, router).with_graceful_shutdown(told).await?;
    let _ = tokio::time::timeout(LAST_WAIT, desk.underway.none()).await;
    Ok(())
}

/// Lets a request pass that carries the token.
async fn check_token(State(known): State<Arc<Sha256>>, request: Request, next: Next) -> Response {
    // Digests are compared, so that a token that is almost right takes no longer.
    if bearer(request.headers()).is_some_and(|token| Sha256::of(token) == *known) {
        return next.run(request).await;
    }
    let hint =
        "send the header `Authorization: Bearer TOKEN`, with the token that `agent mcp --http` names at its start\n";
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], hint).into_response()
}

/// The token of a request.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().as_bytes())
}
