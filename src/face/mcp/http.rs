//! Serving many clients over streamable HTTP. Each request carries the bearer token; a page in a browser gets nowhere: its
//! `Origin` is refused, and a name that was made to point here (DNS rebinding) is not among the names we answer to.

use std::{future::Future, io, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use hyper_util::service::TowerToHyperService;
use rmcp::{
    ErrorData, RoleServer,
    service::TxJsonRpcMessage,
    transport::{
        StreamableHttpServerConfig, StreamableHttpService,
        streamable_http_server::session::{SessionManager as _, local::LocalSessionManager},
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use serve::Limits;
use tokio::net::TcpListener;

use super::{
    LAST_WAIT, MAX_MESSAGE,
    connections::{Connections, check_room},
    screen::{Look, look},
    server::Server,
    session::Desk,
};
use domain::hash::Sha256;

/// Where the protocol is spoken.
pub const PATH: &str = "/mcp";
/// Names a connection, once the client has shaken hands.
pub(super) const SESSION: &str = "mcp-session-id";
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
    // No page is served here, so that none of a browser's is of our own origin; other programs may name it.
    let own = loopback.each_ref().map(|name| format!("http://{name}"));
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(loopback.into_iter().chain(door.hosts))
        .with_allowed_origins(own)
        .enforce_origin_validation()
        .with_max_request_body_bytes(MAX_MESSAGE);
    let stop = config.cancellation_token.clone();
    let mut connections = LocalSessionManager::default();
    connections.session_config.keep_alive = Some(LONGEST_SILENCE);
    let connections = Arc::new(connections);
    let room = Arc::new(Connections::of(Arc::clone(&connections)));
    let at_desk = Arc::clone(&desk);
    let service =
        StreamableHttpService::new(move || Ok(Server::new(Arc::clone(&at_desk))), Arc::clone(&connections), config);
    let known = Arc::new(Sha256::of(door.token.expose_secret().as_bytes()));
    let router = Router::new()
        .route_service(PATH, service)
        .layer(middleware::from_fn(check_message))
        .layer(middleware::from_fn_with_state(room, check_room))
        .layer(middleware::from_fn_with_state(connections, check_end))
        .layer(middleware::from_fn_with_state(known, check_token));
    let told = async move {
        shutdown.await;
        stop.cancel();
    };
    serve::serve(listener, TowerToHyperService::new(router), Limits::default(), told).await?;
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

/// Answers what is no message, which the library takes for a body of another type.
async fn check_message(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_MESSAGE).await else {
        let limit = domain::units::bytes(MAX_MESSAGE as u64);
        return (StatusCode::PAYLOAD_TOO_LARGE, format!("a message may have {limit}, and this one has more\n"))
            .into_response();
    };
    let mut begun = parts.headers.contains_key(SESSION);
    let empty = || (None, ErrorData::parse_error("there is no message in this request", None));
    let refused = match look(&body, &mut begun) {
        Look::Refuse(refused) => Some(refused),
        Look::Pass | Look::Drop => body.trim_ascii().is_empty().then(empty),
    };
    if let Some((id, error)) = refused {
        return (StatusCode::BAD_REQUEST, Json(TxJsonRpcMessage::<RoleServer>::error(error, id))).into_response();
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}

/// Answers the end of a connection as what it is: there is nothing left to be done later, and none that is not there ends.
async fn check_end(State(connections): State<Arc<LocalSessionManager>>, request: Request, next: Next) -> Response {
    if request.method() != Method::DELETE {
        return next.run(request).await;
    }
    let session = request.headers().get(SESSION).and_then(|id| id.to_str().ok()).map(Arc::from);
    if let Some(session) = session
        && !connections.has_session(&session).await.unwrap_or(false)
    {
        return (StatusCode::NOT_FOUND, "there is no such session\n").into_response();
    }
    let mut answer = next.run(request).await;
    if answer.status() == StatusCode::ACCEPTED {
        *answer.status_mut() = StatusCode::NO_CONTENT;
    }
    answer
}

/// The token of a request.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().as_bytes())
}
