//! The host process: storage, chain and provider on loopback, until the last client has left.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use url::Url;

use super::{
    chain::{self, Chain, ChainSettings},
    keys::{Keys, KeysError},
    s3,
};
use domain::{
    ids,
    money::Datoshi,
    network::{Network, SANDBOX},
    task::TaskType,
};
use node::NodeSettings;

/// Where a running host says how to reach it.
pub(super) const ADDRESS_FILE: &str = "host.json";
/// Held while a host runs.
const LOCK_FILE: &str = "host.lock";
/// The host ends this long after its last client has left.
const LINGER: Duration = Duration::from_secs(10);
/// The sandbox's payer begins with this much.
const FUNDING: Datoshi = Datoshi::from_gas(10_000_000);
/// From block to block.
const BLOCK_TIME: Duration = Duration::from_millis(500);

/// How to reach a host's servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// The storage.
    pub storage: Url,
    /// The provider's API.
    pub provider: Url,
    /// The chain's RPC.
    pub chain: Url,
    /// Where clients say that they are there; they hold the connection while they are.
    pub(super) control: SocketAddr,
    /// Shows that a client has read this file.
    pub(super) token: String,
}

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A file or port could not be used.
    #[error("the sandbox cannot use {what}: {source}")]
    System {
        /// What.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// Its keys could not be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Its chain could not be opened.
    #[error(transparent)]
    Chain(#[from] chain::OpenError),
    /// A chain's address that is none.
    #[error("the sandbox's chain cannot be reached: {0}")]
    Rpc(String),
    /// Its provider could not be started.
    #[error(transparent)]
    Node(#[from] node::NodeError),
}

fn system(what: impl std::fmt::Display) -> impl FnOnce(io::Error) -> HostError {
    move |source| HostError::System { what: what.to_string(), source }
}

/// Serves the sandbox in `folder` until its last client has left, or `stop` is ready. Returns at once where another host
/// serves it.
///
/// # Errors
/// A folder or port that cannot be used.
pub async fn host(folder: &Path, tasks: Vec<TaskType>, stop: impl Future<Output = ()>) -> Result<(), HostError> {
    fs::create_dir_all(folder).map_err(system(folder.display()))?;
    let Some(_lock) = lock(folder)? else { return Ok(()) };
    let keys = Keys::in_folder(folder)?;
    let before = read_addresses(folder);
    let port = |url: fn(&Addresses) -> u16| before.as_ref().map_or(0, url);
    let storage = bind(port(|a| a.storage.port().unwrap_or(0))).await?;
    let provider = bind(port(|a| a.provider.port().unwrap_or(0))).await?;
    let rpc = bind(port(|a| a.chain.port().unwrap_or(0))).await?;
    let control = bind(0).await?;
    let addresses = Addresses {
        storage: url_of(&storage, "")?,
        provider: url_of(&provider, "api/v1")?,
        chain: url_of(&rpc, "")?,
        control: control.local_addr().map_err(system("its control port"))?,
        token: ids::opaque(32),
    };
    let settings = ChainSettings {
        block_time: BLOCK_TIME,
        funding: vec![(keys.payer.account(), FUNDING)],
        ..ChainSettings::default()
    };
    let ledger = Chain::open(&folder.join("chain"), settings)?;
    let network = Network(SANDBOX);
    let view = neo::Chain::new(vec![addresses.chain.clone()], network).map_err(|e| HostError::Rpc(e.to_string()))?;
    let verifier = Arc::new(view);
    let node = NodeSettings {
        keys: vec![keys.api_key.clone()],
        tasks,
        rate_limit: None,
        poll: BLOCK_TIME,
        private_addresses: true,
        ..NodeSettings::new(folder.join("node"), network, keys.provider.account(), verifier)
    };
    let (end, ended) = watch::channel(false);
    let until = || {
        let mut ended = ended.clone();
        async move {
            let _ = ended.wait_for(|e| *e).await;
        }
    };
    let s3 = tokio::spawn(s3::serve(
        storage,
        folder.join("storage"),
        keys.access_key.clone(),
        keys.secret_key.clone(),
        until(),
    ));
    let chain = tokio::spawn(chain::serve(rpc, ledger, until()));
    let node = tokio::spawn(node::serve(provider, node, until()));
    write_addresses(folder, &addresses)?;
    tokio::select! {
        () = clients(control, &addresses) => {}
        () = stop => {}
    }
    let _ = end.send(true);
    for server in [s3, chain] {
        if let Ok(Err(error)) = server.await {
            tracing::warn!(%error, "a server of the sandbox ended badly");
        }
    }
    if let Ok(Err(error)) = node.await {
        tracing::warn!(%error, "the sandbox's provider ended badly");
    }
    Ok(())
}

/// Returns once no client has been there for [`LINGER`].
async fn clients(control: TcpListener, addresses: &Addresses) {
    // Every client holds a clone: while there is one, somebody is there.
    let here = Arc::new(());
    loop {
        let accepted = tokio::select! {
            accepted = control.accept() => accepted,
            () = alone(&here) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let (greeting, client) = (addresses.clone(), here.clone());
                tokio::spawn(async move {
                    attend(stream, &greeting).await;
                    drop(client);
                });
            }
            Err(error) => tracing::warn!(%error, "a client of the sandbox could not be greeted"),
        }
    }
}

/// Waits until nobody has been there for [`LINGER`].
async fn alone(here: &Arc<()>) {
    let mut quiet = Duration::ZERO;
    let step = Duration::from_millis(250);
    while quiet < LINGER {
        tokio::time::sleep(step).await;
        quiet = if Arc::strong_count(here) > 1 { Duration::ZERO } else { quiet + step };
    }
}

/// Greets one client that knows the token, and stays with it until it leaves.
async fn attend(stream: TcpStream, addresses: &Addresses) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    match timeout(Duration::from_secs(5), stream.read_line(&mut line)).await {
        Ok(Ok(_)) if line.trim_end() == addresses.token => {}
        _ => return,
    }
    let Ok(mut greeting) = serde_json::to_vec(addresses) else { return };
    greeting.push(b'\n');
    if stream.write_all(&greeting).await.is_err() {
        return;
    }
    // The next read returns when the client's end of the connection is gone, however it went.
    let mut rest = String::new();
    let _ = stream.read_line(&mut rest).await;
}

fn lock(folder: &Path) -> Result<Option<File>, HostError> {
    let path = folder.join(LOCK_FILE);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(system(path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(HostError::System { what: path.display().to_string(), source }),
    }
}

/// The port that was used before, as staged datasets are named by it; any free one when it is taken.
async fn bind(port: u16) -> Result<TcpListener, HostError> {
    if port != 0
        && let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
    {
        return Ok(listener);
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(system("a port on loopback"))
}

fn url_of(listener: &TcpListener, path: &str) -> Result<Url, HostError> {
    let address = listener.local_addr().map_err(system("a port on loopback"))?;
    format!("http://{address}/{path}")
        .parse()
        .map_err(|_| HostError::System { what: address.to_string(), source: io::ErrorKind::InvalidInput.into() })
}

/// Whether a host of the sandbox in `folder` has said how to reach it.
pub fn is_announced(folder: &Path) -> bool {
    read_addresses(folder).is_some()
}

pub(super) fn read_addresses(folder: &Path) -> Option<Addresses> {
    serde_json::from_slice(&fs::read(folder.join(ADDRESS_FILE)).ok()?).ok()
}

/// The file holds the token, so it is the owner's alone.
fn write_addresses(folder: &Path, addresses: &Addresses) -> Result<(), HostError> {
    let path = folder.join(ADDRESS_FILE);
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec_pretty(addresses)?)?;
        file.persist(&path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(system(path.display()))
}
