//! The sandbox's storage: an S3 server over a folder, on loopback.
//!
//! Protocol and signatures are `s3s`'s; what is kept and how is ours:
//!
//! | file | what it holds |
//! | --- | --- |
//! | `disk` | where things lie, locks, and how a change becomes visible in one step |
//! | `data` | the folders that hold content |
//! | `files` | small files, read and written whole |
//! | `record` | what is remembered of objects, uploads and parts |
//! | `incoming` | a body on its way to disk: checked, constant memory, holes kept |
//! | `outgoing` | content on its way out, also in part |
//! | `conditions` | under which conditions a request is carried out |
//! | `object` | put, get, head |
//! | `copy` | copies of objects, and of parts |
//! | `remove` | deleting objects and buckets |
//! | `multipart` | uploads in parts |
//! | `list` | listings |
//! | `backend` | which request goes where |

mod backend;
mod conditions;
mod copy;
mod data;
mod disk;
mod files;
mod incoming;
mod list;
mod multipart;
mod object;
mod outgoing;
mod record;
mod remove;

use std::{io, path::PathBuf};

use axum::{Router, error_handling::HandleError, http::StatusCode};
use s3s::{
    HttpError, S3Result,
    access::{S3Access, S3AccessContext},
    auth::{S3Auth, SecretKey},
    s3_error,
    service::S3ServiceBuilder,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpListener;

use self::{backend::Backend, disk::Disk};

/// Serves S3 over the folder `root` until `shutdown` completes and the requests under way are answered.
///
/// Only requests signed with this key are taken. Several processes may serve one folder.
///
/// # Errors
/// When the listener is not on loopback, the folder cannot be made, or the listener fails.
pub async fn serve(
    listener: TcpListener,
    root: PathBuf,
    access_key: String,
    secret_key: SecretString,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    if !listener.local_addr()?.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the sandbox's storage serves this machine only"));
    }
    let disk = tokio::task::spawn_blocking(move || Disk::open(root)).await??;
    let mut service = S3ServiceBuilder::new(Backend::new(disk));
    service.set_auth(OneKey { access_key, secret_key });
    service.set_access(Signed);
    let app = Router::new().fallback_service(HandleError::new(service.build(), broken));
    axum::serve(listener, app).with_graceful_shutdown(shutdown).await
}

/// Requests that could not even be answered with an S3 error.
async fn broken(error: HttpError) -> StatusCode {
    tracing::debug!("a request to the sandbox's storage broke: {error:?}");
    StatusCode::INTERNAL_SERVER_ERROR
}

/// Requests that are signed, and by a URL for no longer than S3 has such.
struct Signed;

/// S3's bound on how long a signed URL may serve, seconds: a week.
const LONGEST_URL: u64 = 604_800;

#[async_trait::async_trait]
impl S3Access for Signed {
    async fn check(&self, request: &mut S3AccessContext<'_>) -> S3Result<()> {
        if request.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "a request is signed here"));
        }
        match serves_as_long_as_it_may(request.uri().query().unwrap_or_default()) {
            true => Ok(()),
            false => Err(s3_error!(AuthorizationQueryParametersError, "X-Amz-Expires is 1 to {LONGEST_URL} seconds")),
        }
    }
}

/// Whether a URL with this query, where it is a signed one, serves within S3's bound.
fn serves_as_long_as_it_may(query: &str) -> bool {
    let lifetime = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "X-Amz-Expires");
    lifetime.is_none_or(|(_, seconds)| seconds.parse().is_ok_and(|seconds| (1..=LONGEST_URL).contains(&seconds)))
}

/// The one key that is taken.
struct OneKey {
    access_key: String,
    secret_key: SecretString,
}

#[async_trait::async_trait]
impl S3Auth for OneKey {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.access_key {
            return Ok(SecretKey::from(self.secret_key.expose_secret()));
        }
        Err(s3_error!(InvalidAccessKeyId, "this access key is not known here"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_url_serves_for_a_week_at_most() {
        for query in ["", "list-type=2", "X-Amz-Expires=1", "a=b&X-Amz-Expires=604800&c"] {
            assert!(serves_as_long_as_it_may(query), "{query}");
        }
        for query in ["X-Amz-Expires=0", "a&X-Amz-Expires=604801", "X-Amz-Expires=", "X-Amz-Expires=-1"] {
            assert!(!serves_as_long_as_it_may(query), "{query}");
        }
    }
}
