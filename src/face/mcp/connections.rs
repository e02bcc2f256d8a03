//! How many clients may be connected over HTTP at the same time: a client that connects again and again and never says that it
//! is gone keeps nobody out, and takes no more memory for it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use rmcp::transport::streamable_http_server::session::{SessionManager as _, local::LocalSessionManager};
use tokio::time::Instant;

use super::http::SESSION;

/// So many at the same time; each takes some 65 kB.
const MOST: usize = 128;
/// Where there are as many, one that has said nothing for this long makes room for a new one: a client may well be silent for
/// minutes while it waits for a job.
const QUIET: Duration = Duration::from_secs(600);

/// The connections, and when each was last heard of.
pub(super) struct Connections {
    open: Arc<LocalSessionManager>,
    heard: Mutex<HashMap<Arc<str>, Instant>>,
    /// Requests that may become connections.
    coming: AtomicUsize,
}

impl Connections {
    pub(super) fn of(open: Arc<LocalSessionManager>) -> Connections {
        Connections { open, heard: Mutex::default(), coming: AtomicUsize::new(0) }
    }

    fn hear(&self, headers: &HeaderMap) {
        if let Some(id) = headers.get(SESSION).and_then(|id| id.to_str().ok()) {
            // Nothing panics while it is held.
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            if heard.len() < 2 * MOST || heard.contains_key(id) {
                heard.insert(id.into(), Instant::now());
            }
        }
    }

    /// Makes room for one more; whether there is any.
    async fn has_room(&self) -> bool {
        let open: Vec<Arc<str>> = self.open.sessions.read().await.keys().cloned().collect();
        let quiet = {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.retain(|id, _| open.contains(id));
            // What is coming is counted before it is open, and itself is one of them.
            if open.len() + self.coming.load(Ordering::SeqCst) <= MOST {
                return true;
            }
            longest_quiet(&open, &heard, Instant::now())
        };
        match quiet {
            Some(id) => self.open.close_session(&id).await.is_ok(),
            None => false,
        }
    }
}

/// A request that may become a connection, as long as it is answered.
struct Coming(Arc<Connections>);

impl Coming {
    fn of(connections: &Arc<Connections>) -> Coming {
        connections.coming.fetch_add(1, Ordering::SeqCst);
        Coming(Arc::clone(connections))
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.coming.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Which of the open ones has been quiet for the longest time, and long enough.
fn longest_quiet(open: &[Arc<str>], heard: &HashMap<Arc<str>, Instant>, now: Instant) -> Option<Arc<str>> {
    let quiet = |id: &Arc<str>| heard.get(id).map_or(Duration::MAX, |at| now.saturating_duration_since(*at));
    let longest = open.iter().max_by_key(|id| quiet(id))?;
    (quiet(longest) > QUIET).then(|| Arc::clone(longest))
}

/// Lets a handshake pass while there is room.
pub(super) async fn check_room(State(connections): State<Arc<Connections>>, request: Request, next: Next) -> Response {
    connections.hear(request.headers());
    let is_new = request.method() == Method::POST && !request.headers().contains_key(SESSION);
    let _coming = is_new.then(|| Coming::of(&connections));
    if is_new && !connections.has_room().await {
        let hint = "too many clients are connected: end a connection, or try again in some minutes\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "600")], hint).into_response();
    }
    let answer = next.run(request).await;
    connections.hear(answer.headers());
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_quiet_one_makes_room_once_it_is_quiet_long_enough() {
        let now = Instant::now() + 10 * QUIET;
        let open: Vec<Arc<str>> = ["a", "b", "c"].map(Arc::from).to_vec();
        let before = |ages: [u32; 3]| -> HashMap<Arc<str>, Instant> {
            open.iter().cloned().zip(ages.map(|age| now - age * QUIET / 2)).collect()
        };
        assert_eq!(longest_quiet(&open, &before([1, 2, 0]), now), None);
        assert_eq!(longest_quiet(&open, &before([1, 3, 4]), now), Some(Arc::from("c")));
        let mut unheard = before([3, 3, 3]);
        unheard.remove("b");
        assert_eq!(longest_quiet(&open, &unheard, now), Some(Arc::from("b")));
    }
}
