//! AIOZ's envelope: `{"status", "message", "data"}`; `fail` is the client's fault, `error` is ours.

use std::time::Duration;

use axum::{
    Json,
    body::Bytes,
    extract::rejection::{BytesRejection, QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::StoreError;
use domain::units;

/// A good answer.
pub(super) struct Good(pub Value);

impl IntoResponse for Good {
    fn into_response(self) -> Response {
        let mut body = json!({"status": "success", "message": "ok"});
        if !self.0.is_null() {
            body["data"] = self.0;
        }
        Json(body).into_response()
    }
}

/// An answer that is none.
#[derive(Debug)]
pub(super) struct Fail {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<Duration>,
}

/// What a handler gives.
pub(super) type Answer = Result<Good, Fail>;

impl Fail {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Fail {
        Fail { status, code, message: message.into(), retry_after: None }
    }

    /// The request makes no sense. AIOZ answers 400 to all of these, also where something is not found.
    pub fn bad(message: impl Into<String>) -> Fail {
        Fail::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub fn no_model() -> Fail {
        Fail::new(StatusCode::BAD_REQUEST, "not_found", "model not found")
    }

    pub fn no_task() -> Fail {
        Fail::new(StatusCode::BAD_REQUEST, "not_found", "task not found")
    }

    pub fn conflict(message: impl Into<String>) -> Fail {
        Fail::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub fn key() -> Fail {
        Fail::new(StatusCode::UNAUTHORIZED, "unauthorized", "the x-api-key header holds no key of this node")
    }

    pub fn link() -> Fail {
        Fail::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "the link is wrong or has expired; ask for the task's detail again",
        )
    }

    pub fn not_found(message: &str) -> Fail {
        Fail::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub fn method() -> Fail {
        Fail::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "the endpoint does not take that method")
    }

    pub fn too_many(wait: Duration) -> Fail {
        let mut fail = Fail::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "too many requests");
        fail.retry_after = Some(wait);
        fail
    }

    pub fn too_many_open(open: u32) -> Fail {
        let mut fail = Fail::too_many(Duration::from_secs(60));
        fail.message = format!("{open} tasks of this key wait for their payment; pay or cancel some first");
        fail
    }

    fn ours() -> Fail {
        Fail::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the node could not do this; try again")
    }
}

impl IntoResponse for Fail {
    fn into_response(self) -> Response {
        let status = if self.status.is_server_error() { "error" } else { "fail" };
        let body = json!({"status": status, "code": self.code, "message": self.message});
        let mut response = (self.status, Json(body)).into_response();
        if let Some(wait) = self.retry_after {
            // Whole seconds, and not too few.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<StoreError> for Fail {
    fn from(error: StoreError) -> Fail {
        // What went wrong is for the operator.
        tracing::error!(%error, "a request failed");
        Fail::ours()
    }
}

impl From<QueryRejection> for Fail {
    fn from(rejection: QueryRejection) -> Fail {
        Fail::bad(units::clean(&rejection.body_text(), 200))
    }
}

/// The JSON of a request's body; an empty body is an empty object.
pub(super) fn body(bytes: Result<Bytes, BytesRejection>) -> Result<Value, Fail> {
    let bytes = bytes
        .map_err(|rejection| Fail::new(rejection.status(), "bad_request", units::clean(&rejection.body_text(), 200)))?;
    if bytes.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(&bytes)
        .map_err(|e| Fail::bad(format!("the body is no JSON: {}", units::clean(&e.to_string(), 100))))
}
