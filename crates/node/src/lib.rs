//! The provider's side: a node that speaks the AIOZ AI API, is paid in GAS, and runs what is paid for.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`settings`] | what the operator decides |
//! | [`verifier`] | who says whether a payment counts |
//! | `sign` | tokens of links to results |
//! | `task`, `life` | a task, and what may happen to it: pure |
//! | `submission`, `models` | what may be submitted: pure |
//! | `store` | tasks, payments and webhooks on disk |
//! | `api` | the HTTP endpoints |
//! | `payments`, `runs`, `webhooks`, `sweep` | the four loops that move tasks on |
//! | `download`, `reach` | fetching datasets, and where they may come from |
//!
//! A submit is answered with a task that waits `in_queue` under payment terms. Its owner pays on chain and announces the
//! transaction; when it counts, the task runs in a child process with limits, and its result is served by the node. All
//! of it is on disk before it is answered: after `kill -9` the node goes on where it was.

mod api;
mod download;
mod keys;
mod life;
mod models;
mod payments;
mod reach;
mod runs;
pub mod settings;
mod sign;
mod store;
mod submission;
mod sweep;
mod task;
pub mod verifier;
mod webhooks;

use std::{future::Future, io, sync::Arc, time::Duration};

use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::JoinSet,
};
use url::Url;

pub use self::{
    settings::{NodeSettings, Prices},
    store::StoreError,
    verifier::{Look, PaymentVerifier},
};

/// Why a node cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Its database or folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its listener or its files.
    #[error("the node cannot serve: {0}")]
    Io(#[from] io::Error),
    /// Its HTTP client.
    #[error("the node's HTTP client cannot be made: {0}")]
    Http(#[from] reqwest::Error),
    /// It has no key, so that nobody could ask it anything.
    #[error("the node has no API key")]
    NoKeys,
    /// Its public address.
    #[error("`{0}` is no address that clients could reach")]
    PublicUrl(String),
}

impl NodeError {
    /// What the operator can do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            NodeError::Store(StoreError::Locked(_)) => {
                Some("stop the other node, or give this one a folder of its own")
            }
            NodeError::NoKeys => Some("give it at least one key; clients send it as x-api-key"),
            NodeError::PublicUrl(_) => Some("write a whole URL, such as https://node.example.org"),
            NodeError::Io(_) | NodeError::Store(_) | NodeError::Http(_) => None,
        }
    }
}

/// What all parts of a serving node share.
struct Node {
    settings: NodeSettings,
    /// What links to results begin with, with `/api/v1/`.
    public: Url,
    store: store::Store,
    models: models::Models,
    keys: keys::Keys,
    links: sign::LinkKey,
    /// For datasets and webhooks.
    http: reqwest::Client,
    running: runs::Running,
    /// What the programs of models say of themselves.
    answers: compute::local::Answers,
    wake: Wake,
}

/// Says to a loop that there is something to do.
#[derive(Default)]
struct Wake {
    payments: Notify,
    runs: Notify,
    webhooks: Notify,
}

/// Serves the API on `listener`, in plain HTTP: a node that strangers reach belongs behind a proxy that speaks TLS. Until
/// `shutdown` is done; then takes no more requests, lets runs end for as long as the settings say, puts the others back
/// into the queue, and returns when nothing is left running.
///
/// # Errors
/// [`NodeError`], before anything is served.
pub async fn serve(
    listener: TcpListener,
    settings: NodeSettings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), NodeError> {
    let public = match &settings.public_url {
        Some(url) => url.clone(),
        None => {
            let mut address = listener.local_addr()?;
            if address.ip().is_unspecified() {
                address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
            }
            format!("http://{address}/").parse().map_err(|_| NodeError::PublicUrl(address.to_string()))?
        }
    };
    let node = Arc::new(Node::open(settings, public)?);
    node.store.recover().await?;
    let (stop, stopped) = watch::channel(false);
    let mut loops = JoinSet::new();
    loops.spawn(payments::run(Arc::clone(&node), stopped.clone()));
    loops.spawn(runs::run(Arc::clone(&node), stopped.clone()));
    loops.spawn(webhooks::run(Arc::clone(&node), stopped.clone()));
    loops.spawn(sweep::run(Arc::clone(&node), stopped.clone()));

    let drain = node.settings.drain;
    let told = async move {
        shutdown.await;
        stop.send_replace(true);
    };
    let service = TowerToHyperService::new(api::router(Arc::clone(&node)));
    let limits = node.settings.limits.clone();
    let mut late = stopped.clone();
    let served = tokio::select! {
        served = serve::serve(listener, service, limits, told) => served,
        // Clients that keep their connection busy do not keep the node.
        () = async {
            let _ = late.wait_for(|stop| *stop).await;
            tokio::time::sleep(drain).await;
        } => Ok(()),
    };
    while loops.join_next().await.is_some() {}
    Ok(served?)
}

impl Node {
    fn open(settings: NodeSettings, public: Url) -> Result<Node, NodeError> {
        if settings.keys.is_empty() {
            return Err(NodeError::NoKeys);
        }
        let mut public = public;
        public
            .path_segments_mut()
            .map_err(|()| NodeError::PublicUrl(settings.public_url.as_ref().map(Url::to_string).unwrap_or_default()))?
            .pop_if_empty()
            .extend(["api", "v1"]);
        Ok(Node {
            public,
            store: store::Store::open(&settings.folder)?,
            models: models::Models::of(&settings.tasks, &settings.prices),
            keys: keys::Keys::of(&settings.keys, settings.rate_limit),
            links: sign::LinkKey::open(&settings.folder)?,
            http: reach::client(settings.private_addresses)?,
            running: runs::Running::default(),
            answers: compute::local::Answers::default(),
            wake: Wake::default(),
            settings,
        })
    }
}

/// How long until `then`; nothing when it has passed.
fn until(then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO)
}
