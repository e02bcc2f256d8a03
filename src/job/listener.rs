//! Hearing a provider's webhooks while jobs are waited for. A webhook decides nothing: it makes the waiting look at the task
//! at once, and looks in between become rarer once it is seen that webhooks come through.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, service::service_fn};
use jiff::Timestamp;
use secrecy::SecretString;
use serve::{Deadline, Limits};
use tokio::{net::TcpListener, sync::Notify, task::AbortHandle};

use super::{
    Remote, Workflow,
    lease::{self, Lease},
    waiting::Waiting,
};
use cassette::Tape;
use compute::aioz::webhook::{self, SIGNATURE_HEADER, Word};
use domain::{event::Event, job::Job};

/// A webhook is a few hundred bytes.
const MAX_BODY: usize = 64 << 10;
/// For the head of a request, and again for its body.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections at the same time: whoever holds them all only has the provider asked instead.
const CONNECTIONS: usize = 128;
/// Signatures that are kept to know a webhook that is sent again. They come from the key's holder alone, and are good for five
/// minutes.
const REMEMBERED: usize = 4096;

/// Where webhooks come to, and the key that they are signed with.
#[derive(Debug, Clone)]
pub struct Listening {
    /// Where this machine listens.
    pub at: SocketAddr,
    /// The provider's API key.
    pub key: SecretString,
}

/// Listens until it is dropped.
#[derive(Debug)]
pub(super) struct Listener {
    /// Tells other processes of this home that it is one of theirs that listens.
    _lease: Lease,
    shared: Arc<Shared>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    key: SecretString,
    awaited: Mutex<HashMap<String, Arc<Ear>>>,
    heard: Mutex<VecDeque<String>>,
}

/// One wait's side of it.
#[derive(Debug, Default)]
struct Ear {
    word: Notify,
    came: AtomicBool,
}

/// A task that is waited for; given up when dropped.
#[derive(Debug)]
pub(super) struct Awaited {
    shared: Arc<Shared>,
    task: String,
    ear: Arc<Ear>,
}

impl Listener {
    /// Listens at an address for webhooks that are signed with this key.
    ///
    /// # Errors
    /// The address is in use, not this machine's, or not allowed.
    pub async fn open(at: SocketAddr, key: SecretString, lease: Lease) -> io::Result<Listener> {
        let listener = TcpListener::bind(at).await?;
        let shared = Arc::new(Shared { key, awaited: Mutex::default(), heard: Mutex::default() });
        let task = tokio::spawn(serve(listener, Arc::clone(&shared))).abort_handle();
        Ok(Listener { _lease: lease, shared, task })
    }

    /// Waits for word of a task from here on.
    pub fn awaiting(&self, task: &str) -> Awaited {
        let ear = Arc::new(Ear::default());
        held(&self.shared.awaited).insert(task.to_owned(), Arc::clone(&ear));
        Awaited { shared: Arc::clone(&self.shared), task: task.to_owned(), ear }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Awaited {
    /// Returns at the next word of the task; at once where one came since the last time.
    pub async fn word(&self) {
        self.ear.word.notified().await;
    }

    /// Whether any word of the task came: the provider reaches this machine.
    pub fn came(&self) -> bool {
        self.ear.came.load(Ordering::Relaxed)
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        let mut awaited = held(&self.shared.awaited);
        if awaited.get(&self.task).is_some_and(|ear| Arc::ptr_eq(ear, &self.ear)) {
            awaited.remove(&self.task);
        }
    }
}

impl Workflow {
    /// Has a wait hear webhooks of its task, where this process can listen for them. Where another process of this home listens,
    /// the provider is asked, until that process ends.
    pub(super) async fn hear(&self, remote: &Remote, job: &Job, task: &str, waiting: &mut Waiting) {
        let Some(listening) = &remote.listening else { return };
        if waiting.hears() || !matches!(self.tape(), Tape::Off) {
            return;
        }
        let mut listener = self.listener.lock().await;
        if listener.is_none() {
            let (at, home) = (listening.at, self.parts.ledger.home());
            let opened = match lease::webhooks(home) {
                // Another process of this home listens.
                Ok(None) => None,
                Ok(Some(lease)) => Some(Listener::open(at, listening.key.clone(), lease).await),
                Err(error) => Some(Err(error)),
            };
            match opened {
                Some(Ok(open)) => *listener = Some(open),
                Some(Err(error)) if waiting.is_news("deaf") => {
                    let why =
                        format!("webhooks cannot be listened for at {at} ({error}): the provider is asked instead");
                    self.emit(Event::Warning { message: format!("{}: {why}", job.id) });
                }
                Some(Err(_)) | None => {}
            }
        }
        if let Some(listener) = listener.as_ref() {
            waiting.hear(listener.awaiting(task));
        }
    }
}

/// Nothing panics while it holds one of these.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let answer = service_fn(move |request: Request<Deadline<Incoming>>| {
        let shared = Arc::clone(&shared);
        async move {
            let mut response = Response::new(Empty::<Bytes>::new());
            *response.status_mut() = shared.answer(request).await;
            Ok::<_, Infallible>(response)
        }
    });
    let limits = Limits { head: PATIENCE, body: PATIENCE, connections: CONNECTIONS, ..Limits::default() };
    if let Err(error) = serve::serve(listener, answer, limits, std::future::pending()).await {
        tracing::debug!(%error, "webhooks are no longer heard");
    }
}

impl Shared {
    async fn answer(&self, request: Request<Deadline<Incoming>>) -> StatusCode {
        if request.method() != Method::POST {
            return StatusCode::METHOD_NOT_ALLOWED;
        }
        let signature = request.headers().get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
        let Some(signature) = signature.map(str::to_owned) else { return StatusCode::UNAUTHORIZED };
        match Limited::new(request.into_body(), MAX_BODY).collect().await {
            // No run on a tape listens.
            Ok(body) => self.hear(&signature, &body.to_bytes(), Tape::Off.clock()),
            Err(error) if error.is::<LengthLimitError>() => StatusCode::PAYLOAD_TOO_LARGE,
            Err(_) => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// What one webhook is answered. What is genuine and of no task that is waited for here is taken all the same: whoever waits
    /// for it asks the provider.
    fn hear(&self, signature: &str, body: &[u8], now: Timestamp) -> StatusCode {
        let Some(signature) = webhook::verified(&self.key, signature, body, now) else {
            tracing::debug!("a webhook without a fresh signature of the key");
            return StatusCode::UNAUTHORIZED;
        };
        let Some(word) = Word::read(body) else { return StatusCode::BAD_REQUEST };
        let mut heard = held(&self.heard);
        if heard.contains(&signature) {
            return StatusCode::OK;
        }
        if heard.len() == REMEMBERED {
            heard.pop_front();
        }
        heard.push_back(signature);
        drop(heard);
        tracing::debug!(task = word.task, status = word.status.as_str(), "a webhook");
        if let Some(ear) = held(&self.awaited).get(&word.task) {
            ear.came.store(true, Ordering::Relaxed);
            ear.word.notify_one();
        }
        StatusCode::OK
    }
}

#[cfg(test)]
mod tests;
