//! The HTTP endpoints: AIOZ's, and the few that a node adds.

mod answer;
mod files;
mod models;
mod tasks;

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{delete, get, post},
};

use self::answer::Fail;
use super::Node;

/// The largest body of a request, bytes: inputs are URLs and short texts.
const MAX_BODY: usize = 1 << 20;

type Shared = State<Arc<Node>>;

/// All endpoints.
pub(super) fn router(node: Arc<Node>) -> Router {
    let with_key = Router::new()
        .route("/balance", get(models::balance))
        .route("/model/list", post(models::list))
        .route("/model/{id}", get(models::one))
        .route("/model/{id}/info", get(models::info))
        .route("/model/{id}/versioning", get(models::versioning))
        .route("/model/{id}/serving", get(models::serving))
        .route("/model/{id}/task/cost", get(models::cost))
        .route("/model/{id}/task", post(tasks::submit))
        // `{id}` is the maker here: the router wants one name for one place.
        .route("/model/{id}/{name}", get(models::named))
        .route("/task", post(tasks::submit_old))
        .route("/task/histories", get(tasks::histories))
        .route("/task/{id}/detail", get(tasks::detail))
        .route("/task/{id}/payment", post(tasks::payment))
        .route("/task/{id}/cancel", delete(tasks::cancel))
        .route("/storage/upload/create-presigned-url", post(models::no_storage))
        .layer(middleware::from_fn_with_state(Arc::clone(&node), keyed));
    let v1 = Router::new().nest("/api-key", with_key).route("/files/{task}/{name}", get(files::file));
    Router::new()
        .nest("/api/v1", v1)
        .fallback(|| async { Fail::not_found("there is no such endpoint") })
        .method_not_allowed_fallback(|| async { Fail::method() })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(node)
}

/// Lets a request through that has a known key and is not one too many.
async fn keyed(State(node): Shared, mut request: Request, next: Next) -> Response {
    let owner = request.headers().get("x-api-key").and_then(|key| node.keys.owner(key.as_bytes()));
    let Some(owner) = owner else { return Fail::key().into_response() };
    if let Err(wait) = node.keys.count(&owner, Instant::now()) {
        return Fail::too_many(wait).into_response();
    }
    request.extensions_mut().insert(owner);
    next.run(request).await
}
